# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of the tablet program, and the version that this server claims to tablets."""

import functools
import re
from dataclasses import dataclass

LONGEST_VERSION = 147

_SEMANTIC = re.compile(
    r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_OLD = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?", re.ASCII)


@functools.total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version; a pre-release sorts below its release."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""

    def __lt__(self, other: "Version") -> bool:
        return self._order() < other._order()

    def __str__(self) -> str:
        tag = f"-{self.prerelease}" if self.prerelease else ""
        return f"{self.major}.{self.minor}.{self.patch}{tag}"

    def _order(self) -> tuple[int, int, int, bool, tuple[tuple[int, int, str], ...]]:
        identifiers = tuple(
            (0, int(part), "") if part.isdecimal() else (1, 0, part)
            for part in self.prerelease.split(".")
            if part
        )
        return (self.major, self.minor, self.patch, not self.prerelease, identifiers)


# Older tablets have neither one-step uploads nor a check of patients beforehand.
MINIMUM_TABLET_VERSION = Version(2, 3, 0)


def parse_version(text: str) -> Version | None:
    """Read a version (very old tablets' `1` is 1.0.0, `1.5` is 1.50.0); None if unreadable."""
    text = text.strip()
    if len(text) > LONGEST_VERSION:
        return None
    if matched := _SEMANTIC.fullmatch(text):
        major, minor, patch, prerelease = matched.groups()
        return Version(int(major), int(minor), int(patch), prerelease or "")
    if matched := _OLD.fullmatch(text):
        major, minor = matched.groups()
        return Version(int(major), int((minor or "0").ljust(2, "0")), 0)
    return None
