"""The ledger at its doors: pages, library, command line and API say the same money; costs and prices are kept."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pytest_django import Settings as DjangoSettings

from lianyi import roi
from lianyi.action.ledger import keeping
from lianyi.action.plans import keeping as plans
from lianyi.action.plans import money
from lianyi.action.team.models import Act
from lianyi.doors.cli.commands import lianyi as command
from lianyi.doors.console.pages.ledger.words import DIMENSIONS
from lianyi.errors import InputError, NotFound
from lianyi.insight.ledger.attribution.models import MODELS
from lianyi.insight.ripples.planning import Forecast, Line, Request, Seed, SeedPlan
from lianyi.memory.draining import land
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.doors.standing import NOW, Standing, copy_brand
from tests.doors.tables import put_table

SPRING = "<b>spring</b>"
BOOK = 'prices: [{channel: sms, price: "0.05", currency: CNY}]\n'


@pytest.fixture(scope="session")
def spent_template(rippled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The campaign that earned 50 has cost 20 of media, and something in a currency without a rate."""
    ws = copy_brand(rippled, tmp_path_factory.mktemp("spent") / "tea")
    ws.record([
        Event(id=f"m{number}", at=NOW, kind="cost", source="entered", value=Decimal(value), currency=currency,
              campaign=SPRING if number == 0 else None, props={"what": "media"})
        for number, (value, currency) in enumerate((("20.00", "CNY"), ("3.00", "USD")))
    ])  # fmt: skip
    ws.refresh("entries")
    return ws.folder


@pytest.fixture
def spent(shared: Workspace, spent_template: Path, tmp_path: Path, settings: DjangoSettings) -> Workspace:
    ws = copy_brand(spent_template, tmp_path / "spent")
    settings.WORKSPACE = ws.folder
    return ws


def text(answer: Any) -> str:
    assert answer.status_code == 200
    content: bytes = answer.content
    return content.decode()


