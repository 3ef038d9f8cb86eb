# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that a person or a tablet can meet, declared once.

A `Kind` says what was wrong and what to do about it; raising `Problem(KIND, name=value)` fills in the
data. Each face renders it in its own way: a page, a tablet's reply, a line on the terminal.
"""

import datetime as dt
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


def minutes_until(until: dt.datetime, now: dt.datetime) -> int:
    """How many whole minutes somebody still has to wait, at least 1."""
    return max(1, -(-int((until - now).total_seconds()) // 60))


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
INSTRUMENTS_FAULTY = Kind(
    "instruments_faulty",
    "{count} instruments have faults, listed above.",
    "Correct the files at the lines named.",
)
SCORE_INPUT_INVALID = Kind(
    "score_input_invalid",
    "Line {line} of the input is not a record to score: {reason}.",
    'Give one JSON object a line: {{"table": …, "fields": {{…}}, "ancillary": {{…}}, '
    '"patient": {{…}}, "generic": {{…}}}}.',
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

DATABASE_URL_UNUSABLE = Kind(
    "database_url_unusable",
    "DB_URL can't be used: {reason}.",
    "Give the address of an SQLite file, or of a MariaDB, MySQL or PostgreSQL database.",
    http=500,
)
DATABASE_UNAVAILABLE = Kind(
    "database_unavailable",
    "The database can't be used: {reason}.",
    "Try again shortly. If it stays so, the administrator should check that the database server "
    "runs, and DB_URL in the configuration file.",
    http=503,
)
DATABASE_ABSENT = Kind(
    "database_absent",
    "The server has no database of the name in DB_URL, or does not let this user see it.",
    "Make it (“camcops_server demo_mysql_create_db” prints the SQL for MariaDB and MySQL), then run "
    "“camcops_server upgrade_db”.",
    http=503,
)
DATABASE_LOGIN_REFUSED = Kind(
    "database_login_refused",
    "The database server refuses the user name or the password in DB_URL.",
    "Correct DB_URL in the configuration file, or the account on the server.",
    http=503,
)
DATABASE_RIGHT_LACKING = Kind(
    "database_right_lacking",
    "The user in DB_URL lacks a right on the database: {right}.",
    "Let the database's administrator grant that user all rights on this database, and on no other.",
    http=503,
)
DATABASE_BUSY = Kind(
    "database_busy",
    "The database is too busy with the work of others.",
    "Nothing was changed. Try again shortly.",
    http=503,
)
DATABASE_EMPTY = Kind(
    "database_empty",
    "The database has no CamCOPS tables yet.",
    "Run “camcops_server upgrade_db”.",
    http=503,
)
DATABASE_OUTDATED = Kind(
    "database_outdated",
    "The database is older than this program (revision found: {found}; expected: {expected}).",
    "Make a backup, then run “camcops_server upgrade_db”.",
    http=503,
)
DATABASE_NEWER = Kind(
    "database_newer",
    "The database was upgraded by a newer program (revision found: {found}; expected: {expected}).",
    "Install that version of the program; “camcops_server upgrade_db” can't go back.",
    http=503,
)
DATABASE_LACKS_TABLES = Kind(
    "database_lacks_tables",
    "The instruments have changed since the database was last upgraded (revision found: "
    "{found}; expected: {expected}).",
    "Run “camcops_server upgrade_db”.",
    http=503,
)
DATABASE_OF_CAMCOPS_2 = Kind(
    "database_of_camcops_2",
    "The database belongs to CamCOPS 2 at revision {found}; only one at revision {needed} can be taken over.",
    "Nothing was changed. Let CamCOPS 2.4 bring it to that revision first, or name an empty "
    "database in DB_URL.",
    http=503,
)
DATABASE_TO_ADOPT = Kind(
    "database_to_adopt",
    "The database belongs to CamCOPS 2.4 and has not been taken over yet, or not wholly.",
    "Stop CamCOPS 2.4, make a backup and run “camcops_server upgrade_db”.",
    http=503,
)
DATABASE_NOT_ADOPTED = Kind(
    "database_not_adopted",
    "The database was not taken over from CamCOPS 2.4, or not wholly: there is nothing to finish.",
    "If it belongs to CamCOPS 2.4, run “camcops_server upgrade_db” first.",
)
ADOPTION_UNCONFIRMED = Kind(
    "adoption_unconfirmed",
    "Nothing was changed: once the adoption is finished, CamCOPS 2.4 may not be able to use "
    "the database again.",
    "If that is what you want, add “--confirm_finish_adoption”.",
)

# --- accounts ----------------------------------------------------------------------------------

BAD_CREDENTIALS = Kind(
    "bad_credentials",
    "The user name or the password is wrong, or this account may not log in here.",
    "Check both, and the capital letters. If you have forgotten your password, ask an "
    "administrator of your group.",
    401,
)
LOCKED_OUT = Kind(
    "locked_out",
    "After too many failed log-ins this user name is locked until {until:%Y-%m-%d %H:%M} UTC "
    "({minutes} min from now).",
    "Wait until then, log in from where you usually do, or ask an administrator of your group to unlock it.",
    403,
)
ADDRESS_BLOCKED = Kind(
    "address_blocked",
    "After too many failures from your network address, nobody new can log in or register from it until "
    "{until:%Y-%m-%d %H:%M} UTC ({minutes} min from now).",
    "Wait until then. Those who have logged in from there before are not affected.",
    403,
)
PASSWORD_BLANK = Kind("password_blank", "The password is blank.", "Choose another one.")
PASSWORD_SHORT = Kind(
    "password_short",
    "The password is shorter than {minimum} characters.",
    "Choose a longer one: a few unconnected words are easy to remember and hard to guess.",
)
PASSWORD_COMMON = Kind(
    "password_common",
    "The password is one of the best-known leaked passwords, which attackers try first.",
    "Choose another one: a few unconnected words are easy to remember and hard to guess.",
)
USER_NAME_INVALID = Kind(
    "user_name_invalid",
    "The user name {name!r} can't be used.",
    "Use 1 to 191 letters (unaccented), digits, and the characters , _ - {{ }}.",
)
USER_NAME_RESERVED = Kind(
    "user_name_reserved",
    "The user name {name!r} is reserved for the program itself.",
    "Choose another one.",
)
USER_NAME_TAKEN = Kind(
    "user_name_taken",
    "There is already a user called {name!r} (capital letters make no difference).",
    "Choose another name.",
    409,
)
USER_UNKNOWN = Kind(
    "user_unknown", "There is no user called {name!r}.", "Check the spelling of the name.", 404
)
USER_EXISTS_KEEPS_PASSWORD = Kind(
    "user_exists_keeps_password",
    "There is already a user called {name!r}, whose password this command does not change.",
    "Leave the password out to give this user superuser rights; `reset_password` sets a new password.",
    409,
)
GROUP_NAME_INVALID = Kind(
    "group_name_invalid",
    "The group name {name!r} can't be used.",
    "Use 1 to 191 letters (unaccented), digits, and the characters _ -.",
)
GROUP_NAME_TAKEN = Kind(
    "group_name_taken",
    "There is already a group called {name!r} (capital letters make no difference).",
    "Choose another name.",
    409,
)
TEXT_TOO_LONG = Kind(
    "text_too_long",
    "The {what} is longer than {maximum} characters.",
    "Shorten it.",
)

# --- records -----------------------------------------------------------------------------------

INDEX_WRONG = Kind(
    "index_wrong",
    "The indexes disagree with the records ({count} found).",
    "Run `camcops_server reindex`.",
    500,
)

SERVER_PATIENT_REFUSED = Kind(
    "server_patient_refused", "This patient can't be made: {reason}.", "Nothing was changed."
)
SERVER_PATIENT_UNKNOWN = Kind(
    "server_patient_unknown",
    "No patient number {pk} was made on the server.",
    "`camcops_server list_patients` shows those there are.",
    404,
)
GROUP_UNKNOWN = Kind(
    "group_unknown", "There is no group called {name!r}.", "Check the spelling of the name.", 404
)
POLICY_INVALID = Kind(
    "policy_invalid",
    "The policy {policy!r} can't be understood.",
    "Use AND, OR, NOT, brackets, and forename, surname, sex, dob, address, email, gp, otherdetails,"
    " anyidnum, otheridnum, idnum1, idnum2, …",
)
IDNUM_TYPE_TAKEN = Kind(
    "idnum_type_taken",
    "There is already a type {which} of ID number.",
    "Choose another number.",
    409,
)
IDNUM_TYPE_UNKNOWN = Kind(
    "idnum_type_unknown",
    "There is no type {which} of ID number.",
    "Make it first, with `camcops_server make_idnum_type`.",
    404,
)

# --- task schedules ----------------------------------------------------------------------------

PLAN_UNREADABLE = Kind(
    "schedules.plan_unreadable",
    "The file {path} can't be used:\n{faults}\n",
    "Nothing was changed. See “Patients at home” in the administrator's guide.",
)
SCHEDULE_EXISTS = Kind(
    "schedules.exists",
    "Group {group} has a schedule called {name!r} already.",
    "Choose another name.",
    409,
)
SCHEDULE_UNKNOWN = Kind(
    "schedules.unknown",
    "The patient's group has no schedule called {name!r}.",
    "Check the spelling; a patient can only follow schedules of the same group.",
    404,
)
USE_NOT_PERMITTED = Kind(
    "schedules.use_not_permitted",
    "The instrument {table} may not be put to {use} use, and group {group} has not said that "
    "it will not do so.",
    "Leave the instrument out.",
)

# --- tablet ------------------------------------------------------------------------------------

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

# --- pages -------------------------------------------------------------------------------------

BAD_PARAMETER = Kind(
    "page.bad-parameter",
    "The address or form has a value that can't be used: {name}.",
    "Allowed is {allowed}.",
    400,
)
FORM_TOO_OLD = Kind(
    "page.form-too-old",
    "The form was opened in an earlier log-in, or not on this site, so nothing was changed.",
    "Go back, reload the page and send it again.",
    403,
)
COOKIE_MISSING = Kind(
    "page.cookie-missing",
    "Your browser sent no cookie with the form, so nothing was changed.",
    "Open this site by its https address, and allow its cookies.",
    403,
)
PAGE_NOT_FOUND = Kind(
    "page.not-found",
    "There is no such page, or it is not yours to see.",
    "Check the address; or look for the patient or task from the main page.",
    404,
)
PAGE_METHOD = Kind(
    "page.method",
    "This address does not answer that kind of request.",
    "Open the page first, and use its form.",
    405,
)
PAGE_FORBIDDEN = Kind(
    "page.forbidden",
    "Your account may not open this page.",
    "If your work needs it, ask an administrator of your group.",
    403,
)
PASSWORD_UNCHANGED = Kind(
    "page.password-unchanged",
    "The new password is the same as the present one.",
    "Choose a different one.",
    400,
)
SECOND_FACTOR_UNAVAILABLE = Kind(
    "page.second-factor-unavailable",
    "Your account asks for a second factor, which this server can't check yet.",
    "Ask an administrator to switch the second factor of your account off.",
    403,
)

# --- commands ----------------------------------------------------------------------------------

DOCUMENTATION_MISSING = Kind(
    "docs.missing",
    "No copy of the documentation is installed with this program.",
    "“camcops_server --allhelp” explains every command; “./run docs” in a checkout makes the rest.",
)
WOULD_BE_LOST = Kind(
    "keeping.would_be_lost",
    "The database has parts that this program doesn't know: {parts}.",
    "A copy would lack them, so none was made. Remove them, or use the database's own tools.",
)
TARGET_IN_USE = Kind(
    "keeping.target_in_use",
    "The database to be filled holds data already (table {table}).",
    "Name an empty one, on which only upgrade_db was run. Nothing was changed.",
)
COPY_DIFFERS = Kind(
    "keeping.copy_differs",
    "The copy differs from what was read: {tables}.",
    "Don't use the copy. Make it again; if it differs again, report it.",
)
BACKUP_UNUSABLE = Kind(
    "keeping.backup_unusable",
    "The backup {path} can't be used: {reason}.",
    "Nothing was changed.",
)

META_FAILED = Kind(
    "meta.failed",
    "It failed for {count} configuration files, and was not begun for {undone}.",
    "Correct what is named above, and run it again.",
)
FOLDER_MISSING = Kind("folder_missing", "There is no folder {path}.", "Make it, or name another.")
FOLDER_UNREADABLE = Kind(
    "folder_unreadable",
    "The folder {path} can't be read: {reason}.",
    "Run this as a user who may.",
)
DUMP_PROGRAM_MISSING = Kind(
    "dump.program_missing",
    "There is no program {program} here.",
    "Install the client programs of MariaDB or MySQL, or name the one to use with --mysqldump.",
)
DUMP_FAILED = Kind("dump.failed", "It was not dumped: {reason}.")
DUMPS_FAILED = Kind(
    "dump.some_failed",
    "Of {total} databases, {count} were not dumped.",
    "The reasons stand above. Older dumps are as they were.",
)
DUMP_OPTION_UNUSABLE = Kind(
    "dump.option_unusable",
    "The {name} has characters that no option file can hold.",
    "Choose another one.",
)
DUMP_OTHER_KIND = Kind(
    "dump.other_kind",
    "The configuration names a database of another kind ({found}).",
    "“camcops_server backup” keeps it.",
)
OPTION_FILE_UNREADABLE = Kind(
    "dump.option_file_unreadable",
    "The option file {path} can't be read: {reason}.",
    "Check its name, and that the user running this program may read it.",
)
OPTION_FILE_OPEN = Kind(
    "dump.option_file_open",
    "Others than its owner can read the option file {path}, and the password in it.",
    "Run “chmod 600” on it.",
)
BACKUPS_STUCK = Kind(
    "prune.stuck",
    "{count} backups could not be deleted.",
    "The reasons stand above: most often this user may not write to the folder.",
)

KIT_EXISTS = Kind(
    "make_instance.exists",
    "There is {folder} already.",
    "Nothing was written. Choose another instance name, or another folder with --directory.",
)
KIT_UNWRITTEN = Kind(
    "make_instance.unwritten",
    "The folder {folder} can't be written: {reason}.",
    "Nothing was left there. Name another folder with --directory.",
)
META_FAILED = Kind(
    "meta.failed",
    "It failed for {count} configuration files, and was not begun for {undone}.",
    "Correct what is named above, and run it again.",
)
FOLDER_MISSING = Kind("folder_missing", "There is no folder {path}.", "Make it, or name another.")
FOLDER_UNREADABLE = Kind(
    "folder_unreadable",
    "The folder {path} can't be read: {reason}.",
    "Run this as a user who may.",
)
DUMP_PROGRAM_MISSING = Kind(
    "dump.program_missing",
    "There is no program {program} here.",
    "Install the client programs of MariaDB or MySQL, or name the one to use with --mysqldump.",
)
DUMP_FAILED = Kind("dump.failed", "It was not dumped: {reason}.")
DUMPS_FAILED = Kind(
    "dump.some_failed",
    "Of {total} databases, {count} were not dumped.",
    "The reasons stand above. Older dumps are as they were.",
)
DUMP_OPTION_UNUSABLE = Kind(
    "dump.option_unusable",
    "The {name} has characters that no option file can hold.",
    "Choose another one.",
)
DUMP_OTHER_KIND = Kind(
    "dump.other_kind",
    "The configuration names a database of another kind ({found}).",
    "“camcops_server backup” keeps it.",
)
OPTION_FILE_UNREADABLE = Kind(
    "dump.option_file_unreadable",
    "The option file {path} can't be read: {reason}.",
    "Check its name, and that the user running this program may read it.",
)
OPTION_FILE_OPEN = Kind(
    "dump.option_file_open",
    "Others than its owner can read the option file {path}, and the password in it.",
    "Run “chmod 600” on it.",
)
BACKUPS_STUCK = Kind(
    "prune.stuck",
    "{count} backups could not be deleted.",
    "The reasons stand above: most often this user may not write to the folder.",
)

CONFIG_FAULTY = Kind(
    "check_config.faulty",
    "The installation has faults: {count}.",
    "Correct what is named above, and check again.",
)
SCORES_FAILED = Kind(
    "rescore.failed",
    "{count} tasks could not be scored.",
    "The log says which, and where in the program it went wrong.",
)
SEAL_FILE_UNUSABLE = Kind(
    "audit.seal_file_unusable",
    "The file of seals {path} can't be used: {reason}.",
    "See AUDIT_SEAL_FILE in the configuration.",
)
SEAL_FILE_DIFFERS = Kind(
    "audit.seal_file_differs",
    "The file of seals {path} knows seal {number} of the audit trail, which the database has not, or "
    "has otherwise.",
    "Either the database was put back to an earlier state, or the trail was tampered with: find out which, "
    "keep the file, and name a new one in AUDIT_SEAL_FILE. No seal is added to this one.",
)
SEAL_UNREADABLE = Kind(
    "audit.seal_unreadable",
    "The newest seal of the audit trail is not as the program writes them.",
    "Somebody altered it: see `camcops_server audit verify`.",
)
AUDIT_TAMPERED = Kind(
    "audit.tampered",
    "The audit trail is not as it was written: {count} findings.",
    "Keep the database, its backups and the file of seals as they are, and find out who could write to it.",
)

NO_FREE_PORT = Kind(
    "demo.no_free_port",
    "Each port from {first} to {last} is in use.",
    "Choose another with --port.",
)
DEMONSTRATION_FOLDER_IN_USE = Kind(
    "demo.folder_in_use",
    "The folder {folder} holds something else, or a demonstration that was cut short while it was made.",
    "Nothing was changed. Name an empty or a new folder.",
)
DEMONSTRATION_FAILED = Kind(
    "demo.failed", "The demonstration's server did not start.", "Its log is {log}."
)

ADDRESS_IN_USE = Kind(
    "serving.address_in_use",
    "Another program listens on {address} already.",
    "Stop it, or choose another PORT or UNIX_DOMAIN_SOCKET.",
)
ADDRESS_UNUSABLE = Kind(
    "serving.address_unusable",
    "It is not possible to listen on {address}: {reason}.",
    "Check HOST, PORT (only root may use those below 1024) and UNIX_DOMAIN_SOCKET.",
)
FOLDER_UNUSABLE = Kind(
    "serving.folder_unusable",
    "The folder {folder} of {key} can't be used: {reason}.",
    "Make it, with the user who runs this program as its owner and mode 0700, or name another.",
)
TLS_UNUSABLE = Kind(
    "serving.tls_unusable",
    "The certificate {path} can't be used: {reason}.",
    "SSL_CERTIFICATE and SSL_PRIVATE_KEY name two files in PEM format that belong together and that the user "
    "running this program can read.",
)
THREADS_WRONG = Kind(
    "serving.threads_wrong",
    "CHERRYPY_THREADS_MAX is {most}, but CHERRYPY_THREADS_START {first}.",
    "Let the first be -1 (no limit), or as large as the second or larger.",
)
MOUNT_POINT_WRONG = Kind(
    "serving.mount_point_wrong",
    "CHERRYPY_ROOT_PATH {path!r} is not a path.",
    "Leave it at /, or give a path such as /camcops.",
)
TOOLBAR_REFUSED = Kind(
    "serving.toolbar_refused",
    "DEBUG_TOOLBAR works with serve_pyramid only, since it shows all data to whoever opens a page.",
    "Switch it off.",
)
TOOLBAR_MISSING = Kind(
    "serving.toolbar_missing",
    "DEBUG_TOOLBAR needs the package pyramid_debugtoolbar, which is not installed.",
    "Switch it off; developers install the package with pip.",
)
SERVER_MISSING = Kind(
    "command.server-missing",
    "{server} can't run here: {reason}.",
    "It needs Linux or another Unix; elsewhere use another of the serve_ commands.",
)
