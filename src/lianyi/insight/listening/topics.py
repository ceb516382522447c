"""Tables about topics: `listening` day by day, `topics` over four weeks, `topic_people` who talks of each.

A topic is of a kind: theme (the brand's list), category, good, word (said more than before), or all (everything).
Staff and adverts do not count.
"""

from __future__ import annotations

from lianyi.insight.listening import heard
from lianyi.insight.listening.heard import HEARD
from lianyi.insight.listening.reading import ADVERT
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table, of_kinds

ABOUT = "listening_about"
WEEKS4, PEOPLE = 28, 200
FROM = ("reply_links", *of_kinds("review"))


def about(scope: Scope) -> str:
    """One row = one message × one topic of it."""
    d = scope.dialect
    return f"""
    SELECT h.id, h.group_key, h.moment, h.day, h.person_id, h.tone, h.leaning, h.question, h.complaint,
        {d.extract("h.one", "^[^:]*")} AS kind, {d.extract("h.one", "^[^:]*:(.*)$", 1)} AS topic
    FROM (
        SELECT *, {d.explode("about")} AS one FROM {HEARD} WHERE NOT staff AND advert < {ADVERT}
        UNION ALL SELECT *, 'all:' AS one FROM {HEARD} WHERE NOT staff AND advert < {ADVERT}
    ) AS h
    """


TALLY = """count(*) AS messages, count(DISTINCT person_id) AS people, count(*) FILTER (WHERE tone > 0) AS good,
        count(*) FILTER (WHERE tone < 0) AS bad, count(*) FILTER (WHERE question) AS asked,
        count(*) FILTER (WHERE complaint) AS complaints, avg(leaning) AS leaning"""


def build_days(build: Build) -> str:
    """One row = one topic × day."""
    scope = Scope.of(build)
    heard.make(build)
    build.make(ABOUT, about(scope))
    return f'SELECT kind, topic, {scope.date("day")} AS "day", {TALLY} FROM {ABOUT} GROUP BY kind, topic, day'


def build_topics(build: Build) -> str:
    """One row = one topic of the last four weeks."""
    scope = Scope.of(build)
    heard.make(build)
    build.make(ABOUT, about(scope))
    newest = f"SELECT * FROM {ABOUT} WHERE day > {scope.today - WEEKS4}"
    build.make("listening_now", newest)
    spread = """
    SELECT kind, topic, exp(-sum(p * ln(p))) AS communities FROM (
        SELECT n.kind, n.topic, count(*) / sum(CAST(count(*) AS DOUBLE)) OVER (PARTITION BY n.kind, n.topic) AS p
        FROM (SELECT DISTINCT kind, topic, person_id FROM listening_now) AS n
        JOIN community_members m ON m.person_id = n.person_id GROUP BY n.kind, n.topic, m.community_id
    ) AS s GROUP BY kind, topic
    """
    top = """
    SELECT kind, topic, max(n) / CAST(sum(n) AS DOUBLE) AS top_share FROM (
        SELECT kind, topic, person_id, count(*) AS n FROM listening_now GROUP BY kind, topic, person_id
    ) AS p GROUP BY kind, topic
    """
    return f"""
    SELECT t.kind, t.topic, t.messages, t.people, t.groups, t.good, t.bad, t.asked, t.complaints, t.leaning,
        coalesce(b.messages, 0) AS before, s.communities, p.top_share, t.last_at
    FROM (
        SELECT kind, topic, {TALLY}, count(DISTINCT group_key) AS groups, max(moment) AS last_at
        FROM listening_now GROUP BY kind, topic
    ) AS t
    LEFT JOIN (
        SELECT kind, topic, count(*) AS messages FROM {ABOUT}
        WHERE day <= {scope.today - WEEKS4} AND day > {scope.today - 2 * WEEKS4} GROUP BY kind, topic
    ) AS b ON b.kind = t.kind AND b.topic = t.topic
    LEFT JOIN ({spread}) AS s ON s.kind = t.kind AND s.topic = t.topic
    LEFT JOIN ({top}) AS p ON p.kind = t.kind AND p.topic = t.topic
    """


