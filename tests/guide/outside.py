# SPDX-License-Identifier: GPL-3.0-or-later
"""What the finished server looks like from outside: to a browser, to plain HTTP, to a tablet.

Run as a program within the network of the server's machine, as `python -m tests.guide.outside`; the arguments
are the fields of `Place`. It prints what it saw and ends with status 0, or with what was wrong.
"""

import base64
import hashlib
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from wsgiref.types import StartResponse

from playwright.sync_api import Page, expect, sync_playwright

from tests.tablet_api.recordings import Replay, recording

HERE = "127.0.0.1"
PATIENCE_S = 60
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
RECORDED_PASSWORD = "tablet-pw-1"
FETCH = "link => fetch(link).then(r => r.arrayBuffer()).then(b => Array.from(new Uint8Array(b)))"
PATIENT, TASK = "O'Neil", "Patient Health Questionnaire-9"


@dataclass(frozen=True)
class Place:
    """A server: its host and path, the certificate to trust, and people who may log in."""

    host: str
    path: str
    certificate: str
    superuser: str
    superuser_password: str
    tablet_password: str

    @property
    def address(self) -> str:
        return f"https://{self.host}{self.path}"

    def arguments(self) -> list[str]:
        return [str(value) for value in asdict(self).values()]


class ThisMachine(HTTPSConnection):
    """To a host by its own name and certificate, wherever the name server thinks that it is."""

    def connect(self) -> None:
        asked, self.host = self.host, HERE
        try:
            HTTPConnection.connect(self)
        finally:
            self.host = asked
        self.sock = trusting(self.certificate).wrap_socket(self.sock, server_hostname=asked)

    certificate = ""


def trusting(certificate: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


def get(place: Place, path: str) -> tuple[int, str]:
    """Ask for a page by HTTPS: its status and text."""
    connection = ThisMachine(place.host, timeout=PATIENCE_S)
    connection.certificate = place.certificate
    connection.request("GET", place.path + path)
    reply = connection.getresponse()
    answer = reply.status, reply.read().decode(errors="replace")
    connection.close()
    return answer


def wait_until_it_serves(place: Place) -> None:
    """The programs take some seconds to start, and the front end is there before them."""
    give_up_at = time.monotonic() + PATIENCE_S
    while (answer := get(place, "/healthz"))[0] != 200:
        assert time.monotonic() < give_up_at, answer
        time.sleep(0.2)


def over_https(place: Place, endpoint: str) -> Any:
    """A WSGI application that hands each request to the server, for tablets that talk to applications."""

    def application(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        connection = ThisMachine(place.host, timeout=PATIENCE_S)
        connection.certificate = place.certificate
        body = environ["wsgi.input"].read()
        headers = {"Content-Type": environ["CONTENT_TYPE"]}
        connection.request(environ["REQUEST_METHOD"], place.path + endpoint, body, headers)
        reply = connection.getresponse()
        start(f"{reply.status} {reply.reason}", list(reply.getheaders()))
        received = reply.read()
        connection.close()
        return [received]

    return application


def plainly(place: Place, method: str, path: str) -> tuple[HTTPResponse, str]:
    """A request by plain HTTP, and what came back."""
    connection = HTTPConnection(HERE, timeout=PATIENCE_S)
    connection.request(method, place.path + path, headers={"Host": place.host})
    reply = connection.getresponse()
    text = reply.read().decode(errors="replace")
    connection.close()
    return reply, text


def check_plain_http(place: Place) -> None:
    """Pages lead to https and show nothing; tablets are refused."""
    for path in ("/webview", "/webview/tasks"):
        reply, text = plainly(place, "GET", path)
        assert reply.status == 301, (path, reply.status, text)
        assert reply.headers["Location"] == f"{place.address}{path}"
        assert "set-cookie" not in reply.headers, path
        assert "password" not in text.lower(), text
    for path in ("/database", "/api"):
        reply, text = plainly(place, "POST", path)
        assert reply.status == 403, (path, reply.status, text)


def check_tablet(place: Place) -> int:
    """A recorded tablet registers and uploads; the number of requests, all answered as they were then."""
    replay = Replay(over_https(place, "/database"))
    replay.passwords[RECORDED_PASSWORD] = place.tablet_password
    exchanges = recording("tablet_t1")
    for exchange in exchanges:
        answer = replay.send(exchange)
        outcome = (answer.status, answer.lines.get("success"))
        assert outcome == (exchange.status, exchange.reply.get("success")), (exchange.n, answer)
    return len(exchanges)


def public_key(certificate: str) -> str:
    """The fingerprint of a certificate's key, in the form in which Chromium can be told to trust it."""
    shown = ["openssl", "x509", "-in", certificate, "-noout", "-pubkey"]
    key = subprocess.run(shown, capture_output=True, check=True).stdout
    packed = ["openssl", "pkey", "-pubin", "-outform", "DER"]
    der = subprocess.run(packed, input=key, capture_output=True, check=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def check_browser(place: Place) -> int:
    """In Chromium the superuser logs in and reads the tablet's task; the size of its PDF in bytes."""
    program = shutil.which("chromium")
    assert program is not None, "chromium is not installed"
    arguments = [
        *CHROMIUM,
        f"--host-resolver-rules=MAP {place.host} {HERE}",
        f"--ignore-certificate-errors-spki-list={public_key(place.certificate)}",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        complaints: list[str] = []
        page = chromium.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        size = read_task(page, place)
        chromium.close()
    assert complaints == []
    return size


def read_task(page: Page, place: Place) -> int:
    page.goto(f"http://{place.host}{place.path}/webview")
    expect(page).to_have_url(re.compile(f"^{re.escape(place.address)}/webview"))
    page.get_by_label("User name").fill(place.superuser)
    page.get_by_label("Password").fill(place.superuser_password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Tasks", exact=True).click()
    row = page.get_by_role("row").filter(has_text="PHQ-9").first
    expect(row).to_contain_text(re.compile(PATIENT, re.IGNORECASE))
    row.click(position={"x": 500, "y": 15})
    expect(page.get_by_role("heading", level=1)).to_have_text(TASK)
    assert page.url.startswith(f"{place.address}/webview/tasks/phq9/"), page.url
    background = page.evaluate("getComputedStyle(document.body).fontFamily")
    assert "Times" not in background, "the style sheet was not loaded"
    link = page.get_by_role("link", name="PDF").get_attribute("href")
    content = bytes(page.evaluate(FETCH, link))
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    return len(content)


def main(arguments: list[str]) -> None:
    place = Place(*arguments)
    wait_until_it_serves(place)
    check_plain_http(place)
    print(f"http://{place.host}{place.path}/webview leads to https and shows nothing.")
    print(
        f"A tablet registered and uploaded to {place.address}/database: {check_tablet(place)} requests."
    )
    print(
        f"{place.address}/webview shows its task in Chromium; the PDF has {check_browser(place)} bytes."
    )


if __name__ == "__main__":
    main(sys.argv[1:])
