# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's own tables, by subject: those of CamCOPS 2.4 under its names, and a few of ours."""

from camcops.db.schema.accounts import (
    group_can_see,
    groups,
    ip_use,
    memberships,
    users,
)
from camcops.db.schema.adoption import adoption, adoption_repairs
from camcops.db.schema.devices import (
    device_tables,
    devices,
    dirty_tables,
)
from camcops.db.schema.exports import (
    emails,
    export_recipients,
    exported_task_emails,
    exported_task_fhir,
    exported_task_fhir_entries,
    exported_task_filegroups,
    exported_task_hl7_messages,
    exported_task_redcap,
    exported_tasks,
    outbox,
)
from camcops.db.schema.indexes import (
    idnum_index,
    patient_index,
    task_index,
    task_scores,
)
from camcops.db.schema.metadata import TABLE_OPTIONS, metadata
from camcops.db.schema.records import (
    blobs,
    idnum_definitions,
    patient,
    patient_idnum,
    special_notes,
)
from camcops.db.schema.schedules import (
    patient_task_schedule_emails,
    patient_task_schedules,
    task_schedule_items,
    task_schedules,
)
from camcops.db.schema.security import (
    account_lockouts,
    audit,
    audit_seals,
    login_failures,
    login_places,
    sessions,
)
from camcops.db.schema.server import (
    schema_state,
    server_settings,
    task_filters,
    upstream_revision,
)

__all__ = [
    "TABLE_OPTIONS",
    "account_lockouts",
    "adoption",
    "adoption_repairs",
    "audit",
    "audit_seals",
    "blobs",
    "device_tables",
    "devices",
    "dirty_tables",
    "emails",
    "export_recipients",
    "exported_task_emails",
    "exported_task_fhir",
    "exported_task_fhir_entries",
    "exported_task_filegroups",
    "exported_task_hl7_messages",
    "exported_task_redcap",
    "exported_tasks",
    "group_can_see",
    "groups",
    "idnum_definitions",
    "idnum_index",
    "ip_use",
    "login_failures",
    "login_places",
    "memberships",
    "metadata",
    "outbox",
    "patient",
    "patient_idnum",
    "patient_index",
    "patient_task_schedule_emails",
    "patient_task_schedules",
    "schema_state",
    "server_settings",
    "sessions",
    "special_notes",
    "task_filters",
    "task_index",
    "task_schedule_items",
    "task_schedules",
    "task_scores",
    "upstream_revision",
    "users",
]
