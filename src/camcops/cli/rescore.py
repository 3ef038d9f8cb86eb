# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that renews stored scores."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from camcops.cli.progress import ProgressLine
from camcops.cli.shell import ServerCommand, config_option, open_site
from camcops.problems import INSTRUMENT_UNKNOWN, SCORES_FAILED, Problem

if TYPE_CHECKING:
    from camcops.records.rescoring import Rescored

CHANGES_MOST = 20
"""How many kinds of change are named for an instrument; the others are counted together."""


@click.command(cls=ServerCommand)
@config_option(required=True)
@click.option(
    "--tables",
    metavar="TABLE,…",
    default="",
    help="Only these instruments, by table name, with commas between.",
)
@click.option("--dry_run", is_flag=True, help="Only say what would change.")
def rescore(config: Path, tables: str, dry_run: bool) -> None:
    """Renew scores that other rules than today's gave.

    Says for each instrument how many tasks changed, which score, and from what to what; names no patient.
    Uploads go on meanwhile; it can be interrupted and repeated. Exit status 1 if a task could not be
    scored.
    """
    from camcops.records.rescoring import rescore as renew

    site = open_site(config)
    known = [table for table in site.database.tables.values() if table.kind == "task"]
    wanted = {name.strip() for name in tables.split(",") if name.strip()}
    if unknown := sorted(wanted - {table.name for table in known}):
        raise Problem(INSTRUMENT_UNKNOWN, table=", ".join(unknown))
    line = ProgressLine()
    tasks = failed = 0
    for table in known:
        if wanted and table.name not in wanted:
            continue
        seen = renew(
            site.database,
            table,
            dry_run=dry_run,
            progress=lambda name, done: line.show(f"{name}: {done}"),
        )
        tasks, failed = tasks + seen.tasks, failed + seen.failed
        for says in described(seen):
            click.echo(says)
    click.echo(f"Tasks {'that would be ' if dry_run else ''}scored anew: {tasks}", err=True)
    if failed:
        raise Problem(SCORES_FAILED, count=failed)


def described(seen: "Rescored") -> list[str]:
    """Lines about one instrument; none if nothing was outdated."""
    if not seen.tasks:
        return []
    summary = (
        f"{seen.table}: {seen.tasks} scored anew, of which {seen.changed} changed, "
        f"{seen.first_scored} had no scores before, {seen.failed} could not be scored"
    )
    ordered = sorted(seen.changes.items(), key=lambda item: (-item[1], item[0]))
    named = [f"  {name}: {old} → {new}: {count}" for (name, old, new), count in ordered]
    lines = [summary, *named[:CHANGES_MOST]]
    if others := ordered[CHANGES_MOST:]:
        lines.append(f"  {len(others)} other changes: {sum(count for _, count in others)}")
    return lines
