# SPDX-License-Identifier: GPL-3.0-or-later
"""`status` names programs that began before their configuration was last changed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from camcops import CONFIG_VARIABLE
from camcops.cli.main import server
from camcops.db.database import Database
from camcops.operation.programs import running
from tests.running import running_server


@pytest.mark.slow
def test_a_change_after_the_start(sqlite_database: Database, tmp_path: Path) -> None:
    with running_server(tmp_path, sqlite_database.engine.url) as serving:
        assert serving.process is not None
        (program,) = running(serving.config)
        assert (program.pid, program.command) == (serving.process.pid, "serve_gunicorn")
        assert not program.outdated
        plain = _status(serving.config)
        assert f"serve_gunicorn (process {program.pid}) since {program.since_utc}" in plain
        assert "restart it" not in plain

        later = time.time() + 1
        os.utime(serving.config, (later, later))
        assert "BEFORE THE CONFIGURATION WAS CHANGED: restart it" in _status(serving.config)
        found = json.loads(_status(serving.config, "--json"))
        assert [one["outdated"] for one in found["programs"]] == [True]

        other = tmp_path / "other.conf"
        other.write_text(serving.config.read_text())
        assert running(other) == ()
        assert serving.stop() == 0  # all its processes have ended then; killed, they may linger
    assert running(serving.config) == ()
    assert "none on this machine" in _status(serving.config)


def _status(config: Path, *options: str) -> str:
    done = CliRunner().invoke(server, ["status", "--config", str(config), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["launch_workers", "--config", "{folder}/x.conf"], "launch_workers"),
        (["launch_workers", "--config=x.conf"], "launch_workers"),
        (["serve_cherrypy", "--config", "../{name}/x.conf"], "serve_cherrypy"),
        (["serve_cherrypy", "--conf", "x.conf"], "serve_cherrypy"),
        (["serve_cherrypy", "--config", "y.conf"], None),
        (["serve_cherrypy", "--port", "x.conf"], None),
        (["upgrade_db", "--config", "x.conf"], None),
    ],
)
def test_how_a_command_line_names_the_file(
    words: list[str], command: str | None, tmp_path: Path
) -> None:
    config = tmp_path / "x.conf"
    config.touch()
    words = [word.format(folder=tmp_path, name=tmp_path.name) for word in words]
    waiting = [sys.executable, "-c", "print(flush=True); input()", *words]
    with subprocess.Popen(
        waiting, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = running(config)
        assert [one.command for one in found] == ([command] if command else [])
        process.communicate(b"\n")


@pytest.mark.parametrize(
    ("words", "seen"), [(["--port", "80"], True), (["--config", "y.conf"], False)]
)
def test_where_no_option_names_the_file_the_environment_does(
    words: list[str], seen: bool, tmp_path: Path
) -> None:
    config = tmp_path / "x.conf"
    config.touch()
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()", "serve_gunicorn", *words],
        env={**os.environ, CONFIG_VARIABLE: str(config)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert bool(running(config)) is seen
        process.communicate(b"\n")
