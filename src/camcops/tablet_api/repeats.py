# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling an upload that is sent again because its reply was lost.

What the first one finalized is out of the tablet's reach: stored again, it would be doubled. So the server
keeps a digest of a device's last upload, if that finalized anything. An upload with the same digest changes
nothing and succeeds: the tablet then wipes what the server has.

The digest is over what decides the outcome: tables, keys, values, requests to finalize. The requests of an
upload may come in any order. A BLOB stands for itself by key, time of modification and request to finalize,
since a tablet sends the content of some only.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from camcops.db.client_tables import ClientTable
from camcops.tablet_api.incoming import IncomingTable, Record
from camcops.tablet_api.staging import SentKey

_MODULUS = 2**256


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one request adds to the digest of its upload; `listed`: a table whose keys it lists."""

    number: int = 0
    listed: str | None = None
    unless_listed: str | None = None
    """Count it only if no request listed the keys of this table."""


@dataclass(frozen=True, slots=True)
class BatchDigest:
    """The sum of what the requests of an upload contributed so far."""

    total: int = 0
    listed: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def parse(cls, text: str | None) -> "BatchDigest":
        """What `str` made of it; None is that of an upload that has just begun."""
        if text is None:
            return cls()
        total, *listed = text.split()
        return cls(int(total, 16), frozenset(listed))

    def __str__(self) -> str:
        return " ".join((f"{self.total:064x}", *sorted(self.listed)))

    def plus(self, more: Contribution) -> "BatchDigest":
        """The digest with one request more."""
        if more.unless_listed in self.listed:
            return self
        listed = self.listed if more.listed is None else self.listed | {more.listed}
        return BatchDigest((self.total + more.number) % _MODULUS, listed)

    def whole(self, *, finalizing: bool) -> str:
        """The digest of the finished upload (64 hex digits)."""
        return hashlib.sha256(f"{self.total:064x} {finalizing}".encode()).hexdigest()


def of_everything(incoming: Mapping[str, IncomingTable], *, finalizing: bool) -> str:
    """The digest of an upload in one request. Tables that are not there count as empty."""
    digest = BatchDigest()
    for one in incoming.values():
        if one.records:
            digest = digest.plus(of_table(one.table, one.records))
    return digest.whole(finalizing=finalizing)


def of_table(table: ClientTable, records: Mapping[int, Record]) -> Contribution:
    """Of all records of a table."""
    if not records:
        return of_empty([table])
    if table.kind == "blobs":
        return _sum(_blob_number(table, record) for record in records.values())
    digest = hashlib.sha256(f"table {table.name}".encode())
    for key in sorted(records):
        digest.update(_text(records[key]))
    return Contribution(int.from_bytes(digest.digest()))


def of_record(table: ClientTable, record: Record) -> Contribution:
    """Of a single record. That of a BLOB is known already if the tablet listed it before."""
    if table.kind == "blobs":
        return Contribution(_blob_number(table, record), unless_listed=table.name)
    return Contribution(_number(f"record {table.name}".encode(), _text(record)))


def of_empty(tables: Iterable[ClientTable]) -> Contribution:
    """Of tables that have no records on the tablet."""
    return _sum(_number(f"empty {table.name}".encode()) for table in tables)


def of_kept(table: ClientTable, keys: Collection[int]) -> Contribution:
    """Of the keys of a table that stay."""
    return Contribution(_number(f"kept {table.name} {sorted(keys)}".encode()))


def of_keys(table: ClientTable, sent: Iterable[SentKey]) -> Contribution:
    """Of a list of all records of a table, by which the tablet asks which to send."""
    numbers = (
        _listed_number(table, one.key, one.when_modified, move_off=one.move_off) for one in sent
    )
    return Contribution(sum(numbers) % _MODULUS, listed=table.name)


def _blob_number(table: ClientTable, record: Record) -> int:
    return _listed_number(table, record.key, record.when_modified, move_off=record.move_off)


def _listed_number(
    table: ClientTable, key: int, when_modified: str | None, *, move_off: bool
) -> int:
    return _number(f"listed {table.name} {key} {when_modified} {move_off}".encode())


def _text(record: Record) -> bytes:
    return repr(sorted(record.values.items())).encode()


def _sum(numbers: Iterable[int]) -> Contribution:
    return Contribution(sum(numbers) % _MODULUS)


def _number(*parts: bytes) -> int:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return int.from_bytes(digest.digest())
