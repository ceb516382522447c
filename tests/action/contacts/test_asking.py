"""The way into the outbox: a key is one contact for ever, and what is taken back was not on its way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lianyi.action.contacts.asking import Ask, ask, cancel, states
from lianyi.action.contacts.models import Contact, State
from lianyi.errors import InputError

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def asked(key: str, **changes: Any) -> Ask:
    """A contact that somebody wants."""
    said: dict[str, Any] = {
        "key": key, "person_id": f"p{key}", "channel": "mail", "purpose": "marketing", "by": "anna",
        "body": {"text": "hello"},
    }  # fmt: skip
    return Ask(**{**said, **changes})


def test_the_same_key_twice_is_one_contact() -> None:
    assert ask([asked("a"), asked("b"), asked("a", priority=5)], now=NOW) == 2
    assert ask([asked("b", priority=9), asked("c")], now=NOW + timedelta(hours=1)) == 1
    assert states(["a", "b", "c", "d"]) == {"a": "waiting", "b": "waiting", "c": "waiting"}
    assert Contact.objects.get(key="b").priority == 0


def test_more_than_one_page_is_kept_and_found() -> None:
    keys = [f"k{number}" for number in range(1_203)]
    assert ask((asked(key) for key in keys), now=NOW) == 1_203
    assert len(states(keys)) == 1_203
    assert cancel(keys=keys[:700], now=NOW) == 700
    assert Contact.objects.filter(state=State.CANCELLED).count() == 700


def test_what_is_being_sent_cannot_be_taken_back() -> None:
    ask([asked("a", campaign="tea"), asked("b", campaign="tea"), asked("c", journey="j"), asked("d")], now=NOW)
    Contact.objects.filter(key="a").update(state=State.DELIVERING)
    assert cancel(campaign="tea", now=NOW) == 1
    assert cancel(journey="j", now=NOW) == 1
    assert states(["a", "b", "c", "d"]) == {"a": "claimed", "b": "cancelled", "c": "cancelled", "d": "waiting"}
    with pytest.raises(InputError, match="name a campaign"):
        cancel(now=NOW)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"person_id": ""}, "person_id"),
        ({"campaign": "x" * 201}, "longer than 200"),
        ({"body": None}, "either a content version or a body"),
        ({"content": 3}, "either a content version or a body"),
        ({"not_before": NOW, "expires_at": NOW}, "could never be sent"),
    ],
)
def test_what_cannot_be_kept_is_named(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        ask([asked("a", **wrong)], now=NOW)
    assert not Contact.objects.exists()
