# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate and key of a server that speaks TLS itself: usable, belonging together, not run out."""

import datetime as dt
import logging
import ssl
from pathlib import Path
from typing import Final

from camcops.problems import TLS_UNUSABLE, Problem

log = logging.getLogger(__name__)

SOON: Final = dt.timedelta(days=30)
UTC_TIME, GENERALIZED_TIME, EXPLICIT_0 = 0x17, 0x18, 0xA0


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
        end = expiry(pem)
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
    elif left < SOON:
        log.warning(
            "The certificate %s runs out on %s, in %d days: renew it", path, end.date(), left.days
        )


def expiry(pem: str) -> dt.datetime:
    """Until when the first certificate of a PEM text holds. Raises ValueError if there is none."""
    begin = pem.index(ssl.PEM_HEADER)
    end = pem.index(ssl.PEM_FOOTER, begin) + len(ssl.PEM_FOOTER)
    der = ssl.PEM_cert_to_DER_cert(pem[begin:end])
    _, at, _ = _item(der, 0)  # Certificate
    _, at, _ = _item(der, at)  # TBSCertificate
    if der[at] == EXPLICIT_0:
        at = _item(der, at)[2]  # version
    for _field in ("serial number", "signature", "issuer"):
        at = _item(der, at)[2]
    _, at, _ = _item(der, at)  # Validity
    at = _item(der, at)[2]  # notBefore
    tag, start, stop = _item(der, at)
    text = der[start:stop].decode("ascii")
    if tag == UTC_TIME:
        text = ("20" if text < "50" else "19") + text
    elif tag != GENERALIZED_TIME:
        raise ValueError("not a time")
    return dt.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=dt.UTC)


def _item(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, first byte of the content and first byte after it, of the ASN.1 item that begins here."""
    length, start = der[at + 1], at + 2
    if length > 0x7F:
        count = length & 0x7F
        length, start = int.from_bytes(der[start : start + count]), start + count
    if start + length > len(der):
        raise ValueError("cut short")
    return der[at], start, start + length
