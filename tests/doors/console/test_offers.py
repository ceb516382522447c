"""Offers: public rules alone, one price per rule, a plan that says what is not known; by page, API and command."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from lianyi.action.offers import fairness, issuing, planning, publishing, redeeming
from lianyi.action.offers.models import Offer
from lianyi.action.team.models import Act
from lianyi.doors.cli.commands import lianyi as command
from lianyi.doors.console.pages.offers.views import names_of_communities
from lianyi.errors import InputError, RefusedError
from lianyi.insight.conditions import parse
from lianyi.insight.offers import results, shares
from lianyi.memory.draining import land
from lianyi.workspace import Workspace
from tests.doors.standing import NOW, Standing
from tests.doors.tables import put_table


def wanted(**more: Any) -> publishing.Wanted:
    plain: dict[str, Any] = {
        "name": "back", "kind": "coupon", "condition": "orders >= 0", "currency": "CNY", "percent": 1_000,
        "starts_at": NOW, "ends_at": NOW + timedelta(days=30), "says": {"en": "10 % off"},
    }  # fmt: skip
    return publishing.Wanted(**{**plain, **more})


@pytest.fixture
def few(brand: Workspace, db: None, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(publishing, "LEAST_PEOPLE", 2)
    return brand


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("value > 100", "nothing that people can check"), ("p_alive < 0.5", "nothing that people can check"),
        ('gender = "female"', "nothing that people can check"), ("age >= 30", "nothing that people can check"),
        ('has_tag("loyal")', "judgement"), ('in_audience("x")', "by hand"), ("tied(days > 3)", "guesses"),
        ('attr("level") = "1"', "attribute"), ('says("茶")', "public rule"),
        ("count(view, within 30 days) > 3", "did themselves"), ("count(received sent) > 3", "did themselves"),
        ('count(order, other = "x") > 3', "nothing that people can check"),
    ],
)  # fmt: skip
def test_a_rule_that_nobody_can_check_of_themselves_is_refused(condition: str, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        publishing.refuse_private(parse(condition))


@pytest.mark.parametrize(
    "condition",
    ["orders >= 3 and days_since(last_order) > 60", 'count(order, category = "茶", value > 20, within 90 days) >= 2',
     'level = "gold" or city in ("杭州", "上海")', "not count(order) > 0"],
)  # fmt: skip
def test_a_public_rule_is_taken(condition: str) -> None:
    publishing.refuse_private(parse(condition))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"percent": 0}, "say one of them"), ({"amount": 500, "least": 900}, "say one of them"),
        ({"percent": 9_500}, "at most 90"), ({"percent": 0, "amount": 500, "least": 100}, "least:"),
        ({"ends_at": NOW}, "after starts_at"), ({"says": {"en": " "}}, "published in words"), ({"name": ""}, "a name"),
        ({"kind": "price"}, "none of coupon, tier"), ({"currency": "yuan"}, "ISO 4217"), ({"most": -1}, "0 or more"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(change: dict[str, Any], says: str) -> None:
    assert says in " ".join(publishing.problems(wanted(**change)))


def test_a_price_for_single_persons_is_refused(few: Workspace) -> None:
    with pytest.raises(RefusedError, match="entitles 1 people"):
        publishing.publish(few, wanted(condition="orders >= 3"), by="ann", now=NOW)
    assert not Offer.objects.exists()


def test_another_price_is_another_version(few: Workspace) -> None:
    first = publishing.publish(few, wanted(), by="ann", now=NOW)
    second = publishing.publish(few, wanted(percent=2_000), by="ann", now=NOW)
    first.refresh_from_db()
    assert (first.version, first.percent, first.closed_at) == (1, 1_000, NOW)
    assert (second.version, second.percent, second.closed_at) == (2, 2_000, None)
    with pytest.raises(InputError, match="closed or over"):
        issuing.issue(few, first, now=NOW)


def test_issuing_tells_each_person_once_and_the_same(few: Workspace) -> None:
    offer = publishing.publish(few, wanted(), by="ann", now=NOW)
    assert issuing.issue(few, offer, now=NOW) == offer.issued == 4
    with pytest.raises(InputError, match="issued before"):
        issuing.issue(few, offer, now=NOW)
    land(few.inbox, few.lake, NOW)
    assert fairness.prices(few, offer) == {"issued": 4, "prices": 1}
    rows = few.rows("SELECT target_key, props FROM events WHERE kind = 'offer'")
    assert len({row["target_key"] for row in rows}) == 4
    assert {row["props"] for row in rows} == {rows[0]["props"]}


def test_lots_are_the_same_for_everybody_who_draws_them() -> None:
    people = [f"p{number}" for number in range(2_000)]
    drawn = issuing.drawn(7, people, 500)
    assert drawn == issuing.drawn(7, people[::-1], 500)
    assert len(drawn) == 500
    assert set(drawn) != set(issuing.drawn(8, people, 500))
    assert 180 < sum(one in set(people[:1000]) for one in drawn) < 320  # half of them, 14 standard errors around
    assert issuing.drawn(7, people[:5], 0) == people[:5]


def known(ws: Workspace) -> list[str]:
    """Two of the four with a clock and a usual worth; an experiment; money that the ledger knows nothing of."""
    ids = [row["person_id"] for row in ws.rows("SELECT person_id FROM people ORDER BY 1")]
    clocks = {f"expected_{span}": [span / 30, span / 60] for span in (30, 90, 180, 365)}
    put_table(ws, "purchase_clocks", pa.table({"person_id": ids[:2], "p_alive": [0.9, 0.5], **clocks}))
    worth = {"order_value": [100.0, 40.0], "value_365": [900.0, 90.0], "band": ["top", "low"]}
    put_table(ws, "values", pa.table({"person_id": ids[:2], **worth}))
    effect = {"experiment": ["campaign/x"], "metric": ["orders"], "main": [True], "estimate": [0.5], "low": [0.1],
              "high": [0.9]}  # fmt: skip
    put_table(ws, "effects", pa.table(effect))
    return ids


def test_the_plan_is_what_a_hand_works_out(few: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    known(few)
    offer = publishing.draft(few, wanted(experiment="campaign/x"), by="ann", now=NOW)
    plan = planning.plan(few, offer, NOW)
    assert (plan["entitled"], plan["clocked"], plan["days"]) == (4, 2, 30)
    assert plan["orders"] == pytest.approx(1.5)
    assert plan["given"] == pytest.approx(1 * 10 + 0.5 * 4)
    assert plan["order_value"] == pytest.approx((100 + 20) / 1.5)
    assert (plan["added"], plan["margin"], plan["net"]) == (2.0, None, None)
    monkeypatch.setattr(planning, "margin", lambda _ws: 0.5)
    plan = planning.plan(few, offer, NOW)
    left = 80 * 0.5 - 8
    assert plan["net"] == pytest.approx(2 * left - 12)
    assert plan["net_low"] < plan["net"] < plan["net_high"]
    assert plan["break_even"] == pytest.approx(12 / left)
    assert planning.plan(few, publishing.draft(few, wanted(most=2), by="ann", now=NOW), NOW)["given"] == pytest.approx(
        6
    )
    fixed = publishing.draft(few, wanted(percent=0, amount=5_000, least=5_000), by="ann", now=NOW)
    assert planning.plan(few, fixed, NOW)["given"] == pytest.approx(1 * 50 + 0.5 * 40)  # never more than the order


def test_what_is_not_known_is_not_said(few: Workspace) -> None:
    plan = planning.plan(few, publishing.draft(few, wanted(experiment="campaign/none"), by="ann", now=NOW), NOW)
    assert {plan[name] for name in ("orders", "given", "added", "net", "break_even", "effect")} == {None}


def test_days_between_horizons_lie_on_a_line() -> None:
    assert planning._expected(15) == "(0.0 + 0.5 * (c.expected_30 - 0.0))"
    assert planning._expected(60) == "(c.expected_30 + 0.5 * (c.expected_90 - c.expected_30))"
    assert planning._expected(730) == "(c.expected_365 * 2.0)"


def test_groups_that_the_rule_leaves_out_are_marked() -> None:
    low, high = shares.wilson(40, 100)
    assert low == pytest.approx(0.3094, abs=1e-4)  # Newcombe 1998's formula
    assert high == pytest.approx(0.4980, abs=1e-4)
    assert fairness.row("city", "a", 100, 10, 0.4)["apart"] == "low"
    assert fairness.row("city", "a", 100, 90, 0.4)["apart"] == "high"
    assert fairness.row("city", "a", 100, 38, 0.4)["apart"] == ""
    assert fairness.row("city", "a", 3, 0, 0.4)["apart"] == ""  # three people say little


def test_communities_are_called_by_their_names(brand: Workspace) -> None:
    put_table(brand, "communities", pa.table({"community_id": ["c1"], "name_en": ["Tea"], "name_zh": ["茶友"]}))
    assert names_of_communities(brand, ["c1", "c2"]) == {"c1": "Tea"}


def used_table(ws: Workspace, offer: Offer) -> None:
    """What the tables say of a version that four got: two kept what they bought with it."""
    none = dict.fromkeys(name for name in results.SCHEMA.names)
    row = {**none, "offer": offer.key, "issued": 4, "redeemed": 2, "returned": 1, "expired": 1, "open": 0, "share": 0.5,
           "low": 0.15, "high": 0.85, "apart": ""}  # fmt: skip
    money = {"kept": Decimal(90), "refunded": Decimal(30), "off": Decimal(10), "margin": None, "currency": "CNY"}
    uses = {f"used_{name}": 0 for name in results.USES}
    whole = {
        **row,
        "dimension": "all",
        "member": "",
        "orders": 4,
        **uses,
        "used_right": 3,
        "used_passed_on": 1,
        **money,
    }
    city = {**row, "dimension": "city", "member": "杭州", "issued": 3, "redeemed": 0, "share": 0.0, "apart": "low"}
    put_table(ws, "offer_results", pa.Table.from_pylist([whole, city], schema=results.SCHEMA))


def test_a_code_means_one_offer(few: Workspace) -> None:
    publishing.publish(few, wanted(code="BACK-10"), by="ann", now=NOW)
    publishing.publish(few, wanted(code="BACK-10", percent=500), by="ann", now=NOW)  # of its own name
    for taken in ({"name": "other", "code": "back-10"}, {"name": "BACK-10"}, {"name": "other", "code": "Back"}):
        with pytest.raises(InputError, match="names another offer already"):
            publishing.draft(few, wanted(**taken), by="ann", now=NOW)
    assert "without commas" in " ".join(publishing.problems(wanted(code="A,B")))
    offer = Offer.objects.get(closed_at__isnull=True)
    issuing.issue(few, offer, now=NOW)
    land(few.inbox, few.lake, NOW)
    [row] = few.rows("SELECT DISTINCT props ->> '$.code' AS code FROM events WHERE kind = 'offer'")
    assert row["code"] == "BACK-10"


def test_what_became_of_it_is_said_by_every_door(standing: Standing, few: Workspace) -> None:
    offer = publishing.publish(few, wanted(), by="ann", now=NOW)
    where = f"/offers/{offer.pk}"
    assert redeeming.redeemed(few, offer) is None
    assert standing.analyst.get(f"/api/v1{where}").json()["redeemed"] is None
    assert "—" in standing.analyst.get("/offers").content.decode()
    used_table(few, offer)
    said = standing.analyst.get(f"/api/v1{where}").json()["redeemed"]
    assert (said["issued"], said["redeemed"], said["off"], said["margin"]) == (4, 2, "10.00", None)
    assert said["uses"] == {"right": 3, "late": 0, "again": 0, "passed_on": 1, "unknown": 0}
    assert [(row["member"], row["apart"]) for row in said["groups"]] == [("杭州", "low")]
    [listed] = standing.analyst.get("/api/v1/offers").json()["offers"]
    assert listed["redeemed"]["off"] == "10.00"
    page = standing.analyst.get(where).content.decode()
    for words in ("of 4 who got it", "uses it less", "by people who never got it", "10.00"):
        assert words in page.replace("\xa0", " "), words
    made = CliRunner().invoke(command, ["-w", str(few.folder), "offers", "show", str(offer.pk), "--redeemed", "--json"])
    assert json.loads(made.stdout) == said["groups"][0]
    made = CliRunner().invoke(command, ["-w", str(few.folder), "offers", "show", str(offer.pk)])
    assert json.loads(made.stdout)["redeemed"] == said


FORM = {"name": "back", "kind": "coupon", "condition": "orders >= 0", "percent": "10", "starts_at": "2026-01-01T00:00",
        "ends_at": "2036-01-01T00:00", "en": "10 % off <b>"}  # fmt: skip


def test_the_planner_works_out_and_publishes(
    standing: Standing, few: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness, "LEAST", 2)
    known(few)
    page = standing.analyst.post("/offers", FORM)
    assert page.status_code == 200
    assert "unknown: no experiment says so" in page.content.decode()
    assert "杭州" in page.content.decode()
    assert not Offer.objects.exists()
    assert standing.analyst.post("/offers/new", FORM).status_code == 403
    assert standing.stranger.get("/offers").status_code == 302
    refused = standing.owner.post("/offers/new", {**FORM, "condition": "value > 3"})
    assert (refused.status_code, "nothing that people can check" in refused.content.decode()) == (422, True)
    assert standing.owner.post("/offers/new", FORM).status_code == 302
    offer = Offer.objects.get()
    where = f"/offers/{offer.pk}"
    for what in ("plan", "issue", "close"):
        assert standing.owner.post(f"{where}/act", {"act": what}).status_code == 302
    assert set(Act.objects.filter(what__startswith="offer.").values_list("what", flat=True)) == {
        "offer.publish", "offer.plan", "offer.issue", "offer.close"
    }  # fmt: skip
    assert "10 % off &lt;b&gt;" in standing.analyst.get(where).content.decode()
    assert "back" in standing.analyst.get("/offers").content.decode()


def test_command_and_api_say_the_same(standing: Standing, few: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "offer.yaml"
    asked = {"name": "back", "kind": "tier", "condition": "orders >= 0", "percent": 12.5, "says": {"en": "x"},
             "starts_at": "2026-01-01T00:00:00+08:00", "ends_at": "2036-01-01T00:00:00+08:00"}  # fmt: skip
    file.write_text(json.dumps(asked))

    def run(*words: str) -> Any:
        made = CliRunner().invoke(command, ["-w", str(few.folder), "offers", *words])
        assert made.exit_code == 0, made.output
        return json.loads(made.stdout)

    def post(where: str, data: Any = None) -> Any:
        return standing.owner.post(f"/api/v1/offers{where}", json.dumps(data or {}), content_type="application/json")

    preview = post("/preview", asked).json()
    assert (preview["percent"], preview["plan"]["entitled"], preview["id"]) == (12.5, 4, None)
    assert run("preview", str(file))["plan"]["entitled"] == 4
    made = run("publish", str(file))
    assert made["version"] == 1
    assert post("", asked).json()["version"] == 2
    assert post("", {**asked, "condition": "value > 1"}).status_code == 403
    assert [one["version"] for one in standing.owner.get("/api/v1/offers").json()["offers"]] == [2, 1]
    number = Offer.objects.get(version=2).pk
    assert standing.owner.get(f"/api/v1/offers/{number}").json()["plan"]["entitled"] == 4
    assert run("plan", str(number))["prices"] == {"issued": 0, "prices": 0}
    assert post(f"/{number}/plan").json()["plan"]["entitled"] == run("show", str(number))["plan"]["entitled"]
    assert run("issue", str(number))["issued"] == 4
    assert post(f"/{number}/issue").status_code == 422
    assert post(f"/{number}/close").json()["closed_at"]
