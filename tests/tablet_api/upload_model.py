# SPDX-License-Identifier: GPL-3.0-or-later
"""A simple model of what a device's uploads must lead to, in memory and without any cleverness.

It knows four tables and one value in each record. Rows go through the same states as on the server, but each
rule is written as the protocol says it, over all rows of a table, one after the other.
"""

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

TABLES = ("patient", "patient_idnum", "blobs", "phq9")


class Refusal(Exception):
    """The server must refuse this, and change nothing."""


@dataclass(frozen=True)
class Sent:
    """A record as a tablet sends it. `when` numbers instants of modification; `value` is its content."""

    key: int
    when: int
    move: bool
    value: int


@dataclass(eq=False)
class Row:
    key: int
    when: int
    value: int
    move: bool = False
    current: bool = False
    adding: bool = False
    removing: bool = False
    predecessor: "Row | None" = None

    def visible(self, table: str) -> tuple[str, int, int, int]:
        return (table, self.key, self.when, self.value)


@dataclass
class Batch:
    user: str
    preserving: bool = False
    requests: Counter[tuple[object, ...]] = field(default_factory=Counter)
    listed: set[str] = field(default_factory=set)

    @property
    def outcome(self) -> tuple[bool, Counter[tuple[object, ...]]]:
        return self.preserving, self.requests


