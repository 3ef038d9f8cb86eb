# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixed words of documents.

British English here; a translation stands in the string set `document` under the same names.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

STRING_SET = "document"
PROGRAM_SET = "ui"
_OF_PROGRAM = ("yes", "no")
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "patient": "Patient",
        "born": "born",
        "years_short": "y",
        "sex_M": "male",
        "sex_F": "female",
        "sex_X": "sex X",
        "sex_unknown": "sex not recorded",
        "dob_unknown": "date of birth not recorded",
        "no_name": "(no name)",
        "no_idnums": "no ID numbers",
        "idnum_unreadable": "not a valid number of its kind",
        "idnum_missing": "(missing)",
        "address": "Address",
        "gp": "General practitioner",
        "email": "E-mail",
        "other": "Other details",
        "anonymous": "Anonymous: this instrument does not record who answered.",
        "hidden": "The patient's identity is hidden in this copy.",
        "patient_missing": "The patient's record is missing.",
        "created": "Created",
        "version": "version {version}",
        "alert": "Alert",
        "alerts": "Alerts",
        "special_notes": "Notes added on the server",
        "patient_notes": "on the patient",
        "note_by": "by",
        "clinician": "Clinician",
        "clinician_specialty": "Specialty",
        "clinician_name": "Name",
        "clinician_professional_registration": "Professional registration",
        "clinician_post": "Post",
        "clinician_service": "Service",
        "clinician_contact_details": "Contact details",
        "not_recorded": "not recorded",
        "respondent": "Respondent",
        "respondent_name": "Name",
        "respondent_relationship": "Relationship to the patient",
        "summary": "Summary",
        "complete": "Complete",
        "incomplete": "Incomplete",
        "not_scored": "Not scored",
        "not_scored_detail": "The scores of this record could not be computed.",
        "so_far": "so far",
        "out_of": "of",
        "not_available": "not available",
        "missing_answers": "Not answered: {names}",
        "missing_more": "{names} and {count} more",
        "missing_unknown": "Something that this instrument requires is missing.",
        "invalid": "Invalid answer",
        "invalid_answer": "{question}: “{value}” is not permitted (permitted: {allowed})",
        "invalid_answer_plain": "{question}: “{value}” is not permitted",
        "allowed": "permitted: {allowed}",
        "allowed_from_to": "{low} to {high}",
        "allowed_from": "{low} or more",
        "allowed_to": "{high} or less",
        "row": "row {number}",
        "superseded": "Superseded: a later version of this record exists.",
        "deleted": "Deleted: this record was removed on the tablet.",
        "not_current": "Not current.",
        "removed_when": "Removed on {when} by {user}",
        "successor": "Later version: record {pk}",
        "erased": "Erased: its contents were removed on the server.",
        "erased_when": "Erased on {when} by {user}",
        "live": "Live on the tablet: it may still change.",
        "withheld": "Not all of this record is shown.",
        "withheld_detail": "Parts of it (the patient, ID numbers, rows or pictures) belong to a group whose"
        " records you may not see.",
        "unfinished": "Structure only",
        "unfinished_detail": "only the structure of this instrument is defined:"
        " no scores, completeness or pages yet",
        "data_collection": "Data collection only",
        "data_collection_detail": "This instrument's wording belongs to its owner and has not been"
        " supplied to this site: topics stand in place of the questions.",
        "question": "Question",
        "answer": "Answer",
        "answers": "Answers",
        "number": "No.",
        "not_answered": "not answered",
        "none_recorded": "None recorded.",
        "yes": "Yes",
        "no": "No",
        "value": "Value",
        "photo": "Picture",
        "picture": "Picture: {about}",
        "no_picture": "(no picture)",
        "picture_broken": "(picture could not be shown)",
        "too_long": "[{count} characters are not printed here: the text is too long. The page shows them.]",
        "pictures_too_large": "(not printed: the pictures are too large together; the page shows them)",
        "signature": "Signature",
        "signature_name": "Name",
        "signature_date": "Date and time",
        "provenance": "About this record",
        "record": "Record",
        "page": "page {n} of {m}",
        "undrawable": "Characters that could not be printed, shown as {box}: {list}",
        "created_at": "Created",
        "modified_at": "Last modified",
        "table": "Table",
        "client_key": "Key on the tablet",
        "server_key": "Key on the server",
        "predecessor_key": "Earlier version",
        "successor_key": "Later version",
        "patient_key": "Patient's key on the server",
        "device": "Device",
        "client_version": "Version of the tablet's program",
        "uploaded_at": "Uploaded",
        "uploaded_by": "Uploaded by",
        "group": "Group",
        "current": "Current",
        "era": "Era",
        "era_now": "still on the tablet",
        "preserved_by": "Finalized by",
        "forcibly": "forcibly",
        "rules": "Version of the scoring rules",
        "rendered_at": "This copy made",
        "server_version": "Version of the server",
        "unknown_user": "(unknown)",
    }
)


def labels(find: Callable[[str, str, str], str | None], locale: str) -> Mapping[str, str]:
    """The words in a language; `find(set, name, locale)` gives a translation or None."""
    words = {name: find(STRING_SET, name, locale) or text for name, text in ENGLISH.items()}
    for name in _OF_PROGRAM:
        words[name] = find(PROGRAM_SET, name, locale) or words[name]
    return words


def language_tag(locale: str) -> str:
    """The BCP 47 tag of a locale name: `en_GB` is `en-GB`."""
    return locale.replace("_", "-")


def is_right_to_left(locale: str) -> bool:
    return locale.replace("-", "_").split("_")[0].lower() in RIGHT_TO_LEFT
