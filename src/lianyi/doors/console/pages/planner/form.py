"""The form of a plan, and its way to a Request and back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianyi.errors import InputError
from lianyi.insight.ripples.planning import Incentive, Request

SOURCE_TITLES = {
    "customers": _("Customers"),
    "kols": _("KOLs"),
    "employees": _("Employees"),
    "others": _("Others"),
}
GOAL_TITLES = {"people": _("People reached"), "revenue": _("Revenue"), "community": _("People of one community")}


def _money(label: Any, **more: Any) -> forms.FloatField:
    return forms.FloatField(label=label, min_value=0, max_value=1e12, required=False, **more)


class PlanForm(forms.Form):
    """What the console asks; the API and the library know more (several incentives, quotas per community)."""

    name = forms.CharField(label=_("Name"), max_length=100)
    goal = forms.ChoiceField(label=_("Goal"), choices=list(GOAL_TITLES.items()))
    community = forms.CharField(
        label=_("Community"), required=False, max_length=60, help_text=_("Its id, where one community is the goal.")
    )
    people = forms.IntegerField(label=_("Ask at most so many people"), min_value=1, max_value=10_000, required=False)
    budget = _money(_("Budget"), help_text=_("In the brand's currency; needs costs below."))
    sources = forms.MultipleChoiceField(
        label=_("Who may be asked"), choices=list(SOURCE_TITLES.items()), widget=forms.CheckboxSelectMultiple,
        required=False, help_text=_("Nothing chosen: everybody but employees."),
    )  # fmt: skip
    cost_customers = _money(_("Cost to ask a customer"))
    cost_kols = _money(_("Cost to ask a KOL"))
    cost_employees = _money(_("Cost to ask an employee"))
    cost_others = _money(_("Cost to ask somebody else"))
    incentive = forms.CharField(label=_("Incentive for who is asked"), required=False, max_length=40)
    incentive_cost = _money(_("Its cost per person"))
    acceptance = forms.FloatField(
        label=_("Of those asked, so many take part (%)"), min_value=1, max_value=100, required=False
    )
    boost = forms.FloatField(
        label=_("Their sharing works so many times better"), min_value=1, max_value=20, required=False
    )
    topic = forms.CharField(label=_("Topic"), required=False, max_length=100, help_text=_("A category, as in orders."))
    campaign_incentive = forms.CharField(label=_("Incentive for everybody who shares"), required=False, max_length=60)
    consent = forms.CharField(
        label=_("Consent needed for"), required=False, max_length=60,
        help_text=_("A purpose. Nothing: whoever has not refused anything."),
    )  # fmt: skip
    most_each = forms.IntegerField(
        label=_("At most so many per community"), min_value=1, max_value=10_000, required=False
    )
    horizon = forms.FloatField(label=_("Count until day"), min_value=0.1, max_value=3650, required=False)
    robust = forms.BooleanField(label=_("Be safe: choose for the worst within what is not known"), required=False)

    def clean(self) -> dict[str, Any]:
        """Says what the Request says."""
        data = super().clean() or {}
        if not self.errors:
            try:
                self.request = request_of(data)
            except InputError as error:
                raise forms.ValidationError(str(error)) from error
        return data


def request_of(data: dict[str, Any]) -> Request:
    """The question that a filled form asks."""
    costs = {source: data[f"cost_{source}"] for source in SOURCE_TITLES if data.get(f"cost_{source}")}
    incentives: tuple[Incentive, ...] = ()
    if data.get("incentive") or data.get("acceptance") or data.get("boost") or data.get("incentive_cost"):
        one = Incentive(
            name=data.get("incentive") or "incentive", cost=data.get("incentive_cost") or 0.0,
            acceptance=(data.get("acceptance") or 100.0) / 100.0, boost=data.get("boost") or 1.0,
        )  # fmt: skip
        incentives = (one,)
    plain: dict[str, Any] = {
        name: data.get(name) or None
        for name in ("people", "budget", "community", "topic", "consent", "most_each", "horizon")
    }
    return Request(
        goal=data["goal"], costs=costs, incentives=incentives, sources=tuple(data.get("sources") or ()),
        incentive=data.get("campaign_incentive") or None, robust=bool(data.get("robust")), **plain,
    )  # fmt: skip


def initial_of(request: Request) -> dict[str, Any]:
    """The form that asks a question again; of several incentives the first."""
    names = ("goal", "people", "budget", "community", "topic", "consent", "most_each", "horizon", "robust")
    values: dict[str, Any] = {name: getattr(request, name) for name in names}
    values |= {"sources": list(request.sources), "campaign_incentive": request.incentive or ""}
    values |= {f"cost_{source}": cost for source, cost in request.costs.items()}
    if request.incentives:
        one = request.incentives[0]
        values |= {
            "incentive": one.name, "incentive_cost": one.cost, "acceptance": 100 * one.acceptance, "boost": one.boost,
        }  # fmt: skip
    return values
