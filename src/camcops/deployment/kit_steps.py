# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do with the kit of an instance, step by step."""

from collections.abc import Iterable, Sequence

from camcops.deployment.dump_script import SCRIPT
from camcops.deployment.installation import Installation, heading

Place = tuple[str, str, str, int]
"""Name of a file, where it goes, owner, mode."""


def steps(site: Installation, places: Sequence[Place], *, with_database: bool) -> str:
    """The text of the kit's README; its commands are for root, in the kit's folder."""
    user, program, config = site.user, site.command, site.config_file
    start = heading(
        f"The kit of instance {site.instance}, {site.address}",
        "Commands are for root, in this folder. It holds secrets: remove it when all is in its place.",
    )
    parts = [
        start,
        _table(places),
        _step(1, "Configuration", [
            f"install -d -o {user} -g {user} -m 0700 {config.parent}",
            _put("camcops.conf", places),
        ]),
        _step(2, "Folders, now and at each boot", [
            _put("tmpfiles.conf", places), "systemd-tmpfiles --create",
        ]),
    ]  # fmt: skip
    number = 3
    if with_database:
        parts.append(_step(number, "Database; fails if a name is taken, and changes nothing then", [
            "mysql --user=root --password < database.sql",
        ]))  # fmt: skip
        number += 1
    parts += [
        _step(number, "Tables, the first user, a last look", [
            f"runuser -u {user} -- {program} upgrade_db --config {config}",
            f"runuser -u {user} -- {program} make_superuser --config {config}",
            f"runuser -u {user} -- {program} check_config --connect --config {config}",
        ]),
        _step(number + 1, "Start, by Supervisor", [
            f"chmod 0750 {site.logs}",
            _put("supervisor.conf", places), _put("logrotate", places), "supervisorctl update",
        ]),
        _step(number + 1, "... or by systemd: one of the two, never both", [
            *(_put(name, places) for name, *_ in places if name.startswith(f"{site.instance}")),
            f"systemctl daemon-reload && systemctl enable --now {site.instance}.target",
        ]),
        _step(number + 2, "Front end: Apache", [
            _put("apache.conf", places),
            "a2enmod proxy proxy_http headers ssl alias",
            f"a2ensite {site.instance} && apachectl graceful",
        ]),
        _step(number + 2, "... or nginx", [
            _put("nginx.conf", places),
            f"ln -s ../sites-available/{site.instance} /etc/nginx/sites-enabled/",
            "nginx -t && systemctl reload nginx",
        ]),
        "   Where the host has an https site already, include the file *-section.conf within it instead.\n",
        _step(number + 3, "Backups", [
            *_backups(site, places, with_database=with_database),
        ]),
        f"Then browse to {site.address}/webview. Tablets use {site.address}/database.\n",
    ]  # fmt: skip
    return "\n".join(parts)


def _backups(site: Installation, places: Sequence[Place], *, with_database: bool) -> Iterable[str]:
    if not with_database:
        folder = f"/var/backups/camcops/{site.instance}"
        yield f"install -d -o {site.user} -g {site.user} -m 0700 {folder}"
        yield f"systemctl enable --now {site.instance}_backup.timer"
        return
    yield f"install -d -m 0700 {SCRIPT.format(instance='').rpartition('/')[0]} {site.backups}"
    for name in ("dump.cnf", "dump.sh", "crontab"):
        yield _put(name, places)
    yield SCRIPT.format(instance=site.instance)


def _table(places: Sequence[Place]) -> str:
    rows = [f"{name:28} {place:44} {owner:10} {mode:04o}" for name, place, owner, mode in places]
    return "\n".join([f"{'file':28} {'place':44} {'owner':10} mode", *rows, ""])


def _step(number: int, what: str, commands: Iterable[str]) -> str:
    return "\n".join([f"{number}. {what}", *(f"   {command}" for command in commands), ""])


def _put(wanted: str, places: Sequence[Place]) -> str:
    name, place, owner, mode = next(found for found in places if found[0] == wanted)
    return f"install -o {owner} -g {owner} -m {mode:04o} {name} {place}"
