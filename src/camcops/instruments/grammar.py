# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of a definition: each declared once, for the checker and for the published JSON Schema."""

from typing import Any

from camcops.instruments.element_kinds import ELEMENT, element_schema
from camcops.instruments.shapes import Either, Leaf, ListOf, Map, Shape, Words, schema_of

AUDIENCE = Words(("patient", "clinician", "together", "config"))
FIELD_TYPE = Words(
    ("integer", "number", "boolean", "bit", "text", "date", "time", "datetime", "blob")
)

_DEALT = Either(list=ListOf(Leaf.LITERAL), plain=Leaf.LITERAL)
FIELD = Map(
    {
        "type": FIELD_TYPE,
        "min": Leaf.NUMBER,
        "max": Leaf.NUMBER,
        "values": Leaf.MEMBERS,
        "length": Leaf.INTEGER,
        "default": Leaf.EXPRESSION,
        "derive": Leaf.EXPRESSION,
        "label": Either(list=ListOf(Leaf.TEXT), plain=Leaf.TEXT),
        "about": _DEALT,
        "unit": Leaf.LITERAL,
        "identifying": Leaf.FLAG,
        "hidden": Leaf.FLAG,
    },
    required=("type",),
)
FIELDS = Map(rest=FIELD)

_CASE = Map(rest=Leaf.ANY)
_COMPUTED_KEYS: dict[str, Shape] = {
    "value": Leaf.EXPRESSION,
    "bands": Leaf.EXPRESSION,
    "at": Map(rest=Leaf.ANY),
    "else": Leaf.ANY,
    "cases": ListOf(_CASE),
    "from": Words(("procedure",)),
    "type": Words(("integer", "number", "boolean", "text", "date", "time", "datetime")),
}
DEFINE = Map(rest=Either(map=Map(_COMPUTED_KEYS), plain=Leaf.EXPRESSION))
_SCORE = Map(
    {
        **_COMPUTED_KEYS,
        "label": Either(list=ListOf(Leaf.TEXT), plain=Leaf.TEXT),
        "out_of": Leaf.EXPRESSION,
        "dp": Leaf.INTEGER,
        "note": Leaf.TEXT,
        "about": _DEALT,
    }
)
SCORES = Map(rest=Either(map=_SCORE, plain=Leaf.EXPRESSION))

TABLE = Map(
    {
        "link": Leaf.WORD,
        "order": Leaf.WORD,
        "fields": FIELDS,
        "define": DEFINE,
        "start": Map(
            {"columns": Leaf.MEMBERS, "rows": ListOf(ListOf(Leaf.ANY))},
            required=("columns", "rows"),
        ),
    },
    required=("link", "order", "fields"),
)
CHOICES = Map(
    rest=Either(
        map=Map(rest=Leaf.TEXT),
        list=ListOf(Leaf.LITERAL),
    )
)

RULE = Map(
    {
        "if": Leaf.CONDITION,
        "add": Map(rest=Leaf.EXPRESSION),
        "set": Map(rest=Leaf.EXPRESSION),
        "go": Leaf.WORD,
    }
)
EACH = Either(map=Map(rest=Either(list=ListOf(Leaf.LITERAL), plain=Leaf.LITERAL)), plain=Leaf.WORD)
PAGE = Map(
    {
        "title": Leaf.TEXT,
        "index": Leaf.TEXT,
        "for": AUDIENCE,
        "when": Leaf.CONDITION,
        "each": EACH,
        "elements": ListOf(ELEMENT),
        "scroll": Leaf.FLAG,
        "check": ListOf(
            Map({"that": Leaf.CONDITION, "else": Leaf.TEXT}, required=("that", "else"))
        ),
        "id": Leaf.LITERAL,
        "then": ListOf(RULE),
    },
    required=("elements",),
)

