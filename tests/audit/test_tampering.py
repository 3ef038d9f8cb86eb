# SPDX-License-Identifier: GPL-3.0-or-later
"""Tampering with a sealed trail in every way that writing to the database allows: all of it is found."""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from camcops.audit.seal_file import append_seals, read_seal_file
from camcops.audit.trail import SIGNED_COLUMNS
from camcops.audit.verifying import verify_trail
from camcops.db.database import Database
from camcops.db.schema import audit, audit_seals
from camcops.problems import Problem
from tests.audit.trails import KEYS, seal_all, verify, write

CASES = int(os.environ.get("CAMCOPS_TEST_TAMPERINGS", "300"))
SEALS, ROWS_A_SEAL, UNSEALED = 6, 8, 5
GAP = 11


class UndoneError(Exception):
    """Ends a transaction whose changes are not wanted."""


@pytest.fixture
def trail(sqlite_database: Database, tmp_path: Path) -> Database:
    """Six seals over 47 rows (one id has none), five rows unsealed, and a file of seals."""
    for _ in range(SEALS):
        write(sqlite_database, ROWS_A_SEAL)
        sqlite_database.write(lambda conn: conn.execute(audit.delete().where(audit.c.id == GAP)))
        seal_all(sqlite_database)
    write(sqlite_database, UNSEALED)
    append_seals(sqlite_database, tmp_path / "seals")
    assert verify(sqlite_database, read_seal_file(tmp_path / "seals")).findings == []
    return sqlite_database


Tampering = Callable[[sa.Connection, random.Random], str]


def _row(conn: sa.Connection, number: int) -> dict[str, Any]:
    return dict(conn.execute(sa.select(audit).where(audit.c.id == number)).mappings().one())


def _any(conn: sa.Connection, dice: random.Random, *, sealed: bool = False) -> int:
    numbers = list(conn.scalars(sa.select(audit.c.id).order_by(audit.c.id)))
    return dice.choice(numbers[:-UNSEALED] if sealed else numbers)


def edit(conn: sa.Connection, dice: random.Random) -> str:
    number = _any(conn, dice)
    column = dice.choice([c for c in SIGNED_COLUMNS if c not in ("user_id", "device_id")])
    old = _row(conn, number)[column]
    match old:
        case None:
            new: Any = 7 if column.endswith("pk") else "x"
        case int():
            new = old + 1
        case str():
            new = dice.choice([None, old + " ", old.upper()]) if column != "source" else "elsewhere"
        case _:
            new = old.replace(year=2001)
    conn.execute(audit.update().where(audit.c.id == number).values({column: new}))
    return f"{column} of row {number}: {old!r} → {new!r}"


def change_code(conn: sa.Connection, dice: random.Random) -> str:
    number = _any(conn, dice)
    code = _row(conn, number)["code"]
    new = dice.choice([None, "", code[:-1], "00000000" + code[8:], _row(conn, 1)["code"] + "0"])
    conn.execute(audit.update().where(audit.c.id == number).values(code=new))
    return f"code of row {number} → {new}"


def delete(conn: sa.Connection, dice: random.Random) -> str:
    """One row or a run of them."""
    number = _any(conn, dice, sealed=True)
    last = number + dice.choice([0, 0, 1, 5, 100])
    conn.execute(audit.delete().where(audit.c.id.between(number, last)))
    return f"deleted {number} to {last}"


def copy(conn: sa.Connection, dice: random.Random) -> str:
    """A genuine row a second time, at the end."""
    number = _any(conn, dice)
    conn.execute(audit.insert(), {**_row(conn, number), "id": 1000 + dice.randrange(9)})
    return f"copied {number}"


def forge(conn: sa.Connection, dice: random.Random) -> str:
    """A row of one's own at the end, with a code that looks right, or none."""
    code = dice.choice([None, _row(conn, 1)["code"][:-64] + "0" * 64])
    conn.execute(audit.insert(), {**_row(conn, _any(conn, dice)), "id": 1000, "code": code})
    return f"forged with {code}"


def replace(conn: sa.Connection, dice: random.Random) -> str:
    """Delete a row and put another genuine one in its place."""
    number, other = _any(conn, dice, sealed=True), _any(conn, dice)
    if number == other:
        return delete(conn, dice)
    values = {**_row(conn, other), "id": number}
    conn.execute(audit.update().where(audit.c.id == number).values(values))
    return f"{other} in place of {number}"


def fill_gap(conn: sa.Connection, dice: random.Random) -> str:
    """A genuine row where there was none."""
    conn.execute(audit.insert(), {**_row(conn, _any(conn, dice)), "id": GAP})
    return "filled a gap"


def exchange(conn: sa.Connection, dice: random.Random) -> str:
    first, second = _any(conn, dice, sealed=True), _any(conn, dice)
    if first == second:
        return edit(conn, dice)
    rows = _row(conn, first), _row(conn, second)
    conn.execute(audit.delete().where(audit.c.id.in_([first, second])))
    conn.execute(audit.insert(), [{**rows[0], "id": second}, {**rows[1], "id": first}])
    return f"{first} and {second} exchanged"


