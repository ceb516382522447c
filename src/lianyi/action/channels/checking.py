"""Is an account set up right: a self-check that names what is wrong, and a test message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from lianyi.action.channels import accounts, faults, watching
from lianyi.action.channels.accounts import By
from lianyi.action.channels.contract import Fate, Message, Outcome
from lianyi.action.channels.kinds import Configured, Finding, Kind, kind_of
from lianyi.action.channels.models import Account
from lianyi.action.channels.reaching import worked as worked  # noqa: PLC0414  for those who ask for a check
from lianyi.action.operation.models import Ruleset, Signup, Sop
from lianyi.action.team import audit
from lianyi.errors import LianyiError

SECONDS = 30.0


def check(account: Account, *, by: By, now: datetime) -> list[Finding]:
    """Try the account without sending anything; what was found is kept with it."""
    return check_all([account], by=by, now=now)[account.name]


def check_all(some: Sequence[Account], *, by: By, now: datetime) -> dict[str, list[Finding]]:
    """The same for several, all at once: no more than SECONDS, however many do not answer."""
    given = [replace(accounts.configured(one), groups=tuple(groups_of(one))) for one in some]
    found = dict(zip([one.name for one in some], asyncio.run(_checks(given)), strict=True))
    for account in some:
        account.checked_at = now
        account.check_found = [asdict(one) for one in found[account.name]]
        account.save(update_fields=["checked_at", "check_found"])
        audit.note(by, "channel.check", account.name, ok=worked(found[account.name]))
    return found


def groups_of(account: Account) -> set[str]:
    """Groups in which the account is to act: their rules, SOPs and open sign-up chains name it."""
    mine = {"account": account.name}
    found = set(Ruleset.objects.filter(**mine).values_list("group_key", flat=True))
    found |= set(Signup.objects.filter(**mine, closed_at=None).values_list("group_key", flat=True))
    for groups in Sop.objects.filter(**mine, is_on=True).values_list("groups", flat=True):
        found |= set(groups)
    return found - {""}


def setting_title(kind: Kind, finding: Finding) -> str:
    """What the setting that is broken is called; "" where nothing is."""
    own = {each.name: each.title for each in kind.settings}
    return str(own.get(finding.setting) or faults.TITLES.get(finding.setting, finding.setting))


async def _checks(given: Sequence[Configured]) -> list[list[Finding]]:
    return await asyncio.gather(*(_check(one, kind_of(one.kind)) for one in given))


async def _check(given: Configured, kind: Kind) -> list[Finding]:
    try:
        async with asyncio.timeout(SECONDS):
            return list(await kind.door().check(given))
    except TimeoutError:
        return [Finding(step="time", ok=False, says=gettext_noop("It did not answer within 30 seconds."))]
    except LianyiError as error:
        return [Finding(step="settings", ok=False, says="{error}", values={"error": str(error)})]


def send_test(account: Account, to: str, *, by: By, now: datetime, text: str = "") -> Outcome:
    """Send one message to an address that the member names; its fate is answered and counted like any other."""
    body = text.strip() or _("This is a test message of channel {name}.").format(name=account.name)
    message = Message(
        key=f"test-{account.name}-{now:%Y%m%d%H%M%S%f}", to=to.strip(), subject=_("A test message"), text=body,
        html="", props={"test": True},
    )  # fmt: skip
    outcome = send_one(account, message, now=now)
    audit.note(by, "channel.test", account.name, fate=str(outcome.fate), reason=outcome.reason[:200])
    account.refresh_from_db()
    return outcome


def send_one(account: Account, message: Message, *, now: datetime) -> Outcome:
    """Give one message to the provider, outside of any loop; counted with the account."""
    given = accounts.configured(account)
    outcome = asyncio.run(_send(given, kind_of(account.kind), message))
    tally = watching.Tally()
    tally.add(outcome, now)
    watching.keep(account.name, tally, now=now)
    return outcome


async def _send(given: Configured, kind: Kind, message: Message) -> Outcome:
    channel = await kind.door().open(given)
    try:
        async with asyncio.timeout(SECONDS):
            return await channel.deliver(message)
    except TimeoutError:
        return Outcome(fate=Fate.UNKNOWN, reason=_("It did not answer within 30 seconds."))
    finally:
        await channel.close()
