# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading a configuration file: types, defaults, and every fault at once."""

from pathlib import Path

import pytest

from camcops.config import load
from camcops.config.specimen import specimen
from camcops.problems import Problem

SITE = """
[site]
DB_URL = sqlite:///x.sqlite
SESSION_COOKIE_SECRET = sesame
PATIENT_SPEC = {surname}_{idnum1}
TASK_FILENAME_SPEC = {patient}.{filetype}
TRACKER_FILENAME_SPEC = {patient}.{filetype}
CTV_FILENAME_SPEC = {patient}.{filetype}
"""
SERVER = "\n[server]\n"
EXPORT = "\n[export]\nCELERY_BEAT_SCHEDULE_DATABASE = /x/beat\nEXPORT_LOCKDIR = /x\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "camcops.conf"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def faults(folder: Path, text: str) -> str:
    with pytest.raises(Problem) as caught:
        load(written(folder, text))
    return caught.value.message


def test_specimen_loads_unedited_and_explains_every_key(tmp_path: Path) -> None:
    text = specimen()
    settings = load(written(tmp_path, text))
    assert settings.warnings == ()
    assert settings.server.port == 8000
    assert "SESSION_TIMEOUT_MINUTES = 30" in text


def test_specimen_is_filled_with_values(tmp_path: Path) -> None:
    values = {"DB_URL": "sqlite:////x/50%.sqlite", "INSTRUMENT_DIRS": "/a b\n/c", "PORT": "8001"}
    settings = load(written(tmp_path, specimen(values)))
    assert settings.site.db_url == "sqlite:////x/50%.sqlite"
    assert settings.site.instrument_dirs == ("/a b", "/c")
    assert settings.server.port == 8001
    with pytest.raises(KeyError, match="PROT"):
        specimen({"PROT": "8001"})


def test_two_specimens_have_different_secrets() -> None:
    assert specimen() != specimen()


def test_byte_order_mark_case_and_continuation(tmp_path: Path) -> None:
    text = (
        "\ufeff"
        + SITE.replace("DB_URL =", "db_url:")
        + "mfa_methods =\n    TOTP\n\n    no_mfa # all\n"
    )
    settings = load(written(tmp_path, text + SERVER + EXPORT))
    assert settings.site.db_url == "sqlite:///x.sqlite"
    assert settings.site.mfa_methods == ("totp", "no_mfa")


