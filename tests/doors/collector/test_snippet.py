"""The page snippet in a real browser, on pages of another site than the collector's."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.doors.collector.server import KEY, Running, drained, landed, wait_for
from tests.machine import chromium

pytestmark = pytest.mark.browser
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine; set LIANYI_CHROMIUM or install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def visit(browser: Browser, server: Running, tmp_path: Path) -> Iterator[Visit]:
    """Opens a page of a shop that carries the snippet; each test is a new visitor."""
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=site.serve_forever, daemon=True)
    thread.start()
    context = browser.new_context()
    errors: list[str] = []

    def open_page(attributes: str = "", *, early: str = "", before: str = "", query: str = "") -> Page:
        html = (
            f"<!doctype html><title>Tea shop</title><link rel=icon href='data:,'><script>{early}</script>"
            f'<script async src="{server.url}/s.js" data-key="{KEY}" {attributes}></script><h1>Tea</h1>'
        )
        (tmp_path / "tea.html").write_text(html, encoding="utf-8")
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        if before:
            page.add_init_script(before)
        page.goto(f"http://localhost:{site.server_address[1]}/tea.html{query}")
        page.wait_for_function("window.lianyi && window.lianyi.loaded")
        return page

    yield open_page
    context.close()
    site.shutdown()
    site.server_close()
    thread.join()
    # the browser reports answers such as 503 itself; what it refuses (CORS, CSP) and what a script throws counts
    assert [error for error in errors if not error.startswith("Failed to load resource")] == []


def visitor(page: Page) -> str | None:
    """The anonymous id that the browser keeps."""
    kept: str | None = page.evaluate("localStorage.getItem('lianyi_id')")
    return kept


def events_of(server: Running, page: Page, count: int) -> list[dict[str, Any]]:
    """The visitor's events, once there are so many."""
    wait_for(lambda: visitor(page) is not None, what="an anonymous id")
    key = f"anon:{visitor(page)}"

    def found() -> list[dict[str, Any]]:
        theirs = [row for row in landed(server.folder) if key in {row["actor_key"], row["target_key"]}]
        return sorted(theirs, key=lambda row: str(row["at"]))

    wait_for(lambda: len(found()) >= count, what=f"{count} events of the visitor")
    return found()


def kinds_of(server: Running, key: str) -> list[str]:
    """The kinds of what a key did, so far."""
    return [row["kind"] for row in landed(server.folder) if row["actor_key"] == key]


def nothing_comes(server: Running, page: Page) -> None:
    """A second call of the page's own, sent past the snippet, is there and nothing of the snippet's is."""
    page.wait_for_timeout(900)  # longer than the snippet gathers
    before = len(landed(server.folder))
    wait_for(lambda: drained(server.folder), what="the inbox to be landed")
    assert len(landed(server.folder)) == before
    assert visitor(page) is None
    assert page.context.cookies() == []


def test_a_visit_with_campaign_then_a_person(visit: Visit, server: Running) -> None:
    page = visit(
        query="?utm_campaign=Spring&utm_source=wechat&x=1#top", early="window.lianyi=[['track','Tasted',{cups:2}]]"
    )
    first = {row["kind"]: row for row in events_of(server, page, 2)}
    assert first["view"]["object_key"] == "page:localhost/tea.html"
    assert (first["view"]["campaign"], first["view"]["channel"]) == ("Spring", "wechat")
    assert json.loads(first["view"]["props"])["title"] == "Tea shop"
    assert json.loads(first["tasted"]["props"])["cups"] == 2
    page.evaluate("lianyi.identify('u77', {email: 'ann@example.org'}); lianyi.group('tea-club')")
    wait_for(
        lambda: (
            {"identify", "join"} <= {row["kind"] for row in landed(server.folder) if row["actor_key"] == "user:u77"}
        ),
        what="identify and join of the person",
    )
    links = [row for row in landed(server.folder) if row["target_key"] == f"anon:{visitor(page)}"]
    assert [row["actor_key"] for row in links] == ["user:u77"]


def test_who_came_through_a_link_of_ours_brings_the_number_from_there(visit: Visit, server: Running) -> None:
    number = "0123456789abcdef" * 2
    page = visit(query=f"?ajs_aid={number}")
    events_of(server, page, 1)
    assert visitor(page) == number
    again = visit(query=f"?ajs_aid={'f' * 32}")  # a number of one's own stays
    events_of(server, again, 2)
    assert visitor(again) == number


def test_pages_of_an_app_in_one_page_count_once_each(visit: Visit, server: Running) -> None:
    page = visit()
    page.evaluate("history.pushState({}, '', '/oolong'); history.replaceState({}, '', '/oolong#leaf')")
    page.wait_for_timeout(50)
    page.evaluate("history.pushState({}, '', '/pu-er')")
    seen = [row["object_key"] for row in events_of(server, page, 3)]
    assert seen == ["page:localhost/tea.html", "page:localhost/oolong", "page:localhost/pu-er"]


def test_what_is_under_way_when_the_page_is_left_still_arrives(visit: Visit, server: Running) -> None:
    page = visit('data-auto="off"')
    page.evaluate("localStorage.setItem('lianyi_id', 'leaver'); lianyi.track('Left')")
    page.close(run_before_unload=False)
    wait_for(lambda: kinds_of(server, "anon:leaver") == ["left"], what="the last event")


def test_sent_again_after_a_failure_and_kept_once(visit: Visit, server: Running) -> None:
    page = visit('data-auto="off"')
    page.route("**/v1/batch*", lambda route: route.fulfill(status=503))
    with page.expect_response("**/v1/batch*") as answer:
        page.evaluate("lianyi.track('Stubborn')")
    assert answer.value.status == 503
    page.unroute("**/v1/batch*")
    rows = events_of(server, page, 1)
    assert [row["kind"] for row in rows] == ["stubborn"]


@pytest.mark.parametrize(
    "before",
    [
        "Object.defineProperty(navigator, 'doNotTrack', {get: () => '1'})",
        "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})",
    ],
)
def test_a_browser_that_says_no_is_left_alone(visit: Visit, server: Running, before: str) -> None:
    page = visit(before=before)
    page.evaluate("lianyi.track('Seen'); lianyi.identify('u1'); lianyi.consent(true); lianyi.page()")
    nothing_comes(server, page)


def test_where_consent_is_required_nothing_is_stored_or_sent_before(visit: Visit, server: Running) -> None:
    page = visit('data-consent="required"')
    page.evaluate("lianyi.track('Early'); lianyi.identify('u88')")
    nothing_comes(server, page)
    page.evaluate("lianyi.consent(true)")
    rows = events_of(server, page, 1)
    wait_for(
        lambda: len([r for r in landed(server.folder) if r["actor_key"] == "user:u88"]) >= 3, what="what had waited"
    )
    assert rows
    page.evaluate("lianyi.consent(false); lianyi.track('Late')")
    assert visitor(page) is None
    page.wait_for_timeout(900)
    wait_for(lambda: drained(server.folder), what="the inbox to be landed")
    assert "late" not in {row["kind"] for row in landed(server.folder)}


def test_without_storage_a_first_party_cookie_serves(visit: Visit, server: Running) -> None:
    page = visit(before="Object.defineProperty(window, 'localStorage', {get: () => { throw new Error('off'); }})")
    wait_for(lambda: page.context.cookies() != [], what="the cookie")
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["sameSite"]) == ("lianyi_id", "Lax")
    wait_for(lambda: kinds_of(server, f"anon:{cookie['value']}") == ["view"], what="the page view")
