"""Rewards: rules, what they granted, what is due; draws."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.rewards import drawing, paying, ruling, settling
from lianyi.action.rewards.models import Draw, Posting, Rule
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import ApiError
from lianyi.doors.api.rewards import draw_wanted, payment_csv, wanted_of
from lianyi.doors.console.brand import brand, workspace
from lianyi.doors.console.pages.codes.views import names_of
from lianyi.doors.console.rights import member, needs
from lianyi.errors import LianyiError

POSTINGS = 200
REASONS = {
    "self": gettext_lazy("the buyer is the inviter"), "flagged": gettext_lazy("came as a bot, in a burst or a ring"),
    "estimate": gettext_lazy("through whom they came is a guess"), "known": gettext_lazy("had bought before"),
    "late": gettext_lazy("bought too late after coming"), "outside": gettext_lazy("outside the rule's time"),
    "below": gettext_lazy("below the least value"), "returned": gettext_lazy("given back"),
    "cap": gettext_lazy("the person's cap is reached"), "budget": gettext_lazy("the budget is used up"),
    "refund": gettext_lazy("refund"),
}  # fmt: skip
WHAT = {
    "granted": gettext_lazy("granted"), "clawed_back": gettext_lazy("taken back"), "paid": gettext_lazy("paid"),
    "refused": gettext_lazy("not granted"),
}  # fmt: skip


@needs("people.see")
@require_safe
def rewards(request: HttpRequest) -> HttpResponse:
    """Rules with their figures, and draws."""
    return _list(request)


def _list(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    rules = [
        {
            "rule": rule, "figures": _money(paying.figures(rule)), "spent": rule.spent / 100,
            "budget": rule.budget / 100, "used": rule.spent / rule.budget,
        }
        for rule in Rule.objects.all()[:100]
    ]  # fmt: skip
    now = queue.clock()
    context = {
        "rules": rules, "draws": [_draw(draw, now) for draw in Draw.objects.all()[:50]], "error": error,
        "data": request.POST, "starts": local(now), "ends": local(now + timedelta(days=30)), "now": now,
    }  # fmt: skip
    return render(request, "rewards/page.html", context, status=status)


def _draw(draw: Draw, now: datetime) -> dict[str, Any]:
    won = drawing.won_by(draw)
    names = names_of(workspace(), [one["person"] for one in won])
    return {
        "draw": draw, "due": draw.closed_at is not None and draw.drawn_at is None and now >= draw.draws_at,
        "prizes": [{**prize, "value": prize["value"] / 100} for prize in draw.prizes],
        "won": [{**one, "name": names.get(one["person"], one["person"])} for one in won],
    }  # fmt: skip


def _money(figures: dict[str, int]) -> dict[str, float]:
    return {name: amount if name == "refused" else amount / 100 for name, amount in figures.items()}


def local(at: datetime) -> str:
    """As an input of kind datetime-local has it, in the brand's zone."""
    return at.astimezone(ZoneInfo(brand().timezone)).strftime("%Y-%m-%dT%H:%M")


def moment_in(data: QueryDict, name: str) -> str:
    """The time of such an input, with the brand's zone; as it is where it is none, for the reader to refuse."""
    text = data.get(name, "")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(brand().timezone)).isoformat()
    except ValueError:
        return text


def texts_in(data: QueryDict) -> dict[str, str]:
    return {name: data.get(field, "").strip() for name, field in (("zh-hans", "zh"), ("en", "en")) if data.get(field)}


@needs("rewards.edit")
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """A rule that runs; what the law forbids comes back with the reason."""
    data, user = request.POST, member(request)
    wanted: dict[str, Any] = {
        **{name: data.get(name, "").strip() for name in ("name", "campaign", "counts")},
        **{name: data.get(name) or 0 for name in ("fixed", "share_percent", "second", "least", "per_person", "budget")},
        **{name: int(data[name][:12]) for name in ("days", "hold_days", "levels") if data.get(name, "").isdecimal()},
        "new_only": bool(data.get("new_only")), "starts_at": moment_in(data, "starts_at"),
        "ends_at": moment_in(data, "ends_at"), "disclosure": texts_in(data),
    }  # fmt: skip
    try:
        rule = ruling.start(wanted_of(wanted), by=user.name, now=queue.clock())
    except (LianyiError, ApiError) as error:
        return _list(request, error=str(error), status=422)
    audit.note(user, "reward.start", rule.name, rule=rule.pk, budget=rule.budget)
    return redirect("reward", rule.pk)


