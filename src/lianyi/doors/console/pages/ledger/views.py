"""The ledger: everything by month and by dimension, one member of a dimension, the checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.ledger import figures
from lianyi.doors.console.pages.ledger.words import (
    BOOKED_BY,
    DIMENSIONS,
    KINDS,
    account_title,
    address_of,
    page_of,
    title_of,
)
from lianyi.doors.console.rights import needs
from lianyi.errors import InputError
from lianyi.ledger import BOOKED, BY, CORRECTED, Period, month_of

PAGE = 50
ENTRIES = 50
# Of what an experiment can tell: held-out people or communities.
TOLD = {"campaign", "journey", "ripple"}
VIEWS: Mapping[str, Text] = {
    BOOKED: gettext_lazy("as it was booked"),
    CORRECTED: gettext_lazy("corrected by late refunds"),
}
ORDERS: Mapping[str, Text] = {
    "revenue": gettext_lazy("most revenue"),
    "spent": gettext_lazy("most spent"),
    "result": gettext_lazy("most left"),
    "orders": gettext_lazy("most orders"),
}


def _period(request: HttpRequest) -> Period:
    try:
        return Period(
            begins=month_of(request.GET.get("from", ""), "from"), ends=month_of(request.GET.get("to", ""), "to"),
            view=request.GET.get("view", BOOKED),
        )  # fmt: skip
    except InputError as error:
        raise Http404(str(error)) from error


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    if not text.isdecimal() or not 0 < int(text[:6]) <= 100_000:
        raise Http404("page: a number from 1")
    return int(text[:6])


def together(months: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Months, newest first, each with both views and the correction between them."""
    by_month: dict[Any, dict[str, Any]] = {}
    for row in months:
        by_month.setdefault(row["month"], {})[row["view"]] = row
    made = []
    for month, views in sorted(by_month.items(), reverse=True):
        booked, corrected = views.get(BOOKED), views.get(CORRECTED)
        one = booked["revenue"] if booked else Decimal(0)
        other = corrected["revenue"] if corrected else Decimal(0)
        made.append({"month": month, "booked": booked, "corrected": corrected, "correction": other - one})
    return made


@needs("people.see")
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """All of it, and split by one dimension."""
    ws = workspace()
    state = ws.states().get("ledger_splits")
    if state is None:
        return render(request, "ledger/page.html", {"state": None, "events": ws.lake.rows()})
    by, order = request.GET.get("by", "campaign"), request.GET.get("order", "revenue")
    if by not in DIMENSIONS or order not in ORDERS:
        raise Http404("by, order: no such dimension or order")
    period, page = _period(request), _page(request)
    found = ws.ledger.split(by, period, limit=PAGE + 1, offset=(page - 1) * PAGE, order=order)
    months = ws.ledger.months()
    checks = ws.ledger.checks()
    context = {
        "state": state,
        "stale": ws.stale(),
        "period": period,
        "by": by,
        "order": order,
        "page": page,
        "more": len(found) > PAGE,
        "rows": [_row(by, row) for row in found[:PAGE]],
        "total": ws.ledger.total(period),
        "months": together(months),
        "chart": figures.by_month(months, period.view),
        "dimensions": DIMENSIONS,
        "views": VIEWS,
        "orders": ORDERS,
        "month_names": sorted({f"{row['month']:%Y-%m}" for row in months}),
        "off": sum(1 for row in checks if row["difference"]),
        "checked": len(checks),
        "unknown_currencies": ws.ledger.currencies_unknown(),
    }
    return render(request, "ledger/page.html", context)


def _row(by: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "title": title_of(by, row), "address": address_of(by, row["member"])}


@needs("people.see")
@require_safe
def one(request: HttpRequest) -> HttpResponse:
    """One member of a dimension: its sums by account, its months, the entries behind them."""
    ws = workspace()
    by, member = request.GET.get("by", ""), request.GET.get("member", "")
    if by not in BY or "ledger_splits" not in ws.states():
        raise Http404("by: no such dimension, or no ledger yet")
    found = ws.ledger.member(by, member)
    if found is None:
        raise Http404("the ledger has no entry of it")
    account, page = request.GET.get("account", ""), _page(request)
    entries = ws.ledger.entries(by, member, account=account, limit=ENTRIES + 1, offset=(page - 1) * ENTRIES)
    months = ws.ledger.months(by, member)
    context = {
        "state": ws.states()["ledger_splits"],
        "by": by,
        "dimension": DIMENSIONS.get(by, by),
        "member": member,
        "title": title_of(by, found),
        "own_page": page_of(by, member),
        "returns": ws.ledger.returns(by, member),
        "told_by": by in TOLD,
        "total": found,
        "account": account,
        "accounts": [{**row, "title": account_title(row["account"])} for row in found["accounts"]],
        "months": together(months),
        "chart": figures.by_month(months, BOOKED) if len(months) > 2 else None,
        "entries": [_entry(row) for row in entries[:ENTRIES]],
        "more": len(entries) > ENTRIES,
        "page": page,
    }
    return render(request, "ledger/one.html", context)


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    late = row["of_day"] is not None and row["of_day"] != row["day"]
    return {
        **row,
        "title": account_title(row["account"]),
        "late": row["of_day"] if late else None,
        "how": BOOKED_BY.get(row["booked_by"], row["booked_by"]),
    }


@needs("people.see")
@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    """Does the ledger say what the log says, and do its two sides balance?"""
    ws = workspace()
    if "ledger_checks" not in ws.states():
        return render(request, "ledger/checks.html", {"state": None, "events": ws.lake.rows()})
    found, trial = ws.ledger.checks(), ws.ledger.trial_balance()
    sums: dict[str | None, Decimal] = {}
    for row in trial:
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + (row["amount"] or 0)
    context = {
        "state": ws.states()["ledger_checks"],
        "entries": ws.states()["entries"],
        "checks": [{**row, "title": KINDS.get(row["kind"], row["kind"])} for row in found],
        "off": sum(1 for row in found if row["difference"]),
        "trial": [{**row, "title": account_title(row["account"])} for row in trial],
        "sums": [{"currency": currency, "amount": amount} for currency, amount in sums.items() if currency],
        "balanced": not any(sums.values()),
        "unknown_currencies": ws.ledger.currencies_unknown(),
    }
    return render(request, "ledger/checks.html", context)
