"""Table `complaints`: what people complain of, and whether anybody answered."""

from __future__ import annotations

from lianyi.insight.listening import heard
from lianyi.insight.listening.heard import HEARD
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table, of_kinds

DAYS, LIKELY = 28, 0.5
ANSWERS = "complaint_answers"


def answers(scope: Scope) -> str:
    """One row = one answer to somebody else, declared or more probable than not."""
    return f"""
    SELECT l.answers_id, l."at" AS moment, l.person_id, s.person_id IS NOT NULL AS staff, l.message_id
    FROM reply_links l LEFT JOIN (SELECT DISTINCT person_id FROM {HEARD} WHERE staff) AS s ON s.person_id = l.person_id
    WHERE l.answers_id IS NOT NULL AND l.other_id <> l.person_id AND {scope.day('l."at"')} > {scope.today - DAYS}
        AND (l.how = 'declared' OR l.probability >= {LIKELY})
    """


def build(build: Build) -> str:
    """One row = one complaint of the last 28 days."""
    scope = Scope.of(build)
    d = scope.dialect
    heard.make(build, last=True)
    build.make(ANSWERS, answers(scope))
    theme = d.only("c.about", "o", "o LIKE 'theme:%'")
    good = d.only("c.about", "o", "o LIKE 'good:%'")
    return f"""
    SELECT c.id AS message_id, c.moment AS said_at, c.group_key, c.person_id, c.text, c.leaning, c.review,
        substring({theme}[{d.first}], 7) AS theme, substring({good}[{d.first}], 6) AS object_key,
        CASE WHEN NOT c.review THEN a.answers_id IS NOT NULL END AS answered,
        CASE WHEN NOT c.review THEN coalesce(a.by_staff, FALSE) END AS answered_by_staff,
        ({d.micros("a.first_at")} - {d.micros("c.moment")}) / 60e6 AS answer_minutes,
        ({d.micros("a.staff_at")} - {d.micros("c.moment")}) / 60e6 AS staff_minutes
    FROM {HEARD} c LEFT JOIN (
        SELECT answers_id, min(moment) AS first_at, bool_or(staff) AS by_staff,
            min(CASE WHEN staff THEN moment END) AS staff_at
        FROM {ANSWERS} GROUP BY answers_id
    ) AS a ON a.answers_id = c.id
    WHERE c.complaint AND NOT c.staff AND c.day > {scope.today - DAYS}
    """


TABLE = Table(
    name="complaints",
    en="One row = one message or review of the last 28 days that complains, and whether anybody answered it.",
    zh="每行 = 最近 28 天内一条投诉性消息或评价，以及是否有人回应。",
    inputs=(EVENTS, "keys", "reply_links", "objects", "flagged", "topics", "topic_people", "bursts", "group_themes"),
    rows_from=("reply_links", *of_kinds("review")),
    key=("message_id",),
    order=("said_at", "message_id"),
    columns={
        "message_id": Column(en="the message or review: id of its event", zh="消息或评价（事件编号）"),
        "said_at": Column(en="when it was said", zh="时间"),
        "group_key": Column(en="the room; empty for a review", zh="群；评价为空"),
        "person_id": Column(en="who complains", zh="投诉人"),
        "text": Column(en="what was said", zh="内容"),
        "leaning": Column(en="tone: −1 bad to 1 good", zh="倾向：−1 负面至 1 正面"),
        "review": Column(en="whether it is a review", zh="是否为评价"),
        "theme": Column(en="the first theme of the list that it names", zh="所涉主题"),
        "object_key": Column(en="the good that it names or reviews", zh="所涉商品"),
        "answered": Column(
            en="whether somebody else answered (declared, or guessed above one half); empty for reviews: not known",
            zh="是否有人回应（声明或推断概率过半）；评价未知为空",
        ),
        "answered_by_staff": Column(en="whether staff did", zh="是否有员工回应"),
        "answer_minutes": Column(en="minutes until the first answer", zh="首次回应用时", unit="minutes"),
        "staff_minutes": Column(en="minutes until staff first answered", zh="员工首次回应用时", unit="minutes"),
    },
    build=build,
    parameters=("listening",),
)
