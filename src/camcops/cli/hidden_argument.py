# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking a secret back out of the list of processes, as the programs of databases do."""

import contextlib
from pathlib import Path

ARGUMENTS_BEGIN, ARGUMENTS_END = 45, 46
"""Among the fields of /proc/self/stat that follow the program's name (proc(5): arg_start, arg_end)."""


def hide_argument(secret: str) -> None:
    """Overwrite a word, or the value of a `--name=value`, of this process's command line.

    Until then, for the moment that the program takes to start, others could see it. Without effect on
    systems other than Linux.
    """
    with contextlib.suppress(OSError):
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        begin, end = int(fields[ARGUMENTS_BEGIN]), int(fields[ARGUMENTS_END])
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(begin)
            words = memory.read(end - begin)
            stars = b"*" * len(secret.encode())
            for before in (b"\0", b"="):
                words = words.replace(before + secret.encode() + b"\0", before + stars + b"\0")
            memory.seek(begin)
            memory.write(words)
