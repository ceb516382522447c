"""Table `threads`: conversations, each from what opened it to the last that followed from it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.insight.communities.acts import staff
from lianyi.insight.kernels import Longs
from lianyi.insight.tables import Build, Column, Table

NUMBERED, ROOTED, STAFF, DIRECT = "thread_numbered", "thread_rooted", "thread_staff", "thread_direct"


def numbered() -> str:
    """One row = one message, numbered by room and time, with the number of the message that it answers."""
    order = 'row_number() OVER (ORDER BY group_key, "at", message_id) - 1'
    return f"""
    WITH n AS (SELECT *, {order} AS number FROM reply_links)
    SELECT n.*, p.number AS parent FROM n LEFT JOIN n AS p ON p.message_id = n.answers_id AND p.group_key = n.group_key
    """


def roots(parent: Longs) -> Longs:
    """Per message the number of the one that opened its thread. parent: −1 where it answers nothing. A message cannot
    answer one that comes after it, so what says so opens a thread."""
    own = np.arange(len(parent))
    root = np.where((parent >= 0) & (parent < own), parent, own)
    while not np.array_equal(further := root[root], root):
        root = further
    return root


def direct() -> str:
    """One row = one thread: the first answer to what opened it that comes from somebody else."""
    return f"""
    SELECT root, seconds, person_id, is_staff FROM (
        SELECT r.root, a.seconds, a.person_id, s.person_id IS NOT NULL AS is_staff,
            row_number() OVER (PARTITION BY r.root ORDER BY a."at", a.message_id) AS place
        FROM {ROOTED} r JOIN {NUMBERED} a ON a.number = r.number
        JOIN {NUMBERED} o ON o.number = r.root
        LEFT JOIN {STAFF} s ON s.person_id = a.person_id
        WHERE a.parent = r.root AND a.person_id <> o.person_id
    ) AS f WHERE place = 1
    """


def threads() -> str:
    """One row = one thread."""
    return f"""
    SELECT o.message_id AS thread_id, o.group_key, o."at" AS began_at, t.last_at, o.person_id, o.question, o.text,
        t.messages, t.people, d.seconds / 60 AS first_answer_minutes, d.person_id AS answered_by,
        d.is_staff AS answered_by_staff, s.person_id IS NOT NULL AS by_staff,
        CASE WHEN t.links > 0 THEN t.guessed / CAST(t.links AS DOUBLE) END AS guessed
    FROM (
        SELECT r.root, count(*) AS messages, count(DISTINCT m.person_id) AS people, max(m."at") AS last_at,
            count(*) FILTER (WHERE m.number <> r.root) AS links,
            count(*) FILTER (WHERE m.number <> r.root AND m.how = 'guessed') AS guessed
        FROM {ROOTED} r JOIN {NUMBERED} m ON m.number = r.number GROUP BY r.root
    ) AS t JOIN {NUMBERED} o ON o.number = t.root
    LEFT JOIN {DIRECT} d ON d.root = t.root LEFT JOIN {STAFF} s ON s.person_id = o.person_id
    """


def build(build: Build) -> str:
    """Make the steps, give the rows."""
    build.make(NUMBERED, numbered())
    build.make(STAFF, staff())
    parent = build.engine.table(f"SELECT coalesce(parent, -1) AS parent FROM {NUMBERED} ORDER BY number")
    root = roots(parent["parent"].to_numpy().astype(np.int64))
    build.engine.register(ROOTED, pa.table({"number": np.arange(len(root)), "root": root}))
    build.made.append(ROOTED)
    build.make(DIRECT, direct())
    return threads()


TABLE = Table(
    name="threads",
    en="One row = one conversation in a room in the last 182 days: what opened it and all that answers it, step by "
    "step.",
    zh="每行 = 最近 182 天内群里的一段对话：起始消息及其逐层回复。",
    rows_from=("reply_links",),
    inputs=("reply_links", "keys"),
    key=("thread_id",),
    order=("group_key", "began_at", "thread_id"),
    columns={
        "thread_id": Column(en="the message that opened it: id of its event", zh="起始消息（事件编号）"),
        "group_key": Column(en="the room", zh="群"),
        "began_at": Column(en="when it began", zh="开始时间"),
        "last_at": Column(en="when its last message was said", zh="最后一条消息时间"),
        "person_id": Column(en="who opened it", zh="发起人"),
        "question": Column(en="whether what opened it asks something, by its words", zh="起始消息是否为提问（按用词）"),
        "text": Column(en="what opened it", zh="起始消息内容"),
        "messages": Column(en="messages in it", zh="消息数"),
        "people": Column(en="people who spoke in it", zh="发言人数", unit="people"),
        "first_answer_minutes": Column(
            en="minutes until somebody else first answered what opened it", zh="首次被他人回复的时间", unit="minutes"
        ),
        "answered_by": Column(en="who answered first", zh="首位回复者"),
        "answered_by_staff": Column(en="whether that was staff", zh="首位回复者是否为员工"),
        "by_staff": Column(en="whether staff opened it", zh="是否由员工发起"),
        "guessed": Column(
            en="share of its links that are guessed and not declared", zh="其中推断而非平台给出的回复占比"
        ),
    },
    build=build,
)
