# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reader must know before reading on: the states of a record and of its instrument."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from camcops.documents.moments import stored_moment
from camcops.documents.tree import Notice
from camcops.documents.wording import Wording
from camcops.records.lifecycle import NOW
from camcops.records.reading import StoredTask

_MOST_NAMED = 10

Labels = Mapping[str, str]


def record_notices(stored: StoredTask, labels: Labels, zone: tzinfo | None) -> Iterator[Notice]:
    """Whether this is the current version, still live, or erased, and whether the reader sees all of it."""
    row = stored.row
    when = stored_moment(row["_when_removed_exact"], zone)
    user = stored.removing_user or labels["unknown_user"]
    if row["_manually_erased"]:
        erased = stored_moment(row["_manually_erased_at"], zone)
        eraser = stored.erasing_user or labels["unknown_user"]
        details = [labels["erased_when"].format(when=erased.text, user=eraser)] if erased else []
        yield Notice("erased", labels["erased"], tuple(details))
    elif not row["_current"]:
        details = [labels["removed_when"].format(when=when.text, user=user)] if when else []
        if row["_successor_pk"] is not None:
            details.append(labels["successor"].format(pk=row["_successor_pk"]))
            yield Notice("version", labels["superseded"], tuple(details))
        else:
            yield Notice("version", labels["deleted"], tuple(details))
    elif row["_era"] == NOW:
        yield Notice("live", labels["live"])
    if stored.parts_withheld:
        yield Notice("scope", labels["withheld"], (labels["withheld_detail"],))


def instrument_notices(wording: Wording) -> Iterator[Notice]:
    """Whether the instrument is only a structure, or its wording is not at this site."""
    labels, strings = wording.labels, wording.strings
    instrument = wording.instrument
    if not instrument.finished:
        yield Notice("scope", labels["unfinished"], (labels["unfinished_detail"],))
    elif instrument.wording == "site":
        names = strings.names(instrument.string_set)
        if any(strings.find(instrument.string_set, name, wording.locale) is None for name in names):
            yield Notice("scope", labels["data_collection"], (labels["data_collection_detail"],))


def result_notices(
    stored: StoredTask, unanswered: Sequence[str], invalid: Sequence[str], labels: Labels
) -> Iterator[Notice]:
    """What is missing, and what is not permitted."""
    results = stored.results
    if not stored.instrument.finished:
        return
    if results is None:
        yield Notice("scope", labels["not_scored"], (labels["not_scored_detail"],))
        return
    if not results.is_complete:
        yield Notice("incomplete", labels["incomplete"], (_missing(unanswered, labels),))
    if not results.valid:
        yield Notice("invalid", labels["invalid"], tuple(invalid))


def _missing(unanswered: Sequence[str], labels: Labels) -> str:
    if not unanswered:
        return labels["missing_unknown"]
    names = "; ".join(unanswered[:_MOST_NAMED])
    more = len(unanswered) - _MOST_NAMED
    if more > 0:
        names = labels["missing_more"].format(names=names, count=more)
    return labels["missing_answers"].format(names=names)
