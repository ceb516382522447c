"""The ledger by API: sums, splits, entries, checks, the price book, costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from lianyi import roi
from lianyi.action.ledger import keeping
from lianyi.action.ledger.keeping import KINDS, Cost, Kept
from lianyi.action.plans import money
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, built, text_of, user_of, whole_number
from lianyi.doors.console.brand import workspace
from lianyi.errors import InputError
from lianyi.insight.ledger import book as books
from lianyi.ledger import ATTRIBUTED, BOOKED, BY, MOST, Period, month_of

api = Api()
TABLE = "ledger_splits"
WORDS = ("currency", "member", "campaign", "journey", "step", "content", "channel", "group", "community", "category",
         "person", "note")  # fmt: skip
_MONTHS = (
    Parameter(name="from", says="first month, e.g. 2026-01"), Parameter(name="to", says="last month"),
    Parameter(name="view", says="booked (a late refund in its own month) or corrected (in that of its order)"),
)  # fmt: skip
_BY = Parameter(name="by", says=f"one of {', '.join(BY)}", required=True)
_MEMBER = Parameter(name="member", says="one of it; empty: what belongs to none", required=True)
_LIMIT = (
    Parameter(name="limit", says="at most so many, up to 1000", type="integer"),
    Parameter(name="page", says="from 1", type="integer"),
)


def _period(request: HttpRequest) -> Period:
    return Period(
        begins=month_of(request.GET.get("from", ""), "from"), ends=month_of(request.GET.get("to", ""), "to"),
        view=request.GET.get("view", BOOKED),
    )  # fmt: skip


def _part(request: HttpRequest) -> dict[str, int]:
    limit = whole_number(request, "limit", default=100, most=MOST)
    return {"limit": limit, "offset": (whole_number(request, "page", default=1, most=100_000) - 1) * limit}


@api.add("GET", "ledger", right="people.see", says="What everything cost and earned, in all and by month.",
         query=_MONTHS)  # fmt: skip
def ledger(request: HttpRequest) -> dict[str, Any]:
    """Sums of what is known; null where an amount in them is unknown."""
    ws = built(TABLE)
    return {
        "as_of": ws.states()[TABLE].as_of, "currency": ws.settings.currency, "total": ws.ledger.total(_period(request)),
        "months": ws.ledger.months(), "without_rate": ws.ledger.currencies_unknown(),
    }  # fmt: skip


@api.add("GET", "ledger/split", right="people.see", says="The same split by one dimension; the parts sum to the whole.",
         query=(_BY, *_MONTHS, Parameter(name="order", says="revenue, spent, result or orders"), *_LIMIT))  # fmt: skip
def split(request: HttpRequest) -> dict[str, Any]:
    """The empty member is what belongs to none."""
    ws, by = built(TABLE), request.GET.get("by", "")
    found = ws.ledger.split(by, _period(request), order=request.GET.get("order", "revenue"), **_part(request))
    return {"as_of": ws.states()[TABLE].as_of, "currency": ws.settings.currency, "by": by, "members": found}


@api.add("GET", "ledger/member", right="people.see", query=(_BY, _MEMBER, *_MONTHS),
         says="One member of a dimension: sums, accounts, months; returns by its experiment.")  # fmt: skip
def member(request: HttpRequest) -> dict[str, Any]:
    """404 where the ledger has no entry of it."""
    ws, by, name = built(TABLE), request.GET.get("by", ""), request.GET.get("member", "")
    found = ws.ledger.member(by, name, _period(request))
    if found is None:
        raise ApiError(404, f"the ledger has no entry of {by} {name[:80]!r}")
    return {
        "as_of": ws.states()[TABLE].as_of, "currency": ws.settings.currency, **found,
        "months": ws.ledger.months(by, name), "returns": ws.ledger.returns(by, name),
    }  # fmt: skip


@api.add("GET", "ledger/returns", right="people.see",
         says="What money truly brought, with intervals; cost per person who stays; plans in money.",
         query=(Parameter(name="by", says=f"one of {', '.join(roi.BY)}", required=True),
                Parameter(name="within", says="generation, sharer: a ripple; community: a campaign or none"),
                _LIMIT[0]))  # fmt: skip
def returns(request: HttpRequest) -> dict[str, Any]:
    """`how`: measured, spread (a measured sum divided by what is booked) or unknown."""
    ws, by = built(TABLE), request.GET.get("by", "")
    limit = whole_number(request, "limit", default=50, most=roi.MOST)
    found = roi.rows(ws, by, within=request.GET.get("within", ""), limit=limit)
    return {
        "as_of": ws.states()[TABLE].as_of, "currency": ws.settings.currency, "by": by,
        "rows": [row.data() for row in found], "plans": [asdict(one) for one in money.plans(ws)],
    }  # fmt: skip


@api.add("GET", "ledger/entries", right="people.see", says="The entries behind a sum, newest first.",
         query=(Parameter(name="by", says="a dimension; else all entries"), Parameter(name="member", says="of it"),
                Parameter(name="account", says="only this account, e.g. revenue.refund"), *_LIMIT))  # fmt: skip
def entries(request: HttpRequest) -> dict[str, Any]:
    """Rows of table `entries`."""
    ws, by = built(TABLE), request.GET.get("by", "all")
    found = ws.ledger.entries(
        by, request.GET.get("member", ""), account=request.GET.get("account", ""), **_part(request)
    )
    return {"as_of": ws.states()["entries"].as_of, "entries": found}


@api.add("GET", "ledger/checks", right="people.see", says="The sums of the log beside those of the ledger; both sides.")
def checks(_request: HttpRequest) -> dict[str, Any]:
    """`difference` must be 0, and the trial balance 0 in each currency."""
    ws = built("ledger_checks")
    return {
        "as_of": ws.states()["ledger_checks"].as_of, "checks": ws.ledger.checks(),
        "trial_balance": ws.ledger.trial_balance(),
    }  # fmt: skip


@api.add("GET", "ledger/attribution", right="people.see",
         says="The same orders divided by seven models side by side. Description, not cause.",
         query=(Parameter(name="by", says=f"one of {', '.join(ATTRIBUTED)}", required=True), _LIMIT[0]))  # fmt: skip
def attribution(request: HttpRequest) -> dict[str, Any]:
    """`sums` are the same in each model."""
    ws, by = built("attributions"), request.GET.get("by", "channel")
    limit = whole_number(request, "limit", default=100, most=MOST)
    return {
        "as_of": ws.states()["attributions"].as_of, "currency": ws.settings.currency, "cause": False,
        "members": ws.ledger.attribution(by, limit=limit), "sums": ws.ledger.attributed(by),
    }  # fmt: skip


def _said(kept: Kept) -> dict[str, Any]:
    return {"mark": kept.mark, "text": kept.text, **books.plain(kept.book)}


@api.add("GET", "ledger/book", right="people.see", says="The price book: exchange rates, prices, wages, margins.")
def book(_request: HttpRequest) -> dict[str, Any]:
    """`mark` goes into PUT, so that nobody's change is lost."""
    return _said(keeping.current(workspace().folder))


