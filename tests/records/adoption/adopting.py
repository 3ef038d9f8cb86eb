# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.records.adoption.adopting URL`: adopt a database, telling each step, to be killed."""

import sys

from camcops.db.upgrade import upgrade
from camcops.instruments.library import load_library
from camcops.records.adoption.adopting import Adoption


def _tell(done: int, total: int, what: str) -> None:
    print(done, total, what, flush=True)


if __name__ == "__main__":
    upgrade(
        sys.argv[1],
        load_library(),
        progress=_tell,
        adopter=Adoption(lambda sentence: print(sentence, flush=True)),
    )
