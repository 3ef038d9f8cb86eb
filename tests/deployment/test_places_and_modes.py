# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners and modes of the manual's places, a reboot that empties some, and a second Unix user."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deployment.generated import printed
from tests.deployment.installed import (
    SECOND_USER,
    WEB_USER,
    Instance,
    as_user,
    health,
    owner,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("supervisor")]


@contextmanager
def serving(instance: Instance) -> Iterator[None]:
    """The web server as the web user, whose home isn't there, without Supervisor."""
    command = instance.machine / "program/venv/bin/camcops_server"
    words = ["runuser", "-u", WEB_USER, "--", "env", "HOME=/nonexistent", str(command)]
    log = instance.machine / "serving.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*words, "serve_gunicorn", "--config", str(instance.config)],
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
        )
    try:
        until(lambda: instance.answers() or process.poll() is not None, "it answers")
        assert instance.answers(), log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_each_place_belongs_to_the_web_user_alone(instance: Instance) -> None:
    with serving(instance):
        assert owner(instance.config) == (WEB_USER, 0o600)
        for place in (
            instance.config.parent,
            instance.socket.parent,
            instance.own("lock"),
            instance.own("downloads"),
            instance.own("cache") / "matplotlib",
        ):
            assert owner(place) == (WEB_USER, 0o700), place
        database = Path(instance.db_url.removeprefix("sqlite:///"))
        for file in database.parent.iterdir():
            assert owner(file) == (WEB_USER, 0o600), file


def test_a_second_unix_user_reads_nothing(instance: Instance) -> None:
    with serving(instance):
        secrets_ = [
            instance.config,
            Path(instance.db_url.removeprefix("sqlite:///")),
            instance.kit / "camcops.conf",
            instance.kit / "README",
        ]
        (instance.own("downloads") / "7").mkdir(mode=0o700, exist_ok=True)
        private = [instance.own("downloads"), instance.own("lock"), instance.socket.parent]
        for file in secrets_:
            refused = as_user(SECOND_USER, "cat", str(file))
            assert refused.returncode != 0, file
            assert "denied" in refused.stderr
        for folder in [*private, instance.own("cache") / "matplotlib"]:
            assert as_user(SECOND_USER, "ls", str(folder)).returncode != 0, folder
        ask = f"import socket; socket.socket(socket.AF_UNIX).connect({str(instance.socket)!r})"
        refused = as_user(SECOND_USER, "/usr/bin/env", "python3", "-c", ask)
        assert refused.returncode != 0
        assert "PermissionError" in refused.stderr
        assert health(instance.socket) == 200


def test_the_commands_of_the_manual_run_as_the_web_user(instance: Instance) -> None:
    """`sudo -u www-data camcops_server …`: no home, a working directory that can't be written."""
    done = instance.run("upgrade_db")
    assert done.returncode == 0, done.stderr
    password = "correct horse battery"
    done = instance.run("make_superuser", "--username", "chief", "--password", password)
    assert done.returncode == 0, done.stderr
    done = instance.run("check_config", "--connect")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not os.path.exists("/nonexistent")


def test_a_reboot_takes_socket_and_locks_and_they_come_back(instance: Instance) -> None:
    with serving(instance):
        pass
    for place in ("run", "lock"):
        shutil.rmtree(instance.machine / place)
    done = instance.run("serve_gunicorn")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(instance.machine) in done.stderr, "it doesn't say which folder it lacks"
    instance.make_folders()
    with serving(instance):
        assert owner(instance.socket.parent) == (WEB_USER, 0o700)
        assert owner(instance.own("lock")) == (WEB_USER, 0o700)


def test_where_it_may_the_program_makes_the_folders_itself(instance: Instance) -> None:
    """As under systemd, or with a place of its own."""
    shutil.rmtree(instance.socket.parent)
    shutil.rmtree(instance.machine / "lock")
    instance.machine.chmod(0o777)
    try:
        with serving(instance):
            assert owner(instance.socket.parent) == (WEB_USER, 0o700)
            assert owner(instance.own("lock")) == (WEB_USER, 0o700)
    finally:
        instance.machine.chmod(0o755)
        for place in (instance.socket.parent, instance.machine / "lock"):
            shutil.rmtree(place)
        instance.make_folders()


