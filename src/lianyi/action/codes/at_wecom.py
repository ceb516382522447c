"""A sharer's code as a code of WeCom: whoever scans it comes back with the sharer's token as `state`.

One call makes one code; what WeCom answered is kept before the next is asked, and what is there already is not made
again, so that a run which is cut off goes on where it was. Codes of a campaign that is over are removed: WeCom allows
500,000 contact codes to a corporation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from lianyi.action.channels import accounts
from lianyi.action.channels.models import Account
from lianyi.action.channels.wecom_mass.interfaces import asking
from lianyi.action.codes import carriers, issuing
from lianyi.action.codes.models import Code, PlatformCode
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError

KIND = "wecom_mass"
CONTACT, GROUP = "wecom_contact", "wecom_group"
_REMOVE = {CONTACT: "contact-way-remove", GROUP: "join-way-remove"}
# Of one call of ours: each is a call of WeCom's.
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Made:
    """What one run did: rows that it made, or removed; left: how many wait for the next run."""

    rows: Sequence[PlatformCode]
    left: int


def there(tokens: Sequence[str]) -> dict[str, list[PlatformCode]]:
    """The codes at WeCom of these tokens."""
    found: dict[str, list[PlatformCode]] = {}
    for row in PlatformCode.objects.filter(token__in=tokens, gone_at=None).order_by("pk"):
        found.setdefault(row.token, []).append(row)
    return found


def passed(account: str) -> Mapping[str, Code]:
    """The codes that were made at WeCom in the name of an account, by token; also those that are gone there."""
    tokens = PlatformCode.objects.filter(account=account).values("token")
    return {code.token: code for code in Code.objects.filter(token__in=tokens)}


def make(
    account: Account, campaign: str, *, users: Sequence[str] = (), groups: Sequence[str] = (), by: User | str,
    now: datetime,
) -> Made:  # fmt: skip
    """A code at WeCom for each code of the campaign that has none yet, at most MOST. users: colleagues whom one adds
    (a contact code); groups: chat ids that one joins (a group code). InputError names what is wrong; RefusedError says
    what WeCom refuses, and what was made before that is kept."""
    if account.kind != KIND:
        raise InputError(f"{account.name}: kind {account.kind} makes no codes; {KIND} does")
    if bool(users) == bool(groups):
        raise InputError("users, groups: name colleagues for contact codes, or groups for group codes")
    carrier = CONTACT if users else GROUP
    kept = PlatformCode.objects.filter(account=account.name, carrier=carrier, gone_at=None)
    wanted = issuing.issued(campaign=campaign).filter(retired_at=None).exclude(token__in=kept.values("token"))
    tokens = list(wanted.values_list("token", flat=True)[:MOST])
    if not tokens and not issuing.issued(campaign=campaign).exists():
        raise InputError(f"campaign: {campaign!r} has no codes; give some out first")
    carriers.room_left(carrier, kept.count() + len(tokens))
    made: list[PlatformCode] = []
    audit.note(by, "codes.wecom", campaign, account=account.name, carrier=carrier, codes=len(tokens))
    with asking(accounts.configured(account)) as ask:
        for token in tokens:
            given = {"user": list(users)} if users else {"chat_id_list": list(groups)}
            said = ask("contact-way" if users else "join-way", {**given, "state": token, "remark": campaign[:30]})
            if groups and not said.get("qr_code"):  # add_join_way gives the number alone
                said |= ask("join-way-get", {"config_id": said["config_id"]}).get("join_way") or {}
            made.append(PlatformCode.objects.create(
                token=token, account=account.name, carrier=carrier, config_id=str(said["config_id"]),
                qr_code=str(said.get("qr_code", "")), made_at=now,
            ))  # fmt: skip
    return Made(rows=made, left=wanted.count())


def remove(account: Account, campaign: str, *, by: User | str, now: datetime) -> Made:
    """Take the campaign's codes away at WeCom, at most MOST; they lead nowhere then."""
    waiting = _of(account, campaign)
    rows = list(waiting[:MOST])
    audit.note(by, "codes.wecom_remove", campaign, account=account.name, codes=len(rows))
    with asking(accounts.configured(account)) as ask:
        for row in rows:
            ask(_REMOVE[row.carrier], {"config_id": row.config_id})
            PlatformCode.objects.filter(pk=row.pk).update(gone_at=now)
    return Made(rows=rows, left=_of(account, campaign).count())


def _of(account: Account, campaign: str) -> QuerySet[PlatformCode]:
    tokens = issuing.issued(campaign=campaign, visitors=True).values("token")
    return PlatformCode.objects.filter(account=account.name, gone_at=None, token__in=tokens).order_by("pk")
