# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of current tasks (`_task_index`): what lists read instead of the tasks' own tables."""

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from camcops.db import rows as stored
from camcops.db.schema import task_index
from camcops.records.changes import TableChange
from camcops.records.lifecycle import NOW, utc_of
from camcops.records.scoring import Judged

log = logging.getLogger(__name__)

_ENTRY = "index_entry_pk"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a task stands in the index."""

    pk: int
    table: str
    task_pk: int
    patient_pk: int | None


def update(
    conn: sa.Connection,
    entries: Sequence[Entry],
    changes: Mapping[str, TableChange],
    judged: Sequence[Judged],
    patient_pks: Mapping[int, int],
    preserved_patients: Collection[int],
    *,
    batch: dt.datetime,
    era: str,
) -> None:
    """Bring the index in step with what changed.

    `entries`: the device's live ones before; `judged`: all tasks that are new or were judged again;
    `patient_pks`: the device's current patients, `_pk` by `id`; `era`: where preserved tasks went, and the
    `preserved_patients` (`_pk`). A task and a patient in different eras have nothing to do with each other.
    """
    written = {(one.table.name, one.row["_pk"]) for one in judged}
    gone = {(name, pk) for name, change in changes.items() for pk in change.removed} | written
    preserved = {(name, pk) for name, change in changes.items() for pk in change.preserved}
    outdated = [entry.pk for entry in entries if (entry.table, entry.task_pk) in gone]
    stored.delete(conn, task_index, _ENTRY, outdated)
    moving = [
        entry.pk
        for entry in entries
        if (entry.table, entry.task_pk) in preserved and (entry.table, entry.task_pk) not in gone
    ]
    stored.update(conn, task_index, moving, {"era": era, "indexed_at_utc": batch}, key=_ENTRY)
    parted = [
        entry.pk
        for entry in entries
        if entry.patient_pk is not None
        and (entry.table, entry.task_pk) not in gone
        and ((entry.table, entry.task_pk) in preserved) != (entry.patient_pk in preserved_patients)
    ]
    stored.update(conn, task_index, parted, {"patient_pk": None}, key=_ENTRY)

    def patient_of(one: Judged) -> int | None:
        pk = patient_pks.get(one.row["patient_id"]) if "patient_id" in one.row else None
        task_leaves = (one.table.name, one.row["_pk"]) in preserved
        return pk if task_leaves == (pk in preserved_patients) else None

    insert(
        conn,
        (
            entry_values(
                one,
                patient_of(one),
                batch,
                era=era if (one.table.name, one.row["_pk"]) in preserved else NOW,
            )
            for one in judged
        ),
    )


def entry_values(
    judged: Judged, patient_pk: int | None, indexed_at: dt.datetime, *, era: str
) -> dict[str, Any]:
    """The index entry of one task."""
    row = judged.row
    return {
        "indexed_at_utc": indexed_at,
        "task_table_name": judged.table.name,
        "task_pk": row["_pk"],
        "patient_pk": patient_pk,
        "device_id": row["_device_id"],
        "era": era,
        "when_created_utc": _created_utc(judged, otherwise=indexed_at),
        "when_created_iso": row["when_created"],
        "when_added_batch_utc": row["_when_added_batch_utc"] or indexed_at,
        "adding_user_id": row["_adding_user_id"],
        "group_id": row["_group_id"],
        "task_is_complete": judged.is_complete,
    }


def _created_utc(judged: Judged, *, otherwise: dt.datetime) -> dt.datetime:
    """When a task was made; an old database may hold what is no instant, and must be indexed all the same."""
    row = judged.row
    try:
        return utc_of(row["when_created"]).replace(microsecond=0)
    except ValueError:
        log.warning(
            "Unreadable when_created: task %s, server key %s", judged.table.name, row["_pk"]
        )
        added: dt.datetime | None = row["_when_added_batch_utc"]
        return added or otherwise


def insert(conn: sa.Connection, entries: Iterable[Mapping[str, Any]]) -> None:
    stored.insert(conn, task_index, list(entries))


def tasks_of_patients(
    entries: Iterable[Entry], patient_pks: Collection[int], *, unlinked: bool
) -> dict[str, set[int]]:
    """Tasks indexed under these patients: `_pk` by task table; with `unlinked`, those under none as well."""
    found: dict[str, set[int]] = {}
    for entry in entries:
        if entry.patient_pk in patient_pks or (unlinked and entry.patient_pk is None):
            found.setdefault(entry.table, set()).add(entry.task_pk)
    return found
