# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of the pages, in one list."""

from pyramid.config import Configurator

TABLE = r"[A-Za-z][A-Za-z0-9_]{0,127}"
PK = r"[0-9]{1,9}"

ROUTES = (
    ("root", "/"),
    ("health", "/healthz"),
    ("static", "/static/*subpath"),
    ("login", "/webview/login"),
    ("logout", "/webview/logout"),
    ("password", "/webview/password"),
    ("home", "/webview"),
    ("tasks", "/webview/tasks"),
    ("task", f"/webview/tasks/{{table:{TABLE}}}/{{pk:{PK}}}"),
    ("task_pdf", f"/webview/tasks/{{table:{TABLE}}}/{{pk:{PK}}}/pdf"),
    ("picture", f"/webview/blobs/{{pk:{PK}}}"),
)


def includeme(config: Configurator) -> None:
    for name, pattern in ROUTES:
        config.add_route(name, pattern)
