"""A backup is made while events come in and land; what comes back is whole, and without those who were erased since."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import lianyi
from lianyi.doors import sealing
from lianyi.doors.backup import checked
from lianyi.errors import InputError, NotFound
from lianyi.memory.draining import land
from lianyi.memory.erased import Erasures
from lianyi.memory.events import Event
from tests import postgres
from tests.doors.standing import ANNA, BO, NOW, copy_brand

ROOT = Path(__file__).parents[3]

# A thread puts events, another lands them, as a server and its worker do; what was acknowledged before is printed.
BUSY = """
import sys, threading, json
from datetime import UTC, datetime
from pathlib import Path
from click.testing import CliRunner
import lianyi
from lianyi.doors.cli.commands import lianyi as command
from lianyi.memory.draining import land
from lianyi.memory.events import Event

NOW = datetime.now(UTC)

folder, place, secret = map(Path, sys.argv[1:])
ws, stop, kept, some = lianyi.open(folder), threading.Event(), [], threading.Event()

def put():
    number = 0
    while not stop.is_set():
        ws.inbox.put_now([Event(id=f"live:{number}", at=NOW, kind="view", source="site", actor_key="user:1001")],
                         received_at=NOW)
        kept.append(number)
        number += 1
        if number > 50:
            some.set()

def take():
    own = lianyi.open(folder)
    while not stop.wait(0.01):
        land(own.inbox, own.lake, NOW)

threads = [threading.Thread(target=each) for each in (put, take)]
for each in threads:
    each.start()
some.wait()
before = kept[-1]
done = CliRunner().invoke(command, ["-w", str(folder), "backup", str(place), "--passphrase-file", str(secret)])
stop.set()
for each in threads:
    each.join()
