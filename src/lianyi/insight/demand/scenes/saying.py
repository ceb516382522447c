"""One scene in a sentence: what is lifted, how sure that is, and whether a weak need turns strong in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lianyi.insight.demand.scenes.counting import AFTER, WEAK_DAYS
from lianyi.insight.demand.scenes.festivals import TITLES

KINDS = {
    "hour": ("hour", "时段"), "weekday": ("weekday", "星期"), "season": ("season", "季节"),
    "festival": ("festival", "节日"), "place": ("place", "地点"),
    "topic": ("topic of a group", "群话题"),
}  # fmt: skip
_DAYS = {
    "monday": ("Monday", "周一"), "tuesday": ("Tuesday", "周二"), "wednesday": ("Wednesday", "周三"),
    "thursday": ("Thursday", "周四"), "friday": ("Friday", "周五"), "saturday": ("Saturday", "周六"),
    "sunday": ("Sunday", "周日"), "spring": ("spring (March to May)", "春季（3–5 月）"),
    "summer": ("summer (June to August)", "夏季（6–8 月）"), "autumn": ("autumn (September to November)",
    "秋季（9–11 月）"),
    "winter": ("winter (December to February)", "冬季（12–2 月）"),
}  # fmt: skip


def title(kind: str, scene: str) -> tuple[str, str]:
    """(English, Chinese) name of a scene: "14:00–16:59", "Saturday–Sunday", "the week of Mid-Autumn Festival"."""
    if kind == "place":
        return scene, scene
    if kind == "topic":
        topic = scene.partition(":")[2]
        return f"talk of {topic} in a group", f"群里聊起{topic}"
    first, _, last = scene.partition("-")
    if kind == "hour":
        hours = f"{int(first):02}:00–{int(last or first):02}:59"
        return hours, hours
    if kind == "festival":
        en, zh = TITLES.get(scene, (scene, scene))
        return f"the week of {en}", f"{zh}前后"
    one, other = _DAYS.get(first, (first, first)), _DAYS.get(last, (last, last))
    return (f"{one[0]}–{other[0]}", f"{one[1]}至{other[1]}") if last else one


def sentence(row: Mapping[str, Any]) -> tuple[str, str]:
    """(English, Chinese) for a row of table `scenes`."""
    en, zh = title(row["kind"], row["scene"])
    if row["kind"] == "topic":
        topic = row["scene"].partition(":")[2]
        en, zh = (
            f"the {AFTER} days after talk in a group of theirs turned to {topic}",
            f"所在群聊起{topic}后 {AFTER} 天内",
        )
    within = {"hour": "Between ", "festival": "In ", "season": "In ", "weekday": "On ", "place": "In ", "topic": "In "}[
        row["kind"]
    ]
    category, lift = row["category"], f"{row['lift']:.1f}"
    interval = f"{row['low']:.1f}–{row['high']:.1f}"
    bought, expected = f"{row['purchases']:,}", f"{row['expected']:,.0f}"
    said_en = (
        f"{within}{en}, {category} is bought {lift} times as much as otherwise ({interval}): {bought} purchases, "
        f"{expected} were to be expected."
    )
    said_zh = f"{zh}，{category}的购买是平时的 {lift} 倍（{interval}）：实际 {bought} 次，预期 {expected} 次。"
    more_en, more_zh = _more(row)
    return said_en + more_en, said_zh + more_zh


def _more(row: Mapping[str, Any]) -> tuple[str, str]:
    en, zh = "", ""
    weak = row["weak_lift"]
    if weak is not None and row["weak_low"] > row["lift"]:
        en = (
            f" Among people who had not bought it for {WEAK_DAYS} days it is {weak:.1f} times: a weak need turns "
            "strong here."
        )
        zh = f" 在 {WEAK_DAYS} 天未买过的人中是 {weak:.1f} 倍：弱需求在此变强。"
    if row["kind"] in {"festival", "season"} and row["times"] == 1:
        en += " Seen once only: next year may differ."
        zh += " 只见过一次，来年可能不同。"
    if not row["found"]:
        en += " This may be chance."
        zh += " 可能只是偶然。"
    return en, zh
