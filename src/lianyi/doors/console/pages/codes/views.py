"""Codes: who got which, what came through them, what their page says."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lianyi.action.channels import accounts
from lianyi.action.channels.models import Account
from lianyi.action.codes import at_wecom, carriers, drawing, figures, issuing, landing, posters
from lianyi.action.codes.models import Code, Landing
from lianyi.action.content.models import Content, Version
from lianyi.action.content.rendering import base_url
from lianyi.action.team import audit
from lianyi.action.work import queue
from lianyi.doors.console.asked import whole
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.people.export import cell
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError, LianyiError, NotFound, RefusedError
from lianyi.workspace import Workspace

SHOWN = 200
CHANNELS = ("wechat", "wecom", "email", "sms", "poster", "web", "matrix")


@needs("people.see")
@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    """Codes of all campaigns or of one, with what came through them."""
    return _list(request)


def _list(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    ws, campaign = workspace(), request.GET.get("campaign", "")
    visitors = request.GET.get("visitors") == "1"
    found = list(issuing.issued(campaign=campaign, visitors=visitors)[:SHOWN])
    made = figures.of(ws, [row.token for row in found])
    names = names_of(ws, [row.sharer for row in found if row.sharer])
    pages = {page.campaign: page for page in Landing.objects.all()}
    campaigns = sorted(set(Code.objects.order_by().values_list("campaign", flat=True).distinct()) | set(pages))
    page = pages.get(campaign)
    listed = [
        {"code": row, "url": issuing.url_of(row), "figures": made[row.token], "name": names.get(row.sharer, "")}
        for row in found
    ]
    context = {
        "rows": listed, "campaign": campaign, "campaigns": campaigns, "visitors": visitors, "page": page,
        "state": ws.states().get("arrivals"), "zh": page.disclosure.get("zh-hans", "") if page else "",
        "channels": CHANNELS, "error": error, "data": request.POST, "ripple": _ripple(ws, campaign),
        "contents": Content.objects.filter(kind__in=("link", "poster"), archived_at__isnull=True)[:100],
        "wecom_accounts": Account.objects.filter(kind=at_wecom.KIND, is_on=True), "at_wecom": _at_wecom(found),
        "local": base_url().startswith("http://127."),
    }  # fmt: skip
    return render(request, "codes/page.html", context, status=status)


def _at_wecom(found: list[Code]) -> int:
    """How many of these codes are at WeCom as well."""
    return len(at_wecom.there([row.token for row in found]))


def names_of(ws: Workspace, people: list[str]) -> dict[str, str]:
    """Names as the tables have them now."""
    if not people or "people" not in ws.states():
        return {}
    found = ws.look_up("people", sorted(set(people)), columns=["person_id", "name"]).to_pylist()
    return {row["person_id"]: row["name"] or row["person_id"] for row in found}


def _ripple(ws: Workspace, campaign: str) -> dict[str, Any] | None:
    """The ripple of a campaign, for the link to it."""
    if not campaign or "ripples" not in ws.states():
        return None
    found = ws.rows("SELECT ripple_id, seeds, reached FROM ripples WHERE kind = 'campaign' AND name = ?", (campaign,))
    return found[0] if found else None


@needs("codes.edit")
@require_POST
def issue(request: HttpRequest) -> HttpResponse:
    """Give codes out: to the brand, or to the people named, one key or id a line."""
    ws, user, data = workspace(), member(request), request.POST
    wanted: dict[str, Any] = {
        "campaign": data.get("campaign", "").strip(), "channel": data.get("channel", "").strip(),
        "target": data.get("target", "").strip(), "landing": not data.get("direct"), "carry": bool(data.get("carry")),
        "by": user.name, "now": queue.clock(),
    }  # fmt: skip
    try:
        people = [ws.person(line.strip()).person_id for line in data.get("people", "").splitlines() if line.strip()]
        if people:
            made = len(issuing.for_people(ws, person_ids=people, **wanted))
        else:
            made = 1
            issuing.issue(sharer=None, **wanted)
    except (InputError, NotFound) as error:
        return _list(request, error=str(error), status=422)
    audit.note(user, "codes.issue", wanted["campaign"], codes=made)
    messages.success(
        request, ngettext("%(count)s code is there.", "%(count)s codes are there.", made) % {"count": made}
    )
    answer = redirect("codes")
    answer.headers["Location"] += "?" + _query(campaign=wanted["campaign"])
    return answer


@needs("codes.edit")
@require_POST
def wecom(request: HttpRequest) -> HttpResponse:
    """A code of WeCom for each code of a campaign, or take them away there."""
    data, user, now = request.POST, member(request), queue.clock()
    campaign = data.get("campaign", "").strip()
    try:
        account = accounts.by_name(data.get("account", ""))
        if data.get("remove"):
            done = at_wecom.remove(account, campaign, by=user, now=now)
        else:
            named = {name: data.get(name, "").replace(",", " ").split() for name in ("users", "groups")}
            done = at_wecom.make(account, campaign, **named, by=user, now=now)
    except (InputError, NotFound, RefusedError) as error:
        return _list(request, error=str(error), status=422)
    messages.success(request, _("{count} done at WeCom, {left} left.").format(count=len(done.rows), left=done.left))
    answer = redirect("codes")
    answer.headers["Location"] += "?" + _query(campaign=campaign)
    return answer


def _query(**values: str) -> str:
    from urllib.parse import urlencode

    return urlencode(values)


@needs("people.see")
@require_safe
def code(request: HttpRequest, token: str) -> HttpResponse:
    """One code: QR code, poster, how WeCom and WeChat take it, figures."""
    row, ws = _row(token), workspace()
    chinese = (get_language() or "").startswith("zh")
    asked = [
        {"title": one.zh if chinese else one.en, "limit": one.limit, "field": one.field,
         "request": json.dumps(carriers.request_for(name, row.token), ensure_ascii=False)}
        for name, one in carriers.CARRIERS.items()
    ]  # fmt: skip
    context = {
        "code": row, "url": issuing.url_of(row), "figures": asdict(figures.of(ws, [row.token])[row.token]),
        "name": names_of(ws, [row.sharer]).get(row.sharer, "") if row.sharer else "", "carriers": asked,
        "posters": list(Content.objects.filter(kind="poster", archived_at__isnull=True)[:50]),
        "state": ws.states().get("arrivals"), "children": Code.objects.filter(parent=row.token).count(),
    }  # fmt: skip
    return render(request, "codes/code.html", context)


def _row(token: str) -> Code:
    return get_object_or_404(Code, pk=token)


@needs("people.see")
@require_safe
def qr(request: HttpRequest, token: str) -> HttpResponse:
    """The QR code: SVG to look at, PNG to print (?png=1)."""
    url = issuing.url_of(_row(token))
    if request.GET.get("png"):
        return _file(drawing.qr_png(url), "image/png", f"{token}.png")
    return HttpResponse(drawing.qr_svg(url), content_type="image/svg+xml")


@needs("people.see")
@require_safe
def poster(request: HttpRequest, token: str) -> HttpResponse:
    """A poster with the code (?content=)."""
    row, pk = _row(token), request.GET.get("content", "")
    content = get_object_or_404(Content, pk=whole(pk) or 0)
    try:
        drawn = posters.poster_of(
            workspace().folder, row, content.current, language=request.GET.get("language", get_language() or "")
        )
    except LianyiError as error:
        messages.error(request, str(error))
        return redirect("code", token)
    return _file(drawn, "image/png", f"poster-{token}.png")


def _file(data: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@needs("people.export")
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Codes of a campaign with their addresses, as CSV, for whoever hands them out."""
    import csv
    import io

    campaign, ws = request.GET.get("campaign", ""), workspace()
    found = list(issuing.issued(campaign=campaign))
    names = names_of(ws, [row.sharer for row in found if row.sharer])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["person_id", "name", "token", "url", "channel", "retired_at"])
    for row in found:
        values = (row.sharer, names.get(row.sharer, ""), row.token, issuing.url_of(row), row.channel, row.retired_at)
        writer.writerow([cell(value) for value in values])
    audit.note(member(request), "codes.export", campaign, codes=len(found))
    return _file(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", "codes.csv")


@needs("codes.edit")
@require_POST
def retire(request: HttpRequest, token: str) -> HttpResponse:
    """The code leads nowhere from now on."""
    row = _row(token)
    issuing.retire(Code.objects.filter(pk=row.pk), now=queue.clock())
    audit.note(member(request), "codes.retire", row.campaign, token=row.token)
    messages.success(request, _("The code leads nowhere from now on."))
    return redirect("code", token)


@needs("codes.edit")
@require_POST
def save_landing(request: HttpRequest) -> HttpResponse:
    """Say what the page of a campaign shows."""
    data, user = request.POST, member(request)
    pk = data.get("content", "")
    content = Content.objects.filter(pk=number).first() if (number := whole(pk)) is not None else None
    version: Version | None = content.current if content else None
    try:
        saved = landing.save(
            campaign=data.get("campaign", ""), version=version, asks_first=bool(data.get("asks_first")),
            disclosure={"zh-hans": data.get("zh", "").strip(), "en": data.get("en", "").strip()}, by=user.name,
            now=queue.clock(),
        )  # fmt: skip
    except InputError as error:
        return _list(request, error=str(error), status=422)
    audit.note(user, "landing.save", saved.campaign)
    messages.success(request, _("Saved. Whoever opens a link of the campaign sees it from now on."))
    answer = redirect("codes")
    answer.headers["Location"] += "?" + _query(campaign=saved.campaign)
    return answer
