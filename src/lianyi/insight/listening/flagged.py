"""Table `flagged`: messages that somebody should look at: adverts, copies, floods, sensitive words."""

from __future__ import annotations

from lianyi.insight.listening import heard
from lianyi.insight.listening.heard import HEARD
from lianyi.insight.listening.reading import ADVERT
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

# The same words of so many characters by one person, so often on one day; so many messages by one person in one room
# within one minute.
COPY_LENGTH, COPIES, FLOOD = 12, 3, 8
FLAGGED = "flagged_messages"


def messages() -> str:
    """One row = one message in a room that is not by staff, with how often it was copied and how dense it stands."""
    return f"""
    SELECT id, group_key, moment, person_id, advert, sensitive, text,
        count(*) OVER (PARTITION BY person_id, day, text) AS copies,
        count(*) OVER (
            PARTITION BY person_id, group_key ORDER BY moment RANGE BETWEEN INTERVAL 1 MINUTE PRECEDING AND CURRENT ROW
        ) AS dense
    FROM {HEARD} WHERE NOT staff AND NOT review
    """


def build(build: Build) -> str:
    """One row = one message × one reason."""
    Scope.of(build)
    heard.make(build)
    build.make(FLAGGED, messages())
    rows = {
        "advert": ("advert", "NULL", f"advert >= {ADVERT}"),
        "copied": ("NULL", "NULL", f"copies >= {COPIES} AND length(text) >= {COPY_LENGTH}"),
        "flood": ("NULL", "NULL", f"dense >= {FLOOD}"),
        "sensitive": ("NULL", "sensitive", "sensitive IS NOT NULL"),
    }
    return " UNION ALL ".join(
        f"SELECT id AS message_id, '{why}' AS why, group_key, moment AS said_at, person_id, "
        f"CAST({chance} AS DOUBLE) AS chance, CAST({word} AS VARCHAR) AS word_list, text FROM {FLAGGED} WHERE {where}"
        for why, (chance, word, where) in rows.items()
    )


TABLE = Table(
    name="flagged",
    en="One row = one message of the last 91 days and one reason why somebody should look at it; staff are exempt.",
    zh="每行 = 最近 91 天内一条值得查看的消息及其原因；员工除外。",
    inputs=(EVENTS, "keys", "reply_links", "objects"),
    rows_from=("reply_links",),
    key=("message_id", "why"),
    order=("said_at", "message_id", "why"),
    columns={
        "message_id": Column(en="the message: id of its event", zh="消息（事件编号）"),
        "why": Column(
            en="advert (by its words), copied (three times a day by one person), flood (eight within a minute), "
            "sensitive (a word of the list)",
            zh="原因：advert 广告、copied 一天内重复三次、flood 一分钟八条、sensitive 命中敏感词",
        ),
        "group_key": Column(en="the room", zh="群"),
        "said_at": Column(en="when it was said", zh="时间"),
        "person_id": Column(en="who said it", zh="发言人"),
        "chance": Column(en="how probable the advert is; empty for other reasons", zh="广告概率；其他原因为空"),
        "word_list": Column(en="the list whose word was found", zh="命中的词表"),
        "text": Column(en="what was said", zh="内容"),
    },
    build=build,
    parameters=("listening",),
)
