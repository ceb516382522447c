"""Table `bursts`: when a room, or everybody who speaks of one topic, suddenly said much more than usual."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.communities.words import maximal, words_of
from lianyi.insight.kernels import Longs
from lianyi.insight.listening import heard
from lianyi.insight.listening.heard import HEARD, TIME
from lianyi.insight.listening.reading import ADVERT
from lianyi.insight.listening.scanning import HOUR, QUIET, Burst, Stream, habits, scan
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

GROUP, ROWS = "group", "bursts_made"
# Topics whose bursts are looked for, beside rooms; a room's own messages are the rest of "said elsewhere".
KINDS = ("theme", "good", "word")
WORDS, SAMPLE, HOURS_BEFORE, HOURS_AFTER = 3, 4_000, 24, 6
SCHEMA = pa.schema(
    [
        ("kind", pa.string()), ("topic", pa.string()), ("began_at", TIME), ("found_at", TIME), ("ended_at", TIME),
        ("running", pa.bool_()), ("messages", pa.int64()), ("people", pa.int64()), ("expected", pa.float64()),
        ("chance", pa.float64()), ("leaning", pa.float64()), ("words", pa.list_(pa.string())), ("hours", pa.string()),
    ]
)  # fmt: skip
Bools = NDArray[np.bool_]


def build(build: Build) -> str:
    """Scan rooms and topics, each against their own habits."""
    scope = Scope.of(build)
    rows: list[dict[str, Any]] = []
    if heard.make(build):
        local = scope.dialect.quotient(scope.local("moment"), 60_000_000)
        said = build.engine.table(
            f"SELECT CAST({local} AS BIGINT) AS minute, moment, group_key, person_id, text, leaning, about "
            f"FROM {HEARD} WHERE NOT staff AND NOT review AND advert < {ADVERT} ORDER BY moment, id"
        )
        if said.num_rows:
            end = build.as_of.timestamp() - QUIET * 60
            rows = [{**row, "running": row["ended_at"].timestamp() >= end} for row in _all(said)]
    build.engine.register(ROWS, pa.Table.from_pylist(rows, schema=SCHEMA))
    build.made.append(ROWS)
    return f"SELECT * FROM {ROWS}"


def _all(said: pa.Table) -> Iterator[dict[str, Any]]:
    minute = said["minute"].to_numpy()
    person = said["person_id"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    rooms = said["group_key"].combine_chunks().dictionary_encode()
    yield from _scanned(said, GROUP, minute, person, _parted(rooms.indices.to_numpy(), rooms.dictionary.to_pylist()))
    about = said["about"].combine_chunks()
    owner, topic = about.value_parent_indices().to_numpy(), about.flatten().dictionary_encode()
    if not len(owner):
        return
    parts = [(name, owner[places]) for name, places in _parted(topic.indices.to_numpy(), topic.dictionary.to_pylist())]
    for kind in KINDS:
        mine = [(name.partition(":")[2], places) for name, places in parts if name.startswith(f"{kind}:")]
        yield from _scanned(said, kind, minute, person, mine)


def _parted(codes: NDArray[Any], names: Sequence[str]) -> list[tuple[str, Longs]]:
    """Places of each name's rows, in order."""
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(names) + 1))
    return [(name, order[bounds[at] : bounds[at + 1]]) for at, name in enumerate(names)]


