# SPDX-License-Identifier: GPL-3.0-or-later
"""One running installation: its settings, its instruments, its database and its audit trail."""

import glob
import hashlib
import hmac
import logging
from dataclasses import dataclass
from pathlib import Path

from camcops.audit.trail import AuditTrail, key_id
from camcops.config import Settings
from camcops.config.site import SiteSettings
from camcops.db.database import Database, connect
from camcops.db.engine import ANSWER_WITHIN_S
from camcops.instruments.library import Library, load_library

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Site:
    """What every page, tablet request and command works with."""

    settings: Settings
    library: Library
    database: Database
    audit: AuditTrail

    @classmethod
    def open(cls, settings: Settings, *, serving: bool = False) -> "Site":
        """Load the instruments and make ready to connect; the database isn't touched yet.

        `serving`: people wait, so a database that doesn't answer is given up after `ANSWER_WITHIN_S`.
        """
        library = installed_library(settings.site)
        database = connect(
            settings.site.db_url,
            library,
            echo=settings.site.db_echo,
            answer_within_s=ANSWER_WITHIN_S if serving else None,
        )
        return cls(settings, library, database, AuditTrail(audit_key(settings.site)))


def installed_library(settings: SiteSettings) -> Library:
    """The instruments that come with the program, the site's own, and the site's wording."""
    return load_library(
        extra_dirs=[Path(folder) for folder in settings.instrument_dirs],
        string_files=string_files(settings.extra_string_files),
    )


def string_files(patterns: tuple[str, ...]) -> list[Path]:
    """The files that EXTRA_STRING_FILES names, each once, sorted by full name."""
    found: set[str] = set()
    for pattern in patterns:
        matches = glob.glob(pattern)
        if not matches:
            log.warning("EXTRA_STRING_FILES: nothing is there: %s", pattern)
        found.update(matches)
    return [Path(name) for name in sorted(found)]


def audit_key(settings: SiteSettings) -> bytes:
    """The key of the audit trail's codes: it stands in the configuration, never in the database."""
    return _audit_key(settings.audit_secret or settings.session_cookie_secret)


def audit_keys(settings: SiteSettings) -> dict[str, bytes]:
    """The keys of the audit trail, now and formerly, by key id."""
    keys = [audit_key(settings), *map(_audit_key, settings.audit_former_secrets)]
    return {key_id(key): key for key in keys}


def _audit_key(secret: str) -> bytes:
    return hmac.new(secret.encode(), b"camcops audit trail", hashlib.sha256).digest()
