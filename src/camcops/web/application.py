# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting the pages and the tablets' endpoint together into one WSGI application."""

from wsgiref.types import WSGIApplication

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.tweens import INGRESS

from camcops.site import Site
from camcops.web.assets import Assets
from camcops.web.headers import LARGEST_FORM
from camcops.web.policy import READER, FormTokens, SessionPolicy, user_of
from camcops.web.redirects import with_relative_redirects
from camcops.web.rendering import Templates
from camcops.web.visits import VisitCookie

SUBJECTS = (
    "assets",
    "errors",
    "health",
    "home",
    "login",
    "old_addresses",
    "signpost",
    "task",
    "tasks",
)


class PageRequest(Request):  # type: ignore[misc]
    """A request whose form, with its passwords, is never written to a temporary file."""

    request_body_tempfile_limit = LARGEST_FORM + 1


def make_wsgi_app(site: Site) -> WSGIApplication:
    """The application for one site."""
    return with_relative_redirects(configured(site).make_wsgi_app())


def configured(site: Site) -> Configurator:
    """Routes and views of one site; every page needs a log-in unless its view says otherwise."""
    settings = site.settings
    config = Configurator(security_policy=SessionPolicy(), request_factory=PageRequest)
    config.registry.site = site
    config.registry.assets = Assets(
        settings.server.static_cache_duration_s, settings.site.local_logo_file_absolute
    )
    cookie = VisitCookie(
        settings.site.session_cookie_secret, secure=not settings.site.allow_insecure_cookies
    )
    config.set_default_permission(READER)
    config.set_csrf_storage_policy(FormTokens())
    config.set_default_csrf_options(require_csrf=True, header=None, check_origin=False)
    config.add_request_method(cookie.of, "visit", reify=True)
    config.add_request_method(user_of, "reader", reify=True)
    config.add_renderer(".html", Templates)
    config.add_tween("camcops.web.headers.header_tween", under=INGRESS)
    config.include("camcops.tablet_api.views")
    config.include("camcops.web.routes")
    for subject in SUBJECTS:
        config.include(f"camcops.web.{subject}")
    return config
