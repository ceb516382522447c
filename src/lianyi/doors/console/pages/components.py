"""Every component of the design system on one page, in every state: to look at, to test, to copy from."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from lianyi.doors.console.icons import ICONS
from lianyi.doors.console.rights import open_to_members
from lianyi.doors.figures import Figure, Series

COLOURS = (
    "paper", "surface", "sunken", "line", "line-strong", "ink", "ink-2", "ink-3", "accent", "accent-soft",
    "accent-line",
    "good", "good-soft", "warn", "warn-soft", "bad", "bad-soft", "s1", "s2", "s3", "s4", "s5", "s6",
)  # fmt: skip


class SampleForm(forms.Form):
    """One field of each kind; `wrong` shows an error."""

    text = forms.CharField(
        label=gettext_lazy("Name"), help_text=gettext_lazy("At least 10 characters."), required=False
    )
    choice = forms.ChoiceField(label=gettext_lazy("Language"), choices=[("zh", "简体中文"), ("en", "English")])
    wrong = forms.CharField(label=gettext_lazy("Password"), min_length=10)
    long = forms.CharField(label=gettext_lazy("Note"), widget=forms.Textarea(attrs={"rows": 2}), required=False)


@open_to_members
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """The page."""
    form = SampleForm({"wrong": "short", "choice": "zh"})
    return render(
        request, "components/page.html", {"icons": list(ICONS), "colours": COLOURS, "form": form, "figures": _figures()}
    )


def _figures() -> list[Figure]:
    """One of each kind; the second curve has a gap where nothing is known."""
    days = [date(2026, 3, 1) + timedelta(days=number) for number in range(14)]
    up = [(number * 7) % 11 + 4 for number in range(14)]
    gap = [None if 5 <= number <= 7 else 14 - number % 5 for number in range(14)]
    lines = [Series(name=_("Orders"), values=up), Series(name=_("Visits"), values=gap)]
    flows = [
        Series(name=_("New"), values=up),
        Series(name=_("Evaporated"), values=[value / 2 for value in up], down=True),
    ]
    return [
        Figure(kind="lines", title=_("Orders"), x=days, series=lines),
        Figure(kind="stacked", title=_("Growth: inflow and evaporation"), x=days, series=flows),
        Figure(kind="bars", title=_("Orders"), x=days, series=lines),
    ]
