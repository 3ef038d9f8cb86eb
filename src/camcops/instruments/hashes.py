# SPDX-License-Identifier: GPL-3.0-or-later
"""The fingerprint of a definition's rules: are stored scores up to date?"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from camcops.instruments.loader import score_rule
from camcops.instruments.model import Instrument
from camcops.instruments.procedures import PROCEDURE_FILE

LANGUAGE_VERSION = 1

_SHOWN_OF_FIELD = frozenset(
    {"label", "about", "unit", "identifying", "default", "derive", "hidden"}
)
_RULES = ("fields", "groups", "define", "complete", "walk", "people")
_WALKED_OF_PAGE = ("id", "each", "when", "then")
_WALKED_OF_ELEMENT = frozenset({"when", "required", "elements", "optional", "also"})


def canonical(value: Any) -> bytes:
    """JSON without a choice: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def rules_hash(instrument: Instrument) -> str:
    """SHA-256 (hex) of all that decides what scores come of stored answers.

    It covers the language's version, fields, groups, tables, `define`, `scores`, `complete`, walk rules and
    `procedure.py`; not wording, layout or documents.
    """
    raw = instrument.raw
    content: dict[str, Any] = {"language": LANGUAGE_VERSION}
    content.update({key: raw[key] for key in _RULES if key in raw})
    content["fields"] = _fields(raw.get("fields", {}))
    content["tables"] = [
        [name, {**table, "fields": _fields(table["fields"])}]
        for name, table in raw.get("tables", {}).items()
    ]
    content["scores"] = [[key, score_rule(score)] for key, score in raw.get("scores", {}).items()]
    if "walk" in raw:
        content["pages"] = [_walked_page(page) for page in raw.get("pages", ())]
    digest = hashlib.sha256(canonical(_textual(content)))
    if "server" in instrument.procedure:
        digest.update((instrument.path.parent / PROCEDURE_FILE).read_bytes())
    return digest.hexdigest()


def _fields(entries: Mapping[Any, Any]) -> list[Any]:
    return [
        [name, {key: value for key, value in entry.items() if key not in _SHOWN_OF_FIELD}]
        for name, entry in entries.items()
    ]


def _walked_page(page: Mapping[str, Any]) -> dict[str, Any]:
    walked = {key: page[key] for key in _WALKED_OF_PAGE if key in page}
    walked["elements"] = [_walked_element(element) for element in page.get("elements", ())]
    return walked


def _walked_element(element: Any) -> Any:
    """The field and what decides whether its answer is required; of a container, its elements."""
    if not isinstance(element, dict):
        return element if isinstance(element, str) else [_walked_element(one) for one in element]
    kind = next(iter(element))
    walked: dict[str, Any] = {}
    for key, value in element.items():
        if isinstance(value, list) and key in (kind, "elements", "rows"):
            walked[key] = [_walked_element(one) for one in value]
        elif key == kind or key in _WALKED_OF_ELEMENT:
            walked[key] = value
    return walked


def _textual(value: Any) -> Any:
    """Maps with text for keys, so that they can be sorted; order that means something stands in lists."""
    if isinstance(value, dict):
        return {json.dumps(key): _textual(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_textual(item) for item in value]
    return value
