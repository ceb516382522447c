"""What `lianyi doctor` does with databases that are not as they should be. Called by upgrading.py on a filled one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import Error, connection

from lianyi.doors import schema
from lianyi.doors.cli.commands import lianyi
from lianyi.errors import WorkspaceError


def columns() -> set[tuple[str, str]]:
    """Table and name of every column there is."""
    return {(table, column) for table, names in schema._columns().items() for column in names}


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refusal(folder: Path) -> str:
    """What bringing it up to date is refused for."""
    with pytest.raises(WorkspaceError) as refused:
        schema.bring_up_to_date(folder)
    return str(refused.value)


def checked(folder: Path, *options: str) -> tuple[str, str]:
    """State of the database and what was found, as the command says it."""
    said = CliRunner().invoke(lianyi, ["-w", str(folder), "doctor", "--json", *options]).stdout
    found = [json.loads(line) for line in said.splitlines()]
    return next((row["state"], row["what"]) for row in found if row["check"] == "database")


def a_database_of_rewritten_migrations_is_named_and_mended(folder: Path) -> None:
    meant, triggers = columns(), set(schema._triggers())
    run('ALTER TABLE team_act DROP COLUMN "on"')
    run("DROP TABLE stages_version")
    assert "team_act.on" in refusal(folder)
    assert "lianyi doctor --mend" in refusal(folder)
    assert checked(folder) == ("bad", "not there: table stages_version, team_act.on")
    assert checked(folder, "--mend")[0] == "good"
    assert columns() == meant
    assert set(schema._triggers()) == triggers
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM team_act")
        assert cursor.fetchone() == (1,)
    with pytest.raises(Error, match="append-only"):
        run("DELETE FROM team_act")


def what_nobody_can_know_is_not_made_up(folder: Path) -> None:
    run("ALTER TABLE work_job RENAME COLUMN kind TO sort")
    assert checked(folder) == ("bad", "not there: work_job.kind")
    with pytest.raises(WorkspaceError, match=r"work_job\.kind: each row needs a value"):
        schema.mend(folder)
    run("ALTER TABLE work_job RENAME COLUMN sort TO kind")
    schema.bring_up_to_date(folder)


def a_newer_database_is_left_alone(folder: Path) -> None:
    run("INSERT INTO django_migrations (app, name, applied) VALUES ('team', '0999_later', '2030-01-01')")
    assert "team.0999_later" in refusal(folder)
    assert checked(folder)[0] == "bad"
    run("DELETE FROM django_migrations WHERE name = '0999_later'")
    schema.bring_up_to_date(folder)


LAWS = (
    a_database_of_rewritten_migrations_is_named_and_mended,
    what_nobody_can_know_is_not_made_up,
    a_newer_database_is_left_alone,
)
