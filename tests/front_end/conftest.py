# SPDX-License-Identifier: GPL-3.0-or-later
"""One Apache and one nginx before two back ends (TCP, UNIX socket) of one site, for all tests here."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from camcops.db.database import Database, connect
from camcops.instruments.library import Library
from tests.conftest import skip_or_fail
from tests.database_servers import ServerMissingError
from tests.front_end import sections, site
from tests.front_end.authority import Certificates, make_certificates
from tests.front_end.back_end import BackEnd, back_end
from tests.front_end.client import Client
from tests.front_end.sections import Mount
from tests.front_end.web_servers import Apache, Nginx, WebServer
from tests.initial_states import make_tablet_state
from tests.running import free_port
from tests.web.specimens import PASSWORD

STATIC = Path(__file__).parents[2] / "src" / "camcops" / "web" / "static"
APACHE = [f"apache {path} {way}" for path in ("/camcops", "/", "/a/b") for way in ("tcp", "socket")]
NGINX = ["nginx /camcops socket", "nginx / tcp", "nginx /a/b tcp"]
TIMEOUT_S = 2
"""Of the back end that may be killed: shorter than transfers that must survive it."""
KINDS: dict[str, type[WebServer]] = {"apache": Apache, "nginx": Nginx}


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A folder with a short path, as sockets need, that a front-end server's user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="camcops-front-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def certificates(place: Path) -> Certificates:
    if shutil.which("openssl") is None:
        skip_or_fail("openssl", "openssl is not installed")
    folder = place / "certificates"
    folder.mkdir()
    return make_certificates(folder)


@dataclass(frozen=True)
class Site:
    """The site behind all front ends: its database, what is in it, and its back ends by way."""

    database: Database
    contents: site.Contents
    back_ends: dict[str, BackEnd]
    static: Path
    logo: Path


@pytest.fixture(scope="session")
def whole_site(library: Library, sqlite_template: Path, place: Path) -> Iterator[Site]:
    file = place / "camcops.sqlite"
    shutil.copyfile(sqlite_template, file)
    database = connect(f"sqlite:///{file}", library)
    contents = site.furnish(database)
    static, logo = place / "static", place / "images" / "logo.png"
    shutil.copytree(STATIC, static)
    logo.parent.mkdir()
    logo.write_bytes(site.PIXEL)
    back_ends = {
        way: back_end(place / way, database.engine.url, with_socket=way == "socket")
        for way in ("tcp", "socket")
    }
    with ExitStack() as stack:
        stack.callback(database.engine.dispose)
        for running in back_ends.values():
            running.start()
            stack.callback(running.kill)
        yield Site(database, contents, back_ends, static, logo)


@dataclass(frozen=True)
class FrontEnd:
    """A front-end server that runs, and the mounts that it serves, by the names in APACHE and NGINX."""

    server: WebServer
    mounts: dict[str, Mount]


@pytest.fixture(scope="session")
def front_ends(
    whole_site: Site, certificates: Certificates, place: Path
) -> Iterator[Callable[[str], FrontEnd]]:
    """Gives `apache` or `nginx`; it is started when first asked for."""
    made: dict[str, FrontEnd] = {}
    with ExitStack() as stack:

        def get(kind: str) -> FrontEnd:
            if kind not in made:
                names = APACHE if kind == "apache" else NGINX
                mounts = {name: mount_of(name, whole_site) for name in names}
                try:
                    made[kind] = start_front_end(kind, place / kind, mounts, certificates)
                except ServerMissingError as missing:
                    skip_or_fail(kind, str(missing))
                stack.callback(made[kind].server.stop)
            return made[kind]

        yield get


def start_front_end(
    kind: str, folder: Path, mounts: dict[str, Mount], certificates: Certificates
) -> FrontEnd:
    """Start `apache` or `nginx`. Raises `ServerMissingError` where it is not installed."""
    folder.mkdir()
    texts = [sections.generated(kind, mount, certificates, folder) for mount in mounts.values()]
    ports = [port for one in mounts.values() for port in (one.https_port, one.http_port)]
    server = KINDS[kind](folder, ports, texts)
    server.start()
    return FrontEnd(server, mounts)


def mount_of(name: str, whole_site: Site) -> Mount:
    """The mount that a name such as `apache /camcops tcp` describes, on ports of its own."""
    kind, path, way = name.split(" ")
    behind = whole_site.back_ends[way]
    return Mount(
        path=path.rstrip("/"),
        https_port=free_port(),
        http_port=free_port(),
        static=whole_site.static,
        logo=whole_site.logo,
        port=behind.port if way == "tcp" else None,
        socket=behind.socket,
        instance=f"{kind}{(APACHE + NGINX).index(name)}",
    )


@pytest.fixture(params=APACHE + NGINX)
def mount(request: pytest.FixtureRequest, front_ends: Callable[[str], FrontEnd]) -> Mount:
    """Each way through each front-end server."""
    name: str = request.param
    return front_ends(name.split(" ")[0]).mounts[name]


@pytest.fixture
def client(mount: Mount, certificates: Certificates) -> Client:
    """Not logged in."""
    return Client(mount, certificates.trusted())


@pytest.fixture
def reader(client: Client) -> Client:
    """Logged in as somebody who may read."""
    assert client.log_in(site.READER, PASSWORD).status == 303
    return client


@dataclass(frozen=True)
class OwnSite:
    """A site of its own, which tests may stop and kill, below `/camcops` of an Apache of its own."""

    database: Database
    back_end: BackEnd
    apache: WebServer
    mount: Mount


@pytest.fixture(scope="session")
def own_site(
    library: Library, sqlite_template: Path, certificates: Certificates, place: Path
) -> Iterator[OwnSite]:
    """Ready for tablets; between the servers is a socket, and the back end's time-out is short."""
    file = place / "own.sqlite"
    shutil.copyfile(sqlite_template, file)
    database = connect(f"sqlite:///{file}", library)
    make_tablet_state(database)
    with ExitStack() as stack:
        stack.callback(database.engine.dispose)
        behind = back_end(
            place / "own",
            database.engine.url,
            with_socket=True,
            settings={"GUNICORN_TIMEOUT_S": str(TIMEOUT_S)},
        )
        behind.start()
        stack.callback(behind.kill)
        mount = Mount(
            path="/camcops",
            https_port=free_port(),
            http_port=free_port(),
            static=STATIC,
            logo=place / "no-logo.png",
            socket=behind.socket,
        )
        try:
            front = start_front_end("apache", place / "own-apache", {"": mount}, certificates)
        except ServerMissingError as missing:
            skip_or_fail("apache", str(missing))
        stack.callback(front.server.stop)
        yield OwnSite(database, behind, front.server, mount)
