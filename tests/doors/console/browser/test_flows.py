"""The main ways through the console in both languages, as a person with mouse and keyboard goes them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import lianyi
from lianyi.memory.events import Event
from tests.doors.console.browser.conftest import Server
from tests.doors.standing import CAI, DAN, NOW

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PASSWORD = "wade-in-calm-water"
WORDS = {
    "en": {
        "people": "People", "overview": "Overview", "data": "Data", "settings": "Settings", "welcome": "Welcome",
        "start": "Create owner and start", "sign_in": "Sign in", "filter": "Filter", "add": "Add",
        "take_back": "Take this tag back", "choose": "Choose files", "check": "Check the file",
        "import": "Import the good rows", "download": "Download", "refresh": "Refresh all", "keys": "Write keys",
        "create": "Create", "sign_out": "Sign out", "imported": "Imported.",
        "silent": "The person has said neither yes nor no. That is no consent.", "granted": "granted",
        "withdrawn": "refused or withdrawn", "rejected": "What could not be used", "reason": "is no time",
    },
    "zh-hans": {
        "people": "用户", "overview": "总览", "data": "数据", "settings": "设置", "welcome": "欢迎",
        "start": "创建负责人并开始", "sign_in": "登录", "filter": "筛选", "add": "添加",
        "take_back": "移除此标签", "choose": "选择文件", "check": "检查文件",
        "import": "导入可用的行", "download": "下载", "refresh": "全部刷新", "keys": "写入密钥",
        "create": "创建", "sign_out": "退出登录", "imported": "已导入。",
        "silent": "此人既未同意也未拒绝；这不等于同意。", "granted": "已同意",
        "withdrawn": "拒绝或已撤回", "rejected": "无法使用的数据", "reason": "不是时间",
    },
}  # fmt: skip
ORDERS = """member,phone,paid at,amount,goods
zoe,13900000001,2026-01-02 10:00:00,12.50,green tea
yan,13900000002,not a time,8.00,black tea
"""


def place(page: Page, name: str) -> Locator:
    return page.locator(".side .places").get_by_role("link", name=name, exact=True)


@pytest.mark.parametrize("language", list(WORDS))
def test_from_first_run_to_settings(page: Page, server: Server, language: str, tmp_path: Path) -> None:
    words = WORDS[language]
    enter(page, server, words, language)
    overview(page, words)
    find_and_tag(page, words)
    who = silence(page, server, words, language)
    import_orders(page, words, tmp_path)
    refresh(page, words)
    consents(page, words, who)
    rejects(page, words)
    make_key(page, words)
    leave(page, words)


def enter(page: Page, server: Server, words: dict[str, str], language: str) -> None:
    """The first language makes the owner; the second finds one and signs in."""
    page.watch.expected.add(422)  # type: ignore[attr-defined]  # a wrong password is answered with 422
    page.goto("/")
    if page.locator("html").get_attribute("lang") != language:
        page.locator("form[action='/language'] button").click()
    if page.url.endswith("/start"):
        page.get_by_role("heading", name=words["welcome"]).wait_for()
        page.locator("#id_full_name").fill("林小雨")
        page.locator("#id_name").fill("lin@tea.cn")
        page.locator("#id_password").fill(PASSWORD)
        page.locator("#id_code").fill((server.folder / "first-run.code").read_text(encoding="ascii"))
        page.get_by_role("button", name=words["start"]).click()
    else:
        page.locator("#id_name").fill("lin@tea.cn")
        page.locator("#id_password").fill("wrong-wrong-wrong")
        page.get_by_role("button", name=words["sign_in"]).click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.locator("#id_password").fill(PASSWORD)
        page.keyboard.press("Enter")
    page.get_by_role("heading", name=words["overview"], exact=True).wait_for()
    if page.locator("html").get_attribute("lang") != language:
        page.locator(".side form[action='/language'] button").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def overview(page: Page, words: dict[str, str]) -> None:
    page.goto("/?days=90")
    chart = page.locator("[data-figure]").first
    expect(chart.locator(".broad svg")).to_be_visible()
    chart.locator(".broad .hit").nth(40).hover()
    expect(page.locator(".chart-tip")).to_be_visible()
    chart.locator("[data-shows=table]").click()
    expect(chart.locator("table")).to_be_visible()
    expect(chart.locator("svg").first).to_be_hidden()


def find_and_tag(page: Page, words: dict[str, str]) -> None:
    place(page, words["people"]).click()
    page.get_by_role("heading", name=words["people"], exact=True).wait_for()
    expect(page.locator("#people tbody tr").nth(3)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("安娜")
    expect(page.locator("#people tbody tr")).to_have_count(1)
    page.get_by_role("link", name="林安娜").click()
    page.get_by_role("heading", name="林安娜").wait_for()
    tags = page.locator("#tags")
    tags.locator("#new-tag").fill("茶友 friend")
    tags.get_by_role("button", name=words["add"]).click()
    mine = tags.locator("summary", has_text="茶友 friend")
    expect(mine).to_be_visible()
    mine.click()
    tags.get_by_role("button", name=words["take_back"]).click()
    expect(mine).to_have_count(0)
    page.locator("summary.tag").first.click()
    expect(page.locator("#tags .sheet").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#tags .sheet").first).to_be_hidden()
    place(page, words["people"]).click()
    page.locator("summary", has_text=words["filter"]).click()
    page.locator("#channel").select_option("wecom")
    expect(page.locator("#people tbody tr")).to_have_count(2)
    assert "channel=wecom" in page.url


def silence(page: Page, server: Server, words: dict[str, str], language: str) -> str:
    """Somebody of whom no consent is known; they say two things, which the tables do not know yet. Their id."""
    brand, key = lianyi.open(server.folder), {"en": DAN, "zh-hans": CAI}[language]
    who = brand.person(key).person_id
    page.goto(f"/people/{who}")
    expect(page.locator("#consents")).to_contain_text(words["silent"])
    brand.record(
        [
            Event(id=f"t:{language}:{channel}", at=NOW - timedelta(days=2), kind="consent", source="members",
                  actor_key=key, props={"purpose": "marketing", "channel": channel, "granted": granted})
            for channel, granted in (("email", True), ("sms", False))
        ]
    )  # fmt: skip
    return who


def consents(page: Page, words: dict[str, str], who: str) -> None:
    page.goto(f"/people/{who}")
    card = page.locator("#consents")
    expect(card.locator("li")).to_have_count(2)
    expect(card.locator("li", has_text="email").locator(".badge.good")).to_have_text(words["granted"])
    expect(card.locator("li", has_text="sms").locator(".badge.bad")).to_have_text(words["withdrawn"])
    expect(card.locator("li", has_text="sms")).to_contain_text("members")


def rejects(page: Page, words: dict[str, str]) -> None:
    """What an import could not use is found again under Data, is downloaded and thrown away."""
    place(page, words["data"]).click()
    card = page.locator("section", has_text=words["rejected"])
    with page.expect_download() as download:
        card.get_by_role("link", name=words["download"]).first.click()
    assert "not a time" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    card.locator("button.danger").first.click()
    expect(page.locator("section", has_text=words["rejected"])).to_have_count(0)


def import_orders(page: Page, words: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS, encoding="utf-8")
    page.goto("/import")
    page.locator("input[type=file]").set_input_files(path)
    page.wait_for_url(re.compile(r"/import/[0-9a-f-]{36}$"))
    page.locator("#map-at").select_option("paid at")
    page.locator("#map-actor_key").select_option("member")
    page.locator("#map-value").select_option("amount")
    page.locator("#kind").select_option("order")
    page.get_by_role("button", name=words["check"]).click()
    go = page.get_by_role("button", name=words["import"])
    go.wait_for(timeout=60_000)
    expect(page.get_by_role("cell", name=words["reason"])).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=words["download"]).click()
    rejected = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "not a time" in rejected
    assert "yan" in rejected
    go.click()
    page.get_by_text(words["imported"]).wait_for(timeout=60_000)


def refresh(page: Page, words: dict[str, str]) -> None:
    place(page, words["data"]).click()
    page.get_by_role("button", name=words["refresh"]).click()
    page.wait_for_url("**/jobs/*")
    expect(page.locator(".job .badge.good")).to_be_visible(timeout=90_000)
    page.goto("/people?q=zoe")
    expect(page.locator("#people tbody tr")).to_have_count(1)


def make_key(page: Page, words: dict[str, str]) -> None:
    place(page, words["settings"]).click()
    page.get_by_role("link", name=words["keys"]).click()
    page.locator("#id_name").fill("Site")
    page.locator("#id_source").fill("site")
    page.get_by_role("button", name=words["create"], exact=True).click()
    secret = page.locator("#secret")
    expect(secret).to_have_text(re.compile(r"wk_[\w-]{40,}"))
    assert str(secret.text_content()) in str(page.locator("#snippet").text_content())
    page.reload()
    expect(page.locator("#secret")).to_have_count(0)


def leave(page: Page, words: dict[str, str]) -> None:
    page.get_by_role("button", name=words["sign_out"]).click()
    page.get_by_role("heading", name=words["sign_in"]).wait_for()
    page.goto("/people")
    page.wait_for_url("**/login?next=/people")
