# SPDX-License-Identifier: GPL-3.0-or-later
"""What a line of the log looks like, plain or JSON; within a request it carries the request's number.

An error's own text may quote what a patient answered, so the log has its type and where it arose, not what
it says.
"""

import datetime as dt
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import ClassVar, TypeAlias

PLAIN, JSON = "plain", "json"

_request: ContextVar[str | None] = ContextVar("camcops_request", default=None)

_UNPRINTABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]"
)

ErrorInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


@contextmanager
def within_request(number: str) -> Iterator[None]:
    """Lines logged by this thread carry the request's number."""
    token = _request.set(number)
    try:
        yield
    finally:
        _request.reset(token)


class WithoutErrorText(logging.Formatter):
    """Formats errors as their types and where they arose, causes first."""

    def formatException(self, ei: ErrorInfo) -> str:  # noqa: N802 - the base's own name
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            where = "".join(traceback.format_tb(error.__traceback__))
            lines.insert(0, f"{type(error).__module__}.{type(error).__qualname__} at\n{where}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "which led to\n".join(lines).rstrip()


class PlainLines(WithoutErrorText):
    """Time, process, thread and request, logger, level, text; coloured on a terminal only.

    Further lines of a text are indented, and nothing in it steers a terminal: no text passes for an entry.
    """

    COLOURS: ClassVar = {logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "31;1"}

    def __init__(self, *, colour: bool = False) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03d [p%(process)d.t%(thread)d%(request)s] "
            "%(name)s:%(levelname)s: %(message)s",
            "%Y-%m-%d %H:%M:%S",
        )
        self.colour = colour

    def format(self, record: logging.LogRecord) -> str:
        number = _request.get()
        record.request = f".r{number}" if number else ""
        line = _UNPRINTABLE.sub("?", super().format(record)).replace("\n", "\n    ")
        code = self.COLOURS.get(record.levelno)
        return f"\x1b[{code}m{line}\x1b[0m" if self.colour and code else line


class JsonLines(WithoutErrorText):
    """One JSON object a line: time (UTC), level, logger, process, thread, request, text, error."""

    def format(self, record: logging.LogRecord) -> str:
        at = dt.datetime.fromtimestamp(record.created, dt.UTC)
        content: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "thread": record.thread,
        }
        if number := _request.get():
            content["request"] = number
        content["message"] = record.getMessage()
        if record.exc_info:
            content["error"] = self.formatException(record.exc_info)
        return json.dumps(content, ensure_ascii=False)


def use_format(name: str) -> None:
    """Give all handlers of the root logger `PLAIN` or `JSON` lines."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(formatter(name))


def formatter(name: str) -> logging.Formatter:
    return JsonLines() if name == JSON else PlainLines(colour=sys.stderr.isatty())
