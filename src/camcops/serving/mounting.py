# SPDX-License-Identifier: GPL-3.0-or-later
"""An application that lives below a path of its server, such as `/camcops`."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from camcops.problems import MOUNT_POINT_WRONG, Problem
from camcops.serving.proxy import mount


class Mounted:
    """WSGI middleware that moves the mount point from the path to `SCRIPT_NAME`; elsewhere is nothing."""

    def __init__(self, application: WSGIApplication, at: str) -> None:
        self.application = application
        self.at = at

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = "/" + environ.get("PATH_INFO", "").lstrip("/")
        if self.at and path != self.at and not path.startswith(self.at + "/"):
            body = b"There is nothing here.\n"
            headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
            start("404 Not Found", headers)
            return [body]
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self.at
        environ["PATH_INFO"] = path[len(self.at) :]
        return self.application(environ, start)


def mount_point(text: str) -> str:
    """What `CHERRYPY_ROOT_PATH` says, without a final slash; raises Problem if it is no path."""
    found = mount(text)
    if found is None:
        raise Problem(MOUNT_POINT_WRONG, path=text)
    return found
