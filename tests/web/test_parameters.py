# SPDX-License-Identifier: GPL-3.0-or-later
"""Values from addresses and forms: what is taken, what is refused and in which words."""

from datetime import date

import pytest
from pyramid.request import Request

from camcops.problems import Problem
from camcops.web import parameters


def test_blank_is_absent_and_outer_spaces_go() -> None:
    assert parameters.text({"surname": "  Smith "}, "surname") == "Smith"
    assert parameters.text({"surname": "   "}, "surname") is None
    assert parameters.number({}, "group") is None


def test_an_id_number_may_be_typed_as_it_is_printed() -> None:
    assert parameters.long_number({"idnum": "943 476 5919"}, "idnum") == 9434765919


def test_a_day_is_read() -> None:
    assert parameters.day({"dob": "1970-07-07"}, "dob") == date(1970, 7, 7)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (parameters.text, "a\0b"),
        (parameters.text, "x" * 256),
        (parameters.number, "-1"),
        (parameters.number, "١٢"),
        (parameters.number, "2147483648"),
        (parameters.number, "1 OR 1=1"),
        (parameters.long_number, "1" * 19),
        (parameters.day, "07/07/1970"),
        (parameters.day, "1970-13-01"),
        (parameters.day, "0001-01-01"),
        (parameters.day, "9999-12-31"),
    ],
)
def test_anything_else_is_refused_by_name(read: object, value: str) -> None:
    assert callable(read)
    with pytest.raises(Problem) as caught:
        read({"it": value}, "it")

    assert caught.value.kind.http == 400
    assert "it" in caught.value.says


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("/camcops/webview/tasks?surname=Smith", True),
        ("/webview", False),
        ("//evil.example/camcops/", False),
        ("https://evil.example/camcops/", False),
        ("/camcops/\\evil.example", False),
        ("/camcops/\r\nSet-Cookie: x", False),
        ("javascript:alert(1)", False),
        ("/camcopsX", False),
        ("/camcops/.//evil.example", False),
        ("/camcops/../..//evil.example", False),
        ("/camcops/%2e%2e//evil.example", False),
        ("/camcops/%2f%2fevil.example", False),
        ("/camcops/%5cevil.example", False),
        ("/camcops/../other", False),
        ("/camcops//evil.example", False),
        ("/camcops/", True),
        ("/camcops/webview/tasks?surname=a//b/../c", True),
        (None, False),
    ],
)
def test_a_redirect_stays_on_this_site(wanted: str | None, allowed: bool) -> None:
    request = Request.blank("/webview/login", environ={"SCRIPT_NAME": "/camcops"})

    assert parameters.same_origin_path(request, wanted) == (wanted if allowed else None)


def test_root_mount_refuses_other_hosts() -> None:
    request = Request.blank("/webview/login")

    for hostile in ("//evil.example/", "/.//evil.example", "/x/..//evil.example", "///evil"):
        assert parameters.same_origin_path(request, hostile) is None
    assert parameters.same_origin_path(request, "/webview") == "/webview"
