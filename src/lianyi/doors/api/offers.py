"""Offers by API: published rules, what they would cost, whom they entitle, issuing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from lianyi.action.offers import fairness, issuing, planning, publishing, redeeming
from lianyi.action.offers.models import Offer
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of
from lianyi.doors.api.rewards import hundredths, moment_of, money_text
from lianyi.doors.console.brand import brand, workspace

api = Api()
OFFER = "offers/<int:offer_id>"
NEEDED = ("name", "kind", "condition", "says", "starts_at", "ends_at")
WANTED = (
    Parameter(name="name", says="its name; one of the same name is a new version", required=True),
    Parameter(name="kind", says="coupon (one order) or tier (as long as the rule holds)", required=True),
    Parameter(name="condition", says="who is entitled, in words that people know of themselves", required=True),
    Parameter(name="says", says="by language, as it is published", type="object", required=True),
    Parameter(name="starts_at", says="ISO 8601 with zone", required=True),
    Parameter(name="ends_at", says="ISO 8601 with zone", required=True),
    Parameter(name="percent", says="share off, in percent; this or amount", type="number"),
    Parameter(name="amount", says="amount off; this or percent", type="number"),
    Parameter(name="least", says="worth of an order from which it holds", type="number"),
    Parameter(name="most", says="people it is issued to, by lot; 0 = all", type="integer"),
    Parameter(name="experiment", says="from which its effect is known, e.g. campaign/spring"),
    Parameter(name="code", says="by which orders name it, besides its name, e.g. what is typed at the till"),
)  # fmt: skip


def offer_data(offer: Offer) -> dict[str, Any]:
    """An offer as JSON; amounts as text, in the currency."""
    names = ("id", "name", "version", "kind", "condition", "says", "most", "currency", "experiment", "code",
             "starts_at", "ends_at", "issued",
             "issued_at", "closed_at", "by", "published_at", "planned_at")  # fmt: skip
    said = {name: getattr(offer, name) for name in names}
    said |= {name: money_text(getattr(offer, name)) for name in ("amount", "least")}
    return {**said, "percent": offer.percent / 100}


@api.add("GET", "offers", right="people.see", says="Offers in their versions, newest first.")
def offers(_request: HttpRequest) -> dict[str, Any]:
    """What each gives is never changed."""
    found = list(Offer.objects.all()[:200])
    used = redeeming.redeemed_of(workspace(), found)
    return {"offers": [{**offer_data(offer), "redeemed": used.get(offer.pk)} for offer in found]}


@api.add(
    "POST", "offers", right="rewards.edit", status=201,
    says="Publish an offer, or a new version of it. 403 where it would be a price for single persons.",
    body=WANTED,
)  # fmt: skip
def publish_offer(request: HttpRequest) -> dict[str, Any]:
    """The plan is worked out at once; see GET offers/{offer_id}."""
    data, user = body_of(request, *NEEDED), user_of(request)
    offer = publishing.publish(workspace(), offer_wanted(data), by=user.name, now=queue.clock())
    audit.note(user, "offer.publish", offer.name, offer=offer.pk, version=offer.version, rule=offer.condition)
    planning.looked_at(workspace(), offer, queue.clock())
    return offer_data(offer)


@api.add(
    "POST", "offers/preview", right="people.see", body=WANTED,
    says="The plan of an offer that is not published: nothing is kept. 403 where it would be refused.",
)  # fmt: skip
def preview_offer(request: HttpRequest) -> dict[str, Any]:
    """What it would cost and bring, whom it would entitle; null = unknown."""
    data, user, now = body_of(request, *NEEDED), user_of(request), queue.clock()
    offer = publishing.draft(workspace(), offer_wanted(data), by=user.name, now=now)
    return {**offer_data(offer), "plan": planning.plan(workspace(), offer, now)}


def offer_wanted(data: Mapping[str, Any]) -> publishing.Wanted:
    """An offer as a body, a file or a form says it."""
    says, most = data["says"], data.get("most") or 0
    if not isinstance(says, dict) or not all(isinstance(text, str) for text in says.values()):
        raise ApiError(422, "says: must be an object with a text per language")
    if not isinstance(most, int) or isinstance(most, bool):
        raise ApiError(422, "most: must be a whole number")
    return publishing.Wanted(
        name=text_of(data, "name"), kind=text_of(data, "kind"), condition=text_of(data, "condition", limit=4_000),
        currency=brand().currency, starts_at=moment_of(data, "starts_at"), ends_at=moment_of(data, "ends_at"),
        percent=hundredths(data.get("percent") or 0, "percent"), amount=hundredths(data.get("amount") or 0, "amount"),
        least=hundredths(data.get("least") or 0, "least"), most=most, says=says,
        experiment=text_of(data, "experiment") if data.get("experiment") else "",
        code=text_of(data, "code") if data.get("code") else "",
    )  # fmt: skip


@api.add(
    "GET", OFFER, right="people.see",
    says="One offer with its plan (who is entitled, what it costs and brings, shares of groups) and what became of it: "
    "issued, redeemed, expired, what it took off, by group. null = unknown.",
)  # fmt: skip
def offer_of(_request: HttpRequest, offer_id: int) -> dict[str, Any]:
    """The plan as it was worked out at planned_at; redeemed as the log told it at its as_of."""
    offer = get_object_or_404(Offer, pk=offer_id)
    return {**offer_data(offer), "plan": offer.plan, "redeemed": redeeming.redeemed(workspace(), offer)}


@api.add("POST", f"{OFFER}/plan", right="rewards.edit", says="Work the plan out anew, on the tables of now.")
def plan_offer(request: HttpRequest, offer_id: int) -> dict[str, Any]:
    """prices: of the log: to how many it was issued, and how many different prices they got; 1 is right."""
    offer = planning.looked_at(workspace(), get_object_or_404(Offer, pk=offer_id), queue.clock())
    audit.note(user_of(request), "offer.plan", offer.name, offer=offer.pk)
    return {**offer_data(offer), "plan": offer.plan, "prices": fairness.prices(workspace(), offer)}


@api.add("POST", f"{OFFER}/issue", right="rewards.edit", says="Issue it, once: an event about each entitled person.")
def issue_offer(request: HttpRequest, offer_id: int) -> dict[str, Any]:
    """Nobody is written to; that is a campaign."""
    offer, user = get_object_or_404(Offer, pk=offer_id), user_of(request)
    count = issuing.issue(workspace(), offer, now=queue.clock())
    audit.note(user, "offer.issue", offer.name, offer=offer.pk, people=count)
    return offer_data(offer)


@api.add("POST", f"{OFFER}/close", right="rewards.edit", says="It is not issued any more.")
def close_offer(request: HttpRequest, offer_id: int) -> dict[str, Any]:
    """What was issued holds until its end."""
    offer, user = get_object_or_404(Offer, pk=offer_id), user_of(request)
    publishing.close(offer, now=queue.clock())
    audit.note(user, "offer.close", offer.name, offer=offer.pk)
    return offer_data(offer)
