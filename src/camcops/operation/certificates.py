# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS certificates and keys: until when they hold, who can read them, whether they belong together."""

import datetime as dt
import os
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from camcops.operation.findings import Finding, fault, note, warning

SOON_DAYS: Final = 30
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
SEQUENCE, EXPLICIT_VERSION, UTC_TIME = 0x30, 0xA0, 0x17


def check_pair(certificate: Path, key: Path) -> Iterator[Finding]:
    """A certificate and the key that the program itself serves with."""
    yield from check_certificate("SSL_CERTIFICATE", certificate, must_read=True)
    found = list(check_key("SSL_PRIVATE_KEY", key, must_read=True))
    yield from found
    if any(one.weight == "fault" for one in found):
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        reason = error.reason or "it needs a password"
        says = f"{key} can't be used with the certificate: {reason.replace('_', ' ').lower()}."
        yield fault("SSL_PRIVATE_KEY", says)
    except OSError:
        return  # the certificate can't be read, as is said already


def check_certificate(subject: str, path: Path, *, must_read: bool) -> Iterator[Finding]:
    """Until when a certificate holds; of a chain, the first. `must_read`: this user has to."""
    try:
        since, until = validity(path.read_text(encoding="ascii", errors="replace"))
    except OSError as error:
        weight = warning if isinstance(error, PermissionError) and not must_read else fault
        yield weight(subject, f"The certificate {path} can't be read: {error.strerror}.")
        return
    except (ValueError, IndexError):
        yield fault(subject, f"{path} holds no certificate (PEM).")
        return
    now = dt.datetime.now(dt.UTC)
    days = (until - now).days
    if now < since:
        yield fault(subject, f"The certificate {path} holds only from {since:%Y-%m-%d} on.")
    elif now > until:
        yield fault(subject, f"The certificate {path} ran out on {until:%Y-%m-%d}: renew it.")
    elif days < SOON_DAYS:
        says = f"The certificate {path} runs out on {until:%Y-%m-%d}, in {days} days: renew it."
        yield warning(subject, says)
    else:
        yield note(subject, f"The certificate holds until {until:%Y-%m-%d}, for {days} more days.")


def check_key(subject: str, path: Path, *, must_read: bool) -> Iterator[Finding]:
    """Who can read a private key. `must_read`: this user has to (Apache's is read by root)."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        weight = fault if must_read else warning
        yield weight(subject, f"The private key {path} can't be looked at: {error.strerror}.")
        return
    if mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        says = f"Others can read or change the private key {path}: chmod 600 {path}."
        yield warning(subject, says)
    if must_read and not os.access(path, os.R_OK):
        yield fault(subject, f"This user can't read the private key {path}.")


def validity(pem: str) -> tuple[dt.datetime, dt.datetime]:
    """From when and until when the first certificate of a file holds.

    Raises ValueError or IndexError if it is none. (RFC 5280, 4.1: Certificate, TBSCertificate, Validity.)
    """
    begin = pem.index(BEGIN)
    der = ssl.PEM_cert_to_DER_cert(pem[begin : pem.index(END, begin) + len(END)])
    _, certificate, _ = _element(der)
    _, rest, _ = _element(certificate)
    tag, _, after = _element(rest)
    if tag == EXPLICIT_VERSION:
        rest = after
    for _ in ("serial number", "signature algorithm", "issuer"):
        _, _, rest = _element(rest)
    tag, period, _ = _element(rest)
    if tag != SEQUENCE:
        raise ValueError("no validity")
    since_tag, since, rest = _element(period)
    until_tag, until, _ = _element(rest)
    return _instant(since_tag, since), _instant(until_tag, until)


def _element(der: bytes) -> tuple[int, bytes, bytes]:
    """The first element of DER: its tag, its content, and what follows it."""
    tag, length, start = der[0], der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    if start + length > len(der):
        raise ValueError("cut short")
    return tag, der[start : start + length], der[start + length :]


def _instant(tag: int, text: bytes) -> dt.datetime:
    form = "%y%m%d%H%M%SZ" if tag == UTC_TIME else "%Y%m%d%H%M%SZ"
    return dt.datetime.strptime(text.decode("ascii"), form).replace(tzinfo=dt.UTC)