def test_percent_sign_is_doubled(tmp_path: Path) -> None:
    text = SITE.replace("sesame", "50%%") + SERVER + EXPORT
    assert load(written(tmp_path, text)).site.session_cookie_secret == "50%"


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = (
        SITE.replace("sesame", "")
        + "SESSION_TIMEOUT_MINUTES = -5\nDB_ECHO = maybe\nWEBVIEW_LOGLEVEL = loud\n"
        + SERVER
        + "PORT = 99999\nTRUSTED_PROXY_HEADERS = X-Forwarded-For\n"
    )
    message = faults(tmp_path, text)
    for part in (
        "[export] is missing",
        "SESSION_COOKIE_SECRET is missing",
        "line 9: [site] SESSION_TIMEOUT_MINUTES must be a whole number from 1, not '-5'",
        "DB_ECHO must be one of true",
        "WEBVIEW_LOGLEVEL must be one of debug",
        "PORT must be a whole number from 1 to 65535, not '99999'",
        "TRUSTED_PROXY_HEADERS must be lines from this list",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("[site]\nMFA_METHODS = pigeon\n", "MFA_METHODS must be lines from this list"),
        ("[site]\nSMS_BACKEND = pigeon\n", "SMS_BACKEND must be one of"),
        ("[site]\nSMS_BACKEND = kapow\n", "[sms_backend:kapow] needs USERNAME, PASSWORD"),
        ("[site]\nRESTRICTED_TASKS = phq9 clinic\n", "of the form 'task: group, group'"),
        ("[site]\nRESTRICTED_TASKS =\n  phq9: a\n  phq9: b\n", "'phq9' stands twice"),
        ("[site]\nRESTRICTED_TASKS = phq9: a b\n", "of the form 'task: group, group'"),
        ("[site]\nLOCKOUT_THRESHOLD = 0\n", "LOCKOUT_THRESHOLD must be a whole number from 1"),
        ("[site]\nLANGUAGE = xx\n", "LANGUAGE must be one of en_GB"),
        ("[site]\nEMAIL_HOST = 50%\n", "EMAIL_HOST has a % that stands for nothing"),
        ("[site]\nDB_URL = sqlite://\n", "DB_URL stands already on line 3"),
        ("[server]\nSSL_CERTIFICATE = /nowhere\n", "the name of an existing file"),
        ("[export]\nRECIPIENTS = a-b\n", "names of letters, digits and _"),
        ("[export]\nRECIPIENTS =\n  a\n  a\n", "'a' stands twice"),
        ("[export]\nRECIPIENTS = a\n", "[recipient:a] is missing"),
        ("[export]\nSCHEDULE = 0 1 * * * a\n", "SCHEDULE names a, which RECIPIENTS doesn't list"),
        ("[export]\nSCHEDULE = 0 1 * *\n", "lines of six words"),
        ("[export]\nSCHEDULE_TIMEZONE = Mars/Olympus\n", "the name of a time zone"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, more: str, says: str) -> None:
    section, _, lines = more.partition("\n")
    text = (SITE + SERVER + EXPORT).replace(section + "\n", section + "\n", 1)
    head, _, tail = text.partition(section + "\n")
    _, next_mark, rest = tail.partition("\n[")
    body = tail[: len(tail) - len(rest) - len(next_mark)]
    message = faults(tmp_path, head + section + "\n" + body + "\n" + lines + next_mark + rest)
    assert says in message


def test_half_a_certificate_pair(tmp_path: Path) -> None:
    certificate = tmp_path / "c.pem"
    certificate.write_text("x")
    message = faults(tmp_path, SITE + SERVER + f"SSL_CERTIFICATE = {certificate}\n" + EXPORT)
    assert "belong together" in message


def test_unknown_keys_are_warned_of_with_the_nearest_name(tmp_path: Path) -> None:
    text = SITE + "SESION_TIMEOUT_MINUTES = 5\n" + SERVER + EXPORT + "[speling]\n"
    warnings = load(written(tmp_path, text)).warnings
    assert any("did you mean SESSION_TIMEOUT_MINUTES?" in line for line in warnings)
    assert any("[speling]" in line for line in warnings)


def test_older_layout_is_recognised(tmp_path: Path) -> None:
    message = faults(tmp_path, "[server]\nDB_URL = sqlite://\n[recipients]\nHL7_LOCKFILE = /x\n")
    assert "before 2.3.1" in message


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="can't be read"):
        load(tmp_path / "absent.conf")
    with pytest.raises(Problem, match="not UTF-8"):
        load(written(tmp_path, b"[site]\nDB_URL = \xff\n"))
    with pytest.raises(Problem, match="before the first"):
        load(written(tmp_path, "DB_URL = x\n"))


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    text = SITE.replace("sqlite:///x.sqlite", "mysql://me:hush@host/db") + SERVER + EXPORT
    shown = repr(load(written(tmp_path, text)))
    assert "hush" not in shown
    assert "sesame" not in shown
    message = faults(tmp_path, text.replace("hush", "hu%sh"))
    assert "hu%sh" not in message


def test_command_line_overrides_the_server_section(tmp_path: Path) -> None:
    path = written(tmp_path, SITE + SERVER + "PORT = 8000\n" + EXPORT)
    assert load(path, {"port": "9001"}).server.port == 9001
    with pytest.raises(Problem, match="PORT must be"):
        load(path, {"port": "0"})
