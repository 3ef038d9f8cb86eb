# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading forms: the same as everybody else reads them, piece by piece, within bounds."""

import io
import tracemalloc
from urllib.parse import parse_qsl, quote_from_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcops.problems import Problem
from camcops.tablet_api import forms
from camcops.tablet_api.forms import Form, MalformedForm, OverlongBody, percent_decode, read_form

LIMIT = 1_000_000


def read(body: bytes, limit: int = LIMIT) -> Form:
    return read_form(io.BytesIO(body), len(body), limit)


@given(st.dictionaries(st.text(min_size=1, max_size=40), st.text()), st.integers(1, 50))
def test_same_as_the_standard_library(fields: dict[str, str], chunk: int) -> None:
    body = urlencode(fields).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "_CHUNK", chunk)
        form = read(body)
    expected = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=None))
    assert set(form.names()) == expected.keys()
    for name, value in expected.items():
        if "\0" not in value:
            assert form.text(name) == (value or None)


@given(st.binary())
def test_every_byte(value: bytes) -> None:
    assert percent_decode(quote_from_bytes(value, safe="").encode()) == value


@pytest.mark.parametrize("raw", [b"a=b=c", b"a=b+c", b"a=%3d%3D", b"a=_==%20=%0a"])
def test_loose_writing(raw: bytes) -> None:
    assert read(raw).text("a") == dict(parse_qsl(raw.decode()))["a"]


@pytest.mark.parametrize("raw", [b"a=%", b"a=%4", b"a=%zz", b"a=1&a=2", b"a", b"x" * 600 + b"=1"])
def test_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedForm):
        read(raw)


def test_a_body_cut_short() -> None:
    with pytest.raises(MalformedForm):
        read_form(io.BytesIO(b"a=1"), 5, LIMIT)


@pytest.mark.parametrize("value", [b"%FF", b"%ED%A0%80", b"x%00"])
def test_no_text(value: bytes) -> None:
    form = read(b"good=1&bad=" + value)
    assert form.text("good") == "1"
    with pytest.raises(Problem, match="bad"):
        form.text("bad")


def test_empty_is_absent() -> None:
    form = read(b"a=&b=1&&")
    assert form.text("a") is None
    assert "a" not in form
    assert "b" in form


def test_above_the_limit_small_fields_are_still_read() -> None:
    body = b"before=1&large=" + b"x" * LIMIT + b"&z=2"
    form = read(body)
    assert (form.text("before"), form.text("z"), form.text("large")) == ("1", "2", None)
    with pytest.raises(Problem, match="1 MB"):
        form.check_size()
    read(b"a=1").check_size()


def test_far_above_the_limit_nothing_is_read() -> None:
    body = b"large=" + b"x" * 10_000
    with pytest.raises(OverlongBody):
        read(body, limit=1000)
    with pytest.raises(OverlongBody):
        read_form(io.BytesIO(body), None, 1000)


def test_the_encoded_body_is_never_held() -> None:
    value = quote_from_bytes(bytes(range(256)) * 12_000, safe="").encode()
    body = io.BytesIO(b"large=" + value)
    tracemalloc.start()
    try:
        form = read_form(body, len(value) + 6, 100_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "large" in form
    assert peak < len(value)