def run(ws: Workspace, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(command, ["-w", str(ws.folder), *arguments])
    assert done.exit_code == code, done.output
    return done.stdout


def test_pages_library_command_line_and_api_say_the_same(spent: Workspace, people: Standing) -> None:
    ledger = spent.ledger
    one = ledger.member("campaign", SPRING)
    assert one is not None
    assert (one["revenue"], one["spent"], one["result"], one["orders"]) == (50, -20, 30, 1)
    assert one["after_goods"] is None, "no margins are known"
    page = text(people.analyst.get("/ledger", {"by": "campaign"}))
    assert "¥50.00" in page
    assert "&lt;b&gt;spring" in page
    assert "1 entries in USD have no exchange rate" in page
    assert "<b>spring" not in page
    shown = text(people.analyst.get("/ledger/one", {"by": "campaign", "member": SPRING}))
    assert "¥30.00" in shown
    assert "the buyer came through a share" in shown
    asked = people.analyst.get("/api/v1/ledger/member", {"by": "campaign", "member": SPRING}).json()
    assert (asked["revenue"], asked["spent"], asked["result"]) == ("50.0000", "-20.0000", "30.0000")
    told = json.loads(run(spent, "ledger", "one", "campaign", SPRING))
    assert {name: told[name] for name in ("revenue", "spent", "accounts")} == {
        name: json.loads(json.dumps(asked[name])) for name in ("revenue", "spent", "accounts")
    }
    total = ledger.total()
    assert (total["spent"], total["spent_unknown"], total["result"]) == (-20, 1, None), (
        "nobody knows what 3 USD are worth"
    )
    rows = [json.loads(line) for line in run(spent, "ledger", "by", "sharer", "--json").splitlines()]
    assert sum(Decimal(row["revenue"]) for row in rows) == total["revenue"]
    assert len(people.analyst.get("/api/v1/ledger/entries").json()["entries"]) == 3


def test_every_split_has_a_page_in_both_languages(spent: Workspace, people: Standing) -> None:
    for language, title in (("en", "Net revenue"), ("zh-hans", "净收入")):
        people.owner.post("/language", {"language": language})
        for by in DIMENSIONS:
            assert spent.ledger.split(by)
            assert title in text(people.owner.get("/ledger", {"by": by}))


def test_attribution_stands_side_by_side_and_says_that_it_is_no_cause(spent: Workspace, people: Standing) -> None:
    assert set(spent.ledger.attributed().values()) == {50}
    for by, member in (("channel", "Shares"), ("campaign", "&lt;b&gt;spring"), ("sharer", "¥50.00")):
        page = text(people.analyst.get("/attribution", {"by": by}))
        assert "Description, not cause." in page
        assert member in page
    assert people.analyst.get("/attribution", {"by": "luck"}).status_code == 404
    asked = people.analyst.get("/api/v1/ledger/attribution", {"by": "campaign"}).json()
    assert {amount for row in asked["members"] for amount in row["amounts"].values()} == {"50.0000"}
    assert asked["sums"] == dict.fromkeys(MODELS, "50.0000")
    told = [json.loads(line) for line in run(spent, "ledger", "attribution", "--by", "sharer", "--json").splitlines()]
    assert sum(Decimal(row["amounts"]["shapley"]) for row in told) == 50


def test_an_experiment_says_what_it_truly_brought_and_without_one_that_is_unknown(
    spent: Workspace, people: Standing
) -> None:
    asked = {"by": "campaign", "member": SPRING}
    assert spent.ledger.returns("campaign", SPRING) is None
    assert "Unknown: nobody was held out of it" in text(people.analyst.get("/ledger/one", asked))
    rows = [
        {"experiment": f"campaign/{SPRING}", "metric": metric, "estimator": "cuped", "main": True, "estimate": mean,
         "low": mean - half, "high": mean + half, "n_treated": 10}
        for metric, mean, half in (("revenue", 4.0, 1.0), ("kept", 0.2, 0.3))
    ]  # fmt: skip
    put_table(spent, "effects", pa.Table.from_pylist(rows))
    made = spent.ledger.returns("campaign", SPRING)
    assert made is not None
    assert made.profit is not None
    assert (made.profit.low, made.profit.estimate, made.profit.high) == (10, 20, 30)
    assert (made.pays, made.break_even, made.before_goods) == ("yes", 2, True)
    page = text(people.analyst.get("/ledger/one", asked))
    for said in ("it pays", "¥10.00 – ¥30.00", "100%", "∞", "10 people treated"):
        assert said in page
    told = people.analyst.get("/api/v1/ledger/member", asked).json()["returns"]
    assert told["roi"] == {"estimate": 1.0, "low": 0.5, "high": 1.5}
    assert json.loads(run(spent, "ledger", "one", "campaign", SPRING))["returns"] == told
    ripple = next(row["member"] for row in spent.ledger.split("ripple") if row["member"])
    assert spent.ledger.returns("ripple", ripple) is None, "no effect by ties is there"


def test_returns_by_generation_are_measured_first_and_divided_later(spent: Workspace, people: Standing) -> None:
    ripple = next(row["member"] for row in spent.ledger.split("ripple") if row["member"])
    unknown = roi.rows(spent, "generation", within=ripple)
    assert {row.how for row in unknown} == {"unknown"}
    assert sum(row.booked or 0 for row in unknown) == 50
    rows = [
        {"experiment": f"campaign/{SPRING}", "metric": "revenue", "estimator": name, "main": False, "estimate": mean,
         "low": mean - 1.0, "high": mean + 1.0, "n_treated": 10}
        for name, mean in (("direct", 3.0), ("spill", 2.0), ("total", 5.0))
    ]  # fmt: skip
    put_table(spent, "effects", pa.Table.from_pylist(rows))
    found = {row.member: row for row in roi.rows(spent, "generation", within=ripple)}
    whole = roi.rows(spent, "ripple")[0]
    assert (whole.how, found["0"].how, whole.spent) == ("measured", "measured", Decimal(20))
    parts = [row.returns.incremental.estimate or 0 for row in found.values() if row.returns]
    assert whole.returns is not None
    assert sum(parts) == pytest.approx(whole.returns.incremental.estimate)
    later = [row for row in found.values() if row.member != "0" and row.booked]
    assert {row.how for row in later} == {"spread"}
    for by in roi.BY:
        asked = {"by": by, "within": ripple if by in {"generation", "sharer"} else ""}
        assert "Returns" in text(people.analyst.get("/ledger/returns", asked))
        api = people.analyst.get("/api/v1/ledger/returns", asked).json()["rows"]
        told = run(spent, "ledger", "returns", by, "--within", asked["within"], "--json").splitlines()
        assert [json.loads(line)["booked"] for line in told] == [row["booked"] for row in api]
    assert people.analyst.get("/ledger/returns", {"by": "luck"}).status_code == 404
    assert people.analyst.get("/api/v1/ledger/returns", {"by": "luck"}).status_code == 422


def test_a_plan_stands_in_money_beside_what_came_of_it(spent: Workspace, people: Standing) -> None:
    def made(costs: list[float], reach: tuple[float, ...]) -> SeedPlan:
        seeds = tuple(
            Seed(person_id=f"p{place}", name="", source="customers", incentive="", cost=cost, alone=1, adds=1,
                 community=None, why_en="", why_zh="")
            for place, cost in enumerate(costs)
        )  # fmt: skip
        forecast = Forecast(reach=60, low=40, high=80, people=5, people_low=2, people_high=9, in_time=None,
                            generations=(), certified=1, robust=None)  # fmt: skip
        return SeedPlan(
            request=Request(people=len(costs), goal="revenue"), seeds=seeds, forecast=forecast,
            curve=Line(reach=reach, low=reach, high=reach), rivals={}, enough=1, cost=sum(costs), left_out={},
            asked_of=9, people=9, arcs=9, basis="ties", notes=(),
        )  # fmt: skip

    plan = plans.keep(made([20.0], (0, 60)), as_of=NOW, name="spring", by="olga")
    plans.start(plan, campaign=SPRING, now=NOW)
    told = money.plans(spent)[0]
    assert (told.booked, told.spent, told.within, told.next_step) == (Decimal(50), Decimal(20), True, None)
    page = people.analyst.get("/ledger/returns")
    assert "¥60.00" in text(page)
    side = page.content.decode().partition('<ul class="parts">')[2].partition("</ul>")[0]
    assert re.findall(r'href="([^"]+)" aria-current', side) == ["/ledger/returns"]
    # 1,500 spent; the last 1,000 are all of the third seed and half of the second
    assert money.at_the_margin(made([0.0, 1_000.0, 500.0], (0.0, 10.0, 50.0, 60.0))) == pytest.approx(30)


def test_checks_are_shown_and_a_difference_is_an_alarm(spent: Workspace, people: Standing) -> None:
    page = text(people.analyst.get("/ledger/checks"))
    assert "Every sum of the ledger equals that of the log" in page
    assert "balanced" in page
    assert [row["difference"] for row in spent.ledger.checks()] == [0, 0, 0]
    sums: dict[str, Decimal] = {}
    for row in spent.ledger.trial_balance():
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["amount"]
    assert sums == {"CNY": 0, "USD": 0}
    run(spent, "ledger", "check")


def test_what_is_no_dimension_month_or_page_is_refused(spent: Workspace, people: Standing) -> None:
    for query in ({"by": "luck"}, {"from": "May"}, {"view": "rosy"}, {"page": "0"}, {"order": "luck"}):
        assert people.owner.get("/ledger", query).status_code == 404
    assert people.owner.get("/ledger/one", {"by": "campaign", "member": "winter"}).status_code == 404
    assert people.owner.get("/api/v1/ledger/split", {"by": "luck"}).status_code == 422
    assert people.owner.get("/api/v1/ledger/member", {"by": "campaign", "member": "x"}).status_code == 404
    with pytest.raises(InputError, match="by: 'luck' is none of"):
        spent.ledger.split("luck")
    run(spent, "ledger", "one", "campaign", "winter", code=3)


def test_the_price_book_is_kept_with_its_mark_and_only_by_who_may(shared: Workspace, people: Standing) -> None:
    mark = people.owner.get("/api/v1/ledger/book").json()["mark"]
    assert people.analyst.post("/prices/apply", {"text": BOOK}).status_code == 403
    assert people.owner.post("/prices/apply", {"text": BOOK, "mark": mark}).status_code == 302
    assert "0.05 CNY" in text(people.analyst.get("/prices"))
    assert Act.objects.filter(what="ledger.book").count() == 1
    late = people.owner.put("/api/v1/ledger/book", {"text": BOOK, "mark": mark}, content_type="application/json")
    assert late.status_code == 422
    assert "meanwhile" in late.json()["error"]["message"]
    wrong = people.owner.post("/prices/apply", {"text": "prices: [{channel: sms, price: x, currency: CNY}]"})
    assert wrong.status_code == 422
    assert "prices, line 1: price" in wrong.content.decode()
    assert run(shared, "ledger", "book") == BOOK


def test_a_cost_is_entered_once_and_taken_back_by_its_opposite(shared: Workspace, people: Standing) -> None:
    cost = {"what": "media", "day": NOW.date().isoformat(), "amount": "1,200.50", "currency": "CNY", "campaign": SPRING}
    assert people.analyst.post("/prices/costs", cost).status_code == 403
    assert people.owner.post("/prices/costs", cost).status_code == 302
    for wrong in ({**cost, "amount": "x"}, {**cost, "amount": ""}, {**cost, "what": "luck"}, {**cost, "day": "May"}):
        answer = people.owner.post("/prices/costs", wrong)
        assert answer.status_code == 422
    made = people.owner.post(
        "/api/v1/ledger/costs", {"what": "labour", "minutes": "30", "member": "olga"}, content_type="application/json"
    )
    assert made.status_code == 201
    assert people.owner.post("/api/v1/ledger/costs", {"what": "media", "amount": "1", "who": "me"},
                             content_type="application/json").status_code == 422  # fmt: skip
    land(shared.inbox, shared.lake, NOW)
    row = shared.sql("SELECT id, value FROM events WHERE kind = 'cost' AND value IS NOT NULL").fetchall()
    assert [value for _id, value in row] == [Decimal("1200.5")]
    back = keeping.take_back(shared, row[0][0], by="olga", at=NOW)
    assert (back.value, back.campaign, back.parent_id) == (Decimal("-1200.5"), SPRING, row[0][0])
    shared.record([back])
    with pytest.raises(InputError, match="taken back before"):
        keeping.take_back(shared, row[0][0], by="olga", at=NOW)
    with pytest.raises(NotFound):
        keeping.take_back(shared, "r:o", by="olga", at=NOW)
    shared.refresh("entries")
    found = shared.ledger.member("campaign", SPRING)
    assert found is not None
    assert found["spent"] == 0
    labour = shared.ledger.entries(account="cost.labour")
    assert [(entry["amount"], entry["units"], entry["member"]) for entry in labour] == [(None, 30, "olga")]
