# SPDX-License-Identifier: GPL-3.0-or-later
"""Through Apache: what it and our own code add to a page, two hundred clients at once, a restart."""

import shutil
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from tests.front_end import sections
from tests.front_end.authority import Certificates, make_certificates
from tests.front_end.back_end import BackEnd, back_end
from tests.front_end.web_servers import Apache
from tests.running import free_port

from benchmarks import supervised
from benchmarks.installation import (
    PROCESSES,
    backend,
    floor_database,
    floor_server,
    furnished_database,
)
from benchmarks.kept_clients import ask_at_once
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import median_seconds, milliseconds, percentile

CLIENTS = 200
REQUESTS = 200
"""Of each kind in a round, on a connection that is kept: fewer than Apache allows on one, twice."""
KEPT_FOR = 90
ADDED_S = 0.005
RESTART_S = 3.0
PAGE = "/webview/login"
"""A page of nearly always the same size, for which no session is looked up."""
STATIC = "/static/logo.svg"


@dataclass(frozen=True)
class Standing:
    """Apache before our program (by socket and by TCP), and bare Pyramid beside it."""

    trust: ssl.SSLContext
    socket: int
    tcp: int
    back_end: BackEnd
    floor: int


def measure(plan: Plan) -> Iterator[Line]:
    """Lines of a page's cost, of many clients, and of a restart."""
    say("front end: Apache")
    with standing() as front:
        yield from _added(front, plan)
        yield _many(front, plan)
    if supervised.is_installed():
        say("front end: Supervisor")
        yield _restart(plan)


