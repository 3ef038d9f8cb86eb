# SPDX-License-Identifier: GPL-3.0-or-later
"""A record's values as they are stored, by field and row."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from camcops.instruments.compiling import FieldRef
from camcops.instruments.language.environment import Environment
from camcops.records.blobs import BlobInfo

Values = Mapping[str, Any]


class StoredValues:
    """The stored values by field, and which of them are not permitted."""

    def __init__(
        self,
        own: Values,
        rows: Mapping[str, Sequence[Values]],
        blobs: Mapping[int, BlobInfo],
        invalid: frozenset[tuple[str | None, int | None, str]],
    ) -> None:
        self._own = own
        self._rows = rows
        self._blobs = blobs
        self._invalid = invalid

    def value(self, ref: FieldRef, env: Environment) -> Any:
        if ref.table is None or env.row is None:
            return self._own.get(ref.name)
        return self._rows[ref.table][env.row.number - 1].get(ref.name)

    def is_invalid(self, ref: FieldRef, env: Environment) -> bool:
        number = env.row.number if ref.table is not None and env.row else None
        return (ref.table, number, ref.name) in self._invalid

    def blob(self, number: Any) -> BlobInfo | None:
        return self._blobs.get(number)


def places(table: str | None, env: Environment) -> Iterator[Environment]:
    """The record itself; or, of what repeats for each row of a table, the record at each row."""
    if table is None:
        yield env
        return
    for index in range(len(env.rows.get(table, ()))):
        yield env.at_row(table, index)
