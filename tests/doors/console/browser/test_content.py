"""Writing what is sent, giving codes out, and the chain: open a link, share, open it in a fresh profile."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import lianyi
from lianyi.memory.draining import land
from tests.doors.console.browser.conftest import Server, Watch
from tests.doors.standing import ANNA, NAMES

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

PASSWORD = "wade-in-calm-water"
# The browser of the tests says that nobody sits before it, and would be taken at its word.
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
SHOTS = os.environ.get("LIANYI_SHOTS")


def shot(page: Page, name: str) -> None:
    """With LIANYI_SHOTS=<folder> the pages are kept, to be looked at by eye."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def enter(page: Page, server: Server) -> None:
    code = (server.folder / "first-run.code").read_text()
    page.goto(f"/start?code={code}")
    page.fill("#id_full_name", "Olga Owner")
    page.fill("#id_name", "olga")
    page.fill("#id_password", PASSWORD)
    page.fill("#id_code", code)
    page.get_by_role("button", name="Create owner and start").click()
    expect(page.locator(".side .places").first).to_be_visible()


def test_content_codes_and_the_chain(page: Page, server: Server, browser: Browser) -> None:
    enter(page, server)
    write_an_email(page)
    campaign_page(page)
    url = give_a_code_out(page)
    chain = open_and_share(browser, server, url, people=7)
    see_it_in_the_ripple(page, server, chain)
    start_a_rule(page)


def write_an_email(page: Page) -> None:
    """Blocks are added and moved; preview and linter follow what is written; a save makes a version."""
    page.goto("/content/new/email")
    page.locator("#id-name").fill("Spring mail")
    page.locator("#id-subject").fill("Spring is here, {{ person.name }}")
    page.fill("#id-blocks-0-text", "New tea")
    page.fill("#id-blocks-1-text", "**Picked** by hand. Share to get a coupon!")
    page.get_by_role("button", name="Button", exact=True).click()
    page.fill("#id-blocks-2-text", "Have a look")
    page.fill("#id-blocks-2-url", "https://shop.tea.cn/new")
    page.locator("#id-person").fill(ANNA)
    frame = page.frame_locator("iframe[name=preview]")
    expect(frame.get_by_role("heading", name="New tea")).to_be_visible()
    expect(frame.get_by_role("link", name="Have a look")).to_have_attribute("href", "https://shop.tea.cn/new")
    findings = page.locator("#findings")
    expect(findings.get_by_text("induced_sharing")).to_be_visible()
    page.fill("#id-blocks-1-text", "**Picked** by hand.")
    expect(findings.get_by_text("induced_sharing")).to_have_count(0)
    page.get_by_role("button", name="Move up").nth(2).click()
    expect(page.locator("#id-blocks-1-url")).to_have_value("https://shop.tea.cn/new")
    page.get_by_label("Plain text").check()
    expect(frame.get_by_text("# New tea")).to_be_visible()
    page.get_by_role("button", name="Desk").click()
    shot(page, "editor")
    page.get_by_role("button", name="Save a version").click()
    expect(page.get_by_text("version 1 by olga")).to_be_visible()
    page.goto("/content")
    expect(page.get_by_role("link", name="Spring mail")).to_be_visible()
    shot(page, "library")


def campaign_page(page: Page) -> None:
    page.goto("/content/new/link")
    page.locator("#id-name").fill("Spring page")
    page.locator("#id-title").fill("Spring tea is here")
    page.locator("#id-url").fill("https://shop.tea.cn/new")
    page.get_by_role("button", name="Save a version").click()
    page.goto("/codes")
    page.fill("#page-campaign", "spring")
    page.select_option("#page-content", label="Spring page")
    page.fill("#page-en", "Whoever brought a buyer gets 10 yuan, once the order stands.")
    page.locator("form[action='/codes/page'] button").click()
    expect(page.get_by_text("Whoever opens a link of the campaign")).to_be_visible()


