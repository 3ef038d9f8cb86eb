# SPDX-License-Identifier: GPL-3.0-or-later
"""The kit of an instance: whole, private, and with nothing in common with another instance's."""

import re
import stat
from pathlib import Path

import pytest

from camcops.config import load
from tests.deployment.generated import accepted, camcops, needed, printed

KIT = {
    *("README", "camcops.conf", "database.sql", "dump.cnf", "dump.sh", "crontab", "tmpfiles.conf"),
    *("supervisor.conf", "logrotate", "apache.conf", "apache-section.conf", "nginx.conf"),
    *("nginx-section.conf", "one.target", "one_server.service", "one_workers.service"),
    *("one_scheduler.service", "one_backup.service", "one_backup.timer"),
}


@pytest.fixture(scope="module")
def kits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The kits of instances `one` and `two` on one host."""
    folder = tmp_path_factory.mktemp("kits")
    for name in ("one", "two"):
        done = camcops(
            *["make_instance", name, "--directory", folder / name, "--host", "camcops.nhs.uk"],
        )
        assert done.returncode == 0, done.stderr
        assert f"follow {folder / name}/README" in done.stderr
        assert {Path(line).name for line in done.stdout.splitlines()} == {
            file.name for file in (folder / name).iterdir()
        }
    return folder / "one", folder / "two"


def test_the_kit_is_whole_and_readable_by_its_owner_alone(kits: tuple[Path, Path]) -> None:
    one, _ = kits
    assert {file.name for file in one.iterdir()} == KIT
    for path in (one, *one.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) in (0o600, 0o700), path


def test_the_configuration_loads_and_agrees_with_the_other_files(kits: tuple[Path, Path]) -> None:
    one, _ = kits
    settings = load(one / "camcops.conf")
    assert settings.warnings == ()
    assert settings.server.unix_domain_socket == Path("/run/camcops/one.socket")
    assert settings.server.external_script_name == "/one"
    assert settings.server.external_server_name == "camcops.nhs.uk"
    assert settings.server.require_https
    assert "unix:/run/camcops/one.socket|http://one" in (one / "apache.conf").read_text()
    assert "--config /etc/camcops/one.conf" in (one / "supervisor.conf").read_text()
    password = re.findall(r"IDENTIFIED BY '(.+)'", (one / "database.sql").read_text())
    assert f"://one:{password[0]}@localhost/one?" in settings.site.db_url
    assert f"password = {password[2]}\n" in (one / "dump.cnf").read_text()


def test_two_instances_share_no_secret_name_or_place(kits: tuple[Path, Path]) -> None:
    first, second = (load(kit / "camcops.conf") for kit in kits)
    for read in (
        lambda found: found.site.db_url,
        lambda found: found.site.session_cookie_secret,
        lambda found: found.site.audit_secret,
        lambda found: found.site.user_download_dir,
        lambda found: found.server.unix_domain_socket,
        lambda found: found.server.port,
        lambda found: found.server.external_script_name,
        lambda found: found.export.export_lockdir,
        lambda found: found.export.celery_beat_schedule_database,
    ):
        assert read(first) != read(second)
    for name in ("apache.conf", "nginx.conf", "supervisor.conf", "database.sql", "tmpfiles.conf"):
        one, two = ((kit / name).read_text() for kit in kits)
        assert not re.search(r"\btwo\b", one)
        assert not re.search(r"\bone\b(?! file| day|s)", re.sub(r"^(#|--).*$", "", two, flags=re.M))
    names = [re.findall(r"CREATE USER '(\w+)'", (kit / "database.sql").read_text()) for kit in kits]
    assert len({*names[0], *names[1]}) == 6


def test_each_run_has_secrets_of_its_own(kits: tuple[Path, Path], tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert camcops("make_instance", "one", "--directory", again).returncode == 0
    for name in ("camcops.conf", "database.sql", "dump.cnf"):
        assert (again / name).read_text() != (kits[0] / name).read_text()


def test_nothing_is_overwritten(kits: tuple[Path, Path]) -> None:
    one, _ = kits
    before = {file.name: file.read_bytes() for file in one.iterdir()}
    done = camcops("make_instance", "one", "--directory", one)
    assert done.returncode == 1
    assert "There is" in done.stderr
    assert done.stdout == ""
    assert {file.name: file.read_bytes() for file in one.iterdir()} == before
    assert [path.name for path in one.parent.iterdir() if path.name.startswith(".")] == []


def test_with_a_database_of_its_own_there_is_no_sql(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    url = "postgresql://me:p%40ss@db/one"
    done = camcops("make_instance", "one", "--directory", folder, "--db_url", url)
    assert done.returncode == 0, done.stderr
    assert load(folder / "camcops.conf").site.db_url == url
    assert not any((folder / name).exists() for name in ("database.sql", "dump.sh", "crontab"))
    assert "mysql" not in (folder / "README").read_text()


def test_the_readmes_commands_name_files_of_the_kit(kits: tuple[Path, Path]) -> None:
    one, _ = kits
    text = (one / "README").read_text()
    installed = re.findall(r"install -o \S+ -g \S+ -m \d+ (\S+) (/\S+)", text)
    assert {name for name, _ in installed} == KIT - {
        *("README", "database.sql", "apache-section.conf", "nginx-section.conf"),
    }
    commands = "\n".join(line for line in text.splitlines() if line.startswith("   "))
    accepted(needed("sh"), "-n", "-c", re.sub(r"^   Where.*$", "", commands, flags=re.M))
    assert "https://camcops.nhs.uk/one/webview" in text


def test_here_and_by_its_name_where_no_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = camcops("make_instance", "clinic3").stdout.splitlines()
    assert f"{tmp_path}/clinic3/README" in lines
    assert "clinic3" in printed("demo_supervisor_config", "--instance", "clinic3")
