"""An audience is built with the mouse and the keyboard, follows an event, and lets its people be taken out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import lianyi
from lianyi.memory.events import Event
from tests.doors.console.browser.conftest import Server, settled
from tests.doors.console.browser.test_access import broken_rules
from tests.doors.standing import DAN, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
SHOTS = os.environ.get("LIANYI_SHOTS", "")


def shot(page: Page, name: str) -> None:
    """A picture of the page for who asks for it, narrow and broad, light and dark."""
    for width in (1440, 390) if SHOTS else ():
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}-{scheme}.png"), full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_an_audience_is_built_follows_and_is_taken_out(page: Page, server: Server) -> None:
    page.goto("/start?code=" + (server.folder / "first-run.code").read_text(encoding="ascii"))
    page.locator("#id_full_name").fill("Olga Owner")
    page.locator("#id_name").fill("olga")
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.goto("/audiences")
    page.get_by_role("link", name="New audience").click()
    page.get_by_label("Name").fill("Buyers of tea")

    page.locator("#g0r0kind").select_option("did")
    expect(page.locator("#g0r0times")).to_be_visible()
    page.locator("#g0r0category").fill("茶")
    page.locator("#g0r0category").press("Tab")
    expect(page.locator("#condition")).to_have_value('any(order, category ~ "茶")')
    expect(page.locator("#check")).to_contain_text("people fulfil this")
    expect(page.locator("#check")).to_contain_text("6 orders of “茶”")

    settled(page)
    page.get_by_role("button", name="Group").click()
    settled(page)
    page.locator("#g1r0kind").select_option("tie")
    settled(page)
    page.locator("#g1r0band").select_option("")
    expect(page.locator("#condition")).to_have_value('any(order, category ~ "茶") and tied()')
    assert broken_rules(page) == []
    shot(page, "builder")

    page.locator("#condition").fill('any(order, category ~ "茶") or days_since(last_seen) < 0')
    page.locator("#condition").press("Tab")
    expect(page.locator(".builder .line")).to_have_count(2)
    settled(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Buyers of tea")

    def counted() -> None:
        page.wait_for_timeout(500)
        page.reload()

    for _ in range(60):
        if page.get_by_text("being worked out").count() == 0:
            break
        counted()
    expect(page.get_by_role("link", name="林安娜").first).to_be_visible()

    ws = lianyi.open(server.folder)
    ws.record([Event(id="live:1", at=ws.clock(), kind="order", source="shop", actor_key=DAN, category="茶")])
    for _ in range(40):
        if page.get_by_text("something that happened").count():
            break
        counted()
    expect(page.get_by_text("something that happened").first).to_be_visible()
    assert broken_rules(page) == []
    shot(page, "audience")
    with page.expect_download() as download:
        page.get_by_role("link", name="As CSV").click()
    assert "林安娜" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.goto("/audiences")
    expect(page.get_by_role("link", name="Buyers of tea")).to_be_visible()
    shot(page, "list")
