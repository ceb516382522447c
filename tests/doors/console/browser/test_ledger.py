"""From a campaign to its money and to what it truly brought, as a person goes; the numbers are those of SQL over the
files of the log. The same campaign's picture plays."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import duckdb
import pytest
from playwright.sync_api import Page, expect
from scipy import stats

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
# What each of sixty people spent within 14 days after they were assigned (y) and before (x); the mean of each arm at
# the common mean of x, with a slope for each arm (Lin 2013), and its squared error.
EFFECT = """
    WITH people AS (
        SELECT DISTINCT target_key AS who, "at", json_extract_string(props, '$.arm') AS arm FROM log
        WHERE kind = 'assigned' AND json_extract_string(props, '$.experiment') = ?
    ), bought AS (SELECT DISTINCT id, actor_key, "at", CAST(value AS DOUBLE) AS value FROM log WHERE kind = 'order'),
    sums AS (
        SELECT p.who, any_value(p.arm) AS arm,
            coalesce(sum(b.value) FILTER (WHERE b."at" >= p."at" AND b."at" < p."at" + INTERVAL 14 DAY), 0) AS y,
            coalesce(sum(b.value) FILTER (WHERE b."at" < p."at" AND b."at" >= p."at" - INTERVAL 14 DAY), 0) AS x
        FROM people p LEFT JOIN bought b ON b.actor_key = p.who GROUP BY p.who
    ), arms AS (
        SELECT arm, count(*) AS n, avg(y) AS y, avg(x) AS x, regr_slope(y, x) AS slope, var_samp(x) AS xx,
            (var_samp(y) - regr_slope(y, x) * covar_samp(y, x)) * (count(*) - 1) / (count(*) - 2) AS rest
        FROM sums GROUP BY arm
    ), whole AS (SELECT avg(x) AS x FROM sums)
    SELECT arm, n, a.y + slope * (w.x - a.x) AS mean, rest / n * (1 + (w.x - a.x) ** 2 * n / ((n - 1) * xx)) AS error
    FROM arms a, whole w ORDER BY arm
"""


def trial() -> list[Event]:
    """Sixty people, every second treated; who spent more before spends more after, the treated more still."""
    began, events = NOW - timedelta(days=16), []
    for number in range(60):
        told = {"experiment": f"campaign/{SPRING}", "of": "campaign", "arm": ("control", "treatment")[number % 2],
                "share": 0.5}  # fmt: skip
        who = f"user:trial{number}"
        events.append(Event(id=f"x{number}", at=began, kind="assigned", source="lianyi", target_key=who, props=told))
        for when, value in ((-5, 10 + number % 7), (5, 10 + number % 7 + 3 * (number % 2) + number % 5)):
            at = began + timedelta(days=when)
            events.append(Event(id=f"x{number}.{when}", at=at, kind="order", source="shop", actor_key=who,
                                value=Decimal(value), currency="CNY"))  # fmt: skip
    return events


def test_from_a_campaign_to_its_money_with_the_numbers_of_the_log(server: Server, page: Page) -> None:
    ws = lianyi.open(server.folder)
    ws.record([
        Event(id=f"c{number}", at=NOW, kind="cost", source="entered", value=Decimal(value), currency="CNY",
              campaign=SPRING, props={"what": what})
        for number, (value, what) in enumerate((("12.34", "media"), ("1.66", "gift")))
    ])  # fmt: skip
    ws.record(trial())
    ws.refresh()
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
    truly_brought(page, log, spent)
    page.locator("table").get_by_role("link", name="Orders").click()
    expect(page.locator("#entries tbody tr")).to_have_count(1)
    page.locator("#entries tbody a").click()
    page.wait_for_url(re.compile(r"/people/p[0-9a-f]+"))
    plays(page)


def truly_brought(page: Page, log: duckdb.DuckDBPyConnection, spent: Decimal) -> None:
    """Estimate and interval of the incremental revenue and of ROI, on the campaign's page of the ledger and in the
    table of all returns, beside the experiment reckoned anew."""
    (_control, others, mean_other, error_other), (_treated, people, mean, error) = log.execute(
        EFFECT, [f"campaign/{SPRING}"]
    ).fetchall()
    assert (people, others) == (30, 30)
    spread = error + error_other
    free = spread**2 / (error**2 / (people - 2) + error_other**2 / (others - 2))
    reach = float(stats.t.ppf(0.975, free)) * spread**0.5
    brought = [people * (mean - mean_other + side * reach) for side in (0, -1, 1)]
    assert brought[1] > 0, "it can be told"
    cost = -float(spent)
    roi = [(value - cost) / cost for value in brought]
    rows = page.locator("#returns tbody tr")
    for name, expected, said in (("Incremental revenue", brought, "{:,.2f}"), ("ROI", roi, "{:.0%}")):
        cells = rows.filter(has=page.get_by_role("rowheader", name=name, exact=True)).locator("td")
        told = [cells.nth(0).inner_text(), *cells.nth(1).inner_text().split(" – ")]
        assert [text.replace("¥", "") for text in told] == [said.format(value) for value in expected]
    here = page.url
    page.goto("/ledger/returns")
    row = page.locator("tbody tr").filter(has=page.get_by_role("link", name=SPRING))
    expect(row).to_contain_text(f"¥{brought[0]:,.2f}")
    expect(row).to_contain_text(f"{roi[1]:.0%} – {roi[2]:.0%}")
    page.goto(here)


def plays(page: Page) -> None:
    """From the first day on, in quiet steps for whoever asked for less motion; it ends where everybody has come."""
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/picture?of=campaign&member={SPRING}")
    slider, reached = page.locator("input[name=step]"), page.locator(".rings .broad .cell .count").first
    last, everybody = slider.get_attribute("max"), reached.text_content()
    page.evaluate(
        "window.seen = []; document.querySelector('[data-player]').addEventListener('moment',"
        " event => window.seen.push(event.detail.step))"
    )
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_have_attribute("aria-pressed", "false", timeout=20_000)
    seen = page.evaluate("window.seen")
    assert (seen[0], str(seen[-1])) == (0, last)
    assert all(0 < after - before <= 10 for before, after in pairwise(seen))
    assert reached.text_content() == everybody


def tile(page: Page, name: str) -> Decimal:
    """The figure of a tile as a number."""
    said = page.locator(".tile", has=page.get_by_text(name, exact=True)).locator("dd").first.inner_text()
    return Decimal(said.replace("−", "-").replace("¥", "").replace(",", ""))
