"""The picture: who comes in once, in which generation, what counts as moved; money by its own ripple's generations."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pyarrow as pa

from lianyi.insight.picture import money
from lianyi.insight.tables import Build
from lianyi.memory.duckdb import DuckDB
from lianyi.settings import Settings
from tests.insight.log import AS_OF, Log, Row

START = AS_OF - timedelta(days=20)


def cell(rows: list[Row], member: str, generation: int, stage: str) -> tuple[int, int]:
    """People and moved of a cell over all days."""
    mine = [row for row in rows if (row["member"], row["generation"], row["stage"]) == (member, generation, stage)]
    return sum(row["people"] for row in mine), sum(row["moved"] for row in mine)


def test_a_person_comes_in_once_and_stages_count_as_moved_only_afterwards() -> None:
    log = Log()
    log.add("order", "user:loyal", START - timedelta(days=60), value="10", id="o0")
    for who in ("loyal", "mute"):
        log.add("sent", None, START, target=f"user:{who}", campaign="spring")
        log.add("sent", None, START + timedelta(days=1), target=f"user:{who}", campaign="spring")
    log.add("share", "user:loyal", START + timedelta(hours=2), campaign="spring", object_key="item:1", id="s1")
    log.add("arrive", "user:friend", START + timedelta(hours=3), campaign="spring", object_key="item:1", parent_id="s1")
    # a friend who came is told of it too: still generation 1
    log.add("sent", None, START + timedelta(days=2), target="user:friend", campaign="spring")
    log.add("order", "user:friend", START + timedelta(days=3), value="20", id="o1")
    made = log.build("picture_cells", "picture_people")
    cells = made["picture_cells"]
    assert cell(cells, "spring", 0, "reached") == (2, 2)
    assert cell(cells, "spring", 1, "reached") == (1, 1)
    assert cell(cells, "spring", 0, "action") == (1, 0)  # the loyal one bought long before
    assert cell(cells, "spring", 0, "advocacy") == (1, 1)  # and recommended because of it or not, but after it
    assert cell(cells, "spring", 1, "action") == (1, 1)
    assert cell(cells, "spring", 0, "attention") == (1, 0)  # nothing is known of the mute one
    people = [row for row in made["picture_people"] if row["part"] == "campaign"]
    came = {row["person_id"]: row["day"] for row in people if row["stage"] == "reached"}
    assert all(row["day"] >= came[row["person_id"]] for row in people)
    assert len([row for row in cells if row["part"] == "month"]) > 0


def test_who_moves_a_month_after_coming_in_does_not_count_and_wider_stages_hold_narrower_ones() -> None:
    log = Log()
    log.add("sent", None, AS_OF - timedelta(days=80), target="user:1", campaign="spring")
    log.add("click", "user:1", AS_OF - timedelta(days=79), campaign="spring")
    log.add("order", "user:1", AS_OF - timedelta(days=40), value="5", id="o")
    cells = log.build("picture_cells")["picture_cells"]
    assert cell(cells, "spring", 0, "interest") == (1, 1)
    assert cell(cells, "spring", 0, "action") == (0, 0)
    months = sorted({row["member"] for row in cells if row["part"] == "month"})
    assert months == ["2026-03"]


def test_nothing_sent_and_nobody_arrived_is_no_picture() -> None:
    log = Log()
    log.add("order", "user:1", START, value="5", id="o")
    assert log.build("picture_cells")["picture_cells"] == []


def test_money_stands_at_the_generations_of_the_campaigns_own_ripple() -> None:
    day = AS_OF.date()
    rows = [  # account, campaign, ripple, generation, amount
        ("revenue.order", "spring", "r", 2, "100"), ("revenue.refund", "spring", "r", 2, "-30"),
        ("revenue.order", "spring", "other", 3, "7"), ("revenue.order", "spring", None, None, "5"),
        ("cost.media", "spring", "r", 0, "-20"), ("cost.message", "spring", "r", 0, None),
        ("revenue.order", None, None, None, "1000"), ("cost.goods", "spring", "r", 2, "-9"),
    ]  # fmt: skip
    names = ("account", "campaign", "ripple", "generation")
    entries = pa.Table.from_pylist([{**dict(zip(names, row[:4], strict=True)), "day": day} for row in rows])
    amounts = pa.array([Decimal(row[4]) if row[4] else None for row in rows], pa.decimal128(18, 4))
    ripples = pa.table({"ripple_id": ["other", "r"], "name": ["item:1", "spring"], "kind": ["content", "campaign"]})
    month = f"{day:%Y-%m}"
    with DuckDB(memory_mb=256, threads=1) as engine:
        engine.register("entries", entries.append_column("brand_amount", amounts))
        engine.register("ripples", ripples)
        engine.register("picture_cells", pa.table({"part": ["campaign", "month"], "member": ["spring", month]}))
        built = money.TABLE.build(Build(engine=engine, as_of=AS_OF, settings=Settings(memory_mb=256)))
        assert isinstance(built, str)
        found = engine.table(built).to_pylist()
    assert set(found[0]) == set(money.TABLE.columns)
    of = {(row["part"], row["generation"]): row for row in found}
    assert of["campaign", 2]["revenue"] == 70
    assert (of["campaign", 0]["revenue"], of["campaign", 0]["spent"], of["campaign", 0]["spent_unknown"]) == (12, 20, 1)
    assert of["month", None]["revenue"] == 1005
    sums = {part: sum(row["revenue"] for row in found if row["part"] == part) for part in ("campaign", "month")}
    assert sums == {"campaign": 82, "month": 1082}