@api.add(
    "PUT", "ledger/book", right="ledger.edit", says="Make this the price book; it holds from the next refresh on.",
    body=(Parameter(name="text", says="the book as YAML", required=True),
          Parameter(name="mark", says="of the book that it was made from")),
)  # fmt: skip
def apply(request: HttpRequest) -> dict[str, Any]:
    """422 names the line that can't be used."""
    data = body_of(request, "text")
    text = text_of(data, "text", limit=500_000)
    return _said(keeping.apply(workspace().folder, text, by=user_of(request), instead_of=text_of(data, "mark")))


@api.add(
    "POST", "ledger/costs", right="ledger.edit", status=201, says="Enter a cost: it becomes an event.",
    body=(
        Parameter(name="what", says=f"one of {', '.join(KINDS)}", required=True),
        Parameter(name="amount", says="what was paid, as text; below 0 takes one back"),
        Parameter(name="minutes", says="of labour that has no amount of its own"),
        Parameter(name="at", says="when, with zone; now where it is absent"),
        *(Parameter(name=name, says="what it was for" if name != "currency" else "ISO code; else the brand's")
          for name in WORDS),
    ),
)  # fmt: skip
def enter(request: HttpRequest) -> dict[str, Any]:
    """Answers with the id of the event."""
    data = body_of(request, "what")
    return {"event_id": keeping.enter(workspace(), cost_of(data, now=timezone.now()), by=user_of(request)).id}


@api.add("DELETE", "ledger/costs/<str:event_id>", right="ledger.edit",
         says="Take an entered cost back by an entry of the opposite amount.")  # fmt: skip
def take_back(request: HttpRequest, event_id: str) -> dict[str, Any]:
    """What was entered stays in the log."""
    return {"event_id": keeping.take_back(workspace(), event_id, by=user_of(request), at=timezone.now()).id}


def cost_of(data: Mapping[str, Any], *, now: datetime) -> Cost:
    """A cost from plain data; InputError names the field that can't be used."""
    unknown = sorted(set(data) - {"what", "amount", "minutes", "at", *WORDS})
    if unknown:
        raise InputError(f"{unknown[0]}: no such field; there are what, amount, minutes, at, {', '.join(WORDS)}")
    at = now
    if data.get("at"):
        try:
            at = datetime.fromisoformat(str(data["at"]))
        except ValueError as error:
            raise InputError(f"at: {str(data['at'])[:40]!r} is no time; write e.g. 2026-05-31T12:00+08:00") from error
    return Cost(
        what=str(data.get("what", "")), at=at, amount=amount_of(data, "amount"), minutes=amount_of(data, "minutes"),
        **{name: str(data.get(name) or "") for name in WORDS},
    )  # fmt: skip


def amount_of(data: Mapping[str, Any], name: str) -> Decimal | None:
    """A number of plain data, None where it is absent."""
    value = data.get(name)
    if value in (None, ""):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise InputError(f"{name}: {str(value)[:40]!r} is no number; write e.g. 12.50")
    return amount
