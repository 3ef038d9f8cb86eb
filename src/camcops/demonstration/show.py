# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the demonstration: make the installation, serve it, upload to it, wait."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.error import URLError
from urllib.request import urlopen

from camcops import problems
from camcops.config import Settings, load
from camcops.config.specimen import specimen
from camcops.db.upgrade import upgrade
from camcops.demonstration.contents import YEAR_DAYS, invent_contents
from camcops.demonstration.installation import furnish
from camcops.demonstration.people import invent_people
from camcops.demonstration.tablet import Tablet
from camcops.problems import Problem
from camcops.site import Site

PEOPLE = 25
OF_THE_CLINIC = 17
STILL_ON_TABLET_DAYS = 30
PATIENCE_S = 60
CONFIG, LOG_INS, LOG = "camcops.conf", "log-ins.txt", "server.log"

Tell = Callable[[str], None]


def configure(folder: Path, port: int) -> Settings:
    """Write the demonstration's configuration, readable by its owner only, and load it."""
    values = {
        "DB_URL": f"sqlite:///{folder}/camcops.sqlite",
        "PORT": str(port),
        "ALLOW_INSECURE_COOKIES": "true",
        "GUNICORN_NUM_WORKERS": "2",
        "EXPORT_LOCKDIR": f"{folder}/lock",
        "CELERY_BEAT_SCHEDULE_DATABASE": f"{folder}/lock/beat",
        "USER_DOWNLOAD_DIR": f"{folder}/downloads",
    }
    path = folder / CONFIG
    with open(path, "w", opener=_private) as file:
        file.write(specimen(values))
    return load(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def first_free_port(wanted: int) -> int:
    """The wanted port, or one of the next that nothing listens on."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Problem(problems.NO_FREE_PORT, first=wanted, last=wanted + 49)


def show(folder: Path, port: int, tell: Tell) -> int:
    """Serve the demonstration kept in a folder until interrupted; the server's exit status.

    Raises Problem(DEMONSTRATION_FOLDER_IN_USE) for a folder that is neither empty nor a whole
    demonstration's.
    """
    new = not (folder / LOG_INS).exists()
    if new and any(folder.iterdir()):
        raise Problem(problems.DEMONSTRATION_FOLDER_IN_USE, folder=folder)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = configure(folder, port) if new else load(folder / CONFIG, {"port": str(port)})
    if new:
        tell("Making the database …")
        site = Site.open(settings)
        upgrade(settings.site.db_url, site.library)
        password = f"demo-{secrets.token_hex(4)}"
        site.database.write(lambda conn: furnish(conn, password))
    server = _serve(folder, settings, port)
    try:
        _wait_until_it_answers(server, port, folder)
        if new:
            _upload(site, f"http://127.0.0.1:{port}/database", password, tell)
            site.database.engine.dispose()
            with open(folder / LOG_INS, "w", opener=_private) as file:
                file.write(log_ins(password))
        tell((folder / LOG_INS).read_text())
        tell(f"Open  http://127.0.0.1:{port}/   (Ctrl-C ends the demonstration)")
        return server.wait()
    except KeyboardInterrupt:
        tell("\nEnding …")
        return 0
    finally:
        _end(server)


def log_ins(password: str) -> str:
    from camcops.demonstration.installation import ROLES

    names = "\n".join(f"  {role.name:16} {role.says}" for role in ROLES)
    return f"Log in as one of these, each with the password  {password}\n\n{names}\n"


def _serve(folder: Path, settings: Settings, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "camcops", "serve_gunicorn"]
    command += ["--config", str(settings.path), "--port", str(port)]
    with open(folder / LOG, "ab", opener=_private) as log:
        return subprocess.Popen(  # noqa: S603  our own program
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"http://127.0.0.1:{port}/database", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise Problem(problems.DEMONSTRATION_FAILED, log=folder / LOG)


def _end(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            server.kill()


def _upload(site: Site, address: str, password: str, tell: Tell) -> None:
    """A year of tasks, as two tablets send them: finished ones first, then those still on the tablet."""
    people = invent_people(PEOPLE, Random(2026))
    now = datetime.now(UTC).astimezone().replace(second=0, microsecond=0)
    recent = now - timedelta(days=STILL_ON_TABLET_DAYS)
    start = now - timedelta(days=YEAR_DAYS)
    parts = (("clinic_tablet", people[:OF_THE_CLINIC]), ("research_tablet", people[OF_THE_CLINIC:]))
    for number, (user, theirs) in enumerate(parts):
        tablet = Tablet(address, f"demonstration-{number + 1}", user, password)
        tablet.register(f"{user.replace('_', ' ').capitalize()} {number + 1}")
        for since, until, finish in ((start, recent, True), (recent, now, False)):
            contents = invent_contents(site.library, theirs, until, since, start, Random(number))
            count = sum(len(contents.rows[table]) for table in site.library)
            how = "finished" if finish else "still on the tablet"
            tell(f"Uploading {len(theirs)} patients with {count} tasks, {how} …")
            tablet.upload(contents.rows, finish=finish, one_step=finish == (number == 0))
