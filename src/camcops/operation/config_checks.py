# SPDX-License-Identifier: GPL-3.0-or-later
"""Checking a configuration file and the files that it names, all faults at once; no database is asked."""

import glob
import os
import stat
from collections.abc import Generator, Iterator
from pathlib import Path

from camcops import problems
from camcops.config import Settings, load
from camcops.instruments.checking import check_instruments, tables_in
from camcops.instruments.library import open_library
from camcops.instruments.string_xml import read_string_file
from camcops.operation.certificates import check_pair
from camcops.operation.findings import Finding, fault, warning
from camcops.problems import Problem

PNG = b"\x89PNG\r\n\x1a\n"
SECRET_CHARACTERS = 32
"""Fewer can be guessed, unless chosen well."""


def check_file(path: Path) -> tuple[Settings | None, list[Finding]]:
    """Load a configuration file; the settings, unless there are faults, and what was found."""
    try:
        settings = load(path)
    except Problem as problem:
        if problem.kind is not problems.CONFIG_WRONG:
            return None, [fault(str(path), problem.message), *_permissions(path)]
        lines = str(problem.data["faults"]).splitlines()
        found = [fault(str(path), line.removeprefix("  - ")) for line in lines]
        return None, [*found, *_permissions(path)]
    warnings = [warning(str(path), says) for says in settings.warnings]
    return settings, [*warnings, *_permissions(path)]


def check_settings(settings: Settings) -> Iterator[Finding]:
    """What is wrong with values and with the files that they name."""
    yield from _secrets(settings)
    yield from _dangers(settings)
    yield from _logos(settings)
    yield from _codes(settings)
    yield from _strings(settings)
    yield from _folders(settings)
    yield from _instruments(settings)
    yield from _transport(settings)
    yield from _recipients(settings)


def _permissions(path: Path) -> Iterator[Finding]:
    if not path.exists():
        return
    mode = path.stat().st_mode
    do = f"chmod 600 {path} (or 640, with the group of the web server's user)."
    if mode & stat.S_IROTH:
        yield warning(str(path), f"Everybody on this machine can read it and its secrets: {do}")
    if mode & (stat.S_IWOTH | stat.S_IWGRP):
        yield warning(str(path), f"Others than its owner can change it: {do}")


def _secrets(settings: Settings) -> Iterator[Finding]:
    for key in ("session_cookie_secret", "audit_secret"):
        value: str | None = getattr(settings.site, key)
        if value and len(value) < SECRET_CHARACTERS:
            says = f"It is short: use {SECRET_CHARACTERS} random characters or more."
            yield warning(key.upper(), says)


def _dangers(settings: Settings) -> Iterator[Finding]:
    for section, key in (
        (settings.site, "allow_insecure_cookies"),
        (settings.site, "db_echo"),
        (settings.server, "debug_toolbar"),
    ):
        if getattr(section, key):
            yield warning(key.upper(), "It is on. Switch it off where there are real patients.")


def _logos(settings: Settings) -> Iterator[Finding]:
    for key in ("local_logo_file_absolute", "camcops_logo_file_absolute"):
        path: Path | None = getattr(settings.site, key)
        if path is not None:
            content = yield from _readable(key.upper(), path, len(PNG))
            if content and content != PNG:
                yield fault(key.upper(), f"{path} is not a PNG picture.")


def _codes(settings: Settings) -> Iterator[Finding]:
    for kind in ("task", "icd9", "icd10"):
        key = f"snomed_{kind}_xml_filename"
        path: Path | None = getattr(settings.site, key)
        if path is not None:
            yield from _readable(key.upper(), path, 1)


def _readable(key: str, path: Path, count: int) -> Generator[Finding, None, bytes]:
    """Generator that yields a fault if the file can't be read, and returns its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        yield fault(key, f"{path} can't be read: {error.strerror}.")
        return b""


def _strings(settings: Settings) -> Iterator[Finding]:
    key = "EXTRA_STRING_FILES"
    for pattern in settings.site.extra_string_files:
        matches = sorted(glob.glob(pattern))
        if not matches:
            yield warning(key, f"Nothing is there: {pattern}")
        for name in matches:
            try:
                read_string_file(Path(name))
            except Problem as problem:
                yield fault(key, problem.message)


def _folders(settings: Settings) -> Iterator[Finding]:
    """Folders to which the program writes must be there, or be ones that it can make."""
    for key, folder in (
        ("USER_DOWNLOAD_DIR", settings.site.user_download_dir),
        ("EXPORT_LOCKDIR", settings.export.export_lockdir),
        ("UNIX_DOMAIN_SOCKET", _parent(settings.server.unix_domain_socket)),
        ("AUDIT_SEAL_FILE", _parent(settings.site.audit_seal_file)),
    ):
        if folder is None:
            continue
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if key == "AUDIT_SEAL_FILE" and nearest != folder:
            yield fault(key, f"The folder {folder} is not there. Make it.")
        elif not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            yield warning(key, f"This user can't write to {nearest}.")


def _parent(path: Path | None) -> Path | None:
    return None if path is None else path.absolute().parent


def _transport(settings: Settings) -> Iterator[Finding]:
    certificate, key = settings.server.ssl_certificate, settings.server.ssl_private_key
    if certificate is not None and key is not None:
        yield from check_pair(certificate, key)


def _recipients(settings: Settings) -> Iterator[Finding]:
    if names := ", ".join(settings.export.recipients):
        says = f"This version can't send to {names} yet: what is for them waits in the outbox."
        yield warning("RECIPIENTS", says)


def _instruments(settings: Settings) -> Iterator[Finding]:
    """The site's own instruments, checked as `instruments check` does."""
    key = "INSTRUMENT_DIRS"
    folders = [Path(folder) for folder in settings.site.instrument_dirs]
    missing = [folder for folder in folders if not folder.is_dir()]
    for folder in missing:
        yield fault(key, f"There is no folder {folder}.")
    present = [folder for folder in folders if folder not in missing]
    if not present:
        return
    try:
        library = open_library(present)
        for checked in check_instruments(library, tables_in(library, present)):
            for found in checked.faults:
                yield fault(key, str(found))
    except Problem as problem:
        yield fault(key, problem.message)
