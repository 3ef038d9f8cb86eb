# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that is either there and whole, or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which only its owner may read.

    It appears under its name (instead of one that is there) at the end of the block, when it is on the
    disk; if the block raises, nothing of it stays.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    # What a program that was killed left there; never written into, since it may be somebody else's.
    unfinished.unlink(missing_ok=True)
    try:
        with open(unfinished, "w+b", opener=_private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
