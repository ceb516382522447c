"""What a demo brand has to act with, so that its pages are not empty: audiences, contents, a journey not yet started.
Nothing is sent by it: there is no channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lianyi.workspace import Workspace

AUDIENCES: Mapping[str, tuple[str, str]] = {
    "老顾客": ("orders >= 3", "三次及以上购买的人"),
    "快要离开": (
        "orders >= 2 and days_since(last_seen) between 45 and 120",
        "买过两次以上，一个半月以上没有任何动静",
    ),
    "中关系里有买家的非买家": (
        'orders = 0 and tied(band = "medium", to(orders >= 2))',
        "自己没买过，但与老顾客有中等关系：缺的是信任",
    ),
    "带来过两个买家": ("arrived(brought_buyers >= 2)", "在一次波纹里带来至少两个买家的人"),
}
LETTER: dict[str, Any] = {
    "subject": "AD {{ person.name }}，这一季的新品",
    "blocks": [
        {"type": "heading", "text": "{{ person.name }}，好久不见"},
        {
            "type": "text",
            "text": "上次之后，我们又试了 **十二** 次，留下了三样。\n\n- 清淡的\n- 浓一点的\n- 可以送人的",
        },
        {"type": "button", "text": "看看这三样", "url": "https://shop.example/season"},
        {"type": "divider"},
        {"type": "text", "text": "觉得不合适，回信告诉我们就好。"},
    ],
}
CHAT = {"text": "{{ person.name }}，您常买的那款回来了，需要留一份吗？"}
JOURNEY = """
journey: first-order
title: 第一次购买之后
about: 让第一次购买的人知道有人在听
triggers:
- by: event
  event: order
goal:
  happening:
    event: order
  within: 45 days
holdout: 0.1
steps:
- do: wait
  id: let-it-arrive
  for: 3 days
- do: branch
  id: how-much
  ways:
  - when: net_spend > 300
    steps:
    - do: task
      id: call
      title: 问问用得怎么样
      text: 先听，不推荐。记下一句原话。
  otherwise:
  - do: tag
    id: new
    add: [新客待跟进]
- do: wait
  id: until-again
  until:
    event: order
  for: 30 days
- do: goal
  id: came-again
"""


def make(ws: Workspace, *, by: str, now: datetime) -> None:
    """Make them. Django must be set up for the workspace."""
    from lianyi.action.audiences import defining
    from lianyi.action.content import keeping
    from lianyi.action.journeys import versions

    for name, (condition, about) in AUDIENCES.items():
        defining.define(ws, name, condition, by=by, now=now, about=about)
    stand_ins = {"person.name": {"zh-hans": "您好"}}
    for name, kind, body in (("季度来信", "email", LETTER), ("回货提醒", "text", CHAT)):
        keeping.create(
            name=name, kind=kind, bodies={"zh-hans": body}, fallback="zh-hans", variables=stand_ins, by=by, now=now
        )
    versions.apply(JOURNEY, by=by, now=now)
