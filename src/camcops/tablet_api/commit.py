# SPDX-License-Identifier: GPL-3.0-or-later
"""The last part of both forms of upload: whatever must be right once the rows are.

Indexes, scores, finalization, special notes, events and audit, all in the upload's own transaction.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from camcops.db.client_tables import ClientTable
from camcops.outbox.events import TaskEvent, announce
from camcops.records import idnum_index, live_tables, patient_index, scoring, task_index
from camcops.records.changes import TableChange
from camcops.records.lifecycle import era_text
from camcops.records.live_rows import LiveRows, RowValues
from camcops.records.preservation import move_special_notes, preserve
from camcops.records.scoring import Judged
from camcops.tablet_api import batches
from camcops.tablet_api.policy_check import Policies, check_outcome
from camcops.tablet_api.row_writing import Upload
from camcops.tablet_api.standing import Standing

WriteTasks = Callable[[ClientTable, Collection[int], Collection[int]], Sequence[RowValues]]


@dataclass(slots=True)
class Commit:
    """An upload being committed: what has changed so far."""

    upload: Upload
    standing: Standing
    live: LiveRows
    everything: bool
    """Is all that the device has in era NOW being finalized?"""
    changes: dict[str, TableChange] = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    policies: Policies | None = None
    """Those that the patients were held to; None if there are none."""

    def write_tables(
        self,
        names: Collection[str],
        write_other: Callable[[ClientTable], None],
        write_tasks: WriteTasks,
    ) -> None:
        """Write the tables named, in the order of commits, and judge the tasks that changed.

        `write_tasks(table, keys, pks)` writes a task table and returns the rows that it made current, and the
        current rows with those keys or server keys.
        """
        upload = self.upload
        tables = upload.database.tables
        ordered = [name for name in tables if name in names]
        for name in ordered:
            if tables[name].kind != "task":
                write_other(tables[name])
        keys, pks = self._tasks_to_judge()
        touched = {*ordered, *keys, *pks}
        for name in [name for name in tables if name in touched]:
            if tables[name].kind == "task":
                rows = write_tasks(tables[name], keys.get(name, ()), pks.get(name, ()))
                self.judged += scoring.judge_all(tables[name], rows, self.live)

    def _tasks_to_judge(self) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
        """Tasks to judge although their own rows may be unchanged: by table, `id` and `_pk`."""
        tables = self.upload.database.tables
        keys = scoring.affected_tasks(tables, self.changes.values(), self.live)
        people = self.changes.get("patient")
        if people is None:
            return keys, {}
        pks = task_index.tasks_of_patients(
            self.standing.entries, people.removed, unlinked=bool(people.added)
        )
        return keys, {name: found for name, found in pks.items() if _has_patient(tables[name])}

    def finish(self) -> None:
        """Everything after the rows. Raises `Problem` for a patient that breaks the group's policies."""
        upload, changes = self.upload, self.changes
        self._check_policies()
        conn, era = upload.conn, era_text(upload.batch)
        needs_patients = any(_has_patient(one.table) for one in self.judged)
        people = self.live.by_key("patient") if needs_patients else {}
        patient_pks = {key: row["_pk"] for key, row in people.items()}
        task_changes = {
            name: change for name, change in changes.items() if change.table.kind == "task"
        }
        task_index.update(
            conn,
            self.standing.entries,
            task_changes,
            self.judged,
            patient_pks,
            changes["patient"].preserved if "patient" in changes else (),
            batch=upload.batch,
            era=era,
        )
        idnum_index.update(
            conn,
            changes.get("patient_idnum"),
            changes.get("patient"),
            self.live,
            batch=upload.batch,
        )
        patient_index.update(conn, changes.get("patient"), self.live)
        self._store_scores(task_changes)
        self._preserve(era)
        announce(conn, list(self._events(task_changes)))
        self._keep_books()
        upload.audit.record(
            conn,
            source="tablet",
            remote_addr=upload.remote_addr,
            user_id=upload.user.id,
            device_id=upload.device.id,
            details=self._details(),
        )

    def _check_policies(self) -> None:
        upload, people = self.upload, self.changes.get("patient")
        self.policies = check_outcome(
            self.live,
            in_force=self.standing.policies,
            accepted=Policies.from_json(upload.device.policies_accepted),
            finalized=people.preserved if people else (),
        )

    def _store_scores(self, task_changes: Mapping[str, TableChange]) -> None:
        outdated: dict[str, set[int]] = {
            name: change.removed for name, change in task_changes.items() if change.removed
        }
        new = {(name, pk) for name, change in task_changes.items() for pk in change.added.values()}
        for one in self.judged:
            if (one.table.name, one.row["_pk"]) not in new:
                outdated.setdefault(one.table.name, set()).add(one.row["_pk"])
        scoring.store(self.upload.conn, self.judged, outdated)

    def _preserve(self, era: str) -> None:
        upload = self.upload
        for change in self.changes.values():
            preserve(
                upload.conn,
                change.table,
                change.preserved - change.settled,
                era=era,
                user_id=upload.user.id,
                successors=change.unlinked,
                removal=upload.removal,
            )
        if self.everything or any(change.preserved for change in self.changes.values()):
            move_special_notes(
                upload.conn,
                self.standing.notes,
                list(self.changes.values()),
                era=era,
                everything=self.everything,
            )

    def _events(self, task_changes: Mapping[str, TableChange]) -> Iterable[TaskEvent]:
        device, group = self.upload.device.id, self.upload.group_id
        for name, change in task_changes.items():
            for pk in change.added.values():
                yield TaskEvent("task_added", name, pk, device, group)
            for pk in change.preserved_current.values():
                yield TaskEvent("task_finalized", name, pk, device, group)

    def _keep_books(self) -> None:
        conn, device = self.upload.conn, self.upload.device
        inhabited = {name for name, change in self.changes.items() if change.remaining}
        empty = {name for name, change in self.changes.items() if not change.remaining}
        live_tables.add(conn, device.id, inhabited - self.standing.pending.live)
        live_tables.remove(conn, device.id, empty & self.standing.pending.live)
        batches.clean(conn, device.id, self.standing.pending.dirty)
        digest = device.finalized_digest
        if any(self.changes.values()):
            finalized = any(change.preserved for change in self.changes.values())
            digest = self.upload.digest if finalized else None
        batches.finish(
            conn,
            device,
            self.upload.batch,
            finalized_digest=digest,
            policies=self.policies.to_json() if self.policies else device.policies_accepted,
        )

    def _details(self) -> str:
        upload = self.upload
        parts = [_described(change) for change in self.changes.values() if change]
        return f"Upload from device {upload.device.id}, user {upload.user.username}: " + (
            "; ".join(parts) or "no changes"
        )


def _described(change: TableChange) -> str:
    kinds = (
        ("added", change.added.values()),
        ("modified out", change.replaced),
        ("deleted", change.deleted.values()),
        ("preserved", change.preserved),
        ("modified earlier than their predecessors", change.backwards),
    )
    counts = [f"{len(pks)} {kind} {sorted(pks)}" for kind, pks in kinds if pks]
    return f"{change.table.name}: {', '.join(counts)}"


def _has_patient(table: ClientTable) -> bool:
    return table.instrument is not None and not table.instrument.is_anonymous
