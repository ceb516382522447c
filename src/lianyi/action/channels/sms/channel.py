"""Delivery of SMS by a provider's definition. At most once: the providers know no keys."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from django.utils.translation import gettext_noop as _

from lianyi.action.channels import reaching
from lianyi.action.channels.calling import HOPELESS, Answer, Broken, call, client, failed
from lianyi.action.channels.contract import Channel, Fate, Message, Outcome
from lianyi.action.channels.kinds import Configured, Finding
from lianyi.action.channels.sms import rules, signing
from lianyi.action.channels.sms.about import OWN
from lianyi.action.channels.sms.definition import Definition, filled, found, matches, parsed, shipped
from lianyi.errors import InputError

SLOW_DOWN = 60.0
MAINLAND = "86"


async def open(account: Configured) -> Channel:  # noqa: A001  the door's word
    """Connections are made by the first messages."""
    return Sms(account)


class Sms:
    """One account at one provider.

    Of a message's props: template, variables (by name, in order); transactional: no way to refuse is added.
    """

    keyed = False

    def __init__(self, account: Configured) -> None:
        self.settings = account.settings
        self.definition = definition_of(account.settings)
        self.url = account.settings["url"] or self.definition.url
        self._http: httpx.AsyncClient = client()

    async def deliver(self, message: Message) -> Outcome:
        """One call of the provider."""
        try:
            words = self._words(message)
        except InputError as error:
            return failed(str(error), permanent=True)
        try:
            answer = await self._call(words)
        except Broken as broken:
            return broken.outcome()
        outcome = understood(self.definition, answer)
        for shown in (words["phone"], words["national"]):
            outcome = Outcome(
                fate=outcome.fate, permanent=outcome.permanent, provider_id=outcome.provider_id,
                retry_after=outcome.retry_after, reason=outcome.reason.replace(str(shown), "…"),
            )  # fmt: skip
        return outcome

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()

    def _words(self, message: Message) -> dict[str, Any]:
        phone = message.to.lstrip("+")
        if not phone.isdecimal() or not 7 <= len(phone) <= 15:
            raise InputError("the recipient is not a phone number with country code")
        text = rules.signed(message.text, self.settings["sign_name"])
        if not message.props.get("transactional"):
            text = rules.refusable(text)
        template, variables = self._template(message)
        if self.definition.text == "plain" and len(text) > rules.LONGEST:
            raise InputError(f"the text has {len(text)} characters; at most {rules.LONGEST} are allowed")
        names = ("sign_name", "app", "region", "access_key", "secret")
        return {
            **{name: self.settings[name] for name in names},
            "phone": phone, "text": text, "key": message.key, "template": template,
            "national": phone[2:] if phone.startswith(MAINLAND) and len(phone) == 13 else phone,
            "variables_json": json.dumps(variables, ensure_ascii=False) if variables else "",
            "values": [str(value) for value in variables.values()] if variables else None,
        }  # fmt: skip

    def _template(self, message: Message) -> tuple[str, Mapping[str, Any]]:
        """The template and its variables; where the content names none, the account's, with the text as variable."""
        if self.definition.text != "template":
            return "", {}
        named = message.props.get("template")
        if named:
            variables = message.props.get("variables") or {}
            return str(named), {name: str(value) for name, value in variables.items()}
        if not self.settings["template"]:
            raise InputError(
                "this provider sends approved templates only; the content names none, nor does the channel"
            )
        return self.settings["template"], {self.settings["variable"]: message.text}

    async def _call(self, words: Mapping[str, Any]) -> Answer:
        said = self.definition
        query = filled(said.query, words)
        headers = {name: str(value) for name, value in filled(said.headers, words).items()}
        body = b""
        if said.json:
            body = json.dumps(filled(said.json, words), ensure_ascii=False).encode("utf-8", "replace")
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        elif said.form:
            body = urlencode(filled(said.form, words)).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        headers |= self._signature(query, body)
        url = f"{self.url}?{signing.query_text(query)}" if query else self.url
        return await call(self._http, said.method, url, content=body, headers=headers)

    def _signature(self, query: Mapping[str, Any], body: bytes) -> dict[str, str]:
        said, parts = self.definition, urlsplit(self.url)
        key, secret = self.settings["access_key"], self.settings["secret"]
        if said.sign == "basic":
            return {"Authorization": f"Basic {base64.b64encode(f'{key}:{secret}'.encode()).decode()}"}
        if said.sign == "none":
            return {}
        common: dict[str, Any] = {
            "access_key": key, "secret": secret, "method": said.method, "host": parts.netloc, "path": parts.path,
            "query": query, "body": body, "at": datetime.now(UTC), "action": said.with_["action"],
            "version": said.with_["version"],
        }  # fmt: skip
        if said.sign == "acs3":
            return signing.acs3(**common, nonce=secrets.token_hex(16))
        return signing.tc3(**common, service=said.with_["service"], region=self.settings["region"])


def definition_of(settings: Mapping[str, Any]) -> Definition:
    """The provider that an account uses."""
    return parsed(settings["definition"]) if settings["provider"] == OWN else shipped()[settings["provider"]]


def understood(definition: Definition, answer: Answer) -> Outcome:
    """What the provider's answer means."""
    read, data = definition.read, answer.data
    code = next((str(value) for path in read.code if (value := found(data, path)) is not None), "")
    words = [code, *(str(value) for path in read.reason if (value := found(data, path)))]
    reason = " ".join(word for word in words if word) or f"the provider answered {answer.status}"
    if (code in read.ok) if read.code else (200 <= answer.status < 300):
        return Outcome(fate=Fate.SENT, provider_id=str(found(data, read.id) or "") if read.id else "")
    if not code and answer.status < 300:  # taken, perhaps, but in words that we do not know
        return Outcome(fate=Fate.UNKNOWN, reason=reason)
    slow = matches(code, read.slow_down) or answer.status == 429
    permanent = matches(code, read.permanent) or (not read.code and answer.status in HOPELESS)
    after = (answer.retry_after or SLOW_DOWN) if slow else answer.retry_after
    return failed(reason, permanent=permanent, retry_after=after)


async def check(account: Configured) -> Sequence[Finding]:
    """Name and port; key, signature and template can only be tried by sending."""
    found_ = await reaching.reaches(*reaching.address(account.settings["url"] or definition_of(account.settings).url))
    if reaching.worked(found_):
        says = _("Key, signature and template show only when something is sent; send a test message.")
        found_.append(Finding(step="login", ok=None, says=says))
    return found_