def _scanned(
    said: pa.Table, kind: str, minute: Longs, person: Longs, parts: Sequence[tuple[str, Longs]]
) -> Iterator[dict[str, Any]]:
    streams = [Stream(name=name, minute=minute[places], person=person[places]) for name, places in parts]
    first, today = int(minute[0] // 1_440), int(minute[-1] // 1_440)
    usual = habits(streams, first, today)
    others: Counter[str] = Counter()
    for stream, (_, places) in zip(streams, parts, strict=True):
        for burst in scan(stream, usual, first):
            others = others or _elsewhere(said)
            yield _row(said, kind, stream, places, burst, others)


def _row(
    said: pa.Table, kind: str, stream: Stream, places: Longs, burst: Burst, others: Counter[str]
) -> dict[str, Any]:
    inside = places[burst.first : burst.last + 1]
    moment = said["moment"]
    alarm = int(np.searchsorted(stream.minute, burst.found, side="right")) - 1
    return {
        "kind": kind, "topic": stream.name, "began_at": moment[int(inside[0])].as_py(),
        "found_at": moment[int(places[alarm])].as_py(), "ended_at": moment[int(inside[-1])].as_py(),
        "messages": burst.messages, "people": burst.people, "expected": burst.expected, "chance": burst.chance,
        "leaning": float(np.mean(said["leaning"].take(pa.array(inside)).to_numpy())),
        "words": _words(said, inside, others), "hours": json.dumps(_hours(stream, burst)),
    }  # fmt: skip


def _hours(stream: Stream, burst: Burst) -> list[int]:
    """Messages in each hour from HOURS_BEFORE before the beginning to HOURS_AFTER after the end."""
    first, last = burst.began // HOUR - HOURS_BEFORE, burst.ended // HOUR + HOURS_AFTER
    hour = stream.minute // HOUR
    inside = hour[(hour >= first) & (hour <= last)]
    return [int(count) for count in np.bincount(inside - first, minlength=last - first + 1)]


def _words(said: pa.Table, inside: Longs, others: Counter[str]) -> list[str]:
    """What the burst is about: words that most of its people say and others do not, the widest spread first."""
    now = _counted(said, inside)
    often = {word: count for word, count in now.items() if count >= max(3, len(inside) / 10)}
    usual = len(inside) / min(SAMPLE, said.num_rows)
    height = {word: count / (1 + others[word] * usual) for word, count in often.items()}
    best = sorted(maximal(often), key=lambda word: (-height[word] * len(word) ** 0.5, word))
    chosen: list[str] = []
    for word in best:  # pieces of one phrase say the same
        if len(chosen) < WORDS and not any(_overlap(word, other) for other in chosen):
            chosen.append(word)
    return chosen


def _overlap(word: str, other: str) -> bool:
    return any(word[at : at + 2] in other for at in range(len(word) - 1))


def _elsewhere(said: pa.Table) -> Counter[str]:
    """Words of a sample of all that was said."""
    places = np.linspace(0, said.num_rows - 1, min(SAMPLE, said.num_rows)).astype(np.int64)
    return _counted(said, places)


def _counted(said: pa.Table, places: Longs) -> Counter[str]:
    texts = said["text"].take(pa.array(places)).to_pylist()
    return Counter(word for text in texts if text for word in words_of(text))


TABLE = Table(
    name="bursts",
    en="One row = one time in the last 91 days when a room or a topic was spoken of much more than usual.",
    zh="每行 = 最近 91 天内一个群或主题的一次发言突增。",
    inputs=(EVENTS, "keys", "reply_links", "objects", "listening"),
    rows_from=("reply_links",),
    key=("kind", "topic", "began_at"),
    order=("began_at", "kind", "topic"),
    columns={
        "kind": Column(
            en="group (a room), theme, good or word", zh="类型：group 群、theme 主题、good 商品、word 升温词"
        ),
        "topic": Column(en="the room's group_key, or the topic as in `topics`", zh="群标识或主题"),
        "began_at": Column(en="first message of the window that raised the alarm", zh="触发窗口的第一条消息时间"),
        "found_at": Column(
            en="when it could be known: the message that raised the alarm", zh="可发现时间（触发警报的消息）"
        ),
        "ended_at": Column(en="last message before an hour below it", zh="结束时间"),
        "running": Column(en="whether it was not over at as_of", zh="截至时是否仍在进行"),
        "messages": Column(en="messages in it", zh="消息数"),
        "people": Column(en="people who spoke in it", zh="发言人数", unit="people"),
        "expected": Column(en="messages that so much of this time lets expect", zh="同时段预期消息数"),
        "chance": Column(en="how improbable its wildest window is without a burst", zh="若无突增，最高窗口出现的概率"),
        "leaning": Column(en="mean tone: −1 bad to 1 good", zh="平均倾向：−1 负面至 1 正面"),
        "words": Column(en="what is said in it and not elsewhere", zh="其中突出的词"),
        "hours": Column(
            en="messages hour by hour (JSON), from 24 hours before it began to 6 after it ended",
            zh="逐小时消息数（JSON），自开始前 24 小时至结束后 6 小时",
        ),
    },
    build=build,
    parameters=("listening",),
)  # fmt: skip
