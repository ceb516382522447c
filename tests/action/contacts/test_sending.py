"""The sender against a real SMTP server: what may go goes once, what may not is kept with its reason."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from lianyi.action.channels import accounts
from lianyi.action.contacts.asking import Ask, ask, states
from lianyi.action.contacts.models import CHOICE, Contact, Line, State
from lianyi.action.contacts.sending import Sending
from lianyi.action.policy import keeping
from lianyi.workspace import Workspace
from tests.action.contacts.conftest import Sink
from tests.action.contacts.crowd import LONG_AGO, consents, id_of, landed, noon, put_people


def wanted(number: int, **changes: Any) -> Ask:
    said: dict[str, Any] = {
        "key": f"spring/{number}", "person_id": id_of(number), "channel": "mail", "purpose": "marketing", "by": "anna",
        "campaign": "spring", "body": {"subject": "Spring tea", "text": f"Hello {number}"},
    }  # fmt: skip
    return Ask(**{**said, **changes})


def work(ws: Workspace, now: datetime) -> None:
    """Send until nothing is due, with a clock that stands."""
    sending = Sending(clock=lambda: now, chance=random.Random(1))
    while sending.due(now):
        sending.work(ws, now, lambda: False)


def test_what_may_go_goes_once_and_is_told(brand: Workspace, mail: str, sink: Sink) -> None:
    put_people(brand, 120)
    ask([wanted(number) for number in range(120)], now=noon())
    work(brand, noon())
    assert sorted(sink.got()) == sorted(f"person{number}@tea.test" for number in range(120))
    assert set(Contact.objects.values_list("state", flat=True)) == {State.SENT}
    told = landed(brand)
    assert len(told) == 120
    assert {event["kind"] for event in told} == {"sent"}
    one = next(event for event in told if event["id"] == "contact:spring/7/sent")
    assert (one["target_key"], one["campaign"], one["channel"]) == ("email:person7@tea.test", "spring", "email")
    assert json.loads(one["props"])["account"] == "mail"


def test_what_was_drawn_by_chance_is_told_with_its_chance(brand: Workspace, mail: str, sink: Sink) -> None:
    put_people(brand, 1)
    drawn = {"choice": "journey/tea/ab", "options": {"a": 0.25, "b": 0.75}, "chosen": "b", "propensity": 0.75}
    ask([wanted(0, variables={CHOICE: drawn})], now=noon())
    work(brand, noon())
    (one,) = landed(brand)
    assert {name: json.loads(one["props"])[name] for name in drawn} == drawn


def test_who_may_not_be_written_to_is_kept_with_the_reason(brand: Workspace, mail: str, sink: Sink) -> None:
    said: dict[int, dict[str, Any]] = {
        0: {"consents": consents(("marketing", "email", True, LONG_AGO), ("marketing", "", False, noon(-9)))},
        1: {"consents": []},
        2: {"keys": ["wecom:wm2"]},
        3: {"attributes": '{"timezone": "America/New_York"}'},
    }
    put_people(brand, 6, changes=said)
    ask([wanted(number) for number in range(5)] + [wanted(6, person_id="p0000000000000000")], now=noon())
    ask([wanted(5, key="a"), wanted(5, key="b", priority=3)], now=noon())
    work(brand, noon())
    found = {row.key: (row.state, row.rule) for row in Contact.objects.all()}
    assert found == {
        "spring/0": (State.REFUSED, "consent"), "spring/1": (State.REFUSED, "consent"),
        "spring/2": (State.REFUSED, "address"), "spring/3": (State.WAITING, "quiet_hours"),
        "spring/4": (State.SENT, ""), "spring/6": (State.REFUSED, "person"), "a": (State.WAITING, "spacing"),
        "b": (State.SENT, ""),
    }  # fmt: skip
    # Noon in Shanghai is midnight in New York; there it is morning nine hours later.
    assert Contact.objects.get(key="spring/3").not_before == noon() + timedelta(hours=9)
    skipped = {event["id"]: json.loads(event["props"])["rule"] for event in landed(brand) if event["kind"] == "skipped"}
    assert skipped == {
        "contact:spring/0/skipped": "consent", "contact:spring/1/skipped": "consent",
        "contact:spring/2/skipped": "address",
    }  # fmt: skip


def test_a_cap_holds_over_days_and_says_its_figures(brand: Workspace, mail: str, sink: Sink) -> None:
    keeping.apply("caps: [{name: a week, most: 2, per: week}]", by="anna", now=noon())
    put_people(brand, 1)
    for day in range(3):  # Monday to Wednesday
        ask([wanted(0, key=f"day {day}")], now=noon(day))
        work(brand, noon(day))
    assert [row.state for row in Contact.objects.order_by("id")] == [State.SENT, State.SENT, State.REFUSED]
    last = Contact.objects.get(key="day 2")
    assert (last.rule, last.values["had"], last.values["most"]) == ("caps", 2, 2)
    assert last.policy == 1


def test_errors_of_a_channel_are_tried_again_with_growing_waits(brand: Workspace, mail: str) -> None:
    keeping.apply("{}", by="anna", now=noon())
    accounts.change(accounts.by_name("mail"), {"port": 1}, by="anna", now=noon())
    put_people(brand, 1)
    ask([wanted(0)], now=noon())
    waits, now = [], noon()
    for _ in range(9):
        work(brand, now)
        row = Contact.objects.get()
        if row.state != State.WAITING:
            break
        waits.append((row.not_before - now).total_seconds())
        now = max(row.not_before, now + timedelta(hours=2))
        accounts_rest_no_more()
    assert row.state == State.FAILED
    assert row.attempts == 8
    assert all(later > 0.6 * earlier for earlier, later in itertools.pairwise(waits))
    assert [event["kind"] for event in landed(brand)] == ["failed"]


def accounts_rest_no_more() -> None:
    Line.objects.update(closed_until=None)


def test_states_of_a_campaign(brand: Workspace, mail: str, sink: Sink) -> None:
    keeping.apply("confirm: [{channels: [mail]}]", by="anna", now=noon())
    put_people(brand, 3)
    ask([wanted(number) for number in range(3)], now=noon())
    work(brand, noon())
    assert Counter(states([f"spring/{number}" for number in range(3)]).values()) == {"held": 3}
    assert not sink.got()
