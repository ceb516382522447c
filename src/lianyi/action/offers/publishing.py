"""Publishing an offer, and what is refused: a rule by which single persons would get a price of their own.

A price of one's own is impossible by construction: what an offer gives is one constant; who is entitled is said in
words of which everybody can know whether they hold for them (PUBLIC, EVENTS); nothing that we guess of people (worth,
chances, tags, ties, keys, sex, age) can be written; and a rule entitles at least LEAST_PEOPLE. Sources:
个人信息保护法 24 (no unreasonable difference in price by automated decision), 消费者权益保护法实施条例 9,
价格法 14, GDPR 22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from lianyi.action.audiences.conditions import asked, count
from lianyi.action.offers.models import Offer
from lianyi.errors import InputError, RefusedError
from lianyi.insight.conditions import syntax as s
from lianyi.insight.offers.naming import PARTED, folded

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

LEAST_PEOPLE = 20
MOST_PERCENT = 9_000
MAX_AMOUNT = 10**12
# What people know of themselves, and can check.
PUBLIC = frozenset({
    "country", "province", "city", "level", "first_order", "last_order", "recency_days", "orders", "order_days",
    "gross_spend", "net_spend", "refunds", "frequency", "birth_month", "birth_day", "this_month", "groups",
    "first_seen", "days_active",
})  # fmt: skip
EVENTS = frozenset({"order", "check_in", "review", "join", "follow"})
FIELDS = frozenset({
    "category", "title", "object", "channel", "source", "value", "quantity", "hour", "weekday", "day_of_month",
})  # fmt: skip
# Parts of the language that look at guesses, at other people, or at who was chosen by hand.
_PRIVATE: Mapping[type[s.Node], str] = {
    s.HasTag: "a tag is a judgement of ours", s.InAudience: "an audience may have been picked by hand",
    s.Related: "ties and communities are guesses", s.Bridges: "communities are guesses",
    s.Attribute: "anything may stand in an attribute", s.Says: "what somebody said is no public rule",
    s.Consents: "consent must not be paid for",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An offer as it is asked for; see models.Offer."""

    name: str
    kind: str
    condition: str
    currency: str
    starts_at: datetime
    ends_at: datetime
    percent: int = 0
    amount: int = 0
    least: int = 0
    most: int = 0
    experiment: str = ""
    code: str = ""
    says: Mapping[str, str] = field(default_factory=dict)


def draft(ws: Workspace, wanted: Wanted, *, by: str, now: datetime) -> Offer:
    """An offer that nobody has published, after all checks. RefusedError: it would be a price for single persons;
    InputError, BadRule: something is missing or can't be read."""
    for problem in problems(wanted):
        raise InputError(problem)
    taken = words_taken(wanted)
    if taken:
        raise InputError(f"code, name: {taken!r} names another offer already; orders could mean either")
    one = asked(ws, wanted.condition)
    refuse_private(one.tree)
    entitled = count(ws, one, now)
    if entitled < LEAST_PEOPLE:
        raise RefusedError(
            f"the rule entitles {entitled} people now; one of fewer than {LEAST_PEOPLE} is a price for single persons. "
            "Make it wider"
        )
    data = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
    return Offer(
        **{**data, "says": dict(wanted.says), "condition": one.text}, version=0, by=by, published_at=now
    )  # fmt: skip


def publish(ws: Workspace, wanted: Wanted, *, by: str, now: datetime) -> Offer:
    """Publish a version; one of the same name before is closed. Refused as `draft` is."""
    offer = draft(ws, wanted, by=by, now=now)
    try:
        with transaction.atomic():
            before = Offer.objects.filter(name=wanted.name)
            offer.version = max(before.values_list("version", flat=True), default=0) + 1
            before.filter(closed_at__isnull=True).update(closed_at=now)
            offer.save(force_insert=True)
    except IntegrityError as error:
        raise InputError("somebody published a version of this offer just now; look at it, then try again") from error
    return offer


def words_taken(wanted: Wanted) -> str:
    """The name or code by which orders would mean another offer as well; '' where there is none."""
    mine = {folded(word): word for word in (wanted.name, wanted.code) if word.strip()}
    others = Offer.objects.exclude(name=wanted.name).values_list("name", "code")
    theirs = {folded(word) for pair in others for word in pair}
    return next((word for known, word in mine.items() if known in theirs), "")


def refuse_private(tree: s.Node) -> None:
    """RefusedError names the part of a condition that is no public rule."""
    inside = {id(part) for one in s.walk(tree) if isinstance(one, s.Selection) for test in one.tests
              for part in s.walk(test)}  # fmt: skip
    for part in s.walk(tree):
        for kind, why in _PRIVATE.items():
            if isinstance(part, kind):
                raise RefusedError(f"{_written(kind)}: {why}; an offer's rule is one that everybody can check")
        if isinstance(part, s.Name):
            known = FIELDS if id(part) in inside else PUBLIC
            if part.name not in known:
                raise RefusedError(
                    f"{part.name!r} is nothing that people can check of themselves; "
                    f"there are {', '.join(sorted(known))}"
                )
        if isinstance(part, s.Selection) and (part.received or not set(part.kinds) <= EVENTS):
            raise RefusedError(
                f"{', '.join(part.kinds)}: an offer's rule may ask for what people did themselves of "
                f"{', '.join(sorted(EVENTS))}"
            )


def _written(kind: type[s.Node]) -> str:
    names = {s.HasTag: "has_tag", s.InAudience: "in_audience", s.Related: "tied, member, arrived",
             s.Bridges: "bridges", s.Attribute: "attr", s.Says: "says", s.Consents: "consents"}  # fmt: skip
    return names[kind]


def problems(wanted: Wanted) -> list[str]:
    """What is missing or does not fit."""
    found = []
    if not wanted.name.strip() or len(wanted.name) > 100:
        found.append("name: an offer needs a name of at most 100 characters")
    if wanted.kind not in Offer.Kind.values:
        found.append(f"kind: {wanted.kind[:40]!r} is none of {', '.join(Offer.Kind.values)}")
    if len(wanted.currency) != 3 or not wanted.currency.isupper():
        found.append("currency: write an ISO 4217 code such as CNY")
    found += [
        f"{name}: must be 0 or more" for name in ("percent", "amount", "least", "most")
        if not 0 <= getattr(wanted, name) <= MAX_AMOUNT
    ]  # fmt: skip
    if bool(wanted.percent) == bool(wanted.amount):
        found.append("percent, amount: say one of them: a share off, or an amount off")
    if wanted.percent > MOST_PERCENT:
        found.append(f"percent: at most {MOST_PERCENT / 100:g}")
    if wanted.amount and wanted.amount > wanted.least:
        found.append("least: an order must be worth at least the amount that is taken off it")
    if len(wanted.code) > 40 or PARTED.search(wanted.code) or PARTED.search(wanted.name):
        found.append("code, name: of at most 40 characters, without commas, semicolons, bars, brackets and quotes: "
                     "shops part several codes by them")  # fmt: skip
    if wanted.ends_at <= wanted.starts_at:
        found.append("ends_at: must be after starts_at")
    if not any(text.strip() for text in wanted.says.values()):
        found.append("says: an offer is published in words, in one language at least; write them")
    return found


def close(offer: Offer, *, now: datetime) -> None:
    """It is not issued any more; what was issued holds until its end."""
    if not Offer.objects.filter(pk=offer.pk, closed_at__isnull=True).update(closed_at=now):
        raise InputError("this offer is closed already")
    offer.refresh_from_db()
