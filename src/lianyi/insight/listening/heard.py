"""What was said lately, read: tone, advert or not, what it is about, whether it complains.

Each different text is read once. One row = one message in a room or one review.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.communities.acts import staff
from lianyi.insight.listening.reading import ADVERT, Reading, read
from lianyi.insight.listening.rising import Heard, rising
from lianyi.insight.listening.words import Finder, Words, by_name, shipped_words
from lianyi.insight.scope import AT, MOMENT, Scope
from lianyi.insight.tables import Build

SAID, STAFF, HEARD, KEPT = "listening_said", "listening_staff", "listening_heard", "listening"
# Listened to are so many days, and of more than so many messages the newest.
DAYS, MOST = 91, 1_000_000
# A word of complaint counts where the tone is no better than MILD; a theme alone complains below BITTER.
MILD, BITTER = 0.25, -0.55
COMPLAINS, SENSITIVE = "complaint", "sensitive:"
TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("id", pa.string()), ("group_key", pa.string()), ("moment", TIME), ("day", pa.int64()),
        ("person_id", pa.string()), ("staff", pa.bool_()), ("review", pa.bool_()), ("question", pa.bool_()),
        ("text", pa.string()), ("advert", pa.float64()), ("leaning", pa.float64()), ("tone", pa.int8()),
        ("complaint", pa.bool_()), ("sensitive", pa.string()), ("about", pa.list_(pa.string())),
    ]
)  # fmt: skip
ASKED = ("id", "group_key", "moment", "day", "person_id", "staff", "review", "question", "text")


def said(scope: Scope) -> str:
    """One row = one message in a room or one review with words, lately."""
    lately = scope.today - DAYS
    reviews = scope.done(
        MOMENT, "e.id", "e.text", "e.object_key", where=f"e.kind = 'review' AND {scope.day(AT)} > {lately}"
    )
    return f"""
    SELECT a.*, s.person_id IS NOT NULL AS staff FROM (
        SELECT message_id AS id, group_key, "at" AS moment, CAST({scope.day('"at"')} AS BIGINT) AS day, person_id, text,
            question, FALSE AS review, CAST(NULL AS VARCHAR) AS object_key
        FROM reply_links WHERE {scope.day('"at"')} > {lately}
        UNION ALL
        SELECT id, NULL, moment, CAST({scope.day("moment")} AS BIGINT), person_id, text, FALSE, TRUE, object_key
        FROM {reviews} AS r WHERE text IS NOT NULL
    ) AS a LEFT JOIN {STAFF} s ON s.person_id = a.person_id ORDER BY a.moment DESC, a.id LIMIT {MOST}
    """


def make(build: Build, *, last: bool = False) -> int:
    """Register HEARD; the number of its rows. last: no table of this refresh needs it after this one."""
    heard = build.kept.pop(KEPT, None) if last else build.kept.get(KEPT)
    if heard is None:
        heard = _heard(build, Scope.of(build))
        if not last:
            build.kept[KEPT] = heard
    build.engine.register(HEARD, heard)
    build.made.append(HEARD)
    return int(heard.num_rows)


def words_of(build: Build) -> Words:
    """The brand's words, else the shipped ones."""
    found: Words = build.parameters.get("listening") or shipped_words()
    return found


def goods(build: Build) -> list[dict[str, Any]]:
    """Goods and categories that have a name: object_key, title, category."""
    found: list[dict[str, Any]] = build.engine.table(
        "SELECT object_key, title, category FROM objects WHERE title IS NOT NULL OR category IS NOT NULL "
        "ORDER BY buyers DESC, people DESC, object_key LIMIT 20000"
    ).to_pylist()
    return found


