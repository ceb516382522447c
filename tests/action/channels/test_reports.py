"""What comes back by mail becomes events, and only where it proves that it is about a message of ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

import lianyi
from lianyi.action.channels import accounts
from lianyi.action.channels.email.marks import mark, verp
from lianyi.action.channels.email.reports import Report, reports
from lianyi.action.channels.models import Account
from lianyi.action.channels.rounds import Returns
from lianyi.action.contacts.models import Contact
from lianyi.action.policy import suppressing
from lianyi.action.policy.models import Suppressed
from lianyi.memory.draining import land
from lianyi.workspace import Workspace
from tests.action.channels.servers import running
from tests.doors.standing import ANNA, NAMES, copy_brand

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEAL = "5e" * 32
ANN = "ann@example.cn"
MARK = mark(SEAL, "spring/ann", ANN)


def dsn(
    *, status: str = "5.1.1", action: str = "failed", to: str = "bounces@tea.test", recipient: str = ANN,
    message_id: str = f"{MARK}@tea.test", returned: str = "message/rfc822",
) -> bytes:  # fmt: skip
    """A report as Postfix writes it."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.cn (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B/mx"

--B/mx
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B/mx
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.cn
X-Postfix-Queue-ID: 4F1
Arrival-Date: Sun,  1 Mar 2026 12:00:00 +0800 (CST)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.cn
Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: Recipient address rejected:
    User unknown

--B/mx
Content-Description: Undelivered Message
Content-Type: {returned}

From: hello@tea.test
To: {recipient}
Subject: spring
Message-ID: <{message_id}>

Hello
--B/mx--
""".replace("\n", "\r\n").encode()


def arf(kind: str = "abuse", *, recipient: str = ANN, message_id: str = f"{MARK}@tea.test") -> bytes:
    """A complaint as mail services send it (RFC 5965, appendix B)."""
    return f"""From: <abusedesk@example.com>
Date: Thu, 8 Mar 2026 17:40:36 EDT
Subject: FW: spring
To: <abuse@tea.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: <{recipient}>

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: hello@tea.test
To: <{recipient}>
Subject: spring
Message-ID: <{message_id}>

