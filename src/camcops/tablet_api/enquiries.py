# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations that ask, and registration: everything before the first record is sent."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from camcops import TABLET_COMPATIBLE_VERSION
from camcops.accounts.groups import load_group
from camcops.db.instants import utc_now
from camcops.db.keys import new_key
from camcops.db.schema import devices, server_settings
from camcops.problems import FIELD_WRONG, Problem
from camcops.records.idnums import definitions
from camcops.tablet_api import batches, binding
from camcops.tablet_api.batches import find_device
from camcops.tablet_api.calls import Call, Work
from camcops.tablet_api.incoming import needed_version
from camcops.tablet_api.json_fields import read_json
from camcops.tablet_api.policy_check import Policies
from camcops.tablet_api.replies import Reply, keyed, record_list, result
from camcops.tablet_api.validation import read_patients

_LONGEST_FRIENDLY_NAME = 1000


def check_device_registered(call: Call) -> Work:
    def work(conn: sa.Connection) -> Reply:
        call.device(conn)
        return result("check_device_registered")

    return work


def check_upload_user_and_device(call: Call) -> Work:
    def work(conn: sa.Connection) -> Reply:
        call.device(conn)
        return result("check_upload_user_and_device")

    return work


def get_id_info(call: Call) -> Work:
    def work(conn: sa.Connection) -> Reply:
        call.device(conn)
        return _id_info(conn, call.known_group)

    return work


def register(call: Call) -> Work:
    """Make the device known, or refresh what is known of it."""
    friendly_name = call.request.form.text("devicefriendlyname")
    if friendly_name and len(friendly_name) > _LONGEST_FRIENDLY_NAME:
        reason = f"longer than {_LONGEST_FRIENDLY_NAME} characters"
        raise Problem(FIELD_WRONG, field="devicefriendlyname", reason=reason)
    values: dict[str, object] = {
        "friendly_name": friendly_name,
        "camcops_version": call.request.version_text,
        "registered_by_user_id": call.known_user.id,
    }

    def work(conn: sa.Connection) -> Reply:
        device_id = _register(conn, call.device_name, values)
        call.site.audit.record(
            conn,
            source="tablet",
            remote_addr=call.request.remote_addr,
            user_id=call.known_user.id,
            device_id=device_id,
            table_name=devices.name,
            server_pk=device_id,
            details=f"register, device_id={call.device_name}, friendly_name={friendly_name}",
        )
        return _id_info(conn, call.known_group)

    return work


def get_allowed_tables(call: Call) -> Work:
    tables = call.site.database.tables
    reply = record_list(
        ("tablename", "min_client_version"),
        ((name, str(needed_version(tables[name]))) for name in tables),
    )
    return _audited(call, "get_allowed_tables", reply)


def get_extra_strings(call: Call) -> Work:
    reply = call.endpoint.extra_strings.reply(call.known_user)
    return _audited(call, "get_extra_strings", reply)


def validate_patients(call: Call) -> Work:
    """Would these patients be accepted? Only the policies that they satisfy are noted, for the upload."""
    data = read_json(call.request.form, "patient_info")

    def work(conn: sa.Connection) -> Reply:
        device = call.device(conn, lock=True)
        patients = read_patients(data, definitions(conn))
        policies = Policies.of(conn, call.known_group)
        for patient in patients:
            policies.check(patient.items, finalizing=patient.finalizing)
        binding.check_described(conn, call.known_user, patients)
        batches.note_policies(conn, device, policies.to_json())
        return result("Success")

    return work


def _id_info(conn: sa.Connection, group_id: int) -> Reply:
    title = conn.scalar(sa.select(server_settings.c.database_title))
    group = load_group(conn, group_id)
    values = {
        "databaseTitle": title or "",
        "idPolicyUpload": group.upload_policy if group else "",
        "idPolicyFinalize": group.finalize_policy if group else "",
        "serverCamcopsVersion": TABLET_COMPATIBLE_VERSION,
    }
    for which, known in definitions(conn).items():
        values[f"idDescription{which}"] = known.description
        values[f"idShortDescription{which}"] = known.short_description
        values[f"idValidationMethod{which}"] = known.validation_method
    return keyed(values)


def _register(conn: sa.Connection, name: str, values: dict[str, object]) -> int:
    values = {**values, "when_registered_utc": utc_now()}
    device = find_device(conn, name, lock=True)
    if device is None:
        try:
            with conn.begin_nested():
                made = conn.execute(
                    devices.insert().values(name=name, currently_preserving=False, **values)
                )
                return new_key(made)
        except IntegrityError:  # the same device registers twice at the same moment
            device = find_device(conn, name, lock=True)
            if device is None:
                raise
    conn.execute(devices.update().where(devices.c.id == device.id).values(**values))
    return device.id


def _audited(call: Call, details: str, reply: Reply) -> Work:
    def work(conn: sa.Connection) -> Reply:
        device = find_device(conn, call.device_name, lock=False)
        call.site.audit.record(
            conn,
            source="tablet",
            remote_addr=call.request.remote_addr,
            user_id=call.known_user.id,
            device_id=device.id if device else None,
            details=details,
        )
        return reply

    return work
