# SPDX-License-Identifier: GPL-3.0-or-later
"""The container files: read by a real parser, and kept as closed as they promise. No image is built here."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import skip_or_fail
from tests.packaging.conftest import ROOT

FOLDER = ROOT / "packaging" / "container"
PROGRAMS = ("upgrade", "server", "workers", "scheduler")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The composition as `docker-compose` understands it, merges and defaults filled in."""
    if shutil.which("docker-compose") is None:
        skip_or_fail("docker-compose", "needs docker-compose")
    # The program of Debian 12 is older than the key `name`.
    text = re.sub(r"^name: .*\n", "", (FOLDER / "compose.yaml").read_text(), flags=re.MULTILINE)
    done = subprocess.run(
        ["docker-compose", "--project-directory", FOLDER, "--file", "-", "config"],
        input=text, env={**os.environ, "CAMCOPS_HOST": "camcops.example.org"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = yaml.safe_load(done.stdout)
    return read


def stages() -> dict[str, list[str]]:
    """The instructions of each stage of the Containerfile."""
    text = re.sub(r"\\\n\s*", " ", (FOLDER / "Containerfile").read_text())
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if match := re.match(r"FROM (\S+) AS (\w+)$", line):
            found[match[2]] = [line]
        elif line and not line.startswith("#"):
            found[list(found)[-1]].append(line)
    return found


def test_images_run_as_the_web_user_and_start_from_debian() -> None:
    assert set(stages()) == {"package", "server", "front"}
    for name in ("server", "front"):
        users = [line.split()[1] for line in stages()[name] if line.startswith("USER ")]
        assert users[-1] == "www-data"
    bases = {lines[0].split()[1] for lines in stages().values()}
    assert bases == {"docker.io/library/debian:bookworm-slim", "server"}


def test_the_server_s_image_asks_itself_whether_it_is_well() -> None:
    assert any(
        line.startswith("HEALTHCHECK") and '"healthy"' in line for line in stages()["server"]
    )


def test_what_is_copied_into_an_image_exists_and_holds_no_secret() -> None:
    copied = [
        source
        for lines in stages().values()
        for line in lines
        if line.startswith("COPY ")
        for source in line.split()[1:-1]
        if not source.startswith("--")
    ]
    assert len(copied) > 5
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert not any(Path("packaging/container/secrets").is_relative_to(source) for source in copied)


def test_programs_of_ours_can_change_nothing_and_gain_nothing(compose: dict[str, Any]) -> None:
    for name in (*PROGRAMS, "front"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_only_the_front_can_be_reached_and_it_reaches_no_database(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["front"]
    assert compose["networks"]["inside"]["internal"] is True
    assert list(services["front"]["networks"]) == ["outside"]
    assert all(list(services[name]["networks"]) == ["inside"] for name in (*PROGRAMS, "database"))


def test_secrets_are_files_and_each_program_gets_its_own_alone(compose: dict[str, Any]) -> None:
    assert all("file" in secret for secret in compose["secrets"].values())
    given = {
        name: {secret["source"] for secret in service.get("secrets", [])}
        for name, service in compose["services"].items()
    }
    assert given == {
        "database": {"database_password"},
        "front": {"certificate.pem", "key.pem"},
        **{name: {"camcops.conf"} for name in PROGRAMS},
    }
    for service in compose["services"].values():
        assert not any("PASSWORD" in k and not k.endswith(("_FILE", "RANDOM_ROOT_PASSWORD"))
                       for k in service.get("environment", {}))  # fmt: skip


def test_nothing_serves_before_the_database_is_up_to_date(compose: dict[str, Any]) -> None:
    for name in ("server", "workers", "scheduler"):
        condition = compose["services"][name]["depends_on"]["upgrade"]["condition"]
        assert condition == "service_completed_successfully"
