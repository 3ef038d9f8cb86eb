# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.db.upgrading URL`: upgrade a database, telling each step, to be killed."""

import sys

from camcops.db.upgrade import upgrade
from camcops.instruments.library import load_library


def _tell(done: int, total: int, what: str) -> None:
    print(done, total, what, flush=True)


if __name__ == "__main__":
    upgrade(sys.argv[1], load_library(), progress=_tell)
