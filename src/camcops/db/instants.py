# SPDX-License-Identifier: GPL-3.0-or-later
"""Instants as DATETIME columns hold them."""

import datetime as dt


def utc_at(seconds: float) -> dt.datetime:
    """An instant given in seconds since 1970, as `utc_now` gives the present one."""
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC).replace(tzinfo=None)


def utc_now() -> dt.datetime:
    """Now in UTC, without a zone, in whole seconds: DATETIME of MariaDB and MySQL keeps no fractions."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