def edit_seal(conn: sa.Connection, dice: random.Random) -> str:
    number = dice.randint(1, SEALS)
    columns = audit_seals.c
    other = _seal(conn, 1 + number % SEALS)
    column = dice.choice([column.name for column in columns if column.name != "number"])
    new: Any = other[column]
    if column in ("row_count", "first_id", "last_id"):
        new = _seal(conn, number)[column] + dice.choice([-1, 1, 2**30])
    elif column in ("absent", "late"):
        new = dice.choice(["[[1,3]]", "[2]", "{}", "nonsense", "[[1,2147483647]]", "null"])
    elif column == "sealed_at_utc":
        new = new.replace(year=2001)
    conn.execute(audit_seals.update().where(columns.number == number).values({column: new}))
    return f"{column} of seal {number} → {new!r}"


def _seal(conn: sa.Connection, number: int) -> dict[str, Any]:
    query = sa.select(audit_seals).where(audit_seals.c.number == number)
    return dict(conn.execute(query).mappings().one())


def exchange_seals(conn: sa.Connection, dice: random.Random) -> str:
    first, second = dice.sample(range(1, SEALS + 1), 2)
    one, other = _seal(conn, first), _seal(conn, second)
    conn.execute(audit_seals.delete().where(audit_seals.c.number.in_([first, second])))
    conn.execute(audit_seals.insert(), [{**one, "number": second}, {**other, "number": first}])
    return f"seals {first} and {second} exchanged"


def delete_seal(conn: sa.Connection, dice: random.Random) -> str:
    number = dice.randint(1, SEALS)
    conn.execute(audit_seals.delete().where(audit_seals.c.number == number))
    return f"seal {number} deleted"


def insert_seal(conn: sa.Connection, dice: random.Random) -> str:
    values = {**_seal(conn, dice.randint(1, SEALS)), "number": SEALS + 1}
    conn.execute(audit_seals.insert(), values)
    return "seal added"


def cut_off(conn: sa.Connection, dice: random.Random) -> str:
    """The last seals with all their rows: the file of seals still knows."""
    number = dice.randint(1, SEALS)
    first = _seal(conn, number)["first_id"]
    conn.execute(audit_seals.delete().where(audit_seals.c.number >= number))
    conn.execute(audit.delete().where(audit.c.id >= first))
    return f"cut off from seal {number}"


TAMPERINGS = (
    edit,
    change_code,
    delete,
    copy,
    forge,
    replace,
    fill_gap,
    exchange,
    edit_seal,
    exchange_seals,
    delete_seal,
    insert_seal,
    cut_off,
)


@pytest.mark.slow
def test_every_tampering_is_found(trail: Database, tmp_path: Path) -> None:
    outside = list(read_seal_file(tmp_path / "seals"))
    missed: list[str] = []
    dice = random.Random(20)

    def work(conn: sa.Connection, case: int) -> None:
        before = _dump(conn)
        tampering = TAMPERINGS[case % len(TAMPERINGS)]
        what = tampering(conn, dice)
        changed = _dump(conn) != before
        if changed and not verify_trail(conn, KEYS, outside=outside).findings:
            missed.append(f"case {case}, {tampering.__name__}: {what}")
        raise UndoneError

    for case in range(CASES):
        with pytest.raises(UndoneError):
            trail.write(partial(work, case=case))
    assert missed == []
    assert verify(trail, outside).findings == []


def _dump(conn: sa.Connection) -> list[Any]:
    return [conn.execute(sa.select(table)).all() for table in (audit, audit_seals)]


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda one: one.__name__)
def test_seals_made_afterwards_hide_nothing(trail: Database, tampering: Tampering) -> None:
    trail.write(lambda conn: tampering(conn, random.Random(4)))
    found = bool(verify(trail).findings)
    assert found or tampering is cut_off
    write(trail, 3)
    with suppress(Problem):  # the newest seal may be what was spoilt
        seal_all(trail)
    assert bool(verify(trail).findings) is found


def test_without_the_file_a_trail_cut_off_at_a_seal_is_not_found(
    trail: Database, tmp_path: Path
) -> None:
    """What can't be found is known, and is what the file is for."""
    outside = list(read_seal_file(tmp_path / "seals"))
    trail.write(lambda conn: cut_off(conn, random.Random(2)))
    assert verify(trail).findings == []
    assert any("missing in the database" in says for says in verify(trail, outside).findings)


def test_rows_deleted_before_their_seal_are_not_found(trail: Database) -> None:
    last = trail.read(lambda conn: conn.scalar(sa.select(sa.func.max(audit.c.id))))
    trail.write(lambda conn: conn.execute(audit.delete().where(audit.c.id >= last - 1)))
    assert verify(trail).findings == []
