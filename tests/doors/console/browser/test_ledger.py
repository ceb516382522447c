"""From a campaign to its money, as a person goes; the numbers are those of SQL over the files of the log."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from decimal import Decimal

import duckdb
import pytest
from playwright.sync_api import Page, expect

import lianyi
from lianyi.memory.events import Event
from tests.doors.console.browser.conftest import Server
from tests.doors.standing import NOW, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
SPRING = "<b>spring</b>"

SET_UP = """
import sys
from pathlib import Path
from lianyi.doors.console.start import prepare
prepare(Path(sys.argv[1]))
from lianyi.action.campaigns.models import Campaign
from lianyi.action.team.models import User
User.objects.enrol("olga", role="owner", password=sys.argv[2])
Campaign.objects.create(name="<b>spring</b>", audience="a", content="c", channel="mail", by="olga")
"""

# Neither our tables nor our code: orders within 7 days of an arrival of the campaign, and its costs, from the log.
EARNED = """
    SELECT coalesce(sum(o.value), 0) FROM (SELECT DISTINCT id, actor_key, "at", value FROM log WHERE kind = 'order') o
    WHERE EXISTS (SELECT 1 FROM log a WHERE a.kind = 'arrive' AND a.campaign = ? AND a.actor_key = o.actor_key
        AND o."at" >= a."at" AND o."at" < a."at" + INTERVAL 7 DAY)
"""
SPENT = "SELECT -sum(value) FROM (SELECT DISTINCT id, value FROM log WHERE kind = 'cost' AND campaign = ?)"


def test_from_a_campaign_to_its_money_with_the_numbers_of_the_log(server: Server, page: Page) -> None:
    ws = lianyi.open(server.folder)
    ws.record([
        Event(id=f"c{number}", at=NOW, kind="cost", source="entered", value=Decimal(value), currency="CNY",
              campaign=SPRING, props={"what": what})
        for number, (value, what) in enumerate((("12.34", "media"), ("1.66", "gift")))
    ])  # fmt: skip
    ws.refresh("entries")
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "-c", SET_UP, str(server.folder), PASSWORD], check=True, env=environment)
    page.goto("/login")
    page.locator("#id_name").fill("olga")
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Overview", exact=True).wait_for()

    page.goto("/campaigns")
    page.get_by_role("link", name=SPRING).click()
    page.locator("#money").get_by_role("link", name="All of it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SPRING)

    files = [str(path) for path in (server.folder / "lake").rglob("*.parquet")]
    log = duckdb.connect()
    log.execute(f"CREATE VIEW log AS SELECT * FROM read_parquet({files!r})")
    earned = log.execute(EARNED, [SPRING]).fetchall()[0][0]
    spent = log.execute(SPENT, [SPRING]).fetchall()[0][0]
    assert (earned, spent) == (50, -14)
    assert tile(page, "Net revenue") == earned
    assert tile(page, "Spent") == spent
    assert tile(page, "Revenue less spent") == earned + spent
    page.locator("table").get_by_role("link", name="Orders").click()
    expect(page.locator("#entries tbody tr")).to_have_count(1)
    page.locator("#entries tbody a").click()
    page.wait_for_url(re.compile(r"/people/p[0-9a-f]+"))


def tile(page: Page, name: str) -> Decimal:
    """The figure of a tile as a number."""
    said = page.locator(".tile", has=page.get_by_text(name, exact=True)).locator("dd").first.inner_text()
    return Decimal(said.replace("−", "-").replace("¥", "").replace(",", ""))