@dataclass
class DeviceModel:
    """One device: rows in era NOW by table, the visible rows of each closed era, and its batch."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    eras: list[Counter[tuple[str, int, int, int]]] = field(default_factory=list)
    batch: Batch | None = None
    repeated_if: object = None
    """The outcome that the next upload must not have, or it is a repetition."""

    def live(self) -> Counter[tuple[str, int, int, int]]:
        return Counter(
            row.visible(name) for name in TABLES for row in self.rows[name] if row.current
        )

    # --- operations, each all or nothing ---------------------------------------------------------

    def start_upload(self, user: str) -> None:
        self._roll_back()
        self.batch = Batch(user)

    def start_preservation(self, user: str) -> None:
        self._batch_of(user).preserving = True

    def upload_empty_tables(self, user: str, tables: Iterable[str]) -> None:
        batch = self._batch_of(user)
        for table in tables:
            batch.requests["empty", table] += 1
            self._forget_additions(table)
            self._remove(table, kept=())

    def upload_table(self, user: str, table: str, records: list[Sent]) -> None:
        batch = self._batch_of(user)
        if not records:
            batch.requests["empty", table] += 1
        elif table == "blobs":
            batch.requests.update(("listed", r.key, r.when, r.move) for r in records)
        else:
            batch.requests["table", table, frozenset(records)] += 1
        self._undo(table, {row.key for row in self.rows[table]})
        self._take_in(table, records)
        self._remove(table, kept={record.key for record in records})

    def upload_record(self, user: str, table: str, record: Sent) -> None:
        batch = self._batch_of(user)
        if table != "blobs":
            batch.requests["record", table, record] += 1
        elif table not in batch.listed:
            batch.requests["listed", record.key, record.when, record.move] += 1
        self._undo(table, {record.key})
        self._take_in(table, [record])

    def delete_where_key_not(self, user: str, table: str, keys: list[int]) -> None:
        self._batch_of(user).requests["kept", table, tuple(sorted(keys))] += 1
        self._trim(table, keys)

    def which_keys_to_send(self, user: str, table: str, sent: list[Sent]) -> set[int]:
        batch = self._batch_of(user)
        if table == "blobs":
            batch.requests.update(("listed", r.key, r.when, r.move) for r in sent)
        else:
            batch.requests.update(("keys", table, r.key, r.when, r.move) for r in sent)
        batch.listed.add(table)
        self._trim(table, [record.key for record in sent])
        wanted = set()
        for record in sent:
            row = self._current(table, record.key)
            if row is None or row.when != record.when:
                wanted.add(record.key)
            elif record.move:
                self._mark(row)
        return wanted

    def end_upload(self, user: str) -> None:
        if self.batch is None:
            return
        batch = self._batch_of(user)
        if batch.outcome == self.repeated_if:
            self._roll_back()
            self.batch = None
            return
        self._commit(everything=batch.preserving, outcome=batch.outcome)

    def upload_entire_database(self, finalizing: bool, tables: dict[str, list[Sent]]) -> None:
        moves = finalizing or any(record.move for rows in tables.values() for record in rows)
        requests: Counter[tuple[object, ...]] = Counter()
        for table, records in tables.items():
            if table == "blobs":
                requests.update(("listed", r.key, r.when, r.move) for r in records)
            elif records:
                requests["table", table, frozenset(records)] += 1
        outcome = (finalizing, requests) if moves else None
        self._roll_back()
        self.batch = None
        if outcome is not None and outcome == self.repeated_if:
            return
        for table in TABLES:
            records = tables.get(table, [])
            self._take_in(table, records)
            self._remove(table, kept={record.key for record in records})
        self._commit(everything=finalizing, outcome=outcome)

    # --- rules -------------------------------------------------------------------------------------

    def _batch_of(self, user: str) -> Batch:
        if self.batch is None or self.batch.user != user:
            raise Refusal("No upload is in progress")
        return self.batch

    def _current(self, table: str, key: int) -> Row | None:
        return next((row for row in self.rows[table] if row.current and row.key == key), None)

    def _forget_additions(self, table: str, keys: set[int] | None = None) -> None:
        self.rows[table] = [
            row
            for row in self.rows[table]
            if not (row.adding and (keys is None or row.key in keys))
        ]

    def _undo(self, table: str, keys: set[int]) -> None:
        self._forget_additions(table, keys)
        for row in self.rows[table]:
            if row.key in keys:
                row.removing = row.move = False

    def _roll_back(self) -> None:
        for table in TABLES:
            self._undo(table, {row.key for row in self.rows[table]})

    def _mark(self, row: Row | None) -> None:
        while row is not None:
            row.move = True
            row = row.predecessor

    def _take_in(self, table: str, records: list[Sent]) -> None:
        for record in records:
            old = self._current(table, record.key)
            row = old
            if old is None or old.when != record.when:
                row = Row(record.key, record.when, record.value, adding=True, predecessor=old)
                self.rows[table].append(row)
                if old is not None:
                    old.removing = True
            if record.move:
                self._mark(row)

    def _remove(self, table: str, kept: Iterable[int]) -> None:
        for row in self.rows[table]:
            if row.current and row.key not in kept:
                row.removing = True

    def _trim(self, table: str, keys: list[int]) -> None:
        self._forget_additions(table, {row.key for row in self.rows[table]} - set(keys))
        replaced = {row.predecessor for row in self.rows[table] if row.adding}
        for row in self.rows[table]:
            if row.current and row.key in keys and row.removing and row not in replaced:
                row.removing = row.move = False
        self._remove(table, kept=keys)

    def _commit(self, *, everything: bool, outcome: object) -> None:
        changed = finalized = False
        era: Counter[tuple[str, int, int, int]] = Counter()
        for table in TABLES:
            for row in self.rows[table]:
                changed = changed or row.adding or row.removing
                row.current = (row.current or row.adding) and not row.removing
                row.adding = row.removing = False
            leaving = [row for row in self.rows[table] if everything or row.move]
            finalized = finalized or bool(leaving)
            era.update(row.visible(table) for row in leaving if row.current)
            for row in leaving:
                if table == "patient" and row.current and not row.value:
                    raise Refusal("finalize policy")
            self.rows[table] = [row for row in self.rows[table] if row not in leaving]
        if era:
            self.eras.append(era)
        if changed or finalized:
            self.repeated_if = outcome if finalized else None
        self.batch = None


def attempt(model: DeviceModel, operation: str, *arguments: object) -> tuple[DeviceModel, object]:
    """What the model is after an operation, and what that answers: a `Refusal` leaves it as it was."""
    tried = copy.deepcopy(model)
    try:
        return tried, getattr(tried, operation)(*arguments)
    except Refusal as refusal:
        return model, refusal
