"""Sending by SMTP, many messages at once over a few connections that are kept.

A message is SENT when the server has taken it. Where the connection breaks after DATA was given it is UNKNOWN: SMTP has
no way to ask. Codes 4xx are temporary, 5xx permanent, if they are about the recipient or the message; a refused login
or sender is our own fault, so trying again makes sense once the account is mended.
"""

from __future__ import annotations

import asyncio
import imaplib
import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import reaching
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome
from lianyi.action.channels.email.composing import compose
from lianyi.action.channels.email.marks import mark, verp
from lianyi.action.channels.email.reading import read as read  # noqa: PLC0414  part of the door
from lianyi.action.channels.kinds import Configured, Finding, is_mail
from lianyi.errors import InputError

TIMEOUT = 60.0
# A server may look at a message for long before it answers; giving up meanwhile would leave its fate unknown.
DATA_TIMEOUT = 300.0
IDLE = 30.0
# The server wants a login first.
NO_LOGIN = 530


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """Connections are made by the first messages."""
    return Mail(account)


class _Broken(Exception):
    """The connection can't be used; `given`: the message may have been taken."""

    def __init__(self, reason: str, *, given: bool) -> None:
        super().__init__(reason)
        self.given = given


class Mail:
    """One SMTP account."""

    keyed = False

    def __init__(self, account: Configured) -> None:
        self.account = account
        self._settings: dict[str, Any] = dict(account.settings)
        self._idle: list[_Connection] = []
        self._most = self._settings["messages_per_connection"]
        self._domain = self._settings["from_address"].partition("@")[2]
        self._closed = False

    async def deliver(self, message: Message) -> Outcome:
        """Compose and hand over."""
        token = mark(self.account.seal, message.key, message.to)
        try:
            body = self._compose(message, token)
        except InputError as error:
            return Outcome(fate=Fate.FAILED, permanent=True, reason=str(error))
        sender = verp(self._settings["bounce_address"], token) or self._settings["from_address"]
        try:
            outcome = await self._hand_over(sender, message.to, body)
        except SMTPAuthenticationError as error:
            outcome = _failed(f"the login was refused: {error.code} {error.message}")
        except (SMTPException, OSError, ssl.SSLError, ValueError) as error:
            outcome = _failed(f"no connection to {self._settings['host']}: {error}")
        if outcome.fate is Fate.SENT:
            return Outcome(fate=Fate.SENT, provider_id=token)
        return Outcome(
            fate=outcome.fate, permanent=outcome.permanent, reason=outcome.reason.replace(message.to, "…")[:300]
        )

    async def close(self) -> None:
        """Say goodbye on all connections."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.leave() for connection in idle))

    def _compose(self, message: Message, token: str) -> bytes:
        if is_mail(message.to):
            raise InputError("the recipient is not an e-mail address that SMTP can carry")
        set_ = self._settings
        return compose(
            sender=set_["from_address"], sender_name=set_["from_name"], to=message.to, subject=message.subject,
            text=message.text, html=message.html, message_id=f"{token}@{self._domain}", at=datetime.now(UTC),
            reply_to=set_["reply_to"], headers=message.headers, files=message.files,
        )  # fmt: skip

    async def _hand_over(self, sender: str, to: str, body: bytes) -> Outcome:
        """Once more on a fresh connection where a kept one turns out to be gone before the message was given."""
        while True:
            connection = self._kept()
            kept = connection is not None
            if connection is None:
                connection = await _Connection.make(self._settings)
            try:
                outcome = await connection.send(sender, to, body)
            except _Broken as broken:
                connection.drop()
                if broken.given:
                    return Outcome(fate=Fate.UNKNOWN, reason=str(broken))
                if not kept:
                    return _failed(str(broken))
                continue
            except BaseException:  # cancelled in the middle: nobody may go on in this conversation
                connection.drop()
                raise
            if self._closed or connection.sent >= self._most:
                await connection.leave()
            else:
                connection.free_since = time.monotonic()
                self._idle.append(connection)
            return outcome

    def _kept(self) -> _Connection | None:
        """The connection that was used last, if it was lately: servers hang up on those who say nothing."""
        while self._idle:
            connection = self._idle.pop()
            if time.monotonic() - connection.free_since < IDLE:
                return connection
            connection.drop()
        return None


class _Connection:
    """One conversation with the server."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self.client = client
        self.sent = 0
        self.free_since = 0.0

    @classmethod
    async def make(cls, settings: dict[str, Any]) -> _Connection:
        """Connect, encrypt, log in."""
        client = client_of(settings)
        try:
            await client.connect()
        except BaseException:  # a handshake that fails leaves the socket open
            client.close()
            raise
        return cls(client)

    async def send(self, sender: str, to: str, body: bytes) -> Outcome:
        """One message. _Broken where the connection can't be used any more."""
        given = False
        try:
            await self.client.mail(sender)
            await self.client.rcpt(to)
            given = True
            await self.client.data(body, timeout=DATA_TIMEOUT)
        except SMTPResponseException as error:
            if error.code == 421 or not await self._reset():
                self.client.close()
            return _refused(error)
        except (SMTPServerDisconnected, SMTPException, OSError) as error:
            raise _Broken(f"the connection broke: {error}", given=given) from error
        self.sent += 1
        return Outcome(fate=Fate.SENT)

    async def _reset(self) -> bool:
        try:
            await self.client.rset()
        except (SMTPException, OSError):
            return False
        return True

    async def leave(self) -> None:
        """End in order where the other side still listens."""
        try:
            async with asyncio.timeout(5):
                await self.client.quit()
        except (SMTPException, OSError, TimeoutError):
            self.drop()

    def drop(self) -> None:
        """End at once."""
        self.client.close()


