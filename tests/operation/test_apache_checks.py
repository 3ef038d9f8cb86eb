# SPDX-License-Identifier: GPL-3.0-or-later
"""`check_config --apache`: what leads nowhere, or to the wrong place, is named with its line."""

import datetime as dt
import json
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from camcops.cli.main import server as program
from camcops.config import load
from camcops.config.server import ServerSettings
from camcops.operation.apache_checks import check_apache
from camcops.operation.certificates import check_certificate, check_key, check_pair
from camcops.operation.findings import Weight
from tests.conftest import skip_or_fail
from tests.database_servers import ServerMissingError
from tests.database_servers import program as installed
from tests.running import write_config

SOCKET = "/run/camcops/camcops.socket"
TRUSTED = "HTTP_X_FORWARDED_FOR\nHTTP_X_FORWARDED_PROTO\nHTTP_X_SCRIPT_NAME"

GOOD = """\
# A comment with a ProxyPass /camcops http://nowhere in it
Define SOCKET /run/camcops/camcops.socket
<VirtualHost *:443>
    RequestHeader unset X-Forwarded-For early
    ProxyPass "/camcops/static" !
    ProxyPass /camcops \\
        "unix:${SOCKET}|http://camcops" retry=0 timeout=300
    ProxyPassReverse /camcops http://camcops
    <Location /camcops>
        RequestHeader set X-Forwarded-Proto https
        RequestHeader set X-Script-Name /camcops
    </Location>
</VirtualHost>
"""


def settings(folder: Path, **more: str) -> ServerSettings:
    values = {"UNIX_DOMAIN_SOCKET": SOCKET, "TRUSTED_PROXY_HEADERS": TRUSTED, **more}
    url = sa.make_url("sqlite:////nowhere/x.sqlite")
    return load(write_config(folder, url, 8000, **values)).server


def found(
    folder: Path, text: str, *, weight: Weight = Weight.FAULT, **more: str
) -> list[tuple[int, str]]:
    """Line (0: the whole file) and sentence of each finding of a weight."""
    file = folder / "apache.conf"
    file.write_text(text)
    findings = [one for one in check_apache(file, settings(folder, **more)) if one.weight is weight]
    lines = [
        int(one.subject.rpartition(", line ")[2]) if ", line " in one.subject else 0
        for one in findings
    ]
    return [(line, one.says) for line, one in zip(lines, findings, strict=True)]


def both(folder: Path, text: str, **more: str) -> list[tuple[int, str]]:
    return found(folder, text, **more) + found(folder, text, weight=Weight.WARNING, **more)


def test_good_file_has_no_findings(tmp_path: Path) -> None:
    assert both(tmp_path, GOOD) == []
    by_port = GOOD.replace("unix:${SOCKET}|http://camcops", "http://127.0.0.1:8000")
    assert both(tmp_path, by_port, UNIX_DOMAIN_SOCKET="") == []
    at_root = (
        GOOD.replace("ProxyPass /camcops \\", "ProxyPass / \\")
        .replace("|http://camcops", "|http://camcops/")
        .replace("<Location /camcops>", "<Location />")
        .replace(
            "        RequestHeader set X-Script-Name", "        RequestHeader unset X-Script-Name"
        )
    )
    assert both(tmp_path, at_root) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("|http://camcops", "|https://camcops", 6, "write http://camcops, not https://camcops"),
        ("|http://camcops", "|http://camcops/", 6, "“//login”"),
        ("ProxyPass /camcops ", "ProxyPass /camcops/ ", 6, "lacks the / at its end"),
        ("|http://camcops", "|http://localhost/one", 6, "asked for /one/…"),
        ("camcops.socket\n", "other.socket\n", 0, f"leads to the socket {SOCKET}"),
        ("*:443", "*:80", 6, "unencrypted"),
        ("RequestHeader set X-Forwarded-Proto https", "", 6, "not told of https"),
        ("RequestHeader set X-Script-Name /camcops", "", 6, "is not told so"),
        ("X-Script-Name /camcops", "X-Script-Name /other", 11, "the program is told /other"),
        ("<Location /camcops>", "<Location /camcopsX>", 6, "not told of https"),
    ],
)
def test_each_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    faults = found(tmp_path, GOOD.replace(old, new))
    assert any(where == line and says in text for where, text in faults), faults


def test_way_at_the_root_needs_a_slash(tmp_path: Path) -> None:
    """What CamCOPS 2.4 printed by default: only `/` works, `/login` does not."""
    text = GOOD.replace("ProxyPass /camcops ", "ProxyPass / ")
    (first, *_) = found(tmp_path, text)
    assert first[0] == 6
    assert "lacks the / at its end" in first[1]


