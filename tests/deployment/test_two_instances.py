# SPDX-License-Identifier: GPL-3.0-or-later
"""Two instances from their kits behind one Apache, under load at the same time: nothing crosses."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.database import connect
from camcops.db.schema import audit, devices
from camcops.db.upgrade import upgrade
from camcops.demonstration.tablet import Tablet
from camcops.instruments.library import Library
from tests.database_servers import ServerMissingError
from tests.deployment.conftest import READER, furnish, sqlite_of
from tests.deployment.installed import (
    PROGRAMS,
    Instance,
    Supervisor,
    owner,
    processes,
    supervised,
    until,
)
from tests.faults.devices import contents
from tests.front_end.authority import Certificates, make_certificates
from tests.front_end.client import Client
from tests.front_end.sections import Mount
from tests.front_end.tablets import trusting
from tests.front_end.web_servers import Apache
from tests.running import free_port
from tests.scratch_databases import scratch_database, text_of
from tests.web.specimens import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("supervisor")]

FIRST = {"one": 10_000, "two": 20_000}
"""Number of each instance's first upload: patients are called N10000 …, N20000 …."""
UPLOADS, DEVICES = 4, 3
SURNAME = re.compile(r"\bN([12])\d{4}\b", re.IGNORECASE)


@dataclass(frozen=True)
class Pair:
    """Both instances, running."""

    instances: dict[str, Instance]
    mounts: dict[str, Mount]
    certificates: Certificates
    supervisor: Supervisor

    def client(self, name: str) -> Client:
        return Client(self.mounts[name], self.certificates.trusted())

    def engine(self, name: str) -> sa.Engine:
        return sa.create_engine(self.instances[name].db_url, poolclass=sa.NullPool)


@pytest.fixture(scope="module")
def pair(
    root_folder: Path,
    sqlite_template: Path,
    library: Library,
    database_server: Callable[[str], sa.URL],
) -> Iterator[Pair]:
    """`one` on SQLite, `two` on MariaDB, at two paths of one host, under one Supervisor."""
    tls = root_folder / "tls"
    tls.mkdir()
    certificates = make_certificates(tls)
    ports = free_port(), free_port()
    with ExitStack() as stack:
        server = database_server("mariadb")
        Path(str(server.query["unix_socket"])).parent.chmod(0o711)
        urls = {
            "one": sqlite_of(root_folder / "state/one", sqlite_template, library),
            "two": mariadb_of(stack.enter_context(scratch_database(server)), library),
        }
        more = [
            *["--certificate", certificates.certificate, "--key", certificates.key],
            *["--front_end_logs", root_folder, "--https_port", ports[0], "--http_port", ports[1]],
        ]
        instances = {name: Instance(root_folder, name, url, more) for name, url in urls.items()}
        supervisor = stack.enter_context(supervised(root_folder, list(instances.values())))
        texts = [apache_file(instances["one"].kit, instances["two"].kit)]
        (root_folder / "apache").mkdir()
        apache = Apache(root_folder / "apache", ports, texts)
        try:
            apache.start()
        except ServerMissingError:
            pytest.skip("apache2 is not installed")
        stack.callback(apache.stop)
        mounts = {
            name: Mount(f"/{name}", *ports, static=tls, logo=tls, socket=instances[name].socket)
            for name in instances
        }
        yield Pair(instances, mounts, certificates, supervisor)


def mariadb_of(url: sa.URL, library: Library) -> str:
    text = text_of(url)
    upgrade(text, library)
    database = connect(text, library)
    furnish(database)
    database.engine.dispose()
    return text


def apache_file(one: Path, two: Path) -> str:
    """The site of `one`, with the section of `two` included in its https host, as the README says."""
    site = (one / "apache.conf").read_text()
    head, end, _ = site.rpartition("</VirtualHost>")
    return f"{head}Include {two}/apache-section.conf\n{end}\n"


def upload_some(pair: Pair, name: str, device: int) -> None:
    mount = pair.mounts[name]
    tablet = Tablet(f"{mount.address}/database", f"{name}-{device}", "tablet", "tablet-pw-1")
    tablet.register(f"{name} {device}")
    first = FIRST[name] + device * 100
    for number in range(first, first + UPLOADS):
        tablet.upload(contents(number), finish=True, one_step=number % 2 == 1)


def read_some(pair: Pair, name: str, seen: dict[str, set[str]]) -> None:
    client = pair.client(name)
    assert client.log_in(READER, PASSWORD).status == 303
    for _ in range(8):
        page = client.get(f"/{name}/webview/tasks")
        assert page.status == 200
        seen[name] |= set(SURNAME.findall(page.text))


