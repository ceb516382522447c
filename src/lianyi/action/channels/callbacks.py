"""What an account needs so that its platform can call us, and what a self-check says of these calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from lianyi.action.channels import heard
from lianyi.action.channels.kinds import Configured, Finding, Setting
from lianyi.memory.sources.callbacks.cipher import decoded_key

# A clock that is off by more makes signatures and windows of platforms fail.
SKEW_SECONDS = 120


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


def findings(account: Configured) -> Sequence[Finding]:
    """Steps of the self-check where callbacks are set up: when the last one came, why one was refused, the clock."""
    if not (account.settings.get("callback_token") and account.settings.get("callback_key")):
        return []
    kept = heard.read(account.folder, account.name)
    at, refused = kept.get("at", ""), kept.get("refused_at", "")
    values = {"at": _shown(at), "refused": _shown(refused), "why": kept.get("why", ""), "name": account.name}
    if refused > at:
        says = gettext_noop("The last callback, at {refused} UTC, was refused: {why}.")
        return [Finding(step="callback", ok=False, says=says, values=values)]
    if not at:
        says = gettext_noop(
            "No callback has come yet: enter https://YOUR-SERVER/callbacks/{name} on the platform and save it there."
        )
        return [Finding(step="callback", ok=None, says=says, values=values)]
    says = gettext_noop("The last callback came at {at} UTC.")
    found = [Finding(step="callback", ok=True, says=says, values=values)]
    if abs(int(kept.get("skew", 0))) > SKEW_SECONDS:
        says = gettext_noop("The clocks differ by {seconds} seconds: set this server's clock (NTP).")
        found.append(Finding(step="clock", ok=False, says=says, values={"seconds": str(abs(int(kept["skew"])))}))
    return found


def _shown(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S}" if iso else "—"
