"""Discord's REST API. Sending is at most once: a nonce is remembered for minutes only."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import polling, reaching
from lianyi.action.channels.calling import Answer, Broken, call, client, failed
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome
from lianyi.action.channels.discord.about import channel_ids
from lianyi.action.channels.faults import Fault
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.action.channels.polling import Failed, Reading
from lianyi.action.channels.probing import skewed
from lianyi.memory.events import Event
from lianyi.memory.sources.discord.messages import ChannelMessages
from lianyi.memory.sources.source import Options
from lianyi.workspace import Workspace

LONGEST, PAGE, PAGES = 2000, 100, 20
BUSY = 429
# Codes about this person, channel or message: unknown channel, user, message; no right there; no messages to this user.
HOPELESS = frozenset({10003, 10008, 10013, 50001, 50007, 50013, 50035})
# Flags of an application that has the Message Content Intent (approved, or in few servers).
CONTENT = (1 << 18) | (1 << 19)
# No longer pause than this inside a round; else the round ends and the next one goes on.
LONGEST_PAUSE = 2.0
TOKEN = Fault(
    setting="token",
    says=_("Discord refuses the token: {error}."),
    mend=_("discord.com/developers → the application → Bot → Reset Token; enter the new one here."),
)
INTENT = Fault(
    setting="permission",
    says=_("The bot gets messages without their text: it lacks the Message Content Intent."),
    mend=_("discord.com/developers → the application → Bot → Privileged Gateway Intents → Message Content Intent."),
)
CLOSED = Fault(
    setting="channels", says=_("The channel {channel} can't be read: {error}."),
    mend=_("Let the bot's role see the channel and read its history (View Channel, Read Message History), or take the "
           "id out of the list here."),
)  # fmt: skip


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """Connections are made by the first messages."""
    return Bot(account)


def _headers(settings: Mapping[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bot {settings['token']}", "User-Agent": "DiscordBot (https://lianyi.invalid, 1)"}


class Bot:
    """One bot."""

    keyed = False

    def __init__(self, account: Configured) -> None:
        self._url = account.settings["url"].rstrip("/")
        self._http: httpx.AsyncClient = client(headers=_headers(account.settings))
        self._direct: dict[str, str] = {}

    async def deliver(self, message: Message) -> Outcome:
        """To a person by id, or to `#` and the id of a channel. Nobody is pinged who is not meant."""
        text = f"{message.subject}\n\n{message.text}" if message.subject else message.text
        if len(text) > LONGEST:
            return failed(f"the text has {len(text)} characters; Discord allows {LONGEST}", permanent=True)
        try:
            channel = message.to.removeprefix("#") if message.to.startswith("#") else await self._with(message.to)
            if isinstance(channel, Outcome):
                return channel
        except Broken as broken:
            return failed(str(broken))  # no message was given yet
        nonce = hashlib.sha256(message.key.encode()).hexdigest()[:24]
        asked = {"content": text, "nonce": nonce, "enforce_nonce": True, "allowed_mentions": {"parse": []}}
        try:
            answer = await call(self._http, "POST", f"{self._url}/channels/{channel}/messages", data=asked)
        except Broken as broken:
            return broken.outcome()
        if answer.status == 200:
            return Outcome(fate=Fate.SENT, provider_id=str(answer.fields.get("id", "")))
        return _outcome(answer)

    async def _with(self, person: str) -> str | Outcome:
        if person not in self._direct:
            asked = {"recipient_id": person}
            answer = await call(self._http, "POST", f"{self._url}/users/@me/channels", data=asked)
            if answer.status != 200:
                return _outcome(answer)
            self._direct[person] = str(answer.fields.get("id", ""))
        return self._direct[person]

    async def ask(self, path: str) -> Answer:
        """A question that changes nothing."""
        return await call(self._http, "GET", f"{self._url}/{path}")

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()


def _error(answer: Answer) -> str:
    said = answer.fields
    return f"{answer.status} {said.get('code', '')} {said.get('message', '')}".strip()[:200]


def _wait(answer: Answer) -> float:
    asked = answer.fields.get("retry_after")
    return float(asked) if isinstance(asked, int | float) else answer.retry_after or 5.0


def _outcome(answer: Answer) -> Outcome:
    if answer.status == BUSY:
        return failed(_error(answer), retry_after=_wait(answer))
    return failed(_error(answer), permanent=answer.fields.get("code") in HOPELESS or answer.status == 404)


# --- reading --------------------------------------------------------------------------------------------------------


def read(account: Configured, workspace: Workspace, now: datetime) -> None:
    """What was said in the channels since the last time."""
    polling.read_round(account, workspace, now, _go, _headers(account.settings))


def _go(reading: Reading) -> None:
    base = reading.account.settings["url"].rstrip("/")
    me = _asked(reading, f"{base}/users/@me")
    closed: Failed | None = None
    for channel in channel_ids(reading.account.settings["channels"]):
        try:
            _channel(reading, f"{base}/channels/{channel}", channel, str(me.get("id", "")))
        except Failed as error:
            if error.code != "access":
                raise
            closed = error  # the others are read all the same
    if closed:
        raise closed


def _channel(reading: Reading, url: str, channel: str, me: str) -> None:
    about = _asked(reading, url)
    name = str(about.get("name") or "")
    messages = ChannelMessages(Options(received_at=reading.now), channel_id=channel, name=name)
    place = reading.progress.places.get(channel, "")
    if not place:
        found = _past(reading, url, int(reading.account.settings["history"]))
        newest = max((_number(one) for one in found), default=0)
        _take(reading, messages, channel, name, found, me, str(newest or about.get("last_message_id") or 1))
        return
    for _page in range(PAGES):
        found = _list(_asked(reading, f"{url}/messages", after=place, limit=PAGE))
        if not found:
            return
        place = str(max(_number(one) for one in found))
        _take(reading, messages, channel, name, found, me, place)
        if len(found) < PAGE:
            return


def _past(reading: Reading, url: str, history: int) -> list[dict[str, Any]]:
    """The newest messages, so many as are wanted, in pages backwards."""
    found: list[dict[str, Any]] = []
    while len(found) < history:
        before = {"before": str(min(_number(one) for one in found))} if found else {}
        page = _list(_asked(reading, f"{url}/messages", limit=min(PAGE, history - len(found)), **before))
        found += page
        if len(page) < PAGE:
            break
    return found


def _take(
    reading: Reading, messages: ChannelMessages, channel: str, name: str, found: list[dict[str, Any]], me: str,
    place: str,
) -> None:  # fmt: skip
    """The oldest first, so that answers know whom they answer. What the bot wrote is recorded by who sent it."""
    made: list[Event] = []
    for one in sorted(found, key=_number):
        author = one.get("author")
        if isinstance(author, dict) and author.get("id") == me:
            continue
        try:
            made += messages.events(one)
        except (ValueError, TypeError, KeyError) as error:
            reading.unusable(getattr(error, "field", type(error).__name__))
    reading.progress.saw(channel, made, name=name)
    reading.keep(made, {channel: place})


def _number(message: Mapping[str, Any]) -> int:
    text = str(message.get("id", ""))
    return int(text) if text.isascii() and text.isdecimal() else 0


def _list(data: Any) -> list[dict[str, Any]]:
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def _asked(reading: Reading, url: str, **query: Any) -> Any:
    """One answer, and the pause that Discord asks for before the next."""
    answer = reading.ask(url, query)
    if answer.status == BUSY:
        raise Failed("limit", _error(answer), wait=_wait(answer))
    if answer.status == 401:
        raise Failed("token", _error(answer))
    if answer.status in {403, 404}:
        raise Failed("access", _error(answer))
    if answer.status != 200 or answer.data is None:
        raise Failed("away" if answer.status >= 500 else "answer", _error(answer))
    if answer.headers.get("x-ratelimit-remaining") == "0":
        try:
            rest = float(answer.headers.get("x-ratelimit-reset-after", "0"))
        except ValueError:
            rest = 0.0
        time.sleep(min(max(rest, 0.0), LONGEST_PAUSE))
    return answer.data


# --- self-check -----------------------------------------------------------------------------------------------------


async def check(account: Configured) -> Sequence[Finding]:
    """Name, port, token, the intent for texts, each channel that is read."""
    bot = Bot(account)

    async def look(found: list[Finding]) -> None:
        found += await _looked(account, bot)

    return await reaching.looked(account.settings["url"], look, bot.close)


async def _looked(account: Configured, bot: Bot) -> list[Finding]:
    answer = await bot.ask("users/@me")
    if answer.status != 200:
        return [TOKEN.finding("login", {"error": _error(answer)})]
    values = {"user": str(answer.fields.get("username", ""))}
    found = [*skewed(str(answer.headers.get("date", ""))),
             Finding(step="login", ok=True, says=_("The token is of {user}."), values=values)]  # fmt: skip
    channels = channel_ids(account.settings["channels"])
    if channels:
        flags = (await bot.ask("applications/@me")).fields.get("flags", 0)
        if isinstance(flags, int) and not flags & CONTENT:
            found.append(INTENT.finding("reading", {}))
    for channel in channels:
        answer = await bot.ask(f"channels/{channel}/messages?limit=1")
        if answer.status != 200:
            found.append(CLOSED.finding("rooms", {"channel": channel, "error": _error(answer)}))
    return found
