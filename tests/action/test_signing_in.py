"""Signing in under attack: many tries at once, and strangers who write into our logs."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Semaphore
from typing import Any

import pytest

from lianyi.action.team import signing_in
from lianyi.action.team.models import Act, SignInAttempt

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
ADDRESS = "203.0.113.9"


def attempt(name: str = "olga", *, address: str = ADDRESS, now: datetime = NOW) -> signing_in.Outcome:
    return signing_in.sign_in(name=name, password="guess", address=address, now=now)


def test_tries_that_are_still_being_hashed_count_as_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = 0

    def slow(**_given: Any) -> None:
        nonlocal hashed
        hashed += 1
        attempt()  # the next one comes while this one is under way

    monkeypatch.setattr(signing_in, "authenticate", slow)
    monkeypatch.setattr(signing_in, "HASHING", Semaphore(100))
    attempt()
    assert hashed == signing_in.MAX_PER_NAME_AND_ADDRESS


def test_only_so_many_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    free = []

    def look(**_given: Any) -> None:
        free.append(signing_in.HASHING.acquire(blocking=False))
        signing_in.HASHING.release()

    monkeypatch.setattr(signing_in, "HASHING", Semaphore(2))
    monkeypatch.setattr(signing_in, "authenticate", look)
    attempt()
    assert free == [True]
    monkeypatch.setattr(signing_in, "HASHING", Semaphore(1))
    monkeypatch.setattr(
        signing_in, "authenticate", lambda **_given: free.append(signing_in.HASHING.acquire(blocking=False))
    )
    attempt()
    assert free == [True, False], "the try itself holds a place while it hashes"


def test_who_must_wait_is_written_down_once_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "authenticate", lambda **_given: None)
    for _ in range(40):
        attempt()
    assert Act.objects.filter(what="sign_in.locked").count() == 1


@pytest.mark.parametrize("name", ["two words", "x" * 101, "olga\x1b[2J", "a\nsomebody did everything on p1", ""])
def test_what_nobody_can_be_called_is_kept_nowhere(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "authenticate", lambda **_given: None)
    for _ in range(8):
        attempt(name)
    assert set(SignInAttempt.objects.values_list("name", flat=True)) == {""}
    assert [act.by for act in Act.objects.filter(what="sign_in.locked")] == ["?"]
