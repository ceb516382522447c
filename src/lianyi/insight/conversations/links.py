"""Table `reply_links`: every message said in a room lately, and which earlier message it answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.conversations import rooms
from lianyi.insight.conversations.linking import link
from lianyi.insight.conversations.rooms import Piece
from lianyi.insight.conversations.talk import CUES
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table

PART = "reply_link_part"
PIECES_AT_ONCE = 50
TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("message_id", pa.string()), ("group_key", pa.string()), ("at", TIME), ("person_id", pa.string()),
        ("answers_id", pa.string()), ("also_id", pa.string()),
        ("other_id", pa.string()), ("how", pa.string()), ("probability", pa.float64()),
        ("seconds", pa.float64()), ("question", pa.bool_()), ("text", pa.string()),
    ]
)  # fmt: skip


def linked(piece: Piece) -> pa.Table:
    """Rows of SCHEMA for the messages of one piece."""
    inside = piece.declared >= 0
    # what answers a message outside of the piece opens something as far as this piece goes; how it is told stays
    found = link(piece.talk, piece.first, piece.last, declared=np.where(inside, piece.declared, -1))
    here = np.arange(piece.first, piece.last)
    told = piece.declared[here]
    answers = (found.earlier != here) & (told != -2)
    rows = piece.rows
    mine, other = rows.slice(piece.first, piece.last - piece.first), rows.take(pa.array(found.earlier))
    none = pa.array(~answers)
    parent = pc.if_else(none, None, other["id"])
    parent = pc.if_else(pa.array(told == -2), mine["parent_id"], parent)
    also = rows["id"].take(pa.array(np.maximum(found.also, 0)))
    also = pc.if_else(pa.array((found.also < 0) | (told != -1)), None, also)
    person = pc.if_else(none, None, other["person_id"])
    person = pc.if_else(pa.array(told == -2), mine["target"], person)
    moment = rows["moment"].cast(pa.int64()).to_numpy()
    seconds = (moment[here] - moment[found.earlier]) / 1e6
    how = np.where(told != -1, "declared", np.where(answers, "guessed", "opens"))
    return pa.Table.from_arrays(
        [
            mine["id"], mine["group_key"], mine["moment"].cast(TIME), mine["person_id"], parent, also, person,
            pa.array(how), pa.array(np.round(np.where(told == -2, 1.0, found.chance), 4)),
            pa.array(np.where(answers, seconds, 0.0), mask=~answers),
            pa.array(piece.talk.cues[here, 0] > 0), mine["text"],
        ],
        schema=SCHEMA,
    )  # fmt: skip


def told(scope: Scope) -> str:
    """One row = one message of a room whose platform tells what answers what."""
    d = scope.dialect
    return f"""
    SELECT s.id AS message_id, s.group_key, s.moment AS "at", s.person_id, s.parent_id AS answers_id,
        CAST(NULL AS STRING) AS also_id,
        CASE WHEN s.parent_id IS NOT NULL THEN coalesce(s.target, p.person_id) END AS other_id,
        CASE WHEN s.parent_id IS NULL THEN 'opens' ELSE 'declared' END AS how,
        CASE WHEN s.parent_id IS NOT NULL THEN 1e0 END AS probability,
        ({d.micros("s.moment")} - {d.micros("p.moment")}) / 1e6 AS seconds,
        {d.matches("lower(s.text)", CUES["question"].pattern)} AS question, s.text
    FROM (SELECT * FROM {rooms.SAID} WHERE tells) AS s LEFT JOIN {rooms.SAID} AS p ON p.id = s.parent_id
    """


def build(build: Build) -> Iterator[str]:
    """Make the messages, link them piece by piece, give the rows in parts."""
    scope = Scope.of(build)
    asked = rooms.make(build, scope)
    yield told(scope)
    if not asked:
        return
    made: list[pa.Table] = []
    for piece in rooms.pieces(build):
        made.append(linked(piece))
        if len(made) == PIECES_AT_ONCE:
            yield _rows(build, made)
            made = []
    if made:
        yield _rows(build, made)


def _rows(build: Build, made: list[pa.Table]) -> str:
    build.engine.register(PART, pa.concat_tables(made) if made else SCHEMA.empty_table())
    columns = ", ".join(f'"{name}"' for name in SCHEMA.names)
    return f"SELECT {columns} FROM {PART}"


TABLE = Table(
    name="reply_links",
    en="One row = one message said in a room in the last 182 days, and the earlier message that it answers: told by "
    "the platform, or guessed from time, names, words and habits.",
    zh="每行 = 最近 182 天内群里的一条消息及其回复的上文：平台给出，或由时间、称呼、用词与习惯推断。",
    inputs=(EVENTS, "keys"),
    key=("message_id",),
    order=("group_key", '"at"', "message_id"),
    row_group=LOOKED_INTO,
    columns={
        "message_id": Column(en="the message: id of its event", zh="消息（事件编号）"),
        "group_key": Column(en="the room", zh="群"),
        "at": Column(en="when it was said", zh="发送时间"),
        "person_id": Column(en="who said it", zh="发言人"),
        "answers_id": Column(
            en="the message that it answers; empty where it opens something", zh="所回复的消息；开启新话题时为空"
        ),
        "also_id": Column(
            en="a second message that it answers as well, where that is nearly as probable",
            zh="可能同时回复的另一条消息",
        ),
        "other_id": Column(en="who said that one", zh="被回复的人"),
        "how": Column(
            en="declared: the platform says so; guessed: most probable; opens: most probably answers nothing",
            zh="declared 平台给出；guessed 推断；opens 很可能是新话题",
        ),
        "probability": Column(
            en="how probable this answer (or opening) is; 1 where declared, empty where nothing was guessed",
            zh="可能性；平台给出时为 1，未推断时为空",
        ),
        "seconds": Column(en="time since the message that it answers", zh="距上文的时间", unit="seconds"),
        "question": Column(en="whether it asks something, by its words", zh="是否为提问（按用词）"),
        "text": Column(en="what was said", zh="内容"),
    },
    build=build,
)
