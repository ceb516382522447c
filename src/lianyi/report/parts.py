"""The sections of a report, each read from ready tables by key or by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lianyi import communities, roi
from lianyi import picture as pictures
from lianyi.errors import NotFound
from lianyi.insight.ledger.sums import finished, nothing
from lianyi.insight.picture.people import MONTH
from lianyi.ledger import ALWAYS, BOOKED, CORRECTED, Period
from lianyi.ledger import MOST as MOST_MEMBERS
from lianyi.picture import Picture
from lianyi.report.months import Month, day_of
from lianyi.report.words import HOW

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
CURRENCY, PEOPLE, ORDERS = "currency", "people", "orders"
MONEY = ("revenue", "orders", "refunded", "spent", "result", "after_goods")
FLOWS = ("newcomers", "returners", "inflow", "evaporation")
METRICS = ("buyers", "orders", "revenue", "kept")
TRIED, RIPPLES, COMMUNITIES, EFFECTS, TREND = 12, 5, 5, 40, 13


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of the month beside that of the month before; None: not known. unit: currency, people or orders.
    unknown, unknown_before: amounts that are missing in each. running: it adds up over a month that was not over."""

    name: str
    unit: str
    value: Any
    before: Any = None
    unknown: int = 0
    unknown_before: int = 0
    running: bool = False

    @property
    def change(self) -> float | None:
        """By which part it grew; None where there is nothing to compare with, or one of both is not the whole."""
        if self.unknown or self.unknown_before or self.running:
            return None
        if self.value is None or not self.before or self.before < 0:
            return None
        return float(self.value) / float(self.before) - 1


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report: tables it is read from, the moment for which the oldest of them speaks (None: not built),
    how it is made (zh, en)."""

    name: str
    tables: Sequence[str]
    as_of: datetime | None
    zh: str
    en: str
    figures: Sequence[Figure] = ()
    rows: Sequence[Row] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


def _section(ws: Workspace, name: str, tables: Sequence[str], **more: Any) -> Section:
    moments = [ws.states()[table].as_of for table in tables if table in ws.states()]
    return Section(name=name, tables=tables, as_of=min(moments, default=None), zh=HOW[name].zh, en=HOW[name].en, **more)


def _built(ws: Workspace, *tables: str) -> bool:
    return set(tables) <= set(ws.states())


def money(ws: Workspace, month: Month) -> Section:
    """What was booked in the month, and what of it late refunds took back since. rows: sums by month, oldest first."""
    if not _built(ws, "ledger_splits"):
        return _section(ws, "money", ("ledger_splits",))
    months = ws.ledger.months()
    views = {(row["view"], row["month"]): row for row in months}
    now, before, corrected = (
        views.get(key) or finished(nothing())
        for key in ((BOOKED, month.begins), (BOOKED, month.before.begins), (CORRECTED, month.begins))
    )
    past = [row for row in months if row["view"] == BOOKED and row["month"] <= month.begins]
    reached = bool(past) and past[0]["month"] < month.begins and _begun(ws, month.before)
    running = _running(ws, month)
    figures = [
        Figure(name=name, unit=ORDERS if name == "orders" else CURRENCY, value=_amount(now, name),
               before=_amount(before, name) if reached else None, unknown=_missing(now, name),
               unknown_before=_missing(before, name) if reached else 0, running=running)
        for name in MONEY
    ]  # fmt: skip
    figures.insert(3, Figure(name="corrected", unit=CURRENCY, value=corrected["revenue"], running=running,
                             unknown=corrected["revenue_unknown"]))  # fmt: skip
    return _section(ws, "money", ("ledger_splits",), figures=figures, rows=past[-TREND:])


def _running(ws: Workspace, month: Month) -> bool:
    """Whether the month was not over when the tables were made."""
    return "days" in ws.states() and month.ends >= day_of(ws, ws.states()["days"].as_of)


def _begun(ws: Workspace, month: Month) -> bool:
    """Whether the log had begun by the month's first day: else it is no whole one to compare with."""
    if "days" not in ws.states():
        return False
    first = ws.rows("SELECT min(day) AS first FROM days", [])[0]["first"]
    return first is not None and first <= month.begins


def _missing(sums: Row, name: str) -> int:
    """How many amounts a figure lacks. An order without an amount is counted all the same, and lacks its cost of goods
    too: that is one unknown amount, not two."""
    revenue, spent = int(sums["revenue_unknown"]), int(sums["spent_unknown"])
    return {
        "orders": 0, "spent": spent, "result": revenue + spent,
        "after_goods": max(revenue, int(sums["goods_unknown"])) + spent,
    }.get(name, revenue)  # fmt: skip


def _amount(sums: Row, name: str) -> Any:
    """What was given back and spent is told as a number above 0."""
    return -sums[name] if name in {"refunded", "spent"} else sums[name]


def people(ws: Workspace, month: Month) -> Section:
    """Inflow − evaporation = stock. more.ahead: the stock foretold, where the month has just been."""
    if not _built(ws, "days"):
        return _section(ws, "people", ("days",))
    names = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in FLOWS)
    found = {
        row["month"]: row
        for row in ws.rows(
            f"SELECT CAST(date_trunc('month', day) AS DATE) AS month, {names}, max_by(stock, day) AS stock, "
            "min(day) AS first FROM days WHERE day BETWEEN ? AND ? GROUP BY 1",
            [month.before.begins, month.ends],
        )
    }
    now, before = found.get(month.begins), found.get(month.before.begins)
    # a month that the log begins within is no whole one to compare with
    whole = before if before and before["first"] == month.before.begins else None
    running = _running(ws, month)
    figures = [
        Figure(name=name, unit=PEOPLE, value=now[name] if now else None, before=whole[name] if whole else None,
               running=running and name != "stock")
        for name in (*FLOWS, "stock")
    ]  # fmt: skip
    start = before["stock"] if before else 0 if now else None
    return _section(ws, "people", ("days", "stock_forecast"), figures=figures,
                    more={"start": start, "ahead": _ahead(ws, month)})  # fmt: skip


