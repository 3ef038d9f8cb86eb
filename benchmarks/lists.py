# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the task list, searches and tasks, beside the same with ten thousand tasks."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from random import Random

from benchmarks.browser import Browser
from benchmarks.bulk import FIRST, KINDS, fill, patients_among, surname
from benchmarks.installation import (
    NAMES,
    Backend,
    backend,
    floor,
    furnished_database,
    our_server,
)
from benchmarks.load import posting
from benchmarks.plan import Plan, say
from benchmarks.table import Line
from benchmarks.timing import milliseconds, percentile, seconds
from benchmarks.visits import bare_rows

TIMES = 100
"""So often each page is asked for."""

WARMING = 5
TWICE = 2.0

Page = Callable[[], object]
Asked = tuple[int, str]
"""Tasks in the database, and a page."""

Taken = Mapping[Asked, list[float]]
FLOOR: Asked = (0, "floor")


def measure(plan: Plan) -> Iterator[Line]:
    """Lines for each database. All sizes and the floor are asked in turn: all meet the same machine."""
    for name in plan.backends:
        with ExitStack() as stack:
            running = stack.enter_context(backend(name))
            asked = {FLOOR: _floor(stack.enter_context(floor(running)).port)}
            sizes = sorted(plan.sizes)
            for size in sizes:
                say(f"lists: {NAMES[name]}, {size:,} tasks")
                port = _port_of_server(stack, running, size)
                asked |= {(size, what): page for what, page in _pages(port, size).items()}
            taken = _taken(asked)
            for size in sizes:
                yield from _lines(NAMES[name], size, sizes[0], taken)


def _port_of_server(stack: ExitStack, running: Backend, size: int) -> int:
    """A server with so many tasks, until the stack is unwound."""
    database = stack.enter_context(furnished_database(running))
    say(f"filled in {seconds(lambda: fill(database, size)):.0f} s")
    return stack.enter_context(our_server(running, database)).port


def _floor(port: int) -> Page:
    post = posting(port, "/upload", [bare_rows(0)])
    for _ in range(3):
        post()
    return posting(port, "/list", [{}])


def _pages(port: int, size: int) -> dict[str, Page]:
    random = Random(2)
    clinician, therapist = Browser(port, "clinician"), Browser(port, "therapist")
    people = patients_among(size)

    def key() -> str:
        day = FIRST.replace(year=random.randrange(2017, 2025), month=random.randrange(1, 13))
        return f"{day:%Y%m%dT%H%M%S}-{random.randrange(1, size)}"

    def name() -> str:
        return surname(random.randrange(people // 4))

    def phq9() -> int:
        # Numbers divisible by ten are PHQ-9s, and all of the clinician's group.
        return random.randrange(size // KINDS) * KINDS + 1

    def get(browser: Browser, address: Callable[[], str]) -> Page:
        return lambda: browser.get(f"/webview/tasks{address()}")

    return {
        "task list, first page": get(clinician, lambda: ""),
        "task list, somewhere in the middle": get(clinician, lambda: f"?older={key()}"),
        "search by surname": get(therapist, lambda: f"?surname={name()}"),
        "search by ID number": get(
            therapist, lambda: f"?which_idnum=2&idnum_value={random.randrange(people)}"
        ),
        "search by instrument, month and completeness": get(
            clinician,
            lambda: (
                f"?tasks=phq9&complete_only=1&created_from={random.randrange(2017, 2025)}-03-01"
                f"&created_until={random.randrange(2025, 2026)}-03-31"
            ),
        ),
        "page of a PHQ-9": get(clinician, lambda: f"/phq9/{phq9()}"),
        "PDF of a PHQ-9": get(clinician, lambda: f"/phq9/{phq9()}/pdf"),
    }


def _taken(asked: Mapping[Asked, Page]) -> Taken:
    """The seconds of each page, each asked for in turn."""
    taken: dict[Asked, list[float]] = {one: [] for one in asked}
    for number in range(-WARMING, TIMES):
        for one, page in asked.items():
            spent = seconds(page)
            if number >= 0:
                taken[one].append(spent)
    return taken


def _lines(where: str, size: int, smallest: int, taken: Taken) -> Iterator[Line]:
    least = percentile(taken[FLOOR], 50)
    for (one, what), times in taken.items():
        if one != size:
            continue
        p50, p95 = percentile(times, 50), percentile(times, 95)
        measured = f"p50 {milliseconds(p50)}, p95 {milliseconds(p95)}"
        growth = p95 / percentile(taken[smallest, what], 95)
        compared = size > smallest
        yield Line(
            f"{where}, {size:,} tasks: {what}",
            f"{measured}, {growth:.1f} × p95 at {smallest:,}" if compared else measured,
            milliseconds(least),
            f"{p50 / least:.1f}",
            f"≤ {TWICE:g} × p95 at {smallest:,}" if compared else "",
            growth <= TWICE if compared else None,
        )
