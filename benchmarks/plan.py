# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run measures, and how long it takes for it."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`seconds` of each round of load; `sizes`: indexed tasks; `soak_minutes`: of load, before memory is
    read; `backup_mb`: millions of bytes of pictures to back up.
    """

    backends: tuple[str, ...]
    rounds: int
    seconds: float
    sizes: tuple[int, ...]
    soak_minutes: float
    backup_mb: int


def say(what: str) -> None:
    """Progress, beside the table."""
    print(what, file=sys.stderr, flush=True)
