# SPDX-License-Identifier: GPL-3.0-or-later
"""The program `camcops_server`: its global options and the list of its commands."""

import gc
import sys

import click

from camcops import __version__
from camcops.cli.shell import CONTEXT, Entry, LazyGroup, start_log

WHILE_STARTING = (50_000, 20, 20)
"""Thresholds of the collector. A start makes a million objects that stay: it would look through them again
and again for nothing."""

COMMANDS = {
    "demo": Entry("camcops.cli.demo", "demo", "Try it out: a server with invented patients."),
    "docs": Entry(
        "camcops.cli.documentation", "docs", "Open the documentation, and print where it is."
    ),
    "demo_camcops_config": Entry(
        "camcops.cli.specimens", "demo_camcops_config", "Print a complete configuration file."
    ),
    "demo_supervisor_config": Entry(
        "camcops.cli.specimens", "demo_supervisor_config", "Print a Supervisor configuration."
    ),
    "demo_apache_config": Entry(
        "camcops.cli.specimens", "demo_apache_config", "Print an Apache configuration."
    ),
    "demo_nginx_config": Entry(
        "camcops.cli.specimens", "demo_nginx_config", "Print an nginx configuration."
    ),
    "demo_systemd_units": Entry(
        "camcops.cli.specimens", "demo_systemd_units", "Print systemd units."
    ),
    "demo_firewall_rules": Entry(
        "camcops.cli.specimens", "demo_firewall_rules", "Print firewall rules."
    ),
    "demo_selinux_commands": Entry(
        "camcops.cli.specimens", "demo_selinux_commands", "Print commands for SELinux labels."
    ),
    "demo_crontab": Entry(
        "camcops.cli.specimens", "demo_crontab", "Print lines for the system's crontab."
    ),
    "demo_tmpfiles_config": Entry(
        "camcops.cli.specimens", "demo_tmpfiles_config", "Print the folders needed at boot."
    ),
    "demo_logrotate_config": Entry(
        "camcops.cli.specimens", "demo_logrotate_config", "Print how logs are rotated."
    ),
    "demo_mysql_create_db": Entry(
        "camcops.cli.specimens_mysql", "demo_mysql_create_db", "Print SQL that makes a database."
    ),
    "demo_mysql_dump_script": Entry(
        "camcops.cli.specimens_mysql", "demo_mysql_dump_script", "Print a script that dumps it."
    ),
    "demo_prune_script": Entry(
        "camcops.cli.specimens_mysql", "demo_prune_script", "Print a script for old dumps."
    ),
    "make_instance": Entry(
        "camcops.cli.instance", "make_instance", "Write all files of one more instance."
    ),
    "upgrade_db": Entry(
        "camcops.cli.database", "upgrade_db", "Make the database, or bring it up to date."
    ),
    "finish_adoption": Entry(
        "camcops.cli.database", "finish_adoption", "Keep a database of CamCOPS 2.4 for good."
    ),
    "make_superuser": Entry(
        "camcops.cli.accounts", "make_superuser", "Make a user who may do everything."
    ),
    "reset_password": Entry(
        "camcops.cli.accounts", "reset_password", "Set a user's password, and unlock the user."
    ),
    "enable_user": Entry("camcops.cli.accounts", "enable_user", "Unlock a user."),
    "list_users": Entry("camcops.cli.listing", "list_users", "List all users."),
    "make_idnum_type": Entry("camcops.cli.groups", "make_idnum_type", "Make a type of ID number."),
    "make_group": Entry("camcops.cli.groups", "make_group", "Make a group, which owns records."),
    "make_user": Entry("camcops.cli.groups", "make_user", "Make a user of a group."),
    "add_to_group": Entry(
        "camcops.cli.groups", "add_to_group", "Make a user a member of a further group."
    ),
    "make_patient": Entry(
        "camcops.cli.patients", "make_patient", "Make a patient who is to use an own device."
    ),
    "make_schedule": Entry(
        "camcops.cli.patients", "make_schedule", "Make a schedule of tasks for patients."
    ),
    "assign_schedule": Entry(
        "camcops.cli.patients", "assign_schedule", "Let a patient follow a schedule."
    ),
    "list_patients": Entry(
        "camcops.cli.patients", "list_patients", "List patients with their access keys."
    ),
    "revoke_key": Entry("camcops.cli.patients", "revoke_key", "Replace a patient's access key."),
    "serve_gunicorn": Entry(
        "camcops.cli.serving", "serve_gunicorn", "Serve with Gunicorn (recommended on Linux)."
    ),
    "serve_cherrypy": Entry(
        "camcops.cli.serving", "serve_cherrypy", "Serve with CherryPy's server (on any system)."
    ),
    "serve_pyramid": Entry(
        "camcops.cli.serving", "serve_pyramid", "Serve one request at a time, for a first test."
    ),
    "launch_workers": Entry(
        "camcops.cli.jobs", "launch_workers", "Settle what waits in the outbox."
    ),
    "launch_scheduler": Entry(
        "camcops.cli.jobs", "launch_scheduler", "Do the recurring work: sealing, housekeeping."
    ),
    "reindex": Entry(
        "camcops.cli.records", "reindex", "Rebuild the indexes of tasks and patients."
    ),
    "check_index": Entry(
        "camcops.cli.records", "check_index", "Check the indexes of tasks and patients."
    ),
    "housekeeping": Entry(
        "camcops.cli.housekeeping", "housekeeping", "Clear away what has run out."
    ),
    "rescore": Entry("camcops.cli.rescore", "rescore", "Renew scores whose rules have changed."),
    "check_config": Entry(
        "camcops.cli.operation", "check_config", "Check a configuration, and what it names."
    ),
    "status": Entry("camcops.cli.operation", "status", "Show the state of the installation."),
    "audit": Entry("camcops.cli.audit", "audit", "Seal and verify the audit trail."),
    "backup": Entry(
        "camcops.cli.keeping", "backup", "Write everything to one file, while serving."
    ),
    "restore": Entry("camcops.cli.keeping", "restore", "Fill a new database from a backup."),
    "verify": Entry("camcops.cli.keeping", "verify", "Prove a backup by restoring it elsewhere."),
    "copy_db": Entry("camcops.cli.keeping", "copy_db", "Copy a database to one of another kind."),
    "prune_backups": Entry(
        "camcops.cli.pruning", "prune_backups", "List or delete backups no longer needed."
    ),
    "show_db_title": Entry("camcops.cli.listing", "show_db_title", "Print the database's title."),
    "ddl": Entry("camcops.cli.definition", "ddl", "Print the SQL that makes every table."),
    "list_tasks": Entry("camcops.cli.listing", "list_tasks", "List the types of task."),
    "instruments": Entry(
        "camcops.cli.instruments", "instruments", "Check, list, show and score instruments."
    ),
}

