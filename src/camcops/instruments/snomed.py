# SPDX-License-Identifier: GPL-3.0-or-later
"""SNOMED CT expressions of a record, in the compositional grammar.

Concepts stand by their look-up names in braces, `{phq9_scale}`; a site's concept files put numbers in their
place. Concepts mapped from a diagnostic code come from `concepts`; without a map the code stands in braces.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, time

from camcops.instruments.clinical_text import environments
from camcops.instruments.compiling import Expression
from camcops.instruments.evaluate import reading_of
from camcops.instruments.language.environment import Environment
from camcops.instruments.language.numbers import number_to_text
from camcops.instruments.model import Instrument
from camcops.instruments.outputs import Attributes, Concept, SnomedExpression
from camcops.instruments.results import Record, Results

CodeMap = Callable[[str, str], Sequence[str]]
"""(`icd10` or `icd9cm`, code) → the concepts mapped from exactly that code, as they are to be written."""

_SHORTENED = "icd10"


def code_itself(code_map: str, code: str) -> Sequence[str]:
    """The map of one who has none: the code in braces."""
    return [f"{{{code}}}"]


def snomed(
    instrument: Instrument, record: Record, results: Results, concepts: CodeMap = code_itself
) -> list[str]:
    """The expressions that apply to a record."""
    entries = instrument.definition.outputs.snomed
    if not entries:
        return []
    environment = reading_of(instrument, record, results).environment
    found: list[str] = []
    for entry in entries:
        for at in environments(entry.table, environment):
            if entry.when is None or entry.when.holds(at):
                written = _written(entry, at, concepts)
                if written is not None:
                    found.append(written)
    return found


def _written(entry: SnomedExpression, at: Environment, concepts: CodeMap) -> str | None:
    if entry.mapped is not None and entry.code_map is not None:
        code = entry.mapped.value(at)
        focus = _mapped(entry.code_map, code, concepts) if isinstance(code, str) else ()
        return " + ".join(focus) or None
    sets = [", ".join(_attributes(entry.attributes, at))]
    for group in entry.groups:
        inside = ", ".join(_attributes(group, at))
        sets.append(f"{{ {inside} }}" if inside else "")
    refinement = ", ".join(part for part in sets if part)
    return f"{{{entry.code}}}" + (f" : {refinement}" if refinement else "")


def _mapped(code_map: str, code: str, concepts: CodeMap) -> Sequence[str]:
    """The concepts of a code; an ICD-10 code that has none is shortened until one is found."""
    while code:
        found = concepts(code_map, code)
        if found or code_map != _SHORTENED:
            return found
        code = code[:-1]
    return ()


def _attributes(attributes: Attributes, at: Environment) -> list[str]:
    written: list[str] = []
    for name, values in attributes:
        for value in values:
            text = _value(value, at)
            if text is not None:
                written.append(f"{{{name}}} = {text}")
    return written


def _value(value: Expression | Concept, at: Environment) -> str | None:
    """A concept, a number (`#27`; one that may have a fraction keeps its point), or a quoted text."""
    if isinstance(value, Concept):
        return f"{{{value.name}}}"
    result = value.value(at)
    if result is None:
        return None
    if isinstance(result, float):
        digits = number_to_text(result)
        return f"#{digits}" if "." in digits else f"#{digits}.0"
    if isinstance(result, int):
        return f"#{int(result)}"
    text = result.isoformat() if isinstance(result, date | time) else str(result)
    return json.dumps(text, ensure_ascii=False)
