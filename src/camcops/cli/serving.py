# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that serve tablets and browsers; every key of `[server]` can be given as an option."""

import importlib.util
import logging
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from camcops import problems
from camcops.cli.shell import ServerCommand, config_option, open_site
from camcops.problems import Problem

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from camcops.config.server import ServerSettings
    from camcops.site import Site

log = logging.getLogger(__name__)

ALIASES = {
    "gunicorn_timeout_s": ("--timeout",),
    "gunicorn_num_workers": ("--num_workers",),
    "cherrypy_threads_start": ("--threads_start",),
    "cherrypy_threads_max": ("--threads_max",),
    "cherrypy_root_path": ("--root_path",),
    "cherrypy_log_screen": ("--log_screen",),
}
"""Spellings of older versions."""


class ServingCommand(ServerCommand):
    """A command with one option for each key of `[server]`, made from the keys' declarations."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params[1:1] = server_options()

    def invoke(self, ctx: click.Context) -> Any:
        # Pyramid still uses pkg_resources; its notice is none that an administrator could act on.
        warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
        return super().invoke(ctx)


def server_options() -> list[click.Option]:
    """`--port 8000` for values, `--show_requests/--no_show_requests` for switches."""
    from camcops.config.declaration import declarations
    from camcops.config.server import ServerSettings

    return [
        _option(known.name, known.default, known.says) for known in declarations(ServerSettings)
    ]


def _option(name: str, default: object, says: str) -> click.Option:
    names = [f"--{name}", *ALIASES.get(name, ())]
    if isinstance(default, bool):
        switches = [f"{spelling}/--no_{spelling.removeprefix('--')}" for spelling in names]
        return click.Option([name, *switches], default=None, help=says)
    return click.Option([name, *names], metavar="VALUE", help=says)


def overrides(options: Mapping[str, Any]) -> dict[str, str]:
    """What was given on the command line, as the text that the file would hold."""
    given = {name: value for name, value in options.items() if value is not None}
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in given.items()
    }


@click.command(cls=ServingCommand)
@config_option(required=False)
def serve_gunicorn(config: Path | None, **options: Any) -> None:
    """Serve with Gunicorn: several processes of several threads. Recommended on Linux.

    Options replace the keys of the same name in section [server] of the configuration file.
    """
    try:
        from camcops.serving import gunicorn
    except ImportError as error:
        raise Problem(problems.SERVER_MISSING, server="Gunicorn", reason=error) from error
    from camcops.operation.recurring import start_all

    site = _site(config, overrides(options))
    _refuse_toolbar(site)
    application = _application(site)
    list(site.database.tables.values())  # derived once, shared by all processes
    site.database.engine.dispose()

    def after_fork() -> None:
        site.database.engine.dispose(close=False)
        start_all(site)

    gunicorn.serve(application, site.settings.server, after_fork)


@click.command(cls=ServingCommand)
@config_option(required=False)
def serve_cherrypy(config: Path | None, **options: Any) -> None:
    """Serve with CherryPy's server: one process of many threads, on any system.

    Options replace the keys of the same name in section [server] of the configuration file.
    """
    from camcops.operation.recurring import start_all
    from camcops.serving import cherrypy

    site = _site(config, overrides(options))
    _refuse_toolbar(site)
    settings = site.settings.server
    if settings.cherrypy_log_screen:
        settings = replace(settings, show_requests=True)
    application = _application(site, settings)
    start_all(site)
    cherrypy.serve(application, settings)


@click.command(cls=ServingCommand)
@config_option(required=False)
def serve_pyramid(config: Path | None, **options: Any) -> None:
    """Serve one request at a time over plain HTTP, for a first test; each request is logged.

    Options replace the keys of the same name in section [server] of the configuration file.
    """
    from camcops.operation.recurring import start_all
    from camcops.serving import pyramid

    site = _site(config, {"show_requests": "true"} | overrides(options), PLAIN_TCP)
    application = _application(site)
    start_all(site)
    pyramid.serve(application, site.settings.server)


PLAIN_TCP = ("unix_domain_socket", "ssl_certificate", "ssl_private_key")
"""Keys that serve_pyramid ignores, and says so."""


def _site(config: Path | None, given: Mapping[str, str], ignored: tuple[str, ...] = ()) -> "Site":
    """The installation, the folders it needs, and an address that is free; else a Problem."""
    from camcops.serving import listening
    from camcops.serving.folders import make_folders

    site = open_site(config, given, serving=True)
    settings = site.settings.server
    for key in ignored:
        if getattr(settings, key):
            log.warning("serve_pyramid ignores %s: it offers plain HTTP on TCP only", key.upper())
    plain: dict[str, Any] = dict.fromkeys(ignored)
    server = replace(settings, **plain)
    site = replace(site, settings=replace(site.settings, server=server))
    make_folders(site.settings)
    listening.check(server)
    return site


def _refuse_toolbar(site: "Site") -> None:
    if site.settings.server.debug_toolbar:
        raise Problem(problems.TOOLBAR_REFUSED)


def _application(site: "Site", settings: "ServerSettings | None" = None) -> "WSGIApplication":
    from camcops.serving.composition import compose
    from camcops.web.application import configured
    from camcops.web.redirects import with_relative_redirects

    pages = configured(site)
    if site.settings.server.debug_toolbar:
        _add_toolbar(pages)
    application = with_relative_redirects(pages.make_wsgi_app())
    return compose(application, settings or site.settings.server)


def _add_toolbar(pages: Any) -> None:
    if importlib.util.find_spec("pyramid_debugtoolbar") is None:
        raise Problem(problems.TOOLBAR_MISSING)
    log.warning(
        "The debug toolbar is on: it shows all data to whoever opens a page on this machine"
    )
    pages.include("pyramid_debugtoolbar")
