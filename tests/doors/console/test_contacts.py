"""Pages on what is sent: the queue and its reasons, the policy, the suppression list, unsubscribing without login."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lianyi.action.channels import accounts
from lianyi.action.contacts import consenting, unsubscribing
from lianyi.action.contacts.asking import Ask, ask
from lianyi.action.contacts.models import Contact, Pause, State
from lianyi.action.policy import keeping, suppressing
from lianyi.workspace import Workspace
from tests.doors.standing import ANNA, BO, Standing


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def waiting(brand: Workspace, db: None) -> dict[str, str]:
    """A mail account and a contact of each of three states; by name the id of the person."""
    settings = {"host": "127.0.0.1", "port": 25, "encryption": "none", "from_address": "hello@tea.test"}
    accounts.add("mail", "email", settings, by="anna", now=timezone.now())
    people = {key: brand.person(key).person_id for key in (ANNA, BO)}
    for key, person in people.items():
        ask([_wanted(f"spring/{key}", person)], now=timezone.now())
    ask([_wanted("doubt", people[BO], campaign="summer")], now=timezone.now())
    capped = {"had": 2, "most": 2, "per": "week", "count": "together", "channel": "email", "name": ""}
    Contact.objects.filter(key=f"spring/{ANNA}").update(state=State.REFUSED, rule="caps", values=capped, policy=0)
    Contact.objects.filter(key=f"spring/{BO}").update(state=State.HELD, rule="confirm")
    Contact.objects.filter(key="doubt").update(state=State.UNKNOWN, given_at=timezone.now())
    return people


def _wanted(key: str, person: str, *, campaign: str = "spring", at: datetime | None = None) -> Ask:
    return Ask(
        key=key, person_id=person, channel="mail", purpose="marketing", by="anna", campaign=campaign,
        body={"text": "hello"}, not_before=at,
    )  # fmt: skip


def test_the_queue_says_why_not(standing: Standing, waiting: dict[str, str]) -> None:
    page = text(standing.analyst.get(reverse("contacts")))
    assert re.search(r"Not sent</span> <span class=.small.>3rd message this week, cap 2<", page)
    assert "Let it go" not in page  # an analyst sees, and sends nothing
    mine = text(standing.owner.get(reverse("contacts"), {"who": ANNA}))
    assert "cap 2" in mine
    assert "waits for a human" not in mine
    by_name = text(standing.owner.get(reverse("contacts"), {"who": "林安娜"}))
    assert "cap 2" in by_name
    nobody = text(standing.owner.get(reverse("contacts"), {"who": "Nobody <b>"}))
    assert "Nobody is called Nobody &lt;b&gt;" in nobody
    assert "no such" not in nobody
    zh = standing.owner.get(reverse("contacts"), headers={"accept-language": "zh-hans"})
    assert zh.status_code == 200
    assert "cap 2" in text(standing.owner.get(reverse("person", args=[waiting[ANNA]])))


def test_held_unknown_and_waiting_contacts_are_acted_on(standing: Standing, waiting: dict[str, str]) -> None:
    owner, act = standing.owner, reverse("contacts_act")
    assert standing.analyst.post(act, {"key": "doubt", "what": "sent"}).status_code == 403
    owner.post(act, {"key": f"spring/{BO}", "what": "confirm", "back": "campaign=spring"})
    held = Contact.objects.get(key=f"spring/{BO}")
    assert (held.state, held.confirmed_by) == (State.WAITING, "olga")
    owner.post(act, {"key": "doubt", "what": "sent"})
    assert Contact.objects.get(key="doubt").state == State.SENT
    owner.post(act, {"campaign": "spring", "what": "cancel"})
    assert Contact.objects.get(key=f"spring/{BO}").state == State.CANCELLED
    assert owner.post(act, {"what": "cancel"}).status_code == 302  # nothing named, nothing done
    pause = reverse("contacts_pause")
    owner.post(pause, {"what": "campaign", "name": "spring", "on": "1", "why": "typo"})
    assert "typo" in text(owner.get(reverse("contacts")))
    owner.post(pause, {"what": "campaign", "name": "spring"})
    assert not Pause.objects.exists()


def test_the_calendar_counts_what_waits_by_day_and_campaign(
    standing: Standing, waiting: dict[str, str], brand: Workspace
) -> None:
    at = timezone.now() + timedelta(days=3)
    day = timezone.localtime(at, ZoneInfo(brand.settings.timezone))
    ask([_wanted(f"later/{number}", waiting[BO], campaign="autumn", at=at) for number in range(7)], now=timezone.now())
    page = text(standing.owner.get(reverse("contacts_calendar")))
    row = re.search(rf"{day:%Y-%m-%d}</th><td>.*?autumn.*?</tr>", page)
    assert row is not None
    assert ">7<" in row[0]


def test_the_policy_is_read_checked_applied_and_refused_with_its_mistakes(standing: Standing, brand: Workspace) -> None:
    owner = standing.owner
    assert "At most 3 a week" in text(owner.get(reverse("policy")))
    wrong = text(owner.post(reverse("policy_check"), {"text": "caps: [{per: day}]\nquiet: []"}))
    assert "caps[1].most: is missing" in wrong
    assert "quiet: no such section" in wrong
    new = "caps:\n- {name: few, most: 1, per: week}\n- {most: no limit, per: day}\n- {most: 0, per: month}\n"
    assert "No limit a day" in text(owner.post(reverse("policy_check"), {"text": new}))
    assert standing.analyst.post(reverse("policy_edit"), {"text": new}).status_code == 403
    assert owner.post(reverse("policy_edit"), {"text": new, "why": "less", "instead_of": "0"}).status_code == 302
    assert keeping.current().number == 1
    late = owner.post(reverse("policy_edit"), {"text": "caps: []", "instead_of": "0"})
    assert (late.status_code, "meanwhile" in text(late)) == (422, True)
    assert "few: At most 1 a week" in text(owner.get(reverse("policy_version", args=[1])))
    assert owner.get(reverse("policy_version", args=[9])).status_code == 404


def test_the_gate_is_asked_about_a_person(standing: Standing, waiting: dict[str, str]) -> None:
    keeping.apply("consent: [{needs: granted}]", by="olga", now=timezone.now())
    asked = {"who": ANNA, "channel": "mail", "purpose": "marketing"}
    assert "would not be sent: no consent to marketing by email" in text(standing.owner.get(reverse("policy"), asked))


def test_one_click_unsubscribes_and_choices_are_kept(
    standing: Standing, brand: Workspace, waiting: dict[str, str]
) -> None:
    person = waiting[ANNA]
    url = unsubscribing.url(unsubscribing.Link(person_id=person, purpose="marketing", channel="email"))
    path, stranger = url.removeprefix("http://127.0.0.1:8765"), Client(enforce_csrf_checks=True)
    assert standing.owner.get(path).status_code == 200
    assert "Unsubscribe" in text(stranger.get(path))
    assert not consenting.held(brand, person, now=timezone.now())  # looking changes nothing
    assert stranger.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    held = consenting.held(brand, person, now=timezone.now())
    assert [(one["purpose"], one["channel"], one["granted"]) for one in held] == [("marketing", "email", False)]
    stranger.post(path, {"act": "choose", "choice-0": "1"})
    held = consenting.held(brand, person, now=timezone.now())
    found = {(one["purpose"], one["channel"]): one["granted"] for one in held}
    assert found == {("marketing", "email"): True, ("personalisation", ""): False}
    assert brand.inbox.backlog() == 3
    for broken in (path[:-3], path + "x", "/unsubscribe/x", "/unsubscribe/a.b"):
        assert stranger.post(broken, {"List-Unsubscribe": "One-Click"}).status_code == 404
    assert brand.inbox.backlog() == 3


def test_a_consent_is_taken_down_with_its_proof(standing: Standing, brand: Workspace) -> None:
    person = brand.person(ANNA).person_id
    where = reverse("person_consent", args=[person])
    standing.owner.post(where, {"purpose": "marketing", "channel": "email", "granted": "yes"})
    assert not consenting.held(brand, person, now=timezone.now())  # a yes without a proof is none
    standing.owner.post(where, {"purpose": "marketing", "channel": "email", "granted": "yes", "proof": "form of May"})
    assert consenting.held(brand, person, now=timezone.now())[0]["granted"] is True
    assert standing.analyst.post(where, {"purpose": "marketing", "granted": "no"}).status_code == 403


def test_the_suppression_list_keeps_hashes_only(standing: Standing, brand: Workspace) -> None:
    owner, where = standing.owner, reverse("suppression")
    said = {"list": "address\nann@example.cn\n138 0013 8000\nnothing at all", "reason": "asked"}
    assert "1 lines" in text(owner.post(reverse("suppression_add"), said, follow=True))
    page = text(owner.get(where, {"key": "ANN@example.cn"}))
    assert "On the list" in page
    assert "It is not on the list" in text(owner.get(where, {"key": "bea@example.cn"}))
    assert len(suppressing.entries(brand, "phone:8613800138000")) == 1
    owner.post(reverse("suppression_remove"), {"key": "ann@example.cn"})
    assert not suppressing.entries(brand, "email:ann@example.cn")
