"""The ways through ties, communities, ripples, influence and plans in a browser, in both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.doors.console.browser.conftest import Server
from tests.doors.console.browser.test_flows import WORDS, enter, place

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SAID = {
    "en": {
        "ties": "All ties and opportunities", "all_ties": "All ties", "communities": "Communities",
        "community": "Tea friends", "health": "Community or crowd?", "ripples": "Ripples", "play": "Play",
        "tree": "Tree by generation", "influence": "Influence", "rising": "Rising", "planner": "Planner",
        "quotas": "Quotas per community", "plan": "Plan", "enough": "How many are enough",
        "save": "Save as campaign", "running": "Running campaign", "over": "The campaign is over",
    },
    "zh-hans": {
        "ties": "全部关系与机会", "all_ties": "全部关系", "communities": "社群", "community": "茶友会",
        "health": "是社群还是人群？", "ripples": "波纹", "play": "播放", "tree": "按代的树", "influence": "影响力",
        "rising": "上升中", "planner": "规划", "quotas": "各社群名额", "plan": "开始规划", "enough": "多少人就够",
        "save": "存为活动", "running": "活动进行中", "over": "结束活动",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", list(WORDS))
def test_from_a_person_to_a_campaign(page: Page, server: Server, language: str) -> None:
    said = SAID[language]
    enter(page, server, WORDS[language], language)
    circle(page, said)
    communities(page, said)
    ripples(page, said)
    influence(page, said)
    planner(page, said, f"{language}-spring")


def circle(page: Page, said: dict[str, str]) -> None:
    """From a person to whom she knows, and on along a line of the drawing, by keyboard."""
    page.goto("/people?q=安娜")
    page.get_by_role("link", name="林安娜").click()
    page.get_by_role("link", name=said["ties"]).click()
    expect(page.get_by_role("heading", name=said["all_ties"])).to_be_visible()
    known = page.locator(".circle .broad a.known")
    expect(known).to_have_count(1)
    known.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Bo <b>Stone</b>")).to_be_visible()
    expect(page.locator("#ties tbody tr")).to_have_count(1)
    expect(page.locator("#ties tbody .badge")).to_be_visible()


def communities(page: Page, said: dict[str, str]) -> None:
    """Map and list lead to the same page."""
    place(page, said["communities"]).click()
    row = page.locator("tbody").get_by_role("link", name=said["community"])
    expect(row).to_be_visible()
    page.locator(".community-map a", has_text=said["community"]).click()
    expect(page.get_by_role("heading", name=said["community"])).to_be_visible()
    expect(page.get_by_role("heading", name=said["health"])).to_be_visible()
    expect(page.locator("#members tbody tr")).to_have_count(2)
    page.locator("#members tbody a").first.click()
    page.wait_for_url("**/people/p*")


def ripples(page: Page, said: dict[str, str]) -> None:
    """From the list to a tree that plays; on a phone its table leads to people."""
    place(page, said["ripples"]).click()
    page.get_by_role("link", name="<b>spring</b>").click()
    expect(page.get_by_role("heading", name=said["tree"])).to_be_visible()
    expect(page.locator(".tree .broad rect.g0")).to_have_count(1)
    assert page.locator(".tree .broad rect[data-at]").count() == 13
    expect(page.locator("rect.later")).to_have_count(0)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name=said["play"]).click()
    expect(page.locator(".tree .broad rect.later").first).to_be_visible()
    expect(page.locator("rect.later")).to_have_count(0, timeout=15_000)  # it ends where everybody has come
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator(".tree .narrow svg")).to_be_visible()
    page.locator(".tree summary").click()
    page.locator(".tree tbody a").first.click()
    page.wait_for_url("**/people/p*")
    page.set_viewport_size({"width": 1440, "height": 900})


def influence(page: Page, said: dict[str, str]) -> None:
    """Who is rising, and where the person's own page says so."""
    place(page, said["ripples"]).click()
    place(page, said["influence"]).click()
    expect(page.get_by_role("heading", name=said["influence"], exact=True)).to_be_visible()
    page.locator(".tabs").get_by_role("link", name=said["rising"]).click()
    expect(page.locator("tbody tr").first.locator(".badge.good")).to_have_text(
        re.compile(said["rising"], re.IGNORECASE)
    )
    page.locator("tbody th a").first.click()
    expect(page.locator("#influence .badge.accent")).to_have_text(re.compile(r"1"))


def planner(page: Page, said: dict[str, str], name: str) -> None:
    """A plan with a quota is worked out, saved as a campaign, and ended."""
    place(page, said["ripples"]).click()
    place(page, said["planner"]).click()
    page.locator("#id_name").fill(name)
    page.locator("#id_people").fill("2")
    page.locator("summary", has_text=said["quotas"]).click()
    page.locator("#id_quota0_community").select_option(label=f"{said['community']} (2)")
    page.locator("#id_quota0_least").fill("1")
    page.locator(".plan-form").get_by_role("button", name=said["plan"], exact=True).click()
    page.wait_for_url(re.compile(r"/planner/\d+$"))
    expect(page.get_by_role("heading", name=said["enough"])).to_be_visible(timeout=60_000)
    expect(page.locator("#seeds tbody tr")).to_have_count(2)
    expect(page.locator("#id_quota0_least")).to_have_value("1")
    page.locator("#campaign").fill(name)
    page.get_by_role("button", name=said["save"]).click()
    expect(page.get_by_role("button", name=said["over"])).to_be_visible()
    place(page, said["planner"]).click()
    expect(page.locator("tbody tr", has_text=name)).to_contain_text(said["running"])
