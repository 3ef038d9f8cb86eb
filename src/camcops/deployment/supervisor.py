# SPDX-License-Identifier: GPL-3.0-or-later
"""Supervisor: starts the three programs of an instance, keeps them running, stops them together."""

from camcops.deployment.installation import Installation, heading


def supervisor_config(site: Installation) -> str:
    """The text of a file for `/etc/supervisor/conf.d`."""
    parts = [_heading(site)]
    parts += [_program(site, name, command) for name, command in site.programs.items()]
    parts.append(f"[group:{site.instance}]\nprograms = {', '.join(site.programs)}\n")
    return "\n".join(parts)


def _heading(site: Installation) -> str:
    return heading(
        f"Supervisor configuration of {site.instance}",
        f"Save it as /etc/supervisor/conf.d/{site.instance}.conf (RHEL: /etc/supervisord.d/*.ini), then:",
        "  supervisorctl update",
        f"  supervisorctl status '{site.instance}:*'        likewise start, stop, restart",
        "After a change of the CamCOPS configuration restart all three programs.",
        "Comments must begin a line: an indented one would become part of the line above it.",
        "",
        f"A program counts as running once it has lived for {site.startsecs} s (startsecs); it answers long",
        "before. One that ends sooner is tried again, after 1 s, 2 s, 3 s and so on, ten times.",
        "When stopped, a program has 60 s to finish what it is doing; then it and its children are killed.",
        "The programs never need a home directory: HOME is set because Supervisor would leave root's.",
        "Supervisor makes its log files readable by everybody. Close their directory instead:",
        f"  chmod 0750 {site.logs}",
    )


def _program(site: Installation, name: str, command: str) -> str:
    return f"""\
[program:{name}]
command = {site.command} {command}
    --config {site.config_file}
directory = {site.program}
environment = HOME="{site.cache_directory.parent}",MPLCONFIGDIR="{site.cache_directory}"
user = {site.user}
umask = 077
stdout_logfile = {site.logs}/{name}.log
stdout_logfile_maxbytes = 50MB
stdout_logfile_backups = 10
redirect_stderr = true
autostart = true
autorestart = true
startsecs = {site.startsecs}
startretries = 10
stopwaitsecs = 60
stopasgroup = true
killasgroup = true
"""
