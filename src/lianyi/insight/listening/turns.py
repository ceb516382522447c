"""Table `group_topics`: the days on which the talk of a group turned to a topic."""

from __future__ import annotations

from lianyi.insight.listening import heard
from lianyi.insight.listening.heard import HEARD
from lianyi.insight.listening.reading import ADVERT
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

# A group's talk turned to a topic on a day with so many messages of it, by so many people, so many times the usual.
MESSAGES, PEOPLE, TIMES = 5, 3, 3
DAYS = 7  # of a group that has talked for less nothing is usual yet
KINDS = ("theme", "category")
SAID = "group_topic_said"


def said(scope: Scope) -> str:
    """One row = one group × local day × topic: messages of it and who said them."""
    d = scope.dialect
    kinds = " OR ".join(f"one LIKE '{kind}:%'" for kind in KINDS)
    return f"""
    SELECT group_key, day, one, count(*) AS messages, count(DISTINCT person_id) AS people FROM (
        SELECT group_key, day, person_id, {d.explode("about")} AS one FROM {HEARD}
        WHERE group_key IS NOT NULL AND NOT staff AND advert < {ADVERT}
    ) AS a WHERE {kinds} GROUP BY group_key, day, one
    """


def build(build: Build) -> str:
    """Days on which the topic had far more messages than on the group's other days, where there are enough of these."""
    scope = Scope.of(build)
    d = scope.dialect
    heard.make(build)
    build.make(SAID, said(scope))
    usual = "(w.messages - s.messages) / CAST(greatest(g.days - 1, 1) AS DOUBLE)"
    return f"""
    SELECT s.group_key, {scope.date("s.day")} AS "day", {d.extract("s.one", "^[^:]*")} AS kind,
        {d.extract("s.one", "^[^:]*:(.*)$", 1)} AS topic, s.messages, s.people, {usual} AS usual
    FROM {SAID} AS s
    JOIN (SELECT group_key, one, sum(messages) AS messages FROM {SAID} GROUP BY group_key, one) AS w
        ON w.group_key = s.group_key AND w.one = s.one
    JOIN (SELECT group_key, max(day) - min(day) + 1 AS days FROM {HEARD} GROUP BY group_key) AS g
        ON g.group_key = s.group_key
    WHERE g.days > {DAYS} AND s.messages >= {MESSAGES} AND s.people >= {PEOPLE} AND s.messages >= {TIMES} * {usual}
    """


TABLE = Table(
    name="group_topics",
    en="One row = one group, one day of the last 91 and one topic to which its talk turned on that day.",
    zh="每行 = 最近 91 天内某群某日话题转向的一个主题。",
    inputs=(EVENTS, "keys", "reply_links", "objects"),
    rows_from=("reply_links",),
    key=("group_key", "day", "kind", "topic"),
    order=("group_key", "day", "kind", "topic"),
    columns={
        "group_key": Column(en="the group", zh="群"),
        "day": Column(en="the day in the brand's time zone", zh="日期（品牌时区）"),
        "kind": Column(en="theme (of the brand's list) or category", zh="theme 清单主题、category 类目"),
        "topic": Column(en="its name in listening.yaml, or the category", zh="清单中的名称，或类目"),
        "messages": Column(
            en=f"messages of it on the day, without staff and adverts: {MESSAGES} at least", zh="当日相关消息数"
        ),
        "people": Column(en=f"people who said them: {PEOPLE} at least", zh="发言人数", unit="people"),
        "usual": Column(
            en=f"messages of it on the group's other days, on average: the day has {TIMES} times as many at least",
            zh="该群其余日子的日均相关消息数",
        ),
    },
    build=build,
    parameters=("listening",),
)  # fmt: skip
