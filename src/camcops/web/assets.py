# SPDX-License-Identifier: GPL-3.0-or-later
"""Static files: a closed list read at start-up, with addresses that change when the file does."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

FOLDER = Path(__file__).parent / "static"
SUFFIXES = (".css", ".js", ".svg", ".png", ".ico", ".txt", ".woff2")
TEXTS = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")
LOCAL_LOGO = "logo_local.png"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent; `packed` is its gzip form where that is worth it."""

    body: bytes
    packed: bytes | None
    content_type: str
    version: str


class Assets:
    """The files below `static/`, by their path; only these can be asked for."""

    def __init__(self, cache_seconds: int, local_logo: Path | None = None) -> None:
        self.cache_seconds = cache_seconds
        self.files = {
            path.relative_to(FOLDER).as_posix(): _read(path)
            for path in sorted(FOLDER.rglob("*"))
            if path.suffix in SUFFIXES
        }
        if local_logo is not None:
            self.files[LOCAL_LOGO] = _read(local_logo)

    def address(self, request: Request, name: str) -> str:
        """The address of a file, with a mark of its content; `KeyError` if we have no such file."""
        mark = {"v": self.files[name].version}
        path: str = request.route_path("static", subpath=name.split("/"), _query=mark)
        return path

    def response(self, request: Request, name: str) -> Response:
        asset = self.files.get(name)
        if asset is None:
            raise HTTPNotFound
        may_pack = request.accept_encoding.acceptable_offers(["gzip"])
        packed = asset.packed if may_pack and "Accept-Encoding" in request.headers else None
        response = Response(body=packed or asset.body, content_type=asset.content_type)
        response.headers["Vary"] = "Accept-Encoding"
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        if asset.content_type.startswith("text/"):
            response.charset = "utf-8"
        response.etag = f"{asset.version}-gzip" if packed else asset.version
        response.conditional_response = True
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable"
            if request.GET.get("v") == asset.version
            else f"public, max-age={self.cache_seconds}"
        )
        return response


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(body, mtime=0) if kind in TEXTS else None
    return Asset(body, packed, kind, hashlib.sha256(body).hexdigest()[:12])


def static_file(request: Request) -> Response:
    assets: Assets = request.registry.assets
    return assets.response(request, "/".join(request.matchdict["subpath"]))


def includeme(config: Configurator) -> None:
    config.add_view(
        static_file, route_name="static", permission=NO_PERMISSION_REQUIRED, request_method="GET"
    )
