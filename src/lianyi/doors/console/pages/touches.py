"""Touches: what one more contact adds, by number, spacing and audience, and after how many it is no longer worth it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lianyi import touches as reading
from lianyi.action.audiences.models import Audience
from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.rights import needs
from lianyi.doors.figures import Figure, Series
from lianyi.errors import InputError

Row = dict[str, Any]
KINDS: Mapping[tuple[str, str], Text] = {
    ("all", ""): gettext_lazy("Everybody"),
    ("bought", "no"): gettext_lazy("Had never bought: first orders"),
    ("bought", "yes"): gettext_lazy("Had bought: repeat orders"),
    ("active", "no"): gettext_lazy("Not active in the 28 days before"),
    ("active", "yes"): gettext_lazy("Active in the 28 days before"),
}
COUNTED: Mapping[str, Text] = {
    "message": gettext_lazy("Messages that we sent"),
    "any": gettext_lazy("Also answers, shares received, contents seen"),
}
GAPS: Sequence[Text] = (
    gettext_lazy("under 1 day"), gettext_lazy("1 to 3 days"), gettext_lazy("3 to 7 days"), gettext_lazy("7 to 14 days"),
    gettext_lazy("14 days and more"),
)  # fmt: skip
BASES: Mapping[str, Text] = {
    "by_lot": gettext_lazy("By lot, the selection removed"),
    "adjusted": gettext_lazy("Among people alike: observation only"),
}
UNTIL: Mapping[str, Text] = {
    "nothing": gettext_lazy("until it adds nothing"), "cost": gettext_lazy("until it costs more than it brings"),
}  # fmt: skip
FLAGS: Mapping[str, Text] = {
    "too_few": gettext_lazy("too few"), "no_lot": gettext_lazy("nobody held out"),
    "few_reached": gettext_lazy("hardly more messages"),
}  # fmt: skip
LAST = 13


@needs("people.see")
@require_safe
def touches(request: HttpRequest) -> HttpResponse:
    """One audience at a time; reads two small tables."""
    ws, asked = workspace(), request.GET
    state, error, found, choices = ws.states().get("touches"), "", None, []
    kind, _colon, member = asked.get("of", "all").partition(":")
    counted = asked.get("counted", "message")
    if state is not None and "touch_stops" in ws.states():
        choices = _choices(reading.audiences(ws))
        try:
            found = reading.touches(ws, audience=kind, member=member, counted=counted)
        except InputError as wrong:
            error = str(wrong)
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    context = {
        "state": state, "error": error, "choices": choices, "chosen": f"{kind}:{member}", "counted": counted,
        "kinds": COUNTED.items(), "found": found, "now": kind in {"community", "audience"},
        "stops": [_stop(row, language) for row in found["stops"]] if found else [],
        "numbers": [_number(row) for row in found["numbers"]] if found else [],
        "gaps": [{**_number(row), "name": GAPS[row["step"]]} for row in found["gaps"]] if found else [],
        "adds": _adds(found["numbers"]) if found else None, "follows": _follows(found["numbers"]) if found else None,
    }  # fmt: skip
    return render(request, "touches/page.html", context, status=422 if error else 200)


def _choices(rows: Sequence[Row]) -> list[tuple[str, Any, int]]:
    """Value, name and touches of each audience that can be chosen."""
    names = {str(one.pk): one.name for one in Audience.objects.filter(archived=False)}
    column = "name_zh" if (get_language() or "").startswith("zh") else "name_en"
    made = []
    for row in rows:
        kind, member = row["audience"], row["member"]
        name = KINDS.get((kind, member))
        if kind == "community":
            name = _("Community: %(name)s") % {"name": row[column] or member}
        elif kind == "audience":
            name = _("Audience: %(name)s") % {"name": names.get(member, member)}
        made.append((f"{kind}:{member}", name or f"{kind} {member}", row["touched"]))
    return made


def _stop(row: Row, language: str) -> Row:
    return {**row, "of": BASES[row["basis"]], "till": UNTIL[row["until"]], "verdict": row[f"verdict_{language}"]}


def _number(row: Row) -> Row:
    name = _("%(k)s and later") % {"k": row["step"]} if row["step"] == LAST else str(row["step"])
    return {**row, "name": name, "why": _why(row)}


def _why(row: Row) -> list[Text]:
    """Why nothing is known by lot; nobody held out says it all."""
    flags = [flag for flag in (row["flags"] or "").split(",") if flag and flag != "no_overlap"]
    return [FLAGS.get(flag, flag) for flag in (["no_lot"] if "no_lot" in flags else flags)]


def _points(rows: Sequence[Row], name: str) -> list[float | None]:
    return [None if row[name] is None else 100 * row[name] for row in rows]


def _adds(numbers: Sequence[Row]) -> Figure | None:
    """The three estimates by number of touches, in points."""
    rows = [row for row in numbers if row["step"] and (row["raw"] is not None or row["by_lot"] is not None)]
    if not rows:
        return None
    told = ((_("As it looks"), "raw", 3), (_("Among people alike"), "adjusted", 4), (_("By lot"), "by_lot", 1),
            (_("By lot, upper end"), "by_lot_high", 2), (_("By lot, lower end"), "by_lot_low", 2))  # fmt: skip
    return Figure(
        kind="lines", x=[str(row["step"]) for row in rows],
        title=_("What one more touch adds, by its number, in points"),
        series=[Series(name=name, values=_points(rows, column), colour=colour) for name, column, colour in told],
    )  # fmt: skip


def _follows(numbers: Sequence[Row]) -> Figure | None:
    """The observed curve: share who order within 7 days after the k-th touch."""
    rows = [row for row in numbers if row["response"] is not None]
    if not rows:
        return None
    told = ((_("Ordered within 7 days, %"), "response", 1), (_("Upper end"), "response_high", 2),
            (_("Lower end"), "response_low", 2))  # fmt: skip
    return Figure(
        kind="lines", x=[str(row["step"]) for row in rows], title=_("What followed the k-th touch"),
        series=[Series(name=name, values=_points(rows, column), colour=colour) for name, column, colour in told],
    )  # fmt: skip