@needs("people.see")
@require_safe
def reward(request: HttpRequest, rule_id: int) -> HttpResponse:
    """One rule: limits, what is due, every movement with its reason."""
    rule = get_object_or_404(Rule, pk=rule_id)
    found = list(Posting.objects.filter(rule=rule)[:POSTINGS])
    due = paying.due(rule, now=queue.clock())
    people = [row.person for row in found] + [row.invited for row in found if row.invited] + [one.person for one in due]
    names = names_of(workspace(), people)
    context = {
        "rule": rule, "figures": _money(paying.figures(rule)), "spent": rule.spent / 100, "budget": rule.budget / 100,
        "used": rule.spent / rule.budget, "fixed": rule.fixed / 100, "share": rule.share / 10_000,
        "second": rule.second / 100, "least": rule.least / 100, "per_person": rule.per_person / 100,
        "postings": [
            {"row": row, "amount": row.amount / 100, "what": WHAT[row.what], "name": names.get(row.person, row.person),
             "invited": names.get(row.invited, row.invited), "reason": REASONS.get(row.reason, row.reason)}
            for row in found
        ],
        "due": [{"name": names.get(one.person, one.person), "person": one.person, "amount": one.amount / 100}
                for one in due],
        "sum": sum(one.amount for one in due) / 100, "payments": range(rule.payouts, 0, -1),
    }  # fmt: skip
    return render(request, "rewards/rule.html", context)


@needs("rewards.edit")
@require_POST
def act(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Settle now, pay what is due, or close the rule."""
    rule, user, what = get_object_or_404(Rule, pk=rule_id), member(request), request.POST.get("act", "")
    try:
        if what == "settle":
            done = settling.settle(workspace(), rule, now=queue.clock())
            messages.success(
                request, _("%(granted)s granted, %(back)s taken back.")
                % {"granted": done.granted, "back": done.clawed_back},
            )  # fmt: skip
        elif what == "close":
            ruling.close(rule, now=queue.clock())
        elif what == "pay":
            number, people = paying.pay(rule, now=queue.clock(), by=user.name)
            audit.note(user, "reward.pay", rule.name, rule=rule.pk, payment=number, people=len(people))
            return payment_csv(rule, number)
    except LianyiError as error:
        messages.error(request, str(error))
    else:
        if what in {"settle", "close"}:
            audit.note(user, f"reward.{what}", rule.name, rule=rule.pk)
    return redirect("reward", rule_id)


@needs("rewards.edit")
@require_safe
def payment(_request: HttpRequest, rule_id: int, number: int) -> HttpResponse:
    """The list of a payment, once more."""
    return payment_csv(get_object_or_404(Rule, pk=rule_id), number)


@needs("rewards.edit")
@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """Publish a draw with up to three kinds of prizes."""
    data, user = request.POST, member(request)
    prizes = [
        {
            "name": data.get(f"prize{n}", "").strip(),
            "value": data.get(f"value{n}") or 0,
            "count": int(data[f"count{n}"][:12]),
        }
        for n in range(1, 4)
        if data.get(f"prize{n}", "").strip() and data.get(f"count{n}", "").isdecimal()
    ]
    names = ("name", "campaign", "entry", "organiser", "contact", "beacon")
    wanted: dict[str, Any] = {name: data.get(name, "").strip() for name in names}
    wanted |= {"prizes": prizes, "rules": texts_in(data), "draws_at": moment_in(data, "draws_at"),
               "redeem_until": moment_in(data, "redeem_until")}  # fmt: skip
    try:
        draw = drawing.publish(draw_wanted(wanted), by=user.name, now=queue.clock())
    except (LianyiError, ApiError) as error:
        return _list(request, error=str(error), status=422)
    audit.note(user, "draw.publish", draw.name, draw=draw.pk, commitment=draw.commitment)
    return redirect("rewards")


@needs("rewards.edit")
@require_POST
def draw_act(request: HttpRequest, draw_id: int) -> HttpResponse:
    """Close the entries with these people, or draw with the public number."""
    draw, user, now = get_object_or_404(Draw, pk=draw_id), member(request), queue.clock()
    try:
        if request.POST.get("act") == "close":
            lines = [line.strip() for line in request.POST.get("people", "").splitlines() if line.strip()]
            people = [workspace().person(line).person_id for line in lines]
            drawing.close(draw, people, now=now)
            audit.note(user, "draw.close", draw.name, draw=draw.pk, entries=len(draw.entries), tickets=draw.tickets)
        else:
            drawing.draw_now(draw, beacon_value=request.POST.get("beacon_value", ""), now=now)
            audit.note(user, "draw.draw", draw.name, draw=draw.pk, beacon=draw.beacon_value, seed=draw.seed)
    except LianyiError as error:
        return _list(request, error=str(error), status=422)
    return redirect("rewards")
