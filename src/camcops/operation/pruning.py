# SPDX-License-Identifier: GPL-3.0-or-later
"""Which old backups may go: all are kept for a month, then the first of each month.

A backup is known by its exact name, DATABASE_YYYYmmddTHHMMSS and an ending of ours. Its age is that of the
file, counted in whole days as `find -mtime` does; weeks, months and years are those of the name. The newest
one is always kept, and the newest that is whole.
"""

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from camcops.operation.mysql_dump import WITH_DROP, is_whole

NAME: Final = re.compile(
    rf"(?P<database>.+)_(?P<at>\d{{8}}T\d{{6}})(?:(?:{WITH_DROP})?\.sql|\.backup)"
)
DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup of a database; `at` is the local time in its name, `changed_at` that of the file."""

    path: Path
    database: str
    at: dt.datetime
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Retention:
    """How long which backups are kept. None: for ever.

    All for `days`; then those made on the first of a month for `months`, and the first of each week for
    `weeks`, of each year for `years`.
    """

    days: int = 31
    weeks: int | None = 0
    months: int | None = None
    years: int | None = 0


def backups_in(folder: Path, database: str) -> list[Backup]:
    """The backups of a database that lie in the folder itself, oldest first."""
    found = []
    for path in folder.iterdir():
        match = NAME.fullmatch(path.name)
        if match and match["database"] == database and path.is_file() and not path.is_symlink():
            try:
                at = dt.datetime.strptime(match["at"], "%Y%m%dT%H%M%S")  # noqa: DTZ007  local time
            except ValueError:
                continue  # no such day: the name is not ours
            changed_at = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
            found.append(Backup(path, database, at, changed_at))
    return sorted(found, key=lambda backup: (backup.at, backup.path.name))


def newest_whole(backups: list[Backup]) -> Backup | None:
    """The newest of backups (oldest first) that has its end."""
    return next((backup for backup in reversed(backups) if _is_whole(backup.path)), None)


def _is_whole(path: Path) -> bool:
    try:
        return is_whole(path) if path.suffix == ".sql" else zipfile.is_zipfile(path)
    except OSError:
        return False


def superfluous(backups: list[Backup], now: dt.datetime, retention: Retention) -> list[Backup]:
    """Those of a database's backups (oldest first) that may go; `now` has a zone."""
    if not backups:
        return []
    kept = {backups[-1], newest_whole(backups), *_within(backups, now, retention.days)}
    firsts_of_months = (backup for backup in backups if backup.at.day == 1)
    for firsts, most_days in (
        (_firsts(backups, _week), _days(retention.weeks, 7)),
        (firsts_of_months, _days(retention.months, 31)),
        (_firsts(backups, _year), _days(retention.years, 366)),
    ):
        kept.update(_within(firsts, now, most_days))
    return [backup for backup in backups if backup not in kept]


def _within(backups: Iterable[Backup], now: dt.datetime, most_days: int | None) -> Iterator[Backup]:
    """Those that are at most so many whole days old; None: all."""
    return (b for b in backups if most_days is None or (now - b.changed_at) // DAY <= most_days)


def _days(periods: int | None, length: int) -> int | None:
    """No backup is so young as -1 days: that is none at all."""
    if periods is None:
        return None
    return periods * length if periods else -1


def _firsts(backups: Iterable[Backup], period: Callable[[Backup], Hashable]) -> Iterator[Backup]:
    return (next(group) for _, group in groupby(backups, period))


def _week(backup: Backup) -> Hashable:
    return backup.at.isocalendar()[:2]


def _year(backup: Backup) -> Hashable:
    return backup.at.year
