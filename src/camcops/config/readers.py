# SPDX-License-Identifier: GPL-3.0-or-later
"""How the text of one setting becomes a value, and what to say when it cannot."""

import ipaddress
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Reader = Callable[[str], T]

TRUE_WORDS = frozenset({"1", "yes", "true", "on"})
FALSE_WORDS = frozenset({"0", "no", "false", "off"})
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}


class NotAllowed(ValueError):
    """The text is not one of the values that the setting may have; the message says which are."""


def text(value: str) -> str:
    return value


def optional_text(value: str) -> str | None:
    return value or None


def path(value: str) -> Path | None:
    return Path(value) if value else None


def existing_file(value: str) -> Path | None:
    found = path(value)
    if found is not None and not found.is_file():
        raise NotAllowed("the name of an existing file")
    return found


def boolean(value: str) -> bool:
    word = value.lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise NotAllowed("one of true, yes, on, 1, false, no, off, 0")


def level(value: str) -> int:
    try:
        return LEVELS[value.lower()]
    except KeyError:
        raise NotAllowed(f"one of {', '.join(LEVELS)}") from None


def integer(least: int | None = None, most: int | None = None) -> Reader[int]:
    """A whole number within bounds (`None`: unbounded on that side)."""
    bounds = " ".join(
        word
        for bound, word in ((least, f"from {least}"), (most, f"to {most}"))
        if bound is not None
    )

    def read(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise NotAllowed(f"a whole number {bounds}".strip()) from None
        if (least is not None and number < least) or (most is not None and number > most):
            raise NotAllowed(f"a whole number {bounds}")
        return number

    return read


def optional_port(value: str) -> int | None:
    return integer(1, 65535)(value) if value else None


def remote_address(value: str) -> str | None:
    if value:
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise NotAllowed("an IPv4 or IPv6 address") from None
    return value or None


def without_comment(line: str) -> str:
    """Cut what follows a `#` that begins the line or stands after a blank."""
    if line.startswith("#"):
        return ""
    return line.partition(" #")[0].partition("\t#")[0].strip()


def lines(value: str) -> tuple[str, ...]:
    """One item a line; blank lines and comments dropped."""
    stripped = (without_comment(line.strip()) for line in value.splitlines())
    return tuple(line for line in stripped if line)


def words(allowed: Sequence[str], *, fold: bool = False) -> Reader[tuple[str, ...]]:
    """One item a line, each from a fixed list; with `fold`, any case is taken for lower case."""

    def read(value: str) -> tuple[str, ...]:
        items = lines(value.lower() if fold else value)
        if wrong := [item for item in items if item not in allowed]:
            raise NotAllowed(f"lines from this list: {', '.join(allowed)} (not {wrong[0]!r})")
        return items

    return read


def one_of(*allowed: str) -> Reader[str]:
    def read(value: str) -> str:
        if value not in allowed:
            raise NotAllowed(f"one of {', '.join(allowed)}")
        return value

    return read
