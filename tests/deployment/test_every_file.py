# SPDX-License-Identifier: GPL-3.0-or-later
"""What all generated files have in common."""

import re
from pathlib import Path

import pytest

from camcops import __version__
from camcops.config.readers import NotAllowed
from camcops.deployment.installation import Installation
from tests.deployment.generated import camcops, printed

FILES = (
    "demo_apache_config",
    "demo_nginx_config",
    "demo_supervisor_config",
    "demo_systemd_units",
    "demo_firewall_rules",
    "demo_selinux_commands",
    "demo_crontab",
    "demo_tmpfiles_config",
    "demo_logrotate_config",
    "demo_mysql_create_db",
    "demo_mysql_dump_script",
    "demo_prune_script",
)
HOSTILE = {
    "--instance": ("a b", "x\n[program:evil]", "../x", "A", "-x", "a;b", "a" * 21),
    "--user": ("root; reboot", "a b", "x\nuser=root", ""),
    "--host": ("a b", "x;evil", 'x"', "x\ny", "http://x", "a/b", ""),
    "--path": ("/a b", "/../x", '/x"', "/x\ny", "/x;y", "/x$1", "/(x", "/x%20"),
    "--config": ("relative.conf", "/a b", "/x\ny", "/x/../y", "/x%(y)s", '/x"y', "/"),
    "--socket": ("s", "/a|http://evil", "/run/y/" + "x" * 101, "/run/y/a:b"),
    "--certificate": ("/x;y", "/x y"),
    "--static": ("/x;", "/x\ny"),
}


@pytest.mark.parametrize("command", FILES)
def test_it_names_program_and_version_in_plain_text_without_indented_comments(command: str) -> None:
    text = printed(command)
    assert f"CamCOPS {__version__}" in "".join(text.splitlines()[:3])
    assert text.isascii()
    assert text.endswith("\n")
    assert not re.search(r"^[ \t]+(#|;(?!;)|-- )", text, re.MULTILINE)
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("option", "value"), [(name, value) for name in HOSTILE for value in HOSTILE[name]]
)
def test_no_value_can_add_a_line_a_directive_or_a_command(option: str, value: str) -> None:
    name = option.removeprefix("--")
    with pytest.raises(NotAllowed, match=f"{name} must be"):
        Installation(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("config", "/camcops.conf"),
        ("config", "/etc/camcops.conf"),
        ("socket", "/run/camcops.socket"),
        ("socket", "/run/lock/camcops.socket"),
        ("socket", "/tmp/camcops.socket"),
        ("lock", "/var/lock"),
        ("cache", "/var/cache/camcops"),
        ("logo", "/etc/logo.png"),
        ("static", "/srv"),
        ("backups", "/var/backups"),
        ("downloads", "/tmp"),
        ("downloads", "/var/tmp"),
        ("logs", "/var/log"),
        ("logs", "/var/log/nginx"),
    ],
)
def test_no_folder_that_others_need_is_taken_over(name: str, value: str) -> None:
    """Generated files give such folders another owner, mode or label."""
    with pytest.raises(NotAllowed, match=f"{name} must be in a folder of its own"):
        Installation(**{name: value})


@pytest.mark.parametrize("option", HOSTILE)
def test_the_command_line_says_so(option: str, tmp_path: Path) -> None:
    value = HOSTILE[option][0]
    place = tmp_path / "kit"
    words = ["x1"] if option != "--instance" else [value]
    more = [option, value] if option != "--instance" else []
    done = camcops("make_instance", *words, "--directory", place, *more)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"{option.removeprefix('--')} must be" in done.stderr
    assert not place.exists()


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("demo_mysql_create_db", ["--database", "x; DROP DATABASE y"]),
        ("demo_mysql_create_db", ["--owner", "x'@'%' IDENTIFIED BY ''; --"]),
        ("demo_mysql_create_db", ["--client", "x' "]),
        ("demo_mysql_create_db", ["--owner", "same", "--reader", "same"]),
        ("demo_mysql_dump_script", ["$(reboot)"]),
        ("demo_mysql_dump_script", ["--directory", "/x;reboot"]),
        ("demo_mysql_dump_script", ["--copy_to", "/x y"]),
        ("demo_prune_script", ["*"]),
        ("make_instance", ["../x"]),
        ("demo_systemd_units", ["--unit", "other.service"]),
        ("demo_apache_config", ["--port", "0"]),
        ("demo_apache_config", ["--port", "8000", "--socket", "/run/x.socket"]),
    ],
)
def test_what_can_not_stand_in_a_file_is_a_usage_error(command: str, args: list[str]) -> None:
    done = camcops(command, *args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error: " in done.stderr


def test_names_of_an_instance_stand_in_all_its_files(tmp_path: Path) -> None:
    for command in ("demo_apache_config", "demo_nginx_config", "demo_supervisor_config"):
        text = printed(command, "--instance", "clinic2")
        assert "clinic2" in text
        assert "/camcops.socket" not in text
        assert "/camcops.conf" not in text
    units = printed("demo_systemd_units", "--instance", "clinic2", "--directory", tmp_path)
    assert len(units.splitlines()) == len(list(tmp_path.glob("clinic2*"))) == 6
