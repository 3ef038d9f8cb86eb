# SPDX-License-Identifier: GPL-3.0-or-later
"""`check_config --connect`: mail server and broker are greeted, and nothing is sent."""

import dataclasses
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from camcops.config import Settings, load
from camcops.operation import reach
from camcops.operation.config_checks import check_file, check_settings
from camcops.operation.findings import Finding, Weight
from camcops.operation.reach import check_broker, check_mail_server
from tests.running import free_port, write_config

NOWHERE = sa.make_url("sqlite:////nowhere/x.sqlite")


@contextmanager
def mail_server(greeting: bytes = b"220 mail\r\n") -> Iterator[tuple[int, list[bytes]]]:
    """A mail server's port, and the commands that it was given; it knows no TLS."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client, client.makefile("rwb", buffering=0) as stream:
                stream.write(greeting)
                for line in stream:
                    heard.append(line.split()[0].upper())
                    stream.write(b"221 bye\r\n" if heard[-1] == b"QUIT" else b"250 mail\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(10)


def settings(folder: Path, **more: str) -> Settings:
    return load(write_config(folder, NOWHERE, 8000, **more))


def one(found: Iterator[Finding]) -> tuple[Weight, str]:
    (finding,) = found
    return finding.weight, finding.says


def test_mail_server_is_greeted_and_given_nothing(tmp_path: Path) -> None:
    with mail_server() as (port, heard):
        site = settings(
            tmp_path, EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(port), EMAIL_USE_TLS="no"
        ).site
        assert one(check_mail_server(site)) == (Weight.NOTE, f"127.0.0.1:{port} is in reach.")
    assert heard == [b"EHLO", b"QUIT"]


def test_mail_server_without_the_encryption_asked_for(tmp_path: Path) -> None:
    with mail_server() as (port, heard):
        site = settings(tmp_path, EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(port)).site
        weight, says = one(check_mail_server(site))
    assert (weight, "can't be used" in says) == (Weight.WARNING, True)
    assert b"AUTH" not in heard


def test_mail_server_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = settings(tmp_path, EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(free_port())).site
    weight, says = one(check_mail_server(site))
    assert (weight, "Connection refused" in says) == (Weight.WARNING, True)
    monkeypatch.setattr(reach, "PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = dataclasses.replace(site, email_port=silent.getsockname()[1])
        assert one(check_mail_server(slow))[0] is Weight.WARNING
    assert list(check_mail_server(dataclasses.replace(site, email_host=None))) == []
    specimen = dataclasses.replace(site, email_host="mail.example.org")
    assert one(check_mail_server(specimen))[0] is Weight.NOTE


def test_broker_is_only_knocked_at(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        url = f"amqp://guest:t0psecret@127.0.0.1:{port}//"
        export = settings(tmp_path, CELERY_BROKER_URL=url).export
        weight, says = one(check_broker(export))
        assert weight is Weight.NOTE
        with listener.accept()[0] as client:
            assert client.recv(1) == b""
    absent = one(check_broker(export))
    assert absent[0] is Weight.WARNING
    assert "t0psecret" not in says + absent[1]
    assert list(check_broker(dataclasses.replace(export, celery_broker_url="memory://"))) == []


def test_half_a_pair_and_recipients_are_told(tmp_path: Path) -> None:
    certificate = tmp_path / "site.pem"
    certificate.touch()
    path = write_config(tmp_path, NOWHERE, 8000, SSL_CERTIFICATE=str(certificate))
    loaded, found = check_file(path)
    assert loaded is None
    assert "give both or neither" in found[0].says
    path = write_config(tmp_path, NOWHERE, 8000, RECIPIENTS="lab")
    with path.open("a") as file:
        file.write("\n[recipient:lab]\n")
    warnings = [one for one in check_settings(load(path)) if one.subject == "RECIPIENTS"]
    assert [(one.weight, "lab" in one.says) for one in warnings] == [(Weight.WARNING, True)]
