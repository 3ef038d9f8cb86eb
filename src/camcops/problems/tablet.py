# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tablet is told."""

from camcops.problems.kinds import Kind

NOT_LOGGED_IN = Kind(
    "tablet_not_logged_in", "Invalid username/password (or user not authorized)", http=401
)
NO_UPLOAD_GROUP = Kind(
    "tablet_no_upload_group",
    "User {user} has not chosen a group to upload into.",
    "Choose an upload group on the server's web site.",
    403,
)
MAY_NOT_REGISTER = Kind(
    "tablet_may_not_register",
    "User {user} may not register devices for the chosen upload group.",
    "Ask a group administrator.",
    403,
)
MAY_NOT_UPLOAD = Kind(
    "tablet_may_not_upload",
    "User {user} may not upload into the chosen upload group.",
    "Ask a group administrator.",
    403,
)
DEVICE_NOT_REGISTERED = Kind(
    "tablet_device_not_registered",
    "Unregistered device.",
    "Register this device with the server first.",
    403,
)
TABLET_TOO_OLD = Kind(
    "tablet_too_old",
    "This tablet's CamCOPS is version {version}; the server needs {minimum} or later.",
    "Update CamCOPS on the tablet.",
)
OPERATION_UNKNOWN = Kind("tablet_operation_unknown", "No such operation: {operation}.")
FIELD_REQUIRED = Kind("tablet_field_required", "The request lacks the field {field}.")
FIELD_WRONG = Kind("tablet_field_wrong", "Field {field} of the request: {reason}.")
FORM_UNREADABLE = Kind(
    "tablet_form_unreadable",
    "Field {field} of the request is not UTF-8 text without NUL characters.",
)
FORM_TOO_LARGE = Kind(
    "tablet_form_too_large",
    "The upload is larger than this server accepts ({megabytes} MB).",
    "Upload in several steps (a setting of the tablet), or ask for a higher limit.",
    413,
)
BLOB_TOO_LARGE = Kind(
    "tablet_blob_too_large",
    "The database does not hold a picture as large as this one ({megabytes} MB).",
    "Ask the server's administrator to raise max_allowed_packet of the database.",
    413,
)
TABLE_UNKNOWN = Kind("tablet_table_unknown", "No such table: {table}.")
TABLE_NEEDS_NEWER_TABLET = Kind(
    "tablet_table_needs_newer_tablet",
    "Table {table} needs version {needs} of CamCOPS on the tablet; this one has {version}.",
    "Update CamCOPS on the tablet.",
)
COLUMN_REFUSED = Kind("tablet_column_refused", "Field {column} of table {table}: {reason}.")
RECORD_REFUSED = Kind("tablet_record_refused", "Table {table}, record {record}: {reason}.")
VALUE_DOES_NOT_FIT = Kind(
    "tablet_value_does_not_fit", "Table {table}, record {record}, field {column}: {reason}."
)
ID_NUMBER_REFUSED = Kind(
    "tablet_id_number_refused", "ID number of type {which}, value {value}: {reason}."
)
NO_UPLOAD_IN_PROGRESS = Kind(
    "tablet_no_upload_in_progress",
    "No upload is in progress for this device and user.",
    "Start the upload again.",
)
PATIENT_REFUSED = Kind("tablet_patient_refused", "Patient {position}: {reason}.")
POLICY_NOT_SATISFIED = Kind(
    "tablet_policy_not_satisfied", "Patient does not satisfy the {name} policy ({policy})."
)
ACCESS_KEY_UNKNOWN = Kind(
    "tablet_access_key_unknown",
    "The access key {key} is not known here.",
    "Compare it letter by letter, or ask whoever sent it for a new one.",
    404,
)
PATIENT_WITHOUT_ID_NUMBER = Kind(
    "tablet_patient_without_id_number",
    "The patient with this access key has no ID number, so records could not be told to be theirs.",
    "Ask whoever sent the key to add one.",
    500,
)
PATIENT_GONE = Kind(
    "tablet_patient_gone",
    "The patient of this account is no longer on the server.",
    "Ask whoever sent the access key for a new one.",
    403,
)
ANOTHER_PATIENT = Kind(
    "tablet_another_patient",
    "This account may only send its own patient's records: {what} on this device is not what the server has.",
    "Fetch the patient's details anew (update the task schedules), then try again.",
    403,
)
ANOTHER_DEVICE = Kind(
    "tablet_another_device",
    "This account was made for another device.",
    "Register the patient on this device, with the access key.",
    403,
)
DEVICE_HOLDS_OTHERS = Kind(
    "tablet_device_holds_others",
    "The server has records from this device that somebody else uploaded and has not finished.",
    "They must be finalized first: ask an administrator.",
    403,
)
PLAIN_HTTP = Kind(
    "plain_http",
    "This server can be used by HTTPS only, and this request came by plain HTTP.",
    "Use the address that begins with https. Tell the server's administrator if that is what you did.",
    403,
)
UNEXPECTED_FAILURE = Kind(
    "tablet_unexpected_failure",
    "The server met an unexpected problem; nothing was changed.",
    "Tell the server's administrator this reference: {reference}.",
    500,
)
