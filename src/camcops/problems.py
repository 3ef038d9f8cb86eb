# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that a person or a tablet can meet, declared once.

A `Kind` says what was wrong and what to do about it; raising `Problem(KIND, name=value)` fills in the
data. Each face renders it in its own way: a page, a tablet's reply, a line on the terminal.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of problem.

    `says` and `do` are templates with `{names}` that the raiser must supply; `http` is the status of a page.
    """

    code: str
    says: str
    do: str = ""
    http: int = 400


class Problem(Exception):
    """A fault that has a reader: never a bug of ours, always something they can understand and act on."""

    def __init__(self, kind: Kind, **data: object) -> None:
        self.kind = kind
        self.data = data
        super().__init__(self.message)

    @property
    def says(self) -> str:
        return self.kind.says.format(**self.data)

    @property
    def do(self) -> str:
        return self.kind.do.format(**self.data)

    @property
    def message(self) -> str:
        """What was wrong and what to do, as one plain text."""
        return f"{self.says} {self.do}".strip()


# --- instruments -------------------------------------------------------------------------------

INSTRUMENT_INVALID = Kind(
    "instrument_invalid",
    "The instrument definition {name} has errors: {faults}",
    "Correct the files named; `camcops_server instruments check` says when all is well.",
)
INSTRUMENT_UNKNOWN = Kind(
    "instrument_unknown",
    "There is no instrument with the table name {table!r}.",
    "`camcops_server instruments list` shows those there are.",
    http=404,
)
INSTRUMENT_DIRECTORY_MISSING = Kind(
    "instrument_directory_missing",
    "There is no directory {path}.",
    "Name a directory that holds one folder per instrument, each with its instrument.yaml.",
)
STRING_FILE_INVALID = Kind(
    "string_file_invalid",
    "The string file {path} cannot be read, line {line}: {reason}.",
    "Correct the file, or take it out of EXTRA_STRING_FILES.",
)
SCORE_INPUT_INVALID = Kind(
    "score_input_invalid",
    "Line {line} of the input is not a record to score: {reason}.",
    'Give one JSON object a line: {{"table": …, "fields": {{…}}, "ancillary": {{…}}, "patient": {{…}}, "generic": {{…}}}}.',
)

# --- configuration -----------------------------------------------------------------------------

CONFIG_UNNAMED = Kind(
    "config.unnamed",
    "No configuration file is named.",
    "Give --config FILE, or set the environment variable CAMCOPS_CONFIG_FILE.",
)
CONFIG_UNREADABLE = Kind(
    "config.unreadable",
    "The configuration file {path} can't be read: {reason}.",
    "Check its name, and that the user running this program may read it.",
)
CONFIG_WRONG = Kind(
    "config.wrong",
    "The configuration file {path} can't be used:\n{faults}\n",
    "Nothing was started. Correct the file and start again.",
)

# --- database ----------------------------------------------------------------------------------

# --- accounts ----------------------------------------------------------------------------------

# --- records -----------------------------------------------------------------------------------

# --- tablet ------------------------------------------------------------------------------------

NOT_LOGGED_IN = Kind(
    "tablet.not-logged-in", "Invalid username/password (or user not authorized)", http=401
)
NO_UPLOAD_GROUP = Kind(
    "tablet.no-upload-group",
    "User {user} has not chosen a group to upload into.",
    "Choose an upload group on the server's web site.",
    403,
)
MAY_NOT_REGISTER = Kind(
    "tablet.may-not-register",
    "User {user} may not register devices for the chosen upload group.",
    "Ask a group administrator.",
    403,
)
MAY_NOT_UPLOAD = Kind(
    "tablet.may-not-upload",
    "User {user} may not upload into the chosen upload group.",
    "Ask a group administrator.",
    403,
)
DEVICE_NOT_REGISTERED = Kind(
    "tablet.device-not-registered",
    "Unregistered device.",
    "Register this device with the server first.",
    403,
)
TABLET_TOO_OLD = Kind(
    "tablet.too-old",
    "This tablet's CamCOPS is version {version}; the server needs {minimum} or later.",
    "Update CamCOPS on the tablet.",
)
OPERATION_UNKNOWN = Kind("tablet.operation-unknown", "No such operation: {operation}.")
FIELD_REQUIRED = Kind("tablet.field-required", "The request lacks the field {field}.")
FIELD_WRONG = Kind("tablet.field-wrong", "Field {field} of the request: {reason}.")
FORM_UNREADABLE = Kind(
    "tablet.form-unreadable", "Field {field} of the request is not UTF-8 text without NUL characters."
)
FORM_TOO_LARGE = Kind(
    "tablet.form-too-large",
    "The upload is larger than this server accepts ({megabytes} MB).",
    "Upload in several steps (a setting of the tablet), or ask for a higher limit.",
    413,
)
TABLE_UNKNOWN = Kind("tablet.table-unknown", "No such table: {table}.")
TABLE_NEEDS_NEWER_TABLET = Kind(
    "tablet.table-needs-newer-tablet",
    "Table {table} needs version {needs} of CamCOPS on the tablet; this one has {version}.",
    "Update CamCOPS on the tablet.",
)
COLUMN_REFUSED = Kind("tablet.column-refused", "Field {column} of table {table}: {reason}.")
RECORD_REFUSED = Kind("tablet.record-refused", "Table {table}, record {record}: {reason}.")
VALUE_DOES_NOT_FIT = Kind(
    "tablet.value-does-not-fit", "Table {table}, record {record}, field {column}: {reason}."
)
ID_NUMBER_REFUSED = Kind(
    "tablet.id-number-refused", "ID number of type {which}, value {value}: {reason}."
)
NO_UPLOAD_IN_PROGRESS = Kind(
    "tablet.no-upload-in-progress",
    "No upload is in progress for this device and user.",
    "Start the upload again.",
)
PATIENT_REFUSED = Kind("tablet.patient-refused", "Patient {position}: {reason}.")
POLICY_NOT_SATISFIED = Kind(
    "tablet.policy-not-satisfied", "Patient does not satisfy the {name} policy ({policy})."
)
UNEXPECTED_FAILURE = Kind(
    "tablet.unexpected-failure",
    "The server met an unexpected problem; nothing was changed.",
    "Tell the server's administrator this reference: {reference}.",
    500,
)

# --- pages -------------------------------------------------------------------------------------

# --- commands ----------------------------------------------------------------------------------
