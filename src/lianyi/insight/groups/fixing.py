"""What to fix first in a group, and the act that serves it: the parts of the verdict that do not hold, largest first.

A part's weight is how far it falls short of what it needs (as a share of that), times the share of people whom it
concerns: unanswered newcomers weigh little where nobody is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Act:
    """What to do about one part, in both languages."""

    en: str
    zh: str


ACTS: Mapping[str, Act] = {
    "many_way": Act(
        en="Ask something that members can answer one another (which one did you choose, and why?), and name two who "
        "know about it.",
        zh="抛一个成员之间能互相回答的问题（你选了哪款，为什么？），并点名两位懂行的成员。",
    ),
    "reciprocity": Act(
        en="Bring those who answer back into talk: ask the asker whether it helped, thank the answerer by name.",
        zh="让回答得到回音：请提问者反馈是否有用，并点名感谢回答的人。",
    ),
    "decentral": Act(
        en="One person carries the group. Give two of the core a topic of their own to host each week.",
        zh="全群靠一人支撑。请两位核心成员每周各主持一个话题。",
    ),
    "self_run": Act(
        en="Staff answer nearly everything. Let them wait for half an hour, and hand questions to answerers by name.",
        zh="几乎全由员工回答。员工先等半小时，把问题点名交给热心成员。",
    ),
    "answered": Act(
        en="Most of what is said gets no answer. Put somebody on duty, and answer the questions below today.",
        zh="多数发言无人回应。安排值班，并在今天内回复下方未答的问题。",
    ),
    "newcomers": Act(
        en="Newcomers speak and nobody turns to them. Welcome each by name within an hour of joining, by a journey.",
        zh="新人发言无人理会。用旅程在入群一小时内点名欢迎每位新人。",
    ),
    "quiet": Act(
        en="Hardly anybody speaks. Ask a few members what they came for before anything is published here; close or "
        "merge the group where nobody can say.",
        zh="几乎无人发言。先私下问几位成员为何入群，再发内容；若无人能答，考虑合并或关闭此群。",
    ),
    "churn": Act(
        en="People leave. Look at what was published in the days before they left, and publish less of it.",
        zh="成员在流失。查看他们退群前几天发布的内容，并减少此类内容。",
    ),
}
CHURN = 0.1
QUIET = 3


def fixes(health: Row, parts: Sequence[Row]) -> list[dict[str, Any]]:
    """What to fix, the heaviest first: part, value, needs, weight (0 to 1). health: the whole (week −1) of a group."""
    found: list[dict[str, Any]] = []
    active = int(health.get("active") or 0)
    if active < QUIET:
        return [{"part": "quiet", "value": active, "needs": QUIET, "weight": 1.0}]
    for part in parts:
        if part["holds"] is False:
            short = _short(float(part["value"]), float(part["needs"]), at_most=bool(part["at_most"]))
            concerned = min(1.0, (health.get("newcomers") or 0) / active) if part["part"] == "newcomers" else 1.0
            weight = round(short * concerned, 4)
            found.append({"part": part["part"], "value": part["value"], "needs": part["needs"], "weight": weight})
    churn = health.get("churn")
    if churn is not None and churn > CHURN:
        found.append({"part": "churn", "value": churn, "needs": CHURN, "weight": round(min(1.0, float(churn)), 4)})
    return sorted(found, key=lambda one: (-one["weight"], one["part"]))


def _short(value: float, needs: float, *, at_most: bool) -> float:
    """How far a value is from what is needed, as a share of the way that there is."""
    way = 1 - needs if at_most else needs
    return max(0.0, min(1.0, (value - needs if at_most else needs - value) / way))
