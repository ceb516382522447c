"""What a demo brand has to act with, so that its pages are not empty: audiences, contents, a journey not yet started, a
price book, and the offer whose issue and use the world has told. Nothing is sent by it: there is no channel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lianyi.workspace import Workspace

if TYPE_CHECKING:
    from lianyi.action.offers.models import Offer

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
BOOK = """\
prices:
- {channel: email, price: "0.02", currency: CNY}
- {channel: wecom, price: "0.05", currency: CNY}
margins:
- {category: 茶饮, share: "0.58"}
- {category: 母婴, share: "0.27"}
- {category: 护肤, share: "0.66"}
- {category: 户外, share: "0.41"}
- {category: 家居香氛, share: "0.49"}
- {category: 零食, share: "0.34"}
"""
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


def price_book(ws: Workspace, *, by: str) -> None:
    """What messages cost and goods leave. Django must be set up for the workspace."""
    from lianyi.action.ledger import keeping

    keeping.apply(ws.folder, BOOK, by=by)


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
    _offers(ws, by=by, now=now)


def _offers(ws: Workspace, *, by: str, now: datetime) -> None:
    """The versions of the offer that the world has issued, as they would have been published then."""
    from lianyi.action.offers import planning

    rows = ws.rows(
        'SELECT object_key, props, currency, campaign, min("at") AS issued_at, count(*) AS issued FROM events '
        "WHERE kind = 'offer' GROUP BY object_key, props, currency, campaign ORDER BY issued_at"
    )
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        offer = _offer(row, by=by, closed_at=after["issued_at"] if after else None)
        offer.save(force_insert=True)
        planning.looked_at(ws, offer, now)


def _offer(row: Mapping[str, Any], *, by: str, closed_at: datetime | None) -> Offer:
    from lianyi.action.offers.models import Offer

    said, issued_at = json.loads(row["props"]), row["issued_at"]
    percent = int(float(said["percent"]) * 100)
    return Offer(
        pk=int(row["object_key"].partition(":")[2]), name=said["offer"], version=said["version"], kind=said["kind"],
        condition="orders >= 1", percent=percent, amount=0, least=0, most=row["issued"], currency=row["currency"],
        code=said["code"], experiment=f"campaign/{row['campaign']}", says=_says(percent // 100),
        starts_at=issued_at, ends_at=datetime.fromisoformat(said["until"]), issued=row["issued"], issued_at=issued_at,
        closed_at=closed_at, by=by, published_at=issued_at,
    )  # fmt: skip


def _says(percent: int) -> dict[str, str]:
    return {"zh-hans": f"老朋友专享，立减 {percent}%", "en": f"{percent} % off, for old friends"}
