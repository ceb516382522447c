"""Every page can be used by everybody: axe-core's rules in light and dark, on a desk and on a phone; keys; print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import lianyi
from lianyi import communities
from tests.doors.console.browser.conftest import Server, Watch
from tests.doors.standing import ANNA, BO, NOW, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Scheme = Literal["light", "dark"]
PAGES = (
    "/",
    "/people",
    "/people?q=nobody",
    "/people?col=tags&col=orders&condition=orders >>> 1",
    "/people/suggestions",
    "/people/{anna}",
    "/people/{anna}?kind=money",
    "/people/{anna}/merge",
    "/people/{anna}/merge?with={bo}",
    "/people/{anna}/split",
    "/people/{anna}/erase",
    "/audiences",
    "/audiences/new",
    "/content/new/email",
    "/ledger",
    "/ledger/returns",
    "/report/{month}",
    "/picture",
    "/prices",
    "/experiments",
    "/touches",
    "/groups",
    "/listening",
    "/offers",
    "/moderation",
    "/sops",
    "/signups",
    "/inbox/duty",
    "/lookalikes",
    "/next-best",
    "/codes",
    "/journeys",
    "/journeys/new",
    "/campaigns",
    "/campaigns/new",
    "/tags",
    "/tags/new",
    "/tags/rules/buyer",
    "/tags/words",
    "/data",
    "/data/people",
    "/data/events",
    "/import",
    "/import/{upload}",
    "/settings/brand",
    "/settings/team",
    "/settings/roles",
    "/settings/keys",
    "/settings/tokens",
    "/settings/log",
    "/settings/channels",
    "/settings/channels/new/email",
    "/contacts",
    "/policy",
    "/demand",
    "/account",
    "/components",
    "/nothing-here",
)
# Pages with drawings: looked at in both schemes at both widths.
GRAPH = (
    "/people/{anna}/ties",
    "/ties",
    "/communities",
    "/communities/{community}",
    "/ripples",
    "/ripples/{ripple}",
    "/influence",
    "/influence?rising=1",
    "/planner",
    "{plan}",
    "/forecasts",
    "/value",
    "/retention",
)


@pytest.fixture(scope="module")
def signed_in(browser: Browser, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The owner's cookies, and ids to fill addresses with."""
    with browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        page.goto("/start?code=" + (server.folder / "first-run.code").read_text(encoding="ascii"))
        page.locator("#id_full_name").fill("Olga Owner")
        page.locator("#id_name").fill("olga")
        page.locator("#id_password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/")
        path = tmp_path_factory.mktemp("files") / "orders.csv"
        path.write_text("who,when,paid\nzoe,2026-01-02 10:00,5\n", encoding="utf-8")
        page.goto("/import")
        page.locator("input[type=file]").set_input_files(path)
        page.wait_for_url(re.compile(r"/import/[0-9a-f-]{36}$"))
        upload = page.url.rsplit("/", 1)[-1]
        page.goto("/planner")
        page.locator("#id_name").fill("Spring")
        page.locator("#id_people").fill("3")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/planner/\d+$"))
        page.locator("#seeds").wait_for(timeout=60_000)
        ws = lianyi.open(server.folder)
        yield {
            "state": context.storage_state(),
            "upload": upload,
            "plan": page.url.removeprefix(server.url),
            "ripple": ws.ripples.largest(limit=1)[0]["ripple_id"],
            "community": communities.listed(ws)[0]["community_id"],
            "month": f"{NOW:%Y-%m}",
            "anna": ws.person(ANNA).person_id,
            "bo": ws.person(BO).person_id,
        }


def broken_rules(page: Page) -> list[str]:
    expect(page.locator(".htmx-request")).to_have_count(0)  # what waits for an answer is dimmed meanwhile
    found = Axe().run(
        page,
        options={
            "resultTypes": ["violations"],
            "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
        },
    )
    return [
        f"{page.url}: {rule['id']}: {node['html'][:160]}"
        for rule in cast("dict[str, Any]", found.response)["violations"]
        for node in rule["nodes"][:3]
    ]


@pytest.mark.parametrize(
    ("scheme", "width", "paths"),
    [
        ("dark", 1440, (*PAGES, *GRAPH)),
        ("light", 390, (*PAGES, *GRAPH)),
        ("light", 1440, GRAPH),
        ("dark", 390, GRAPH),
    ],
    ids=["dark-1440", "light-390", "light-1440", "dark-390"],
)
def test_no_page_breaks_a_rule_of_accessibility(
    browser: Browser, server: Server, signed_in: dict[str, Any], scheme: Scheme, width: int, paths: tuple[str, ...]
) -> None:
    broken: list[str] = []
    with browser.new_context(
        base_url=server.url,
        storage_state=signed_in["state"],
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    ) as context:
        page = context.new_page()
        watch = Watch(page=page, expected={404})
        for path in paths:
            page.goto(path.format(**signed_in))
            broken += broken_rules(page)
            # Nothing sticks out to the side: the page itself never scrolls sideways.
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            broken += [f"{page.url}: {wide} px too wide at {width}"] if wide > 0 else []
        assert watch.wrong == []
    assert broken == []


def test_pages_for_strangers_keep_the_rules_too(browser: Browser, server: Server, signed_in: dict[str, Any]) -> None:
    for scheme in ("light", "dark"):
        with browser.new_context(base_url=server.url, color_scheme=scheme) as context:
            page = context.new_page()
            page.goto("/login")
            assert broken_rules(page) == []


@pytest.fixture
def page(browser: Browser, server: Server, signed_in: dict[str, Any]) -> Iterator[Page]:
    with browser.new_context(base_url=server.url, storage_state=signed_in["state"]) as context:
        made = context.new_page()
        watch = Watch(page=made)
        yield made
        assert watch.wrong == []


def test_the_keyboard_reaches_content_search_and_menus(page: Page) -> None:
    page.goto("/people")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    filters = page.locator("details.drop > summary").first
    filters.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.drop .sheet").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("details.drop .sheet").first).to_be_hidden()
    expect(filters).to_be_focused()


def test_what_has_the_focus_can_be_seen(page: Page) -> None:
    page.goto("/components")
    for _ in range(25):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "(e => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth)(document.activeElement)"
        )
        assert outline not in {"none0px", "none3px"}, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_a_dialog_takes_the_focus_and_gives_it_back(page: Page) -> None:
    page.goto("/components")
    opener = page.locator("[data-opens=demo-dialog]")
    opener.click()
    dialog = page.locator("#demo-dialog")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.closest('#demo-dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_colours_follow_the_switch_whatever_the_system_says(page: Page) -> None:
    page.goto("/")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.locator(".side form[action='/account/theme'] button").click()
    page.wait_for_load_state()
    assert page.evaluate(paper) != light
    page.locator(".side form[action='/account/theme'] button").click()
    page.wait_for_load_state()
    assert page.evaluate(paper) == light


def test_a_page_prints_without_its_frame(page: Page, tmp_path: Path) -> None:
    page.goto("/")
    page.emulate_media(media="print")
    expect(page.locator(".side")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    page.pdf(path=tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").stat().st_size > 10_000
