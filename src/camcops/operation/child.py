# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that works for us, and ends when we are asked to end."""

import signal
import subprocess
from collections.abc import Sequence
from typing import Any


def run_child(command: Sequence[str], **how: Any) -> tuple[int, bytes]:
    """Run a program to its end: its exit status (or the negated number of the signal that ended it), and
    what came through its pipe, if `how` (as for `Popen`) asks for one.

    Asked to end (SIGTERM or Ctrl-C), we ask the program to, wait for it, and raise KeyboardInterrupt. For the
    main thread only. Raises OSError if the program can't be started.
    """
    asked = False
    child: subprocess.Popen[bytes] | None = None

    def pass_on(_number: int, _frame: object) -> None:
        # Raising here could lose a program that is just being started.
        nonlocal asked
        asked = True
        if child is not None:
            child.terminate()

    former = {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        child = subprocess.Popen(command, **how)  # noqa: S603  the administrator chose it
        if asked:
            child.terminate()
        _, said = child.communicate()
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if asked:
        raise KeyboardInterrupt
    return child.returncode, said or b""
