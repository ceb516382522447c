"""Databases of people are brought forward: released migrations stay as they are, and nothing is lost on the way."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres
from tests.doors.schema import released

ROOT = Path(__file__).parents[3]
PREPARE = "import sys, pathlib; from lianyi.doors.console.start import prepare; prepare(pathlib.Path(sys.argv[1]))"


def python(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], env={**os.environ, **environment}, cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def answer(process: subprocess.Popen[str]) -> str:
    out, said = process.communicate(timeout=120)
    assert process.returncode == 0, out + said
    return out


def test_what_was_released_is_never_edited() -> None:
    there = released.there()
    edited = [name for name, (_, said) in released.listed().items() if there.get(name) != said]
    assert not edited, (
        f"{edited} were edited, but databases have had them: undo that and write a migration that goes on from there "
        "(docs/decisions/0012)"
    )


def upgraded(folder: Path, **environment: str) -> None:
    """Bring a filled database of the first release forward, break it and have it mended."""
    program = python("-m", "tests.doors.schema.upgrading", str(folder), LIANYI_WORKSPACE=str(folder), **environment)
    said = json.loads(answer(program))
    assert said["tables"] >= 50
    since = [name for name in released.there() if name not in released.listed()]
    assert set(since) <= set(said["ran"])


def test_a_filled_database_of_the_first_release_is_brought_forward(tmp_path: Path) -> None:
    upgraded(tmp_path, LIANYI_DATABASE="")


@pytest.mark.slow
def test_the_same_on_postgresql_and_servers_that_start_together(tmp_path: Path) -> None:
    import psycopg

    with postgres.server() as address:
        upgraded(tmp_path, LIANYI_DATABASE=address)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE DATABASE together")
        together = address.rpartition("/")[0] + "/together"
        both = [python("-c", PREPARE, str(tmp_path), LIANYI_DATABASE=together) for _ in range(2)]
        assert [answer(each) for each in both] == ["", ""]


def test_two_that_start_together_on_a_new_folder_do_not_collide(tmp_path: Path) -> None:
    both = [python("-c", PREPARE, str(tmp_path), LIANYI_DATABASE="") for _ in range(2)]
    assert [answer(each) for each in both] == ["", ""]
    with sqlite3.connect(tmp_path / "ops.sqlite3") as database:
        twice = database.execute("SELECT app, name FROM django_migrations GROUP BY 1, 2 HAVING count(*) > 1")
        assert twice.fetchall() == []
