# SPDX-License-Identifier: GPL-3.0-or-later
"""What a document must know of a Text: if it only repeats one stored text, how it is set and numbered."""

import re

from camcops.documents.tree import Inline, Tone, text_of
from camcops.instruments.compiling import Text
from camcops.instruments.language.compiler import compile_tree
from camcops.instruments.language.tree import Hole, Template

_TONES: tuple[tuple[str, Tone], ...] = (
    ("warning", "warning"),
    ("big", "large"),
    ("bold", "strong"),
)


class OnlyHole:
    """The single hole of which a template consists."""

    def __init__(self, hole: Hole) -> None:
        self.value = compile_tree(hole.value)


def only_hole(text: Text) -> OnlyHole | None:
    """The hole, if the template is nothing else and its value a text as stored."""
    node = text.node
    if not isinstance(node, Template) or len(node.parts) != 1:
        return None
    hole = node.parts[0]
    if isinstance(hole, Hole) and hole.format is None and str(hole.value.type) == "text":
        return OnlyHole(hole)
    return None


def tone_of(style: frozenset[str]) -> Tone:
    for word, tone in _TONES:
        if word in style:
            return tone
    return "plain"


_NUMBERED_FIELD = re.compile(r"q0*(\d+[a-z]?)\Z")
_BEGINS_WITH_NUMBER = re.compile(r"\W*(?:[Qq]\s*)?\d")


def number_of(field_name: str, question: Inline) -> str:
    """The number of a question as its field is called (q7: 7), unless its words begin with one."""
    found = _NUMBERED_FIELD.match(field_name)
    if found is None or _BEGINS_WITH_NUMBER.match(text_of(question)):
        return ""
    return found[1]
