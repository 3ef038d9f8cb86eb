# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a database one of CamCOPS 2.4, how far has it been taken over, and which columns do we add to it?

All that is ours in it are tables, nullable columns and indexes: CamCOPS 2.4's own statements go on working.
The guard against two current rows, which would stop them, comes when the adoption is finished.
"""

from collections.abc import Iterator
from enum import Enum

import sqlalchemy as sa
from alembic.ddl.base import AddColumn
from sqlalchemy.engine import Connection

from camcops.db.catalogue import Catalogue
from camcops.db.changes import Change
from camcops.db.schema import adoption, audit, login_failures, upstream_revision, users
from camcops.db.state import (
    VERSION_TABLE,
    refuse_other_revisions,
    require_adoptable,
    version_table,
)

ADDED_COLUMNS = (users.c.password_hash, login_failures.c.remote_addr, audit.c.code)
"""Ours in the server tables of CamCOPS 2.4, which our first revisions find and leave as they are."""


class AdoptionState(Enum):
    """How far a database of CamCOPS 2.4 has been taken over."""

    NONE = "not made by CamCOPS 2.4"
    UNDER_WAY = "not taken over, or not wholly"
    DONE = "taken over; CamCOPS 2.4 can use it too"
    FINAL = "taken over for good"


TO_ADOPT = (AdoptionState.UNDER_WAY, AdoptionState.DONE)


def adoption_state(connection: Connection) -> AdoptionState:
    """Raises a Problem if the database isn't ours to change."""
    names = sa.inspect(connection).get_table_names()
    if VERSION_TABLE not in names:
        if upstream_revision.name not in names:
            return AdoptionState.NONE
        require_adoptable(connection)
        return AdoptionState.UNDER_WAY
    refuse_other_revisions(
        connection.execute(sa.select(version_table.c.version_num)).scalar_one_or_none()
    )
    if adoption.name not in names:
        return AdoptionState.NONE
    found = connection.execute(
        sa.select(adoption.c.adopted_at_utc, adoption.c.final_at_utc)
    ).one_or_none()
    if found is None:
        return AdoptionState.NONE
    if found.adopted_at_utc is None:
        return AdoptionState.UNDER_WAY
    return AdoptionState.DONE if found.final_at_utc is None else AdoptionState.FINAL


def added_columns(found: Catalogue) -> Iterator[Change]:
    """The columns that the server tables of CamCOPS 2.4 lack."""
    for column in ADDED_COLUMNS:
        table = column.table.name
        if table in found and column.name not in found.columns[table]:
            yield Change(table, AddColumn(table, sa.Column(column.name, column.type)))
