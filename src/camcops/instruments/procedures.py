# SPDX-License-Identifier: GPL-3.0-or-later
"""The few instruments with a part that only code can do: load their `procedure.py` and call it."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from camcops.instruments.results import PatientFacts, Record

PROCEDURE_FILE = "procedure.py"


@dataclass(frozen=True)
class ProcedureRecord:
    """What a procedure sees of a record, read-only; answers are coerced, missing ones absent."""

    fields: Mapping[str, Any]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    patient: PatientFacts | None
    created: datetime | None


class Procedure:
    """A loaded `procedure.py`."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def scores(
        self,
        fields: Mapping[str, Any],
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        record: Record,
    ) -> dict[str, Any]:
        """The values of the scores that say `from: procedure`, by name."""
        seen = ProcedureRecord(
            MappingProxyType(dict(fields)),
            MappingProxyType({name: tuple(map(MappingProxyType, r)) for name, r in rows.items()}),
            record.patient,
            record.created,
        )
        return dict(self._module.scores(seen))


@cache
def procedure_of(folder: Path) -> Procedure:
    """The procedure of an instrument's folder, loaded once."""
    path = folder / PROCEDURE_FILE
    spec = importlib.util.spec_from_file_location(f"camcops_procedure_{folder.name}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Procedure(module)
