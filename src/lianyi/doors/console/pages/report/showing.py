"""A report in the language that is spoken: what its templates need, and the same as one file that stands by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import Text
from lianyi.doors.console.brand import brand
from lianyi.doors.console.pages.experiments.words import KINDS, METRICS, flags, said
from lianyi.doors.console.pages.ledger import figures
from lianyi.doors.console.pages.ledger.returns import shown
from lianyi.doors.console.pages.picture import drawing
from lianyi.ledger import BOOKED
from lianyi.picture import Picture
from lianyi.report import Report
from lianyi.report.parts import Figure, Section

STATIC = Path(__file__).parents[2] / "static" / "console"
STYLES = ("tokens.css", "base.css", "parts.css", "report.css")
LANGUAGES = ("zh-hans", "en")
BROAD, NARROW = 6, 4  # columns: generations
FIGURES: Mapping[str, Text] = {
    "revenue": _("Net revenue"), "orders": _("Orders"), "refunded": _("Given back"),
    "corrected": _("Net revenue, corrected by late refunds"), "spent": _("Spent"), "result": _("Revenue less spent"),
    "after_goods": _("After goods"), "newcomers": _("New"), "returners": _("Returned"), "inflow": _("Inflow"),
    "evaporation": _("Evaporation"), "stock": _("Stock at the end"),
}  # fmt: skip
# More of these is worse.
COSTS = {"refunded", "spent", "evaporation"}


def context_of(found: Report) -> dict[str, Any]:
    """What the templates of a report need."""
    sections = found.sections
    return {
        "report": found, "money": figure_rows(sections["money"]), "people": figure_rows(sections["people"]),
        "trend": _trend(sections["money"].rows), "drawn": _drawn(found), "picture_rows": _cells(found.picture),
        "outside": _outside(found.picture), "brand": brand(),
        "tried": [{**row, **shown(row["by"], row["row"]), "kind": KINDS[row["by"]]} for row in sections["tried"].rows],
        "effects": _effects(sections["effects"].rows), "months": sections["money"].rows[::-1],
    }  # fmt: skip


def figure_rows(section: Section) -> list[dict[str, Any]]:
    """The figures of a section with what they are called; better: whether the change is a good one."""
    return [_figure(one) for one in section.figures]


def _figure(one: Figure) -> dict[str, Any]:
    change = one.change
    better = None if not change else (change > 0) != (one.name in COSTS)
    return {"title": FIGURES[one.name], "figure": one, "better": better}


def _trend(rows: Sequence[Mapping[str, Any]]) -> dict[str, SafeString] | None:
    if len(rows) < 2:
        return None
    figure = figures.by_month(rows, BOOKED)
    return {
        "broad": mark_safe(figure.svg(width=760, height=170)),  # noqa: S308  the drawing escapes what it is given
        "narrow": mark_safe(figure.svg(width=350, height=180)),  # noqa: S308
    }


def _drawn(found: Report) -> dict[str, SafeString] | None:
    """Funnel and ripple by the end of the month."""
    if found.picture is None:
        return None
    return {
        size: mark_safe(  # noqa: S308
            drawing.rings(found.picture, step=-1, columns=columns, currency=found.currency)
            .svg(width=width, row=row, label=label)
        )
        for size, columns, width, row, label in (("broad", BROAD, 760, 46, 104), ("narrow", NARROW, 350, 46, 62))
    }  # fmt: skip


def _cells(picture: Picture | None) -> list[dict[str, Any]]:
    if picture is None:
        return []
    rows = []
    for generation in picture.generations:
        booked = picture.money.get(generation)
        rows.append({
            "title": drawing.title_of(generation),
            "people": [picture.cell(generation, stage.place).people[-1] for stage in picture.stages],
            "revenue": booked.revenue[-1] if booked else 0, "spent": booked.spent[-1] if booked else 0,
        })  # fmt: skip
    return rows


def _outside(picture: Picture | None) -> dict[str, Any] | None:
    booked = picture.money.get(None) if picture else None
    return {"revenue": booked.revenue[-1], "spent": booked.spent[-1]} if booked else None


def _effects(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One experiment after the other, each with its metrics."""
    made: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = made.setdefault(row["experiment"], {
            "kind": row["kind"], "is": KINDS.get(row["kind"], row["kind"]),
            "name": row["experiment"].partition("/")[2], "treated": row["treated"], "held": row["held"],
            "ends_at": row["ends_at"], "flags": flags(row["beware"]), "metrics": [],
        })  # fmt: skip
        one["metrics"].append(said(row))
    order = list(METRICS)
    for one in made.values():
        one["metrics"].sort(key=lambda row: order.index(row["metric"]))
    return list(made.values())


def as_file(found: Report, language: str) -> str:
    """One HTML file with its style inside: to be sent, kept, printed. Its links lead to LIANYI_URL; where that is not
    known, there are none."""
    from zoneinfo import ZoneInfo

    with translation.override(language), timezone.override(ZoneInfo(brand().timezone)):
        style = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in STYLES)
        # our own style sheets
        page = render_to_string("report/file.html", {**context_of(found), "style": mark_safe(style)})  # noqa: S308
    begin = f'href="{settings.PUBLIC_URL}/' if settings.PUBLIC_URL else None
    return re.sub(r'href="/', begin, page) if begin else re.sub(r'<a( [^>]*)? href="/[^"]*"', r"<a\1", page)