def _heard(build: Build, scope: Scope) -> pa.Table:
    build.make(STAFF, staff())
    build.make(SAID, said(scope))
    rows = build.engine.table(f"SELECT * FROM {SAID} ORDER BY moment, id")
    if not rows.num_rows:
        return SCHEMA.empty_table()
    coded = pa.array(rows["text"].to_pylist(), pa.string()).dictionary_encode()
    texts = [text or "" for text in coded.dictionary.to_pylist()]
    place = coded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    named = goods(build)
    # a name has no tone: "dawn mist candle" is not sad
    names = Finder((row["title"].lower(), row["object_key"]) for row in named if row["title"])
    bare = [names.without(text.lower()) for text in texts]
    reading = read(bare)
    about, worded, sensitive = meant(texts, words_of(build), named)
    _add_rising(bare, about, _recent(rows, bare, place, (reading.advert < ADVERT)[place], scope.today))
    complaint = complains(reading, about, worded)
    own = _own(rows, named)
    columns: list[Any] = [rows[name] for name in ASKED]
    columns += [reading.advert[place], reading.leaning[place], reading.tone[place], complaint[place]]
    columns[ASKED.index("question")] = rows["question"].fill_null(False)  # noqa: FBT003  the value to fill in
    columns += [
        pa.array([sensitive[at] for at in place], pa.string()),
        pa.array([list(dict.fromkeys([*about[at], *mine])) for at, mine in zip(place, own, strict=True)]),
    ]
    return pa.table([_cast(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)], schema=SCHEMA)


def _cast(column: Any, kind: pa.DataType) -> Any:
    return column.cast(kind) if isinstance(column, pa.ChunkedArray | pa.Array) else pa.array(column, kind)


def meant(
    texts: Sequence[str], words: Words, named: Sequence[dict[str, Any]]
) -> tuple[list[list[str]], list[bool], list[str | None]]:
    """Per text: topics as kind:name, whether a word of complaint stands in it, the first sensitive list hit."""
    terms = [(word, f"theme:{name}") for word, name in by_name(words.themes)]
    terms += [(word, COMPLAINS) for word in words.complaint]
    terms += [(word, SENSITIVE + name) for word, name in by_name(words.sensitive)]
    for row in named:
        if row["title"]:
            terms.append((row["title"].lower(), f"good:{row['object_key']}"))
        if row["category"]:
            terms.append((row["category"].lower(), f"category:{row['category']}"))
            if row["title"]:
                terms.append((row["title"].lower(), f"category:{row['category']}"))
    finder = Finder(dict.fromkeys(terms))
    found = [finder.find(text.lower()) for text in texts]
    about = [[one for one in mine if one != COMPLAINS and not one.startswith(SENSITIVE)] for mine in found]
    hit = [next((one.removeprefix(SENSITIVE) for one in mine if one.startswith(SENSITIVE)), None) for mine in found]
    return about, [COMPLAINS in mine for mine in found], hit


def complains(reading: Reading, about: Sequence[Sequence[str]], worded: Sequence[bool]) -> NDArray[np.bool_]:
    """Per text whether it complains. Praise that names a word of complaint ("no longer broken") complains of nothing,
    and neither does an advert."""
    themes = np.array([any(one.startswith("theme:") for one in mine) for mine in about], dtype=bool)
    worst: NDArray[np.bool_] = themes & (reading.leaning < BITTER)
    named = np.asarray(worded, dtype=bool) & (reading.leaning < MILD)
    found: NDArray[np.bool_] = (reading.advert < ADVERT) & (named | worst)
    return found


def _recent(
    rows: pa.Table, bare: Sequence[str], place: NDArray[np.int32], real: NDArray[np.bool_], today: int
) -> list[Heard]:
    columns = zip(place, rows["person_id"].to_pylist(), rows["day"].to_pylist(), rows["staff"].to_pylist(), real,
                  strict=True)  # fmt: skip
    return [Heard(text=bare[at], person=person, age=today - day) for at, person, day, staff, kept in columns
            if kept and not staff]  # fmt: skip


def _add_rising(bare: Sequence[str], about: list[list[str]], said: Sequence[Heard]) -> None:
    """Add the words that are said more than before to what texts are about."""
    words = rising(said, DAYS)
    if words:
        finder = Finder((word, f"word:{word}") for word in words)
        for mine, text in zip(about, bare, strict=True):
            mine += finder.find(text)


def _own(rows: pa.Table, named: Sequence[dict[str, Any]]) -> list[list[str]]:
    """What each review is about by the object that it is of."""
    category = {row["object_key"]: row["category"] for row in named}
    return [
        [] if key is None or key not in category
        else [f"good:{key}", *([f"category:{category[key]}"] if category[key] else [])]
        for key in rows["object_key"].to_pylist()
    ]  # fmt: skip
