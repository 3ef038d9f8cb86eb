# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that look at an installation and change nothing: check_config, status."""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camcops.cli.shell import ServerCommand, close_at_end, config_option, config_path, open_site
from camcops.problems import CONFIG_FAULTY, Problem

if TYPE_CHECKING:
    from camcops.operation.findings import Finding
    from camcops.operation.programs import Program
    from camcops.operation.status import Status

GIB = 1024**3
UNITS = {
    "day": dt.timedelta(days=1),
    "hour": dt.timedelta(hours=1),
    "minute": dt.timedelta(minutes=1),
}
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.option("--connect", is_flag=True, help="Ask the database too, and greet the other servers.")
@click.option(
    "--apache",
    "front_ends",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="An Apache file that is to lead here; may be repeated.",
)
@as_json
def check_config(
    config: Path | None, connect: bool, front_ends: tuple[Path, ...], as_json: bool
) -> None:
    """Check a configuration, and the files and folders that it names; every fault at once.

    Run it as the web server's user. With --connect also the database: in reach, at the right revision,
    safe settings, clock; and whether mail server and message broker answer. With --apache also whether
    that file leads here by the right way. Exit status 1 if there are faults; warnings alone leave it at 0.
    """
    found = list(_findings(config_path(config), connect, front_ends))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            click.echo(f"{one.weight}: {one.subject}: {one.says}")
    faults = sum(one.weight == "fault" for one in found)
    if faults:
        raise Problem(CONFIG_FAULTY, count=faults)
    click.echo("No faults.", err=True)


def _findings(path: Path, connect: bool, front_ends: Sequence[Path]) -> Iterator["Finding"]:
    from camcops.operation.config_checks import check_file, check_settings

    settings, found = check_file(path)
    yield from found
    if settings is None:
        return
    yield from check_settings(settings)
    if front_ends:
        from camcops.operation.apache_checks import check_apache

        for file in front_ends:
            yield from check_apache(file, settings.server)
    if connect:
        from camcops.operation.database_checks import check_database
        from camcops.operation.findings import fault
        from camcops.operation.reach import check_broker, check_mail_server
        from camcops.site import Site

        yield from check_mail_server(settings.site)
        yield from check_broker(settings.export)
        try:
            site = Site.open(settings)
        except Problem as problem:
            yield fault("site", problem.message)
            return
        close_at_end(site)
        yield from check_database(site.database)


@click.command(cls=ServerCommand)
@config_option(required=False)
@as_json
def status(config: Path | None, as_json: bool) -> None:
    """Show the state of the installation: programs, sessions, uploads, exports, scores, audit trail, disk.

    A program that runs on this machine and began before its configuration was last changed is named.
    Names devices and users, never patients. Instants are UTC.
    """
    from camcops.operation.status import status_of

    found = status_of(open_site(config))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), default=_plain, ensure_ascii=False))
        return
    for name, value in _lines(found):
        click.echo(f"{name + ':':<22}{value}")


def _plain(value: object) -> str:
    assert isinstance(value, dt.datetime)
    return value.isoformat() + "Z"


def _with_age(instant: dt.datetime) -> str:
    """An instant in UTC, and in words how long ago it was, so that nobody has to reckon."""
    from camcops.db.instants import utc_now

    passed = utc_now() - instant
    for unit, length in UNITS.items():
        if passed >= length:
            count = passed // length
            return f"{instant} ({count} {unit}{'' if count == 1 else 's'} ago)"
    return f"{instant} (just now)"


def _program(found: "Program") -> str:
    since = f"{found.command} (process {found.pid}) since {_with_age(found.since_utc)}"
    return f"{since}, BEFORE THE CONFIGURATION WAS CHANGED: restart it" if found.outdated else since


def _lines(found: "Status") -> Iterator[tuple[str, object]]:
    yield "Version", f"{found.version}, database revision {found.revision} ({found.database})"
    yield "Configuration", f"changed {_with_age(found.config_changed_utc)}"
    yield "Programs", "; ".join(_program(one) for one in found.programs) or "none on this machine"
    yield "Sessions", f"{found.browser_sessions} of browsers, {found.tablet_sessions} of tablets"
    yield "Users locked out", ", ".join(found.locked_users) or "none"
    last = found.last_upload_utc
    yield "Last upload", "never" if last is None else _with_age(last)
    uploads = [
        f"{upload.device} since {_with_age(upload.since_utc)}" for upload in found.open_uploads
    ]
    yield "Uploads in progress", "; ".join(uploads) or "none"
    since = found.outbox_oldest_utc
    oldest = "" if since is None else f", the oldest since {_with_age(since)}"
    yield "Waiting for export", f"{found.outbox_waiting}{oldest}"
    outdated = [f"{table} {count}" for table, count in sorted(found.outdated_scores.items())]
    yield "Scores out of date", ", ".join(outdated) or "none"
    if found.audit_sealed_at_utc is None:
        yield "Audit sealed", "not yet"
    else:
        rows = f"up to row {found.audit_sealed_up_to} of {found.audit_last}"
        yield "Audit sealed", f"{rows}, at {_with_age(found.audit_sealed_at_utc)}"
    if found.free_bytes is not None:
        yield "Free on the disk", f"{found.free_bytes / GIB:.1f} GiB"
