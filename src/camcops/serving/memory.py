# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping a server of several processes and threads small."""

import ctypes
import gc

# Of glibc's mallopt(3).
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

WHILE_SERVING = (700, 10, 10)
"""Thresholds of the collector, Python's own: what is loaded by then is out of its sight."""

ARENAS = 2
LARGE_BYTES = 256 * 1024


def before_serving() -> None:
    """Let the collector leave what is loaded now alone, and look at what comes as often as Python does.

    It would write to each object, and so give every process that is forked later a copy of its own.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*WHILE_SERVING)


def return_what_is_free() -> None:
    """Have the allocator give back large pieces at once (photographs), and not keep one pool a thread.

    Only glibc has these switches; elsewhere nothing happens.
    """
    try:
        switch = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    switch(_M_ARENA_MAX, ARENAS)
    switch(_M_MMAP_THRESHOLD, LARGE_BYTES)
