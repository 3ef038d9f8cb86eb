# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages in a real browser: with and without JavaScript, on a desk and on a phone."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect, sync_playwright

from camcops.db.database import Database
from tests.conftest import skip_or_fail
from tests.web.specimens import PASSWORD, People, store_many

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desk": (1280, 800), "tablet": (820, 1100), "phone": (390, 800), "zoomed": (640, 400)}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    program = shutil.which("chromium")
    if program is None:
        skip_or_fail("chromium", "chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def address(serve: Callable[..., int], site_database: Database, people: People) -> str:
    store_many(site_database, people)
    return f"http://127.0.0.1:{serve()}"


@pytest.fixture
def open_page(chromium: Chromium) -> Iterator[Callable[..., Page]]:
    """Open a page of a given size; fails the test if the browser complains of anything."""
    complaints: list[str] = []
    contexts = []

    def note(text: str) -> None:
        if "400 (Bad Request)" not in text:  # our own answer to a form with a fault
            complaints.append(text)

    def opened(size: str = "desk", **options: object) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: note(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/webview")
    page.get_by_label("User name").fill("annie")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Find a patient")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_from_log_in_to_the_task_and_its_pdf(
    open_page: Callable[..., Page], address: str, javascript: bool
) -> None:
    page = open_page(java_script_enabled=javascript)
    log_in(page, address)
    page.get_by_label("Surname").fill("abernathy")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("row")).to_have_count(6)

    page.get_by_role("row").nth(1).click(position={"x": 500, "y": 15})

    expect(page.get_by_role("heading", level=1)).to_have_text("Patient Health Questionnaire-9")
    expect(page.get_by_text("thoughts of being better off dead").first).to_be_visible()
    link = page.get_by_role("link", name="PDF").get_attribute("href")
    pdf = page.request.get(f"{address}{link}")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.body().startswith(b"%PDF-")


@pytest.mark.parametrize("javascript", [True, False])
def test_filters_are_set_and_removed_by_chips(
    open_page: Callable[..., Page], address: str, javascript: bool
) -> None:
    page = open_page(java_script_enabled=javascript)
    log_in(page, address)
    page.get_by_role("link", name="Tasks", exact=True).click()
    page.get_by_text("Created", exact=True).first.click()
    page.get_by_label("From").fill("2026-02-01")
    page.get_by_label("Until").fill("2026-02-28")
    page.get_by_role("button", name="Show").locator("visible=true").click()

    expect(page.get_by_role("row")).to_have_count(7)
    expect(page.get_by_text("from 01-Feb-2026 until 28-Feb-2026")).to_be_visible()

    page.get_by_role("link", name="Remove the filter Created").click()

    expect(page.get_by_role("row")).to_have_count(26)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_sideways(
    open_page: Callable[..., Page], address: str, size: str, scheme: str
) -> None:
    page = open_page(size, color_scheme=scheme)
    log_in(page, address)
    page.goto(f"{address}/webview/tasks")
    task = page.locator("a.whole").first.get_attribute("href")

    for path in ("/webview", "/webview/tasks", str(task), "/webview/password", "/database"):
        page.goto(address + path)
        excess = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert excess <= 0, path


def test_rows_keep_their_height_and_their_roles(
    open_page: Callable[..., Page], address: str
) -> None:
    page = open_page()
    log_in(page, address)
    page.goto(f"{address}/webview/tasks")

    heights = page.eval_on_selector_all(
        "tbody tr", "rows => rows.map(row => row.getBoundingClientRect().height)"
    )

    assert set(map(round, heights)) <= {36, 37}
    expect(page.get_by_role("columnheader", name="ID numbers")).to_be_visible()


def test_keyboard_alone_is_enough(open_page: Callable[..., Page], address: str) -> None:
    page = open_page()
    log_in(page, address)
    page.goto(f"{address}/webview/tasks")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_label("Surname")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Surname")).to_be_hidden()
    expect(page.locator("summary").nth(1)).to_be_focused()


def test_errors_are_summed_up_and_focused(open_page: Callable[..., Page], address: str) -> None:
    page = open_page()
    log_in(page, address)
    page.goto(f"{address}/webview/password")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_label("New password, again").fill("short")
    page.get_by_role("button", name="Change password").click()
    complaint = page.get_by_role("alert")

    expect(complaint).to_be_focused()
    complaint.get_by_role("link").click()
    expect(page.get_by_label("New password", exact=True)).to_be_focused()
