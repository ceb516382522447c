"""The form of a campaign."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianyi.action.campaigns.models import Campaign
from lianyi.action.journeys import neighbours


def _choices(ask: Callable[[], Iterable[str]]) -> list[tuple[str, str]]:
    return [(name, name) for name in ask()]


class CampaignForm(forms.Form):
    """What is sent to whom by what, and how much of the audience is held out."""

    name = forms.CharField(max_length=200, label=_("Name"), help_text=_("As links, codes and events carry it."))
    audience = forms.ChoiceField(label=_("Audience"))
    content = forms.ChoiceField(label=_("Content"))
    channel = forms.ChoiceField(label=_("Channel"))
    purpose = forms.CharField(max_length=60, label=_("Purpose, as consents name it"), initial="marketing")
    holdout = forms.FloatField(
        min_value=0, max_value=0.99, initial=0.1, label=_("Share held out"),
        help_text=_("0.1 = one of ten gets nothing, to compare with."),
    )  # fmt: skip
    unit = forms.ChoiceField(
        required=False, choices=[("person", _("people one by one")), ("community", _("communities as a whole"))],
        label=_("Who is held out"), help_text=_("Where people tell each other, hold out communities as a whole."),
    )  # fmt: skip
    at = forms.DateTimeField(
        required=False, label=_("Not before"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Empty: as soon as it is started."),
    )  # fmt: skip
    window = forms.RegexField(
        r"\d\d:\d\d-\d\d:\d\d", required=False, label=_("Hours of the person's day"),
        help_text=_("e.g. 09:00-21:00; empty: any, as the contact policy allows."),
    )  # fmt: skip
    confirm = forms.BooleanField(required=False, label=_("A human must confirm each message"))

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, ask in (
            ("audience", neighbours.audiences), ("content", neighbours.contents), ("channel", neighbours.channels),
        ):  # fmt: skip
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
            field.choices = _choices(ask)
        self.fields["name"].widget.attrs["readonly"] = fixed

    @property
    def draft(self) -> dict[str, Any]:
        """The fields as action.campaigns.keeping.draft takes them."""
        return {**self.cleaned_data, "unit": self.cleaned_data["unit"] or "person"}


def initial_of(campaign: Campaign) -> dict[str, Any]:
    """A campaign as the form shows it."""
    names = ("name", "audience", "content", "channel", "purpose", "holdout", "unit", "at", "window", "confirm")
    found = {name: getattr(campaign, name) for name in names}
    if isinstance(found["at"], datetime):
        from django.utils import timezone

        found["at"] = f"{timezone.localtime(found['at']):%Y-%m-%dT%H:%M}"
    return found
