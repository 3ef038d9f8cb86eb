# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of page elements and the keys of each: what the loader checks, compiles and publishes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from camcops.instruments.shapes import (
    Checker,
    Custom,
    Either,
    Leaf,
    ListOf,
    Map,
    Shape,
    Words,
    schema_of,
)
from camcops.instruments.yaml_reader import line_of

EVERY_KEY: Mapping[str, Shape] = {"when": Leaf.CONDITION, "style": Leaf.STYLE}
QUESTION_KEYS: Mapping[str, Shape] = {
    "required": Leaf.CONDITION,
    "ask": Leaf.ASK,
    "hint": Leaf.TEXT,
    "clears": Leaf.FIELDS,
}
STYLES = frozenset({"bold", "italic", "big", "heading", "warning"})


@dataclass(frozen=True)
class ElementKind:
    """What follows the kind's name, its own keys, and whether it asks a question."""

    value: Shape
    keys: Mapping[str, Shape] = field(default_factory=dict)
    question: bool = False
    alone: bool = False
    needs: tuple[str, ...] = ()

    @property
    def all_keys(self) -> dict[str, Shape]:
        return {**self.keys, **EVERY_KEY, **(QUESTION_KEYS if self.question else {})}


def _question(value: Shape = Leaf.FIELD, needs: tuple[str, ...] = (), **keys: Shape) -> ElementKind:
    return ElementKind(value, {key.rstrip("_"): s for key, s in keys.items()}, True, needs=needs)


def _other(value: Shape, needs: tuple[str, ...] = (), **keys: Shape) -> ElementKind:
    return ElementKind(value, keys, needs=needs)


_EXTENT = Either(list=ListOf(Leaf.NUMBER), plain=Leaf.LITERAL)
_EACH = Either(map=Map(rest=Either(list=ListOf(Leaf.LITERAL), plain=Leaf.LITERAL)), plain=Leaf.WORD)
_LABELS = Map(rest=Leaf.TEXT)
_FIELD_LISTS = Map(rest=Leaf.FIELDS)
_ALSO = Map(
    {
        "fields": Leaf.FIELDS,
        "choices": Leaf.CHOICES,
        "heading": Leaf.TEXT,
        "required": Leaf.CONDITION,
        "tick": Leaf.TEXT,
        "side": Words(("left", "right")),
    },
    required=("fields",),
)
_DO = Map(
    {
        "fill": Leaf.FIELDS,
        "with": Leaf.EXPRESSION,
        "add": Leaf.WORD,
        "set": Map(rest=Leaf.EXPRESSION),
        "unless": Leaf.CONDITION,
        "say": Leaf.TEXT,
        "delete": Words(("row",)),
        "move": Leaf.INTEGER,
    }
)
_FLAG_OR_NUMBER = Leaf.ANY

