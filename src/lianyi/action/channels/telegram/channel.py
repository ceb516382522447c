"""Telegram's Bot API. Sending is at most once: the interface knows no keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
from django.conf import settings as django_settings
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import polling, reaching
from lianyi.action.channels.calling import Answer, Broken, call, client, failed
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome
from lianyi.action.channels.faults import Fault
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.action.channels.polling import Failed, Reading
from lianyi.action.channels.probing import skewed
from lianyi.memory.events import Event
from lianyi.memory.sources.source import Options
from lianyi.memory.sources.telegram.updates import WANTED, Updates, bare
from lianyi.workspace import Workspace

LONGEST, PAGE, PAGES = 4096, 100, 20
BUSY, CONFLICT = 429, 409
# 403: blocked by the person, or never begun by them; 400: no such chat, or a text that Telegram can't take.
HOPELESS = frozenset({400, 403})
TOKEN = Fault(setting="token", says=_("Telegram refuses the token: {error}."),
              mend=_("@BotFather → /mybots → the bot → API Token; enter it here."))  # fmt: skip
PRIVACY = Fault(
    setting="permission", says=_("The bot {bot} sees only commands in groups: its privacy mode is on."),
    mend=_("@BotFather → /setprivacy → the bot → Disable; then take the bot out of each group and add it again."),
)  # fmt: skip
HOOKED = Fault(
    setting="read",
    says=_("The bot has a webhook ({url}), so that it can't be asked for updates."),
    mend=_("Set “Read what is said” to webhook here, or take the webhook away: call deleteWebhook of the Bot API."),
)
NOT_HOOKED = Fault(
    setting="callback_url",
    says=_("Telegram calls {url}, and not {ours}."),
    mend=_("Call setWebhook of the Bot API with url={ours} and secret_token as here."),
)
UNHEARD = Fault(
    setting="callback_url",
    says=_("Telegram could not deliver: {error} ({n} updates wait)."),
    mend=_("Telegram needs https with a valid certificate at port 443, 80, 88 or 8443, and the secret as here."),
)


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """Connections are made by the first messages."""
    return Bot(account)


class Bot:
    """One bot."""

    keyed = False

    def __init__(self, account: Configured) -> None:
        self._url = _base(account.settings)
        self._http: httpx.AsyncClient = client()

    async def deliver(self, message: Message) -> Outcome:
        """To a person or a chat by number, or to `@name` of a public one."""
        text = f"{message.subject}\n\n{message.text}" if message.subject else message.text
        if len(text) > LONGEST:
            return failed(f"the text has {len(text)} characters; Telegram allows {LONGEST}", permanent=True)
        asked = {"chat_id": message.to, "text": text}
        try:
            answer = await call(self._http, "POST", f"{self._url}/sendMessage", data=asked)
            moved = _parameters(answer).get("migrate_to_chat_id")
            if moved:  # the group became a supergroup
                answer = await call(self._http, "POST", f"{self._url}/sendMessage", data={**asked, "chat_id": moved})
        except Broken as broken:
            # Told without the address, which holds the token.
            reason = "the connection broke" if broken.given else "no connection to Telegram"
            return Outcome(fate=Fate.UNKNOWN if broken.given else Fate.FAILED, reason=reason)
        return _outcome(answer)

    async def ask(self, method: str) -> Answer:
        """A question that changes nothing."""
        return await call(self._http, "GET", f"{self._url}/{method}")

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()


def _base(settings: Mapping[str, Any]) -> str:
    return f"{settings['url'].rstrip('/')}/bot{settings['token']}"


def _parameters(answer: Answer) -> dict[str, Any]:
    found = answer.fields.get("parameters")
    return found if isinstance(found, dict) else {}


def _error(answer: Answer) -> str:
    return f"{answer.status} {answer.fields.get('description', '')}".strip()[:200]


def _outcome(answer: Answer) -> Outcome:
    said = answer.fields
    if answer.status == 200 and said.get("ok") is True:
        result = said.get("result") if isinstance(said.get("result"), dict) else {}
        return Outcome(fate=Fate.SENT, provider_id=str((result or {}).get("message_id", "")))
    if answer.status == BUSY:
        return failed(_error(answer), retry_after=_wait(answer))
    return failed(_error(answer), permanent=answer.status in HOPELESS)


def _wait(answer: Answer) -> float:
    asked = _parameters(answer).get("retry_after")
    return float(asked) if isinstance(asked, int | float) else answer.retry_after or 5.0


# --- reading --------------------------------------------------------------------------------------------------------


def read(account: Configured, workspace: Workspace, now: datetime) -> None:
    """What was said since the last time."""
    polling.read_round(account, workspace, now, _go)


def _go(reading: Reading) -> None:
    updates = Updates(Options(received_at=reading.now))
    for _page in range(PAGES):
        place = reading.progress.places.get("", "")
        names = ",".join(f'"{name}"' for name in WANTED)
        asked = {"limit": PAGE, "timeout": 0, "allowed_updates": f"[{names}]"} | ({"offset": place} if place else {})
        answer = reading.ask(f"{_base(reading.account.settings)}/getUpdates", asked)
        found = answer.fields.get("result")
        if answer.status != 200 or not isinstance(found, list):
            raise _refused(answer)
        made: list[Event] = []
        for update in found:
            made += _made(reading, updates, update)
        numbers = [one["update_id"] for one in found if isinstance(one, dict) and isinstance(one.get("update_id"), int)]
        # Asking from the next number on tells Telegram that these are ours.
        reading.keep(made, {"": str(max(numbers) + 1)} if numbers else {})
        if len(found) < PAGE or not numbers:
            return


def _made(reading: Reading, updates: Updates, update: Any) -> list[Event]:
    try:
        events = updates.events(update)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        reading.unusable(getattr(error, "field", type(error).__name__))
        return []
    said = update.get("message") or update.get("channel_post")
    chat = said.get("chat") if isinstance(said, dict) else None
    if isinstance(chat, dict) and chat.get("type") != "private":  # a private chat is a person
        reading.progress.saw(bare(chat.get("id")), events, name=str(chat.get("title") or ""))
    return events


def _refused(answer: Answer) -> Failed:
    if answer.status == BUSY:
        return Failed("limit", _error(answer), wait=_wait(answer))
    code = {401: "token", 404: "token", CONFLICT: "conflict"}.get(answer.status)
    return Failed(code or ("away" if answer.status >= 500 else "answer"), _error(answer))


# --- self-check -----------------------------------------------------------------------------------------------------


async def check(account: Configured) -> Sequence[Finding]:
    """Name, port, token, privacy in groups, and whether updates come by the way that is set."""
    bot = Bot(account)

    async def look(found: list[Finding]) -> None:
        found += await _asked(account, bot)

    return await reaching.looked(account.settings["url"], look, bot.close, broken="the connection broke")


async def _asked(account: Configured, bot: Bot) -> list[Finding]:
    answer = await bot.ask("getMe")
    me = answer.fields.get("result")
    if answer.status != 200 or not isinstance(me, dict):
        return [TOKEN.finding("login", {"error": _error(answer)})]
    values = {"user": f"@{me.get('username', '')}"}
    found = [*skewed(str(answer.headers.get("date", ""))),
             Finding(step="login", ok=True, says=_("The token is of {user}."), values=values)]  # fmt: skip
    how = account.settings["read"]
    if how == "off":
        return found
    if me.get("can_read_all_group_messages") is False:
        found.append(PRIVACY.finding("reading", {"bot": values["user"]}))
    said = (await bot.ask("getWebhookInfo")).fields.get("result")
    hook = said if isinstance(said, dict) else {}
    return [*found, *_hooked(account, hook)]


def _hooked(account: Configured, hook: Mapping[str, Any]) -> list[Finding]:
    url = str(hook.get("url") or "")
    if account.settings["read"] == "poll":
        return [HOOKED.finding("callback", {"url": url})] if url else []
    ours = f"{django_settings.PUBLIC_URL or 'https://YOUR-SERVER'}/callbacks/{account.name}"
    if (url != ours and django_settings.PUBLIC_URL) or not url.endswith(f"/callbacks/{account.name}"):
        return [NOT_HOOKED.finding("callback", {"url": url or "—", "ours": ours})]
    waiting, error = hook.get("pending_update_count", 0), hook.get("last_error_message")
    if error and waiting:
        return [UNHEARD.finding("callback", {"error": str(error)[:200], "n": str(waiting)})]
    return [Finding(step="callback", ok=True, says=_("Telegram calls {url}."), values={"url": url})]
