# SPDX-License-Identifier: GPL-3.0-or-later
"""A stored value as an answer: in words, with its value beside it, or what is wrong with it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from camcops.documents.moments import stored_moment, stored_time
from camcops.documents.phrases import number_text
from camcops.documents.tree import Answer, FreeText, Inline, Picture, plain
from camcops.instruments.model import Field, FieldType

LONG_TEXT = 240
"""Texts longer than this, or of several lines, are set over the full width."""


def is_missing(value: object) -> bool:
    return value is None or value == ""


def is_long(value: object) -> bool:
    return isinstance(value, str) and (len(value) > LONG_TEXT or "\n" in value.strip())


def allowed_text(field: Field, labels: Mapping[str, str]) -> str:
    """What a field may hold: "0 to 3", "0 or more", "Y, N"; empty if anything."""
    if field.values is not None:
        return _values_text(field.values, labels)
    if field.type in (FieldType.BOOLEAN, FieldType.BIT):
        return "0, 1"
    low, high = field.minimum, field.maximum
    if low is not None and high is not None:
        return labels["allowed_from_to"].format(low=number_text(low), high=number_text(high))
    if low is not None:
        return labels["allowed_from"].format(low=number_text(low))
    if high is not None:
        return labels["allowed_to"].format(high=number_text(high))
    return ""


def _values_text(values: Collection[int | float | str], labels: Mapping[str, str]) -> str:
    """The values in order; a run of whole numbers as a range."""
    numbers = sorted(value for value in values if not isinstance(value, str))
    whole = len(numbers) > 2 and numbers == list(range(int(numbers[0]), int(numbers[-1]) + 1))
    if whole and len(numbers) == len(values):
        low, high = number_text(numbers[0]), number_text(numbers[-1])
        return labels["allowed_from_to"].format(low=low, high=high)
    texts = sorted(value for value in values if isinstance(value, str))
    return ", ".join([*map(number_text, numbers), *texts])


@dataclass(frozen=True)
class AnswerWriter:
    """Turns stored values into answers."""

    labels: Mapping[str, str]
    zone: tzinfo | None

    @property
    def missing(self) -> Answer:
        return Answer(plain(self.labels["not_answered"]), state="missing")

    def answer(
        self, field: Field, value: Any, option: Inline = (), *, dp: int | None = None
    ) -> Answer:
        """The answer in words: `option` are those of the choice made, if the question offers choices."""
        if is_missing(value):
            return self.missing
        if option:
            return Answer(option, self.text(field, value))
        return Answer(plain(self.words(field, value, dp)))

    def invalid(self, field: Field, value: Any) -> Answer:
        """An answer that is not permitted: shown as stored."""
        allowed = allowed_text(field, self.labels)
        fault = self.labels["allowed"].format(allowed=allowed) if allowed else ""
        return Answer(plain(str(value)), state="invalid", fault=fault)

    def words(self, field: Field, value: Any, dp: int | None = None) -> str:
        """A value as people write it."""
        if field.type in (FieldType.BOOLEAN, FieldType.BIT) and value in (0, 1):
            return self.labels["yes" if value else "no"]
        if field.type is FieldType.TIME:
            return stored_time(value)
        if field.type in (FieldType.DATE, FieldType.DATETIME):
            moment = stored_moment(value, self.zone)
            return moment.text if moment else ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            shown = number_text(value) if dp is None else f"{value:.{dp}f}"
            return f"{shown} {field.unit}" if field.unit else shown
        return str(value)

    def text(self, field: Field, value: Any) -> str:
        """A value as stored, for the small print beside the words."""
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, int | float):
            return number_text(value)
        return str(value)

    def free_text(self, heading: Inline, value: Any) -> FreeText:
        return FreeText(heading, "" if is_missing(value) else str(value), is_missing(value))

    def picture(self, about: str, heading: Inline, blob: Any) -> Picture:
        """A picture; `blob` is what is known of it (server key and rotation), None if there is none."""
        alt = self.labels["picture"].format(about=about)
        if blob is None:
            return Picture(None, 0, alt, heading)
        return Picture(blob.pk, blob.rotation or 0, alt, heading)
