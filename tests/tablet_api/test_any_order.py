# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations of uploads in any order, by two users, against a simple model of what must be current.

CAMCOPS_FUZZ_EXAMPLES is the number of sequences (a handful in ordinary runs).
"""

import os
from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from camcops.db.database import Database
from camcops.records.index_check import faults
from tests.initial_states import make_tablet_state
from tests.tablet_api.upload_machine import machine_of

EXAMPLES = int(os.environ.get("CAMCOPS_FUZZ_EXAMPLES", "10"))


@pytest.mark.slow
def test_any_order(
    sqlite_database: Database, make_application: Callable[..., WSGIApplication]
) -> None:
    make_tablet_state(sqlite_database)
    chosen: Any = settings(
        max_examples=EXAMPLES,
        stateful_step_count=30,
        deadline=None,
        derandomize="CAMCOPS_FUZZ_EXAMPLES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    machine = machine_of(make_application(sqlite_database), sqlite_database)
    run_state_machine_as_test(machine, settings=chosen)
    assert sqlite_database.read(lambda conn: list(faults(conn, sqlite_database))) == []
