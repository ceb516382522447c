"""Erasure of a person by right: no trace of the keys and names is left in any file of the log.

What goes: every event that the person did, and every statement on the person (tags, notes, links, consents). What
others did to the person stays theirs, without the person: the target is emptied, and keys and names of the person in
texts, props and ids are replaced. Files that held any of it are written anew and the old ones deleted at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from lianyi.memory.duckdb import DuckDB
from lianyi.memory.engine import literal
from lianyi.memory.events import FIELD_NAMES
from lianyi.memory.lake import DataFile, Lake

MARK = "[erased]"
# Statements on a person, which go with the person also where somebody else made them.
STATEMENTS = ("identify", "alias", "tag", "note", "consent", "merge", "unmerge")
_TEXTS = ("text", "props")
_REFERENCES = ("id", "parent_id", "object_key", "group_key", "campaign", "source", "channel", "category")
_CJK = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What an erasure did: events removed, events of others that were cleaned, files written anew."""

    removed: int
    cleaned: int
    files: int


def patterns(keys: Collection[str], names: Collection[str]) -> str:
    """One RE2 pattern that finds the person: whole keys, their values, and names.

    Values of fewer than 4 characters and names of fewer than 2 Chinese or 4 other characters would hit everybody, so
    they count only as part of the whole key. Latin words count as whole words.
    """
    values = {key.partition(":")[2] for key in keys}
    words = {value for value in values if len(value) >= 4}
    # A phone key carries the country's code; texts and exports mostly do without.
    words |= {value[2:] for value in values if re.fullmatch(r"861\d{10}", value)}
    words |= {name.strip() for name in names if len(name.strip()) >= (2 if _CJK.search(name) else 4)}
    parts = [re.escape(key) for key in keys] + [_word(word) for word in words]
    return "|".join(sorted(set(parts), key=lambda part: (-len(part), part)))


def erase(lake: Lake, *, keys: Collection[str], names: Collection[str] = ()) -> Erased:
    """Erase the person behind these keys from the log; nothing is kept but salted hashes of event ids."""
    pattern = literal(patterns(keys, names))
    owned = ", ".join(literal(key) for key in sorted(keys))
    statements = ", ".join(literal(kind) for kind in STATEMENTS)
    aimed = f"coalesce(target_key IN ({owned}), FALSE)"
    theirs = f"coalesce(actor_key IN ({owned}), FALSE) OR ({aimed} AND kind IN ({statements}))"
    named = " OR ".join(f"coalesce(regexp_matches({column}, {pattern}), FALSE)" for column in (*_TEXTS, *_REFERENCES))
    touched = f"({theirs}) OR {aimed} OR {named}"
    with lake.lock():
        seen = lake.seen()
        files = {str(lake.path / file.path): file for file in lake.data_files()}
        hits = _hits(list(files), touched=touched, theirs=theirs)
        old = [files[path] for path in hits]
        new = [lake.sorted_copy([path], select=_cleaned(owned, pattern), where=f"NOT ({theirs})") for path in hits]
        if old:
            _swap(lake, old, new)
            seen.save([], covered=[file.path for file in lake.data_files()])
        lake.sweep(hours=0)
    removed = sum(count for count, _all in hits.values())
    return Erased(removed=removed, cleaned=sum(every for _count, every in hits.values()) - removed, files=len(old))


def _swap(lake: Lake, old: list[DataFile], new: list[tuple[str, int]]) -> None:
    for path, rows in new:
        if not rows:
            (lake.path / path).unlink()
    lake.commit(added=[file for file in new if file[1]], removed=old)


def _hits(files: list[str], *, touched: str, theirs: str) -> dict[str, tuple[int, int]]:
    """Per file with a trace of the person: events that go, and events touched in all."""
    if not files:
        return {}
    sources = ", ".join(literal(file) for file in files)
    with DuckDB(memory_mb=2048) as engine:
        table = engine.table(
            f"SELECT filename, count(*) FILTER (WHERE {theirs}) AS gone, count(*) AS touched "
            f"FROM read_parquet([{sources}], filename = true) WHERE {touched} GROUP BY filename"
        )
    return {row["filename"]: (row["gone"], row["touched"]) for row in table.to_pylist()}


def _cleaned(owned: str, pattern: str) -> str:
    columns = []
    for name in FIELD_NAMES:
        if name == "target_key":
            columns.append(f"CASE WHEN target_key IN ({owned}) THEN NULL ELSE target_key END AS target_key")
        elif name in _TEXTS:
            columns.append(f"regexp_replace({name}, {pattern}, {literal(MARK)}, 'g') AS {name}")
        elif name in _REFERENCES:
            columns.append(
                f"CASE WHEN regexp_matches({name}, {pattern}) THEN 'erased:' || md5({name}) ELSE {name} END AS {name}"
            )
        else:
            columns.append(f'"{name}"')
    return ", ".join(columns)


def _word(word: str) -> str:
    """The word as a pattern; letters and digits at its ends must not go on beyond it, so that Ann spares Annex."""
    start = r"\b" if re.match(r"[A-Za-z0-9]", word) else ""
    end = r"\b" if re.search(r"[A-Za-z0-9]\Z", word) else ""
    return start + re.escape(word) + end
