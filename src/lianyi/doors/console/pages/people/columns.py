"""The columns that the list of people can show, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import Text

Look = Literal[
    "text", "number", "money", "moment", "day", "days", "tags", "list", "consumption", "hour", "share", "stage"
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One column: where it comes from and how it looks. sort: may be sorted by. first: shown unless others are
    chosen. beside: it comes from the tables of value, which are looked up for the people shown."""

    name: str
    title: Text
    look: Look
    sort: bool = True
    first: bool = False
    beside: bool = False

    @property
    def right_aligned(self) -> bool:
        """Whether it stands at the right, as numbers do."""
        return self.look in {"number", "money", "days", "hour", "share"}


COLUMNS: Mapping[str, Shown] = {
    column.name: column
    for column in (
        Shown(name="tags", title=_("Tags"), look="tags", sort=False, first=True),
        Shown(name="consumption_level", title=_("Consumption"), look="consumption", sort=False, first=True),
        Shown(name="orders", title=_("Orders"), look="number", first=True),
        Shown(name="net_spend", title=_("Net spend"), look="money", first=True),
        Shown(name="last_seen", title=_("Last seen"), look="moment", first=True),
        Shown(name="channels", title=_("Channels"), look="list", sort=False, first=True),
        Shown(name="first_seen", title=_("First seen"), look="day"),
        Shown(name="days_active", title=_("Active days"), look="number"),
        Shown(name="events", title=_("Events"), look="number"),
        Shown(name="gross_spend", title=_("Gross spend"), look="money"),
        Shown(name="refunds", title=_("Refunds"), look="money"),
        Shown(name="monetary", title=_("Spend per order"), look="money"),
        Shown(name="first_order", title=_("First order"), look="day"),
        Shown(name="last_order", title=_("Last order"), look="day"),
        Shown(name="cycle_days", title=_("Purchase cycle"), look="days"),
        Shown(name="preferred_hour", title=_("Preferred hour"), look="hour"),
        Shown(name="groups", title=_("Groups"), look="list", sort=False),
        Shown(name="stage", title=_("Stage"), look="stage", sort=False, beside=True),
        Shown(name="value_365", title=_("Worth of the next year"), look="money", sort=False, beside=True),
        Shown(name="margin_365", title=_("Margin of the next year"), look="money", sort=False, beside=True),
        Shown(name="p_alive", title=_("Still a buyer"), look="share", sort=False, beside=True),
        Shown(name="next_middle", title=_("Next order, if still a buyer"), look="day", sort=False, beside=True),
    )
}
DEFAULT = tuple(column.name for column in COLUMNS.values() if column.first)
SORTS = {"name", *(column.name for column in COLUMNS.values() if column.sort)}
CONSUMPTION: Mapping[str, Text] = {
    "none": _("none yet"),
    "low": _("low"),
    "mid": _("medium"),
    "high": _("high"),
    "top": _("top"),
}


def chosen(names: list[str]) -> tuple[str, ...]:
    """The columns asked for, in our order; the first set where none is known."""
    return tuple(name for name in COLUMNS if name in names) or DEFAULT
