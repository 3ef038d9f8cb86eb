# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the log, and what must not: patients, answers, query strings, passwords."""

import json
import logging
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from camcops.accounts.permissions import Permission
from camcops.accounts.users import add_membership, create_user
from camcops.db.database import Database
from camcops.db.schema import groups
from camcops.demonstration.tablet import Refused, Tablet
from camcops.serving.gunicorn import without_queries
from camcops.serving.log_lines import JsonLines, PlainLines, within_request
from tests.initial_states import make_tablet_state
from tests.running import running_server
from tests.tablet_api.contents import everything, number, person, phq9
from tests.web.browser import Browser
from tests.web.specimens import PASSWORD

SURNAME, FORENAME, ANSWER, NUMBER = "Featherstonehaugh", "Ermintrude", "Zanzibarbarian", 987654321
SECRETS = (SURNAME, SURNAME.upper(), FORENAME, ANSWER, str(NUMBER), PASSWORD, "tablet-pw-1")


def record(text: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("camcops.x", logging.WARNING, __file__, 1, text, args, info)


def failed() -> BaseException:
    try:
        try:
            int(SURNAME)
        except ValueError as error:
            raise RuntimeError(f"while reading {SURNAME}") from error
    except RuntimeError as error:
        return error


def test_lines_carry_the_request() -> None:
    with within_request("abc123"):
        plain = PlainLines().format(record("%d rows", 3))
        found = json.loads(JsonLines().format(record("%d rows", 3)))
    assert ".rabc123] camcops.x:WARNING: 3 rows" in plain
    assert found["request"] == "abc123"
    assert (found["level"], found["logger"], found["message"]) == ("warning", "camcops.x", "3 rows")
    assert "request" not in json.loads(JsonLines().format(record("outside")))
    assert ".r" not in PlainLines().format(record("outside")).partition("]")[0]


@pytest.mark.parametrize("lines", [PlainLines(), JsonLines()])
def test_errors_are_logged_without_their_text(lines: logging.Formatter) -> None:
    line = lines.format(record("It failed", error=failed()))
    assert SURNAME not in line
    assert "ValueError" in line
    assert "RuntimeError" in line
    assert "test_logs.py" in line


def test_json_is_one_line_whatever_is_said() -> None:
    line = JsonLines().format(record("two\nlines", error=failed()))
    assert "\n" not in line
    assert json.loads(line)["message"] == "two\nlines"


def test_gunicorns_own_messages_lose_query_strings() -> None:
    said = record("Error handling request %s", "/webview/tasks?surname=" + SURNAME)
    assert without_queries(said)
    assert said.getMessage().startswith("Error handling request /webview/tasks")
    assert SURNAME not in said.getMessage()


def furnish(database: Database) -> None:
    make_tablet_state(database)

    def work(conn: sa.Connection) -> None:
        group = conn.scalar(sa.select(groups.c.id))
        assert group is not None
        annie = create_user(conn, username="annie", password=PASSWORD)
        flags = [Permission.MAY_USE_WEBVIEWER, Permission.VIEW_ALL_PATIENTS_WHEN_UNFILTERED]
        add_membership(conn, annie, group, flags)

    database.write(work)


def use(address: str, port: int) -> None:
    """Uploads in both forms, one refused; lists, searches, pages, PDF, log-ins good and bad."""
    tablet = Tablet(f"{address}/database", "device-1", "tablet", "tablet-pw-1")
    tablet.register("A tablet")
    contents = everything(
        patient=[person(surname=SURNAME, forename=FORENAME, other=ANSWER)],
        patient_idnum=[number(value=NUMBER)],
        photosequence=[],
        photosequence_photos=[],
        blobs=[],
    )
    tablet.upload(contents, finish=False, one_step=True)
    tablet.upload({**contents, "phq9": [phq9(1, q1=3)]}, finish=False, one_step=False)
    with pytest.raises(Refused):
        tablet.upload({**contents, "phq9": [phq9(1, q1=ANSWER)]}, finish=False, one_step=True)
    browser = Browser(port)
    browser.get(f"/webview/tasks?surname={SURNAME}")
    browser.log_in("annie", "wrong " + ANSWER)
    assert browser.log_in("annie").status == 303
    for path in (
        "/webview/tasks",
        f"/webview/tasks?surname={quote(SURNAME)}&which_idnum=2&idnum_value={NUMBER}",
    ):
        assert SURNAME.upper() in browser.get(path).text.upper()
    for page in ("", "/pdf"):
        assert browser.get(f"/webview/tasks/phq9/1{page}").status == 200
    assert browser.get(f"/webview/tasks?created_from={ANSWER}").status in (200, 400)
    assert browser.get("/healthz").text == "ok\n"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["json", "plain"])
def test_no_patient_in_the_log(sqlite_database: Database, tmp_path: Path, form: str) -> None:
    furnish(sqlite_database)
    with running_server(
        tmp_path,
        sqlite_database.engine.url,
        LOG_FORMAT=form,
        SHOW_REQUESTS="true",
        SHOW_RESPONSE="true",
    ) as server:
        use(server.address, server.port)
        assert server.stop() == 0
    text = server.log.read_text()
    assert [secret for secret in SECRETS if secret in text] == []
    assert "?surname" not in text
    assert "/webview/tasks/phq9/1/pdf" in text
    if form == "plain":
        assert ".r" in text
        return
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [line for line in lines if line["message"].startswith("Request from")]
    assert len(requests) > 20
    numbers = {line["request"] for line in requests}
    assert len(numbers) == len(requests)
    assert "gunicorn.error" in {line["logger"] for line in lines}
