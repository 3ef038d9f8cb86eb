# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are whole or not there."""

import stat
from pathlib import Path

import pytest

from camcops.db.keeping.whole_file import whole_file


def test_nothing_that_lies_in_the_way_is_written_into(tmp_path: Path) -> None:
    """Where others may write too, one of them could have put it there."""
    others = tmp_path / "others"
    others.write_text("theirs")
    way = tmp_path / ".dump.sql.unfinished"
    for put in (lambda: way.symlink_to(others), lambda: way.touch(mode=0o666)):
        put()
        with whole_file(tmp_path / "dump.sql") as file:
            file.write(b"ours")
        assert (tmp_path / "dump.sql").read_bytes() == b"ours"
        assert stat.S_IMODE((tmp_path / "dump.sql").lstat().st_mode) == 0o600
        assert others.read_text() == "theirs"
        assert not way.is_symlink()
        assert not way.exists()


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "dump.sql"
    target.write_bytes(b"yesterday's")
    with pytest.raises(RuntimeError), whole_file(target):
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["dump.sql"]
    assert target.read_bytes() == b"yesterday's"
