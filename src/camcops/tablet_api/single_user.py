# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations of a patient's own device: registering with an access key, and fetching what is to be done."""

import json
from typing import Any

import sqlalchemy as sa

from camcops.accounts.groups import uses_of, visible_group_ids
from camcops.accounts.single_patient import open_account
from camcops.accounts.throttling import refuse_blocked
from camcops.db.instants import utc_now
from camcops.db.schema import users
from camcops.problems import ACCESS_KEY_UNKNOWN, PATIENT_WITHOUT_ID_NUMBER, Problem
from camcops.schedules.assignments import Assignment, assignments_of
from camcops.schedules.completion import Completion, Slot, completions, slot
from camcops.schedules.server_patients import ServerPatient, find_by_key
from camcops.tablet_api.batches import find_device
from camcops.tablet_api.binding import check_free_of_staff
from camcops.tablet_api.calls import Call, Work
from camcops.tablet_api.incoming import quoted
from camcops.tablet_api.replies import Reply, keyed

_KEY = "patient_proquint"
_ORDER = ("surname", "forename", "sex", "dob", "email", "address", "gp", "other")


def register_patient(call: Call) -> Work:
    """Open an account for the patient with an access key, on the device that calls."""
    key = call.request.required(_KEY)

    def work(conn: sa.Connection) -> Reply:
        refuse_blocked(conn, call.request.remote_addr)
        found = _patient(conn, key)
        device = find_device(conn, call.device_name, lock=False)
        if device is not None:
            check_free_of_staff(conn, device)
        user, password = open_account(
            conn, call.device_name, patient_pk=found.pk, group_id=found.group_id
        )
        call.site.audit.record(
            conn,
            source="tablet",
            remote_addr=call.request.remote_addr,
            user_id=user.id,
            device_id=device.id if device else None,
            table_name=users.name,
            server_pk=user.id,
            patient_server_pk=found.pk,
            details=f"register_patient, account {user.username}",
        )
        uses = uses_of(conn, found.group_id)
        return keyed(
            {
                "patient_info": _patient_info(found),
                "user": user.username,
                "password": password,
                "ip_use_info": json.dumps({f"ip_use_{name}": int(on) for name, on in uses.items()}),
            }
        )

    return work


def get_task_schedules(call: Call) -> Work:
    """What the patient with an access key is to do, and what of it is done."""
    key = call.request.required(_KEY)
    user, database = call.known_user, call.site.database

    def work(conn: sa.Connection) -> Reply:
        found = _patient(conn, key)
        if user.auto_generated and user.single_patient_pk != found.pk:
            raise _unknown(key)
        assigned = assignments_of(conn, call.site.library, found.pk, now=utc_now())
        states = completions(
            conn,
            database.tables,
            [item for one in assigned for item in one.items],
            found.person.idnums,
            visible_group_ids(conn, user),
        )
        schedules = [_schedule(one, states) for one in assigned]
        return keyed(
            {"patient_info": _patient_info(found), "task_schedules": json.dumps(schedules)}
        )

    return work


def _patient(conn: sa.Connection, key: str) -> ServerPatient:
    found = find_by_key(conn, key)
    if found is None:
        raise _unknown(key)
    if not found.person.idnums:
        raise Problem(PATIENT_WITHOUT_ID_NUMBER)
    return found


def _unknown(key: str) -> Problem:
    return Problem(ACCESS_KEY_UNKNOWN, key=quoted(key))


def _patient_info(found: ServerPatient) -> str:
    """The patient as the app takes it over; dates as ISO text, ID numbers by `idnum<n>`."""
    details = found.person.details
    info: dict[str, Any] = {name: details.get(name) for name in _ORDER}
    if info["dob"] is not None:
        info["dob"] = info["dob"].isoformat()
    numbers = {f"idnum{which}": value for which, value in found.person.idnums.items()}
    return json.dumps([info | numbers])


def _schedule(assignment: Assignment, states: dict[Slot, Completion]) -> dict[str, Any]:
    items = []
    for item in assignment.items:
        state = states[slot(item)]
        items.append(
            {
                "table": item.table,
                "anonymous": item.anonymous,
                "settings": item.settings,
                "due_from": item.due_from.isoformat(),
                "due_by": item.due_by.isoformat(),
                "complete": state.complete,
                "when_completed": state.when.isoformat() if state.when else None,
            }
        )
    return {"task_schedule_name": assignment.name, "task_schedule_items": items}
