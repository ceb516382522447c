"""The self-check of a Matrix account: is there a homeserver, whose token is it, which rooms are out of its reach."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import quote

import httpx
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import reaching
from lianyi.action.channels.calling import Answer, call, client
from lianyi.action.channels.faults import ENCRYPTED, MATRIX, NO_HOMESERVER, NOT_IN_ROOM
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.action.channels.matrix.acting import PREFIX
from lianyi.action.channels.matrix.listening import load
from lianyi.action.channels.probing import skewed

# So many rooms are asked whether they are encrypted, so many at once; so many are named.
MOST_ROOMS, AT_ONCE, NAMED = 200, 8, 5
OK = 200


async def check(account: Configured) -> Sequence[Finding]:
    """Name, port, homeserver, clock, token; then the rooms: where it must act and is not, and what it can't read."""
    http = client()

    async def look(found: list[Finding]) -> None:
        found += await _Look(account, http).all()

    return await reaching.looked(account.settings["url"], look, http.aclose)


class _Look:
    """One look at a homeserver with the bot's eyes."""

    def __init__(self, account: Configured, http: httpx.AsyncClient) -> None:
        self.account, self.http = account, http
        self.url = account.settings["url"].rstrip("/") + "/_matrix/client/"

    async def all(self) -> list[Finding]:
        """All that is wrong, as far as one can ask."""
        # Without the token: with a wrong one a homeserver refuses even this.
        answer = await call(self.http, "GET", f"{self.url}versions")
        if answer.status != OK or not isinstance(answer.fields.get("versions"), list):
            return [NO_HOMESERVER.finding("homeserver", {"error": _error(answer)})]
        found = skewed(str(answer.headers.get("date", "")))
        answer = await self._ask("v3/account/whoami")
        user = str(answer.fields.get("user_id", ""))
        if answer.status != OK or not user:
            return [*found, _refused(answer)]
        found.append(Finding(step="login", ok=True, says=_("The token is of {user}."), values={"user": user}))
        answer = await self._ask("v3/joined_rooms")
        if answer.status != OK:
            return [*found, _refused(answer)]
        joined = [str(room) for room in answer.fields.get("joined_rooms") or ()]
        return [*found, *self._members(user, joined), *await self._readable(joined)]

    def _members(self, user: str, joined: Sequence[str]) -> list[Finding]:
        wanted = [key.removeprefix(PREFIX) for key in self.account.groups if key.startswith(PREFIX)]
        absent = sorted(set(wanted) - set(joined))
        if absent:
            values = {"user": user, "n": str(len(absent)), "rooms": self._named(absent)}
            return [NOT_IN_ROOM.finding("rooms", values)]
        says = _("The bot is in {n} rooms; it is in all {wanted} in which it is to act.")
        values = {"n": str(len(joined)), "wanted": str(len(set(wanted)))}
        return [Finding(step="rooms", ok=True, says=says, values=values)]

    async def _readable(self, joined: Sequence[str]) -> list[Finding]:
        """Encrypted rooms count where the account reads, or where it is to act."""
        acted = {key.removeprefix(PREFIX) for key in self.account.groups}
        asked = [room for room in joined if self.account.settings["read"] or room in acted][:MOST_ROOMS]
        few = asyncio.Semaphore(AT_ONCE)

        async def is_encrypted(room: str) -> bool:
            async with few:
                answer = await self._ask(f"v3/rooms/{quote(room)}/state/m.room.encryption")
            return answer.status == OK and isinstance(answer.fields.get("algorithm"), str)

        said = await asyncio.gather(*map(is_encrypted, asked))
        encrypted = [room for room, is_so in zip(asked, said, strict=True) if is_so]
        if not encrypted:
            return []
        return [ENCRYPTED.finding("reading", {"n": str(len(encrypted)), "rooms": self._named(encrypted)})]

    def _named(self, rooms: Sequence[str]) -> str:
        known = load(self.account.folder, self.account.name).rooms
        names = [known[room].name or room if room in known else room for room in rooms[:NAMED]]
        return ", ".join(names) + (" …" if len(rooms) > NAMED else "")

    async def _ask(self, path: str) -> Answer:
        headers = {"Authorization": f"Bearer {self.account.settings['token']}"}
        return await call(self.http, "GET", self.url + path, headers=headers)


def _error(answer: Answer) -> str:
    data = answer.fields
    return f"{answer.status} {data.get('errcode', '')} {data.get('error', '')}".strip()[:200]


def _refused(answer: Answer) -> Finding:
    fault = MATRIX.get(str(answer.fields.get("errcode", "")))
    values = {"error": _error(answer)}
    if fault is None:
        says = _("The homeserver refuses: {error}.")
        return Finding(step="login", ok=False, says=says, values=values, setting="token")
    return fault.finding("login", values)
