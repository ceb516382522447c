"""Codes by API: issue, look at, draw, retire; the pages that they lead to; what platforms hand back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from lianyi.action.channels import accounts
from lianyi.action.codes import at_wecom, carriers, drawing, figures, issuing, landing, posters, saying
from lianyi.action.codes.models import Code, Landing
from lianyi.action.content.models import Version
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.api.endpoint import Api, ApiError, Parameter, body_of, text_of, user_of, whole_number
from lianyi.doors.console.brand import workspace
from lianyi.errors import InputError
from lianyi.memory.keys import as_kept

api = Api()
CODE = "codes/<str:token>"
MOST = 2_000


def code_data(row: Code) -> dict[str, Any]:
    """A code as JSON."""
    names = ("token", "campaign", "channel", "sharer", "target", "landing", "carry", "parent", "depth", "by",
             "created_at", "retired_at")  # fmt: skip
    return {**{name: getattr(row, name) for name in names}, "url": issuing.url_of(row)}


@api.add(
    "POST", "wecom-codes", right="codes.edit", says="A code of WeCom for each code of a campaign, at most 200 a call.",
    body=(
        Parameter(name="campaign", says="whose codes", required=True),
        Parameter(name="channel", says="the wecom_mass channel in whose name they are made", required=True),
        Parameter(name="users", says="contact codes: user ids of colleagues", type="array"),
        Parameter(name="groups", says="group codes: ids of groups", type="array"),
        Parameter(name="remove", says="true: take them away at WeCom instead", type="boolean"),
    ),
)  # fmt: skip
def wecom_codes(request: HttpRequest) -> dict[str, Any]:
    """What is there already is not made again; `left` says how many wait for the next call."""
    data, user, now = body_of(request, "campaign", "channel"), user_of(request), queue.clock()
    account, campaign = accounts.by_name(text_of(data, "channel")), text_of(data, "campaign")
    if data.get("remove") is True:
        done = at_wecom.remove(account, campaign, by=user, now=now)
    else:
        named = {name: data.get(name) or [] for name in ("users", "groups")}
        for name, value in named.items():
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise ApiError(422, f"{name}: must be a list of ids")
        done = at_wecom.make(account, campaign, **named, by=user, now=now)
    names = ("token", "carrier", "config_id", "qr_code")
    return {"codes": [{name: getattr(one, name) for name in names} for one in done.rows], "left": done.left}


def with_figures(rows: Sequence[Code]) -> list[dict[str, Any]]:
    """Codes with what came through them."""
    found = figures.of(workspace(), [row.token for row in rows])
    return [{**code_data(row), "figures": asdict(found[row.token])} for row in rows]


@api.add(
    "GET", "codes", right="people.see", says="Codes given out, newest first, with what came through them.",
    query=(Parameter(name="campaign", says="only of this campaign"),
           Parameter(name="visitors", says="1: also those that visitors got for themselves"),
           Parameter(name="limit", says="at most so many, 1 to 2000", type="integer")),
)  # fmt: skip
def codes(request: HttpRequest) -> dict[str, Any]:
    """Figures are null while the tables are not built."""
    found = issuing.issued(campaign=request.GET.get("campaign", ""), visitors=request.GET.get("visitors") == "1")
    return {"codes": with_figures(list(found[: whole_number(request, "limit", default=200, most=MOST)]))}


@api.add(
    "POST", "codes", right="codes.edit", says="Give codes out: one for the brand, or one for each of these people.",
    status=201,
    body=(
        Parameter(name="campaign", says="as its links carry it", required=True),
        Parameter(name="channel", says="wechat, wecom, email, poster …", required=True),
        Parameter(name="target", says="web address where it leads in the end", required=True),
        Parameter(name="people", says="person ids or keys; empty: the brand itself", type="array"),
        Parameter(name="landing", says="through the campaign's page; default true", type="boolean"),
        Parameter(name="carry", says="the target has our snippet: the visitor's number goes along", type="boolean"),
    ),
)  # fmt: skip
def issue(request: HttpRequest) -> dict[str, Any]:
    """The same asked for twice is the same code."""
    data, user, ws = body_of(request, "campaign", "channel", "target"), user_of(request), workspace()
    people = data.get("people") or []
    if not isinstance(people, list) or len(people) > MOST or not all(isinstance(one, str) for one in people):
        raise ApiError(422, f"people: must be a list of at most {MOST} person ids or keys")
    wanted: dict[str, Any] = {
        "campaign": text_of(data, "campaign"), "channel": text_of(data, "channel"),
        "target": text_of(data, "target", limit=2_000), "landing": data.get("landing", True) is True,
        "carry": data.get("carry") is True, "by": user.name, "now": queue.clock(),
    }  # fmt: skip
    if people:
        found = [ws.person(one).person_id for one in people]
        urls = issuing.for_people(ws, person_ids=found, **wanted)
    else:
        urls = {"": issuing.issue(sharer=None, **wanted).url}
    audit.note(user, "codes.issue", wanted["campaign"], codes=len(urls))
    return {"codes": [{"person_id": person or None, "url": url, "token": url.rsplit("/", 1)[-1]}
                      for person, url in urls.items()]}  # fmt: skip


@api.add("GET", CODE, right="people.see", says="One code: figures, and how each carrier takes it.")
def one_code(_request: HttpRequest, token: str) -> dict[str, Any]:
    """carriers: what to ask of WeCom and WeChat, so that they hand the token back."""
    row = issuing.code_of(token)
    asked = {name: carriers.request_for(name, row.token, path="") for name in carriers.CARRIERS}
    return {**with_figures([row])[0], "carriers": asked}


@api.add("GET", f"{CODE}/qr.png", right="people.see", says="The QR code as PNG.")
def qr(_request: HttpRequest, token: str) -> HttpResponse:
    """About 1024 pixels wide."""
    return HttpResponse(drawing.qr_png(issuing.url_of(issuing.code_of(token))), content_type="image/png")


@api.add(
    "GET", f"{CODE}/poster.png", right="people.see", says="A poster with the code on it.",
    query=(Parameter(name="version", says="id of a content version of kind poster", type="integer", required=True),
           Parameter(name="language", says="zh-hans or en")),
)  # fmt: skip
def poster(request: HttpRequest, token: str) -> HttpResponse:
    """422 names letters that no font of this machine has."""
    row = issuing.code_of(token)
    version = get_object_or_404(Version, pk=whole_number(request, "version", default=0, most=10**15))
    drawn = posters.poster_of(workspace().folder, row, version, language=request.GET.get("language", ""))
    return HttpResponse(drawn, content_type="image/png")


@api.add("DELETE", CODE, right="codes.edit", says="Retire a code: it leads nowhere from now on.")
def retire(request: HttpRequest, token: str) -> dict[str, Any]:
    """What came through it stays."""
    row = issuing.code_of(token)
    issuing.retire(Code.objects.filter(pk=row.pk), now=queue.clock())
    audit.note(user_of(request), "codes.retire", row.campaign, token=row.token)
    return code_data(issuing.code_of(token))


@api.add(
    "POST", "arrivals", right="codes.edit", says="Tell of an arrival that a platform reported with a token.",
    body=(
        Parameter(name="value", says="what the platform sent back: state, EventKey, path …", required=True),
        Parameter(name="key", says="key of who came, e.g. wecom:wm… or openid:o…", required=True),
        Parameter(name="at", says="when (ISO 8601 with zone); default now"),
        Parameter(name="id", says="the platform's id of the event, so that it counts once"),
        Parameter(name="carrier", says=f"one of {', '.join(carriers.CARRIERS)}"),
    ),
)  # fmt: skip
def arrived(request: HttpRequest) -> dict[str, Any]:
    """It is in the inbox then. 422 where the value holds no token of ours."""
    data, now = body_of(request, "value", "key"), queue.clock()
    token = carriers.token_in(text_of(data, "value", limit=2_000))
    if token is None:
        raise InputError("value: holds no token of ours")
    row, text = issuing.code_of(token), text_of(data, "at")
    try:
        at = datetime.fromisoformat(text) if text else now
    except ValueError as error:
        raise ApiError(422, f"at: {text!r} is no time; write it like 2026-01-31T08:00:00+08:00") from error
    if at.tzinfo is None or ":" not in text_of(data, "key"):
        raise ApiError(422, "at needs a time zone, and key a namespace, e.g. wecom:wm1")
    event = saying.arrival(
        row, as_kept(text_of(data, "key")), at=at, carrier=text_of(data, "carrier") or "platform",
        id=f"arrive:{text_of(data, 'id')}" if data.get("id") else "",
    )  # fmt: skip
    workspace().inbox.put_now([event], received_at=now)
    return {"event": event.id, "campaign": row.campaign}


@api.add("GET", "landings", right="people.see", says="The pages of campaigns.")
def landings(_request: HttpRequest) -> dict[str, Any]:
    """What strangers see behind a campaign's links."""
    names = ("campaign", "version", "page", "disclosure", "asks_first", "by", "changed_at")
    return {"landings": list(Landing.objects.order_by("campaign").values(*names))}


