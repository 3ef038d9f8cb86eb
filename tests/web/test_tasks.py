# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of tasks: what it shows, whose, in which order, and at what cost."""

import re

import pytest

from camcops.db.database import Database
from camcops.db.seeds import SYSTEM_USERNAME
from tests.statements import count_statements
from tests.web.browser import Browser
from tests.web.specimens import PHQ9, People, store_many, store_patient, store_task


def names(page: str) -> list[str]:
    return re.findall(r'class="whole"[^>]*><bdi>([^<]+)</bdi>', page)


@pytest.fixture
def smith(site_database: Database, people: People) -> int:
    """A PHQ-9 of a patient of annie's group."""
    who = store_patient(site_database, people.liaison, "Smith", "Zoë", idnums={1: 9434765919})
    return store_task(site_database, people.liaison, "phq9", who, PHQ9, alert=True)


@pytest.fixture
def jones(site_database: Database, people: People) -> int:
    """A PHQ-9 of a patient of the group that annie does not see."""
    who = store_patient(site_database, people.perinatal, "Jones", "Alan", sex="M")
    return store_task(site_database, people.perinatal, "phq9", who, PHQ9)


def test_a_row_says_who_what_when_and_in_which_state(annie: Browser, smith: int) -> None:
    page = annie.get("/webview/tasks").text

    assert "<bdi>SMITH, Zoë</bdi>" in page
    assert "PHQ-9" in page
    assert "943 476 5919" in page
    assert '<span class="alert-strong">Alert</span>' in page
    assert f'href="/webview/tasks/phq9/{smith}"' in page
    assert f'href="/webview/tasks/phq9/{smith}/pdf"' in page
    assert '<time datetime="2026-07-07T' in page
    assert f'class="added" title="{SYSTEM_USERNAME}"' in page


def test_tasks_of_other_groups_are_not_listed(annie: Browser, smith: int, jones: int) -> None:
    assert names(annie.get("/webview/tasks").text) == ["SMITH, Zoë"]
    assert "JONES" not in annie.get("/webview/tasks?surname=Jones").text
    assert "JONES" not in annie.get("/webview").text


def test_superuser_sees_all(browser: Browser, smith: int, jones: int) -> None:
    browser.log_in("root")

    assert set(names(browser.get("/webview/tasks").text)) == {"SMITH, Zoë", "JONES, Alan"}


def test_who_may_not_browse_must_name_the_patient(browser: Browser, smith: int) -> None:
    browser.log_in("narrow")

    assert "Which patient?" in browser.get("/webview/tasks").text
    assert names(browser.get("/webview/tasks?sex=F").text) == []
    assert names(browser.get("/webview/tasks?surname=smith").text) == ["SMITH, Zoë"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("surname=SMITH", True),
        ("surname=Smi", False),
        ("surname=smith&forename=zo%C3%AB", True),
        ("dob=1970-07-07", True),
        ("dob=1970-07-08", False),
        ("sex=M", False),
        ("which_idnum=1&idnum_value=943+476+5919", True),
        ("which_idnum=2&idnum_value=9434765919", False),
        ("which_idnum=1&idnum_value=", True),
        ("tasks=phq9&tasks=gad7", True),
        ("tasks=gad7", False),
        ("complete_only=1", True),
        ("created_from=2026-07-07&created_until=2026-07-07", True),
        ("created_from=2026-07-08", False),
        ("created_until=2026-07-06", False),
        ("group_ids=999999", False),
        ("surname=%25", False),
        ("surname=Smith%27+OR+%271%27%3D%271", False),
        ("unknown=parameter", True),
    ],
)
def test_filters_in_the_address(annie: Browser, smith: int, query: str, found: bool) -> None:
    answer = annie.get(f"/webview/tasks?{query}")

    assert answer.status == 200
    assert (names(answer.text) == ["SMITH, Zoë"]) is found


def test_a_set_filter_can_be_removed_and_the_others_stay(annie: Browser, smith: int) -> None:
    page = annie.get("/webview/tasks?surname=Smith&tasks=phq9").text

    assert 'href="/webview/tasks?tasks=phq9" aria-label="Remove the filter Patient"' in page
    assert 'href="/webview/tasks?surname=Smith" aria-label="Remove the filter Task"' in page
    assert '<input type="hidden" name="tasks" value="phq9">' in page


def test_empty_lists_say_why(annie: Browser, browser: Browser) -> None:
    assert "No tasks yet" in annie.get("/webview/tasks").text
    assert "No task matches" in annie.get("/webview/tasks?surname=Nobody").text


def test_paging_by_key_loses_and_repeats_nothing(
    annie: Browser, site_database: Database, people: People
) -> None:
    store_many(site_database, people, rounds=10)
    seen: list[str] = []
    address = "/webview/tasks?sex=F"

    while address:
        page = annie.get(address).text
        seen += re.findall(r'class="whole" href="([^"]+)"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older.group(1).replace("&amp;", "&") if older else ""

    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize("path", ["/webview/tasks", "/webview/tasks?surname=Abernathy", "/webview"])
@pytest.mark.parametrize("user", ["annie", "root"])
def test_a_list_costs_ten_statements_however_long(
    browser: Browser, site_database: Database, people: People, path: str, user: str
) -> None:
    store_many(site_database, people, rounds=10)
    browser.log_in(user)

    with count_statements(site_database) as seen:
        assert len(names(browser.get(path).text)) >= 8

    assert len(seen) <= 10, seen


def test_names_that_look_like_markup_are_text(
    annie: Browser, site_database: Database, people: People
) -> None:
    who = store_patient(site_database, people.liaison, "<script>alert(1)</script>", "\"'>")
    store_task(site_database, people.liaison, "phq9", who, PHQ9)

    page = annie.get("/webview/tasks").text

    assert "<SCRIPT>" not in page
    assert "<script>alert" not in page
    assert "&lt;SCRIPT&gt;" in page
