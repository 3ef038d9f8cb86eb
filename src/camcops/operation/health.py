# SPDX-License-Identifier: GPL-3.0-or-later
"""May requests be sent to this process? What a monitor or a load balancer asks every few seconds."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from camcops.db.state import require_current
from camcops.problems import Problem
from camcops.site import Site

log = logging.getLogger(__name__)


def is_healthy(site: Site) -> bool:
    """Is the database in reach, and at the revision of this program? One statement; why not is logged."""
    try:
        require_current(site.database)
    except Problem as problem:
        log.error("Not healthy: %s", problem.says)
    except SQLAlchemyError as error:  # such as no free connection in time
        log.error("Not healthy: %s", type(error).__name__)
    else:
        return True
    return False