ws.inbox.close()
assert done.exit_code == 0, (done.output, done.exception)
print(json.dumps({"before": before, **json.loads(done.stdout.splitlines()[0])}))
"""


def run(*arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "LIANYI_DATABASE": ""},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.mark.slow
def test_what_was_acknowledged_comes_back_and_the_erased_do_not(brand_template: Path, tmp_path: Path) -> None:
    folder, place, secret = tmp_path / "tea", tmp_path / "backups", tmp_path / "passphrase"
    secret.write_text("wade in\n", encoding="utf-8")
    ws = copy_brand(brand_template, folder)
    anna = ws.person(ANNA).profile
    made = json.loads(run("-c", BUSY, str(folder), str(place), str(secret)))
    ws.erase(BO)

    backup, back = made["folder"], tmp_path / "back"
    command = ("-m", "lianyi.doors.cli", "-w", str(back), "restore", backup)
    assert "passphrase" in run(*command, code=2)
    assert not back.exists()
    done = json.loads(run(*command, "--passphrase-file", str(secret)))
    assert done["erased"] == 1

    again = lianyi.open(back)
    live = again.sql("SELECT id FROM events WHERE id LIKE 'live:%'").to_arrow_table()["id"].to_pylist()
    assert len(live) == len(set(live))
    assert {f"live:{number}" for number in range(made["before"] + 1)} <= set(live)
    assert again.person(ANNA).profile["orders"] == anna["orders"]
    assert again.person(ANNA).profile["net_spend"] == anna["net_spend"]
    with pytest.raises(NotFound):
        again.person(BO)
    assert not again.sql(f"SELECT 1 FROM events WHERE actor_key = '{BO}'").fetchall()
    again.inbox.put_now([Event(id="later", at=NOW, kind="view", source="site", actor_key=ANNA)], received_at=NOW)
    assert land(again.inbox, again.lake, NOW).events == 1
    again.inbox.close()
    assert (back / "secret.key").read_text() == (folder / "secret.key").read_text()
    with sqlite3.connect(back / "ops.sqlite3") as database:
        assert not database.execute("SELECT 1 FROM channels_account WHERE is_on").fetchall()
        assert database.execute("SELECT what FROM contacts_pause").fetchall() == [("all",)]
        assert database.execute("SELECT what FROM team_act ORDER BY id DESC").fetchone() == ("workspace.restore",)


def test_a_backup_that_was_changed_is_refused_by_the_name_of_the_file(tmp_path: Path) -> None:
    from lianyi.doors.backup import back_up

    ws = lianyi.open(tmp_path / "ws", create=True)
    ws.record([Event(id="a", at=NOW, kind="view", source="site", actor_key=ANNA)])
    target, manifest = back_up(ws.folder, tmp_path / "kept", now=NOW, passphrase=None)
    assert manifest.events == 1
    assert not manifest.keys
    assert checked(target) == manifest
    with pytest.raises(InputError, match="elsewhere"):
        back_up(ws.folder, ws.folder / "kept", now=NOW, passphrase=None)
    planted = target / "workspace" / "secret.key"
    planted.write_text("mine")
    with pytest.raises(InputError, match="not of this backup"):
        checked(target)
    planted.unlink()
    planted.symlink_to(tmp_path)
    with pytest.raises(InputError, match="no links"):
        checked(target)
    planted.unlink()
    (data,) = (target / "workspace" / "lake").glob("*.parquet")
    content = data.read_bytes()
    data.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match=data.name):
        checked(target)
    data.unlink()
    with pytest.raises(InputError, match="missing"):
        checked(target)
    shutil.rmtree(target / "workspace")
    (target / "manifest.json").unlink()
    with pytest.raises(NotFound, match="no whole backup"):
        checked(target)


def test_the_list_of_erasures_names_nobody_and_lies_beside_the_backups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lianyi.doors.backup import back_up
    from lianyi.doors.restoring import restore

    ws = lianyi.open(tmp_path / "ws", create=True)
    target, _made = back_up(ws.folder, tmp_path / "kept", now=NOW, passphrase=None)
    back_up(ws.folder, tmp_path / "other", now=NOW, passphrase=None)
    assert target.stat().st_mode & 0o077 == 0, "it holds people and keys"
    erasures = Erasures(ws.folder)
    beside = tmp_path / "kept" / erasures.name()
    beside.unlink()  # there was one, though nobody had been erased
    with pytest.raises(InputError, match="would come back"):
        restore(target, tmp_path / "back", passphrase=None, without_keys=True, by="olga")
    monkeypatch.setenv("LIANYI_DATABASE", "postgresql://live/brand")
    with pytest.raises(InputError, match="unset LIANYI_DATABASE"):
        restore(target, tmp_path / "back", passphrase=None, without_keys=True, by="olga")
    monkeypatch.setenv("LIANYI_DATABASE", "")
    assert not (tmp_path / "back").exists()
    erasures.note({"phone:8613912345600"}, at=ws.clock())
    for place in ("kept", "other"):
        assert (tmp_path / place / erasures.name()).read_bytes() == erasures.path.read_bytes()
    assert b"8613912345600" not in beside.read_bytes()
    assert set(erasures.hashed(["phone:8613912345600"])) == erasures.since(NOW)
    assert erasures.since(ws.clock()) == set()


def test_keys_open_with_their_passphrase_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "COST", 2**8)
    content = sealing.sealed(b"secret", "wade in")
    assert b"secret" not in content
    assert sealing.opened(content, "wade in") == b"secret"
    with pytest.raises(InputError, match="passphrase"):
        sealing.opened(content, "wade out")


def test_a_database_on_postgresql_comes_back_whole_or_not_at_all(tmp_path: Path) -> None:
    import psycopg

    from lianyi.doors import postgres_dump
    from lianyi.errors import LianyiError

    with postgres.server() as address:
        other = address.rpartition("/")[0] + "/other"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE TABLE said (words text)")
            connection.execute("INSERT INTO said VALUES ('涟漪')")
            connection.execute("CREATE DATABASE other")
        postgres_dump.dump(address, tmp_path / "dump")
        postgres_dump.restore(other, tmp_path / "dump")
        with psycopg.connect(other) as connection:
            assert connection.execute("SELECT words FROM said").fetchall() == [("涟漪",)]
        with pytest.raises(LianyiError, match="already exists"):
            postgres_dump.restore(other, tmp_path / "dump")
