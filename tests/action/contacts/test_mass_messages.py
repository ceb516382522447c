"""A mass message from the outbox to the customer: meant, then confirmed by staff, then sent."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lianyi.action.channels import accounts
from lianyi.action.contacts.asking import Ask, ask, states
from lianyi.action.contacts.models import Contact
from lianyi.action.contacts.sending import Sending
from lianyi.workspace import Workspace
from tests.action.channels.platforms import APP_SECRET, CORP
from tests.action.channels.servers import Simulated, simulated
from tests.action.contacts.crowd import LONG_AGO, consents, id_of, landed, noon, put_people

PEOPLE = 40


@pytest.fixture
def wecom(brand: Workspace, tmp_path: Path) -> Iterator[Simulated]:
    with simulated(tmp_path / "platforms") as made:
        said = {"corp_id": CORP, "secret": APP_SECRET, "url": made.url, "days": 30}
        accounts.add("mass", "wecom_mass", said, by="anna", now=noon())
        made.set(contacts={f"wm{number}": ("zhang", "li")[number % 2] for number in range(PEOPLE)})
        yield made


def work(ws: Workspace, now: datetime) -> None:
    sending = Sending(clock=lambda: now, chance=random.Random(1))
    while sending.due(now):
        sending.work(ws, now, lambda: False)


def test_who_was_meant_stays_visible_until_staff_have_sent_it(brand: Workspace, wecom: Simulated) -> None:
    put_people(brand, PEOPLE, changes={
        number: {"keys": [f"wecom:wm{number}"], "consents": consents(("marketing", "wecom", True, LONG_AGO))}
        for number in range(PEOPLE)
    })  # fmt: skip
    asks = [
        Ask(key=f"spring/{number}", person_id=id_of(number), channel="mass", purpose="marketing", by="anna",
            campaign="spring", body={"text": "春茶到了"}, content=None, variables={})
        for number in range(PEOPLE)
    ]  # fmt: skip
    ask(asks, now=noon())
    work(brand, noon())
    keys = [one.key for one in asks]
    assert Counter(states(keys).values()) == {"unknown": PEOPLE}
    assert len(wecom.kept("task")) == 1, "staff confirm once"
    assert "sent" not in {event["kind"] for event in landed(brand)}
    work(brand, noon() + timedelta(minutes=10))
    assert Counter(states(keys).values()) == {"unknown": PEOPLE}, "nobody has confirmed; nothing is sent again"
    assert len(wecom.kept("task")) == 1
    at = int((noon() + timedelta(minutes=15)).timestamp())
    wecom.set(confirmed={"zhang": at}, capped=["wm0"])
    work(brand, noon() + timedelta(minutes=20))
    assert Counter(states(keys).values()) == {"unknown": PEOPLE // 2, "sent": PEOPLE // 2 - 1, "failed": 1}
    assert set(Contact.objects.filter(state="sent").values_list("sent_at", flat=True)) == {
        datetime.fromtimestamp(at, UTC)
    }
    assert Counter(event["kind"] for event in landed(brand))["sent"] == PEOPLE // 2 - 1
