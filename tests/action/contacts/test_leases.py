"""What a dead worker leaves, two workers at once, and who may be written to twice: nobody, where nobody can know."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from lianyi.action.contacts import claiming, facts, forgetting, gate, steering
from lianyi.action.contacts.asking import ask
from lianyi.action.contacts.models import Contact, Pause, State
from lianyi.action.contacts.sending import Sending
from lianyi.action.policy import consents, keeping, suppressing
from lianyi.workspace import Workspace
from tests.action.contacts.conftest import Sink
from tests.action.contacts.crowd import id_of, key_of, noon, put_people
from tests.action.contacts.test_sending import wanted, work


def given(brand: Workspace, number: int) -> Contact:
    """A contact that a worker has written down as being given, and then died."""
    ask([wanted(number)], now=noon())
    claiming.promote(noon())
    (mine,) = claiming.claim("mail", "dead", now=noon())
    assert claiming.mark_given([mine.pk], "dead", now=noon(), policy=0) == {mine.pk}
    return Contact.objects.get(pk=mine.pk)


def test_what_was_being_given_is_unknown_and_not_sent_again(brand: Workspace, mail: str, sink: Sink) -> None:
    put_people(brand, 1)
    given(brand, 0)
    later = noon() + timedelta(minutes=5)
    work(brand, later)
    row = Contact.objects.get()
    assert (row.state, row.reason) == (State.UNKNOWN, claiming.CRASHED)
    assert not sink.got()
    steering.resolve(Contact.objects.all(), went_out=False, by="anna", now=later)
    work(brand, later)
    assert Contact.objects.get().state == State.SENT
    assert sink.got() == ["person0@tea.test"]


def test_a_channel_with_keys_tries_again(brand: Workspace, mail: str) -> None:
    put_people(brand, 1)
    given(brand, 0)
    assert claiming.recover(noon() + timedelta(minutes=5), keyed=["mail"]) == (1, 0)
    row = Contact.objects.get()
    assert (row.state, row.attempts, row.worker) == (State.WAITING, 1, "")


def test_what_was_claimed_only_waits_again(brand: Workspace, mail: str) -> None:
    put_people(brand, 2)
    ask([wanted(number) for number in range(2)], now=noon())
    claiming.promote(noon())
    assert len(claiming.claim("mail", "dead", now=noon())) == 2
    assert claiming.recover(noon() + timedelta(seconds=59), keyed=[]) == (0, 0)
    assert claiming.recover(noon() + timedelta(seconds=61), keyed=[]) == (2, 0)
    assert claiming.mark_given([Contact.objects.all()[0].pk], "dead", now=noon(), policy=0) == set()


def test_of_one_person_only_one_contact_is_claimed_at_a_time(brand: Workspace, mail: str) -> None:
    put_people(brand, 1)
    ask([wanted(0, key=f"{number}", priority=number) for number in range(3)], now=noon())
    claiming.promote(noon())
    assert [row.key for row in claiming.claim("mail", "one", now=noon())] == ["2"]
    assert claiming.claim("mail", "two", now=noon()) == []


def test_the_higher_priority_goes_first_also_by_another_channel(brand: Workspace, mail: str, sink: Sink) -> None:
    from tests.action.contacts.conftest import add_mail

    add_mail("news", sink.port)
    put_people(brand, 1)
    ask([wanted(0, key="low", priority=1), wanted(0, key="high", priority=2, channel="news")], now=noon())
    claiming.promote(noon())
    low = claiming.claim("mail", "w", now=noon())
    policy = keeping.current()
    assert gate.pass_through(brand, low, policy, facts.Channels.read(), "w", now=noon()) == []
    row = Contact.objects.get(key="low")
    assert (row.state, row.rule, row.values["of_priority"]) == (State.WAITING, "priority", 2)


def test_a_pause_holds_back_until_it_ends(brand: Workspace, mail: str, sink: Sink) -> None:
    put_people(brand, 4)
    ask([wanted(0), wanted(1, campaign="summer"), wanted(2, campaign="summer")], now=noon())
    steering.pause("campaign", "summer", by="anna", now=noon())
    work(brand, noon())
    assert sink.got() == ["person0@tea.test"]
    steering.pause("all", by="anna", now=noon())
    assert steering.go_on("campaign", "summer", by="anna") == 2
    Sending(clock=noon).work(brand, noon(), lambda: False)
    assert len(sink.got()) == 1
    steering.go_on("all", by="anna")
    work(brand, noon())
    assert len(sink.got()) == 3
    assert not Pause.objects.exists()


def test_a_word_said_now_holds_now(brand: Workspace, mail: str, sink: Sink) -> None:
    put_people(brand, 3)
    said: dict[str, Any] = {"purpose": "marketing", "source": "unsubscribe", "now": noon()}
    consents.say(brand, person_id=id_of(0), key=key_of(0), channel="email", granted=False, **said)
    suppressing.add(brand, [key_of(1)], reason="asked", by="anna", now=noon())
    ask([wanted(number) for number in range(3)], now=noon())
    work(brand, noon())
    assert sink.got() == ["person2@tea.test"]
    rules = dict(Contact.objects.values_list("key", "rule"))
    assert (rules["spring/0"], rules["spring/1"]) == ("consent", "suppression")


def test_an_erasure_reaches_the_outbox_and_keeps_the_no(brand: Workspace, mail: str, sink: Sink) -> None:
    put_people(brand, 2)
    ask([wanted(0, variables={"name": "Ann"}), wanted(1)], now=noon())
    said: dict[str, Any] = {"purpose": "marketing", "channel": "email", "source": "unsubscribe", "now": noon()}
    consents.say(brand, person_id=id_of(0), key=key_of(0), granted=False, **said)
    assert forgetting.held([id_of(0)])["contacts"][0]["variables"] == {"name": "Ann"}
    forgetting.forget(brand, [id_of(0)], [key_of(0)], now=noon())
    assert forgetting.held([id_of(0)]) == {"contacts": [], "words_on_consent": []}
    row = Contact.objects.exclude(person_id=id_of(1)).get()
    assert (row.state, row.campaign, row.variables, row.key) == (State.CANCELLED, "spring", {}, f"erased/{row.pk}")
    assert id_of(0) not in str(list(Contact.objects.values()))
    assert len(suppressing.entries(brand, key_of(0))) == 1
    work(brand, noon())
    assert sink.got() == ["person1@tea.test"]


def test_two_workers_at_once_claim_nothing_twice(brand: Workspace, mail: str) -> None:
    """By turns of many small claims, as two processes make them (`test_crash` has the processes)."""
    put_people(brand, 300)
    ask([wanted(number) for number in range(300)], now=noon())
    claiming.promote(noon())
    claimed: dict[str, list[int]] = {"one": [], "two": []}
    chance = random.Random(3)
    while True:
        worker = chance.choice(["one", "two"])
        mine = claiming.claim("mail", worker, now=noon(), most=chance.randint(1, 20))
        if not mine:
            break
        claimed[worker] += [row.pk for row in mine]
    assert len({*claimed["one"], *claimed["two"]}) == len(claimed["one"]) + len(claimed["two"]) == 300
    assert claimed["one"]
    assert claimed["two"]
