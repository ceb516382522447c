"""Links of e-mails: who opens one is known by what is sealed in it; who objects, or is owed the message, is left be."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lianyi.action.contacts import clicks, facts
from lianyi.action.contacts.asking import Ask, ask
from lianyi.action.contacts.composing import Ready, address_of, compose
from lianyi.action.contacts.facts import Channels
from lianyi.action.contacts.models import Contact
from lianyi.action.content import keeping as contents
from lianyi.action.content import rendering
from lianyi.action.policy import keeping
from lianyi.workspace import Workspace
from tests.action.contacts.crowd import LONG_AGO, consents, id_of, noon, put_people

TEA, FILES = "https://tea.cn/new?a=1&b=2", "https://tea.cn/file"
BODY = {
    "subject": "AD Spring tea",
    "blocks": [
        {"type": "text", "text": f"Look [here]({FILES}) or write to [us](mailto:a@tea.cn)"},
        {"type": "button", "text": "Spring tea", "url": TEA},
    ],
}
TOKEN = re.compile(r"/m/([\w=-]+)")


def letter(ws: Workspace, number: int = 0, **changes: Any) -> Ready:
    rendering.forget_read()
    version = contents.create(
        name=f"spring {changes}", kind="email", bodies={"en": BODY}, fallback="en", variables=None, by="anna",
        now=noon(),
    )  # fmt: skip
    said: dict[str, Any] = {
        "key": f"spring/{number}", "person_id": id_of(number), "channel": "mail", "purpose": "marketing", "by": "anna",
        "campaign": "spring", "content": version.pk, "body": None,
    }  # fmt: skip
    ask([Ask(**{**said, **changes})], now=noon())
    contact, policy, channels = Contact.objects.latest("pk"), keeping.current().policy, Channels.read()
    known = facts.known(ws, {contact.person_id}, policy, channels, noon(), hear=False)[contact.person_id]
    to = address_of(contact, known)
    assert to is not None
    return compose(contact, known, policy, channels, to=to)


def leads(ws: Workspace, text: str) -> list[str]:
    seal = clicks.Seal(ws.folder)
    opened = [seal.open(token) for token in TOKEN.findall(text)]
    return [one.url for one in opened if one is not None]


def test_links_lead_on_and_know_the_contact(brand: Workspace, mail: str) -> None:
    put_people(brand, 1)
    made = letter(brand)
    assert leads(brand, made.message.html) == [FILES, TEA]
    assert set(leads(brand, made.message.text)) == {FILES, TEA}
    assert TEA not in made.message.html
    assert "mailto:a@tea.cn" in made.message.html
    assert "person0" not in "".join(TOKEN.findall(made.message.html))
    opened = clicks.Seal(brand.folder).open(TOKEN.findall(made.message.html)[0])
    assert opened == clicks.Opened(
        contact="spring/0", key=made.key, url=FILES, campaign="spring", content=made.contact.content
    )
    # The way to say no is no detour.
    assert f"{rendering.base_url()}/unsubscribe/" in made.message.headers["List-Unsubscribe"]
    assert "/unsubscribe/" in made.message.text


@pytest.mark.parametrize("case", ["objects", "owed"])
def test_who_objects_or_is_owed_it_gets_plain_links(brand: Workspace, mail: str, case: str) -> None:
    policy = keeping.current().policy
    said = consents(("marketing", "email", True, LONG_AGO), (policy.personalisation, "", False, LONG_AGO))
    put_people(brand, 1, changes={0: {"consents": said}} if case == "objects" else None)
    owed: dict[str, Any] = {"transactional": True, "purpose": policy.transactional[0]} if case == "owed" else {}
    made = letter(brand, **owed)
    assert TOKEN.findall(made.message.html + made.message.text) == []
    assert FILES in made.message.html
