# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a client may take over sending its request, and over taking in the answer.

It must keep up `LEAST_RATE` or more on average, `GRACE_S` aside; only the time spent waiting for it counts.
"""

import errno
from typing import Final

GRACE_S: Final = 10.0
LEAST_RATE: Final = 500
"""Bytes a second."""


class SlowClient(TimeoutError):
    """The client is too slow. Servers take it for a connection that the client has closed."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the client is too slow")


class Patience:
    """What is left of it for one request, or for one answer."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Another request begins."""
        self.waited_s, self.transferred = 0.0, 0

    @property
    def left_s(self) -> float:
        """Seconds; always a little above 0, as sockets take 0 to mean something else."""
        return max(GRACE_S + self.transferred / LEAST_RATE - self.waited_s, 0.001)

    def spend(self, seconds: float, count: int) -> None:
        """So long was waited for so many bytes."""
        self.waited_s += seconds
        self.transferred += count