def test_it_runs_from_a_program_directory_that_is_mounted_read_only(instance: Instance) -> None:
    source = Path(__file__).parents[2] / "src"
    command = instance.machine / "program/venv/bin/camcops_server"
    script = (
        f"set -e; for d in {source} {instance.machine}/program; do mount --bind $d $d; "
        "mount -o remount,ro,bind $d; done; "
        f"! touch {instance.machine}/program/x 2>/dev/null; "
        f"exec runuser -u {WEB_USER} -- env HOME=/nonexistent {command} "
        f"check_config --connect --config {instance.config}"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr or "permission denied" in done.stderr:
        pytest.skip("mount namespaces are not permitted here")
    assert done.returncode == 0, done.stderr + done.stdout


def test_a_configuration_that_it_may_not_read_is_named(instance: Instance) -> None:
    shutil.chown(instance.config, "root", "root")
    try:
        done = instance.run("serve_gunicorn")
    finally:
        shutil.chown(instance.config, WEB_USER, WEB_USER)
    assert done.returncode == 1
    assert f"{instance.config} can't be read: Permission denied" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_configuration_that_others_may_read_is_named(instance: Instance) -> None:
    instance.config.chmod(0o644)
    try:
        done = instance.run("check_config")
    finally:
        instance.config.chmod(0o600)
    assert f"{instance.config}: Everybody on this machine can read it" in done.stdout


def test_a_key_that_others_may_read_is_named(instance: Instance) -> None:
    key = instance.machine / "tls.key"
    key.write_text("key\n")
    key.chmod(0o644)
    shutil.chown(key, WEB_USER, WEB_USER)
    config = instance.machine / "etc/tls.conf"
    text = instance.config.read_text()
    for name in ("SSL_CERTIFICATE", "SSL_PRIVATE_KEY"):
        text = text.replace(f"\n{name} =\n", f"\n{name} = {key}\n")
    config.write_text(text)
    config.chmod(0o600)
    shutil.chown(config, WEB_USER, WEB_USER)
    command = instance.machine / "program/venv/bin/camcops_server"
    done = as_user(WEB_USER, str(command), "check_config", "--config", str(config))
    named = [line for line in done.stdout.splitlines() if "SSL_PRIVATE_KEY: Others" in line]
    assert str(key) in "".join(named)


def test_the_backup_line_of_the_crontab_runs_as_cron_runs_it(instance: Instance) -> None:
    """In an empty environment, as the web user; it prints nothing, so cron sends no mail; old ones go."""
    program = instance.machine / "program"
    text = printed(
        *["demo_crontab", "--instance", "one", "--program", program, "--config", instance.config],
    )
    [line] = [line for line in text.splitlines() if line.startswith("#17 1")]
    user, command = line.split(maxsplit=6)[5:]
    assert user == WEB_USER
    folder = "/var/backups/camcops/one"
    script = (
        f"set -e; mount -t tmpfs none /var/backups; install -d -o {user} -m 0700 {folder}; cd /; "
        f"runuser -u {user} -- touch -d 2020-01-02 {folder}/camcops_20200102T000000.backup; "
        f"setsid runuser -u {user} -- env -i PATH=/usr/bin:/bin SHELL=/bin/sh /bin/sh -c '{command}' "
        f"</dev/null; echo --; stat -c '%U %a %n' {folder}/*"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    if "unshare:" in done.stderr:
        pytest.skip("mount namespaces are not permitted here")
    assert done.returncode == 0, done.stderr
    said, _, made = done.stdout.partition("--\n")
    assert (said, done.stderr) == ("", "")
    assert re.fullmatch(rf"{WEB_USER} 600 {folder}/\w+\.backup\n", made)
