"""Run as a program on a database that is not there yet: made as of the first release, filled with a row in each table,
brought up to date, looked at, and broken and mended (breaking.py). Prints how many tables it had, and what ran."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

from lianyi import settings  # noqa: E402
from lianyi.doors import schema  # noqa: E402
from tests.doors.schema import breaking  # noqa: E402
from tests.doors.schema.released import first  # noqa: E402

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
VALUES: tuple[tuple[type[models.Field[Any, Any]], Any], ...] = (
    (models.BooleanField, True), (models.DateTimeField, NOW), (models.DateField, date(2026, 11, 29)),
    (models.JSONField, {"a": ["涟漪"]}), (models.BinaryField, b"\x00\xff"), (models.DecimalField, 1),
    (models.IntegerField, 7), (models.FloatField, 0.5), (models.TextField, "涟漪"),
    (models.UUIDField, UUID(int=7)),
)  # fmt: skip


def value_of(field: models.Field[Any, Any], rows: dict[str, Any]) -> Any:
    """Something that the field takes."""
    if field.is_relation:
        target = rows.get(field.related_model._meta.label)  # type: ignore[union-attr]
        return target.pk if target else None
    if field.choices:
        return next(value for value, _ in field.flatchoices if value not in ("", None))
    for kind, value in VALUES:
        if isinstance(field, kind):
            return value
    return "a" * min(field.max_length or 5, 5)


def fill(apps: Any) -> dict[str, Any]:
    """One row in each table, those first that others point to."""
    left = [model for model in apps.get_models() if model._meta.app_label in first()]
    rows: dict[str, Any] = {}
    while left:
        for model in left:
            points = {field.related_model._meta.label for field in model._meta.local_concrete_fields
                      if field.is_relation and not field.null}  # fmt: skip
            if points <= set(rows):
                values = {field.attname: value_of(field, rows) for field in model._meta.local_concrete_fields
                          if not isinstance(field, models.AutoField)}  # fmt: skip
                rows[model._meta.label] = model._default_manager.create(**values)
                left.remove(model)
                break
        else:
            raise AssertionError(f"nothing to begin with among {left}")
    return rows


def contents(columns: dict[str, list[str]]) -> dict[str, list[Any]]:
    """Table → its rows, in these columns."""
    found = {}
    with connection.cursor() as cursor:
        for table, names in columns.items():
            cursor.execute(f"SELECT {', '.join(map(connection.ops.quote_name, names))} FROM {table}")
            found[table] = [repr(row) for row in cursor.fetchall()]
    return found


def main(folder: Path) -> None:
    """The whole story."""
    settings.write(folder, settings.Settings())
    executor = MigrationExecutor(connection)
    state = executor.migrate([*first().items(), ("sessions", "0001_initial")])
    rows = fill(state.apps)
    kept = {row._meta.db_table: [field.column for field in row._meta.local_concrete_fields] for row in rows.values()}
    before = contents(kept)
    waiting = schema.pending()
    schema.bring_up_to_date(folder)
    after = contents(kept)
    assert all(before.values()), before
    wrong = {table: (before[table], after[table]) for table in before if before[table] != after[table]}
    assert not wrong, wrong
    assert not schema.pending()
    assert not schema.lacking()
    assert not schema.surplus()
    assert not schema.unguarded()
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    for law in breaking.LAWS:
        law(folder)
    print(json.dumps({"tables": len(before), "ran": waiting}))


main(Path(sys.argv[1]))
