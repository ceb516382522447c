"""The verdict of one row of `touch_stops` in words, English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lianyi.insight.effects.touches.stopping import MAYBE, NO, YES

Both = tuple[str, str]
_SEVEN: Mapping[str, Both] = {
    YES: ("It is seven.", "正是七次。"),
    NO: ("It is not seven.", "不是七次。"),
    MAYBE: ("It may be seven.", "可能是七次。"),
}
_OPEN: Both = ("Whether it is seven is unknown.", "是不是七次未知。")
_WHY: Mapping[str, Both] = {
    "no_lot": (
        "nobody untouched was put into an arm by chance, so what a message adds can't be told from who gets it",
        "没有在首次触达前随机分组的人，无法区分消息的作用与挑选的作用",
    ),
    "few_reached": (
        "being assigned hardly changed how many messages people got",
        "分组后两组收到的消息数几乎没有差别",
    ),
    "no_overlap": ("the touched have nobody like them who was not", "被触达者没有可比的未触达者"),
}
_FEW: Both = (
    "too few people or orders in the arms (each needs 20 people, both together 10 orders within 7 days)",
    "两组的人数或订单太少（每组至少 20 人，合计至少 10 笔 7 天内的订单）",
)
_UNTIL: Mapping[str, Both] = {
    "nothing": ("adds no order that could be told from chance", "不再带来可与偶然区分的订单"),
    "cost": ("brings less than it costs", "带来的毛利不抵其成本"),
}


def why_unknown(flags: str) -> Both:
    """Why the effect of the first touch is not known; flags: of its row of `touches`."""
    return next((_WHY[flag] for flag in flags.split(",") if flag in _WHY), _FEW)


def verdict(row: Mapping[str, Any], flags: str = "") -> Both:
    """One sentence or two. flags: of the first touch, which say why nothing is known."""
    seven = _SEVEN.get(row["seven"], _OPEN)
    if not row["known"]:
        why = why_unknown(flags)
        return f"Unknown: {why[0]}. {seven[0]}", f"未知：{why[1]}。{seven[1]}"
    if row["low"] is None:
        return (
            f"Unknown: what touches add goes up and down with their number, so that no one end fits. {seven[0]}",
            f"未知：各次触达的增量忽高忽低，找不到一个止点。{seven[1]}",
        )
    if row["low"] == 0 and row["high"] is None:
        return (
            f"Unknown: what is known of the first {row['known']} excludes no number, not even none. {seven[0]}",
            f"未知：前 {row['known']} 次的数据排除不了任何次数，连 0 次也排除不了。{seven[1]}",
        )
    what = _UNTIL[row["until"]]
    if row["high"] is None:
        low, known = row["low"], row["known"]
        return (
            f"One more touch {what[0]} after {low} touches at the earliest (95 %); within the first {known}, which "
            f"are known, no end is seen. {seven[0]}"
        ), (f"最早在 {low} 次之后，再多一次触达{what[1]}（95%）；已知的前 {known} 次内未见止点。{seven[1]}")
    return (
        f"After {row['best']} touches (95 %: {row['low']} to {row['high']}) one more {what[0]}. {seven[0]}",
        f"{row['best']} 次触达之后（95% 区间 {row['low']}–{row['high']}），再多一次{what[1]}。{seven[1]}",
    )