EPILOG = """\b
First steps:
  camcops_server demo                                      look around at once
  camcops_server demo_camcops_config > camcops.conf        begin a configuration
  camcops_server upgrade_db --config camcops.conf          make the database
  camcops_server make_superuser --config camcops.conf      make the first user
  camcops_server serve_gunicorn --config camcops.conf      serve
"""


def _all_help(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    click.echo(ctx.get_help())
    for name in COMMANDS:
        command = server.get_command(ctx, name)
        if command is not None:
            _rule_and_help(ctx, name, command)
    ctx.exit()


def _rule_and_help(ctx: click.Context, name: str, command: click.Command) -> None:
    inner = click.Context(command, info_name=name, parent=ctx)
    click.echo(f"\n{'=' * 79}\n{name}\n{'=' * 79}\n{command.get_help(inner)}")
    if isinstance(command, click.Group):
        for child in command.list_commands(inner):
            found = command.get_command(inner, child)
            if found is not None:
                _rule_and_help(inner, child, found)


@click.group(cls=LazyGroup, entries=COMMANDS, context_settings=CONTEXT, epilog=EPILOG)
@click.option(
    "--allhelp",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_all_help,
    help="Show the help of every command, and exit.",
)
@click.version_option(__version__, message="CamCOPS %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log details, for finding faults.")
@click.option("--no_log", is_flag=True, help="Log nothing.")
@click.pass_context
def server(ctx: click.Context, verbose: bool, no_log: bool) -> None:
    """CamCOPS: psychiatric and cognitive assessment.

    Makes and upgrades the database, serves tablets and browsers, and looks after both.
    """
    ctx.ensure_object(dict)["verbose"] = verbose
    start_log(verbose=verbose, silent=no_log)


def main() -> None:
    """Entry point of the console script."""
    from camcops.cli.shell import run

    gc.set_threshold(*WHILE_STARTING)
    sys.exit(run(server))
