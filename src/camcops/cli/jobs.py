# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands for the processes that work in the background."""

from pathlib import Path

import click

from camcops.cli.shell import ServerCommand, config_option, open_site


@click.command(cls=ServerCommand)
@config_option(required=False)
def launch_workers(config: Path | None) -> None:
    """Settle what waits in the outbox, until told to end.

    Each task that is added or finalized leaves an event there. Where RECIPIENTS names nobody, events are
    settled; otherwise they stay, as this version can't send anything yet, and the log says so. No message
    broker is needed: keys that begin with CELERY_ have no effect. SIGTERM or Ctrl-C ends it within 10 s; a
    database that goes away is waited for.
    """
    from camcops.jobs import workers
    from camcops.serving.memory import before_serving

    site = open_site(config, serving=True)
    before_serving()
    workers.run(site)


@click.command(cls=ServerCommand)
@config_option(required=False)
def launch_scheduler(config: Path | None) -> None:
    """Do the recurring work, until told to end: seal the audit trail, keep house.

    Programs that serve do the same beside serving, and any number of processes may do it at once; this one
    does it also while none serves. SIGTERM or Ctrl-C ends it within 10 s; a database that goes away is waited
    for.
    """
    from camcops.jobs import scheduler
    from camcops.serving.memory import before_serving

    site = open_site(config, serving=True)
    before_serving()
    scheduler.run(site)
