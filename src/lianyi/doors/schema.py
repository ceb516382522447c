"""The tables of the operational database: brought up to date by one process at a time, compared with what the program
expects, and mended where nothing can be lost by it. Needs Django set up (console.start.configure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianyi.errors import WorkspaceError

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader
    from django.db.models import Field, Model

MIGRATING = 7_254_001  # the number of our advisory lock
# A migration of a large table takes minutes; who starts meanwhile waits for it.
WAIT = 600.0
# Tables whose rows may not be changed: triggers of their migrations see to it.
GUARDED = ("team_act", "rewards_posting")


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A table, or one column of it, that the database should have by what was migrated, and has not.

    mendable: it can be made without inventing anything: a table, or a column that may be empty or has a default.
    """

    table: str
    column: str
    mendable: bool

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.column else f"table {self.table}"


def bring_up_to_date(folder: Path) -> None:
    """Run the migrations that are missing. WorkspaceError where the database comes from a newer program, or lacks what
    earlier migrations should have made: nothing is changed then."""
    if not _behind() and not _lacking_now():
        return
    with one_at_a_time(folder):
        loader = _loader()
        _refuse_newer(loader)
        if found := lacking(loader):
            named = ", ".join(map(str, found[:5])) + (" …" if len(found) > 5 else "")
            raise WorkspaceError(
                f"the operational database of {folder} was made by an earlier state of this program and lacks {named}; "
                "back it up and run: lianyi doctor --mend"
            )
        _migrate()


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Processes that start together on one database bring its tables up to date one after the other."""
    from django.db import connection

    from lianyi.memory.lake import held

    if connection.vendor != "postgresql":
        with held(folder / "migrating.lock", wait=WAIT, does="brings its tables up to date"):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATING])


def newer() -> list[str]:
    """Migrations that the database has had and this program does not know, as `app.name`."""
    return _unknown(_loader())


def pending() -> list[str]:
    """Migrations that this program knows and the database has not had, as `app.name`."""
    loader = _loader()
    return [f"{app}.{name}" for app, name in sorted(set(loader.disk_migrations) - set(loader.applied_migrations))]


def lacking(loader: MigrationLoader | None = None) -> list[Gap]:
    """What the migrations that the database has had should have made, and is not there."""
    return [gap for gap, _, _ in _gaps(_migrated(loader or _loader()))]


def surplus() -> list[str]:
    """Columns, as `table.column`, that this program does not know and that every new row would have to fill."""
    there = _columns()
    metas = [model._meta for model in _migrated(_loader())]  # noqa: SLF001  Django's documented door
    return [
        f"{meta.db_table}.{column}"
        for meta in metas
        for column, needed in sorted(there.get(meta.db_table, {}).items())
        if needed and column not in {field.column for field in meta.local_concrete_fields}
    ]


def unguarded() -> list[str]:
    """Tables of which rows may not be changed, but whose triggers are gone."""
    there, guarded = _columns(), {table for table, _, _ in _triggers()}
    return [table for table in GUARDED if table in there and table not in guarded]


def mend(folder: Path) -> list[Gap]:
    """Make what is lacking and can be made, then run the migrations that are missing; what was made. Rows stay as they
    are. WorkspaceError names what can't be made."""
    from django.db import connection

    with one_at_a_time(folder):
        loader = _loader()
        _refuse_newer(loader)
        gaps = list(_gaps(_migrated(loader)))
        if hopeless := [str(gap) for gap, _, _ in gaps if not gap.mendable]:
            raise WorkspaceError(
                f"{', '.join(hopeless)}: each row needs a value that nobody knows; restore a backup from before, or "
                "move ops.sqlite3 away and set the brand's users, keys and rules up anew (the log keeps what happened)"
            )
        triggers = _triggers()
        with connection.schema_editor() as editor:
            for _, model, field in gaps:
                if field is None:
                    editor.create_model(model)
                else:
                    editor.add_field(model, field)
        # SQLite changes a table by making a new one, which has none of the triggers.
        kept = {name for _, name, _ in _triggers()}
        with connection.cursor() as cursor:
            for _, name, text in triggers:
                if name not in kept:
                    cursor.execute(text)
        _migrate()
    return [gap for gap, _, _ in gaps]


def _loader() -> MigrationLoader:
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    return MigrationLoader(connection)


def _behind() -> bool:
    """Whether there is a migration that the database has not had, or the other way round. Quick: each command asks."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    applied = set(MigrationRecorder(connection).applied_migrations())
    known = set(_known())
    return bool(known - applied) or bool(_ours(applied - known))


def _known() -> Iterator[tuple[str, str]]:
    """App and name of each migration of the installed apps, by the names of their files."""
    from django.apps import apps

    for config in apps.get_app_configs():
        for path in (Path(config.path) / "migrations").glob("[!_]*.py"):
            yield config.label, path.stem


def _ours(migrations: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of apps that are ours and installed; packages may squash theirs."""
    from django.apps import apps

    labels = {config.label for config in apps.get_app_configs() if config.name.startswith("lianyi.")}
    return sorted(one for one in migrations if one[0] in labels)


def _unknown(loader: MigrationLoader) -> list[str]:
    return [f"{app}.{name}" for app, name in _ours(set(loader.applied_migrations) - set(loader.disk_migrations))]


def _refuse_newer(loader: MigrationLoader) -> None:
    if unknown := _unknown(loader):
        raise WorkspaceError(
            f"the operational database has had {unknown[-1]}, which this version does not know: it comes from a newer "
            "one; install that version, or restore a backup from before"
        )


def _migrated(loader: MigrationLoader) -> list[type[Model]]:
    """The models as the migrations that the database has had describe them."""
    nodes = sorted(set(loader.applied_migrations) & set(loader.graph.nodes))
    return list(loader.project_state(nodes).apps.get_models()) if nodes else []


def _lacking_now() -> bool:
    """Whether a table or column of the models is not there. Quick: two queries, nothing is built."""
    from django.apps import apps

    return next(_gaps(apps.get_models()), None) is not None


def _gaps(models: Iterable[type[Model]]) -> Iterator[tuple[Gap, type[Model], Field[Any, Any] | None]]:
    there = _columns()
    for model in models:
        meta = model._meta  # noqa: SLF001
        if not meta.managed or meta.proxy:
            continue
        if meta.db_table not in there:
            yield Gap(table=meta.db_table, column="", mendable=True), model, None
            continue
        for field in meta.local_concrete_fields:
            if field.column not in there[meta.db_table]:
                mendable = field.null or field.has_default() or (field.blank and field.empty_strings_allowed)
                yield Gap(table=meta.db_table, column=str(field.column), mendable=mendable), model, field


def _columns() -> dict[str, dict[str, bool]]:
    """For each table its columns, and whether a new row must name a value for it."""
    from django.db import connection

    query = (
        "SELECT table_name, column_name, is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' "
        "FROM information_schema.columns WHERE table_schema = current_schema()"
        if connection.vendor == "postgresql"
        else 'SELECT m.name, c.name, c."notnull" AND c.dflt_value IS NULL '
        "FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    )
    found: dict[str, dict[str, bool]] = {}
    with connection.cursor() as cursor:
        cursor.execute(query)
        for table, column, needed in cursor.fetchall():
            found.setdefault(table, {})[column] = bool(needed)
    return found


def _triggers() -> list[tuple[str, str, str]]:
    """Table, name and text of each trigger."""
    from django.db import connection

    query = (
        "SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND n.nspname = current_schema()"
        if connection.vendor == "postgresql"
        else "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [(str(table), str(name), str(text)) for table, name, text in cursor.fetchall()]
