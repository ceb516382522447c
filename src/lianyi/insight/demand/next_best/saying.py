"""Why an option is proposed, or not, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RULED_OUT = {
    "refused": ("Ruled out: they refused marketing.", "不可选：其已拒绝营销。"),
    "no_channel": ("Ruled out: no channel is known in which to reach them.", "不可选：没有已知渠道。"),
    "no_object": ("Ruled out: there is nothing to show.", "不可选：没有可展示的内容。"),
    "nobody": ("Ruled out: nobody is known to bring them together with.", "不可选：没有可牵线的人。"),
}
LATELY = {
    "bought": ("people who bought lately", "近期购买过的人"),
    "active": ("people active lately without buying", "近期活跃但未购买的人"),
    "quiet": ("people who were quiet lately", "近期安静的人"),
}


def sentence(row: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """(English, Chinese) for a row of `next_best`; for the row `nothing` it is said what leaving them alone means."""
    if row["ruled_out"]:
        return RULED_OUT[row["ruled_out"]]
    if row["option"] == "nothing":
        return (
            "Costs nothing and asks nothing of them; everything else is measured against it.",
            "不花成本，也不打扰；其他选项均与其比较。",
        )
    if row["option"] == "connect":
        return (
            "No message of ours and no cost of one; what it brings in money is not known.",
            "不发消息、无发送成本；带来的毛利未知。",
        )
    return _show(row, currency)


def _show(row: Mapping[str, Any], currency: str) -> tuple[str, str]:
    parts = [part for part in (_anyway(row), _missing(row), _worth(row, currency)) if part is not None]
    return " ".join(en for en, _ in parts), "".join(zh for _, zh in parts)


def _anyway(row: Mapping[str, Any]) -> tuple[str, str] | None:
    if row["category"] is None or row["chance"] is None:
        return None
    return (
        f"They buy of {row['category']} within 30 days with {row['chance']:.0%}, told of it or not.",
        f"无论是否告知，其 30 天内购买{row['category']}的概率为 {row['chance']:.0%}。",
    )


def _missing(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is not known, so that its worth is not either."""
    lacks = []
    if row["uplift"] is None:
        lacks.append(("what a message adds: no experiment with people held out has told yet",
                      "一条消息的增量：尚无带对照组的实验"))  # fmt: skip
    if row["cost"] is None:
        lacks.append((f"what a message on {row['channel']} costs: it is not in the price book",
                      f"{row['channel']} 的单条成本：价目表中没有"))  # fmt: skip
    if row["margin"] is None:
        lacks.append(("what the goods leave of an order: the price book knows no margin", "毛利率：价目表中没有"))
    if row["order_value"] is None:
        lacks.append(("what an order is worth", "订单价值"))
    if not lacks:
        return None
    en, zh = "; ".join(one for one, _ in lacks), "；".join(one for _, one in lacks)
    return f"Not known is {en}.", f"未知：{zh}。"


def _worth(row: Mapping[str, Any], currency: str) -> tuple[str, str] | None:
    if row["gain"] is not None:
        en, zh = LATELY[row["lately"]]
        left = row["order_value"] * row["margin"]
        told = [_many(row[name]) for name in ("uplift", "uplift_low", "uplift_high")]
        gains = [f"{row[name]:,.2f}" for name in ("gain", "gain_low", "gain_high")]
        said_en = (
            f"To 100 {en}, a message adds {told[0]} orders ({told[1]} to {told[2]}); an order of theirs leaves "
            f"{left:,.2f} {currency}, a message costs {row['cost']:,.4g}: {gains[0]} ({gains[1]} to {gains[2]}) "
            f"{currency} more margin than doing nothing."
        )
        said_zh = (
            f"对每 100 名{zh}，一条消息增加 {told[0]} 单（{told[1]} 至 {told[2]}）；其一单毛利 {left:,.2f} {currency}，"
            f"一条消息成本 {row['cost']:,.4g}：比不打扰多 {gains[0]}（{gains[1]} 至 {gains[2]}）{currency} 毛利。"
        )
        return said_en, said_zh
    if row["break_even"] is not None:
        needed = _many(row["break_even"])
        return (f"It pays from {needed} more orders per 100 messages on.", f"每 100 条消息增加 {needed} 单即回本。")
    return None


def _many(orders: float) -> str:
    """Orders per 100 people."""
    return f"{orders * 100:.2g}"
