"""The policy, the outbox, consents and the suppression list by command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone, translation

from lianyi.action.channels import accounts
from lianyi.action.contacts.asking import Ask, ask
from lianyi.action.contacts.models import Contact, State
from lianyi.workspace import Workspace
from tests.doors.cli.test_backstage import rows, run
from tests.doors.standing import ANNA


@pytest.fixture(autouse=True)
def _no_second_setup(monkeypatch: pytest.MonkeyPatch, db: None) -> Any:
    """As in test_backstage."""
    monkeypatch.setattr("lianyi.doors.console.start.prepare", lambda _folder: None)
    monkeypatch.setenv("USER", "op")
    with translation.override("en"), timezone.override("Asia/Shanghai"):
        yield


def test_the_policy_is_shown_checked_and_applied(brand: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(run(brand, "policy", "show").output.replace("most: 3", "most: 1"), encoding="utf-8")
    assert "At most 1 a week" in run(brand, "policy", "check", str(file)).output
    run(brand, "policy", "apply", str(file), "--why", "less")
    assert [(row["version"], row["why"]) for row in rows(run(brand, "policy", "versions", "--json"))] == [(1, "less")]
    assert json.loads(run(brand, "policy", "show", "--json").output)["rules"]["caps"][0]["most"] == 1
    file.write_text("caps: [{per: day}]", encoding="utf-8")
    assert "caps[1].most: is missing" in run(brand, "policy", "apply", str(file), code=2).stderr


def test_why_not_and_the_acts_on_the_queue(brand: Workspace) -> None:
    settings = {"host": "127.0.0.1", "port": 25, "encryption": "none", "from_address": "hello@tea.test"}
    accounts.add("mail", "email", settings, by="op", now=timezone.now())
    person = brand.person(ANNA).person_id
    ask([Ask(key="a", person_id=person, channel="mail", purpose="marketing", by="op", campaign="spring",
             body={"text": "hi"})], now=timezone.now())  # fmt: skip
    said = run(brand, "why-not", ANNA, "--channel", "mail").output
    assert "would not be sent: no consent to marketing by email" in said
    run(brand, "consents", "give", ANNA, "marketing", "--channel", "email", "--proof", "at the fair")
    assert rows(run(brand, "consents", "show", ANNA, "--json"))[0]["granted"] is True
    assert rows(run(brand, "why-not", ANNA, "--json"))[0]["said"] == "waits to be sent"
    assert rows(run(brand, "contacts", "calendar", "--json"))[0]["contacts"] == 1
    run(brand, "contacts", "pause", "campaign", "spring")
    assert rows(run(brand, "contacts", "pauses", "--json"))[0]["name"] == "spring"
    run(brand, "contacts", "resume", "campaign", "spring")
    assert "say which contacts" in run(brand, "contacts", "cancel", code=2).stderr
    assert "1 contacts are cancelled" in run(brand, "contacts", "cancel", "--campaign", "spring").output
    assert Contact.objects.get().state == State.CANCELLED
    assert rows(run(brand, "contacts", "counts", "--json")) == [{"of": "state", "name": "cancelled", "contacts": 1}]


def test_the_suppression_list(brand: Workspace, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("email\nann@example.cn\nnot one\n", encoding="utf-8")
    assert "1 new entries, 0 known; 1 lines" in run(brand, "suppression", "import", str(tmp_path / "list.csv")).output
    assert rows(run(brand, "suppression", "show", "ann@example.cn", "--json"))[0]["reason"] == "imported"
    assert "1 entries removed" in run(brand, "suppression", "remove", "ann@example.cn").output
