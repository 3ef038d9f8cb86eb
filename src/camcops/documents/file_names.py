# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of files made from records, by the site's specifications (`TASK_FILENAME_SPEC` and its kin)."""

import re
import unicodedata
from collections import defaultdict
from datetime import datetime

from camcops.config.site import SiteSettings
from camcops.documents.moments import read_datetime
from camcops.records.patients import StoredPatient
from camcops.records.reading import StoredTask

MOMENT = "%Y-%m-%dT%H%M%S"
LONGEST = 200
"""Characters of a name: file systems end at 255 bytes, and people add to names."""


def task_file_name(settings: SiteSettings, stored: StoredTask, filetype: str, now: datetime) -> str:
    """The file name of one task, without a folder; only letters of ASCII, digits, `-`, `_` and `.`.

    A task without a patient has `PATIENT_SPEC_IF_ANONYMOUS` in the patient's place.
    """
    tokens = _patient_tokens(stored.patient)
    anonymous = stored.patient is None
    created = read_datetime(stored.row["when_created"])
    tokens |= {
        "patient": (
            settings.patient_spec_if_anonymous
            if anonymous
            else settings.patient_spec.format_map(tokens)
        ),
        "anonymous": settings.patient_spec_if_anonymous if anonymous else "",
        "created": created.strftime(MOMENT) if created else "",
        "now": now.strftime(MOMENT),
        "tasktype": stored.instrument.table,
        "serverpk": str(stored.row["_pk"]),
        "filetype": filetype,
    }
    return safe_name(settings.task_filename_spec.format_map(tokens), f".{filetype}")


def safe_name(text: str, ending: str) -> str:
    """Text as a file name with this ending: accents dropped, spaces as `_`, nothing that leads elsewhere."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    kept = re.sub(r"[^A-Za-z0-9_.-]", "", re.sub(r"\s+", "_", plain)).lstrip(".-")
    stem = kept.removesuffix(ending)[: LONGEST - len(ending)] or "CamCOPS"
    return stem + ending


def _patient_tokens(patient: StoredPatient | None) -> defaultdict[str, str]:
    """The patient's tokens; those of ID numbers that the patient lacks are empty."""
    tokens: defaultdict[str, str] = defaultdict(str)
    if patient is None:
        return tokens
    row = patient.row
    tokens["surname"] = (row["surname"] or "").upper()
    tokens["forename"] = (row["forename"] or "").upper()
    tokens["dob"] = row["dob"].isoformat() if row["dob"] else ""
    tokens["sex"] = row["sex"] or ""
    numbers = [one for one in patient.idnums if one.value is not None]
    tokens["allidnums"] = "_".join(f"{one.short_description}-{one.value}" for one in numbers)
    for one in numbers:
        tokens[f"idshortdesc{one.which}"] = one.short_description
        tokens[f"idnum{one.which}"] = str(one.value)
    return tokens
