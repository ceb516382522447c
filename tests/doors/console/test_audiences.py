"""Pages of audiences: the builder and its rows, the list, one audience, taking it out, rights."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given, settings

from lianyi.action.audiences.models import Audience
from lianyi.action.team.models import Act
from lianyi.doors.console.pages.audiences import rows
from lianyi.insight.conditions import parse, text
from lianyi.insight.conditions import syntax as s
from lianyi.memory.events import Event
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, CAI, Standing
from tests.insight.conditions.trees import conditions

LINES = (
    "orders >= 2",
    'city = "上海" and not gender = "male"',
    'any(order, category ~ "茶", within 60 days) or count(view, within 7 days) >= 3',
    "any(cart, then_no(order, within 3 days), within 30 days)",
    'tied(band = "strong", to(any(order))) and member(community = "A", role = "core")',
    'arrived(generation >= 3) and consents("marketing", "email") and has_tag("buyer")',
    '(orders >= 1 or has_tag("x")) and (days_since(last_order) <= 30 or not in_audience("B"))',
    'says("好, 不好", "茶", within 9 days)',
    'orders >= 1 or orders = 0 and age > 30 or "web" in channels',
)


def flat(node: s.Node) -> s.Node:
    """Nested ands in ands as one: brackets that change nothing."""
    if isinstance(node, s.And | s.Or):
        items: list[s.Node] = []
        for item in map(flat, node.items):
            items += item.items if isinstance(item, type(node)) else [item]
        return type(node)(tuple(items))
    return s.Not(flat(node.item)) if isinstance(node, s.Not) else node


@pytest.mark.parametrize("line", LINES)
def test_a_condition_is_shown_in_rows_and_written_back(line: str) -> None:
    assert flat(parse(rows.built(line).line)) == flat(parse(line))


@settings(max_examples=150, deadline=None)
@given(conditions)
def test_any_condition_survives_the_builder(tree: s.Node) -> None:
    assert flat(parse(rows.built(text(tree)).line)) == flat(tree)


def test_what_is_known_has_rows_of_its_own() -> None:
    kinds = [row.kind for line in LINES[:6] for group in rows.built(line).groups for row in group.rows]
    assert set(kinds) == set(rows.KINDS) - {"text", "says", "audience"}


def form(**fields: str) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update({"join": "and", "g0": "1", "g0join": "and", **fields})
    return data


def test_buttons_add_and_drop_rows_and_groups() -> None:
    one = {"g0r0kind": "column", "g0r0column": "orders", "g0r0op": ">=", "g0r0value": "2"}
    assert rows.read(form(**one)).line == "orders >= 2"
    assert rows.read(form(**one, act="add-0")).rows == 2
    grouped = rows.read(form(**one, act="group"))
    assert [group.join for group in grouped.groups] == ["and", "or"]
    assert rows.read(form(**one, act="drop-0-0")).rows == 1  # one empty row is always there
    assert rows.read(form(**one, act="drop-7-7")).rows == 1


def define(standing: Standing, name: str, condition: str) -> Audience:
    standing.owner.post("/audiences/new", {"name": name, "condition": condition})
    return Audience.objects.get(name=name)


def test_an_audience_is_built_looked_at_and_changed(standing: Standing, brand: Workspace) -> None:
    assert "New audience" in standing.owner.get("/audiences/new").content.decode()
    shown = standing.owner.post("/audiences/check", {"condition": "orders >= 1"}).content.decode()
    assert "1 of 4 people" in shown
    assert "orders: 6" in shown
    one = define(standing, "Buyers", "orders >= 1")
    page = standing.owner.get(f"/audiences/{one.pk}").content.decode()
    assert "being worked out" in page
    standing.owner.post(f"/audiences/{one.pk}/act", {"act": "count"})
    page = standing.owner.get(f"/audiences/{one.pk}").content.decode()
    assert "林安娜" in page
    assert "orders: 6" in page
    standing.owner.post(f"/audiences/{one.pk}/build", {"name": "Non-buyers", "condition": "orders = 0"})
    standing.owner.post(f"/audiences/{one.pk}/act", {"act": "count"})
    one.refresh_from_db()
    assert (one.name, one.version, one.count) == ("Non-buyers", 2, 3)
    page = standing.owner.get(f"/audiences/{one.pk}").content.decode()
    assert "&lt;b&gt;Stone" in page  # a name is text
    assert "another condition" in page
    standing.owner.post(f"/audiences/{one.pk}/act", {"act": "version", "number": "1"})
    one.refresh_from_db()
    assert (one.condition, one.version) == ("orders >= 1", 3)
    assert "Non-buyers" in standing.owner.get("/audiences").content.decode()


def test_the_builder_answers_while_it_is_filled_in(standing: Standing) -> None:
    sent = {"join": "and", "g0": "1", "g0join": "and", "g0r0kind": "did", "g0r0event": "order", "g0r0times": "2",
            "g0r0op": ">=", "g0r0days": "30"}  # fmt: skip
    assert "count(order, within 30 days) &gt;= 2" in standing.owner.post("/audiences/edit", sent).content.decode()
    page = standing.owner.post(
        "/audiences/edit", {"from": "text", "condition": 'tied(band = "strong")'}
    ).content.decode()
    assert '<option value="tie" selected>' in page
    broken = standing.owner.post("/audiences/edit", {"from": "text", "condition": "ordrs > 1"}).content.decode()
    assert "did you mean `orders`" in broken
    assert "ordrs &gt; 1" in broken  # what was written is still there


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("ordrs > 1", "did you mean"),
        ('in_audience("Nobody")', "no audience"),
        ('has_tag("前科")', "points to"),
        ("", "stands where"),
    ],
)
def test_what_cannot_be_an_audience_is_refused_with_the_reason(standing: Standing, condition: str, says: str) -> None:
    answer = standing.owner.post("/audiences/new", {"name": "Bad", "condition": condition})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Audience.objects.exists()


def test_circles_and_used_audiences_are_refused(standing: Standing) -> None:
    one = define(standing, "One", "orders >= 1")
    define(standing, "Two", 'in_audience("One")')
    answer = standing.owner.post(f"/audiences/{one.pk}/build", {"name": "One", "condition": 'in_audience("Two")'})
    assert "circle" in answer.content.decode()
    answer = standing.owner.post(f"/audiences/{one.pk}/act", {"act": "remove"}, follow=True)
    assert "Two" in answer.content.decode()
    assert Audience.objects.filter(name="One").exists()


def test_a_list_is_made_of_any_keys_and_says_whom_it_does_not_know(standing: Standing, brand: Workspace) -> None:
    anna, bo = brand.person(ANNA).person_id, brand.person(BO).person_id
    keys = f"key,note\n{ANNA},x\n13912345601\n{anna}\nnobody@example.cn\n"
    page = standing.owner.post("/audiences/gather", {"name": "VIPs", "keys": keys}, follow=True).content.decode()
    assert "1 keys belong to nobody: nobody@example.cn" in page
    one = Audience.objects.get(name="VIPs")
    from lianyi.action.audiences import members

    assert members.of(brand, one).ids().to_pylist() == sorted([anna, bo])
    standing.owner.post(f"/audiences/{one.pk}/people", {"keys": BO, "out": "1"})
    assert members.of(brand, one).ids().to_pylist() == [anna]
    assert [change.person_id for change in one.changes.all()] == [bo]


def test_the_csv_is_safe_and_the_export_is_written_down(standing: Standing) -> None:
    one = define(standing, "All", "events >= 0")
    standing.owner.post(f"/audiences/{one.pk}/act", {"act": "count"})
    answer: Any = standing.owner.get(f"/audiences/{one.pk}/export")
    found = b"".join(answer.streaming_content if not answer.is_async else _all(answer)).decode("utf-8-sig")
    listed = list(csv.reader(io.StringIO(found)))
    assert len(listed) == 5
    assert "'=cmd|calc" in found
    assert Act.objects.filter(what="audience.export").exists()


def _all(answer: Any) -> list[bytes]:
    import asyncio

    async def gathered() -> list[bytes]:
        return [piece async for piece in answer.streaming_content]

    return asyncio.run(gathered())


def test_a_match_file_holds_hashes_of_those_who_consented_and_nothing_else(
    standing: Standing, brand: Workspace
) -> None:
    for number, (who, granted, channel) in enumerate(
        ((ANNA, True, "sms"), (BO, True, "sms"), (BO, False, "email"), (CAI, False, "sms"))
    ):
        brand.record([Event(id=f"c{number}", at=brand.clock(), kind="consent", source="site", actor_key=who,
                            props={"purpose": "ads", "channel": channel, "granted": granted})])  # fmt: skip
    one = define(standing, "All", "events >= 0")
    standing.owner.post(f"/audiences/{one.pk}/act", {"act": "count"})
    how = {"platform": "oceanengine", "contact": "phone", "purpose": "ads"}
    found = standing.owner.post(f"/audiences/{one.pk}/match", how).content.decode().split()
    assert found == [hashlib.sha256(b"13912345600").hexdigest()]  # Bo refused it on one channel
    act = Act.objects.get(what="audience.match")
    assert (act.detail["purpose"], act.detail["members"], act.detail["people"]) == ("ads", 4, 1)
    page = standing.owner.post(f"/audiences/{one.pk}/match", {**how, "purpose": ""}, follow=True).content.decode()
    assert "for what purpose" in page


def test_who_may_do_what(standing: Standing) -> None:
    one = define(standing, "One", "orders >= 1")
    standing.owner.post(f"/audiences/{one.pk}/act", {"act": "count"})
    assert standing.analyst.get("/audiences").status_code == 200
    assert standing.analyst.get(f"/audiences/{one.pk}").status_code == 200
    assert standing.analyst.get("/audiences/new").status_code == 403
    assert standing.analyst.post(f"/audiences/{one.pk}/act", {"act": "remove"}).status_code == 403
    for address in ("/audiences", f"/audiences/{one.pk}", "/audiences/new"):
        assert standing.stranger.get(address).status_code == 302
