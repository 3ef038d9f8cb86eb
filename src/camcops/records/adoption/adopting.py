# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of an adoption, in the order in which `camcops.db.upgrade` takes them.

Every step can be repeated and cut off: what is right already is left as it is, and a repair is
written down in the transaction that makes it.
"""

import logging
from collections.abc import Callable

import sqlalchemy as sa

from camcops.db.adoption import TO_ADOPT, adoption_state
from camcops.db.catalogue import Catalogue, filled, read_catalogue
from camcops.db.client_tables import ClientTable
from camcops.db.database import Database
from camcops.db.instants import utc_now
from camcops.db.schema import adoption, adoption_repairs
from camcops.db.seeds import UPSTREAM_REVISION
from camcops.db.upgrade import Progress
from camcops.problems import DATABASE_NOT_ADOPTED, Problem
from camcops.records import index_check, reindex
from camcops.records.adoption import (
    abandoned,
    duplicates,
    left_behind,
    orphaned_notes,
    stale_index,
)
from camcops.records.adoption.repair import Repair, RepairKind, record, summary
from camcops.records.adoption.survey import Survey, survey

log = logging.getLogger(__name__)

_ID = 1

Tell = Callable[[str], None]


class Adoption:
    """Takes over a database; what it does is told in sentences. See `camcops.db.upgrade.Adopter`."""

    def __init__(self, tell: Tell, *, final: bool = False) -> None:
        self._tell = tell
        self.final = final
        self.happened = False
        """Has it run? Then indexes and scores are new."""

    def begin(self, connection: sa.Connection, database: Database) -> None:
        found = read_catalogue(connection)
        tables = upstream_tables(database, found)
        if adoption.name not in found:
            self._announce(connection, tables)
        if self.final:
            self._announce_copying(survey(connection, tables))
        for table in (adoption, adoption_repairs):
            table.create(connection, checkfirst=True)
        if connection.execute(sa.select(adoption.c.id)).one_or_none() is None:
            connection.execute(
                adoption.insert().values(
                    id=_ID, upstream_revision=UPSTREAM_REVISION, begun_at_utc=utc_now()
                )
            )
        self._report(connection, mend(connection, tables))

    def complete(self, connection: sa.Connection, database: Database, progress: Progress) -> None:
        repairs = stale_index.patients(connection)
        faults = sum(1 for _ in index_check.faults(connection, database))
        if faults:
            details = f"{faults} entries missing or wrong, those under earlier patients among them"
            repairs.append(Repair(RepairKind.INDEX, "indexes", None, None, details, faults))
        total = len(filled(connection, list(database.library)))
        done = 0

        def show(name: str, _tasks: int) -> None:
            nonlocal done
            progress(done, total, f"indexed and scored {name}")
            done += 1

        tasks = reindex.rebuild(
            database,
            connection,
            show,
            lambda judged: repairs.append(stale_index.completeness(judged)),
        )
        self._report(connection, repairs)
        connection.execute(
            adoption.update()
            .where(adoption.c.adopted_at_utc.is_(None))
            .values(adopted_at_utc=utc_now())
        )
        self.happened = True
        told = f"Tasks indexed and scored: {tasks}."
        if self.final:
            connection.execute(adoption.update().values(final_at_utc=utc_now()))
        else:
            told += " CamCOPS 2.4 can still use this database, until you run finish_adoption."
        self._tell(told)

    def _announce(self, connection: sa.Connection, tables: list[ClientTable]) -> None:
        for sentence in plan(connection, tables):
            self._tell(sentence)

    def _announce_copying(self, counted: Survey) -> None:
        self._tell(f"Finishing takes {counted.finishing}, roughly.")
        if (copied := counted.largest / 1e9) > 0.1:
            self._tell(f"Tables are copied: {copied:.1f} GB of free disk are needed.")

    def _report(self, connection: sa.Connection, repairs: list[Repair]) -> None:
        record(connection, repairs)
        for sentence in summary(repairs):
            log.warning("%s", sentence)
        if repairs:
            self._tell(
                f"Put right: {len(repairs)}, each named in the table {adoption_repairs.name}."
            )


def upstream_tables(database: Database, found: Catalogue) -> list[ClientTable]:
    """Those tables filled by tablets that the database has already."""
    return [table for table in database.tables.values() if table.name in found]


def plan(connection: sa.Connection, tables: list[ClientTable]) -> list[str]:
    """What an adoption will do, and how long it takes."""
    counted = survey(connection, tables)
    holds = f"{counted.tables} tables with {counted.rows} rows, {counted.tasks} of them versions of"
    return [
        f"This database belongs to CamCOPS 2.4 (revision {UPSTREAM_REVISION}): {holds} tasks.",
        "It will be taken over: tables, columns and indexes are added, none is removed.",
        "Mistakes that CamCOPS 2.4 left are put right and reported; tasks are indexed and scored.",
        f"That takes {counted.adopting}, roughly, and can be interrupted and started again.",
        "Keep CamCOPS 2.4 stopped meanwhile.",
    ]


def mend(connection: sa.Connection, tables: list[ClientTable]) -> list[Repair]:
    """Put right what must be right before two current rows are forbidden; a second run finds nothing."""
    stored = [client.table for client in tables]
    repairs = duplicates.mend(connection, stored)
    uploads = abandoned.Uploads(connection)
    old_rows: dict[str, list[int]] = {}
    for client in tables:
        counts = abandoned.count(connection, client.table)
        repairs += uploads.mend(client.table, counts)
        old_rows[client.name] = [device for device, now in counts.items() if now.old]
    repairs += left_behind.mend(connection, stored, old_rows)
    repairs += orphaned_notes.mend(connection, stored)
    return repairs


def rehearse(database: Database) -> list[str]:
    """What an upgrade would tell about a database of CamCOPS 2.4, whose repairs are made and undone.

    For another database, only that there is nothing to take over. Raises a Problem if it isn't ours
    to change.
    """
    with database.engine.connect() as connection, connection.begin() as transaction:
        if adoption_state(connection) not in TO_ADOPT:
            return ["This database is not one to be taken over from CamCOPS 2.4."]
        tables = upstream_tables(database, read_catalogue(connection))
        sentences = [*plan(connection, tables), *summary(stale_index.patients(connection))]
        sentences += summary(mend(connection, tables))
        transaction.rollback()
    return [*sentences, "Nothing was changed."]


def is_final(connection: sa.Connection) -> bool:
    """Has the adoption been finished? Raises a Problem if there was none."""
    found = connection.execute(
        sa.select(adoption.c.adopted_at_utc, adoption.c.final_at_utc)
    ).one_or_none()
    if found is None or found.adopted_at_utc is None:
        raise Problem(DATABASE_NOT_ADOPTED)
    return found.final_at_utc is not None
