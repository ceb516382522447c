"""The list of people: search, filters, order, columns, pages, export."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from typing import Any

import pytest
from django.http import QueryDict

from lianyi.action.team.models import Act
from lianyi.doors.console.pages.people import export, search
from lianyi.doors.console.pages.people.columns import COLUMNS, SORTS
from lianyi.errors import BadRule
from lianyi.insight.tables import catalogue
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, CAI, NAMES, Standing


def found(ws: Workspace, query: str) -> set[str]:
    return {row["name"] for row in search.find(ws, search.read(QueryDict(query)), ("orders",)).rows}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", set(NAMES.values())),
        ("q=安娜", {"林安娜"}),
        ("q=LEE", {"Dan Lee"}),
        ("q=13912345601", {"Bo <b>Stone</b>"}),
        ("q=user:1001", {"林安娜"}),
        ("q=1004", {"Dan Lee"}),
        ("q=wm3", {"=cmd|calc"}),
        ("q=nobody", set()),
        ("channel=wecom", {"林安娜", "Bo <b>Stone</b>"}),
        ("seen=1&q=", {"Dan Lee"}),
        ("tag=buyer", {"林安娜"}),
        ("condition=orders >= 2", {"林安娜"}),
        ("condition=count(reply) > 10", {"林安娜", "Bo <b>Stone</b>"}),
        ("tag=buyer&q=Lee", set()),
        ("sort=evil;drop&page=0&seen=999&consumption=x", set(NAMES.values())),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_a_search_finds_exactly_who_fits(brand: Workspace, query: str, expected: set[str]) -> None:
    assert found(brand, query) == expected


@pytest.mark.parametrize("text", ["'; DROP TABLE people; --", "%", "\\", "\x00", "x" * 5000, "😀", "'"])
def test_any_text_is_only_text(brand: Workspace, text: str) -> None:
    query = QueryDict(mutable=True)
    query.update({"q": text, "tag": text, "channel": text})
    assert search.find(brand, search.read(query), ("orders",)).total == 0


def test_an_unreadable_condition_says_so_and_finds_nobody(standing: Standing, brand: Workspace) -> None:
    with pytest.raises(BadRule):
        search.find(brand, search.Search(condition="orders >>> 3"), ())
    answer = standing.owner.get("/people", {"condition": "orders >>> 3"})
    assert answer.status_code == 200
    assert "The condition can't be read" in answer.content.decode()


def test_what_the_list_can_show_and_sort_by_is_kept_for_lists() -> None:
    own = {name for name, column in COLUMNS.items() if not column.beside}
    assert {*own, *SORTS, "person_id", "name"} == set(catalogue()["people"].listed)


def test_every_sort_puts_unknown_last_and_pages_never_overlap(
    brand: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PAGE", 2)
    for name in sorted(SORTS):
        for way in ("up", "down"):
            pages = [
                search.find(
                    brand, search.read(QueryDict(f"sort={name}&dir={way}&page={n}")), (name,) if name != "name" else ()
                ).rows
                for n in (1, 2)
            ]
            rows = [row for page in pages for row in page]
            assert len({row["person_id"] for row in rows}) == 4, name
            values = [row[name] for row in rows]
            known = [value for value in values if value is not None]
            assert values == known + [None] * (4 - len(known)), name
            assert known == sorted(known, reverse=way == "down"), name


def test_the_page_shows_names_as_text_never_as_markup(standing: Standing) -> None:
    page = standing.owner.get("/people").content.decode()
    assert "Bo &lt;b&gt;Stone&lt;/b&gt;" in page
    assert "<b>Stone" not in page


def test_htmx_gets_the_table_alone(standing: Standing) -> None:
    part = standing.owner.get("/people?q=Lee", HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in part
    assert "Dan Lee" in part
    assert "林安娜" not in part


def test_chosen_columns_are_kept(standing: Standing) -> None:
    first = standing.owner.get("/people?col=refunds&col=events").content.decode()
    again = standing.owner.get("/people").content.decode()
    for page in (first, again):
        heads = re.findall(r"<th scope=\"col\".*?</th>", page, re.DOTALL)
        assert [name for name in ("Refunds", "Events", "Net spend") if any(name in head for head in heads)] == [
            "Refunds",
            "Events",
        ]


def test_analysts_may_export_and_it_is_written_down(standing: Standing, brand: Workspace) -> None:
    answer: Any = standing.analyst.get("/people/export?col=orders&col=net_spend")

    async def whole() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    body = asyncio.run(whole()).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert {row["name"] for row in rows} == {*NAMES.values(), "'=cmd|calc"} - {"=cmd|calc"}
    assert next(row for row in rows if row["name"] == "林安娜")["net_spend"] == "599.4000"
    act = Act.objects.get(what="people.export")
    assert act.by == "ann"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_exported_text_can_run_as_a_formula(text: str) -> None:
    assert export.cell(text) == "'" + text


def test_before_the_first_refresh_the_page_says_what_to_do(standing: Standing, brand: Workspace) -> None:
    (brand.folder / "tables" / "current.json").unlink()
    page = standing.owner.get("/people").content.decode()
    assert "Refresh now" in page
    assert standing.owner.get("/").status_code == 200
    assert standing.owner.get(f"/people/{CAI}").status_code == 404
    assert ANNA not in page
