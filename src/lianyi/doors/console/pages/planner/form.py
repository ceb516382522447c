"""The form of a plan, and its way to a Request and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lianyi import communities, influence
from lianyi.doors.console.brand import workspace
from lianyi.doors.console.pages.communities.words import name_of
from lianyi.errors import InputError
from lianyi.insight.ripples.planning import Incentive, Request

SOURCE_TITLES = {
    "customers": _("Customers"),
    "kols": _("KOLs"),
    "employees": _("Employees"),
    "others": _("Others"),
}
GOAL_TITLES = {"people": _("People reached"), "revenue": _("Revenue"), "community": _("People of one community")}
QUOTAS, MOST_QUOTAS = 3, 100  # rows of quotas that are offered at first, and that are read at most


def _money(label: Any, **more: Any) -> forms.FloatField:
    return forms.FloatField(label=label, min_value=0, max_value=1e12, required=False, **more)


class PlanForm(forms.Form):
    """What the console asks; the API and the library know more (several incentives).

    Quotas: fields quota0_community, quota0_least, quota0_most, quota1_community …; always one row more than is filled.
    """

    name = forms.CharField(label=_("Name"), max_length=100)
    goal = forms.ChoiceField(label=_("Goal"), choices=list(GOAL_TITLES.items()))
    people = forms.IntegerField(label=_("Ask at most so many people"), min_value=1, max_value=10_000, required=False)
    budget = _money(_("Budget"), help_text=_("In the brand's currency; needs to know what people cost."))
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
    topic = forms.CharField(
        label=_("Topic"), required=False, max_length=100, help_text=_("A category, as in orders."),
        widget=forms.TextInput(attrs={"list": "plan-topics"}),
    )  # fmt: skip
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

    def __init__(self, data: Mapping[str, Any] | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        given = {**self.initial, **(data or {})}
        self.rows = min(MOST_QUOTAS, max(QUOTAS, _rows_filled(given) + 1))
        names = ["community", *(f"quota{row}_community" for row in range(self.rows))]
        choices = _communities([str(given[name]) for name in names if given.get(name)])
        for name in names:
            self.fields[name] = forms.ChoiceField(label=_("Community"), choices=choices, required=False)
        self.fields["community"].help_text = _("Where the people of one community are the goal.")
        for row in range(self.rows):
            for end, label in (("least", _("At least")), ("most", _("At most"))):
                self.fields[f"quota{row}_{end}"] = forms.IntegerField(
                    label=label, min_value=0, max_value=10_000, required=False
                )

    def sources_and_costs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Who may be asked, and what each costs: (checkbox, field of its cost)."""
        boxes: Any = self["sources"]
        return [(box, self[f"cost_{source}"]) for box, source in zip(boxes, SOURCE_TITLES, strict=True)]

    def topics(self) -> list[str]:
        """Topics for which chances have been learned; others may be written, too."""
        return [row["topic"] for row in influence.topics(workspace())]

    def quotas(self) -> list[dict[str, forms.BoundField]]:
        """The rows of quotas: community, least, most."""
        return [{end: self[f"quota{row}_{end}"] for end in ("community", "least", "most")} for row in range(self.rows)]

    @property
    def offers(self) -> bool:
        """Whether anything of incentives is filled in, or wrong: then they are not folded away."""
        names = ("incentive", "incentive_cost", "acceptance", "boost", "campaign_incentive")
        return any(self[name].value() or self[name].errors for name in names)

    @property
    def limits(self) -> bool:
        """The same of quotas."""
        fields = [bound for row in self.quotas() for bound in row.values()] + [self["most_each"]]
        return any(bound.value() not in (None, "") or bound.errors for bound in fields)

    def clean(self) -> dict[str, Any]:
        """Says what the Request says."""
        data = super().clean() or {}
        data |= self._quotas(data)
        if not self.errors:
            try:
                self.request = request_of(data)
            except InputError as error:
                raise forms.ValidationError(str(error)) from error
        return data

    def _quotas(self, data: Mapping[str, Any]) -> dict[str, dict[str, int]]:
        """{"least": {community: seeds}, "most": …}; a row that can't be meant gets an error of its own."""
        found: dict[str, dict[str, int]] = {"least": {}, "most": {}}
        seen: set[str] = set()
        for row in range(self.rows):
            community = data.get(f"quota{row}_community")
            least, most = (data.get(f"quota{row}_{end}") for end in ("least", "most"))
            if error := _unclear(community, least, most, seen):
                self.add_error(f"quota{row}_community", error)
            elif community:
                seen.add(community)
                found["least"] |= {community: least} if least is not None else {}
                found["most"] |= {community: most} if most is not None else {}
        return found


def _unclear(community: str | None, least: int | None, most: int | None, seen: set[str]) -> Any:
    """Why a row of a quota can't be meant, or ""."""
    if not community:
        return _("Choose the community.") if least is not None or most is not None else ""
    if community in seen:
        return _("This community stands above already.")
    if least is None and most is None:
        return _("Say at least or at most how many.")
    return _("At least is more than at most.") if least is not None and most is not None and least > most else ""


def _rows_filled(given: Mapping[str, Any]) -> int:
    """The number of the last row of quotas that holds anything, from 1."""
    matches = [(re.fullmatch(r"quota(\d{1,3})_(?:community|least|most)", name), value) for name, value in given.items()]
    return max((int(match[1]) + 1 for match, value in matches if match and value not in (None, "")), default=0)


def _communities(chosen: list[str]) -> list[tuple[str, Any]]:
    """What may be chosen: nothing, or one of the largest communities, or one chosen before."""
    rows = communities.peopled(workspace(), also=chosen)
    return [("", "—"), *((row["community_id"], f"{name_of(row)} ({row['size']:,})") for row in rows)]


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
        least=data.get("least") or {}, most=data.get("most") or {},
        incentive=data.get("campaign_incentive") or None, robust=bool(data.get("robust")), **plain,
    )  # fmt: skip


def initial_of(request: Request) -> dict[str, Any]:
    """The form that asks a question again; of several incentives the first."""
    names = ("goal", "people", "budget", "community", "topic", "consent", "most_each", "horizon", "robust")
    values: dict[str, Any] = {name: getattr(request, name) for name in names}
    values |= {"sources": list(request.sources), "campaign_incentive": request.incentive or ""}
    values |= {f"cost_{source}": cost for source, cost in request.costs.items()}
    for row, community in enumerate(dict.fromkeys([*request.least, *request.most])):
        values |= {
            f"quota{row}_community": community, f"quota{row}_least": request.least.get(community),
            f"quota{row}_most": request.most.get(community),
        }  # fmt: skip
    if request.incentives:
        one = request.incentives[0]
        values |= {
            "incentive": one.name, "incentive_cost": one.cost, "acceptance": 100 * one.acceptance, "boost": one.boost,
        }  # fmt: skip
    return values
