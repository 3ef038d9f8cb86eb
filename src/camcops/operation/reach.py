# SPDX-License-Identifier: GPL-3.0-or-later
"""Are the other servers that a configuration names in reach? They are greeted, and nothing is sent."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from camcops.config.export import ExportSettings
from camcops.config.site import SiteSettings
from camcops.operation.findings import Finding, note, warning

PATIENCE_S: Final = 5.0
IMPLICIT_TLS_PORT: Final = 465
INVENTED: Final = (".example.org", ".example.com", ".example.net", ".example", ".invalid")
"""Names that nobody can own (RFC 2606): the specimen's."""

BROKER_PORTS: Final = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379, "pyamqp": 5672}


def check_mail_server(site: SiteSettings) -> Iterator[Finding]:
    """Greet the mail server, with TLS if that is asked for; neither log in nor send."""
    host, port = site.email_host, site.email_port
    if not host:
        return
    if host.endswith(INVENTED):
        yield note("EMAIL_HOST", f"{host} is the specimen's: no mail can be sent.")
        return
    try:
        with _greeted(host, port) as server:
            if site.email_use_tls and port != IMPLICIT_TLS_PORT:
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", None) or error.reason or "TLS failed"
        yield warning("EMAIL_HOST", f"{host}:{port} can't be trusted: {reason}.")
    except (OSError, smtplib.SMTPException) as error:
        yield warning("EMAIL_HOST", f"{host}:{port} can't be used: {_reason(error)}.")
    else:
        yield note("EMAIL_HOST", f"{host}:{port} is in reach.")


def _greeted(host: str, port: int) -> smtplib.SMTP:
    if port == IMPLICIT_TLS_PORT:
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=PATIENCE_S, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=PATIENCE_S)
    server.ehlo()
    return server


def check_broker(export: ExportSettings) -> Iterator[Finding]:
    """Does something listen where the message broker should? Nothing needs one in this version."""
    subject, address = "CELERY_BROKER_URL", urlsplit(export.celery_broker_url)
    port = address.port or BROKER_PORTS.get(address.scheme)
    if port is None:
        return
    host = address.hostname or "localhost"
    try:
        with socket.create_connection((host, port), PATIENCE_S):
            yield note(subject, f"Something listens at {host}:{port}.")
    except OSError as error:
        says = (
            f"Nothing listens at {host}:{port} ({_reason(error)}). Background work goes on without."
        )
        weight = warning if address.hostname else note
        yield weight(subject, says)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