KINDS: Mapping[str, ElementKind] = {
    "text": _other(Leaf.TEXT, align=Words(("left", "centre", "right"))),
    "heading": _other(Leaf.TEXT, align=Words(("left", "centre", "right"))),
    "image": _other(Leaf.FILE, alt=Leaf.TEXT, size=_EXTENT),
    "audio": _other(Leaf.FILE, alt=Leaf.TEXT, volume=Leaf.NUMBER, volume_control=Leaf.FLAG),
    "countdown": _other(Leaf.NUMBER, sound=Leaf.FLAG),
    "line": ElementKind(Leaf.FLAG, alone=True),
    "space": ElementKind(Leaf.FLAG, alone=True),
    "clinician": ElementKind(Leaf.FLAG, alone=True),
    "respondent": ElementKind(Words(("second", "third"), flags=True), alone=True),
    "choice": _question(
        needs=("choices",),
        choices=Leaf.CHOICES,
        as_=Words(("radio", "buttons", "list", "popup")),
        across=Leaf.FLAG,
        shuffle=Leaf.FLAG,
        instruction=Leaf.FLAG,
    ),
    "grid": _question(
        Leaf.FIELDS,
        needs=("choices",),
        choices=Leaf.CHOICES,
        heading=Leaf.TEXT,
        other_choices=_FIELD_LISTS,
        numbered=Leaf.FLAG,
        header_every=Leaf.INTEGER,
        subtitles=_LABELS,
        title=Leaf.TEXT,
        widths=Leaf.NUMBERS,
        optional=Leaf.FIELDS,
        also=_ALSO,
    ),
    "tick": _question(
        as_=Words(("box", "buttons")),
        image=Leaf.FILE,
        clearable=Leaf.FLAG,
        clickable=Leaf.FLAG,
        size=Leaf.WORD,
    ),
    "ticks": _question(
        Leaf.FIELDS,
        min=Leaf.EXPRESSION,
        max=Leaf.EXPRESSION,
        instruction=Leaf.ASK,
        as_=Words(("box", "buttons")),
        across=Leaf.FLAG,
        shuffle=Leaf.FLAG,
    ),
    "slider": _question(
        min=Leaf.EXPRESSION,
        max=Leaf.EXPRESSION,
        step=Leaf.NUMBER,
        tick_every=Leaf.NUMBER,
        labels=_LABELS,
        show_value=Leaf.FLAG,
        vertical=Leaf.FLAG,
        start=Leaf.EXPRESSION,
        symmetric=Leaf.FLAG,
        length_cm=Leaf.NUMBER,
        may_shrink=Leaf.FLAG,
    ),
    "thermometer": _question(
        min=Leaf.EXPRESSION,
        max=Leaf.EXPRESSION,
        labels=_LABELS,
        images=Leaf.FILES,
        scale=Leaf.NUMBER,
    ),
    "number": _question(
        min=Leaf.EXPRESSION,
        max=Leaf.EXPRESSION,
        dp=Leaf.INTEGER,
        as_=Words(("line", "spin")),
        unit=Leaf.TEXT,
    ),
    "measure": _question(
        needs=("units",), units=Words(("height", "mass", "waist")), units_ask=Leaf.ASK
    ),
    "text_line": _question(format=Words(("email", "nhs_number", "phone")), rich=Leaf.FLAG),
    "text_box": _question(format=Words(("email", "nhs_number", "phone")), rich=Leaf.FLAG),
    "date": _question(
        now=Leaf.FLAG,
        clear=Leaf.FLAG,
        min=Leaf.EXPRESSION,
        max=Leaf.EXPRESSION,
        years_ago=Leaf.FIELD,
    ),
    "diagnosis": _question(
        needs=("codes",), description=Leaf.FIELD, codes=Leaf.WORD, clear=Leaf.FLAG
    ),
    "photo": _question(),
    "drawing": _question(background=Leaf.FILE, size=_EXTENT),
    "button": _other(Leaf.TEXT, needs=("do",), do=_DO, active=Leaf.CONDITION),
    "group": _other(Leaf.ELEMENTS),
    "flow": _other(Leaf.ELEMENTS),
    "columns": _other(Leaf.ROWS, widths=Leaf.NUMBERS),
    "rows": _other(Leaf.ROWS, widths=Leaf.NUMBERS, headings=ListOf(Leaf.TEXT)),
    "each": _other(_EACH, needs=("elements",), elements=Leaf.ELEMENTS),
}
REPORT_KINDS: Mapping[str, ElementKind] = {
    "row": ElementKind(Leaf.TEXT, {"value": Leaf.TEXT}, needs=("value",)),
    "list": _other(Leaf.TEXT, needs=("of",), of=Leaf.EXPRESSION),
    "columns": _other(ListOf(Leaf.TEXT), needs=("rows",), rows=Leaf.ANY),
}
ALL_KINDS = (*KINDS, *(kind for kind in REPORT_KINDS if kind not in KINDS))


def kind_of(element: Any) -> tuple[str | None, ElementKind | None]:
    """The kind's name (the first key) and its declaration, of an element as YAML gave it."""
    if isinstance(element, str):
        known = KINDS.get(element)
        return element, known if known is not None and known.alone else None
    if not isinstance(element, dict) or not element:
        return None, None
    name = next(iter(element))
    if name == "columns" and "rows" in element:
        return name, REPORT_KINDS[name]
    return name, KINDS.get(name) or REPORT_KINDS.get(name)


def _check_element(checker: Checker, element: Any, line: int, name: str) -> None:
    kind_name, kind = kind_of(element)
    if kind is None:
        known = ", ".join(ALL_KINDS)
        checker.fault(
            line, f"an element must begin with its kind (one of {known}), not {kind_name!r}"
        )
        return
    if isinstance(element, str):
        return
    shape = Map({str(kind_name): kind.value, **kind.all_keys}, required=kind.needs)
    checker.map(shape, element, line, f"a {kind_name}")
    for inner, where in inner_elements(str(kind_name), element):
        _check_element(checker, inner, where or line, name)


def inner_elements(kind: str, element: Any) -> list[tuple[Any, int]]:
    """The elements inside a `group`, `flow`, `each`, `columns` or `rows`, with their lines."""
    found: list[tuple[Any, int]] = []
    if kind in ("group", "flow", "each"):
        _collect(element.get("elements" if kind == "each" else kind), 1, found)
    elif kind == "columns" and "rows" not in element:
        _collect(element.get("columns"), 2, found)
    elif kind == "rows":
        _collect(element.get("rows"), 2, found)
    return found


def _collect(items: Any, depth: int, found: list[tuple[Any, int]]) -> None:
    if not isinstance(items, list):
        return
    for index, item in enumerate(items):
        if depth > 1 and isinstance(item, dict) and "each" in item:
            _collect(item.get("rows"), depth, found)
        elif depth > 1:
            _collect(item, depth - 1, found)
        else:
            found.append((item, line_of(items, index)))


def element_schema() -> dict[str, Any]:
    """The JSON Schema of an element: a bare word, or one object for each kind."""
    alone = [name for name, kind in KINDS.items() if kind.alone]
    options: list[dict[str, Any]] = [{"enum": alone}]
    for name, kind in [*KINDS.items(), *REPORT_KINDS.items()]:
        shape = Map({name: kind.value, **kind.all_keys}, required=(name, *kind.needs))
        options.append(schema_of(shape))
    return {"anyOf": options}


ELEMENT = Custom(_check_element, lambda: {"$ref": "#/$defs/element"})
