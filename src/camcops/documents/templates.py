# SPDX-License-Identifier: GPL-3.0-or-later
"""What a document must know of a Text: whether it only repeats one stored text, and how it is set."""

from camcops.documents.tree import Tone
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
