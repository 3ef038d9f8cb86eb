# SPDX-License-Identifier: GPL-3.0-or-later
"""Instruments and their wording."""

from camcops.problems.kinds import Kind

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
