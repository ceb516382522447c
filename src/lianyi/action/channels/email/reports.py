"""What comes back by mail: failed deliveries (DSN, RFC 3464), complaints (ARF, RFC 5965), requests to be left alone.

A report counts only where it carries the mark of a message of ours to that address (marks.py): from the address it was
sent to (VERP), or from the headers of the message that it returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from typing import Literal

from lianyi.action.channels.email.marks import MARK, is_of

_UNSUBSCRIBE = re.compile(r"\s*(unsubscribe|退订|td|t)\s*", re.IGNORECASE)
_PLUS = re.compile(r"\+([a-z2-7]{29})@", re.IGNORECASE)
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became known of one message. mark: of the message. address: to whom it had gone. permanent: of a bounce,
    whether writing there again is useless. code: the enhanced status, like 5.1.1; reason: in the other server's
    words."""

    what: Literal["bounced", "complained", "unsubscribed"]
    mark: str
    address: str
    permanent: bool = False
    code: str = ""
    reason: str = ""


def reports(raw: bytes, *, seal: str) -> list[Report]:
    """What a mail says; nothing where it is no report, or none of ours."""
    try:
        mail = message_from_bytes(raw)
        found = list(_said(mail))
    except (MessageError, LookupError, UnicodeError, AttributeError):  # broken mails arrive here by nature
        return []
    marks = list(dict.fromkeys(_marks(mail)))
    proven: list[Report] = []
    for report, addresses in found:
        proof = next(((mark, address) for mark in marks for address in addresses if is_of(seal, mark, address)), None)
        if proof:
            proven.append(Report(
                what=report.what, mark=proof[0], address=proof[1], permanent=report.permanent, code=report.code,
                reason=report.reason.replace(proof[1], "…")[:300],
            ))  # fmt: skip
    return proven


def _said(mail: Message) -> Iterator[tuple[Report, list[str]]]:
    """Reports that are not proven yet, with the addresses that they may be about."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            yield from _failures(part)
            return
        if kind == "message/feedback-report":
            yield from _complaints(part, mail)
            return
    if _UNSUBSCRIBE.fullmatch(str(make_header(decode_header(str(mail.get("Subject", "")))))):
        yield Report(what="unsubscribed", mark="", address=""), _addresses(mail, "From")


def _failures(part: Message) -> Iterator[tuple[Report, list[str]]]:
    """Per-recipient fields; a mail that is only late, or was delivered, is no failure."""
    for block in _blocks(part):
        if _word(block, "Action").lower() != "failed":
            continue
        code = (_STATUS.search(_word(block, "Status")) or _STATUS.search(_word(block, "Diagnostic-Code")) or [""])[0]
        addresses = [_typed(block, name) for name in ("Original-Recipient", "Final-Recipient")]
        reason = " ".join(_typed(block, "Diagnostic-Code").split())
        yield Report(
            what="bounced", mark="", address="", permanent=code.startswith("5"), code=code, reason=reason
        ), [address for address in addresses if address]  # fmt: skip


def _complaints(part: Message, mail: Message) -> Iterator[tuple[Report, list[str]]]:
    for block in _blocks(part):
        kind = _word(block, "Feedback-Type").lower()
        if kind in {"not-spam", "virus"} or not kind:
            continue
        addresses = [_word(block, "Original-Rcpt-To").strip("<>"), *_returned_recipients(mail)]
        yield Report(what="complained", mark="", address="", reason=kind), [each for each in addresses if each]


def _returned(mail: Message) -> Iterator[Message]:
    """The message itself, or its headers, as the report returns it."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            yield from _blocks(part)
        elif kind == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield message_from_bytes(payload)


def _returned_recipients(mail: Message) -> list[str]:
    return [address for inner in _returned(mail) for address in _addresses(inner, "To")]


def _marks(mail: Message) -> Iterator[str]:
    for name in _ADDRESSED:
        for value in mail.get_all(name, []):
            yield from (mark.lower() for mark in _PLUS.findall(str(value)))
    for inner in _returned(mail):
        yield from MARK.findall(str(inner.get("Message-ID", "")))
        yield from (mark.lower() for mark in _PLUS.findall(str(inner.get("Return-Path", ""))))


def _blocks(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))
    elif isinstance(payload, str):  # a feedback report is one block of fields, which the parser takes as text
        raw = part.get_payload(decode=True)
        yield message_from_bytes(raw if isinstance(raw, bytes) else payload.encode("utf-8", "replace"))


def _addresses(mail: Message, name: str) -> list[str]:
    return [address for _name, address in getaddresses([str(value) for value in mail.get_all(name, [])]) if address]


def _word(block: Message, name: str) -> str:
    return str(block.get(name, "")).strip()


def _typed(block: Message, name: str) -> str:
    """rfc822; ann@example.cn → ann@example.cn"""
    value = _word(block, name)
    return value.partition(";")[2].strip().strip("<>") if ";" in value else value.strip("<>")
