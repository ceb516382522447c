"""One person's influence in a sentence: what is to be expected, what was seen, and what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lianyi.insight.ripples.influence.table import BEFORE, RECENT

LEAST = 0.05  # people; below this a figure with one decimal would say 0.0


def sentence(row: Mapping[str, Any], *, currency: str) -> tuple[str, str]:
    """(English, Chinese) for a row of table `influence`; `topic` where the reach is that of a topic.

    E.g. "If they share something, about 4.2 people come through them (4.0–4.4). So far 12 people came on 7 days: 5 of
    them in the last 28 days, 1 in the 84 before."
    """
    parts = (_expected(row, currency), _seen(row))
    return "".join(en for en, _ in parts), "".join(zh for _, zh in parts)


def _expected(row: Mapping[str, Any], currency: str) -> tuple[str, str]:
    reach, low, high = (f"{row[name]:,.1f}" for name in ("reach", "reach_low", "reach_high"))
    about, what = (f" on {row['topic']}", f"“{row['topic']}”内容") if row.get("topic") else ("", "")
    if row["reach"] < LEAST:
        return (
            f"If they share something{about}, hardly anybody comes through them. ",
            f"分享一次{what}，预期几乎带不来人。",
        )
    en = f"If they share something{about}, about {reach} people come through them ({low}–{high})"
    zh = f"分享一次{what}，预期带来约 {reach} 人（{low}–{high}）"
    if row.get("revenue") is not None:
        en += f", worth about {row['revenue']:,.0f} {currency}"
        zh += f"，约合收入 {row['revenue']:,.0f} {currency}"
    return f"{en}. ", f"{zh}。"


def _seen(row: Mapping[str, Any]) -> tuple[str, str]:
    people, days = row["brought_people"], row["brought_days"]
    if not people:
        return "Nobody has come through them so far.", "至今尚未带来他人。"
    came, on = "1 person" if people == 1 else f"{people:,} people", "1 day" if days == 1 else f"{days:,} days"
    en = f"So far {came} came on {on}"
    lately, earlier = row["lately"], row["earlier"]
    if not lately and not earlier:
        return f"{en}.", f"至今带来 {people:,} 人，分布在 {days:,} 天。"
    before = BEFORE - RECENT
    return (
        f"{en}: {lately:,} of them in the last {RECENT} days, {earlier:,} in the {before} before.",
        f"至今带来 {people:,} 人，分布在 {days:,} 天：近 {RECENT} 天 {lately:,} 人，此前 {before} 天 {earlier:,} 人。",
    )
