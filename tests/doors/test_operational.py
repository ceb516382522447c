"""The operational database: SQLite in the workspace, or a real PostgreSQL server; the same laws on both."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lianyi.doors import operational
from lianyi.doors.collector.writekeys import TableOfKeys
from lianyi.doors.operational import Reader
from lianyi.errors import InputError
from tests import postgres

ROOT = Path(__file__).parents[2]
# What claims, leases and forbids by the database itself.
LAWS = (
    "tests/action/test_queue.py",
    "tests/action/test_team.py",
    "tests/action/test_plans.py",
    "tests/action/contacts/test_asking.py",
    "tests/action/contacts/test_leases.py",
    "tests/action/contacts/test_sending.py",
    "tests/action/journeys/test_engine.py",
    "tests/action/test_rewards.py::test_postings_are_never_changed",
    "tests/action/test_rewards.py::test_an_erased_person_is_named_nowhere_and_the_books_stay_right",
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgres.server() as found:
        yield found


@pytest.mark.slow
def test_the_laws_of_the_action_floor_hold_on_postgresql(address: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-m", "not slow", *LAWS],
        env={**os.environ, "LIANYI_DATABASE": address}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_a_server_starts_on_an_empty_database_and_knows_its_keys(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path)],
        env={**os.environ, "LIANYI_DATABASE": address}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert not (tmp_path / "ops.sqlite3").exists()
    monkeypatch.setenv("LIANYI_DATABASE", address)
    keys = TableOfKeys(tmp_path)
    assert keys.source_of(made.stdout.strip()) == "shop"
    assert keys.source_of("another") is None
    assert keys.problem is None
    keys._reader.close()


START = """
import sys
from pathlib import Path
from lianyi.doors.console.start import prepare
prepare(Path(sys.argv[1]))
prepare(Path(sys.argv[1]))
from lianyi.action.team.models import WriteKey
print(WriteKey.give_out("wk", name="Shop", source="shop")[1])
"""


def test_a_reader_goes_on_when_the_server_is_gone_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operational, "RETRY", 0.05)
    with postgres.server() as here:
        monkeypatch.setenv("LIANYI_DATABASE", here)
        reader = Reader(tmp_path, "numbers")
        assert reader.rows("SELECT CAST(? AS INT) + 1", [41]) == [(42,)]
        assert reader.rows("SELECT * FROM nothing") is None
        assert "nothing" in str(reader.problem)
        _until(lambda: reader.rows("SELECT 1") == [(1,)])
        assert reader.problem is None
    began = time.monotonic()
    assert reader.rows("SELECT 1") is None
    assert reader.rows("SELECT 1") is None
    assert time.monotonic() - began < 1.5, "nobody waits for a server that is gone"
    assert "numbers" in str(reader.problem)
    with postgres.server() as again:
        monkeypatch.setenv("LIANYI_DATABASE", again)
        _until(lambda: reader.rows("SELECT 1") == [(1,)])
    reader.close()


def _until(holds: object, seconds: float = 10.0) -> None:
    assert callable(holds)
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.parametrize("wrong", ["mysql://a@b/c", "postgresql://localhost", "nonsense"])
def test_another_address_is_refused_without_its_password(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANYI_DATABASE", wrong)
    with pytest.raises(InputError, match="postgresql://user:password@host"):
        operational.for_django(Path("x"))
