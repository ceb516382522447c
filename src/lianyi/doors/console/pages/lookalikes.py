"""Similar people: seeds (an audience or a tag) → who is most like them, and why; kept as a list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.audiences import defining, members
from lianyi.action.audiences.models import Audience
from lianyi.action.team import audit
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.offers.views import names_of_communities
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError, LianyiError
from lianyi.workspace import Workspace

SHOWN, MOST = 50, 10_000
KINDS = {
    "tag": _("Tag"), "community": _("Community"), "likes": _("Buys"), "city": _("City"),
    "consumption": _("Consumption level"),
}  # fmt: skip


@needs("people.see")
@require_safe
def lookalikes(request: HttpRequest) -> HttpResponse:
    """The form, and with ?audience= or ?tag= the people most like these; worked out when asked."""
    return _page(request, request.GET)


def _page(request: HttpRequest, data: QueryDict, *, error: str = "", status: int = 200) -> HttpResponse:
    ws, found = workspace(), None
    state = ws.states().get("person_tags")
    if state is not None and not error and (data.get("audience") or data.get("tag")):
        try:
            found = _found(ws, data, SHOWN)
            found["people"] = _named(ws, found["people"])
        except LianyiError as problem:
            error, status = str(problem), 422
    context = {
        "state": state, "found": found, "error": error, "data": data, "most": MOST,
        "audiences": Audience.objects.filter(archived=False, build__gt=0), "chosen": data.get("audience", ""),
    }  # fmt: skip
    return render(request, "demand/lookalikes.html", context, status=status)


def _found(ws: Workspace, data: QueryDict, limit: int) -> dict[str, Any]:
    number, tag = data.get("audience", ""), data.get("tag", "").strip()
    if number and whole(number) is None:
        raise InputError(f"audience: {number[:40]!r} is no id of an audience")
    people = members.of(ws, defining.found(int(number))).ids().to_pylist() if number else ()
    made: dict[str, Any] = ws.demand.lookalikes(tag="" if number else tag, people=people, limit=limit)
    return made


def _named(ws: Workspace, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With names, and traits as (kind, value)."""
    ids = [row["person_id"] for row in rows]
    known = ws.look_up("people", ids, columns=["person_id", "name"]).to_pylist()
    names = {row["person_id"]: row["name"] for row in known}
    places = {trait.partition(":")[2] for row in rows for trait in row["traits"] if trait.startswith("community:")}
    said = names_of_communities(ws, sorted(places))
    made = []
    for row in rows:
        parts = [one.partition(":") for one in row["traits"]]
        told = [{"kind": KINDS.get(kind, kind), "value": said.get(value, value)} for kind, _colon, value in parts]
        made.append({**row, "name": names.get(row["person_id"]) or row["person_id"], "traits": told})
    return made


@needs("audiences.edit")
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the most alike as a list; its page has the exports, with purpose and consent."""
    ws, user, data = workspace(), member(request), request.POST
    try:
        count = data.get("count", "")
        if not count.isdecimal() or not 1 <= int(count) <= MOST:
            raise InputError(f"count: {count[:20]!r} is not from 1 to {MOST:,}")
        found = _found(ws, data, int(count))
        ids = "\n".join(row["person_id"] for row in found["people"])
        about = f"similar to {data.get('tag') or data.get('audience')}, AUC {found['auc']:.2f}"
        made, _put = defining.make_list(ws, data.get("name", ""), ids, by=user.name, now=ws.clock(), about=about)
    except LianyiError as problem:
        return _page(request, data, error=str(problem), status=422)
    audit.note(user, "audience.gather", made.name, audience=made.pk, similar=len(found["people"]), seeds=found["seeds"])
    return redirect("audience", made.pk)