def test_slash_at_both_ends_loses_the_path_without(tmp_path: Path) -> None:
    text = GOOD.replace("ProxyPass /camcops ", "ProxyPass /camcops/ ").replace(
        "|http://camcops", "|http://camcops/"
    )
    assert found(tmp_path, text) == []
    assert found(tmp_path, text, weight=Weight.WARNING) == [
        (6, "/camcops without / is not found: write /camcops, and the target without / too.")
    ]


def test_two_instances_behind_one_name_are_told(tmp_path: Path) -> None:
    other = "ProxyPass /two unix:/run/camcops/two.socket|http://NAME retry=0 timeout=300\n"
    text = GOOD.replace("</VirtualHost>", other + "</VirtualHost>")
    ((line, says),) = found(tmp_path, text.replace("NAME", "camcops"))
    assert line == 13
    assert "stands on line 6 already, for another socket" in says
    assert "http://two" in says
    assert found(tmp_path, text.replace("NAME", "two")) == []


def test_headers_that_are_set_must_be_trusted_and_the_other_way_round(tmp_path: Path) -> None:
    ((line, says),) = found(
        tmp_path, GOOD, TRUSTED_PROXY_HEADERS="HTTP_X_FORWARDED_FOR\nHTTP_X_SCRIPT_NAME"
    )
    assert (line, "lacks HTTP_X_FORWARDED_PROTO" in says) == (10, True)
    ((line, says),) = found(
        tmp_path, GOOD, TRUSTED_PROXY_HEADERS="HTTP_X_FORWARDED_FOR\nHTTP_X_FORWARDED_PROTO"
    )
    assert (line, "lacks HTTP_X_SCRIPT_NAME" in says) == (11, True)
    ((line, says),) = found(tmp_path, GOOD, TRUSTED_PROXY_HEADERS=TRUSTED + "\nHTTP_X_REAL_IP")
    assert (line, "RequestHeader unset X-Real-Ip early" in says) == (6, True)
    kept = GOOD.replace("    RequestHeader unset X-Forwarded-For early\n", "")
    ((line, says),) = both(tmp_path, kept)
    assert (line, "take it off" in says) == (5, True)


def test_path_agrees_with_the_settings(tmp_path: Path) -> None:
    fixed = GOOD.replace("        RequestHeader set X-Script-Name /camcops\n", "")
    trusted = TRUSTED.replace("\nHTTP_X_SCRIPT_NAME", "")
    given = {"TRUSTED_PROXY_HEADERS": trusted, "PROXY_SCRIPT_NAME": "/camcops"}
    assert both(tmp_path, fixed, **given) == []
    given["PROXY_SCRIPT_NAME"] = "/elsewhere"
    assert "is told /elsewhere" in found(tmp_path, fixed, **given)[0][1]
    ((line, says),) = both(tmp_path, GOOD, EXTERNAL_SCRIPT_NAME="/other")
    assert (line, "EXTERNAL_SCRIPT_NAME is /other" in says) == (6, True)


def test_port_that_is_not_ours_is_told(tmp_path: Path) -> None:
    by_port = GOOD.replace("unix:${SOCKET}|http://camcops", "http://127.0.0.1:8001")
    assert "http://127.0.0.1:8000" in found(tmp_path, by_port, UNIX_DOMAIN_SOCKET="")[0][1]
    ((line, says),) = found(tmp_path, by_port, UNIX_DOMAIN_SOCKET="", weight=Weight.WARNING)
    assert (line, "leads to http://127.0.0.1:8001" in says) == (6, True)


def test_waiting_is_mentioned(tmp_path: Path) -> None:
    text = GOOD.replace(" retry=0 timeout=300", "")
    warnings = found(tmp_path, text, weight=Weight.WARNING)
    assert [line for line, _ in warnings] == [6, 6]
    assert found(tmp_path, "<VirtualHost *:443>\n") == [
        (0, f"No ProxyPass leads to the socket {SOCKET} (UNIX_DOMAIN_SOCKET).")
    ]


def test_included_files_are_part_of_the_whole(tmp_path: Path) -> None:
    """As on Debian: sites by a pattern, and a piece of one host in a file of its own."""
    sites = tmp_path / "sites-enabled"
    sites.mkdir()
    main = tmp_path / "apache2.conf"
    main.write_text("IncludeOptional sites-enabled/*.conf\nIncludeOptional none/*.conf\n")
    (sites / "one.conf").write_text(
        "<VirtualHost *:443>\n Include pieces/camcops.inc\n</VirtualHost>\n"
    )
    (sites / "left.txt").write_text("ProxyPass /x http://127.0.0.1:9\n")
    pieces = tmp_path / "pieces"
    pieces.mkdir()
    (pieces / "camcops.inc").write_text("\n".join(GOOD.splitlines()[1:2] + GOOD.splitlines()[3:-1]))
    assert [one for one in check_apache(main, settings(tmp_path)) if one.weight != "note"] == []
    assert list(check_apache(sites / "one.conf", settings(tmp_path))) == []

    (pieces / "camcops.inc").write_text(GOOD.replace("|http:", "|https:").replace("*:443", "*:80"))
    faults = list(check_apache(main, settings(tmp_path)))
    assert {one.subject for one in faults} == {f"{pieces}/camcops.inc, line 6"}


