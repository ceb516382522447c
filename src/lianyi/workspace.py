"""A workspace: one folder = one brand's memory, tables and operations. The public door for Python."""

from __future__ import annotations

import fcntl
import logging
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from lianyi import acquaintances, communities, forgetting, persons
from lianyi import settings as settings_file
from lianyi.demand import Demand
from lianyi.errors import Busy, InputError, NotFound, NoWorkspace
from lianyi.insight import refresh as refreshing
from lianyi.insight.present import Present
from lianyi.insight.roll import Roll
from lianyi.insight.store import State, Store
from lianyi.insight.tables import EVENTS, Table, catalogue
from lianyi.ledger import Ledger
from lianyi.memory.duckdb import DuckDB, QueryError, Relation
from lianyi.memory.events import SCHEMA, Event, check, to_arrow
from lianyi.memory.inbox import Inbox
from lianyi.memory.lake import Lake
from lianyi.memory.landing import Landed
from lianyi.memory.lookup import SortedFiles
from lianyi.presence import Presence, in_use, kept_up
from lianyi.ripples import Ripples
from lianyi.settings import Settings
from lianyi.timelines import Timeline

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The clock of the doors; tests and libraries may give another."""
    return datetime.now(UTC)


def open(path: str | Path, *, create: bool = False, clock: Callable[[], datetime] = utc_now) -> Workspace:  # noqa: A001
    """Open the workspace in a folder; with `create` it is made where there is none. NoWorkspace otherwise."""
    folder = Path(path)
    if not (folder / settings_file.FILE_NAME).exists():
        if not create:
            raise NoWorkspace(f"no workspace at {folder}; make one with: lianyi -w {folder} new")
        return Workspace.create(folder, clock=clock)
    return Workspace(folder, clock=clock)


class Workspace:
    """One brand. Reading is safe from many threads and processes; writing is one at a time, by locks on disk."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.folder = folder
        self.settings = settings_file.read(folder)
        self.clock = clock
        self.lake = Lake(folder)
        self.store = Store(folder / "tables")
        self._inbox: Inbox | None = None
        self._reader: DuckDB | None = None
        self._shown: tuple[int, int] = (-1, -1)
        self._lock = threading.Lock()
        self._found: dict[str, tuple[tuple[int, int], SortedFiles]] = {}
        self._finding = threading.Lock()
        self._roll: tuple[tuple[str, str], Roll] | None = None
        self._presence = Presence()

    @classmethod
    def create(
        cls, folder: Path, settings: Settings | None = None, *, clock: Callable[[], datetime] = utc_now
    ) -> Workspace:
        """Make a workspace in a folder that is empty or missing; InputError where something else is there."""
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder} is not an empty folder; name a new one with -w DIR")
        folder.mkdir(parents=True, exist_ok=True)
        settings_file.write(folder, settings or Settings())
        return cls(folder, clock=clock)

    @property
    def inbox(self) -> Inbox:
        """The durable intake queue."""
        if self._inbox is None:
            self._inbox = Inbox(self.folder / "inbox")
        return self._inbox

    # --- memory -------------------------------------------------------------------------------------------------

    def add(
        self,
        *paths: str | Path,
        format: str | None = None,  # noqa: A002
        mapping: str | Path | None = None,
        label: str | None = None,
        dry_run: bool = False,
        progress: Callable[[Any], None] | None = None,
        **options: Any,
    ) -> list[Any]:
        """Import files or folders; one ImportReport per file. Adding the same file again changes nothing."""
        from lianyi.memory.sources.importing import import_files

        return import_files(
            self.lake,
            [Path(path) for path in paths],
            mappings=self.folder / "mappings",
            rejects=self.folder / "rejects",
            timezone=self.settings.timezone,
            currency=self.settings.currency,
            format=format,
            mapping=Path(mapping) if mapping else None,
            label=label,
            dry_run=dry_run,
            progress=progress,
            now=self.clock(),
            **options,
        )

    def record(self, events: Sequence[Event], *, wait: float = 60.0) -> Landed:
        """Land a few events at once (acts of operators, answers of connectors). BadEvent names what is wrong."""
        now = self.clock()
        table = to_arrow([check(event, now=now) for event in events], received_at=now)
        transaction = (f"record-{secrets.token_hex(8)}", 1)
        with self.lake.landing(received_at=now, transaction=transaction, wait=wait) as landing:
            return landing.add(table)

    # --- insight ------------------------------------------------------------------------------------------------

    def refresh(
        self,
        *names: str,
        as_of: datetime | None = None,
        progress: Callable[[refreshing.Progress], None] = lambda _progress: None,
    ) -> refreshing.RefreshReport:
        """Rebuild the named tables and what depends on them; all where none is named. Busy while another one runs."""
        with self.refreshing():
            return self.refresh_now(*names, as_of=as_of, progress=progress)

    def refresh_now(
        self,
        *names: str,
        as_of: datetime | None = None,
        progress: Callable[[refreshing.Progress], None] = lambda _progress: None,
    ) -> refreshing.RefreshReport:
        """The same for who holds `refreshing()` already."""
        from lianyi.insight import communities as communities_room
        from lianyi.insight import demand as demand_room
        from lianyi.insight import effects, ledger, listening, people
        from lianyi.insight import value as value_room

        last = refreshing.Progress(table="present", done=1, total=1, message="the compact copy that audiences ask")
        with kept_up(self, lambda: progress(last)), self.engine() as engine:
            return refreshing.refresh(
                engine=engine,
                store=self.store,
                event_files=self.lake.files(),
                lake_version=self.lake.version(),
                settings=self.settings,
                parameters={
                    **people.parameters(self.folder),
                    **communities_room.parameters(self.folder),
                    **ledger.parameters(self.folder),
                    **value_room.parameters(self.folder),
                    **demand_room.parameters(self.folder),
                    **listening.parameters(self.folder),
                    **effects.parameters(self.folder),
                },
                as_of=as_of or self.clock(),
                names=names,
                progress=progress,
            )

    def engine(self) -> DuckDB:
        """A fresh engine with the memory and threads of the settings; close it after use."""
        return DuckDB(memory_mb=self.settings.memory_mb, threads=self.settings.threads, spill=self.folder / "spill")

    def tables(self) -> Mapping[str, Table]:
        """The catalogue: what tables there can be, and what one row of each means."""
        return catalogue()

    def states(self) -> Mapping[str, State]:
        """The tables that are built: rows, as-of time, the log's version they speak for."""
        return self.store.states()

    def stale(self) -> bool:
        """True when the log holds events that the tables do not know yet."""
        states = self.states()
        version = self.lake.version()
        return not states or any(state.lake_version != version for state in states.values())

    def table(self, name: str) -> Relation:
        """One table (or `events`) as a lazy DuckDB relation: .to_arrow_table(), .df(), .pl(), .filter(…)."""
        if name != EVENTS and name not in self.states():
            if name in self.tables():
                raise NotFound(f"table {name} is not built yet; run: lianyi refresh")
            raise NotFound(f"no table {name!r}; there are {', '.join([EVENTS, *self.tables()])}")
        return self.sql(f"SELECT * FROM {name}")

    def select(self, name: str, *, where: str | None = None, limit: int | None = None) -> Relation:
        """The rows of a table for which an SQL condition holds; InputError shows what is wrong with the condition."""
        relation = self.table(name)
        if where:
            self._current().make_named(where)  # a condition may ask other tables
        try:
            chosen = relation.filter(where) if where else relation
            return chosen.limit(limit) if limit is not None else chosen
        except QueryError as error:
            columns = ", ".join(relation.columns)
            raise InputError(
                f"--where {where!r}: {str(error).splitlines()[0]}; columns of {name}: {columns}"
            ) from error

    def sql(self, query: str, parameters: Sequence[Any] = ()) -> Relation:
        """A query over `events` and the insight tables, all of one consistent version, as a lazy relation."""
        return self._current().relation(query, parameters)

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of such a query as dictionaries."""
        found: list[dict[str, Any]] = self.sql(query, parameters).to_arrow_table().to_pylist()
        return found

    def needs(self, table: str) -> None:
        """NotFound while a table is not built."""
        if table not in self.states():
            raise NotFound(f"table {table} is not built yet; run: lianyi refresh")

    def look_up(self, name: str, values: Collection[str], *, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a table, or of `events`, with one of these texts in the column by which it is sorted (people: the
        id; keys: the key; events: who did it). The quick way to few rows; their order is that of the files."""
        files = self._sorted(name)
        if not files.parts:
            return SCHEMA.empty_table().select(list(columns or SCHEMA.names))
        return files.rows(values, columns=columns)

    def roll(self, name: str = "people") -> Roll:
        """The columns of a table that lists show, sort and narrow by; of the version that is valid now."""
        with self._finding:
            state = self.states().get(name)
            if state is None:
                raise NotFound(f"table {name} is not built yet; run: lianyi refresh")
            if self._roll is None or self._roll[0] != (name, state.version):
                self._roll = (name, state.version), Roll(self.tables()[name], self.store.path(name, state.version))
            return self._roll[1]

    def files_since(self, moment: datetime) -> list[str]:
        """The files of the log that may hold events received after a moment."""
        return self._sorted(EVENTS).reaching("received_at", moment)

    def present(self, now: datetime | None = None) -> Present:
        """Everybody at this moment: the tables with the events since. NotFound while the tables are not built."""
        return self._presence.now(self, now or self.clock())[0]

    def present_of(self) -> str:
        """Which tables the present speaks for: changes once a refresh has made its compact copy."""
        return in_use(self.folder, self.store).path.name

    def touched(self, now: datetime | None = None) -> tuple[Present, pa.Array | None]:
        """The present, and the numbers of the people touched since it was last asked for; None: anybody may have
        changed."""
        return self._presence.now(self, now or self.clock())

    @property
    def demand(self) -> Demand:
        """What people need, in which scene, and what to show or do next."""
        return Demand(self)

    @property
    def ripples(self) -> Ripples:
        """What spreads among the people: plans, influence."""
        return Ripples(self)

    @property
    def ledger(self) -> Ledger:
        """What everything cost and earned."""
        return Ledger(self)

    # --- people -------------------------------------------------------------------------------------------------

    def person(self, key_or_id: str) -> persons.Person:
        """Everything known of one person; by key or by any id ever given out."""
        return persons.person(self, key_or_id)

    def opportunities(
        self, key_or_id: str | None = None, *, kind: str = "", limit: int = 100, offset: int = 0
    ) -> list[dict[str, Any]]:
        """Ties worth a push now, the largest gain first: of one person, or of all."""
        person_id = persons.resolve(self, key_or_id) if key_or_id else ""
        return acquaintances.opportunities(self, person_id, kind=kind, limit=limit, offset=offset)

    def timeline(
        self,
        who: str | persons.Person,
        *,
        limit: int = 100,
        before: datetime | None = None,
        before_id: str | None = None,
        kinds: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """The newest events that the person did or received, newest first; the last one's `at` and `id` go on."""
        return persons.timeline(self, who, limit=limit, before=before, before_id=before_id, kinds=kinds)

    def past(self, who: str | persons.Person) -> Timeline:
        """All that the person did and received; `.newest(…)` gives parts of it, read once."""
        return persons.past(self, who)

    def tag(self, key_or_id: str, name: str, *, by: str | None = None, why: str = "") -> None:
        """Set a tag by hand."""
        persons.tag(self, key_or_id, name, by=by, why=why)

    def untag(self, key_or_id: str, name: str, *, by: str | None = None, why: str = "") -> None:
        """Take a manual tag back."""
        persons.untag(self, key_or_id, name, by=by, why=why)

    def note(self, key_or_id: str, text: str, *, by: str | None = None) -> None:
        """Write a note on a person."""
        persons.note(self, key_or_id, text, by=by)

    def merge(self, one: str, other: str, *, by: str | None = None, why: str = "") -> None:
        """Say that two people are one; takes effect with the next refresh."""
        persons.merge(self, one, other, by=by, why=why)

    def merge_preview(self, one: str, other: str) -> dict[str, Any]:
        """What a merge of two people would do; nothing is changed."""
        return persons.merge_preview(self, one, other)

    def suggestions(self, *, limit: int = 200) -> list[dict[str, Any]]:
        """Pairs who may be one person, the surest first; nobody is merged by it."""
        return persons.suggestions(self, limit=limit)

    def unmerge(
        self, key_or_id: str, *, parts: Sequence[Sequence[str]] | None = None, by: str | None = None, why: str = ""
    ) -> list[list[str]]:
        """Take a person apart; takes effect with the next refresh."""
        return persons.unmerge(self, key_or_id, parts=parts, by=by, why=why)

    # --- communities --------------------------------------------------------------------------------------------

    def community(self, community_id: str) -> communities.Community:
        """Everything known of one community: place, health, verdict, people, what they share, neighbours, changes."""
        return communities.community(self, community_id)

    def rename_community(self, community_id: str, *, zh: str = "", en: str = "", by: str | None = None) -> None:
        """Give a community a name of the brand's own; it stays through every refresh."""
        communities.rename(self, community_id, zh=zh, en=en, by=by)

    def place_community(self, community_id: str, *, side: str = "", aim: str = "", by: str | None = None) -> None:
        """Say whose community it is and what it serves."""
        communities.place(self, community_id, side=side, aim=aim, by=by)

    def declare_community(self, group_key: str, *, zh: str = "", en: str = "", by: str | None = None) -> str:
        """Declare the people of a room to be a community; it is there with the next refresh. Returns its id."""
        return communities.declare(self, group_key, zh=zh, en=en, by=by)

    def export(self, key_or_id: str) -> dict[str, Any]:
        """Everything held on a person."""
        return forgetting.export(self, key_or_id)

    def erase(self, key_or_id: str) -> forgetting.Certificate:
        """Erase a person by right from every file of the workspace."""
        return forgetting.erase(self, key_or_id)

    def _current(self) -> DuckDB:
        """A cursor on a database whose views show the current versions; a query makes those that it names."""
        with self._lock:
            stamp = self._stamp()
            if self._reader is None or stamp != self._shown:
                fresh = DuckDB(
                    memory_mb=min(1024, self.settings.memory_mb),
                    threads=self.settings.threads,
                    spill=self.folder / "spill",
                )
                fresh.keep_footers()
                self._show(fresh)
                # Relations handed out keep the old database alive until they are read.
                self._reader, self._shown = fresh, stamp
            return self._reader.apart()

    def _stamp(self) -> tuple[int, int]:
        """Changes with the log and with the tables."""
        return self.lake.version(), self.store.stamp

    def _sorted(self, name: str) -> SortedFiles:
        """The files of a table or of the log, by the column by which they are sorted. Footers of files that stay are
        kept when others come."""
        with self._finding:
            stamp = self._stamp()
            known = self._found.get(name)
            if known is None or known[0] != stamp:
                files, column = self._files(name)
                known = stamp, SortedFiles(files, column, known=known[1] if known else None)
                self._found[name] = known
            return known[1]

    def _files(self, name: str) -> tuple[list[str], str]:
        if name == EVENTS:
            return self.lake.files(), "actor_key"
        states = self.states()
        if name not in states:
            raise NotFound(f"table {name} is not built yet; run: lianyi refresh")
        return [str(file) for file in self.store.files(states[name])], self.tables()[name].order[0]

    def _show(self, engine: DuckDB) -> None:
        files = self.lake.files()
        if files:
            engine.offer(EVENTS, files)
        else:
            engine.offer_empty(EVENTS, SCHEMA)
        listed = {table.name for table in self.tables().values() if table.listed}
        for name, state in self.states().items():
            engine.offer(name, self.store.files(state))
            if name in listed:
                engine.offer(f"{name}_rows", self.store.files(state), numbered=True)
        self._show_late_events(engine)

    def _show_late_events(self, engine: DuckDB) -> None:
        """Relation `late_events`: the files of the log that hold anything which some table does not know yet; what was
        received after its as-of time is there. Mostly a few young files, where the log has hundreds of row groups."""
        states = self.states().values()
        files = self.files_since(min(state.as_of for state in states)) if self.stale() and states else []
        if files:
            engine.offer("late_events", files)
        else:
            engine.offer_empty("late_events", SCHEMA)

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Hold the right to rebuild tables; Busy while somebody else does."""
        path = self.folder / "refresh.lock"
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy("a refresh is running; its result will be there when it ends") from None
            yield
