"""Writing many rows of contacts with values of their own: one prepared statement, run for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Field

from lianyi.action.contacts.models import Contact


def write(changes: Mapping[int, Mapping[str, Any]], *, worker: str, states: Sequence[str]) -> int:
    """By row: the fields to set. Only rows that this worker has, in one of these states, are touched, and its claim on
    them ends where `state` leaves what it has claimed. All changes name the same fields. Returns how many rows were
    changed."""
    if not changes:
        return 0
    names = list(next(iter(changes.values())))
    known = {field.attname: field for field in Contact._meta.concrete_fields}  # noqa: SLF001  Django's documented door
    fields = [known[name] for name in names]
    table = connection.ops.quote_name(Contact._meta.db_table)  # noqa: SLF001
    settings = ", ".join(f"{connection.ops.quote_name(field.attname)} = %s" for field in fields)
    marks = ", ".join("%s" for _ in states)
    statement = f"UPDATE {table} SET {settings} WHERE id = %s AND worker = %s AND state IN ({marks})"
    ready: dict[tuple[str, Any], Any] = {}  # most rows have moments in common, and preparing one takes a while

    def prepared(field: Field[Any, Any], value: Any) -> Any:
        if not isinstance(value, datetime):
            return field.get_db_prep_save(value, connection)
        if (field.attname, value) not in ready:
            ready[field.attname, value] = field.get_db_prep_save(value, connection)
        return ready[field.attname, value]

    rows = [
        (*(prepared(field, values[field.attname]) for field in fields), pk, worker, *states)
        for pk, values in changes.items()
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(statement, rows)
        return int(cursor.rowcount)
