"""What to do next, as the month's own figures say it: each sentence names its numbers and leads to where it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lianyi.report.months import Month, day_of
from lianyi.report.parts import Section
from lianyi.report.words import TOLD

if TYPE_CHECKING:
    from lianyi.roi import Row
    from lianyi.workspace import Workspace

MOST_OF_A_KIND = 2
# A community that fell by so many people and by such a part is worth a look; less is what weeks do by themselves.
FELL, FELL_SHARE = 5, 0.1


@dataclass(frozen=True, kw_only=True)
class Advice:
    """One thing to do. path: the page of the console where it is done. zh, en: what and why."""

    kind: str
    path: str
    zh: str
    en: str


def advice(ws: Workspace, month: Month, sections: Mapping[str, Section]) -> list[Advice]:
    """The most pressing first: what loses money, what is not known, who leaves, what to repeat."""
    every = [
        *_tried(sections["tried"].rows, ws.settings.currency),
        *_unknown(sections["money"]),
        *_stock(ws, month, sections["people"]),
        *_faded(sections["communities"].rows),
        *_untold(sections),
    ]
    order = ("stop", "unknown", "hold_out", "stock", "faded", "repeat", "open", "no_experiment")
    return sorted(every, key=lambda one: order.index(one.kind))


def _tried(rows: Sequence[Mapping[str, Any]], currency: str) -> Iterator[Advice]:
    """What an experiment says of ROI: repeat, stop, or go on asking; nobody held out: hold out."""
    seen: dict[str, int] = {}
    for row in rows:
        found: Row = row["row"]
        kind = _kind(row, found)
        if not kind or seen.get(kind, 0) >= MOST_OF_A_KIND:
            continue
        seen[kind] = seen.get(kind, 0) + 1
        zh, en = _sentence(kind, found, row["spent"], currency)
        path = (
            "/experiments/plan"
            if kind == "open"
            else f"/ledger/one?{urlencode({'by': row['by'], 'member': row['member']})}"
        )
        yield Advice(kind=kind, path=path, zh=zh, en=en)


def _kind(row: Mapping[str, Any], found: Row) -> str:
    told = found.returns
    if told is None:
        return "hold_out" if row["spent"] else ""
    return {"yes": "repeat", "no": "stop", "open": "open"}.get(told.pays, "")


def _sentence(kind: str, found: Row, spent: Decimal | None, currency: str) -> tuple[str, str]:
    names = found.name_zh or found.member, found.name_en or found.member
    profit = found.returns.profit if found.returns else None
    ends = (profit.estimate, profit.low, profit.high) if profit else (spent,)
    return TOLD[kind].fill(*names, *(amount(end, currency) for end in ends))


def _unknown(section: Section) -> Iterator[Advice]:
    figures = {figure.name: figure for figure in section.figures}
    missing = max((figure.unknown for figure in section.figures), default=0)
    if missing:
        zh = f"补上价格、汇率或毛利率：当月有 {missing:,} 笔金额未知，相关合计也就未知。"
        en = f"Enter prices, exchange rates or margins: {missing:,} amounts are unknown, and so are their sums."
        yield Advice(kind="unknown", path="/prices", zh=zh, en=en)
    elif figures and figures["after_goods"].value is None:
        zh = "录入各品类毛利率：还没有毛利率，扣除货品成本后剩多少无从得知。"
        en = "Enter margins by category: there are none, so what is left after the cost of goods is unknown."
        yield Advice(kind="unknown", path="/prices", zh=zh, en=en)


def _stock(ws: Workspace, month: Month, section: Section) -> Iterator[Advice]:
    values = {figure.name: figure.value for figure in section.figures}
    inflow, evaporation = values.get("inflow"), values.get("evaporation")
    if inflow is None or evaporation is None or evaporation <= inflow:
        return
    zh, en = (
        f"留量在减少：蒸发 {evaporation:,} 人，流入 {inflow:,} 人。",
        f"The stock shrank: {evaporation:,} people evaporated, {inflow:,} came in.",
    )
    # who leaves is known for now, not for a month long past
    if "leaving" in ws.states() and day_of(ws, ws.states()["leaving"].as_of) <= month.next.ends:
        row = ws.rows("SELECT count(*) AS people FROM leaving WHERE state IN ('cooling', 'leaving')", [])[0]
        zh += f"现在有 {row['people']:,} 人在冷却或离开，先联系价值最高的。"
        en += f" {row['people']:,} are cooling or leaving now; write to the most valuable first."
    yield Advice(kind="stock", path="/retention", zh=zh, en=en)


def _faded(rows: Sequence[Mapping[str, Any]]) -> Iterator[Advice]:
    fell = [row for row in rows if row["change"] <= -FELL and -row["change"] >= FELL_SHARE * row["earlier"]]
    for row in sorted(fell, key=lambda one: one["change"])[:MOST_OF_A_KIND]:
        now, before = row["stock"], row["earlier"]
        yield Advice(
            kind="faded", path=f"/communities/{row['community_id']}",
            zh=f"看看社群“{row['name_zh']}”：留量从 {before:,} 人降到 {now:,} 人。",
            en=f"Look at community “{row['name_en']}”: its stock fell from {before:,} to {now:,} people.",
        )  # fmt: skip


def _untold(sections: Mapping[str, Section]) -> Iterator[Advice]:
    told = any(row["row"].returns for row in sections["tried"].rows)
    if not told and not sections["effects"].rows:
        yield Advice(
            kind="no_experiment", path="/experiments/plan",
            zh="安排一次实验：当月没有任何活动或旅程的效果可以测量，收入从何而来无人知道。",
            en="Plan an experiment: no campaign or journey of the month can tell its effect, so what brought the "
            "revenue is unknown.",
        )  # fmt: skip


def amount(value: float | Decimal | None, currency: str) -> str:
    """An amount in whole units, "—" where it is not known."""
    if value is None:
        return "—"
    return f"{'−' if round(value) < 0 else ''}{currency} {abs(value):,.0f}"
