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

# --- pages -------------------------------------------------------------------------------------

# --- commands ----------------------------------------------------------------------------------
