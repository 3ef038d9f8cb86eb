# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that make and change the database."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from camcops.cli.shell import ServerCommand, close_at_end, config_option, open_site, settings_of

LINES_EVERY = 100


@click.command(cls=ServerCommand)
@config_option(required=True)
@click.option(
    "--show_sql_only",
    is_flag=True,
    help="Print the SQL that would be run; change nothing. (It does not adopt a database of CamCOPS"
    " 2.4, which needs repairs too.)",
)
@click.option(
    "--dry_run", is_flag=True, help="Of a database of CamCOPS 2.4: only tell what would be done."
)
@click.option(
    "--no_reindex",
    is_flag=True,
    help="Don't rebuild the indexes of tasks and patients afterwards. (Without effect until the"
    " adoption of a database of CamCOPS 2.4 is finished.)",
)
def upgrade_db(config: Path, show_sql_only: bool, dry_run: bool, no_reindex: bool) -> None:
    """Make the tables of a new database, or bring an older one up to date.

    A database that CamCOPS 2.4 made is taken over; CamCOPS 2.4 can still use it afterwards. Safe to
    repeat, to interrupt and to run twice at once. Make a backup first where there is something to lose.
    """
    from camcops.db.upgrade import sql_of_upgrade, upgrade
    from camcops.records.adoption.adopting import Adoption, rehearse
    from camcops.site import Site

    site = Site.open(settings_of(config))
    close_at_end(site)
    url = site.settings.site.db_url
    if show_sql_only:
        click.echo(sql_of_upgrade(url, site.library), nl=False)
        return
    if dry_run:
        for sentence in rehearse(site.database):
            _tell(sentence)
        return
    adoption = Adoption(_tell)
    upgrade(url, site.library, progress=_progress(), adopter=adoption)
    if not no_reindex and not adoption.happened:
        from camcops.records.reindex import rebuild

        total = site.database.write(lambda conn: rebuild(site.database, conn, _ignore))
        click.echo(f"Tasks indexed: {total}", err=True)
    click.echo("The database is up to date.", err=True)


@click.command(cls=ServerCommand)
@config_option(required=True)
@click.option("--confirm_finish_adoption", is_flag=True, help="Yes, CamCOPS 2.4 is done with.")
def finish_adoption(config: Path, confirm_finish_adoption: bool) -> None:
    """Keep a database of CamCOPS 2.4 for good.

    Until then both programs can use the database, one at a time. This looks once more for what CamCOPS 2.4
    left wrong, and lets the database forbid two current versions of one record, which CamCOPS 2.4 makes for
    a moment in its uploads. Afterwards upgrade_db no longer looks for such mistakes. Safe to interrupt and
    to repeat.
    """
    from camcops.db.upgrade import upgrade
    from camcops.problems import ADOPTION_UNCONFIRMED, Problem
    from camcops.records.adoption.adopting import Adoption, is_final

    site = open_site(config)
    if not confirm_finish_adoption:
        raise Problem(ADOPTION_UNCONFIRMED)
    if site.database.read(is_final):
        _tell("The adoption was final already.")
        return
    adoption = Adoption(_tell, final=True)
    upgrade(site.settings.site.db_url, site.library, progress=_progress(), adopter=adoption)
    _tell("The adoption is final: don't run CamCOPS 2.4 on this database again.")


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)


def _ignore(_table: str, _tasks: int) -> None:
    """Progress of the indexing: its tables are too many to name."""


def _progress() -> Callable[[int, int, str], None]:
    """Shows the present step on a terminal, and now and then a line in a log."""
    on_terminal = sys.stderr.isatty()

    def show(done: int, total: int, what: str) -> None:
        if on_terminal:
            end = "\n" if done + 1 == total else ""
            click.echo(f"\r\x1b[K{done + 1} of {total}: {what}{end}", err=True, nl=False)
        elif done % LINES_EVERY == 0 or done + 1 == total:
            click.echo(f"{done + 1} of {total}: {what}", err=True)

    return show
