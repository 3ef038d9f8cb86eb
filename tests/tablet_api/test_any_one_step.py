# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads in one request with anything for JSON: a result or a reason, never a fault of the server."""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camcops.db.database import Database
from tests.tablet import WsgiTablet
from tests.tablet_api.contents import everything
from tests.tablet_api.refusals import WHEN, stored

EXAMPLES = int(os.environ.get("CAMCOPS_FUZZ_EXAMPLES", "60"))

NAMES = st.one_of(st.sampled_from([*everything(), "_pk", "nonesuch", ""]), st.text(max_size=5))
COLUMNS = st.one_of(
    st.sampled_from(
        "id when_last_modified _move_off_tablet when_created patient_id q1 _pk _era idnum_value "
        "which_idnum theblob dob sex".split()
    ),
    st.text(max_size=4),
)
CELLS = st.one_of(
    st.sampled_from(["1", "0", "NULL", "''", WHEN, "64'QUJD'", "X'41'", "1e999", "nan", "'", "-1"]),
    st.text(max_size=8),
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
GOOD_ROW = {
    "id": "1",
    "_move_off_tablet": "0",
    "when_last_modified": WHEN,
    "when_created": WHEN,
    "patient_id": "1",
}
ROWS = st.one_of(
    st.dictionaries(COLUMNS, CELLS, max_size=4),
    st.dictionaries(COLUMNS, CELLS, max_size=3).map(lambda changed: {**GOOD_ROW, **changed}),
    ANYTHING,
)
TABLES = st.dictionaries(NAMES, st.one_of(st.lists(ROWS, max_size=3), ANYTHING), max_size=4)
KEY_NAMES = st.one_of(st.just("id"), ANYTHING)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    data=st.one_of(TABLES, TABLES, ANYTHING),
    keys=st.one_of(st.none(), st.dictionaries(NAMES, KEY_NAMES, max_size=3), ANYTHING),
    key_name=KEY_NAMES,
    finalizing=st.sampled_from(["0", "1", "2", "", "x", "1.0", "9" * 30]),
)
@pytest.mark.slow
def test_anything(
    quick_device: WsgiTablet,
    sqlite_database: Database,
    data: Any,
    keys: Any,
    key_name: Any,
    finalizing: str,
) -> None:
    if keys is None and isinstance(data, dict):
        keys = dict.fromkeys(data, key_name)
    before = stored(sqlite_database)
    answer = quick_device.answer(
        "upload_entire_database",
        finalizing=finalizing,
        dbdata=json.dumps(data),
        pknameinfo=json.dumps(keys),
    )
    assert answer.status == 200
    lines = answer.lines
    quick_device.session = {name: lines[name] for name in ("session_id", "session_token")}
    if lines["success"] == "0":
        assert "unexpected problem" not in lines["error"]
        assert stored(sqlite_database) == before
