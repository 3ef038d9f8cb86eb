# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd units: the three programs of an instance, a target over them, a daily backup."""

from collections.abc import Mapping

from camcops.deployment.installation import DEFAULT_INSTANCE, Installation, heading

HARDENING = """\
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateDevices=yes
PrivateTmp=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""


def systemd_units(site: Installation) -> Mapping[str, str]:
    """The text of each unit, by its file's name; they belong into `/etc/systemd/system`."""
    name = site.instance
    units = {f"{name}.target": _target(site)}
    says = {
        f"{name}_server": "web server",
        f"{name}_workers": "workers",
        f"{name}_scheduler": "scheduler",
    }
    for program, command in site.programs.items():
        units[f"{program}.service"] = _program(site, says[program], command)
    units[f"{name}_backup.service"] = _backup(site)
    units[f"{name}_backup.timer"] = _timer(site)
    return units


def backup_directory(site: Installation) -> str:
    """Where the backup service keeps its files."""
    return f"/var/backups/camcops/{site.instance}"


def _heading(site: Installation, file: str) -> str:
    return heading(f"/etc/systemd/system/{file}", f"Instance {site.instance} of CamCOPS.")


def _target(site: Installation) -> str:
    file = f"{site.instance}.target"
    wants = " ".join(f"{program}.service" for program in site.programs)
    return f"""\
{_heading(site, file)}#   systemctl daemon-reload && systemctl enable --now {file}
# starts all three programs, now and at each boot; systemctl restart {site.instance}.target restarts them,
# as a change of the CamCOPS configuration demands. Logs: journalctl -u '{site.instance}_*'

[Unit]
Description=CamCOPS ({site.instance})
Wants={wants}
After=network-online.target

[Install]
WantedBy=multi-user.target
"""


def _program(site: Installation, says: str, command: str) -> str:
    web = command.startswith("serve_")
    # Gunicorn reports when it listens; the others count as started when they run.
    kind = "notify" if command == "serve_gunicorn" else "exec"
    mixed = "KillMode=mixed\n" if web else ""
    program = f"{site.instance}_server" if web else f"{site.instance}_{command[7:]}"
    return f"""\
{_heading(site, f"{program}.service")}
[Unit]
Description=CamCOPS {says} ({site.instance})
PartOf={site.instance}.target
Wants=network-online.target
After=network-online.target mariadb.service mysql.service postgresql.service
StartLimitIntervalSec=0

[Service]
Type={kind}
{_where(site)}ExecStartPre={site.command} check_config --config {site.config_file}
ExecStart={site.command} {command} --config {site.config_file}
Restart=always
RestartSec=1
TimeoutStopSec=60
{mixed}
{HARDENING}
[Install]
WantedBy={site.instance}.target
"""


def _where(site: Installation) -> str:
    """User, folders and environment: those below /run, /var/lib, /var/cache and /var/log are made at start.

    Preserved: another instance, or another program of this one, may still need them.
    """
    downloads = site.download_directory
    folders = [site.lock_directory, site.cache_directory]
    if site.socket_file:
        folders.append(site.socket_file.parent)
    writable = " ".join(f"-{folder}" for folder in folders)
    return f"""\
User={site.user}
Group={site.user}
WorkingDirectory={site.program}
RuntimeDirectory=camcops lock/camcops
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
StateDirectory={_own(site)}
StateDirectoryMode=0700
CacheDirectory={_own(site)} {_own(site)}/matplotlib
CacheDirectoryMode=0700
LogsDirectory={_own(site)}
LogsDirectoryMode=0700
ReadWritePaths={writable}
BindPaths=-{downloads}
Environment=HOME={site.cache_directory.parent} MPLCONFIGDIR={site.cache_directory}
# Where the configuration names files to write elsewhere (AUDIT_SEAL_FILE), list their folder:
#ReadWritePaths=/srv/camcops/seals
"""


def _own(site: Installation) -> str:
    """The instance's own folder below /var/lib and the like."""
    return "camcops" if site.instance == DEFAULT_INSTANCE else f"camcops/{site.instance}"


def _backup(site: Installation) -> str:
    folder = backup_directory(site)
    return f"""\
{_heading(site, f"{site.instance}_backup.service")}
[Unit]
Description=Backup of CamCOPS ({site.instance})
After=mariadb.service mysql.service postgresql.service

[Service]
Type=oneshot
{_where(site)}ReadWritePaths={folder}
ExecStart={site.command} backup --config {site.config_file} --to {folder}
ExecStartPost={site.command} prune_backups --directory {folder} --delete
Nice=10
IOSchedulingClass=idle

{HARDENING}"""


def _timer(site: Installation) -> str:
    file, user = f"{site.instance}_backup.timer", site.user
    return f"""\
{_heading(site, file)}#   install -d -o {user} -g {user} -m 0700 {backup_directory(site)}
#   systemctl enable --now {file}
# Copy the backups to another machine as well.

[Unit]
Description=Daily backup of CamCOPS ({site.instance})

[Timer]
OnCalendar=*-*-* 01:17:00
RandomizedDelaySec=10min
Persistent=yes

[Install]
WantedBy=timers.target
"""