def client_of(settings: dict[str, Any]) -> aiosmtplib.SMTP:
    """A client as the account says, not yet connected."""
    how = settings["encryption"]
    return aiosmtplib.SMTP(
        hostname=settings["host"], port=settings["port"], use_tls=how == "tls", start_tls=how == "starttls",
        username=settings["user"] or None, password=settings["password"] if settings["user"] else None,
        timeout=TIMEOUT, tls_context=None if how == "none" else trusted(settings["ca"]),
    )  # fmt: skip


def trusted(ca: str) -> ssl.SSLContext:
    """Who may sign the server's certificate: the authorities of this machine, and one of the account's own."""
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(cadata=ca)
    return context


def _failed(reason: str) -> Outcome:
    return Outcome(fate=Fate.FAILED, reason=reason)


def _refused(error: SMTPResponseException) -> Outcome:
    about_us = isinstance(error, aiosmtplib.SMTPSenderRefused) or error.code in {530, 535}
    return Outcome(
        fate=Fate.FAILED, permanent=error.code >= 500 and not about_us, reason=f"{error.code} {error.message}"
    )


async def check(account: Configured) -> Sequence[Finding]:
    """Name, port, encryption, login, whether the server takes our sender; then the mailbox of bounces."""
    settings = dict(account.settings)
    found = await reaching.reaches(settings["host"], settings["port"], setting="host")
    if reaching.worked(found):
        found += await _greets(settings)
    if settings["imap_host"]:
        found.append(await asyncio.to_thread(_mailbox, settings))
    return found


async def _greets(settings: dict[str, Any]) -> list[Finding]:
    client = client_of(settings)
    try:
        await client.connect()
        found = [Finding(step="login", ok=True, says=_("Encryption and login work."))]
        await client.mail(settings["from_address"])
        says = _("The server takes {address} as sender.")
        found.append(Finding(step="sender", ok=True, says=says, values={"address": settings["from_address"]}))
        await client.rset()
        await client.quit()
    except ssl.SSLError as error:
        return [_tls(error)]
    except SMTPAuthenticationError as error:
        says = _("The login was refused: {error}. Look at user name and password.")
        why = {"error": f"{error.code} {error.message}"}
        return [Finding(step="login", ok=False, says=says, values=why, setting="password")]
    except aiosmtplib.SMTPSenderRefused as error:
        says = _("The server does not take {address} as sender: {error}.")
        why = {"address": settings["from_address"], "error": f"{error.code} {error.message}"}
        setting = "user" if error.code == NO_LOGIN else "from_address"
        return [*found, Finding(step="sender", ok=False, says=says, values=why, setting=setting)]
    except (SMTPException, OSError, ValueError) as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, ssl.SSLError):
            return [_tls(cause)]
        why = {"error": str(error)}
        return [Finding(step="tls", ok=False, says=reaching.ANSWERS_BUT, values=why, setting="encryption")]
    finally:
        client.close()
    return found


def _tls(error: ssl.SSLError) -> Finding:
    return reaching.tls_failed(error, certificate="ca", encryption="encryption")


def _mailbox(settings: dict[str, Any]) -> Finding:
    from lianyi.action.channels.email.reading import mailbox

    try:
        mailbox(settings).logout()
    except (imaplib.IMAP4.error, OSError) as error:
        says = _("The mailbox of bounces can't be read: {error}.")
        return Finding(step="mailbox", ok=False, says=says, values={"error": str(error)}, setting="imap_host")
    return Finding(step="mailbox", ok=True, says=_("The mailbox of bounces can be read."))