def test_under_load_at_the_same_time_no_row_and_no_page_crosses(pair: Pair) -> None:
    failed: list[BaseException] = []
    seen: dict[str, set[str]] = {"one": set(), "two": set()}

    def watched(work: Callable[..., None], *args: object) -> None:
        try:
            work(pair, *args)
        except BaseException as error:
            failed.append(error)

    jobs = [(upload_some, name, device) for name in FIRST for device in range(DEVICES)]
    jobs += [(read_some, name, seen) for name in FIRST]
    with trusting(pair.certificates):
        threads = [threading.Thread(target=watched, args=job) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert failed == []
    for name, digit in (("one", "1"), ("two", "2")):
        with pair.engine(name).connect() as connection:
            surnames = connection.execute(sa.text("SELECT DISTINCT surname FROM patient")).scalars()
            expected = {
                f"N{FIRST[name] + device * 100 + number}"
                for device in range(DEVICES)
                for number in range(UPLOADS)
            }
            assert set(surnames) == expected
            tasks = connection.execute(sa.text("SELECT COUNT(*) FROM phq9")).scalar()
            assert tasks == 10 * UPLOADS * DEVICES
            names = set(connection.execute(sa.select(devices.c.name)).scalars()) - {"server"}
            assert names == {f"{name}-{device}" for device in range(DEVICES)}
            assert connection.execute(sa.select(sa.func.count(audit.c.id))).scalar() > 0
        read_some(pair, name, seen)
        assert seen[name] == {digit}


def test_a_session_of_one_is_none_of_the_other_and_their_cookies_live_side_by_side(
    pair: Pair,
) -> None:
    browser = pair.client("one")
    assert browser.log_in(READER, PASSWORD).status == 303
    mine = dict(browser.cookies)
    assert {place for _, place in mine} == {"/one"}
    stolen = "; ".join(f"{name}={value}" for (name, _), value in mine.items())
    other = pair.client("two")
    refused = other.get("/two/webview/tasks", cookie=stolen)
    assert refused.status == 403
    assert SURNAME.findall(refused.text) == []

    other.cookies = browser.cookies  # one browser, both sites
    assert other.log_in(READER, PASSWORD).status == 303
    assert {place for _, place in browser.cookies} == {"/one", "/two"}
    for name in ("one", "two"):
        assert browser.get(f"/{name}/webview/tasks").status == 200
    other.post("/two/webview/logout", {"csrf_token": other.get("/two/webview").csrf})
    assert other.get("/two/webview/tasks").status == 403
    assert browser.get("/one/webview/tasks").status == 200


def test_no_process_has_a_file_or_socket_of_the_other_open(pair: Pair) -> None:
    other = {"one": "two", "two": "one"}
    for name, instance in pair.instances.items():
        found = processes(str(instance.config))
        assert len(found) >= len(PROGRAMS) + 1
        opened = {path for pid in found for path in open_files(pid)}
        base = instance.machine
        assert any(path.startswith(f"{base}/run/{name}.socket") for path in opened)
        for place in ("run", "lock", "downloads", "cache", "state", "logs", "etc"):
            foreign = re.compile(rf"{base}/{place}/{other[name]}\b")
            assert [path for path in opened if foreign.match(path)] == []
        places = [instance.own(place) for place in ("lock", "downloads")]
        assert all(owner(place) == ("www-data", 0o700) for place in places)


def open_files(pid: int) -> set[str]:
    """Paths of the files and of the named sockets that a process has open."""
    lines = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    sockets = {f"socket:[{words[6]}]": words[7] for words in lines if len(words) > 7}
    found = set()
    for place in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(place.readlink())
        except FileNotFoundError:
            continue  # closed meanwhile
        found.add(sockets.get(target, target))
    return found


def test_stopping_one_leaves_the_other_serving(pair: Pair) -> None:
    before = pair.supervisor.status("two")
    pair.supervisor.ask("stop", "one:*")
    try:
        assert not pair.instances["one"].answers()
        assert pair.client("two").get("/two/webview/login").status == 200
        assert pair.client("one").get("/one/webview/login").status == 503
        assert pair.supervisor.status("two") == before
    finally:
        pair.supervisor.ask("start", "one:*")
    until(pair.instances["one"].answers, "one answers again")
    assert pair.client("one").get("/one/webview/login").status == 200
