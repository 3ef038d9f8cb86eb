# SPDX-License-Identifier: GPL-3.0-or-later
"""One installation of the program on one machine: its names, places and addresses.

All values are checked strictly, so that none can add a directive, a statement or a shell command to a
generated file.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from camcops import __version__
from camcops.config.readers import NotAllowed

DEFAULT_INSTANCE = "camcops"
INSTANCE = re.compile(r"[a-z][a-z0-9_]{0,19}")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
PATH_SEGMENT = re.compile(r"[A-Za-z0-9_.~-]+")
FILE_SEGMENT = re.compile(r"[A-Za-z0-9_.@+-]+")
OWN_DEPTH = 3
"""Parts of a path such as /run/camcops; folders above are the system's."""

SHARED_FOLDERS = frozenset(
    f"/{above}/{name}"
    for above, names in {
        "etc": "apache2 conf.d default httpd mysql nginx ssl supervisor systemd tmpfiles.d",
        "run": "lock mysqld systemd user",
        "usr": "bin etc lib lib64 libexec local sbin share src",
        "var": "backups cache db lib local lock log mail opt run spool tmp www",
        "var/log": "apache2 httpd journal mysql nginx",
    }.items()
    for name in names.split()
)
"""Those of programs and users that there are without us."""

LONGEST_SOCKET = 100
"""Bytes of a socket's path that Unix systems accept for certain."""


def instance_name(value: str) -> str:
    """Safe as a name of programs, files, units, databases and, with hyphens, of hosts."""
    if not INSTANCE.fullmatch(value):
        raise NotAllowed("1 to 20 of a-z, 0-9 and _, beginning with a letter")
    return value


def user_name(value: str) -> str:
    if not USER.fullmatch(value):
        raise NotAllowed("the name of a Unix user")
    return value


def host_name(value: str) -> str:
    """A host as it stands in an address: a name, or an IP address (version 6 in brackets)."""
    try:
        found = ipaddress.ip_address(value.removeprefix("[").removesuffix("]"))
    except ValueError:
        labels = value.split(".")
        if len(value) > 253 or not all(LABEL.fullmatch(label) for label in labels):
            raise NotAllowed("the name or the address of a host") from None
        return value
    return f"[{found}]" if found.version == 6 else str(found)


def mount_path(value: str) -> str:
    """Where the site is mounted: empty for the root, else `/` and names; slashes around are forgiven."""
    inner = value.strip("/")
    if not inner:
        return ""
    segments = inner.split("/")
    if not all(PATH_SEGMENT.fullmatch(part) and part.strip(".") for part in segments):
        raise NotAllowed("a path such as /camcops: names of letters, digits and _ . ~ -")
    return "/" + "/".join(segments)


def file_path(value: Path | str) -> Path:
    """An absolute path of plain characters, which no product needs to have quoted."""
    path = PurePosixPath(value)
    parts = path.parts[1:]
    plain = all(FILE_SEGMENT.fullmatch(part) and part != ".." for part in parts)
    if not path.is_absolute() or str(path).startswith("//") or not parts or not plain:
        raise NotAllowed("an absolute path of letters, digits and _ . @ + -")
    return Path(path)


def own_folder(value: Path | str) -> Path:
    """A folder for this purpose alone: generated files and steps change its owner, mode or label."""
    path = file_path(value)
    _refuse_shared(path)
    return path


def file_in_own_folder(value: Path | str) -> Path:
    path = file_path(value)
    _refuse_shared(path.parent)
    return path


def _refuse_shared(folder: Path) -> None:
    if len(folder.parts) < OWN_DEPTH or str(folder) in SHARED_FOLDERS:
        raise NotAllowed(f"in a folder of its own, not in {folder}, which others use too")


def socket_path(value: Path | str) -> Path:
    path = file_in_own_folder(value)
    if len(str(path)) > LONGEST_SOCKET:
        raise NotAllowed(f"a path of at most {LONGEST_SOCKET} characters, as sockets demand")
    return path


def tcp_port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise NotAllowed("a port from 1 to 65535")
    return value


def positive(value: int) -> int:
    if value < 1:
        raise NotAllowed("a whole number from 1")
    return value


