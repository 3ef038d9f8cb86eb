# SPDX-License-Identifier: GPL-3.0-or-later
"""What every request of a tablet carries: who, from which device, with which program, in which session."""

import re
from dataclasses import dataclass

from camcops.problems import FIELD_REQUIRED, OPERATION_UNKNOWN, TABLET_TOO_OLD, Problem
from camcops.records.lifecycle import SERVER_DEVICE, SYSTEM_USER
from camcops.tablet_api.forms import Form
from camcops.tablet_api.versions import MINIMUM_TABLET_VERSION, Version, parse_version

_OPERATION = re.compile(r"[A-Za-z0-9_]{1,191}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9,_{}-]{1,191}", re.ASCII)
_SESSION_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


class NotARequest(Exception):
    """Nothing sensible could be read: the answer is status 400."""


@dataclass(frozen=True, slots=True)
class TabletRequest:
    """One request. What is None was absent; names are of an allowed form."""

    form: Form
    operation: str | None
    device_name: str | None
    username: str | None
    password: str | None
    session_id: int | None
    session_token: str | None
    version: Version
    version_text: str
    remote_addr: str | None

    def check(self) -> None:
        """Raise `Problem` for what the user should read: a tablet too old, too large a body, no device."""
        if self.version < MINIMUM_TABLET_VERSION:
            raise Problem(TABLET_TOO_OLD, version=self.version_text, minimum=MINIMUM_TABLET_VERSION)
        self.form.check_size()
        if self.operation is None:
            raise Problem(FIELD_REQUIRED, field="operation")
        if self.device_name is None:
            raise Problem(FIELD_REQUIRED, field="device")

    def required(self, name: str) -> str:
        """The value of a field that the operation needs. Raises `Problem` without it."""
        return _given(name, self.form.text(name))

    def take(self, name: str) -> str:
        """As `required`, for the last time: the form no longer holds the field then."""
        return _given(name, self.form.take(name))


def read_request(form: Form, remote_addr: str | None) -> TabletRequest:
    """Read the common fields. Raises `NotARequest`, or `Problem` for a field that is not text."""
    try:
        version_text = form.text("camcops_version")
        version = parse_version(version_text) if version_text else None
        device_name = _name(form.text("device"), reserved=SERVER_DEVICE)
        username = _name(form.text("user"), reserved=SYSTEM_USER)
        operation = form.text("operation")
        password = form.text("password")
        session_id, session_token = form.text("session_id"), form.text("session_token")
    except Problem:
        raise NotARequest from None
    if version is None or version_text is None:
        raise NotARequest
    if operation is not None and not _OPERATION.fullmatch(operation):
        raise NotARequest
    has_id = session_id is not None and _SESSION_ID.fullmatch(session_id)
    return TabletRequest(
        form=form,
        operation=operation,
        device_name=device_name,
        username=username,
        password=password,
        session_id=int(session_id) if session_id and has_id else None,
        session_token=session_token,
        version=version,
        version_text=version_text,
        remote_addr=remote_addr,
    )


def _given(name: str, value: str | None) -> str:
    if value is None:
        raise Problem(FIELD_REQUIRED, field=name)
    return value


def unknown_operation(name: str) -> Problem:
    return Problem(OPERATION_UNKNOWN, operation=name)


def _name(text: str | None, *, reserved: str) -> str | None:
    if text is not None and (not _NAME.fullmatch(text) or text == reserved):
        raise NotARequest
    return text
