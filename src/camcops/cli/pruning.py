# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that clears away old backups."""

import datetime as dt
import logging
from pathlib import Path

import click

from camcops import problems
from camcops.cli.shell import ServerCommand
from camcops.problems import Problem

log = logging.getLogger(__name__)
PERIODS = click.IntRange(min=0)


@click.command(cls=ServerCommand)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder that holds the backups; folders in it are left alone.",
)
@click.option(
    "--database",
    "databases",
    multiple=True,
    default=["camcops"],
    show_default=True,
    help="What the names begin with; may be repeated.",
)
@click.option("--days", type=PERIODS, default=31, show_default=True, help="Keep all for so long.")
@click.option(
    "--weeks", type=PERIODS, default=0, show_default=True, help="Then the first of each week."
)
@click.option(
    "--months", type=PERIODS, show_default="for ever", help="Then those of the first of each month."
)
@click.option(
    "--years", type=PERIODS, default=0, show_default=True, help="Then the first of each year."
)
@click.option("--delete", is_flag=True, help="Delete them.")
@click.option("--dry_run", is_flag=True, help="Only list them, as without --delete.")
def prune_backups(
    directory: Path,
    databases: tuple[str, ...],
    days: int,
    weeks: int,
    months: int | None,
    years: int,
    delete: bool,
    dry_run: bool,
) -> None:
    """List the backups that are no longer needed; with --delete, delete them.

    Kept are all that are at most 31 days old, those of the first of each month, the newest, and the newest
    that is whole. Only files of exactly such names as `backup` and camcops_backup_mysql_database give are
    looked at.
    """
    from camcops.operation.pruning import Retention, backups_in, newest_whole, superfluous

    if delete and dry_run:
        raise click.UsageError("--delete and --dry_run exclude each other.")
    if not directory.is_dir():
        raise Problem(problems.FOLDER_MISSING, path=directory)
    retention = Retention(days, weeks, months, years)
    now = dt.datetime.now(dt.UTC)
    stuck = 0
    for database in dict.fromkeys(databases):
        try:
            backups = backups_in(directory, database)
        except OSError as error:
            raise Problem(
                problems.FOLDER_UNREADABLE, path=directory, reason=error.strerror
            ) from None
        if backups and newest_whole(backups) is None:
            click.echo(f"Warning: no backup of {database} is whole.", err=True)
        old = superfluous(backups, now, retention)
        for backup in old:
            click.echo(backup.path)
            stuck += delete and not _deleted(backup.path)
        done = "deleted" if delete else "could be deleted: --delete does it"
        log.info("%s: %d of %d backups %s", database, len(old), len(backups), done)
    if stuck:
        raise Problem(problems.BACKUPS_STUCK, count=stuck)


def _deleted(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        click.echo(f"{path}: {error.strerror}", err=True)
        return False
    return True
