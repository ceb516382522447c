"""What every page has around it: navigation, brand, theme, as-of time, jobs that run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lianyi.action.team.models import User
from lianyi.action.team.rights import Text
from lianyi.action.work.models import Job
from lianyi.doors.console.brand import brand

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One page inside a place: the name of its address and what it is called."""

    name: str
    title: Text


@dataclass(frozen=True, kw_only=True)
class Place:
    """One entry of the navigation. `also` are further beginnings of addresses at which it is lit. `parts` are the pages
    inside it: they stand below it at the side, and as tabs on a phone, at whose lower edge the places can be pushed.
    """

    name: str
    title: Text
    icon: str
    right: str
    also: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


PLACES = (
    Place(name="overview", title=_("Overview"), icon="overview", right="people.see"),
    Place(
        name="inbox",
        title=_("Inbox"),
        icon="message",
        right="people.see",
        parts=(Part(name="inbox", title=_("Waiting for you")), Part(name="duty", title=_("Duty and response times"))),
    ),
    Place(
        name="people",
        title=_("People"),
        icon="people",
        right="people.see",
        also=("/audiences", "/tags", "/ties"),
        parts=(
            Part(name="people", title=_("All people")),
            Part(name="audiences", title=_("Audiences")),
            Part(name="tags", title=_("Tags")),
            Part(name="ties", title=_("Ties")),
        ),
    ),
    Place(
        name="demand",
        title=_("Demand"),
        icon="order",
        right="people.see",
        also=("/lookalikes", "/next-best"),
        parts=(
            Part(name="demand", title=_("Demand map")),
            Part(name="next_best", title=_("Next best")),
            Part(name="lookalikes", title=_("Similar people")),
        ),
    ),
    Place(
        name="communities",
        title=_("Communities"),
        icon="communities",
        right="people.see",
        also=("/groups", "/moderation", "/sops", "/signups", "/listening"),
        parts=(
            Part(name="communities", title=_("Communities")),
            Part(name="groups", title=_("Groups")),
            Part(name="moderation", title=_("Moderation")),
            Part(name="sops", title=_("SOPs")),
            Part(name="signups", title=_("Sign-ups")),
            Part(name="listening", title=_("Listening")),
        ),
    ),
    Place(
        name="ripples",
        title=_("Ripples"),
        icon="ripples",
        right="people.see",
        also=("/influence", "/planner", "/forecasts", "/picture"),
        parts=(
            Part(name="ripples", title=_("All ripples")),
            Part(name="picture", title=_("Funnel and ripple")),
            Part(name="influence", title=_("Influence")),
            Part(name="planner", title=_("Planner")),
            Part(name="forecasts", title=_("Forecasts")),
        ),
    ),
    Place(
        name="value",
        title=_("Worth"),
        icon="heart",
        right="people.see",
        also=("/retention", "/stages"),
        parts=(
            Part(name="value", title=_("Worth and next order")),
            Part(name="retention", title=_("Retention")),
            Part(name="stages", title=_("Stages")),
        ),
    ),
    Place(
        name="journeys",
        title=_("Action"),
        icon="spark",
        right="people.see",
        also=(
            "/campaigns",
            "/tasks",
            "/contacts",
            "/calendar",
            "/policy",
            "/suppression",
            "/content",
            "/codes",
            "/rewards",
            "/offers",
            "/draws",
            "/experiments",
            "/touches",
        ),
        parts=(
            Part(name="journeys", title=_("Journeys")),
            Part(name="campaigns", title=_("Campaigns")),
            Part(name="content_library", title=_("Content")),
            Part(name="codes", title=_("Codes and links")),
            Part(name="team_tasks", title=_("Tasks")),
            Part(name="contacts", title=_("Contacts")),
            Part(name="contacts_calendar", title=_("Calendar")),
            Part(name="policy", title=_("Policy")),
            Part(name="rewards", title=_("Rewards")),
            Part(name="offers", title=_("Offers")),
            Part(name="experiments", title=_("Experiments")),
            Part(name="touches", title=_("How many touches")),
        ),
    ),
    Place(
        name="ledger",
        title=_("Ledger"),
        icon="ledger",
        right="people.see",
        also=("/prices", "/attribution", "/report"),
        parts=(
            Part(name="ledger", title=_("Money")),
            Part(name="reports", title=_("Monthly report")),
            Part(name="ledger_returns", title=_("Returns")),
            Part(name="attribution", title=_("Attribution")),
            Part(name="ledger_book", title=_("Prices and costs")),
        ),
    ),
    Place(
        name="data",
        title=_("Data"),
        icon="data",
        right="data.see",
        also=("/import", "/connectors"),
        parts=(Part(name="data", title=_("Sources and tables")), Part(name="connectors", title=_("Connectors"))),
    ),
    Place(name="settings", title=_("Settings"), icon="settings", right="people.see"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    theme = request.COOKIES.get("theme", "auto")
    context: dict[str, Any] = {"brand": brand(), "theme": theme if theme in THEMES else "auto"}
    user = getattr(request, "user", None)
    if isinstance(user, User):
        context["places"] = [_entry(place, request.path) for place in PLACES if user.may(place.right)]
        context["running"] = Job.objects.filter(state=Job.State.RUNNING).first()
        context["rights"] = {right.replace(".", "_"): user.may(right) for right in _rights()}
    return context


def _entry(place: Place, path: str) -> dict[str, Any]:
    address = reverse(place.name)
    here = path == "/" if address == "/" else path.startswith((address, *place.also))
    parts = _parts(place.parts, path) if here else []
    return {"title": place.title, "icon": place.icon, "address": address, "here": here, "parts": parts}


def _parts(parts: Iterable[Part], path: str) -> list[dict[str, Any]]:
    """Where a path lies in two, one address being the beginning of the other, the reader is at the longer one."""
    placed = [(part.title, reverse(part.name)) for part in parts]
    at = [address for _title, address in placed if path == address or path.startswith(f"{address}/")]
    here = max(at, key=len, default=None)
    return [{"title": title, "address": address, "here": address == here} for title, address in placed]


def _rights() -> list[str]:
    from lianyi.action.team.rights import RIGHTS

    return list(RIGHTS)
