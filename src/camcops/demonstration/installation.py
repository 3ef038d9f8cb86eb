# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration's server: its groups, users of each role and types of ID number."""

from dataclasses import dataclass

import sqlalchemy as sa

from camcops.accounts.groups import create_group
from camcops.accounts.permissions import Permission
from camcops.accounts.users import add_membership, choose_upload_group, create_user
from camcops.db.schema import idnum_definitions, server_settings

CLINIC, RESEARCH = "clinic", "research"
UPLOADER = frozenset({Permission.MAY_UPLOAD, Permission.MAY_REGISTER_DEVICES})
READER = frozenset({Permission.MAY_USE_WEBVIEWER})
CLINICIAN = READER | {
    Permission.VIEW_ALL_PATIENTS_WHEN_UNFILTERED,
    Permission.MAY_ADD_NOTES,
    Permission.MAY_RUN_REPORTS,
}


@dataclass(frozen=True)
class Role:
    """One user of the demonstration."""

    name: str
    says: str
    permissions: dict[str, frozenset[Permission]]
    superuser: bool = False


ROLES = (
    Role("admin", "superuser: may do everything", {}, superuser=True),
    Role(
        "manager",
        "administers the clinic's group",
        {CLINIC: CLINICIAN | {Permission.GROUPADMIN, Permission.MAY_DUMP_DATA}},
    ),
    Role("clinician", "reads the clinic's tasks", {CLINIC: CLINICIAN}),
    Role("therapist", "reads the clinic's tasks, one named patient at a time", {CLINIC: READER}),
    Role(
        "researcher",
        "reads the research group's tasks",
        {RESEARCH: CLINICIAN | {Permission.MAY_DUMP_DATA}},
    ),
    Role("clinic_tablet", "uploads from the clinic's tablets", {CLINIC: UPLOADER}),
    Role("research_tablet", "uploads from the study's tablets", {RESEARCH: UPLOADER}),
)


def furnish(conn: sa.Connection, password: str) -> None:
    """Fill an empty database with groups, users (all with this password) and types of ID number."""
    conn.execute(server_settings.update().values(database_title="CamCOPS demonstration"))
    conn.execute(
        idnum_definitions.insert(),
        [
            _idnum(1, "NHS number", "NHS", "uk_nhs_number"),
            _idnum(2, "Study number", "Study", ""),
        ],
    )
    groups = {
        name: create_group(
            conn,
            name=name,
            description=description,
            upload_policy="sex AND anyidnum",
            finalize_policy="sex AND dob AND forename AND surname AND idnum1",
        )
        for name, description in ((CLINIC, "Demonstration clinic"), (RESEARCH, "A study"))
    }
    for role in ROLES:
        user = create_user(
            conn,
            username=role.name,
            password=password,
            fullname=role.name.replace("_", " ").title(),
            superuser=role.superuser,
        )
        for group, permissions in role.permissions.items():
            add_membership(conn, user, groups[group], permissions)
            if Permission.MAY_UPLOAD in permissions:
                choose_upload_group(conn, user, groups[group])


def _idnum(which: int, description: str, short: str, method: str) -> dict[str, object]:
    return {
        "which_idnum": which,
        "description": description,
        "short_description": short,
        "validation_method": method,
        "hl7_id_type": None,
        "hl7_assigning_authority": None,
        "fhir_id_system": None,
    }
