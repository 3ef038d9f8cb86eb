# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands about patients at home: who they are, what they are to do, and what to send them."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camcops import problems
from camcops.cli.shell import ServerCommand, config_option, open_site
from camcops.problems import Problem

if TYPE_CHECKING:
    import sqlalchemy as sa

    from camcops.accounts.groups import Group
    from camcops.schedules.server_patients import ServerPatient
    from camcops.site import Site

READABLE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)

patient_option = click.option(
    "--patient", "pk", type=click.IntRange(min=1), required=True, help="The patient's number."
)


def moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dt.datetime | None:
    """A date, or a date and time, in ISO 8601; without an offset it is UTC."""
    from camcops.records.lifecycle import parse_instant

    try:
        return None if value is None else parse_instant(value)
    except ValueError:
        wanted = "2026-11-01 or 2026-11-01T09:00+01:00"
        raise click.BadParameter(f"{value!r} is no date as in {wanted}") from None


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.argument("file", type=READABLE)
def make_patient(config: Path | None, file: Path) -> None:
    """Make a patient who is to use an own device, and print the number and the access key.

    FILE (YAML or JSON; - for standard input) has `group`, `sex`, at least one of `idnum1`, `idnum2`, …, and
    may have `forename`, `surname`, `dob`, `email`, `address`, `gp` and `other`. The group's finalize policy
    must be satisfied.
    """
    from camcops.accounts.permissions import SYSTEM_USER
    from camcops.accounts.users import find_user
    from camcops.db.instants import utc_now
    from camcops.schedules.plan_files import read_patient
    from camcops.schedules.server_patients import create_patient, read_person

    plan = read_patient(text_of(file), file)
    site = open_site(config)

    def work(conn: "sa.Connection") -> "ServerPatient":
        group = group_called(conn, plan.group)
        person = read_person(conn, plan.details, group)
        system = find_user(conn, SYSTEM_USER)
        assert system is not None
        made = create_patient(conn, person, group_id=group.id, user_id=system.id, now=utc_now())
        record(site, conn, made.pk, "Patient made on the server")
        return made

    made = site.database.write(work)
    click.echo(f"Patient: {made.pk}\nAccess key: {made.access_key}")


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.argument("file", type=READABLE)
def make_schedule(config: Path | None, file: Path) -> None:
    """Make a schedule of tasks.

    FILE (YAML or JSON; - for standard input) has `name`, `group`, and `items`: a list, each with `task` (a
    table name), `due_from` (days after the start) and `due_within` (days from then on).
    """
    from camcops.schedules.plan_files import read_schedule
    from camcops.schedules.task_schedules import create_schedule

    site = open_site(config)
    plan = read_schedule(text_of(file), file, site.library)

    def work(conn: "sa.Connection") -> None:
        group = group_called(conn, plan.group)
        number = create_schedule(conn, plan.name, group, plan.items, site.library)
        site.audit.record(
            conn,
            source="console",
            table_name="_task_schedule",
            server_pk=number,
            details=f"Task schedule {plan.name} made in group {group.name}",
        )

    site.database.write(work)
    for item in plan.items:
        if site.library[item.table].has_clinician:
            click.echo(f"{item.table} is meant to be filled in by staff.", err=True)
    click.echo(f"Made schedule {plan.name}: {len(plan.items)} items.", err=True)


@click.command(cls=ServerCommand)
@config_option(required=False)
@patient_option
@click.option("--schedule", required=True, help="The name of a schedule of the patient's group.")
@click.option(
    "--start",
    metavar="DATE",
    callback=moment,
    help="When it starts (UTC, unless an offset is given); else when the device first fetches it.",
)
@click.option(
    "--settings", type=READABLE, help="A file: for each task's table, the app's settings."
)
def assign_schedule(
    config: Path | None,
    pk: int,
    schedule: str,
    start: dt.datetime | None,
    settings: Path | None,
) -> None:
    """Let a patient follow a schedule, and print what to send to the patient."""
    from camcops.schedules.assignments import assign
    from camcops.schedules.plan_files import read_settings
    from camcops.schedules.task_schedules import find_schedule

    site = open_site(config)
    told = read_settings(text_of(settings), settings, site.library) if settings else {}

    def work(conn: "sa.Connection") -> "ServerPatient":
        found = patient_numbered(conn, pk)
        number = find_schedule(conn, schedule, found.group_id)
        if number is None:
            raise Problem(problems.SCHEDULE_UNKNOWN, name=schedule)
        assign(conn, patient_pk=pk, schedule_id=number, start=start, settings=told)
        record(site, conn, pk, f"Task schedule {number} assigned")
        return found

    show_invitation(site, site.database.write(work))


