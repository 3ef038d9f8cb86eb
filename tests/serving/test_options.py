# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key of [server] is an option of each serving command, as are spellings of older versions."""

from typing import Any

import pytest

from camcops.cli.serving import overrides, serve_cherrypy, serve_gunicorn, serve_pyramid
from camcops.config.declaration import declarations
from camcops.config.server import ServerSettings

COMMANDS = {
    "serve_gunicorn": serve_gunicorn,
    "serve_cherrypy": serve_cherrypy,
    "serve_pyramid": serve_pyramid,
}


def given(name: str, *options: str) -> dict[str, str]:
    """What the options replace in the configuration."""
    command = COMMANDS[name]
    params: dict[str, Any] = dict(command.make_context(name, list(options)).params)
    params.pop("config", None)
    return overrides(params)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_key_is_an_option(name: str) -> None:
    for key in declarations(ServerSettings):
        if isinstance(key.default, bool):
            assert given(name, f"--{key.name}") == {key.name: "true"}
            assert given(name, f"--no_{key.name}") == {key.name: "false"}
        else:
            assert given(name, f"--{key.name}", "17") == {key.name: "17"}


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("--timeout", "gunicorn_timeout_s"),
        ("--num_workers", "gunicorn_num_workers"),
        ("--threads_start", "cherrypy_threads_start"),
        ("--threads_max", "cherrypy_threads_max"),
        ("--root_path", "cherrypy_root_path"),
        ("--host", "host"),
        ("--port", "port"),
        ("--ssl_certificate", "ssl_certificate"),
        ("--ssl_private_key", "ssl_private_key"),
    ],
)
def test_spellings_of_older_versions(option: str, key: str) -> None:
    assert given("serve_cherrypy", f"{option}=17") == {key: "17"}


def test_switches_of_older_versions() -> None:
    assert given("serve_cherrypy", "--log_screen") == {"cherrypy_log_screen": "true"}
    assert given("serve_cherrypy", "--no_log_screen") == {"cherrypy_log_screen": "false"}
    assert given("serve_pyramid", "--debug_toolbar") == {"debug_toolbar": "true"}
