# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipients of exports and the log of what was sent."""

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, String, Text

from camcops.db.schema.metadata import TABLE_OPTIONS
from camcops.db.types import BigKey, LongText

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "_export_recipients",
        Column("id", BigKey, primary_key=True),
        Column("recipient_name", String(191), nullable=False),
        Column("current", Boolean, nullable=False),
        Column("transmission_method", String(50), nullable=False),
        Column("push", Boolean, nullable=False),
        Column("task_format", String(50)),
        Column("xml_field_comments", Boolean, nullable=False),
        Column("all_groups", Boolean, nullable=False),
        Column("group_ids", Text),
        Column("tasks", Text),
        Column("start_datetime_utc", DateTime),
        Column("end_datetime_utc", DateTime),
        Column("finalized_only", Boolean, nullable=False),
        Column("include_anonymous", Boolean, nullable=False),
        Column("primary_idnum", Integer, nullable=False),
        Column("require_idnum_mandatory", Boolean),
        Column("db_url", String(255)),
        Column("db_echo", Boolean, nullable=False),
        Column("db_include_blobs", Boolean, nullable=False),
        Column("db_add_summaries", Boolean, nullable=False),
        Column("db_patient_id_per_row", Boolean, nullable=False),
        Column("email_host", String(255)),
        Column("email_port", Integer),
        Column("email_use_tls", Boolean, nullable=False),
        Column("email_host_username", String(255)),
        Column("email_from", String(255)),
        Column("email_sender", String(255)),
        Column("email_reply_to", String(255)),
        Column("email_to", Text),
        Column("email_cc", Text),
        Column("email_bcc", Text),
        Column("email_patient", String(255)),
        Column("email_patient_spec_if_anonymous", String(255)),
        Column("email_subject", String(255)),
        Column("email_body_as_html", Boolean, nullable=False),
        Column("email_body", Text),
        Column("email_keep_message", Boolean, nullable=False),
        Column("hl7_host", String(255)),
        Column("hl7_port", Integer),
        Column("hl7_ping_first", Boolean, nullable=False),
        Column("hl7_network_timeout_ms", Integer),
        Column("hl7_keep_message", Boolean, nullable=False),
        Column("hl7_keep_reply", Boolean, nullable=False),
        Column("hl7_debug_divert_to_file", Boolean, nullable=False),
        Column("hl7_debug_treat_diverted_as_sent", Boolean, nullable=False),
        Column("file_patient_spec", String(255)),
        Column("file_patient_spec_if_anonymous", String(255)),
        Column("file_filename_spec", String(255)),
        Column("file_make_directory", Boolean, nullable=False),
        Column("file_overwrite_files", Boolean, nullable=False),
        Column("file_export_rio_metadata", Boolean, nullable=False),
        Column("file_script_after_export", Text),
        Column("rio_idnum", Integer),
        Column("rio_uploading_user", Text),
        Column("rio_document_type", Text),
        Column("redcap_api_url", Text),
        Column("redcap_fieldmap_filename", Text),
        Column("fhir_api_url", Text),
        Column("fhir_app_id", Text),
        Column("fhir_concurrent", Boolean),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_exported_tasks",
        Column("id", BigKey, primary_key=True),
        Column("recipient_id", BigKey, ForeignKey("_export_recipients.id"), nullable=False),
        Column("basetable", String(128), nullable=False),
        Column("task_server_pk", Integer, nullable=False),
        Column("start_at_utc", DateTime, nullable=False),
        Column("finish_at_utc", DateTime),
        Column("success", Boolean, nullable=False),
        Column("failure_reasons", Text),
        Column("cancelled", Boolean, nullable=False),
        Column("cancelled_at_utc", DateTime),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_exported_task_email",
        Column("id", BigKey, primary_key=True),
        Column("exported_task_id", BigKey, ForeignKey("_exported_tasks.id"), nullable=False),
        Column("email_id", BigKey, ForeignKey("_emails.id")),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_exported_task_filegroup",
        Column("id", BigKey, primary_key=True),
        Column("exported_task_id", BigKey, ForeignKey("_exported_tasks.id"), nullable=False),
        Column("filenames", Text),
        Column("script_called", Boolean, nullable=False),
        Column("script_retcode", Integer),
        Column("script_stdout", Text),
        Column("script_stderr", Text),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_exported_task_hl7msg",
        Column("id", BigKey, primary_key=True),
        Column("exported_task_id", BigKey, ForeignKey("_exported_tasks.id"), nullable=False),
        Column("sent_at_utc", DateTime),
        Column("reply_at_utc", DateTime),
        Column("success", Boolean),
        Column("failure_reason", Text),
        Column("message", LongText),
        Column("reply", Text),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_exported_task_fhir",
        Column("id", Integer, primary_key=True),
        Column("exported_task_id", BigKey, ForeignKey("_exported_tasks.id"), nullable=False),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_exported_task_fhir_entry",
        Column("id", Integer, primary_key=True),
        Column(
            "exported_task_fhir_id", Integer, ForeignKey("_exported_task_fhir.id"), nullable=False
        ),
        Column("etag", Text),
        Column("last_modified", DateTime),
        Column("location", Text),
        Column("status", Text),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_table(
        "_exported_task_redcap",
        Column("id", Integer, primary_key=True),
        Column("exported_task_id", BigKey, ForeignKey("_exported_tasks.id"), nullable=False),
        Column("redcap_record_id", Text),
        Column("redcap_instrument_name", Text),
        Column("redcap_instance_id", Integer),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