def give_a_code_out(page: Page) -> str:
    page.fill("#issue-campaign", "spring")
    page.fill("#issue-target", "https://shop.tea.cn/new")
    page.fill("#issue-people", ANNA)
    page.get_by_role("button", name="Give out").click()
    page.locator("table").get_by_role("link", name=NAMES[ANNA]).click()
    expect(page.locator("img.qr")).to_be_visible()
    shot(page, "code")
    return page.locator("#code-url").inner_text()


def open_and_share(browser: Browser, server: Server, url: str, *, people: int) -> list[str]:
    """Each opens the link that the one before shared, in a fresh profile: their keys, in order."""
    keys = []
    link = "/s/" + url.rsplit("/", 1)[-1]
    for number in range(people):
        with browser.new_context(
            base_url=server.url, locale="en", viewport={"width": 390, "height": 800}, user_agent=PHONE
        ) as profile:
            visitor = profile.new_page()
            watch = Watch(page=visitor)
            visitor.goto(link)
            expect(visitor.get_by_role("heading", name="Spring tea is here")).to_be_visible()
            expect(visitor.get_by_text("gets 10 yuan")).to_be_visible()
            visitor.get_by_role("button", name="Get a link of my own").click()
            own = visitor.get_by_label("This is your own link").input_value()
            with visitor.expect_response(re.compile("/shared$")):
                visitor.get_by_role("button", name="Copy the link").click()
            if not number:
                shot(visitor, "landing")
            (kept,) = (cookie["value"] for cookie in profile.cookies() if cookie["name"] == "lianyi_v")
            keys.append(f"anon:{kept}")
            assert own.endswith(visitor.url.rsplit("/", 1)[-1])  # what the browser's own menu would forward
            link = "/s/" + own.rsplit("/", 1)[-1]
            assert watch.wrong == []
    return keys


def see_it_in_the_ripple(page: Page, server: Server, chain: list[str]) -> None:
    ws = lianyi.open(server.folder)
    while land(ws.inbox, ws.lake, datetime.now(UTC), wait=20).events:
        pass
    ws.refresh()
    rows = ws.sql(
        "SELECT a.generation, k.key, a.how FROM arrivals a JOIN keys k ON k.person_id = a.person_id "
        "WHERE a.stone = 'campaign spring' AND len(a.flags) = 0 ORDER BY a.generation"
    ).to_arrow_table()
    found = [(row["generation"], row["key"], row["how"]) for row in rows.to_pylist() if row["key"].startswith("anon:")]
    assert found == [(number, key, "code") for number, key in enumerate(chain, 1)]
    parents = ws.sql("SELECT props FROM events WHERE kind = 'share' AND campaign = 'spring'").to_arrow_table()
    assert len({json.loads(props)["code"] for props in parents["props"].to_pylist()}) == len(chain)
    page.goto("/codes?campaign=spring&visitors=1")
    row = page.get_by_role("row").filter(has_text=NAMES[ANNA])
    expect(row.locator("td").nth(2)).to_have_text("1")
    expect(row.locator("td").nth(3)).to_have_text("1")
    shot(page, "codes")


def start_a_rule(page: Page) -> None:
    page.goto("/rewards")
    page.get_by_text("Start a rule", exact=True).click()
    for field, value in (("name", "Spring"), ("campaign", "spring"), ("fixed", "10"), ("per_person", "100"),
                         ("budget", "1000"), ("en", "10 yuan for each buyer you bring")):  # fmt: skip
        page.locator(f"form[action='/rewards/new'] [name={field}]").fill(value)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("heading", name="Spring", exact=True)).to_be_visible()
    page.get_by_role("button", name="Settle now").click()
    expect(page.get_by_text("0 granted, 0 taken back.")).to_be_visible()
    shot(page, "rule")
    page.goto("/rewards")
    shot(page, "rewards")
