"""What the brand sets once: name, currency, zone, language."""

from __future__ import annotations

from dataclasses import asdict, replace
from zoneinfo import available_timezones

from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from lianyi import settings as workspace_settings
from lianyi.action.team import audit
from lianyi.doors.console.brand import brand as current
from lianyi.doors.console.rights import member, needs, open_to_members

CURRENCIES = (
    "CNY",
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "HKD",
    "TWD",
    "SGD",
    "AUD",
    "CAD",
    "KRW",
    "THB",
    "MYR",
    "VND",
    "INR",
    "BRL",
)
COMMON_ZONES = (
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "UTC",
)


class BrandForm(forms.Form):
    """The editable part of lianyi.toml; memory and threads are for whoever runs the server."""

    name = forms.CharField(label=gettext_lazy("Name of the brand"), max_length=60)
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the console"),
        choices=django_settings.LANGUAGES,
        help_text=gettext_lazy("Each member may choose another."),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("Spend is summed in it. A change takes effect with the next refresh."),
    )
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Days and hours are counted in it. A change takes effect with the next refresh."),
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        names = sorted({*CURRENCIES, current().currency})
        self.fields["currency"] = forms.ChoiceField(
            label=self.fields["currency"].label,
            help_text=self.fields["currency"].help_text,
            choices=[(name, name) for name in names],
        )

    def clean_timezone(self) -> str:
        """A zone that exists."""
        zone: str = self.cleaned_data["timezone"].strip()
        if zone not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone. Write it like Asia/Shanghai."))
        return zone


@open_to_members
@require_http_methods(["GET", "HEAD"])
def settings(request: HttpRequest) -> HttpResponse:
    """The first page of settings that the member may see."""
    return redirect("settings_brand" if member(request).may("brand.edit") else "roles")


@needs("brand.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def brand(request: HttpRequest) -> HttpResponse:
    """Name, language, currency, zone."""
    form = BrandForm(request.POST or None, initial=asdict(current()))
    if request.method == "POST" and form.is_valid():
        changed = replace(current(), **form.cleaned_data)
        workspace_settings.write(django_settings.WORKSPACE, changed)
        audit.note(member(request), "brand.edit", "", **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("settings_brand")
    return render(
        request,
        "settings/brand.html",
        {"form": form, "zones": COMMON_ZONES, "here": "brand"},
        status=422 if form.errors else 200,
    )