def one_of(*allowed: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in allowed:
            raise NotAllowed(f"one of {', '.join(allowed)}")
        return value

    return check


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "instance": instance_name,
    "user": user_name,
    "host": host_name,
    "path": mount_path,
    "config": file_in_own_folder,
    "socket": socket_path,
    "port": tcp_port,
    "https_port": tcp_port,
    "http_port": tcp_port,
    "program": file_path,
    "static": own_folder,
    "logo": file_in_own_folder,
    "certificate": file_path,
    "key": file_path,
    "cache": file_in_own_folder,
    "lock": own_folder,
    "downloads": own_folder,
    "logs": own_folder,
    "front_end_logs": file_path,
    "backups": own_folder,
    "server": one_of("gunicorn", "cherrypy"),
    "max_upload_mb": positive,
    "startsecs": positive,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """What the generated files have to agree on. None: the usual place for an instance of that name.

    Raises `NotAllowed` with the attribute's name for a value that can't stand in the files.
    """

    instance: str = DEFAULT_INSTANCE
    user: str = "www-data"
    host: str = "camcops.example.org"
    path: str = ""
    config: Path | None = None
    socket: Path | None = None
    port: int | None = None
    https_port: int = 443
    http_port: int = 80
    program: Path = Path("/usr/share/camcops")
    static: Path = Path("/usr/share/camcops/server/static")
    logo: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    cache: Path | None = None
    lock: Path | None = None
    downloads: Path | None = None
    logs: Path = Path("/var/log/supervisor")
    front_end_logs: Path | None = None
    backups: Path = Path("/var/backups/mysql")
    server: str = "gunicorn"
    max_upload_mb: int = 256
    startsecs: int = 30

    def __post_init__(self) -> None:
        for name, check in CHECKS.items():
            value = getattr(self, name)
            if value is None:
                continue
            try:
                object.__setattr__(self, name, check(value))
            except NotAllowed as error:
                raise NotAllowed(f"{name} must be {error}, not {str(value)!r}") from None
        if self.socket is not None and self.port is not None:
            raise NotAllowed("socket and port exclude each other: give one of them")

    @property
    def config_file(self) -> Path:
        return self.config or Path(f"/etc/camcops/{self.instance}.conf")

    @property
    def socket_file(self) -> Path | None:
        """The socket between front end and program; None if they use a port."""
        if self.port is not None:
            return None
        return self.socket or Path(f"/run/camcops/{self.instance}.socket")

    @property
    def dummy_host(self) -> str:
        """Unique to the instance: Apache tells the connections of sockets apart by this host alone."""
        return self.instance.replace("_", "-")

    @property
    def command(self) -> Path:
        return self.program / "venv/bin/camcops_server"

    @property
    def logo_file(self) -> Path:
        return self.logo or self._own("/srv/camcops/images") / "logo_local.png"

    @property
    def certificate_file(self) -> Path:
        return self.certificate or Path(f"/etc/ssl/certs/{self.instance}.pem")

    @property
    def key_file(self) -> Path:
        return self.key or Path(f"/etc/ssl/private/{self.instance}.key")

    @property
    def cache_directory(self) -> Path:
        """What MPLCONFIGDIR names."""
        return self.cache or self._own("/var/cache/camcops") / "matplotlib"

    @property
    def lock_directory(self) -> Path:
        return self.lock or self._own("/var/lock/camcops")

    @property
    def download_directory(self) -> Path:
        return self.downloads or self._own("/var/tmp/camcops")  # noqa: S108 - the manual's place

    def _own(self, place: str) -> Path:
        """The founding manual's place for the one usual instance, a folder below it for any other."""
        own = Path(place)
        return own if self.instance == DEFAULT_INSTANCE else own / self.instance

    @property
    def programs(self) -> Mapping[str, str]:
        """The three programs of an instance by their names, with the commands that start them."""
        return {
            f"{self.instance}_server": f"serve_{self.server}",
            f"{self.instance}_workers": "launch_workers",
            f"{self.instance}_scheduler": "launch_scheduler",
        }

    @property
    def authority(self) -> str:
        """Host, and port where it isn't the usual one, of the site's https addresses."""
        return self.host if self.https_port == 443 else f"{self.host}:{self.https_port}"

    @property
    def address(self) -> str:
        return f"https://{self.authority}{self.path}"

    @property
    def largest_body(self) -> int:
        """Bytes that a front end lets through: the program reads four times its limit to answer in words."""
        return min(self.max_upload_mb * 4_000_000, 2_147_483_647)


def heading(what: str, *says: str, mark: str = "#") -> str:
    """The comment on top of a generated file."""
    first = f"{what}, written by CamCOPS {__version__}."
    return "".join(f"{mark} {line}".rstrip() + "\n" for line in (first, *says))
