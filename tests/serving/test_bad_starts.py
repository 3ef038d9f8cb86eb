# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that can't start say why in a sentence, with what to do, and exit with status 1."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.db.database import Database
from camcops.db.state import version_table
from tests.running import free_port, write_config
from tests.scratch_databases import scratch_database
from tests.serving.served import make_certificate

pytestmark = pytest.mark.slow

COMMANDS = ["serve_gunicorn", "serve_cherrypy", "serve_pyramid"]
SPEAK_TLS = COMMANDS[:2]
NOBODY = 65534
AS_OTHERS_DO = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Root, but bound to the permissions of files like everybody else."""


def refused(command: str, config: Path | None, *options: str, before: tuple[str, ...] = ()) -> str:
    """What a server says that does not start. `before`: a program that starts it."""
    named = [] if config is None else ["--config", str(config)]
    environment = {name: value for name, value in os.environ.items() if "CAMCOPS" not in name}
    done = subprocess.run(
        [*before, sys.executable, "-m", "camcops", command, *named, *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "fault of the program" not in done.stderr
    said = done.stderr[done.stderr.index("camcops_server: ") :]
    assert "db-secret" not in done.stderr
    return said


@pytest.fixture
def config(sqlite_database: Database, tmp_path: Path) -> Callable[..., Path]:
    return lambda **more: write_config(tmp_path, sqlite_database.engine.url, free_port(), **more)


@pytest.mark.parametrize("command", COMMANDS)
def test_port_in_use(config: Callable[..., Path], command: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = str(other.getsockname()[1])
        said = refused(command, config(), "--port", port)
    assert f"Another program listens on http://127.0.0.1:{port}/ already. Stop it" in said


def test_address_that_is_not_ours(config: Callable[..., Path]) -> None:
    said = refused("serve_cherrypy", config(HOST="192.0.2.1"))
    assert "not possible to listen on http://192.0.2.1:" in said
    assert "Cannot assign requested address" in said


def test_socket_where_something_else_is(config: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    said = refused("serve_cherrypy", config(), "--unix_domain_socket", str(tmp_path / "file"))
    assert "something else than a socket has that name" in said
    assert (tmp_path / "file").read_text() == "precious"
    too_long = str(tmp_path / ("x" * 200))
    assert "too long" in refused("serve_gunicorn", config(), "--unix_domain_socket", too_long)


def test_folders_that_cant_be_made(config: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below = str(tmp_path / "file" / "folder")
    said = refused("serve_gunicorn", config(EXPORT_LOCKDIR=below))
    assert f"The folder {below} of EXPORT_LOCKDIR can't be used: Not a directory." in said
    assert "USER_DOWNLOAD_DIR" in refused("serve_pyramid", config(USER_DOWNLOAD_DIR=below))
    said = refused("serve_cherrypy", config(UNIX_DOMAIN_SOCKET=f"{below}/socket"))
    assert "of UNIX_DOMAIN_SOCKET can't be used" in said


@pytest.mark.parametrize("command", SPEAK_TLS)
def test_key_of_another_certificate(
    config: Callable[..., Path], tmp_path: Path, command: str
) -> None:
    certificate, _ = make_certificate(tmp_path)
    _, key = make_certificate(tmp_path, "other")
    said = refused(command, config(SSL_CERTIFICATE=str(certificate), SSL_PRIVATE_KEY=str(key)))
    assert f"{certificate} can't be used: the key {key} belongs to another certificate." in said


def test_other_faults_of_certificates(config: Callable[..., Path], tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    good = {"SSL_CERTIFICATE": str(certificate), "SSL_PRIVATE_KEY": str(key)}
    half = refused("serve_cherrypy", config(**{**good, "SSL_PRIVATE_KEY": ""}))
    assert "SSL_CERTIFICATE and SSL_PRIVATE_KEY belong together: give both or neither" in half
    gone = refused("serve_cherrypy", config(**{**good, "SSL_PRIVATE_KEY": "/no/such.key"}))
    assert "SSL_PRIVATE_KEY must be the name of an existing file" in gone
    (tmp_path / "junk").write_text("not a certificate")
    junk = refused("serve_cherrypy", config(**{**good, "SSL_CERTIFICATE": f"{tmp_path}/junk"}))
    assert "is not in PEM format, or damaged" in junk
    locked = tmp_path / "locked.key"
    subprocess.run(
        ["openssl", "ec", "-in", key, "-aes128", "-passout", "pass:x", "-out", locked],
        check=True,
        capture_output=True,
    )
    said = refused("serve_cherrypy", config(**{**good, "SSL_PRIVATE_KEY": str(locked)}))
    assert "has a passphrase, which nobody is there to type in" in said


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to another user")
def test_what_this_user_may_not_read(config: Callable[..., Path], tmp_path: Path) -> None:
    def given_away(path: Path) -> None:
        os.chown(path, NOBODY, NOBODY)
        path.chmod(0o700)

    certificate, key = make_certificate(tmp_path)
    given_away(key)
    path = config(SSL_CERTIFICATE=str(certificate), SSL_PRIVATE_KEY=str(key))
    said = refused("serve_cherrypy", path, before=AS_OTHERS_DO)
    assert "SSL_PRIVATE_KEY can't be read (Permission denied)" in said
    given_away(tmp_path / "lock")
    said = refused("serve_cherrypy", path, before=AS_OTHERS_DO)
    assert "lock of EXPORT_LOCKDIR can't be used: this user may not write to it." in said
    given_away(path)
    said = refused("serve_cherrypy", path, before=AS_OTHERS_DO)
    assert f"The configuration file {path} can't be read: Permission denied." in said


def test_configuration_missing(tmp_path: Path) -> None:
    assert "No configuration file is named. Give --config FILE" in refused("serve_pyramid", None)
    said = refused("serve_cherrypy", tmp_path / "none.conf")
    assert "none.conf can't be read: No such file or directory." in said


def test_database_missing_older_or_newer(sqlite_database: Database, tmp_path: Path) -> None:
    missing = write_config(tmp_path, sa.make_url(f"sqlite:///{tmp_path}/no/db"), free_port())
    assert "its file can't be opened" in refused("serve_cherrypy", missing)
    config = write_config(tmp_path, sqlite_database.engine.url, free_port())
    for revision, says in (
        ("0001", "The database is older than this program (revision found: 0001"),
        ("9999", "The database was upgraded by a newer program (revision found: 9999"),
    ):
        stamp = version_table.update().values(version_num=revision)
        sqlite_database.write(lambda conn, stamp=stamp: conn.execute(stamp))
        said = refused("serve_cherrypy", config)
        assert says in said
        assert "upgrade_db" in said


def test_database_with_a_wrong_password(
    database_server: Callable[[str], sa.URL], tmp_path: Path
) -> None:
    with scratch_database(database_server("mariadb")) as url:
        wrong = url.set(username="nobody", password="db-secret")
        said = refused("serve_cherrypy", write_config(tmp_path, wrong, free_port()))
    assert "refuses the user name or the password in DB_URL" in said


def test_settings_that_dont_fit(config: Callable[..., Path]) -> None:
    said = refused("serve_cherrypy", config(), "--threads_start", "20", "--threads_max", "10")
    assert "CHERRYPY_THREADS_MAX is 10, but CHERRYPY_THREADS_START 20." in said
    said = refused("serve_cherrypy", config(), "--root_path", "not a path")
    assert "CHERRYPY_ROOT_PATH 'not a path' is not a path." in said


def test_debug_toolbar(config: Callable[..., Path]) -> None:
    for command in SPEAK_TLS:
        said = refused(command, config(), "--debug_toolbar")
        assert "DEBUG_TOOLBAR works with serve_pyramid only" in said
    said = refused("serve_pyramid", config(DEBUG_TOOLBAR="true"))
    assert "DEBUG_TOOLBAR needs the package pyramid_debugtoolbar, which is not installed." in said
