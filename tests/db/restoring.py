# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.db.restoring URL BACKUP TABLE`: restore, and die without warning at that table."""

import os
import signal
import sys
from pathlib import Path

from camcops.db.database import connect
from camcops.db.keeping.archive import restore
from camcops.instruments.library import load_library

if __name__ == "__main__":
    url, backup, at = sys.argv[1:]

    def tell(table: str, done: int, total: int) -> None:
        if table == at:
            os.kill(os.getpid(), signal.SIGKILL)

    restore(Path(backup), connect(url, load_library()), tell)
