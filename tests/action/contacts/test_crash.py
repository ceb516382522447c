"""A campaign to 10,000 people over a real SMTP server, by two senders that are killed at random moments."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from lianyi.workspace import Workspace
from tests.action.contacts.conftest import Sink
from tests.action.contacts.crowd import landed, put_people

PEOPLE = 10_000
KILLS = 6
# What a sender has written down as being given when it dies: at most one portion under way when it hands over another,
# of 64 each (8 at once by e-mail). How far it gets into the second is up to the machine.
IN_DOUBT = 2 * 64


def run(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.action.contacts.crashing", str(folder), *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def finish(folder: Path, *arguments: str) -> None:
    with run(folder, *arguments) as process:
        assert process.wait(120) == 0, arguments


def started(folder: Path) -> subprocess.Popen[str]:
    """A sender that has begun."""
    process = run(folder, "send")
    assert process.stdout is not None
    assert process.stdout.readline() == "sending\n"
    return process


def states(folder: Path) -> dict[str, str]:
    with closing(sqlite3.connect(folder / "ops.sqlite3")) as connection:
        return dict(connection.execute("SELECT key, state FROM contacts_contact"))


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def recipients(keys: list[str]) -> set[str]:
    return {f"person{key.removeprefix('spring/')}@tea.test" for key in keys}


@pytest.mark.slow
def test_a_campaign_survives_kills_at_random_moments(brand: Workspace, sink: Sink) -> None:
    put_people(brand, PEOPLE)
    finish(brand.folder, "fill", str(PEOPLE), str(sink.port))
    chance = random.Random(os.environ.get("LIANYI_SEED", "7"))

    senders = [started(brand.folder), started(brand.folder)]
    for number in range(KILLS):
        time.sleep(chance.uniform(0.2, 1.2))
        kill(senders[number % 2])
        senders[number % 2] = started(brand.folder)
    for sender in senders:
        assert sender.wait(120) == 0
        assert sender.stdout is not None
        sender.stdout.close()

    # Nothing came twice. What did not come is either not lost, or known to be in doubt.
    got = Counter(sink.got())
    found = states(brand.folder)
    assert set(found.values()) <= {"sent", "unknown"}, Counter(found.values())
    assert max(got.values()) == 1
    unknown = [key for key, state in found.items() if state == "unknown"]
    sent = [key for key, state in found.items() if state == "sent"]
    assert recipients(sent) <= set(got)
    assert set(got) <= recipients(list(found))
    assert 0 < len(unknown) <= KILLS * IN_DOUBT, len(unknown)

    # Somebody looks them up in the server's log, and says which went out; the others are sent again.
    went_out = [key for key in unknown if recipients([key]) <= set(got)]
    lost = sorted(set(unknown) - set(went_out))
    print(f"{len(unknown)} in doubt: {len(went_out)} had gone out, {len(lost)} had not")
    finish(brand.folder, "sent", *went_out)
    finish(brand.folder, "again", *lost)
    finish(brand.folder, "send")
    assert Counter(sink.got()) == Counter(dict.fromkeys(recipients(list(found)), 1))
    assert set(states(brand.folder).values()) == {"sent"}
    told = landed(brand)
    assert Counter(event["kind"] for event in told) == {"sent": PEOPLE}
    assert len({event["id"] for event in told}) == PEOPLE
