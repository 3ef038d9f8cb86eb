# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates: Jinja2, always escaped, a missing name is an error; and what every page may use."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from pyramid.renderers import RendererHelper
from pyramid.request import Request

from camcops import __version__
from camcops.web.places import places_for
from camcops.web.times import shown_date, shown_time

LANGUAGES = {"en_GB": ("en-GB", "ltr"), "da_DK": ("da", "ltr")}
"""Locale → (language tag, direction of writing)."""

environment = Environment(
    loader=PackageLoader("camcops.web", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.filters["time"] = shown_time
environment.filters["date"] = shown_date


class Templates:
    """Pyramid's renderer factory for names that end in `.html`."""

    def __init__(self, info: RendererHelper) -> None:
        self.template = environment.get_template(info.name)

    def __call__(self, value: Mapping[str, Any], system: Mapping[str, Any]) -> str:
        request: Request = system["request"]
        request.response.content_type = "text/html"
        return self.template.render(surroundings(request) | dict(value))


def surroundings(request: Request) -> dict[str, Any]:
    """What every template may use besides its own values."""
    settings = request.registry.site.settings.site
    user = request.reader
    language, direction = LANGUAGES.get(
        (user.language if user else None) or settings.language, LANGUAGES["en_GB"]
    )
    assets = request.registry.assets
    return {
        "url": partial(route_path, request),
        "static": partial(assets.address, request),
        "csrf_token": request.visit.csrf,
        "messages": request.visit.take_messages,
        "user": user,
        "places": places_for(user),
        "here": request.matched_route.name if request.matched_route else "",
        "language": language,
        "direction": direction,
        "local_logo": settings.local_logo_file_absolute is not None,
        "version": __version__,
        "institution_url": settings.local_institution_url,
    }


def route_path(request: Request, route: str, /, query: Any = None, **names: Any) -> str:
    """The address of a page of ours, under whatever prefix the site is mounted."""
    path: str = (
        request.route_path(route, _query=query, **names)
        if query
        else request.route_path(route, **names)
    )
    return path
