"""Ask WeCom something in a channel's name: a form made of the table of interfaces, and the answer as a table."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lianyi.action.channels import asking
from lianyi.action.channels.models import Account
from lianyi.action.channels.wecom_mass.interfaces import INTERFACES, interface_of
from lianyi.doors.console.rights import member, needs
from lianyi.errors import InputError, NotFound, RefusedError

SHOWN = 200


@needs("channels.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, channel: str) -> HttpResponse:
    """Choose an interface by `?interface=`, fill its fields, see the answer."""
    account = get_object_or_404(Account, name=channel, kind=asking.KIND)
    name = request.POST.get("interface") or request.GET.get("interface") or next(iter(INTERFACES))
    try:
        interface = interface_of(name)
    except NotFound as error:
        raise Http404(str(error)) from error
    given = {each.name: request.POST.get(each.name, "").strip() for each in interface.fields}
    answer, status = None, 200
    if request.method == "POST":
        try:
            answer = asking.asked(account, name, given, by=member(request))
            messages.success(request, _("WeCom has answered."))
        except (InputError, RefusedError) as error:
            messages.error(request, str(error))
            status = 422
    context = {
        "account": account, "interface": interface, "interfaces": INTERFACES.values(), "here": "channels",
        "fields": [{"field": each, "value": given[each.name]} for each in interface.fields],
        "answered": answer is not None, **_table(answer or {}),
    }  # fmt: skip
    return render(request, "settings/channel_ask.html", context, status=status)


def _table(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer's rows with all their columns; an answer without rows is one row."""
    rows = answer.get("rows", [answer] if answer else [])
    columns = list(dict.fromkeys(name for row in rows[:SHOWN] for name in row))
    cells = [[_shown(row.get(name)) for name in columns] for row in rows[:SHOWN]]
    return {"columns": columns, "rows": cells, "more": max(0, len(rows) - SHOWN)}


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
