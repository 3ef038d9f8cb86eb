# SPDX-License-Identifier: GPL-3.0-or-later
"""`upgrade_db`, killed after any of its steps, ends as if nothing had happened when it is run again.

CAMCOPS_TEST_EVERY_STEP=1 kills it after every step, with all instruments; otherwise after some, with a few.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.database import connect
from camcops.db.state import require_current
from camcops.instruments.library import BUILT_IN, Library
from camcops.problems import Problem
from tests.conftest import BACKENDS
from tests.db.killed_upgrades import Upgrade, state
from tests.running import free_port, write_config
from tests.scratch_databases import scratch_database, text_of

EVERY_STEP = os.environ.get("CAMCOPS_TEST_EVERY_STEP") == "1"
KILLS = 30
# Tasks with and without patient, child rows, BLOBs.
FEW = ("phq9", "diagnosis_icd10", "photosequence", "ref_satis_gen")

MakeDatabase = Callable[[], AbstractContextManager[str]]


@pytest.fixture(params=BACKENDS)
def new_database(
    request: pytest.FixtureRequest, database_server: Callable[[str], sa.URL], tmp_path: Path
) -> MakeDatabase:
    """Makes an empty database; its address."""

    @contextmanager
    def make() -> Iterator[str]:
        if request.param == "sqlite":
            path = tmp_path / "empty.sqlite"
            yield f"sqlite:///{path}"
            for name in tmp_path.glob("empty.sqlite*"):
                name.unlink()
            return
        with scratch_database(database_server(request.param)) as url:
            yield text_of(url)

    return make


@pytest.mark.slow
def test_killed_again_and_again(
    new_database: MakeDatabase, library: Library, tmp_path: Path
) -> None:
    """Each run gets a little further than all before it, and dies."""
    chosen = library if EVERY_STEP else _few()
    with new_database() as url:
        upgrade = _upgrade(url, chosen, tmp_path)
        nothing = state(url)
        assert upgrade.run()
        whole, steps = state(url), len(upgrade.made)
    portion = 1 if EVERY_STEP else steps // KILLS
    with new_database() as url:
        upgrade = _upgrade(url, chosen, tmp_path)
        kills = 0
        while not upgrade.run(die_after=portion):
            kills += 1
            if _passes_for_whole(url, chosen):
                assert state(url) == whole, upgrade.made[-1]
            elif not url.startswith("mysql"):  # there, each statement stays
                assert state(url) == nothing, upgrade.made[-1]
        assert kills >= KILLS
        assert state(url) == whole


@pytest.mark.slow
def test_killed_once(new_database: MakeDatabase, tmp_path: Path) -> None:
    """After whatever step it dies, the next run does all the rest."""
    few = _few()
    with new_database() as url:
        upgrade = _upgrade(url, few, tmp_path)
        assert upgrade.run()
        whole, steps = state(url), len(upgrade.made)
    for number in range(1, steps) if EVERY_STEP else (steps // 4, steps // 2):
        with new_database() as url:
            upgrade = _upgrade(url, few, tmp_path)
            assert not upgrade.run(die_after=number)
            assert upgrade.run()
            assert state(url) == whole, upgrade.made[number - 1]


def _few() -> Library:
    return Library({name: BUILT_IN / name for name in FEW})


def _upgrade(url: str, library: Library, folder: Path) -> Upgrade:
    return Upgrade(write_config(folder, sa.make_url(url), free_port()), library)


def _passes_for_whole(url: str, library: Library) -> bool:
    """Would the program serve this database?"""
    database = connect(url, library)
    try:
        require_current(database)
    except Problem:
        return False
    finally:
        database.engine.dispose()
    return True
