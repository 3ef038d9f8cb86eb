# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate and key of a server that speaks TLS itself: usable, belonging together, not run out."""

import datetime as dt
import logging
import ssl
from pathlib import Path

from camcops.operation.certificates import SOON_DAYS, validity
from camcops.problems import TLS_UNUSABLE, Problem

log = logging.getLogger(__name__)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer with this certificate. Raises Problem; a certificate that runs out is warned of."""
    pem = _text(certificate, "SSL_CERTIFICATE")
    _text(key, "SSL_PRIVATE_KEY")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise Problem(TLS_UNUSABLE, path=certificate, reason=_reason(error, key)) from error
    _warn_of_end(certificate, pem)
    return context


def _text(path: Path, setting: str) -> str:
    try:
        return path.read_text("ascii", errors="replace")
    except OSError as error:
        reason = f"{setting} can't be read ({error.strerror})"
        raise Problem(TLS_UNUSABLE, path=path, reason=reason) from error


def _no_password() -> str:
    raise ValueError("the key has a passphrase")


def _reason(error: Exception, key: Path) -> str:
    match getattr(error, "reason", None):
        case "KEY_VALUES_MISMATCH":
            return f"the key {key} belongs to another certificate"
        case None if isinstance(error, ValueError) and not isinstance(error, ssl.SSLError):
            return f"the key {key} has a passphrase, which nobody is there to type in"
        case _:
            return f"it or the key {key} is not in PEM format, or damaged"


def _warn_of_end(path: Path, pem: str) -> None:
    try:
        _, end = validity(pem)
    except (ValueError, IndexError):
        log.warning("Until when the certificate %s holds can't be told", path)
        return
    left = end - dt.datetime.now(dt.UTC)
    if left < dt.timedelta(0):
        log.warning(
            "The certificate %s ran out on %s: browsers and tablets will refuse it",
            path,
            end.date(),
        )
    elif left.days < SOON_DAYS:
        log.warning(
            "The certificate %s runs out on %s, in %d days: renew it", path, end.date(), left.days
        )
