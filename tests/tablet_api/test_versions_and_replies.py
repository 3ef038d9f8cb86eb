# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of tablets, and the notation of replies."""

import pytest

from camcops import TABLET_COMPATIBLE_VERSION
from camcops.tablet_api.replies import failure, keyed, record_list, result
from camcops.tablet_api.versions import Version, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.4.24", Version(2, 4, 24)),
        ("1", Version(1, 0, 0)),
        ("1.5", Version(1, 50, 0)),
        ("1.14", Version(1, 14, 0)),
        ("2.4.0-beta.2", Version(2, 4, 0, "beta.2")),
        ("2.4.0+build.7", Version(2, 4, 0)),
        ("abc", None),
        ("1.2.3.4", None),
        ("02.4.24", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_reading(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


def test_order() -> None:
    texts = ["2.3.0", "2.4.0-alpha", "2.4.0-alpha.1", "2.4.0-beta", "2.4.0", "2.4.2", "2.4.14"]
    versions = [parse_version(text) for text in texts]
    assert versions == sorted(v for v in versions if v is not None)


def test_what_tablets_accept_as_a_server() -> None:
    version = parse_version(TABLET_COMPATIBLE_VERSION)
    assert version is not None
    assert version >= Version(2, 4, 15)
    assert not version.prerelease


def test_kinds_of_reply() -> None:
    assert result("start_upload").body(7, "t") == (
        b"result:start_upload\nsuccess:1\nsession_id:7\nsession_token:t\n"
    )
    assert (
        keyed({"a": "one\r\ntwo", "b": ""}).body(7, "t").startswith(b"a:one two\nb:\nsuccess:1\n")
    )
    assert failure("a\\b\nc\rd").body(7, "t") == (
        b"success:0\nerror:a\\\\b\\nc\\rd\nsession_id:7\nsession_token:t\n"
    )
    listed = record_list(("a", "b"), [("it's", None), ("x\ny", 3)]).body(7, "t")
    assert listed.startswith(
        b"nfields:2\nfields:a,b\nnrecords:2\nrecord0:'it''s',NULL\nrecord1:'x\\ny',3\nsuccess:1\n"
    )
