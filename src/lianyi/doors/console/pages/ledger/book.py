"""Prices, rates, margins, and costs that people enter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.ledger import keeping
from lianyi.action.ledger.keeping import Cost
from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import brand, workspace
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError
from lianyi.insight.ledger import book as books

WHATS: Mapping[str, Text] = {
    "media": gettext_lazy("Media"),
    "messages": gettext_lazy("Messages (invoice)"),
    "incentive": gettext_lazy("Incentive"),
    "gift": gettext_lazy("Gift"),
    "labour": gettext_lazy("Labour"),
    "goods": gettext_lazy("Goods"),
    "other": gettext_lazy("Other"),
}
FIELDS = ("campaign", "journey", "channel", "group", "member", "category", "note")


@needs("people.see")
@require_safe
def book(request: HttpRequest) -> HttpResponse:
    """What holds, and the forms to change it."""
    return _page(request)


def _page(request: HttpRequest, *, text: str | None = None, error: str = "", wrong: str = "") -> HttpResponse:
    ws = workspace()
    try:
        kept = keeping.current(ws.folder)
        said, mark, known = books.plain(kept.book), kept.mark, kept.text
    except InputError as broken:
        said, mark, error = books.plain(books.Book()), "", error or str(broken)
        known = (ws.folder / books.FILE_NAME).read_text(encoding="utf-8", errors="replace")
    entered: list[dict[str, Any]] = (
        ws.sql(
            "SELECT id, \"at\", campaign, channel, value, currency FROM events WHERE kind = 'cost' AND source = ? "
            'ORDER BY "at" DESC, id LIMIT 20',
            [keeping.SOURCE],
        )
        .to_arrow_table()
        .to_pylist()
    )
    context = {
        "said": said,
        "mark": mark,
        "text": (known or keeping.EMPTY) if text is None else text,
        "error": error,
        "wrong": wrong,
        "whats": WHATS,
        "today": timezone.localdate().isoformat(),
        "entered": entered,
        "data": request.POST if wrong else {},
    }
    return render(request, "ledger/book.html", context, status=422 if error or wrong else 200)


@needs("ledger.edit")
@require_POST
def apply(request: HttpRequest) -> HttpResponse:
    """Make the text the price book."""
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        keeping.apply(workspace().folder, text, by=member(request), instead_of=request.POST.get("mark", ""))
    except InputError as error:
        return _page(request, text=text, error=str(error))
    messages.success(request, _("The price book holds from the next refresh on."))
    return redirect("ledger_book")


@needs("ledger.edit")
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Tell the log of a cost."""
    said = {name: str(value).strip() for name, value in request.POST.items()}
    try:
        day = datetime.combine(_day(said.get("day", "")), time(12), ZoneInfo(brand().timezone))
        cost = Cost(
            what=said.get("what", ""), at=min(day, timezone.now()), amount=_decimal(said, "amount"),
            currency=said.get("currency", "").upper(), minutes=_decimal(said, "minutes"),
            **{name: said.get(name, "") for name in FIELDS},
        )  # fmt: skip
        keeping.enter(workspace(), cost, by=member(request))
    except InputError as error:
        return _page(request, wrong=str(error))
    messages.success(request, _("Entered. The ledger shows it after the next refresh."))
    return redirect("ledger_book")


def _day(text: str) -> Any:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise InputError(f"day: {text[:40]!r} is no day; write it like 2026-05-31") from error


def _decimal(said: Mapping[str, str], name: str) -> Decimal | None:
    if not said.get(name):
        return None
    try:
        amount = Decimal(said[name].replace(",", ""))
    except InvalidOperation as error:
        raise InputError(f"{name}: {said[name][:40]!r} is no number; write e.g. 12.50") from error
    if not amount.is_finite():
        raise InputError(f"{name}: {said[name][:40]!r} is no number; write e.g. 12.50")
    return amount