def test_server_root_is_where_relative_names_begin(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "deep" / "camcops.conf").write_text(GOOD)
    assert both(tmp_path, f'ServerRoot "{elsewhere}"\nInclude deep\n') == []


def test_what_stops_apache_from_starting_is_named(tmp_path: Path) -> None:
    ((line, says),) = found(tmp_path, GOOD + "Include more.conf\n")
    assert (line, says) == (
        14,
        f"{tmp_path}/more.conf is not there, or can't be seen. Apache would not start.",
    )
    ((line, says),) = found(tmp_path, GOOD + "Include apache.conf\n")[:1]
    assert (line, "included within itself" in says) == (14, True)


@pytest.mark.parametrize(
    "where",
    [(), ("--path", "/camcops"), ("--path", "/a/b"), ("--path", "/camcops", "--port", "8000")],
)
def test_what_the_program_writes_itself_is_right(tmp_path: Path, where: tuple[str, ...]) -> None:
    files = certificate(tmp_path, 90)
    options = ("--certificate", str(files[0]), "--key", str(files[1]))
    written = CliRunner().invoke(program, ["demo_apache_config", *where, *options]).stdout
    more = {"UNIX_DOMAIN_SOCKET": ""} if "--port" in where else {}
    trusted = TRUSTED + "\nHTTP_X_FORWARDED_HOST\nHTTP_X_FORWARDED_PORT"
    assert both(tmp_path, written, TRUSTED_PROXY_HEADERS=trusted, **more) == []


def certificate(folder: Path, days: int, name: str = "site") -> tuple[Path, Path]:
    """A certificate that holds for so many days, and its key."""
    try:
        openssl = installed("openssl")
    except ServerMissingError as missing:
        skip_or_fail("openssl", str(missing))
    made, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        [
            *[openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
            *["-nodes", "-subj", "/CN=localhost", "-days", str(days)],
            *["-keyout", str(key), "-out", str(made)],
        ],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    return made, key


def test_certificates_days_are_counted(tmp_path: Path) -> None:
    made, key = certificate(tmp_path, 90)
    (one,) = check_pair(made, key)
    assert one.weight is Weight.NOTE
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=90)
    assert one.says == f"The certificate holds until {until:%Y-%m-%d}, for 89 more days."
    (one,) = check_certificate("x", certificate(tmp_path, 5)[0], must_read=True)
    assert (one.weight, "in 4 days" in one.says) == (Weight.WARNING, True)
    # Of a chain, the server's own comes first.
    made.write_text(certificate(tmp_path, 60, "a")[0].read_text() + made.read_text())
    assert "for 59 more days" in next(check_certificate("x", made, must_read=True)).says


def test_certificates_and_keys_that_are_of_no_use(tmp_path: Path) -> None:
    made, key = certificate(tmp_path, 90)
    _, other = certificate(tmp_path, 90, "other")
    assert [one.weight for one in check_pair(made, other)] == [Weight.NOTE, Weight.FAULT]
    key.chmod(0o644)
    (one,) = check_key("x", key, must_read=True)
    assert (one.weight, "chmod 600" in one.says) == (Weight.WARNING, True)
    key.chmod(0o640)
    assert list(check_key("x", key, must_read=True)) == []
    made.write_text("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
    (one,) = check_certificate("x", made, must_read=True)
    assert (one.weight, "no certificate" in one.says) == (Weight.FAULT, True)
    assert "can't be read" in next(check_certificate("x", tmp_path / "none", must_read=True)).says


def test_command_checks_files_of_the_front_end(tmp_path: Path) -> None:
    url = sa.make_url(f"sqlite:///{tmp_path}/x.sqlite")
    config = write_config(tmp_path, url, 8000, UNIX_DOMAIN_SOCKET=SOCKET)
    apache = tmp_path / "apache.conf"
    apache.write_text(GOOD.replace("|http:", "|https:"))
    args = ["check_config", "--config", str(config), "--json", "--apache"]
    done = CliRunner().invoke(program, [*args, str(apache)])
    assert done.exit_code == 1
    faults = [one for one in json.loads(done.stdout) if one["weight"] == "fault"]
    assert faults[0]["subject"] == f"{apache}, line 6"
    absent = CliRunner().invoke(program, [*args, str(tmp_path / "absent")])
    assert "can't be read" in absent.stdout
