# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a record came from: device, keys, versions, who uploaded it and when."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo

import camcops
from camcops.documents.moments import from_utc, instant, read_datetime, stored_moment
from camcops.documents.tree import Fact, Moment
from camcops.records.lifecycle import KEY, NOW
from camcops.records.reading import StoredTask


def provenance_of(
    stored: StoredTask, labels: Mapping[str, str], zone: tzinfo | None, *, anonymise: bool
) -> tuple[Fact, ...]:
    """All facts, in the order in which they are asked for; `anonymise` leaves out the patient."""
    hidden = labels["patient_key"] if anonymise else None
    return tuple(fact for fact in _facts(stored, labels, zone) if fact.label != hidden)


def _facts(stored: StoredTask, labels: Mapping[str, str], zone: tzinfo | None) -> Iterator[Fact]:
    row, unknown = stored.row, labels["unknown_user"]
    yield from _when(labels["created_at"], stored_moment(row["when_created"], zone))
    yield from _when(labels["modified_at"], stored_moment(row["when_last_modified"], zone))
    device = stored.device.friendly_name or stored.device.name
    if stored.device.name and stored.device.name != device:
        device = f"{device} ({stored.device.name})"
    yield Fact(labels["device"], device)
    yield Fact(labels["client_version"], str(row["_camcops_version"] or ""))
    added = row["_when_added_batch_utc"]
    if added is not None:
        yield from _when(labels["uploaded_at"], from_utc(added, zone))
    yield Fact(labels["uploaded_by"], stored.adding_user or unknown)
    yield Fact(labels["group"], stored.group.name)
    if row["_era"] == NOW:
        yield Fact(labels["era"], labels["era_now"])
    else:
        yield from _when(labels["era"], _era(row["_era"], zone))
        forcibly = f" ({labels['forcibly']})" if row["_forcibly_preserved"] else ""
        yield Fact(labels["preserved_by"], f"{stored.preserving_user or unknown}{forcibly}")
    yield Fact(labels["current"], labels["yes" if row["_current"] else "no"])
    yield Fact(labels["table"], stored.instrument.table)
    yield Fact(labels["server_key"], str(row["_pk"]))
    yield Fact(labels["client_key"], str(row[KEY]))
    for label, column in (
        ("predecessor_key", "_predecessor_pk"),
        ("successor_key", "_successor_pk"),
    ):
        if row[column] is not None:
            yield Fact(labels[label], str(row[column]))
    if stored.patient is not None:
        yield Fact(labels["patient_key"], str(stored.patient.row["_pk"]))
    if stored.instrument.finished:
        rules = f"{stored.instrument.version} ({stored.instrument.rules_hash[:12]})"
        yield Fact(labels["rules"], rules)
    yield Fact(labels["server_version"], camcops.__version__)
    yield from _when(labels["rendered_at"], instant(datetime.now(zone or UTC), zone))


def _era(era: str, zone: tzinfo | None) -> Moment | None:
    """An era is named after an instant in UTC; it is shown on the reader's clock."""
    began = read_datetime(era)
    if began is None or began.tzinfo is None:
        return stored_moment(era, zone)
    return instant(began.astimezone(zone or UTC), zone)


def _when(label: str, moment: Moment | None) -> Iterator[Fact]:
    if moment is not None:
        yield Fact(label, moment.text, moment)