TRACKER = Map(
    {
        "value": Leaf.EXPRESSION,
        "title": Leaf.TEXT,
        "axis": Map(
            {
                "label": Leaf.TEXT,
                "min": Leaf.NUMBER,
                "max": Leaf.NUMBER,
                "ticks": Either(map=Map(rest=Leaf.TEXT), plain=Leaf.NUMBER),
            }
        ),
        "lines": ListOf(Leaf.EXPRESSION),
        "labels": Map(rest=Leaf.TEXT),
        "bands": Leaf.WORD,
        "aspect": Leaf.NUMBER,
        "when": Leaf.CONDITION,
    },
    required=("value", "title"),
)
ALERT = Map({"when": Leaf.CONDITION, "say": Leaf.TEXT}, required=("when", "say"))
CLINICAL_TEXT = Either(
    list=ListOf(
        Map({"text": Leaf.TEXT, "when": Leaf.CONDITION, "each": Leaf.WORD}, required=("text",))
    ),
    plain=Leaf.TEXT,
)
_CONCEPT = Map({"concept": Leaf.WORD}, required=("concept",))
ATTRIBUTES = Map(
    rest=Either(
        map=_CONCEPT,
        list=ListOf(Either(map=_CONCEPT, plain=Leaf.EXPRESSION)),
        plain=Leaf.EXPRESSION,
    )
)
SNOMED = ListOf(
    Either(
        map=Map(
            {
                "code": Leaf.EXPRESSION,
                "map": Words(("icd10", "icd9cm")),
                "when": Leaf.CONDITION,
                "with": ATTRIBUTES,
                "groups": ListOf(ATTRIBUTES),
                "each": Leaf.WORD,
            },
            required=("code",),
        ),
        plain=Leaf.WORD,
    )
)
FHIR = Map(
    {
        "items": Leaf.FIELDS,
        "observations": ListOf(
            Map(
                {
                    "name": Leaf.WORD,
                    "code": Leaf.LITERAL,
                    "display": Leaf.LITERAL,
                    "value": Leaf.EXPRESSION,
                    "unit": Leaf.LITERAL,
                    "when": Leaf.CONDITION,
                },
                required=("name", "code", "value"),
            )
        ),
        "conditions": Map(
            {
                "each": Leaf.WORD,
                "code": Leaf.EXPRESSION,
                "system": Leaf.LITERAL,
                "display": Leaf.EXPRESSION,
            },
            required=("code", "system"),
        ),
    }
)
SUMMARY = ListOf(
    Either(
        map=Map(
            {"label": Leaf.TEXT, "value": Leaf.TEXT, "note": Leaf.TEXT}, required=("label", "value")
        ),
        plain=Leaf.LITERAL,
    )
)
REPORT = Map(
    {
        "summary": SUMMARY,
        "detail": ListOf(ELEMENT),
        "answers": Leaf.TEXT,
        "notes": ListOf(Leaf.TEXT),
        "notice": Leaf.TEXT,
    }
)
REPORTS = ListOf(
    Map(
        {
            "id": Leaf.WORD,
            "title": Leaf.TEXT,
            "average": Leaf.NAMES,
            "better": Words(("lower", "higher")),
            "percentages": ListOf(
                Map({"fields": Leaf.FIELDS, "choices": Leaf.CHOICES}, required=("fields",))
            ),
            "texts": Leaf.FIELDS,
        },
        required=("id", "title"),
    )
)

STRUCTURE = Map(
    {
        "table": Leaf.WORD,
        "short_name": Leaf.LITERAL,
        "title": Leaf.LITERAL,
        "description": Leaf.LITERAL,
        "version": Leaf.INTEGER,
        "based_on": Leaf.WORD,
        "subject": Words(("patient", "anonymous")),
        "people": ListOf(Words(("clinician", "respondent"))),
        "for": AUDIENCE,
        "menus": Leaf.NAMES,
        "sets": Leaf.NAMES,
        "use": Map(dict.fromkeys(("clinical", "commercial", "educational", "research"), Leaf.FLAG)),
        "wording": Words(("included", "site")),
        "rights": Leaf.LITERAL,
        "source": Leaf.LITERAL,
        "strings": Leaf.WORD,
        "skeleton": Leaf.FLAG,
        "info": Leaf.WORD,
        "since_client": Leaf.LITERAL,
        "editable": Leaf.FLAG,
        "landscape": Leaf.FLAG,
        "summaries": Leaf.FLAG,
        "fields": FIELDS,
        "tables": Map(rest=TABLE),
        "groups": Map(rest=Leaf.MEMBERS),
        "procedure": ListOf(Words(("server", "tablet"))),
        "procedure_tables": Map(rest=Map(rest=FIELD_TYPE)),
        "changes": Map(rest=Leaf.LITERAL),
    },
    required=("table", "short_name", "title", "wording", "rights"),
)
DEFINITION = Map(
    {
        "choices": CHOICES,
        "define": DEFINE,
        "scores": SCORES,
        "complete": Leaf.CONDITION,
        "walk": Map({"tallies": Leaf.NAMES}, required=("tallies",)),
        "pages": ListOf(PAGE),
        "trackers": ListOf(TRACKER),
        "alerts": ListOf(ALERT),
        "clinical_text": CLINICAL_TEXT,
        "snomed": SNOMED,
        "fhir": FHIR,
        "report": REPORT,
        "reports": REPORTS,
    }
)
INSTRUMENT = Map({**STRUCTURE.keys, **DEFINITION.keys}, required=STRUCTURE.required)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of instrument.yaml, for editors (published as schema.json)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "CamCOPS instrument definition",
        **schema_of(INSTRUMENT),
        "$defs": {"element": element_schema()},
    }
