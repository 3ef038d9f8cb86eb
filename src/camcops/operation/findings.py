# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check found: a fault, a warning, or something worth knowing."""

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """Does the finding keep the program from working (fault), endanger it, or neither?"""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; `says` is a plain sentence with what to do about it, without any secret."""

    weight: Weight
    subject: str
    says: str


def fault(subject: str, says: str) -> Finding:
    return Finding(Weight.FAULT, subject, says)


def warning(subject: str, says: str) -> Finding:
    return Finding(Weight.WARNING, subject, says)


def note(subject: str, says: str) -> Finding:
    return Finding(Weight.NOTE, subject, says)