Hello
--part1_13d.2e68ed54_boundary--
""".replace("\n", "\r\n").encode()


def test_a_failed_delivery_is_read_with_its_code_and_reason() -> None:
    assert reports(dsn(), seal=SEAL) == [
        Report(what="bounced", mark=MARK, address=ANN, permanent=True, code="5.1.1",
               reason="550 5.1.1 <…>: Recipient address rejected: User unknown")
    ]  # fmt: skip


def test_the_mark_may_be_in_the_address_that_the_report_went_to() -> None:
    to = verp("bounces@tea.test", MARK)
    assert [one.mark for one in reports(dsn(to=to, message_id="x@y"), seal=SEAL)] == [MARK]
    assert [one.mark for one in reports(dsn(to=to.upper(), message_id="x@y"), seal=SEAL)] == [MARK]


def test_headers_alone_are_enough() -> None:
    assert [one.mark for one in reports(dsn(returned="text/rfc822-headers"), seal=SEAL)] == [MARK]


@pytest.mark.parametrize(
    "raw",
    [
        dsn(action="delayed", status="4.4.1"),
        dsn(action="delivered", status="2.0.0"),
        dsn(message_id="made-up@tea.test"),
        dsn(recipient="bob@example.cn"),
        dsn(message_id=f"{mark('00' * 32, 'spring/ann', ANN)}@tea.test"),
        arf("not-spam"),
        arf(recipient="bob@example.cn"),
        b"Subject: Out of office\r\nFrom: ann@example.cn\r\n\r\nI am away",
        b"",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_failure_or_proves_nothing_is_no_report(raw: bytes) -> None:
    assert reports(raw, seal=SEAL) == []


def test_a_failure_that_may_pass_is_not_permanent() -> None:
    assert [(one.permanent, one.code) for one in reports(dsn(status="4.2.2"), seal=SEAL)] == [(False, "4.2.2")]


def test_a_complaint_is_read() -> None:
    assert reports(arf(), seal=SEAL) == [Report(what="complained", mark=MARK, address=ANN, reason="abuse")]


@pytest.mark.parametrize("subject", ["unsubscribe", "Unsubscribe", "=?utf-8?b?6YCA6K6i?=", "TD"])
def test_an_answer_that_says_unsubscribe_is_heard(subject: str) -> None:
    raw = f"From: Ann <{ANN}>\r\nTo: {verp('bounces@tea.test', MARK)}\r\nSubject: {subject}\r\n\r\n".encode()
    assert reports(raw, seal=SEAL) == [Report(what="unsubscribed", mark=MARK, address=ANN)]


@given(st.binary(max_size=400), st.integers(0, 1500))
def test_broken_mails_break_nothing(noise: bytes, place: int) -> None:
    whole = dsn()
    for report in reports(whole[:place] + noise + whole[place:], seal=SEAL):
        assert report.address == ANN


# --- read from a folder -----------------------------------------------------------------------------------------------


@pytest.fixture
def workspace(folder: Path) -> Workspace:
    folder.rmdir()
    return lianyi.open(folder, create=True, clock=lambda: NOW)


def drop(account: Account, workspace: Workspace, *mails: bytes) -> Path:
    place = workspace.folder / "mail" / str(account.settings["drop_folder"]) / "new"
    place.mkdir(parents=True, exist_ok=True)
    for number, raw in enumerate(mails):
        (place / f"{number}.eml").write_bytes(raw)
    return place


def landed(workspace: Workspace) -> list[dict[str, Any]]:
    while land(workspace.inbox, workspace.lake, NOW).events:
        pass
    query = "SELECT kind, actor_key, target_key, channel, props FROM events ORDER BY id"
    return list(workspace.sql(query).to_arrow_table().to_pylist())


def account() -> Account:
    said = {"host": "127.0.0.1", "from_address": "hello@tea.test", "drop_folder": "bounces"}
    return accounts.add("mail", "email", said, by="olga", now=NOW)


def test_reports_in_the_folder_become_events_and_take_consent_back(workspace: Workspace) -> None:
    made = account()
    seal = accounts.configured(made).seal

    def of(key: str, address: str) -> dict[str, str]:
        return {"recipient": address, "message_id": f"{mark(seal, key, address)}@tea.test"}

    place = drop(
        made, workspace, dsn(**of("a", "a@example.cn")), dsn(status="4.2.2", **of("b", "b@example.cn")),
        arf(**of("c", "c@example.cn")), b"Subject: lunch?\r\n\r\nat noon?",
    )  # fmt: skip
    round_ = Returns()
    assert round_.due(NOW)
    round_.work(workspace, NOW, lambda: False)
    assert not round_.due(NOW + timedelta(seconds=299))
    assert round_.due(NOW + timedelta(seconds=300))
    found = {(one["kind"], one["actor_key"] or one["target_key"]) for one in landed(workspace)}
    assert found == {
        ("bounced", "email:a@example.cn"), ("bounced", "email:b@example.cn"),
        ("complained", "email:c@example.cn"), ("consent", "email:c@example.cn"),
    }  # fmt: skip
    assert list(place.iterdir()) == []

    def listed(name: str) -> list[Suppressed]:
        return suppressing.entries(workspace, f"email:{name}@example.cn")

    stopped = {name: [(row.reason, row.channel, row.everything) for row in listed(name)] for name in "abc"}
    assert stopped == {"a": [("bounced", "email", True)], "b": [], "c": [("complained", "email", False)]}
    assert [path.name for path in (place.parent / "not-ours").iterdir()] == ["3.eml"], "what is no report is kept"
    said = workspace.sql("SELECT props FROM events WHERE kind = 'consent'").to_arrow_table()["props"].to_pylist()
    assert {(one["purpose"], one["granted"], one["channel"]) for one in map(json.loads, said)} == {
        ("marketing", False, "email")
    }


def test_an_account_with_nothing_to_read_wakes_nobody(workspace: Workspace) -> None:
    said = {"host": "127.0.0.1", "from_address": "hello@tea.test"}
    made = accounts.add("mail", "email", said, by="olga", now=NOW)
    assert not Returns().due(NOW + timedelta(days=1))
    accounts.change(made, {"drop_folder": "bounces"}, by="olga", now=NOW)
    assert Returns().due(NOW)
    accounts.change(made, {"drop_folder": ""}, by="olga", now=NOW)
    assert not Returns().due(NOW + timedelta(days=1))


def test_the_same_report_twice_is_one(workspace: Workspace) -> None:
    made = account()
    seal = accounts.configured(made).seal
    raw = dsn(message_id=f"{mark(seal, 'k', ANN)}@tea.test")
    for minute in range(2):
        drop(made, workspace, raw)
        Returns().work(workspace, NOW + timedelta(minutes=5 * minute), lambda: False)
    assert [one["kind"] for one in landed(workspace)] == ["bounced"]
    assert len(suppressing.entries(workspace, f"email:{ANN}")) == 1


def test_a_mailbox_that_cannot_be_read_is_said_with_the_account_and_holds_up_no_other(workspace: Workspace) -> None:
    said = {"host": "127.0.0.1", "from_address": "a@tea.test", "imap_host": "127.0.0.1", "imap_port": 1}
    accounts.add("a-broken", "email", {**said, "encryption": "none"}, by="olga", now=NOW)
    made = account()
    raw = dsn(message_id=f"{mark(accounts.configured(made).seal, 'k', ANN)}@tea.test")
    drop(made, workspace, raw)
    Returns().work(workspace, NOW, lambda: False)
    assert "can't be read" in accounts.by_name("a-broken").failure
    assert len(landed(workspace)) == 1


def test_a_report_names_the_contact_and_the_campaign_that_it_is_about(workspace: Workspace) -> None:
    made = account()
    token = mark(accounts.configured(made).seal, "spring/ann", ANN)
    Contact.objects.create(key="spring/ann", person_id="p1", channel="mail", purpose="marketing", by="olga",
                           campaign="spring", provider_id=token)  # fmt: skip
    drop(made, workspace, dsn(message_id=f"{token}@tea.test"))
    Returns().work(workspace, NOW, lambda: False)
    while land(workspace.inbox, workspace.lake, NOW).events:
        pass
    said = workspace.sql("SELECT campaign, props FROM events").to_arrow_table().to_pylist()
    assert [(one["campaign"], json.loads(one["props"])["contact"]) for one in said] == [("spring", "spring/ann")]


def test_an_erasure_reaches_mails_that_were_no_reports(
    brand_template: Path, tmp_path: Path, settings: Settings
) -> None:
    ws = copy_brand(brand_template, tmp_path / "brand")
    settings.WORKSPACE = ws.folder
    made = account()
    drop(
        made,
        ws,
        f"From: x@y.cn\r\nSubject: away\r\n\r\n{NAMES[ANNA]} is away".encode(),
        b"Subject: lunch?\r\n\r\nat noon?",
    )
    Returns().work(ws, NOW, lambda: False)
    kept = ws.folder / "mail" / "bounces" / "not-ours"
    assert len(list(kept.iterdir())) == 2
    ws.erase(ANNA)
    assert [path.read_bytes()[9:14] for path in kept.iterdir()] == [b"lunch"]


# --- read from a mailbox ----------------------------------------------------------------------------------------------


def test_reports_in_a_mailbox_become_events_and_other_mails_stay(workspace: Workspace, tmp_path: Path) -> None:
    inbox = tmp_path / "imap" / "inbox"
    inbox.mkdir(parents=True)
    with running("tests.action.channels.imap_server", str(inbox.parent)) as port:
        said = {
            "host": "127.0.0.1", "encryption": "none", "from_address": "hello@tea.test", "imap_host": "127.0.0.1",
            "imap_port": port, "imap_user": "bounce", "imap_password": "right",
        }  # fmt: skip
        made = accounts.add("mail", "email", said, by="olga", now=NOW)
        token = mark(accounts.configured(made).seal, "k", ANN)
        (inbox / "1.eml").write_bytes(dsn(message_id=f"{token}@tea.test"))
        (inbox / "2.eml").write_bytes(b"From: bob@example.cn\r\nSubject: lunch?\r\n\r\nat noon?\r\n")
        (inbox / "3.eml").write_bytes(arf(message_id=f"{token}@tea.test"))
        for minute in range(2):
            Returns().work(workspace, NOW + timedelta(minutes=5 * minute), lambda: False)
            assert accounts.by_name("mail").failure == ""
        assert [one["kind"] for one in landed(workspace)] == ["bounced", "complained", "consent"]
        assert [path.name for path in inbox.iterdir()] == ["2.eml"]
        accounts.change(made, {"imap_password": "wrong"}, by="olga", now=NOW)
        Returns().work(workspace, NOW + timedelta(minutes=10), lambda: False)
        assert "can't be read" in accounts.by_name("mail").failure
