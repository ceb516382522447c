"""Community or mere crowd? A measured verdict: parts that hold or do not, each with its figure and what it needs.

The parts are those of the book's promise: many-way interaction, reciprocity, no single centre, self-operation, answers
instead of noise, newcomers who are met. The limits are judged, not fitted (docs/methods/communities-life.md), and the
verdict is unknown where fewer than LEAST_PARTS are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LEAST_PARTS = 3
ENOUGH = 2 / 3


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part: the column of community_health, the limit, and on which side of it a community lies."""

    name: str
    column: str
    needs: float
    at_most: bool = False

    def holds(self, value: float) -> bool:
        return value <= self.needs if self.at_most else value >= self.needs


PARTS = (
    Part(name="many_way", column="many_way", needs=0.3),
    Part(name="reciprocity", column="reciprocity", needs=0.2),
    Part(name="decentral", column="top_share", needs=0.5, at_most=True),
    Part(name="self_run", column="self_answers", needs=0.5),
    Part(name="answered", column="answered", needs=0.3),
    Part(name="newcomers", column="newcomers_heard", needs=0.4),
)
# Without exchange among members there is no community, however well the rest looks.
EXCHANGE = frozenset({"many_way", "reciprocity"})


def verdict(health: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """('community', 'crowd' or 'unknown', the parts: name, value (None = not known), needs, at_most, holds)."""
    parts: list[dict[str, Any]] = []
    for part in PARTS:
        value = health.get(part.column)
        holds = None if value is None else part.holds(float(value))
        parts.append({"part": part.name, "value": value, "needs": part.needs, "at_most": part.at_most, "holds": holds})
    known = [part for part in parts if part["holds"] is not None]
    exchange = [part["holds"] for part in known if part["part"] in EXCHANGE]
    if len(known) < LEAST_PARTS or not exchange:
        return "unknown", parts
    enough = sum(part["holds"] for part in known) >= ENOUGH * len(known)
    return ("community" if enough and all(exchange) else "crowd"), parts


def position(facts: Mapping[str, Any]) -> dict[str, Any]:
    """side (brand, product, user or unknown) and aim (service, product, self_media or unknown), with the evidence.

    facts: self_content and self_answers (shares not by staff, or None), category and category_share (or None), buyers
    (share of members who ever bought), shares and orders (per member).
    """
    staff = None if facts["self_content"] is None else 1 - facts["self_content"]
    served = None if facts["self_answers"] is None else 1 - facts["self_answers"]
    top = facts["category_share"] or 0.0
    if staff is not None and staff >= 0.3:
        side = "brand"
    elif top >= 0.5:
        side = "product"
    else:
        side = "user" if staff is not None else "unknown"
    if served is not None and served >= 0.3:
        aim = "service"
    elif facts["shares"] > facts["orders"] and facts["shares"] >= 1:
        aim = "self_media"
    else:
        aim = "product" if facts["buyers"] >= 0.3 or top >= 0.5 else "unknown"

    def percent(value: float | None, unknown: str) -> str:
        return unknown if value is None else f"{100 * value:.0f}%"

    return {
        "side": side,
        "aim": aim,
        "position_en": f"staff do {percent(staff, 'an unknown share')} of what happens and give "
        f"{percent(served, 'an unknown share')} of answers; {percent(facts['buyers'], '')} of members have bought; "
        f"{facts['shares']:.1f} shares and {facts['orders']:.1f} orders per member"
        + (f"; {100 * top:.0f}% care for {facts['category']}" if top else ""),
        "position_zh": f"员工占全部行为 {percent(staff, '未知')}、占回复 {percent(served, '未知')}；"
        f"{percent(facts['buyers'], '')} 的成员购买过；人均分享 {facts['shares']:.1f} 次、订单 {facts['orders']:.1f} 笔"
        + (f"；{100 * top:.0f}% 关注{facts['category']}" if top else ""),
    }