def _ahead(ws: Workspace, month: Month) -> list[Row]:
    """Weeks to come, as the tables foretell them now: only of use in a report of what has just been."""
    if not _built(ws, "stock_forecast"):
        return []
    if not month.begins <= day_of(ws, ws.states()["days"].as_of) <= month.next.ends:
        return []
    return ws.rows(
        "SELECT ahead, week, stock, stock_low, stock_high FROM stock_forecast WHERE part = 'all' ORDER BY ahead", []
    )


def funnel(ws: Workspace, month: Month) -> tuple[Section, Picture | None]:
    """The month's picture of funnel and ripple; None where nobody came into anything."""
    section = _section(ws, "funnel", pictures.TABLES)
    try:
        return section, pictures.picture(ws, MONTH, str(month))
    except NotFound:
        return section, None


def tried(ws: Workspace, month: Month) -> Section:
    """Campaigns and journeys with money in the month: what was booked then, and what they truly brought, to date."""
    tables = ("ledger_splits", "effects")
    if not _built(ws, "ledger_splits"):
        return _section(ws, "tried", tables)
    period, rows = Period(begins=month.begins, ends=month.begins), []
    for by in ("campaign", "journey"):
        then = {row["member"]: row for row in ws.ledger.split(by, period, limit=TRIED + 1, order="spent")
                if row["member"]}  # fmt: skip
        whole = [row for row in ws.ledger.split(by, ALWAYS, limit=MOST_MEMBERS, order="spent")
                 if row["member"] in then] if then else []  # fmt: skip
        rows += [
            {"by": by, "member": one.member, "booked": _known(then[one.member], "revenue"),
             "spent": _known(then[one.member], "spent"), "row": one}
            for one in roi.told(ws, by, whole)
        ]  # fmt: skip
    return _section(ws, "tried", tables, rows=rows)


def _known(row: Mapping[str, Any], name: str) -> Any:
    return None if row[f"{name}_unknown"] else abs(row[name]) if name == "spent" else row[name]


def effects(ws: Workspace, month: Month) -> Section:
    """Main estimates of experiments whose last window closed in the month."""
    tables = ("experiments", "effects")
    if not _built(ws, *tables):
        return _section(ws, "effects", tables)
    begins, ends = bounds(ws, month)
    metrics = ", ".join("?" for _metric in METRICS)
    rows = ws.rows(
        "SELECT x.experiment, x.kind, x.begins_at, x.ends_at, x.n_treated AS treated, x.n_control AS held, x.flags AS "
        "beware, e.* EXCLUDE (experiment) FROM experiments AS x JOIN effects AS e ON e.experiment = x.experiment "
        "AND e.main WHERE x.ends_at >= ? AND x.ends_at < ? AND x.kind <> 'global' AND x.flags NOT LIKE '%running%' "
        f"AND e.metric IN ({metrics}) ORDER BY x.ends_at, x.experiment LIMIT {EFFECTS:d}",
        [begins, ends, *METRICS],
    )
    return _section(ws, "effects", tables, rows=rows)


def grown(ws: Workspace, month: Month) -> Section:
    """Communities whose stock grew or fell most: first those that grew, then those that faded."""
    tables = ("stock_flow", "communities")
    if not _built(ws, *tables):
        return _section(ws, "communities", tables)
    before, last = "week + 6 < ?", "week + 6 <= ?"
    found = ws.rows(
        f"""SELECT c.community_id, c.name_zh, c.name_en, c.size, f.stock, f.earlier, f.inflow, f.evaporation,
            f.stock - f.earlier AS change FROM (
            SELECT name, max_by(stock, week) FILTER (WHERE {last}) AS stock,
                coalesce(max_by(stock, week) FILTER (WHERE {before}), 0) AS earlier,
                CAST(sum(inflow) FILTER (WHERE {last} AND NOT {before}) AS BIGINT) AS inflow,
                CAST(sum(evaporation) FILTER (WHERE {last} AND NOT {before}) AS BIGINT) AS evaporation
            FROM stock_flow WHERE part = 'community' AND complete GROUP BY name
        ) AS f JOIN communities AS c ON c.community_id = f.name WHERE f.stock <> f.earlier
        ORDER BY change DESC, c.community_id""",
        [month.ends, month.begins, month.ends, month.begins, month.ends, month.begins],
    )
    up = [row for row in found if row["change"] > 0][:COMMUNITIES]
    down = [row for row in found[::-1] if row["change"] < 0][:COMMUNITIES]
    return _section(ws, "communities", tables, rows=communities.with_words(ws, [*up, *down]))


def ripples(ws: Workspace, month: Month) -> Section:
    """Ripples that began in the month, those that reached most first; what they did to date, with the interval of R."""
    if not _built(ws, "ripples"):
        return _section(ws, "ripples", ("ripples",))
    begins, ends = bounds(ws, month)
    return _section(ws, "ripples", ("ripples",), rows=ws.ripples.began(begins, ends, limit=RIPPLES))


def bounds(ws: Workspace, month: Month) -> tuple[datetime, datetime]:
    """The month as two moments, the second not in it."""
    return midnight(ws, month.begins), midnight(ws, month.next.begins)


def midnight(ws: Workspace, day: date) -> datetime:
    """The moment at which a day begins for the brand."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ws.settings.timezone))
