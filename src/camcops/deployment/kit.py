# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole kit of one instance: every file that it needs, in agreement with each other.

Names, socket, port, dummy host, secrets, folders, accounts and mount point are made from the instance's name
or at random, so that two instances on one machine can't meet.
"""

import os
import secrets
import shutil
import socket
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from camcops import problems
from camcops.config.site import new_secret
from camcops.config.specimen import specimen
from camcops.deployment.apache import apache_config, apache_section
from camcops.deployment.dump_script import OPTION_FILE, SCRIPT, dump_script
from camcops.deployment.installation import Installation
from camcops.deployment.kit_steps import steps
from camcops.deployment.mysql import Accounts, create_database, option_file
from camcops.deployment.nginx import nginx_config, nginx_section
from camcops.deployment.scheduling import crontab, logrotate, tmpfiles
from camcops.deployment.supervisor import supervisor_config
from camcops.deployment.systemd import systemd_units
from camcops.problems import Problem

FIRST_PORT, PORTS = 8100, 1900
TRUSTED = "HOST SERVER PORT PROTO FOR"


@dataclass(frozen=True, slots=True)
class KitFile:
    """A file of the kit: where it goes, and with which owner and mode."""

    name: str
    text: str
    place: str
    owner: str = "root"
    mode: int = 0o644


def make_kit(site: Installation, folder: Path, db_url: str | None = None) -> list[KitFile]:
    """Write the kit into a new folder, readable by its owner alone; all of it or nothing.

    Without `db_url` it is for MariaDB or MySQL on this machine, with accounts of its own. Raises `Problem`
    if the folder exists.
    """
    files = list(kit_files(site, db_url))
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            raise Problem(problems.KIT_EXISTS, folder=folder)
        part.mkdir(mode=0o700)
        for file in files:
            _write(part / file.name, file)
        part.rename(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Problem(problems.KIT_UNWRITTEN, folder=folder, reason=reason) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return files


def _write(path: Path, file: KitFile) -> None:
    """Never readable by others, not even for a moment."""
    kept = 0o700 if file.mode & 0o100 else 0o600
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, kept), "w") as output:
        output.write(file.text)
        output.flush()
        os.fsync(output.fileno())


def kit_files(site: Installation, db_url: str | None) -> Iterator[KitFile]:
    """The kit's files; secrets are new each time."""
    name = site.instance
    accounts = accounts_of(name)
    url = db_url or (
        f"mysql+pymysql://{accounts.owner}:{accounts.owner_password}@localhost/"
        f"{accounts.database}?charset=utf8mb4"
    )
    files = [KitFile("camcops.conf", _config(site, url), str(site.config_file), site.user, 0o600)]
    if db_url is None:
        script, options = SCRIPT.format(instance=name), OPTION_FILE.format(instance=name)
        dump = dump_script([accounts.database], site.backups, Path(options), None)
        files += [
            KitFile("database.sql", create_database(accounts), "(run once)", "root", 0o600),
            KitFile("dump.cnf", option_file(accounts), options, "root", 0o600),
            KitFile("dump.sh", dump, script, "root", 0o700),
            KitFile("crontab", crontab(site), f"/etc/cron.d/{name}"),
        ]
    files += [
        KitFile("tmpfiles.conf", tmpfiles(site), f"/etc/tmpfiles.d/{name}.conf"),
        KitFile("supervisor.conf", supervisor_config(site), f"/etc/supervisor/conf.d/{name}.conf"),
        KitFile("logrotate", logrotate(site), f"/etc/logrotate.d/{name}"),
        KitFile("apache.conf", apache_config(site), f"/etc/apache2/sites-available/{name}.conf"),
        KitFile("apache-section.conf", apache_section(site), "(within another site)"),
        KitFile("nginx.conf", nginx_config(site), f"/etc/nginx/sites-available/{name}"),
        KitFile("nginx-section.conf", nginx_section(site), "(within another site)"),
    ]
    files += [
        KitFile(unit, text, f"/etc/systemd/system/{unit}")
        for unit, text in systemd_units(site).items()
    ]
    yield from files
    places = [(file.name, file.place, file.owner, file.mode) for file in files]
    yield KitFile("README", steps(site, places, with_database=db_url is None), "", "root", 0o600)


def accounts_of(instance: str) -> Accounts:
    """Names that no other instance has: accounts are known to the whole database server."""
    return Accounts(
        database=instance,
        owner=instance,
        reader=f"{instance}_reader",
        keeper=f"{instance}_backup",
    ).with_new_passwords()


def _config(site: Installation, url: str) -> str:
    trusted = [f"HTTP_X_FORWARDED_{name}" for name in TRUSTED.split()]
    return specimen(
        {
            "DB_URL": url,
            "SESSION_COOKIE_SECRET": new_secret(),
            "AUDIT_SECRET": new_secret(),
            "USER_DOWNLOAD_DIR": str(site.download_directory),
            "PORT": str(site.port or own_port(site.instance)),
            "UNIX_DOMAIN_SOCKET": str(site.socket_file or ""),
            "MAX_UPLOAD_MB": str(site.max_upload_mb),
            "REQUIRE_HTTPS": "true",
            "TRUSTED_PROXY_HEADERS": "\n".join([*trusted, "HTTP_X_SCRIPT_NAME"]),
            "EXTERNAL_URL_SCHEME": "https",
            "EXTERNAL_SERVER_NAME": site.host,
            "EXTERNAL_SERVER_PORT": str(site.https_port),
            "EXTERNAL_SCRIPT_NAME": site.path,
            "EXPORT_LOCKDIR": str(site.lock_directory),
            "CELERY_BEAT_SCHEDULE_DATABASE": str(
                site.lock_directory / "camcops_celerybeat_schedule"
            ),
        }
    )


def own_port(instance: str) -> int:
    """A port made from the name, or the next that nothing listens on; in use only without a socket."""
    begin = zlib.crc32(instance.encode()) % PORTS
    for step in range(PORTS):
        port = FIRST_PORT + (begin + step) % PORTS
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    return FIRST_PORT