@api.add(
    "PUT", "landings", right="codes.edit", says="Say what the page of a campaign shows.",
    body=(
        Parameter(name="campaign", says="as its links carry it", required=True),
        Parameter(name="version", says="id of a content version of kind link or poster", type="integer"),
        Parameter(name="disclosure", says="by language what is said of rewards", type="object"),
        Parameter(name="asks_first", says="nothing is kept in a browser before a button is pressed", type="boolean"),
    ),
)  # fmt: skip
def save_landing(request: HttpRequest) -> dict[str, Any]:
    """Its texts are filled in now."""
    data, user = body_of(request, "campaign"), user_of(request)
    version = get_object_or_404(Version, pk=data["version"]) if isinstance(data.get("version"), int) else None
    disclosure = data.get("disclosure") or {}
    if not isinstance(disclosure, dict) or not all(isinstance(text, str) for text in disclosure.values()):
        raise ApiError(422, "disclosure: must be an object with a text per language")
    saved = landing.save(
        campaign=text_of(data, "campaign"), version=version, disclosure=disclosure,
        asks_first=data.get("asks_first") is True, by=user.name, now=queue.clock(),
    )  # fmt: skip
    audit.note(user, "landing.save", saved.campaign)
    return {"campaign": saved.campaign, "page": saved.page}