def build_people(build: Build) -> str:
    """One row = one person who talks of one topic."""
    scope = Scope.of(build)
    heard.make(build)
    build.make(ABOUT, about(scope))
    return f"""
    SELECT kind, topic, person_id, messages, good, bad, asked, complaints, groups, last_at FROM (
        SELECT *, row_number() OVER (PARTITION BY kind, topic ORDER BY messages DESC, groups DESC, person_id) AS place
        FROM (
            SELECT kind, topic, person_id, {TALLY}, count(DISTINCT group_key) AS groups, max(moment) AS last_at
            FROM {ABOUT} WHERE kind <> 'all' GROUP BY kind, topic, person_id
        ) AS t
    ) AS p WHERE place <= {PEOPLE}
    """


_KIND = Column(
    en="theme (of the brand's list), category, good, word (said more than before) or all (everything)",
    zh="主题类型：theme 清单主题、category 类目、good 商品、word 升温词、all 全部",
)
_TOPIC = Column(
    en="its name in listening.yaml, the category, the good's object_key or the word; empty for all",
    zh="主题：清单中的名称、类目、商品标识或词；all 时为空",
)
_COUNTS = {
    "messages": Column(en="messages and reviews, without staff and adverts", zh="消息与评价数（不含员工与广告）"),
    "people": Column(en="people who said them", zh="发言人数", unit="people"),
    "good": Column(en="those of good tone", zh="正面数"),
    "bad": Column(en="those of bad tone", zh="负面数"),
    "asked": Column(en="those that ask something, by their words", zh="提问数（按用词）"),
    "complaints": Column(en="those that complain", zh="投诉数"),
    "leaning": Column(en="mean tone: −1 bad to 1 good", zh="平均倾向：−1 负面至 1 正面"),
}
_INPUTS = (EVENTS, "keys", "reply_links", "objects")

DAYS = Table(
    name="listening",
    en="One row = one topic on one day of the last 91: how much was said of it, in what tone.",
    zh="每行 = 最近 91 天内一个主题的一天：谈论量与语气。",
    inputs=_INPUTS,
    rows_from=FROM,
    key=("kind", "topic", "day"),
    order=("kind", "topic", "day"),
    columns={"kind": _KIND, "topic": _TOPIC, "day": Column(en="the day", zh="日期"), **_COUNTS},
    build=build_days,
    parameters=("listening",),
    row_group=LOOKED_INTO,
)
TOPICS = Table(
    name="topics",
    en="One row = one topic of the last 28 days: how much, by how many, in what tone, how far it spreads.",
    zh="每行 = 最近 28 天的一个主题：谈论量、人数、语气与传播广度。",
    inputs=(*_INPUTS, "community_members", "listening"),
    rows_from=FROM,
    key=("kind", "topic"),
    order=("kind", "topic"),
    columns={
        "kind": _KIND,
        "topic": _TOPIC,
        "messages": _COUNTS["messages"],
        "people": _COUNTS["people"],
        "groups": Column(en="rooms in which it was spoken of", zh="涉及群数"),
        **{name: _COUNTS[name] for name in ("good", "bad", "asked", "complaints", "leaning")},
        "before": Column(en="messages in the 28 days before", zh="此前 28 天的数量"),
        "communities": Column(
            en="how many communities talk of it, as if all talked alike (exponential of the entropy); empty: unknown",
            zh="谈论者的等效社群数（熵的指数）；未知为空",
        ),
        "top_share": Column(en="share of it said by the one who says most", zh="说得最多者的占比"),
        "last_at": Column(en="when it was last spoken of", zh="最近一次提及"),
    },
    build=build_topics,
    parameters=("listening",),
)
PEOPLE_OF = Table(
    name="topic_people",
    en="One row = one of the 200 people who talk most of one topic, over the last 91 days.",
    zh="每行 = 最近 91 天谈论某主题最多的 200 人之一。",
    inputs=(*_INPUTS, "topics"),
    rows_from=FROM,
    key=("kind", "topic", "person_id"),
    order=("kind", "topic", "person_id"),
    columns={
        "kind": _KIND,
        "topic": _TOPIC,
        "person_id": Column(en="who", zh="用户"),
        "messages": Column(en="messages and reviews", zh="消息与评价数"),
        **{name: _COUNTS[name] for name in ("good", "bad", "asked", "complaints")},
        "groups": Column(en="rooms in which he spoke of it", zh="涉及群数"),
        "last_at": Column(en="when he last spoke of it", zh="最近一次提及"),
    },
    build=build_people,
    parameters=("listening",),
    row_group=LOOKED_INTO,
)
