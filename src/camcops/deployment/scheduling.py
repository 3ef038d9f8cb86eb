# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files: crontab, tmpfiles.d and logrotate."""

from camcops.deployment.dump_script import SCRIPT
from camcops.deployment.installation import Installation, heading
from camcops.deployment.systemd import backup_directory


def crontab(site: Installation) -> str:
    """Lines for `/etc/crontab` or a file in `/etc/cron.d`; the sixth field is the user."""
    script = SCRIPT.format(instance=site.instance)
    folder, program = backup_directory(site), f"{site.command} --no_log"
    backup = (
        f"{program} backup --config {site.config_file} --to {folder} >/dev/null "
        f"&& {program} prune_backups --directory {folder} --delete >/dev/null"
    )
    start = heading(
        f"Daily work of {site.instance}",
        f"Save it as /etc/cron.d/{site.instance}, owner root, mode 0644, or add it to /etc/crontab.",
        "Sealing the audit trail and clearing away is the work of launch_scheduler, not of cron.",
        "What a command prints is sent to MAILTO: only failures do.",
    )
    return f"""\
{start}
SHELL=/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
MAILTO=root

# Dump the database (demo_mysql_dump_script) and clear old dumps away.

17 1 * * * root {script}

# With SQLite or PostgreSQL instead, once its folder is there:
#   install -d -o {site.user} -g {site.user} -m 0700 {folder}

#17 1 * * * {site.user} {backup}
"""


def tmpfiles(site: Installation) -> str:
    """A file for `/etc/tmpfiles.d`: folders that a reboot may take away, and those that must be private."""
    own = f"{site.user} {site.user} -"
    socket = site.socket_file
    folders = [
        *([f"d {socket.parent} 0700 {own}"] if socket else []),
        f"d {site.lock_directory} 0700 {own}",
        f"d {site.download_directory} 0700 {own}",
        f"d {site.cache_directory} 0700 {own}",
        f"d {site.logs} 0750 root root -",
    ]
    start = heading(
        f"Folders of {site.instance}, made anew at each boot",
        f"Save it as /etc/tmpfiles.d/{site.instance}.conf, then: systemd-tmpfiles --create",
    )
    return start + "\n" + "\n".join(folders) + "\n"


def logrotate(site: Installation) -> str:
    """A file for `/etc/logrotate.d`: the logs that Supervisor writes, kept for a year."""
    start = heading(
        f"Rotation of the logs of {site.instance}",
        f"Save it as /etc/logrotate.d/{site.instance}. Supervisor opens its logs anew at the signal.",
    )
    return f"""\
{start}
{site.logs}/{site.instance}_*.log {{
    su root root
    weekly
    rotate 52
    compress
    delaycompress
    missingok
    notifempty
    create 0600 root root
    sharedscripts
    postrotate
        [ ! -f /run/supervisord.pid ] || kill -USR2 "$(cat /run/supervisord.pid)"
    endscript
}}
"""
