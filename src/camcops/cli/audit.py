# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands about the audit trail: seal it, verify it."""

import datetime as dt
from pathlib import Path

import click

from camcops.cli.progress import lines_now_and_then
from camcops.cli.shell import CONTEXT, ServerCommand, config_option, open_site
from camcops.problems import AUDIT_TAMPERED, Problem

FINDINGS_MOST = 100


@click.group(context_settings=CONTEXT)
def audit() -> None:
    """Seal the audit trail, and verify that it is what was written."""


@audit.command(cls=ServerCommand)
@config_option(required=False)
def seal(config: Path | None) -> None:
    """Seal all rows that no seal covers yet.

    A program that serves does so each minute by itself. AUDIT_SEAL_FILE in the configuration names a file
    that gets each seal too.
    """
    from camcops.operation.sealer import seal_all

    made = list(seal_all(open_site(config)))
    rows = sum(seal.row_count for seal in made)
    click.echo(f"Rows sealed: {rows}; new seals: {len(made)}", err=True)


@audit.command(cls=ServerCommand)
@config_option(required=False)
@click.option("--from", "start", type=click.DateTime(), help="Only rows sealed since then (UTC).")
@click.option("--to", "end", type=click.DateTime(), help="Only rows sealed before then (UTC).")
@click.option(
    "--seal_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of seals to compare with; otherwise that of AUDIT_SEAL_FILE.",
)
def verify(
    config: Path | None, start: dt.datetime | None, end: dt.datetime | None, seal_file: Path | None
) -> None:
    """Prove that the audit trail is what was written.

    Finds rows edited, deleted, inserted, copied or exchanged, and the same of seals; with a file of seals,
    also a trail that was cut off at a seal. It can't find rows deleted before they were sealed (within a
    minute, while the program serves). Exit status 1 if anything was found.
    """
    from camcops.audit.seal_file import read_seal_file
    from camcops.audit.verifying import Period, verify_trail
    from camcops.site import audit_keys

    site = open_site(config)
    path = seal_file or site.settings.site.audit_seal_file
    seen = site.database.read(
        lambda conn: verify_trail(
            conn,
            audit_keys(site.settings.site),
            period=Period(start, end),
            outside=() if path is None else read_seal_file(path),
            progress=lines_now_and_then("rows"),
        )
    )
    for says in seen.findings[:FINDINGS_MOST]:
        click.echo(says)
    if len(seen.findings) > FINDINGS_MOST:
        click.echo(f"… and {len(seen.findings) - FINDINGS_MOST} more findings.")
    click.echo(
        f"Rows checked: {seen.rows}, under {seen.seals} seals; not yet sealed: {seen.unsealed}; "
        f"written by CamCOPS 2.4, without a code: {seen.uncoded}; "
        f"compared with a file of seals: {'no' if path is None else 'yes'}",
        err=True,
    )
    if seen.findings:
        raise Problem(AUDIT_TAMPERED, count=len(seen.findings))
    click.echo("The audit trail is as it was written.", err=True)
