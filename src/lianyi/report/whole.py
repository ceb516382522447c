"""The whole report of a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lianyi.errors import NotFound
from lianyi.picture import Picture
from lianyi.report import parts
from lianyi.report.advice import Advice, advice
from lianyi.report.months import Month, day_of, months
from lianyi.report.parts import Section

if TYPE_CHECKING:
    from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Report:
    """A month. sections: by name, in their order. picture: funnel and ripple, None where nobody came into anything.
    complete: the month was over when the tables were made (as_of)."""

    month: Month
    as_of: datetime
    complete: bool
    currency: str
    sections: Mapping[str, Section]
    picture: Picture | None
    next: Sequence[Advice]

    def data(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {
            "month": str(self.month), "begins": self.month.begins, "ends": self.month.ends, "as_of": self.as_of,
            "complete": self.complete, "currency": self.currency,
            "sections": {name: self._section(one) for name, one in self.sections.items()},
            "next": [asdict(one) for one in self.next],
        }  # fmt: skip

    def _section(self, section: Section) -> dict[str, Any]:
        more: dict[str, Any] = dict(section.more)
        if section.name == "funnel":
            more["picture"] = self.picture.data() if self.picture else None
        return {
            "as_of": section.as_of, "tables": list(section.tables), "how": {"zh": section.zh, "en": section.en},
            "figures": [{**asdict(one), "change": one.change} for one in section.figures],
            "rows": [_plain(row) for row in section.rows], **more,
        }  # fmt: skip


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row in which the returns of a campaign are plain data too."""
    found = row.get("row")
    if found is None:
        return dict(row)
    rest = {name: value for name, value in row.items() if name != "row"}
    whole = found.data()
    return {
        **rest,
        **{name: whole[name] for name in ("name_zh", "name_en", "how", "returns", "per_stay", "break_even")},
    }


def report(ws: Workspace, month: Month) -> Report:
    """The report of a month that the tables know. NotFound for another, and before a refresh."""
    known = months(ws)
    if month not in known:
        said = f"{known[-1]} to {known[0]}" if known else "none yet"
        raise NotFound(f"there is nothing of {month} to report; months known: {said}")
    funnel, picture = parts.funnel(ws, month)
    sections = {
        one.name: one
        for one in (
            parts.money(ws, month), parts.people(ws, month), funnel, parts.tried(ws, month), parts.effects(ws, month),
            parts.grown(ws, month), parts.ripples(ws, month),
        )
    }  # fmt: skip
    as_of = ws.states()["days"].as_of
    return Report(
        month=month, as_of=as_of, complete=month.ends < day_of(ws, as_of), currency=ws.settings.currency,
        sections=sections, picture=picture, next=advice(ws, month, sections),
    )  # fmt: skip
