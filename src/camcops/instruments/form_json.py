# SPDX-License-Identifier: GPL-3.0-or-later
"""The form as JSON: what a tablet needs to show an instrument and to compute what its answers make."""

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

from camcops.instruments.compiling import Expression, FieldRef
from camcops.instruments.hashes import canonical
from camcops.instruments.inspection import expressions_in, string_refs
from camcops.instruments.language.definitions import Definition
from camcops.instruments.model import ChildTable, Field, Instrument
from camcops.instruments.strings import Strings

_NOT_FOR_FORMS = frozenset({"line"})


def form_json(instrument: Instrument) -> dict[str, Any]:
    """The compiled form: fields and tables, definitions as trees, pages. Empty and absent parts are left out.

    Expressions and Texts are the trees of `language.tree`; fields are `name` or `table/name`.
    """
    definition = instrument.definition
    rules, form = definition.rules, definition.form
    rows = rules.definitions.rows
    return {
        "table": instrument.table,
        "short_name": instrument.short_name,
        "title": instrument.title,
        "version": instrument.version,
        "subject": instrument.subject,
        "people": list(instrument.people),
        "for": instrument.audience,
        "strings": instrument.string_set,
        "wording": instrument.wording,
        "use": dict(instrument.use),
        "editable": instrument.editable,
        "info": instrument.info,
        "procedure": list(instrument.procedure),
        "fields": {name: _field(field) for name, field in instrument.all_fields.items()},
        "tables": {name: _table(table) for name, table in instrument.tables.items()},
        "define": _definitions(rules.definitions.entries),
        "define_rows": {name: _definitions(of) for name, of in rows.items() if of},
        "tallies": list(rules.tallies),
        "scores": list(rules.scores),
        "pages": [_json(page) for page in form.pages],
        "options": {_ref(ref): _json(choices) for ref, choices in form.options.items()},
        "asks": {_ref(ref): _json(text) for ref, text in form.asks.items()},
        "defaults": {_ref(ref): _json(default) for ref, default in form.defaults.items()},
        "derived": {_ref(ref): _json(derived) for ref, derived in form.derived.items()},
    }


def form_hash(instrument: Instrument, strings: Strings) -> str:
    """SHA-256 (hex) of the form and its strings in all languages: is the tablet's copy current?"""
    shown = (instrument.definition.form.pages, instrument.definition.rules.scores)
    named = {ref.set for part in shown for e in expressions_in(part) for ref in string_refs(e.node)}
    words = list(strings.rows({instrument.string_set, *named}))
    return hashlib.sha256(canonical([form_json(instrument), words])).hexdigest()


def _ref(ref: FieldRef) -> str:
    return f"{ref.table}/{ref.name}" if ref.table else ref.name


def _field(field: Field) -> dict[str, Any]:
    values = None if field.values is None else sorted(field.values, key=lambda v: (str(type(v)), v))
    content = {
        "type": str(field.type),
        "min": field.minimum,
        "max": field.maximum,
        "values": values,
        "length": field.length,
        "about": field.about,
        "unit": field.unit,
        "hidden": field.hidden or None,
    }
    return {key: value for key, value in content.items() if value is not None}


def _table(table: ChildTable) -> dict[str, Any]:
    content: dict[str, Any] = {
        "link": table.link,
        "order": table.order,
        "fields": {name: _field(field) for name, field in table.fields.items()},
    }
    if table.start is not None:
        content["start"] = {
            "columns": list(table.start.columns),
            "rows": [list(row) for row in table.start.rows],
        }
    return content


def _definitions(entries: Mapping[str, Definition]) -> dict[str, Any]:
    return {
        name: {"type": str(entry.type), "tree": entry.node.to_json()}
        for name, entry in entries.items()
    }


def _json(part: Any) -> Any:
    """A compiled part as JSON, by its fields; what is absent or empty is left out."""
    if isinstance(part, Expression):
        return part.node.to_json()
    if isinstance(part, FieldRef):
        return _ref(part)
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        named = ((f.name, getattr(part, f.name)) for f in dataclasses.fields(part))
        return {
            name: _json(value)
            for name, value in named
            if name not in _NOT_FOR_FORMS and not _is_empty(value)
        }
    if isinstance(part, Mapping):
        return {str(_json(key)): _json(value) for key, value in part.items()}
    if isinstance(part, frozenset):
        return sorted(part)
    if isinstance(part, tuple | list):
        return [_json(item) for item in part]
    return part


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, tuple | frozenset | dict) and not value)
