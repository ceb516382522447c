"""Ripples in a browser, in both languages: from the list to the tree, its play, and a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.doors.console.browser.conftest import Server
from tests.doors.console.browser.test_flows import WORDS, enter
from tests.doors.console.test_ripples import sharing

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SAID = {"en": ("Ripples", "Play", "Tree by generation"), "zh-hans": ("波纹", "播放", "按代的树")}


@pytest.fixture(scope="module")
def brand_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rippled") / "tea"
    ws = Workspace.create(folder, Settings(name="Ripple Tea", language="en", memory_mb=1024, threads=1))
    ws.record(sharing())
    ws.refresh()
    return folder


@pytest.mark.parametrize("language", list(WORDS))
def test_from_the_list_to_a_tree_that_plays(page: Page, server: Server, language: str) -> None:
    ripples, play, tree = SAID[language]
    enter(page, server, WORDS[language], language)
    page.locator(".side .places").get_by_role("link", name=ripples, exact=True).first.click()
    page.get_by_role("link", name="<b>spring</b>").click()
    expect(page.get_by_role("heading", name=tree)).to_be_visible()
    expect(page.locator(".tree .broad rect.g0")).to_have_count(1)
    assert page.locator(".tree .broad rect[data-at]").count() == 13
    expect(page.locator("rect.later")).to_have_count(0)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name=play).click()
    expect(page.locator(".tree .broad rect.later").first).to_be_visible()
    expect(page.locator("rect.later")).to_have_count(0, timeout=15_000)  # it ends where everybody has come
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator(".tree .narrow svg")).to_be_visible()
    page.locator(".tree summary").click()
    page.locator(".tree tbody a").first.click()
    page.wait_for_url("**/people/p*")
