# SPDX-License-Identifier: GPL-3.0-or-later
"""The command: measures the subjects asked for and prints one table of each."""

import argparse
import datetime as dt
import importlib
import os
import platform
from collections.abc import Callable, Iterable

from benchmarks.installation import BACKENDS
from benchmarks.plan import Plan, say
from benchmarks.table import Line, markdown

SUBJECTS = {
    "uploads": "Uploads of 1 patient and 10 PHQ-9s",
    "large": "Large uploads",
    "commits": "Commits of MariaDB",
    "lists": "Lists, searches and pages",
    "starting": "Starting",
    "memory": "Memory",
    "servers": "Three servers, one application",
    "keeping": "Looking after the database",
    "backups": "Large backups",
    "front_end": "Behind Apache and Supervisor",
}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"of {', '.join(SUBJECTS)}")
    made.add_argument("--databases", default=",".join(BACKENDS), help="default: %(default)s")
    made.add_argument("--rounds", type=int, default=3, help="of load; default: %(default)s")
    made.add_argument("--seconds", type=float, default=2, help="of a round; default: %(default)s")
    made.add_argument(
        "--sizes",
        default="10000,1000000",
        help="indexed tasks of the lists; add 10000000 where there is time; default: %(default)s",
    )
    made.add_argument("--soak", type=float, default=1, metavar="MINUTES", help="default: 1")
    made.add_argument(
        "--backup", type=int, default=200, metavar="MB", help="of pictures; default: 200"
    )
    return made


def main() -> None:
    asked = parser().parse_args()
    if unknown := set(asked.subjects) - SUBJECTS.keys():
        parser().error(f"no such subject: {', '.join(sorted(unknown))}")
    plan = Plan(
        backends=tuple(asked.databases.split(",")),
        rounds=asked.rounds,
        seconds=asked.seconds,
        sizes=tuple(int(size) for size in asked.sizes.split(",")),
        soak_minutes=asked.soak,
        backup_mb=asked.backup,
    )
    print(
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores"
        f" ({platform.machine()}), Python {platform.python_version()}\n"
    )
    for subject in asked.subjects or SUBJECTS:
        measure: Callable[[Plan], Iterable[Line]]
        measure = importlib.import_module(f"benchmarks.{subject}").measure
        print(markdown(SUBJECTS[subject], _told(measure(plan))), flush=True)


def _told(lines: Iterable[Line]) -> list[Line]:
    known = []
    for line in lines:
        known.append(line)
        say(" | ".join(cell for cell in line.cells if cell))
    return known


if __name__ == "__main__":
    main()
