# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser at a front-end server: from an address typed without https to every kind of page."""

import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Request, Response, expect, sync_playwright

from camcops.web.visits import COOKIE
from tests.conftest import skip_or_fail
from tests.front_end.authority import Certificates
from tests.front_end.conftest import FrontEnd
from tests.front_end.sections import Mount
from tests.front_end.site import READER
from tests.front_end.test_pages import OUTSIDE, kind_of_address
from tests.web.specimens import PASSWORD
from tests.web.test_in_a_browser import ARGUMENTS

pytestmark = [pytest.mark.xdist_group("front_end"), pytest.mark.slow]


@pytest.fixture(scope="module")
def chromium(certificates: Certificates) -> Iterator[Chromium]:
    """Told to trust the certificate of our front-end servers, and no other that nobody vouches for."""
    program = shutil.which("chromium")
    if program is None:
        skip_or_fail("chromium", "chromium is not installed")
    trust = f"--ignore-certificate-errors-spki-list={certificates.fingerprint}"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS, trust])
        yield launched
        launched.close()


@pytest.fixture(params=["apache /camcops socket", "nginx /a/b tcp"])
def site(request: pytest.FixtureRequest, front_ends: Callable[[str], FrontEnd]) -> Mount:
    return front_ends(request.param.split(" ")[0]).mounts[request.param]


def ended(request: Request, wrong: list[str]) -> None:
    """A request that failed; but what the browser gives up itself, because the reader goes on, is well."""
    if request.failure != "net::ERR_ABORTED":
        wrong.append(f"failed: {request.url} {request.failure}")


def watch(page: Page, mount: Mount) -> list[str]:
    """Everything that the browser complains of, fails to get, or asks for outside the mount point."""
    wrong: list[str] = []

    def look_at(answer: Response) -> None:
        address = urlsplit(answer.url)
        if answer.status >= 400:
            wrong.append(f"{answer.status} {answer.url}")
        plain = answer.url.startswith(mount.plain_address) and answer.status in (301, 307)
        if not plain and not (
            f"{address.scheme}://{address.netloc}{address.path}/".startswith(f"{mount.address}/")
        ):
            wrong.append(f"outside: {answer.url}")

    page.on("response", look_at)
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: ended(request, wrong))
    return wrong


def test_from_a_plain_address_through_every_page(chromium: Chromium, site: Mount) -> None:
    context = chromium.new_context()
    page = context.new_page()
    wrong = watch(page, site)

    page.goto(f"{site.plain_address}/webview")
    assert page.url == f"{site.address}/webview"
    page.get_by_label("User name").fill(READER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Find a patient")).to_be_visible()

    waiting, seen = [f"{site.path}/webview", f"{site.path}/api"], set()
    for path in waiting:
        page.goto(f"https://localhost:{site.https_port}{path}")
        for target in page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)"):
            if target.startswith(OUTSIDE):
                continue
            assert f"{target}/".startswith(f"{site.address}/"), (path, target)
            kind = urlsplit(kind_of_address(target)).path
            if kind not in seen and not kind.endswith("/pdf"):
                seen.add(kind)
                waiting.append(target.partition(str(site.https_port))[2])
        for action in page.eval_on_selector_all("form", "all => all.map(one => one.action)"):
            assert action.startswith(f"{site.address}/"), (path, action)
    assert len(seen) > 3

    page.goto(f"{site.address}/webview")
    page.get_by_label("Surname").fill("okafor")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("OKAFOR")
    page.locator("summary", has_text=READER).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    assert page.url == f"{site.address}/webview/login"
    assert wrong == []
    context.close()


def test_the_browser_keeps_cookies_for_the_mount_point_alone(
    chromium: Chromium, site: Mount
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site.address}/webview/login")

    [ours] = context.cookies()
    assert (ours["name"], ours["path"]) == (COOKIE, site.path or "/")
    assert ours["secure"]
    assert ours["httpOnly"]
    assert ours["sameSite"] == "Lax"
    assert ours["expires"] == -1
    if site.path:
        left_over = {"name": COOKIE, "value": ours["value"], "domain": "localhost", "path": "/"}
        context.add_cookies([{**left_over, "secure": True, "httpOnly": True}])
        assert len(context.cookies()) == 2
        page.reload()
        assert [cookie["path"] for cookie in context.cookies()] == [site.path]
    context.close()
