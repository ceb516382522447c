"""From an audience to a reason why not, as a person with mouse and keyboard goes: the journey really runs meanwhile."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.doors.console.browser.conftest import Server, settled
from tests.doors.standing import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

# A content, a channel account, somebody who may sign in, and Anna who wants no marketing; made as by a shell.
SET_UP = """
import base64, sys
from pathlib import Path
folder = Path(sys.argv[1])
from lianyi.doors.console.start import prepare
prepare(folder)
from lianyi.action.channels import accounts
from lianyi.action.content import keeping
from lianyi.action.team.models import User
from lianyi.action.work import queue
now = queue.clock()
User.objects.enrol("olga", role="owner", password=sys.argv[2], full_name="Olga Owner")
keeping.create(name="hello", kind="text", bodies={"en": {"text": "Hello"}}, fallback="en", by="olga", now=now)
secret = "whsec_" + base64.b64encode(bytes(24)).decode()
import lianyi
from lianyi.memory.events import Event
withdrawn = {"purpose": "marketing", "granted": False}
lianyi.open(folder).record([
    Event(id="no", at=now, kind="consent", source="members", actor_key="user:1001", props=withdrawn)
])
accounts.add("hook", "webhook", {"url": "https://example.org/hook", "secret": secret}, by="olga", now=now)
"""


@pytest.fixture
def ready(server: Server, page: Page) -> Page:
    """Signed in, with a content and a channel."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "-c", SET_UP, str(server.folder), PASSWORD], check=True, env=environment)
    page.goto("/login")
    page.locator("#id_name").fill("olga")
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Overview", exact=True).wait_for()
    return page


def test_audience_journey_figures_and_why_not(ready: Page) -> None:
    page = ready
    build_audience(page)
    draw_journey(page)
    page.get_by_role("button", name="Start", exact=True).click()
    see_figures(page)
    why_not(page)


def build_audience(page: Page) -> None:
    page.goto("/audiences/new")
    page.locator("#name").fill("tea friends")
    page.locator("#condition").fill("orders >= 5")
    page.locator("#condition").press("Tab")
    settled(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="tea friends").wait_for()
    until(lambda: page.reload() is not None and page.get_by_text(re.compile(r"^\s*1\b")).count() > 0, page)


def draw_journey(page: Page) -> None:
    page.goto("/journeys/new")
    flow = page.locator("[data-journey-editor]")
    flow.get_by_label("Short name").fill("welcome")
    flow.get_by_label("Title").fill("Welcome")
    flow.get_by_label("Remove").first.click()  # the way in that stands there
    flow.get_by_label("Add a way in").select_option("audience")
    flow.get_by_label("Audience").fill("tea friends")
    flow.get_by_label("Also who is in it already").check()
    flow.locator("[data-step=first]").get_by_label("Remove").click()
    for kind in ("send", "tag"):
        flow.get_by_label("Add a step").last.select_option(kind)
    flow.get_by_label("Add", exact=True).fill("welcomed")
    expect(steps(flow)).to_have_text([re.compile("^Send"), re.compile("^Tag")])
    flow.locator("[data-step=tag] > .flow-card").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(steps(flow)).to_have_text([re.compile("^Tag"), re.compile("^Send")])
    flow.locator("[data-step=send] > .flow-card").drag_to(flow.locator("[data-step=tag] > .flow-card"))
    expect(steps(flow)).to_have_text([re.compile("^Send"), re.compile("^Tag")])
    plan = page.locator("#plan")
    expect(plan).to_contain_text("This will be the first version.")
    flow.locator("[data-step=send] .flow-head").click()
    flow.get_by_label("Content").fill("nonsense")
    expect(plan).to_contain_text("there is no content 'nonsense'")
    flow.get_by_label("Content").fill("hello")
    expect(plan).to_contain_text("This will be the first version.")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("heading", name="Welcome").wait_for()


def steps(flow: Locator) -> Locator:
    return flow.locator(".flow-head > b")


def see_figures(page: Page) -> None:
    """The server's own process moves people; the page shows it."""
    expect(page.locator("h1")).to_contain_text("Running")
    until(lambda: page.reload() is not None and page.get_by_text("1 went through").count() == 2, page)
    until(lambda: page.reload() is not None and page.get_by_text("refused by rule 1").count() == 1, page)


def why_not(page: Page) -> None:
    page.goto("/contacts?who=user:1001")
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("welcome")
    expect(row).to_contain_text(re.compile("consent", re.IGNORECASE))


def until(holds: object, page: Page, *, seconds: float = 90) -> None:
    """Look again every second."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, page.locator("main").inner_text()[:3000]
        page.wait_for_timeout(1000)
