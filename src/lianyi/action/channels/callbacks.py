"""What an account needs so that its platform can call us, and what a self-check says of these calls."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import urlencode, urlsplit

from django.conf import settings as django_settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from lianyi.action.channels import heard
from lianyi.action.channels.calling import Broken, call, client
from lianyi.action.channels.faults import CLOCK, Fault
from lianyi.action.channels.kinds import Configured, Finding, Setting
from lianyi.action.channels.probing import SKEW_SECONDS
from lianyi.memory.sources.callbacks.cipher import Cipher, decoded_key

OK = 200
_THERE = gettext_noop(
    "On the platform's page for receiving messages (WeCom: 客户联系 → API → 接收事件服务器, or the app's 接收消息; "
    "official account: 基本配置) Token, EncodingAESKey and the address https://YOUR-SERVER/callbacks/{name} must be "
    "the same as here."
)
_SAYS = gettext_noop("The last callback, at {refused} UTC, was refused: {why}.")
# By the step at which a call was refused (Forged.step).
REFUSED: Mapping[str, Fault] = {
    "signature": Fault(setting="callback_token", says=_SAYS, mend=_THERE),
    "key": Fault(setting="callback_key", says=_SAYS, mend=_THERE),
    "receiver": Fault(setting="receiver", says=_SAYS, mend=_THERE),
    "callback": Fault(setting="callback_url", says=_SAYS, mend=_THERE),
}
NO_PUBLIC_URL = Fault(
    setting="public_url", says=gettext_noop("Nobody said by which address this server is reached from outside."),
    mend=gettext_noop("Start it with LIANYI_URL=https://YOUR-SERVER; then this check calls its own address {url}."),
    certain=False,
)  # fmt: skip
UNREACHED = Fault(
    setting="callback_url",
    says=gettext_noop("Our own address {url} can't be reached from here: {error}."),
    mend=gettext_noop("Look at the domain's DNS, the proxy, its certificate and the firewall; is LIANYI_URL right?"),
)
STRANGER = Fault(
    setting="callback_url",
    says=gettext_noop("At {url} somebody else answers, or without these secrets (HTTP {status})."),
    mend=gettext_noop("Let the proxy lead /callbacks/ to lianyi serve unchanged, with its query; is the channel on? Is "
                      "LIANYI_URL the address of this server?"),
)  # fmt: skip


def _is_key(value: str) -> str | Promise:
    try:
        decoded_key(value)
    except ValueError:
        return _("43 letters and digits, as the platform shows it")
    return ""


SETTINGS = (
    Setting(name="callback_token", more=True, title=_("Token of callbacks"), type="secret",
            help=_("As on the platform's page for receiving messages. The address to enter there is "
                   "https://YOUR-SERVER/callbacks/NAME, NAME being this channel's name.")),
    Setting(name="callback_key", more=True, title=_("EncodingAESKey of callbacks"), type="secret", check=_is_key,
            help=_("43 letters and digits. Only the safe mode (安全模式) is taken.")),
)  # fmt: skip


def public_host() -> str:
    """The host name by which this server is reached from outside (LIANYI_URL); "" where nobody said it."""
    return urlsplit(django_settings.PUBLIC_URL).hostname or ""


async def findings(account: Configured) -> list[Finding]:
    """Steps of the self-check where callbacks are set up: does our own address answer a call that is signed like the
    platform's, when did the last one come, why was one refused, the clock."""
    if not (account.settings.get("callback_token") and account.settings.get("callback_key")):
        return []
    return [*await _called(account), *heard_of(account, partial(_refused, account))]


async def _called(account: Configured) -> list[Finding]:
    """What the platform does when the address is saved there: a signed echo to https://SERVER/callbacks/NAME."""
    base = django_settings.PUBLIC_URL
    where = {"url": f"{base or 'https://YOUR-SERVER'}/callbacks/{account.name}"}
    if not base:
        return [NO_PUBLIC_URL.finding("callback_url", where)]
    cipher = Cipher.of(account.settings["callback_token"], account.settings["callback_key"], _receiver(account))
    stamp, nonce, said = str(int(time.time())), secrets.token_hex(8), secrets.token_hex(8)
    if account.kind == "wechat_service":
        query = {"signature": cipher.signed(stamp, nonce), "echostr": said}
    else:
        sealed = cipher.seal(said.encode(), secrets.token_bytes(16))
        query = {"msg_signature": cipher.signed(stamp, nonce, sealed), "echostr": sealed}
    http = client()
    try:
        answer = await call(http, "GET", f"{where['url']}?{urlencode({**query, 'timestamp': stamp, 'nonce': nonce})}")
    except Broken as broken:
        return [UNREACHED.finding("callback_url", {**where, "error": str(broken)})]
    finally:
        await http.aclose()
    if answer.status == OK and answer.body.decode("utf-8", "replace") == said:
        says = gettext_noop("Our own address {url} takes calls that are signed as the platform signs them.")
        return [Finding(step="callback_url", ok=True, says=says, values=where)]
    return [STRANGER.finding("callback_url", {**where, "status": str(answer.status)})]


def _receiver(account: Configured) -> str:
    return str(account.settings["app_id" if account.kind == "wechat_service" else "corp_id"])


def _refused(account: Configured, step: str) -> Fault:
    fault = REFUSED.get(step, REFUSED["callback"])
    if fault.setting == "receiver":
        return replace(fault, setting="app_id" if account.kind == "wechat_service" else "corp_id")
    return fault


def heard_of(account: Configured, refused: Callable[[str], Fault]) -> list[Finding]:
    """What is known of calls that came: the last one, why it was refused, the clock. refused: the fault of a step at
    which a call is refused."""
    kept = heard.read(account.folder, account.name)
    at, refused_at = kept.get("at", ""), kept.get("refused_at", "")
    values = {"at": _shown(at), "refused": _shown(refused_at), "why": kept.get("why", ""), "name": account.name}
    if refused_at > at:
        return [refused(kept.get("step", "")).finding("callback", values)]
    if not at:
        says = gettext_noop(
            "No callback has come yet: enter https://YOUR-SERVER/callbacks/{name} on the platform and save it there."
        )
        return [Finding(step="callback", ok=None, says=says, values=values)]
    says = gettext_noop("The last callback came at {at} UTC.")
    found = [Finding(step="callback", ok=True, says=says, values=values)]
    if abs(int(kept.get("skew", 0))) > SKEW_SECONDS:
        found.append(CLOCK.finding("clock", {"seconds": str(abs(int(kept["skew"])))}))
    return found


def _shown(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S}" if iso else "—"
