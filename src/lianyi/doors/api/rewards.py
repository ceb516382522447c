"""Rewards and draws by API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from lianyi.action.rewards import drawing, paying, ruling, settling
from lianyi.action.rewards.models import Draw, Posting, Rule
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of, whole_number
from lianyi.doors.console.brand import brand, workspace
from lianyi.workspace import Workspace

api = Api()
RULE, DRAW = "rewards/<int:rule_id>", "draws/<int:draw_id>"
MONEY = ("fixed", "second", "least", "per_person", "budget")


def rule_data(rule: Rule) -> dict[str, Any]:
    """A rule as JSON; amounts as text, in the currency."""
    names = ("id", "name", "campaign", "counts", "currency", "new_only", "days", "hold_days", "disclosure", "starts_at",
             "ends_at", "closed_at", "settled_at", "payouts", "by", "created_at")  # fmt: skip
    said = {name: getattr(rule, name) for name in names}
    said |= {name: money_text(getattr(rule, name)) for name in (*MONEY, "spent")}
    made = paying.figures(rule)
    figures = {name: amount if name == "refused" else money_text(amount) for name, amount in made.items()}
    return {**said, "share_percent": rule.share / 100, "figures": figures}


def money_text(amount: int) -> str:
    """Hundredths as an amount."""
    return f"{amount / 100:.2f}"


def hundredths(value: Any, name: str) -> int:
    """An amount as hundredths; 422 where it is none."""
    try:
        amount = Decimal(str(value)) * 100
    except InvalidOperation as error:
        raise ApiError(422, f"{name}: {value!r} is no amount; write e.g. 12.50") from error
    if not amount.is_finite() or amount != amount.to_integral_value() or abs(amount) > 10**14:
        raise ApiError(422, f"{name}: {value!r} is no amount with at most two decimals")
    return int(amount)


def moment_of(data: Mapping[str, Any], name: str) -> datetime:
    """A time with its zone; 422 where it is none."""
    text = text_of(data, name)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ApiError(422, f"{name}: {text!r} is no time; write it like 2026-01-31T08:00:00+08:00") from error
    if at.tzinfo is None:
        raise ApiError(422, f"{name}: {text!r} has no time zone; add one, e.g. +08:00")
    return at


def names_of(ws: Workspace, people: list[str]) -> dict[str, tuple[str, str]]:
    """Person → key and name, for who pays."""
    found = ws.look_up("people", people, columns=["person_id", "name", "keys"]).to_pylist() if people else []
    return {row["person_id"]: (row["keys"][0] if row["keys"] else "", row["name"] or "") for row in found}


@api.add("GET", "rewards", right="people.see", says="Rules of rewards, with what they granted, took back and paid.")
def rules(_request: HttpRequest) -> dict[str, Any]:
    """Newest first."""
    return {"rules": [rule_data(rule) for rule in Rule.objects.all()[:200]]}


@api.add(
    "POST", "rewards", right="rewards.edit", says="A rule that runs. 403 where the law or a platform forbids it.",
    status=201,
    body=(
        Parameter(name="name", says="its name", required=True),
        Parameter(name="campaign", says="whose links count", required=True),
        Parameter(name="counts", says="order (paid and not given back) or check_in (a service that was used)"),
        Parameter(name="fixed", says="amount per purchase", type="number"),
        Parameter(name="share_percent", says="share of its net value, at most 50", type="number"),
        Parameter(name="levels", says="1; 2 only on purpose, with `second`", type="integer"),
        Parameter(name="second", says="amount for who brought the one who brought", type="number"),
        Parameter(name="least", says="net value from which a purchase counts", type="number"),
        Parameter(name="new_only", says="only for who had bought nothing before; default true", type="boolean"),
        Parameter(name="days", says="between the coming and the purchase; default 30", type="integer"),
        Parameter(name="hold_days", says="before it can be paid; default 15", type="integer"),
        Parameter(name="per_person", says="at most so much for one person", type="number", required=True),
        Parameter(name="budget", says="at most so much in all", type="number", required=True),
        Parameter(name="starts_at", says="ISO 8601 with zone", required=True),
        Parameter(name="ends_at", says="ISO 8601 with zone", required=True),
        Parameter(name="disclosure", says="by language what is said beforehand", type="object", required=True),
        Parameter(name="currency", says="default: the brand's"),
    ),
)  # fmt: skip
def start_rule(request: HttpRequest) -> dict[str, Any]:
    """A rule is never changed, only closed."""
    needed = ("name", "campaign", "per_person", "budget", "starts_at", "ends_at", "disclosure")
    data, user = body_of(request, *needed), user_of(request)
    rule = ruling.start(wanted_of(data), by=user.name, now=queue.clock())
    audit.note(user, "reward.start", rule.name, rule=rule.pk, budget=money_text(rule.budget))
    return rule_data(rule)


def wanted_of(data: Mapping[str, Any]) -> ruling.Wanted:
    """A rule as a body or a form says it."""
    disclosure = data.get("disclosure")
    if not isinstance(disclosure, dict) or not all(isinstance(text, str) for text in disclosure.values()):
        raise ApiError(422, "disclosure: must be an object with a text per language")
    whole = {name: data[name] for name in ("days", "hold_days", "levels") if data.get(name) is not None}
    if any(not isinstance(value, int) or isinstance(value, bool) for value in whole.values()):
        raise ApiError(422, "days, hold_days, levels: must be whole numbers")
    return ruling.Wanted(
        name=text_of(data, "name", limit=100), campaign=text_of(data, "campaign", limit=200),
        currency=text_of(data, "currency") or brand().currency, counts=text_of(data, "counts") or "order",
        share=hundredths(data.get("share_percent") or 0, "share_percent"), new_only=data.get("new_only") is not False,
        starts_at=moment_of(data, "starts_at"), ends_at=moment_of(data, "ends_at"), disclosure=disclosure,
        **{name: hundredths(data.get(name) or 0, name) for name in MONEY}, **whole,
    )  # fmt: skip


@api.add(
    "GET", RULE, right="people.see", says="One rule: figures, latest postings, what is due.",
    query=(Parameter(name="limit", says="at most so many postings, 1 to 1000", type="integer"),),
)  # fmt: skip
def one_rule(request: HttpRequest, rule_id: int) -> dict[str, Any]:
    """Postings are never changed."""
    rule = get_object_or_404(Rule, pk=rule_id)
    rows = Posting.objects.filter(rule=rule)[: whole_number(request, "limit", default=100, most=1000)]
    names = ("what", "person", "invited", "order_no", "level", "reason", "due_at", "at", "by")
    postings = [{**{name: getattr(row, name) for name in names}, "amount": money_text(row.amount)} for row in rows]
    due = [{"person": one.person, "amount": money_text(one.amount)} for one in paying.due(rule, now=queue.clock())]
    return {**rule_data(rule), "postings": postings, "due": due}


@api.add("POST", f"{RULE}/close", right="rewards.edit", says="No new rewards by this rule.")
def close_rule(request: HttpRequest, rule_id: int) -> dict[str, Any]:
    """A refund still takes back what was granted."""
    rule, user = get_object_or_404(Rule, pk=rule_id), user_of(request)
    ruling.close(rule, now=queue.clock())
    audit.note(user, "reward.close", rule.name, rule=rule.pk)
    return rule_data(rule)


@api.add(
    "POST", f"{RULE}/settle", right="rewards.edit", says="Grant what is earned and take back what was returned, now."
)
def settle_rule(request: HttpRequest, rule_id: int) -> dict[str, Any]:
    """Done every ten minutes anyway."""
    rule, user = get_object_or_404(Rule, pk=rule_id), user_of(request)
    done = settling.settle(workspace(), rule, now=queue.clock())
    audit.note(user, "reward.settle", rule.name, rule=rule.pk, granted=done.granted, clawed_back=done.clawed_back)
    rule.refresh_from_db()
    return {
        **rule_data(rule),
        "settled": {"granted": done.granted, "refused": done.refused, "clawed_back": done.clawed_back},
    }


@api.add("POST", f"{RULE}/pay", right="rewards.edit", says="Write down that all that is due is paid; the list as CSV.")
def pay_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """503 where somebody else pays at the same moment. The list of a payment can be had again with GET."""
    rule, user = get_object_or_404(Rule, pk=rule_id), user_of(request)
    number, people = paying.pay(rule, now=queue.clock(), by=user.name)
    audit.note(user, "reward.pay", rule.name, rule=rule.pk, payment=number, people=len(people))
    return payment_csv(rule, number)


@api.add(
    "GET", f"{RULE}/payments/<int:number>", right="rewards.edit", says="The list of a payment that was made, as CSV."
)
def payment(_request: HttpRequest, rule_id: int, number: int) -> HttpResponse:
    """No cell is a formula."""
    return payment_csv(get_object_or_404(Rule, pk=rule_id), number)


def payment_csv(rule: Rule, number: int) -> HttpResponse:
    """The list as a download."""
    people = paying.paid(rule, number)
    text = paying.as_csv(rule, people, names_of(workspace(), [one.person for one in people]))
    name = f"payment-{rule.pk}-{number}.csv"
    return HttpResponse(
        text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


@api.add("GET", "draws", right="people.see", says="All draws, as they are published.")
def draws(_request: HttpRequest) -> dict[str, Any]:
    """The seed is shown once a draw is done."""
    return {"draws": [{"id": draw.pk, **drawing.published(draw)} for draw in Draw.objects.all()[:200]]}


@api.add(
    "POST", "draws", right="rewards.edit", says="Publish a draw. 403 where the law forbids it.", status=201,
    body=(
        Parameter(name="name", says="its name", required=True),
        Parameter(name="prizes", says="objects with name, value and count; at most 50,000 yuan each", type="array",
                  required=True),
        Parameter(name="entry", says=f"how people come in: {', '.join(drawing.ENTRIES)}", required=True),
        Parameter(name="rules", says="by language: who, how, how prizes are handed out", type="object", required=True),
        Parameter(name="organiser", says="who holds it", required=True),
        Parameter(name="contact", says="how they are reached", required=True),
        Parameter(name="draws_at", says="ISO 8601 with zone", required=True),
        Parameter(name="redeem_until", says="ISO 8601 with zone", required=True),
        Parameter(name="beacon", says="which public number of that day is mixed in", required=True),
        Parameter(name="campaign", says="the campaign it belongs to"),
    ),
)  # fmt: skip
def publish_draw(request: HttpRequest) -> dict[str, Any]:
    """What is published is not changed."""
    needed = ("name", "prizes", "entry", "rules", "organiser", "contact", "draws_at", "redeem_until", "beacon")
    data, user = body_of(request, *needed), user_of(request)
    draw = drawing.publish(draw_wanted(data), by=user.name, now=queue.clock())
    audit.note(user, "draw.publish", draw.name, draw=draw.pk, commitment=draw.commitment)
    return {"id": draw.pk, **drawing.published(draw)}


def draw_wanted(data: Mapping[str, Any]) -> drawing.Wanted:
    """A draw as a body or a form says it."""
    prizes, rules_ = data["prizes"], data["rules"]
    if not isinstance(rules_, dict) or not all(isinstance(text, str) for text in rules_.values()):
        raise ApiError(422, "rules: must be an object with a text per language")
    if not isinstance(prizes, list) or not all(isinstance(one, dict) for one in prizes):
        raise ApiError(422, "prizes: must be a list of objects with name, value and count")
    made = []
    for one in prizes:
        count = one.get("count")
        if not isinstance(count, int) or isinstance(count, bool):
            raise ApiError(422, "prizes: count must be a whole number")
        made.append(
            drawing.Prize(name=str(one.get("name", "")), value=hundredths(one.get("value", 0), "value"), count=count)
        )
    return drawing.Wanted(
        name=text_of(data, "name"), prizes=made, entry=text_of(data, "entry"), rules=rules_,
        organiser=text_of(data, "organiser"), contact=text_of(data, "contact"), draws_at=moment_of(data, "draws_at"),
        redeem_until=moment_of(data, "redeem_until"), beacon=text_of(data, "beacon"),
        campaign=text_of(data, "campaign"), currency=brand().currency,
    )  # fmt: skip


@api.add(
    "POST", f"{DRAW}/close", right="rewards.edit", says="Entries are over: these people take part.",
    body=(Parameter(name="people", says="person ids", type="array", required=True),),
)  # fmt: skip
def close_draw(request: HttpRequest, draw_id: int) -> dict[str, Any]:
    """The tickets are published from now on."""
    draw, user = get_object_or_404(Draw, pk=draw_id), user_of(request)
    people = body_of(request, "people")["people"]
    if not isinstance(people, list) or not all(isinstance(one, str) for one in people):
        raise ApiError(422, "people: must be a list of person ids")
    drawing.close(draw, people, now=queue.clock())
    audit.note(user, "draw.close", draw.name, draw=draw.pk, entries=len(draw.entries), tickets=draw.tickets)
    return {"id": draw.pk, **drawing.published(draw)}


@api.add(
    "POST", f"{DRAW}/draw", right="rewards.edit", says="Draw, with the public number that was named.",
    body=(Parameter(name="beacon_value", says="the number", required=True),),
)  # fmt: skip
def draw_now(request: HttpRequest, draw_id: int) -> dict[str, Any]:
    """Seed, tickets and winners are published with it; won_by says who they are."""
    draw, user = get_object_or_404(Draw, pk=draw_id), user_of(request)
    drawing.draw_now(draw, beacon_value=text_of(body_of(request, "beacon_value"), "beacon_value"), now=queue.clock())
    audit.note(user, "draw.draw", draw.name, draw=draw.pk, beacon=draw.beacon_value, seed=draw.seed)
    return {"id": draw.pk, **drawing.published(draw), "won_by": drawing.won_by(draw)}
