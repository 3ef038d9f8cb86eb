# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored records, patients and their schedules of tasks."""

from camcops.problems.kinds import Kind

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
