# SPDX-License-Identifier: GPL-3.0-or-later
"""The program as a shell sees it: streams, exit statuses, help."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from camcops.cli.main import COMMANDS, server
from camcops.config.specimen import specimen


def camcops(
    *args: str, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "CAMCOPS_CONFIG_FILE"} | variables
    return subprocess.run(
        [sys.executable, "-m", "camcops", *args],
        capture_output=True,
        text=True,
        env=environment,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def modules_loaded_by(*args: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "camcops", *args],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["upgrade_db", "--help"]])
def test_help_loads_neither_database_nor_web(args: list[str]) -> None:
    heavy = {"sqlalchemy", "pyramid", "typst", "yaml", "jinja2", "gunicorn", "alembic"}
    assert not modules_loaded_by(*args) & heavy


def test_help_names_every_command_and_says_what_it_does() -> None:
    shown = " ".join(camcops("--help").stdout.split())
    for name, entry in COMMANDS.items():
        assert name in shown
        assert entry.summary in shown


def test_each_command_has_the_summary_that_the_list_shows() -> None:
    import click

    context = click.Context(server)
    for name in COMMANDS:
        command = server.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help


def test_allhelp_shows_every_command_under_a_rule() -> None:
    shown = camcops("--allhelp").stdout
    for name in COMMANDS:
        assert f"{'=' * 79}\n{name}\n{'=' * 79}" in shown


def test_version() -> None:
    done = camcops("--version")
    assert (done.returncode, done.stdout.startswith("CamCOPS ")) == (0, True)


@pytest.mark.parametrize("args", [[], ["nonsense"], ["upgrade_db"], ["upgrade_db", "--nonsense"]])
def test_wrong_calls_exit_2_with_usage_on_standard_error(args: list[str]) -> None:
    done = camcops(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Usage" in done.stderr


def test_options_may_be_abbreviated_and_verbose_stands_anywhere() -> None:
    assert camcops("--verb", "demo_camcops_config", "--verb").returncode == 0
    assert camcops("--vers").returncode == 0
    done = camcops("--ver")
    assert done.returncode == 2
    assert "--verbose or --version" in done.stderr


def test_missing_configuration_is_one_sentence() -> None:
    done = camcops("reindex")
    assert done.returncode == 1
    assert "CAMCOPS_CONFIG_FILE" in done.stderr
    assert "Traceback" not in done.stderr


def test_unreadable_configuration_is_one_sentence(tmp_path: Path) -> None:
    done = camcops("upgrade_db", "--config", "absent.conf", cwd=tmp_path)
    assert done.returncode == 1
    assert str(tmp_path / "absent.conf") in done.stderr
    assert "Traceback" not in done.stderr


def test_configuration_from_the_environment_and_option_wins(tmp_path: Path) -> None:
    (tmp_path / "good.conf").write_text(
        specimen().replace("/var/lib/camcops/camcops.sqlite", f"{tmp_path}/x.sqlite")
    )
    done = camcops("upgrade_db", "--config", "good.conf", cwd=tmp_path, CAMCOPS_CONFIG_FILE="/no")
    assert done.returncode == 0, done.stderr
    done = camcops("reindex", cwd=tmp_path, CAMCOPS_CONFIG_FILE="good.conf")
    assert done.returncode == 0, done.stderr


def test_specimen_is_all_that_reaches_standard_output(tmp_path: Path) -> None:
    done = camcops("demo_camcops_config")
    assert done.returncode == 0
    assert done.stdout.startswith("# Configuration of CamCOPS")
    assert "[export]" in done.stdout


def test_a_fault_of_the_program_is_one_sentence_unless_more_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "good.conf").write_text(
        specimen().replace("/var/lib/camcops/camcops.sqlite", f"{tmp_path}/x.sqlite")
    )
    (tmp_path / "sitecustomize.py").write_text(
        "import camcops.config\n"
        "def broken(*args, **more): raise RuntimeError('patient 94' + '3 476')\n"
        "camcops.config.load = broken\n"
    )
    short = camcops("reindex", "--config", "good.conf", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert short.returncode == 1
    assert "a fault of the program stopped it" in short.stderr
    assert "943" not in short.stderr
    long = camcops("reindex", "--config", "good.conf", "-v", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert "in broken" in long.stderr
    assert "943" not in long.stderr
