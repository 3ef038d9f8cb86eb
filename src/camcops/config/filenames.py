# SPDX-License-Identifier: GPL-3.0-or-later
"""File-name specifications: the tokens that may stand in braces, and checking a specification."""

import re
from string import Formatter

from camcops.config.readers import NotAllowed

PATIENT_TOKENS = frozenset({"surname", "forename", "dob", "sex", "allidnums"})
FILE_TOKENS = PATIENT_TOKENS | {
    "patient",
    "created",
    "now",
    "tasktype",
    "serverpk",
    "filetype",
    "anonymous",
}
NUMBERED_TOKEN = re.compile(r"(idnum|idshortdesc)[1-9][0-9]*")


def _checked(value: str, allowed: frozenset[str]) -> str:
    try:
        tokens = [name for _, name, _, _ in Formatter().parse(value) if name is not None]
    except ValueError:
        raise NotAllowed("text in which each { has its }") from None
    for token in tokens:
        if token not in allowed and not NUMBERED_TOKEN.fullmatch(token):
            known = ", ".join(sorted(allowed))
            raise NotAllowed(
                f"text with tokens from this list: {known}, idnum1…, idshortdesc1… (not {token!r})"
            )
    return value


def patient_specification(value: str) -> str:
    return _checked(value, PATIENT_TOKENS)


def file_specification(value: str) -> str:
    return _checked(value, FILE_TOKENS)
