"""Reads the mailbox, or the folder, of bounces; what it says becomes events.

The address goes on the policy's suppression list: after a permanent failure for all e-mail, after a complaint or a
request to be left alone for all that the person is not owed; these two take the consent to marketing by e-mail back as
well. Reading the same mail twice changes nothing: the events' ids come from the mark. Mails that are no reports of ours
stay where they are, marked as seen.
"""

from __future__ import annotations

import contextlib
import imaplib
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianyi.action.channels.email.reports import Report, reports
from lianyi.action.channels.kinds import Configured
from lianyi.memory.events import Event
from lianyi.memory.keys import make_key
from lianyi.workspace import Workspace

log = logging.getLogger(__name__)

AT_ONCE = 200
LARGEST = 1 << 20
TIMEOUT = 30.0
# Folder of the workspace below which drop folders lie; `not-ours` in it keeps what was no report.
DROPS = "mail"


def read(account: Configured, workspace: Workspace, now: datetime) -> None:
    """Read all that waits, up to a few hundred mails."""
    if account.settings["drop_folder"]:
        _read_folder(account, workspace, now)
    if account.settings["imap_host"]:
        _read_mailbox(account, workspace, now)


@dataclass(frozen=True, kw_only=True)
class About:
    """What the outbox knows of the message that a report is about."""

    contact: str = ""
    campaign: str = ""


def events_of(report: Report, *, source: str, now: datetime, about: About = About()) -> list[Event]:
    """The report, and the consent that it takes back."""
    key = make_key("email", report.address)
    if key is None:
        return []
    props: dict[str, Any] = {"mark": report.mark, **({"contact": about.contact} if about.contact else {})}
    campaign = about.campaign or None
    name = f"{source}:{report.mark}/{report.what}"
    events = []
    if report.what == "bounced":
        props |= {"permanent": report.permanent, "code": report.code, "reason": report.reason}
        events.append(Event(
            id=name, at=now, kind="bounced", source=source, target_key=key, channel="email", campaign=campaign,
            props=props,
        ))  # fmt: skip
    elif report.what == "complained":
        events.append(Event(
            id=name, at=now, kind="complained", source=source, actor_key=key, channel="email", campaign=campaign,
            props={**props, "reason": report.reason},
        ))  # fmt: skip
    if report.what != "bounced":
        withdrawn = {"purpose": "marketing", "granted": False, "channel": "email", "reason": report.what, **props}
        events.append(Event(
            id=f"{name}/consent", at=now, kind="consent", source=source, actor_key=key, channel="email", props=withdrawn
        ))  # fmt: skip
    return events


def _read_folder(account: Configured, workspace: Workspace, now: datetime) -> None:
    folder = account.folder / DROPS / account.settings["drop_folder"]
    folder.mkdir(parents=True, exist_ok=True)
    # A mail server writes into `tmp` and moves to `new` (maildir), or moves whole files into the folder itself.
    waiting = [path for place in (folder, folder / "new") if place.is_dir() for path in sorted(place.iterdir())]
    files = [path for path in waiting if path.is_file() and not path.name.startswith(".")][:AT_ONCE]
    found = {path: reports(path.read_bytes()[:LARGEST], seal=account.seal) for path in files}
    _keep(account, workspace, [report for said in found.values() for report in said], now)
    for path, said in found.items():
        if said:
            path.unlink()
        else:
            (folder / "not-ours").mkdir(exist_ok=True)
            path.replace(folder / "not-ours" / path.name)
    _say_others(account.name, sum(not said for said in found.values()))


def _read_mailbox(account: Configured, workspace: Workspace, now: datetime) -> None:
    box = mailbox(account.settings)
    try:
        _ok, data = box.uid("SEARCH", "UNSEEN")
        numbers = (data[0] or b"").split()[:AT_ONCE]
        found: dict[bytes, list[Report]] = {}
        for number in numbers:
            found[number] = reports(_fetched(box, number), seal=account.seal)
        _keep(account, workspace, [report for said in found.values() for report in said], now)
        for number, said in found.items():
            box.uid("STORE", number.decode(), "+FLAGS", r"(\Seen \Deleted)" if said else r"(\Seen)")
        if any(found.values()):
            box.expunge()
        _say_others(account.name, sum(not said for said in found.values()))
    finally:
        _leave(box)


def _leave(box: imaplib.IMAP4) -> None:
    """Say goodbye. What was read is kept, so where that fails the connection just ends."""
    try:
        box.logout()
    except (imaplib.IMAP4.error, OSError):
        with contextlib.suppress(OSError):
            box.shutdown()


def mailbox(settings: Mapping[str, Any]) -> imaplib.IMAP4:
    """The bounce mailbox, opened for reading and marking."""
    host, port = settings["imap_host"], settings["imap_port"]
    box: imaplib.IMAP4
    if settings["encryption"] == "none":
        box = imaplib.IMAP4(host, port, timeout=TIMEOUT)
    else:
        context = ssl.create_default_context()
        if settings["ca"]:
            context.load_verify_locations(cadata=settings["ca"])
        box = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=TIMEOUT)
    try:
        box.login(settings["imap_user"], settings["imap_password"])
        box.select("INBOX")
    except BaseException:
        box.shutdown()
        raise
    return box


def _fetched(box: imaplib.IMAP4, number: bytes) -> bytes:
    _ok, data = box.uid("FETCH", number.decode(), f"(BODY.PEEK[]<0.{LARGEST}>)")
    return next((part[1] for part in data or () if isinstance(part, tuple)), b"")


def _keep(account: Configured, workspace: Workspace, said: list[Report], now: datetime) -> None:
    if not said:
        return
    known = _known(account.name, [report.mark for report in said])
    source = f"channel:{account.name}"
    events = [
        event
        for report in said
        for event in events_of(report, source=source, now=now, about=known.get(report.mark, About()))
    ]
    if events:
        _suppress(workspace, said, by=source, now=now)
        workspace.inbox.put_now(events, received_at=now)
        log.info("channel %s: %d reports came back", account.name, len(said), extra={"action": "channel.reports"})


def _known(channel: str, marks: list[str]) -> dict[str, About]:
    """By mark: what the outbox knows of these messages, which it keeps by the marks as their provider's ids."""
    from lianyi.action.contacts.models import Contact

    rows = Contact.objects.filter(channel=channel, provider_id__in=marks).values_list("provider_id", "key", "campaign")
    return {mark: About(contact=contact, campaign=campaign) for mark, contact, campaign in rows}


def _suppress(workspace: Workspace, said: list[Report], *, by: str, now: datetime) -> None:
    from lianyi.action.policy import suppressing

    reasons = {"bounced": suppressing.Reason.BOUNCED, "complained": suppressing.Reason.COMPLAINED,
               "unsubscribed": suppressing.Reason.ASKED}  # fmt: skip
    for what, reason in reasons.items():
        hit = [one for one in said if one.what == what and (what != "bounced" or one.permanent)]
        keys = [key for one in hit if (key := make_key("email", one.address))]
        if keys:
            suppressing.add(
                workspace, keys, reason=reason, by=by, now=now, channel="email", everything=what == "bounced"
            )


def _say_others(name: str, count: int) -> None:
    if count:
        log.info(
            "channel %s: %d mails in the bounce mailbox are no reports of messages of ours; they stay there",
            name, count, extra={"action": "channel.other_mail"},
        )  # fmt: skip
