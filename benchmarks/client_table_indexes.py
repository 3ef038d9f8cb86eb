# SPDX-License-Identifier: GPL-3.0-or-later
"""What foreign keys and single-column indexes cost on a table that tablets fill.

Inserts PHQ-9 records into MariaDB and finalizes them, in a table as CamCOPS 2.4 makes it (6 foreign
keys, 12 indexes) and in one of ours. Run with `python -m benchmarks.client_table_indexes [URL]`;
without a URL a private server is started.
"""

import statistics
import sys
import time
from contextlib import nullcontext
from functools import partial
from typing import Any

import sqlalchemy as sa
from tests.database_servers import mariadb_server
from tests.scratch_databases import scratch_database, text_of

from camcops.db.database import connect
from camcops.db.upgrade import upgrade
from camcops.instruments.library import BUILT_IN, Library

ROWS = 1000
ROUNDS = 15
INDEXED = (
    "_current",
    "_device_id",
    "_era",
    "_group_id",
    "_pk",
    "id",
    "patient_id",
    "when_last_modified",
)
USER_KEYS = (
    "_adding_user_id",
    "_removing_user_id",
    "_preserving_user_id",
    "_manually_erasing_user_id",
)


def as_in_camcops_2(table: sa.Table) -> list[str]:
    """Statements that make `phq9_2`: the same columns, with the indexes and keys of CamCOPS 2.4."""
    references = dict.fromkeys(USER_KEYS, "_security_users")
    references |= {"_device_id": "_security_devices", "_group_id": "_security_groups"}
    return [
        "CREATE TABLE phq9_2 LIKE phq9",
        "ALTER TABLE phq9_2 DROP INDEX uq_phq9_current, DROP INDEX ix_phq9_lookup, DROP COLUMN _current_id",
        "ALTER TABLE phq9_2 "
        + ", ".join(
            [
                *(f"ADD INDEX ix_2_{name} ({name})" for name in INDEXED),
                *(
                    f"ADD CONSTRAINT fk_2_{name} FOREIGN KEY ({name}) REFERENCES {target} (id)"
                    for name, target in references.items()
                ),
            ]
        ),
    ]


def rows(start: int) -> list[dict[str, Any]]:
    """Records of one tablet, each of another patient."""
    instant = "2026-11-24T12:00:00.000000+00:00"
    return [
        {
            "_device_id": 1,
            "_era": "NOW",
            "_current": True,
            "_group_id": 1,
            "_adding_user_id": 1,
            "_when_added_exact": instant,
            "id": start + number,
            "when_last_modified": instant,
            "patient_id": number,
            "when_created": instant,
            **{f"q{item}": item % 4 for item in range(1, 11)},
        }
        for number in range(ROWS)
    ]


def _run(
    statement: sa.Executable, values: list[dict[str, Any]] | None, conn: sa.Connection
) -> None:
    conn.execute(statement, values)


def main() -> None:
    given = nullcontext(sa.make_url(sys.argv[1])) if len(sys.argv) > 1 else mariadb_server()
    library = Library({"phq9": BUILT_IN / "phq9"})
    with given as server, scratch_database(server) as url:
        upgrade(text_of(url), library)
        database = connect(text_of(url), library)
        ours = database.tables["phq9"].table
        theirs = ours.to_metadata(sa.MetaData(), name="phq9_2")
        with database.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO _security_groups (name) VALUES ('g')")
            for statement in as_in_camcops_2(ours):
                connection.exec_driver_sql(statement)
        seconds: dict[str, list[float]] = {"CamCOPS 2.4": [], "ours": []}
        finalizing: dict[str, list[float]] = {"CamCOPS 2.4": [], "ours": []}
        for turn in range(ROUNDS):
            for name, table in (("CamCOPS 2.4", theirs), ("ours", ours)):
                batch = rows(turn * ROWS)
                began = time.perf_counter()
                database.write(partial(_run, sa.insert(table), batch))
                seconds[name].append(time.perf_counter() - began)
                finalize = sa.update(table).where(table.c._era == "NOW").values(_era=f"era {turn}")
                began = time.perf_counter()
                database.write(partial(_run, finalize, None))
                finalizing[name].append(time.perf_counter() - began)
        sizes = sa.text(
            "SELECT table_name, index_length FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name IN ('phq9', 'phq9_2')"
        )
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE TABLE phq9, phq9_2")
            bytes_of: dict[str, int] = dict(map(tuple, connection.execute(sizes)))
        database.engine.dispose()
    for name, table_name in (("CamCOPS 2.4", "phq9_2"), ("ours", "phq9")):
        print(
            f"{name:12} {ROWS} rows: insert {statistics.median(seconds[name]) * 1000:.1f} ms,"
            f" finalize {statistics.median(finalizing[name]) * 1000:.1f} ms;"
            f" indexes {bytes_of[table_name] / 1024:.0f} KiB for {ROWS * ROUNDS} rows"
        )


if __name__ == "__main__":
    main()