@click.command(cls=ServerCommand)
@config_option(required=False)
def list_patients(config: Path | None) -> None:
    """List the patients made on the server, with access keys and schedules, separated by tabs."""
    from camcops.accounts.groups import load_groups
    from camcops.schedules.assignments import schedule_names
    from camcops.schedules.server_patients import all_server_patients

    site = open_site(config)

    def work(conn: "sa.Connection") -> list[str]:
        names, groups = schedule_names(conn), load_groups(conn)
        record(site, conn, None, "Patients made on the server listed")
        return [
            line(one, groups[one.group_id].name, names.get(one.pk, []))
            for one in all_server_patients(conn)
        ]

    click.echo("number\taccess key\tgroup\tsurname\tforename\tborn\tID numbers\tschedules")
    for text in site.database.write(work):
        click.echo(text)


@click.command(cls=ServerCommand)
@config_option(required=False)
@patient_option
def revoke_key(config: Path | None, pk: int) -> None:
    """Make a patient's access key worthless, and print what to send to the patient instead.

    Devices that are registered can still upload, but no longer fetch the patient's details and schedules
    until they are registered with the new key.
    """
    from camcops.schedules.server_patients import renew_key

    site = open_site(config)

    def work(conn: "sa.Connection") -> "ServerPatient":
        found = renew_key(conn, patient_numbered(conn, pk))
        record(site, conn, pk, "Access key revoked, and a new one made")
        return found

    show_invitation(site, site.database.write(work))


def text_of(file: Path) -> str:
    """What a file (or, for `-`, standard input) says. Raises Problem if it is not UTF-8."""
    try:
        with click.open_file(str(file), "rb") as opened:
            content: bytes = opened.read()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        fault = "  It is not text in UTF-8."
        raise Problem(problems.PLAN_UNREADABLE, path=file, faults=fault) from None


def line(one: "ServerPatient", group: str, schedules: list[str]) -> str:
    """A patient in one line, for lists."""
    details = one.person.details
    numbers = ", ".join(f"{which}: {value}" for which, value in one.person.idnums.items())
    shown = (
        one.pk,
        one.access_key,
        group,
        details.get("surname") or "",
        details.get("forename") or "",
        details.get("dob") or "",
        numbers,
        ", ".join(schedules),
    )
    return "\t".join(" ".join(str(cell).split()) for cell in shown)


def show_invitation(site: "Site", found: "ServerPatient") -> None:
    """Print what a patient needs to set up the app."""
    from camcops.schedules.invitations import Invitation, api_url

    invitation = Invitation(api_url(site.settings.server), found.access_key)
    click.echo(f"Server: {invitation.server_url}")
    click.echo(f"Access key: {invitation.access_key}")
    click.echo(f"Link for Android: {invitation.android_url}")
    click.echo(f"Link for iOS: {invitation.ios_url}")


def group_called(conn: "sa.Connection", name: str) -> "Group":
    from camcops.accounts.groups import find_group

    found = find_group(conn, name)
    if found is None:
        raise Problem(problems.GROUP_UNKNOWN, name=name)
    return found


def patient_numbered(conn: "sa.Connection", pk: int) -> "ServerPatient":
    from camcops.schedules.server_patients import find_by_pk

    found = find_by_pk(conn, pk)
    if found is None:
        raise Problem(problems.SERVER_PATIENT_UNKNOWN, pk=pk)
    return found


def record(site: "Site", conn: "sa.Connection", pk: int | None, details: str) -> None:
    site.audit.record(
        conn,
        source="console",
        table_name="patient",
        server_pk=pk,
        patient_server_pk=pk,
        details=details,
    )
