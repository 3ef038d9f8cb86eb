# SPDX-License-Identifier: GPL-3.0-or-later
"""The present instant, as DATETIME columns hold it."""

import datetime as dt


def utc_now() -> dt.datetime:
    """Now in UTC, without a zone, in whole seconds: DATETIME of MariaDB and MySQL keeps no fractions."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
