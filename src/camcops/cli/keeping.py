# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that keep a database safe: backup, restore, verify, copy_db."""

import os
import signal
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camcops import CONFIG_VARIABLE
from camcops.cli.progress import tables_done
from camcops.cli.shell import ServerCommand, config_option, open_site, settings_of

if TYPE_CHECKING:
    from camcops.db.keeping.archive import Manifest
    from camcops.instruments.library import Library

BackupFile = click.Path(dir_okay=False, path_type=Path)


def describe(manifest: "Manifest") -> str:
    return (
        f"{manifest.rows} rows in {len(manifest.sums)} tables, made {manifest.made_at} "
        f"by CamCOPS {manifest.program} from {manifest.database} ({manifest.title})"
    )


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="File to write, or folder in which to write camcops_YYYYmmddTHHMMSS.backup.",
)
@click.option("--no_verify", is_flag=True, help="Don't restore it elsewhere to prove it.")
def backup(config: Path | None, to: Path, no_verify: bool) -> None:
    """Write everything to one file, while serving.

    The file holds every row as it was at one moment, is the same for every kind of database, appears only
    when it is whole, and only its owner may read it. It is then proved by restoring it to a temporary
    database.
    """
    from camcops.db.keeping.archive import back_up

    site = open_site(config)
    path = to
    if to.is_dir():
        path = to / f"camcops_{datetime.now().astimezone():%Y%m%dT%H%M%S}.backup"
    # Ended by a timer or at shutdown, it should leave nothing half-written.
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        manifest = back_up(site.database, path, tables_done())
    finally:
        signal.signal(signal.SIGTERM, former)
    if not no_verify:
        _prove(path, site.library)
    click.echo(f"{path}: {describe(manifest)}{'' if no_verify else '; verified'}")


@click.command(cls=ServerCommand)
@config_option(required=True)
@click.option("--from", "source", required=True, type=BackupFile, help="The backup.")
def restore(config: Path, source: Path) -> None:
    """Fill a new database from a backup.

    The configuration names an empty database on which upgrade_db was run; it may be of another kind than
    the one backed up. All or nothing: a backup that is cut short, damaged or not ours changes nothing.
    """
    from camcops.db.keeping.archive import restore as fill_from

    manifest = fill_from(source, open_site(config).database, tables_done())
    click.echo(f"Restored {describe(manifest)}")


@click.command(cls=ServerCommand)
@config_option(required=False)
@click.argument("backup_file", metavar="BACKUP", type=BackupFile)
def verify(config: Path | None, backup_file: Path) -> None:
    """Prove a backup by restoring it elsewhere.

    It is restored to a temporary database, and every table compared with the counts and checksums that it
    was made with. Touches no other database. Needs a configuration only where INSTRUMENT_DIRS names
    instruments of your own.
    """
    from camcops.instruments.library import load_library
    from camcops.site import installed_library

    if config or os.environ.get(CONFIG_VARIABLE):
        library = installed_library(settings_of(config).site)
    else:
        library = load_library()
    manifest = _prove(backup_file, library)
    click.echo(f"Good: {describe(manifest)}")


def _prove(path: Path, library: "Library") -> "Manifest":
    from camcops.db.database import connect
    from camcops.db.keeping.archive import restore as fill_from
    from camcops.db.upgrade import upgrade

    with tempfile.TemporaryDirectory("-camcops") as folder:
        url = f"sqlite:///{folder}/scratch.sqlite"
        upgrade(url, library)
        scratch = connect(url, library)
        try:
            return fill_from(path, scratch, tables_done())
        finally:
            scratch.engine.dispose()


@click.command(cls=ServerCommand)
@config_option(required=True)
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Configuration file of the installation to fill.",
)
def copy_db(config: Path, target: Path) -> None:
    """Copy a database to one of another kind.

    For moving from the embedded database to MariaDB or PostgreSQL, and back. The target is an empty
    database on which upgrade_db was run. All or nothing; afterwards counts and checksums of every table are
    compared.
    """
    from camcops.db.keeping.copying import copy_database

    source = open_site(config)
    copied = copy_database(source.database, open_site(target).database, tables_done())
    rows = sum(total.rows for total in copied.values())
    click.echo(f"Copied and compared {rows} rows in {len(copied)} tables.")
