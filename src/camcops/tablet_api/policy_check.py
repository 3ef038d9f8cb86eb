# SPDX-License-Identifier: GPL-3.0-or-later
"""Enforcing a group's policies on what an upload leaves behind.

Tablets ask beforehand whether their patients satisfy the policies (`validate_patients`); the upload is held
to the same. An administrator may change a policy in between: then what was accepted a moment ago holds too.
"""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from camcops.accounts.groups import load_group
from camcops.problems import POLICY_NOT_SATISFIED, Problem
from camcops.records.live_rows import LiveRows
from camcops.records.patient_details import PatientDetails, details_of_row
from camcops.records.policies import PatientItems, parse_policy


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of a group, as texts."""

    group_id: int
    upload: str
    finalize: str

    @classmethod
    def of(cls, conn: sa.Connection, group_id: int) -> "Policies":
        """Those in force now. A group that is gone has none, which satisfies nobody."""
        group = load_group(conn, group_id)
        if group is None:
            return cls(group_id, "", "")
        return cls(group_id, group.upload_policy, group.finalize_policy)

    @classmethod
    def from_json(cls, text: str | None) -> "Policies | None":
        return None if text is None else cls(**json.loads(text))

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def check(
        self, patient: PatientItems, *, finalizing: bool, accepted: "Policies | None" = None
    ) -> None:
        """Raise `Problem` unless a patient satisfies the policy for what is about to happen.

        `accepted`: what the device's patients satisfied when it last asked; of another group it means
        nothing.
        """
        known = [self]
        if accepted is not None and accepted.group_id == self.group_id:
            known.append(accepted)
        texts = [one.finalize if finalizing else one.upload for one in known]
        if not any(parse_policy(text).satisfied_by(patient) for text in texts):
            name = "finalize" if finalizing else "upload"
            raise Problem(POLICY_NOT_SATISFIED, name=name, policy=texts[0])


def check_outcome(
    live: LiveRows,
    *,
    in_force: Policies,
    accepted: Policies | None,
    finalized: Collection[int],
) -> Policies | None:
    """Raise `Problem` unless all patients that are now current on the device satisfy the policies.

    `finalized` are the server keys of those that are finalized. Returns the policies `in_force`; None if
    there are no patients to apply them to.
    """
    patients = live.of("patient")
    if not patients:
        return None
    numbers: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for row in live.of("patient_idnum"):
        if row["idnum_value"] is not None:
            numbers[row["patient_id"]][row["which_idnum"]] = row["idnum_value"]
    for row in patients:
        person: PatientDetails = details_of_row(row, numbers[row["id"]])
        in_force.check(person.items, finalizing=row["_pk"] in finalized, accepted=accepted)
    return in_force