@contextmanager
def standing() -> Iterator[Standing]:
    with ExitStack() as stack:
        place = stack.enter_context(_open_folder())
        database = stack.enter_context(
            furnished_database(running := stack.enter_context(backend("sqlite")))
        )
        made = make_certificates(place)
        settings = {"GUNICORN_NUM_WORKERS": str(PROCESSES)}
        behind = {}
        for way in ("socket", "tcp"):
            behind[way] = back_end(
                place / way, database.engine.url, with_socket=way == "socket", settings=settings
            )
            behind[way].start()
            stack.callback(behind[way].kill)
        ports = {way: _apache(stack, place, made, way, behind[way]) for way in behind}
        bare = stack.enter_context(floor_server(stack.enter_context(floor_database(running))))
        yield Standing(made.trusted(), ports["socket"], ports["tcp"], behind["tcp"], bare.port)


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A folder that Apache's own user may enter."""
    place = Path(tempfile.mkdtemp(prefix="camcops-bench-", dir="/tmp"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _apache(stack: ExitStack, place: Path, made: Certificates, name: str, behind: BackEnd) -> int:
    """Start an Apache before a back end, with the section that the program writes; its port for HTTPS."""
    mount = sections.Mount(
        path="",
        https_port=free_port(),
        http_port=free_port(),
        static=Path(__file__).parents[1] / "src" / "camcops" / "web" / "static",
        logo=place / "no-logo.png",
        port=None if behind.socket else behind.port,
        socket=behind.socket,
    )
    folder = place / f"apache-{name}"
    folder.mkdir()
    section = sections.generated("apache", mount, made, folder)
    server = Apache(folder, [mount.https_port, mount.http_port], [section])
    server.start()
    stack.callback(server.stop)
    return mount.https_port


class Kept:
    """Asks for one page over a connection that is kept, and opened anew when nobody measures."""

    def __init__(self, open_: Callable[[], HTTPConnection], path: str) -> None:
        self.open, self.path = open_, path

    def seconds(self) -> list[float]:
        """Of each of REQUESTS answers."""
        taken: list[float] = []
        while len(taken) < REQUESTS:
            connection = self.open()
            connection.connect()
            self._ask(connection)
            taken += [self._ask(connection) for _ in range(KEPT_FOR)]
            connection.close()
        return taken

    def _ask(self, connection: HTTPConnection) -> float:
        began = time.perf_counter()
        connection.request("GET", self.path)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise HTTPException(f"{self.path}: {answer.status}")
        return time.perf_counter() - began


def _added(front: Standing, plan: Plan) -> Iterator[Line]:
    """Medians over all rounds, in which each way has its turn."""

    def secure(port: int) -> Callable[[], HTTPConnection]:
        return lambda: HTTPSConnection("localhost", port, context=front.trust)

    def plain(port: int) -> Callable[[], HTTPConnection]:
        return lambda: HTTPConnection("127.0.0.1", port)

    ways = {
        "bare": Kept(plain(front.floor), "/"),
        "ours": Kept(plain(front.back_end.port), PAGE),
        "tcp": Kept(secure(front.tcp), PAGE),
        "socket": Kept(secure(front.socket), PAGE),
        "static": Kept(secure(front.tcp), STATIC),
    }
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(plan.rounds):
        for way, kept in ways.items():
            taken[way] += kept.seconds()
    middle = {way: statistics.median(all_) for way, all_ in taken.items()}
    for what, way, under in (
        ("the log-in page from the back end, 1 client", "ours", "bare"),
        ("the same through Apache, HTTPS, TCP port", "tcp", "ours"),
        ("the same through Apache, HTTPS, UNIX socket", "socket", "ours"),
    ):
        added = middle[way] - middle[under]
        floor = {"bare": "bare Pyramid", "ours": "back end alone"}[under]
        yield Line(
            what,
            f"p50 {milliseconds(middle[way])}, p99 {milliseconds(percentile(taken[way], 99))}",
            f"{milliseconds(middle[under])} ({floor})",
            f"{middle[way] / middle[under]:.1f}",
            f"adds ≤ {ADDED_S * 1000:g} ms: {milliseconds(added)}",
            added <= ADDED_S,
        )
    yield Line("a static file from Apache, HTTPS", f"p50 {milliseconds(middle['static'])}")


def _many(front: Standing, plan: Plan) -> Line:
    duration_s = plan.soak_minutes * 60
    answers = ask_at_once(CLIENTS, front.socket, PAGE, front.trust, duration_s)
    many, failed = len(answers.seconds), len(answers.failures)
    if failed:
        say(f"{failed} failures: {sorted(set(answers.failures))}")
    return Line(
        f"{CLIENTS} clients at once through Apache for {duration_s:g} s, connections kept",
        f"{many / duration_s:.0f}/s, p50 {milliseconds(percentile(answers.seconds, 50))}, "
        f"p99 {milliseconds(percentile(answers.seconds, 99))}, "
        f"{answers.opened} connections, {answers.found_closed} found closed, {failed} failed",
        aim="0 failed",
        met=failed == 0 and many > 0,
    )


def _restart(plan: Plan) -> Line:
    with ExitStack() as stack:
        place = stack.enter_context(_open_folder())
        running = stack.enter_context(backend("sqlite"))
        database = stack.enter_context(furnished_database(running))
        made = make_certificates(place)
        settings = {"GUNICORN_NUM_WORKERS": str(PROCESSES)}
        behind = back_end(place / "back", database.engine.url, with_socket=True, settings=settings)

        def start_alone() -> None:
            behind.start()
            behind.stop()

        alone = median_seconds(start_alone, plan.rounds)
        port, trust = _apache(stack, place, made, "restart", behind), made.trusted()

        def answers() -> bool:
            connection = HTTPSConnection("localhost", port, timeout=5, context=trust)
            try:
                connection.request("GET", PAGE)
                return connection.getresponse().status == 200
            except OSError:
                return False
            finally:
                connection.close()

        folder = place / "supervisor"
        folder.mkdir()
        server = stack.enter_context(supervised.supervisor(folder, behind.config, answers))
        taken = statistics.median(server.restart(answers) for _ in range(plan.rounds))
    return Line(
        "restart by Supervisor, from the command to the first answer through Apache",
        f"{taken:.2f} s",
        f"{alone:.2f} s (started and stopped alone)",
        f"{taken / alone:.1f}",
        f"≤ {RESTART_S:g} s",
        taken <= RESTART_S,
    )
