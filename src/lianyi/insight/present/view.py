"""The present: the compact copy of the tables with the events since laid over it, open for questions."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.asking import Question
from lianyi.insight.conditions.phrases import CHINESE, ENGLISH
from lianyi.insight.conditions.timing import turns
from lianyi.insight.people.identity.keys import person_id_sql
from lianyi.insight.present.building import FIELDS, TABLES
from lianyi.insight.present.overlay import added, people
from lianyi.insight.scope import Scope
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.engine import literal
from lianyi.memory.events import SCHEMA

FOLDER = "present"
_IN_LOG = re.compile(r"\be\.(text|props)\b")
Names = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class PresentScope(Scope):
    """Reads events from the compact copy; from the log where a figure needs a text or props. past: without the events
    since the tables."""

    past: bool = False

    def done(self, *columns: str, where: str = "TRUE") -> str:
        """See Scope.done."""
        return self._acts("made.actor" if self.past else "done", columns, where) or super().done(*columns, where=where)

    def received(self, *columns: str, where: str = "TRUE") -> str:
        """See Scope.received."""
        return self._acts("made.target" if self.past else "undergone", columns, where) or super().received(
            *columns, where=where
        )

    def _acts(self, relation: str, columns: tuple[str, ...], where: str) -> str:
        if any(_IN_LOG.search(text) for text in (*columns, where)):
            return ""
        listed = "".join(f", {column}" for column in columns)
        asked = self.asked("e")
        return f"(SELECT e.person_id{listed} FROM {relation} e WHERE {self.happened()} AND {asked} AND {where})"


@dataclass(frozen=True, kw_only=True)
class PresentQuestion(Question):
    """Asks of everybody in two parts: whom no event touched since the tables as the compact copy lies, and the touched
    with their events laid over. Most people are of the first kind, and that part joins nothing more."""

    late: bool

    def chosen(self, tree: s.Node) -> str:
        """See Question.chosen."""
        scope = self.scope
        assert isinstance(scope, PresentScope)  # noqa: S101  made here alone
        if scope.among or scope.past:
            return super().chosen(tree)
        past = replace(self, scope=replace(scope, past=True), people="made.people").chosen(tree)
        if not self.late:
            return past
        touched = replace(self, scope=replace(scope, among="SELECT person_id FROM added")).chosen(tree)
        return (
            f"SELECT person_id FROM ({past}) AS c WHERE person_id NOT IN (SELECT person_id FROM added) "
            f"UNION ALL {touched}"
        )

    def _others(self, tree: s.Node) -> str:
        scope = self.scope
        assert isinstance(scope, PresentScope)  # noqa: S101
        if scope.past:  # the other persons may have been touched
            return replace(self, scope=replace(scope, past=False), people="people").chosen(tree)
        return super()._others(tree)


@dataclass(frozen=True, kw_only=True)
class Due:
    """When people may come to fulfil a condition, or cease to, by time alone: numbers of people, microseconds since
    1970. everybody: it may be anybody at any time."""

    people: npt.NDArray[np.int64]
    due: npt.NDArray[np.int64]
    everybody: bool


class Present:
    """Everybody now. Questions are safe from many threads; `advance` takes its turn.

    path: of the compact copy. as_of: of its tables. rules: tag or name of a tag -> all its names. since: the log's
    version up to which events are taken in.
    """

    def __init__(
        self, path: Path, *, as_of: datetime, timezone: str, currency: str, rules: Names, memory_mb: int, threads: int,
        spill: Path,
    ) -> None:  # fmt: skip
        self.path, self.as_of = path, as_of
        self.timezone, self.currency, self.rules = timezone, currency, rules
        self.since: int | None = None
        self._lock = threading.Lock()
        self._late = False
        self._engine = DuckDB(memory_mb=memory_mb, threads=threads, spill=spill)
        self._engine.run(f"ATTACH {literal(str(path))} AS made (READ_ONLY)")
        self._begin()

    def close(self) -> None:
        """Free memory and file."""
        self._engine.close()

    # --- events since the tables --------------------------------------------------------------------------------

    def _begin(self) -> None:
        """The relations without any event since."""
        run = self._engine.run
        there = set(
            self._engine.table("SELECT table_name AS name FROM duckdb_tables() WHERE database_name = 'made'")[
                "name"
            ].to_pylist()
        )
        self.people = self._one("SELECT count(*) AS n FROM made.people")
        for name in TABLES[2:]:
            if name in there:
                run(f'CREATE VIEW "{name}" AS SELECT * FROM made."{name}"')
        run("CREATE VIEW known_people AS SELECT * FROM made.people")
        run("CREATE VIEW known_done AS SELECT * FROM made.actor")
        self._engine.register("no_events", SCHEMA.empty_table())
        run("CREATE TABLE late AS SELECT *, 0 AS did, 0 AS got FROM no_events")
        run("CREATE TABLE fresh (person_id INTEGER, id VARCHAR, key VARCHAR)")
        names = sorted(set(self.rules.values()))
        self._engine.register(
            "tag_names_arrow", pa.table({"names": pa.array([list(n) for n in names], pa.list_(pa.string()))})
        )
        run("CREATE TABLE tag_names AS SELECT * FROM tag_names_arrow")
        run("CREATE VIEW keys AS SELECT key, person_id FROM made.keys UNION ALL SELECT key, person_id FROM fresh")
        scope = self._scope(self.as_of)
        run(f"CREATE TABLE added AS SELECT * FROM ({added(scope, 'made.people')}) AS a LIMIT 0")
        run(f"CREATE VIEW people AS {people(scope)}")
        for view, side, number in (("done", "actor", "did"), ("undergone", "target", "got")):
            fields = ", ".join(f'"{name}"' for name in FIELDS if name != f"{side}_key")
            run(
                f"CREATE VIEW {view} AS SELECT person_id, {fields} FROM made.{side} "
                f"UNION ALL SELECT {number} AS person_id, {fields} FROM late WHERE {number} IS NOT NULL"
            )

    def show(self, files: Sequence[str]) -> None:
        """The files of the log, for figures that need a text or props."""
        with self._lock, self._engine.apart() as cursor:
            listed = ", ".join(literal(file) for file in files)
            source = f"read_parquet([{listed}])" if files else "late"
            cursor.run(f"CREATE OR REPLACE VIEW events AS SELECT * FROM {source}")

    def take_in(self, files: Sequence[str], *, version: int, now: datetime) -> pa.Array:
        """Lay the events of these files of the log (those received after the tables) over the tables. Returns the
        numbers of the people who did them or to whom they were done."""
        with self._lock, self._engine.apart() as cursor:
            touched = self._take_in(cursor, files, now) if files else pa.array([], pa.int32())
            self._late = self._late or len(touched) > 0
            self.since = version
            return touched

    def _take_in(self, cursor: DuckDB, files: Sequence[str], now: datetime) -> pa.Array:
        listed = ", ".join(literal(file) for file in files)
        scope = self._scope(now)
        cursor.run(
            f"CREATE OR REPLACE TEMP TABLE news AS SELECT * FROM read_parquet([{listed}]) "
            f"WHERE received_at > {scope.dialect.time(self.as_of)}"
        )
        cursor.run(
            f"""INSERT INTO fresh SELECT CAST({self.people} + (SELECT count(*) FROM fresh)
                + row_number() OVER (ORDER BY key) - 1 AS INTEGER), {person_id_sql("key")}, key
            FROM (SELECT DISTINCT unnest([actor_key, target_key]) AS key FROM news) AS n
            WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM keys)"""
        )
        cursor.run(
            """CREATE OR REPLACE TEMP TABLE newest AS SELECT n.*, a.person_id AS did, t.person_id AS got FROM news AS n
            LEFT JOIN keys AS a ON a.key = n.actor_key LEFT JOIN keys AS t ON t.key = n.target_key"""
        )
        cursor.run("INSERT INTO late SELECT * FROM newest")
        cursor.run(
            "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT unnest([did, got]) AS person_id FROM newest"
        )
        cursor.run("DELETE FROM touched WHERE person_id IS NULL")
        self._lay_over(cursor, scope, "touched")
        return cursor.table("SELECT person_id FROM touched")["person_id"].combine_chunks()

    def _lay_over(self, cursor: DuckDB, scope: Scope, touched: str) -> None:
        cursor.run("BEGIN")
        cursor.run(f"DELETE FROM added WHERE person_id IN (SELECT person_id FROM {touched})")
        cursor.run(f"INSERT INTO added BY NAME {added(scope, touched)}")
        cursor.run("COMMIT")

    # --- questions ----------------------------------------------------------------------------------------------

    def count(self, tree: s.Node, now: datetime, *, lists: Mapping[str, pa.Array] | None = None) -> int:
        """How many people fulfil a condition."""
        with self._asking(now, lists) as (cursor, question):
            return int(cursor.table(f"SELECT count(*) AS n FROM ({question.chosen(tree)}) AS c")["n"][0].as_py())

    def chosen(
        self, tree: s.Node, now: datetime, *, lists: Mapping[str, pa.Array] | None = None,
        among: pa.Array | None = None,
    ) -> pa.Array:  # fmt: skip
        """The sorted person ids of everybody who fulfils a condition; of those among these numbers."""
        with self._asking(now, lists, among) as (cursor, question):
            ids = cursor.table(
                f"SELECT p.id FROM people AS p JOIN ({question.chosen(tree)}) AS c ON c.person_id = p.person_id "
                f"ORDER BY p.person_id"
            )["id"].combine_chunks()
        return ids if among is None and not self.newcomers() else pc.take(ids, pc.sort_indices(ids))

    def tested(
        self, trees: Sequence[s.Node], now: datetime, among: pa.Array, *, lists: Mapping[str, pa.Array] | None = None
    ) -> pa.Table:
        """One row = one of the people with these numbers: id, person_id (the number), and for each condition whether
        they fulfil it (t0 …)."""
        with self._asking(now, lists, among) as (cursor, question):
            return cursor.table(
                f"SELECT p.id, c.* FROM ({question.tested(trees)}) AS c JOIN people AS p ON p.person_id = c.person_id"
            )

    def reasons(
        self, tree: s.Node, now: datetime, ids: Collection[str], language: str, *,
        lists: Mapping[str, pa.Array] | None = None, tag_names: Mapping[str, str] | None = None,
    ) -> dict[str, str]:  # fmt: skip
        """Person id -> why the condition holds, or what it found where it does not."""
        names = tag_names or {}
        with self._asking(now, lists, self.numbers(ids)) as (cursor, question):
            why = question.reasons(tree, CHINESE if language == "zh" else ENGLISH, lambda tag: names.get(tag, tag))
            rows = cursor.table(
                f"SELECT p.id, c.why FROM ({why}) AS c JOIN people AS p ON p.person_id = c.person_id"
            ).to_pylist()
        return {row["id"]: row["why"] for row in rows}

    def sample(
        self, tree: s.Node, now: datetime, size: int, *, lists: Mapping[str, pa.Array] | None = None
    ) -> tuple[int, list[str]]:
        """How many people fulfil a condition, and the ids of some: those seen last."""
        with self._asking(now, lists) as (cursor, question):
            cursor.run(f"CREATE OR REPLACE TEMP TABLE found AS {question.chosen(tree)}")
            count = int(cursor.table("SELECT count(*) AS n FROM found")["n"][0].as_py())
            ids = cursor.table(
                "SELECT p.id FROM people AS p JOIN found AS c ON c.person_id = p.person_id "
                f"ORDER BY p.last_seen DESC, p.id LIMIT {size}"
            )["id"].to_pylist()
        return count, ids

    def turns(
        self, tree: s.Node, after: datetime, until: datetime, *, lists: Mapping[str, pa.Array] | None = None,
        among: pa.Array | None = None,
    ) -> Due:  # fmt: skip
        """When people may come to fulfil a condition, or cease to, by time alone within a span."""
        with self._asking(until, lists, among) as (cursor, question):
            found = turns(tree, question, after=after, until=until)
            if not found.sql:
                none = np.array([], dtype=np.int64)
                return Due(people=none, due=none, everybody=found.everybody)
            rows = cursor.table(
                f"SELECT DISTINCT CAST(person_id AS BIGINT) AS person_id, epoch_us(due) AS due FROM ({found.sql}) AS t"
            )
        return Due(people=rows["person_id"].to_numpy(), due=rows["due"].to_numpy(), everybody=found.everybody)

    def people_of(self, files: Sequence[str]) -> pa.Array:
        """The numbers of the people who did, or to whom were done, the events of these files."""
        listed = ", ".join(literal(file) for file in files)
        return self.query(
            "SELECT DISTINCT k.person_id FROM keys AS k JOIN (SELECT unnest([actor_key, target_key]) AS key "
            f"FROM read_parquet([{listed}])) AS e ON e.key = k.key"
        )["person_id"].combine_chunks()

    def refusing(self, purpose: str) -> pa.Array:
        """The sorted ids of everybody whose last word on the purpose is no on some channel."""
        with self._engine.apart() as cursor:
            ids = cursor.relation(
                "SELECT id FROM people WHERE len(list_filter(consents, lambda c: NOT c.granted AND c.purpose = ?)) > 0 "
                "ORDER BY id",
                [purpose],
            ).to_arrow_table()["id"]
            return ids.combine_chunks()

    def numbers(self, ids: Collection[str] | pa.Array) -> pa.Array:
        """The numbers of people by their ids; ids that nobody has are left out."""
        with self._engine.apart() as cursor:
            given = ids if isinstance(ids, pa.Array) else pa.array(list(ids), pa.string())
            cursor.register("given", pa.table({"id": given}))
            return cursor.table(
                "SELECT p.person_id FROM (SELECT person_id, id FROM made.people UNION ALL "
                "SELECT person_id, id FROM fresh) AS p JOIN given AS g ON g.id = p.id"
            )["person_id"].combine_chunks()

    def neighbours(self, numbers: pa.Array) -> pa.Array:
        """The numbers of everybody who has a tie to one of these."""
        with self._engine.apart() as cursor:
            cursor.register("given", pa.table({"person_id": numbers}))
            return cursor.table(
                "SELECT DISTINCT other_id AS person_id FROM person_ties "
                "WHERE person_id IN (SELECT person_id FROM given)"
            )["person_id"].combine_chunks()

    def query(self, sql: str) -> pa.Table:
        """Rows of a query over the relations of the present."""
        with self._engine.apart() as cursor:
            return cursor.table(sql)

    def newcomers(self) -> int:
        """How many people are there whom the tables do not know."""
        return self._one("SELECT count(*) AS n FROM fresh")

    def _one(self, sql: str) -> int:
        with self._engine.apart() as cursor:
            return int(cursor.table(sql)["n"][0].as_py())

    @contextmanager
    def _asking(
        self, now: datetime, lists: Mapping[str, pa.Array] | None, among: pa.Array | None = None
    ) -> Iterator[tuple[DuckDB, Question]]:
        with self._engine.apart() as cursor:
            if among is not None:
                cursor.register("given_among", pa.table({"person_id": among}))
                cursor.run("CREATE OR REPLACE TEMP TABLE among AS SELECT person_id FROM given_among")
            for number, ids in enumerate((lists or {}).values()):
                cursor.register("given_list", pa.table({"id": ids}))
                cursor.run(
                    f"CREATE OR REPLACE TEMP TABLE list_{number} AS SELECT p.person_id FROM made.people AS p "
                    "JOIN given_list AS g ON g.id = p.id UNION SELECT f.person_id FROM fresh AS f "
                    "JOIN given_list AS g ON g.id = f.id"
                )
            scope = self._scope(now, among="SELECT person_id FROM among" if among is not None else "")
            yield cursor, self._question(scope, list(lists or {}))

    def _scope(self, now: datetime, among: str = "") -> PresentScope:
        return PresentScope(as_of=now, timezone=self.timezone, currency=self.currency, among=among)

    def _question(self, scope: PresentScope, lists: list[str]) -> Question:
        text = scope.dialect.text

        def tagged(tag: str) -> str:
            found = " OR ".join(f"list_contains(tags, {text(name)})" for name in self.rules.get(tag, (tag,)))
            return f"coalesce({found}, FALSE)"

        # days since the last order are counted up to now, not up to the tables' time
        days = {"recency_days": f"CAST({scope.today} - {scope.day('last_order')} AS BIGINT)"}

        def listed(name: str) -> str:
            return f"(person_id IN (SELECT person_id FROM list_{lists.index(name)}))"

        return PresentQuestion(scope=scope, tag_sql=tagged, audience_sql=listed, derived=days, late=self._late)


def clear(folder: Path) -> None:
    """Delete the compact copies of a workspace; they are made again when somebody asks."""
    shutil.rmtree(folder / "cache" / FOLDER, ignore_errors=True)
