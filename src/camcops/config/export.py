# SPDX-License-Identifier: GPL-3.0-or-later
"""Section `[export]`: background work, the recipients of exports and their schedule."""

import re
from dataclasses import dataclass
from pathlib import Path

from camcops.config.declaration import REQUIRED, setting
from camcops.config.readers import NotAllowed, lines, text

RECIPIENT_NAME = re.compile(r"[A-Za-z0-9_]{1,191}")
RATE_LIMIT = re.compile(r"[0-9]+(\.[0-9]+)?(/[smh])?")


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """One line of SCHEDULE: when, in the order of the file (not that of cron), and for whom."""

    minute: str
    hour: str
    day_of_week: str
    day_of_month: str
    month_of_year: str
    recipient: str


def recipients(value: str) -> tuple[str, ...]:
    names = lines(value)
    if wrong := next((name for name in names if not RECIPIENT_NAME.fullmatch(name)), None):
        raise NotAllowed(f"names of letters, digits and _ (not {wrong!r})")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise NotAllowed(f"each recipient once ({twice!r} stands twice)")
    return names


def schedule(value: str) -> tuple[ScheduleLine, ...]:
    found = []
    for line in lines(value):
        parts = line.split()
        if len(parts) != 6:
            raise NotAllowed(
                "lines of six words: minute hour day_of_week day_of_month month_of_year recipient "
                f"(not {line!r})"
            )
        found.append(ScheduleLine(*parts))
    return tuple(found)


def rate_limit(value: str) -> str | None:
    if value and not RATE_LIMIT.fullmatch(value):
        raise NotAllowed("a number, or one followed by /s, /m or /h")
    return value or None


def time_zone(value: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotAllowed("the name of a time zone, such as Europe/London") from None
    return value


def required_path(value: str) -> Path:
    return Path(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportSettings:
    """How data leave the server: see each key."""

    celery_beat_extra_args: tuple[str, ...] = setting(
        lines, (), "More words for the scheduler's command line, one a line.", multiline=True
    )
    celery_beat_schedule_database: Path = setting(
        required_path,
        REQUIRED,
        "Where the scheduler keeps its state.",
        specimen="/var/lock/camcops/camcops_celerybeat_schedule",
    )
    celery_broker_url: str = setting(text, "amqp://", "The message broker.", secret=True)
    celery_worker_extra_args: tuple[str, ...] = setting(
        lines,
        (),
        "More words for the workers' command line, one a line.",
        specimen="--max-tasks-per-child=1000\n--max-memory-per-child=100000",
        multiline=True,
    )
    celery_export_task_rate_limit: str | None = setting(
        rate_limit, None, "At most this many exports, e.g. 100/m.", specimen="100/m"
    )
    export_lockdir: Path = setting(
        required_path,
        REQUIRED,
        "Folder for lock files; made at start.",
        specimen="/var/lock/camcops",
    )
    recipients: tuple[str, ...] = setting(
        recipients, (), "Names of the recipients in use, one a line.", multiline=True
    )
    schedule_timezone: str = setting(time_zone, "UTC", "Time zone of SCHEDULE.")
    schedule: tuple[ScheduleLine, ...] = setting(
        schedule,
        (),
        "Lines: minute hour day_of_week day_of_month month_of_year recipient (not cron's order).",
        multiline=True,
    )


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """Account at the sender of text messages; only the keys of the chosen one are set."""

    username: str | None = None
    password: str | None = None
    sid: str | None = None
    token: str | None = None
    from_phone_number: str | None = None


SMS_KEYS = {
    "console": (),
    "kapow": ("username", "password"),
    "twilio": ("sid", "token", "from_phone_number"),
}
