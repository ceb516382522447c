"""What the ledger says, for every door: sums by dimension and month, entries, checks. Reads ready tables by key.

A sum holds what is known; beside it stands how many amounts are unknown. What is made of several sums (the result) is
unknown as soon as one of its amounts is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import isnan
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError, NotFound
from lianyi.insight.effects.words import CAMPAIGN, JOURNEY, experiment_of
from lianyi.insight.ledger.accounts import MESSAGE
from lianyi.insight.ledger.balance import trial
from lianyi.insight.ledger.returns import Effect, Returns, returns
from lianyi.insight.ledger.splits import DIMENSIONS
from lianyi.insight.ledger.sums import ORDERS, finished, nothing, of_people, sums

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

PERSON = "person"
BY = (*DIMENSIONS, PERSON)
ATTRIBUTED = ("channel", "campaign", "sharer")
BOOKED, CORRECTED = "booked", "corrected"
VIEWS: Mapping[str, str] = {BOOKED: "month", CORRECTED: "of_month"}
MOST = 1_000


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole months, both in it (None: open), by the month of booking or, corrected, by the month it is about."""

    begins: date | None = None
    ends: date | None = None
    view: str = BOOKED

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise InputError(f"view: {self.view[:40]!r} is neither {BOOKED} nor {CORRECTED}")

    def where(self) -> tuple[str, list[Any]]:
        """SQL condition over `ledger_splits`, and its parameters."""
        column = VIEWS[self.view]
        parts = [(f"{column} >= ?", self.begins)] if self.begins else []
        parts += [(f"{column} <= ?", self.ends)] if self.ends else []
        return " AND ".join(["TRUE", *(sql for sql, _value in parts)]), [value for _sql, value in parts]


ALWAYS = Period()


def month_of(text: str, name: str = "month") -> date | None:
    """2026-05 (or a day of it) as its first day, empty as None; InputError otherwise."""
    if not text:
        return None
    try:
        return date.fromisoformat(f"{text[:7]}-01")
    except ValueError as error:
        raise InputError(f"{name}: {text[:40]!r} is no month; write it like 2026-05") from error


class Ledger:
    """The ledger of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def total(self, period: Period = ALWAYS) -> dict[str, Any]:
        """The sums of everything; see `finished` for what each is."""
        return self.member("all", "all", period) or finished(nothing())

    def months(self, dimension: str = "all", member: str = "all") -> list[dict[str, Any]]:
        """Month by month, oldest first: the sums as booked (rows with view `booked`) and as corrected."""
        _known(dimension)
        if dimension == PERSON:
            return []
        found: list[dict[str, Any]] = []
        for view, column in VIEWS.items():
            rows = self._rows(
                f"SELECT {column} AS month, {sums(orders=ORDERS)} FROM ledger_splits "
                f"WHERE dimension = ? AND member = ? GROUP BY {column}",
                [dimension, member],
            )
            found += [{"view": view, **finished(row)} for row in rows]
        return sorted(found, key=lambda row: (row["month"], row["view"]))

    def split(
        self, dimension: str, period: Period = ALWAYS, *, limit: int = 100, offset: int = 0, order: str = "revenue"
    ) -> list[dict[str, Any]]:
        """The members of a dimension with their sums, most revenue (or spent, result) first; what belongs to none is
        the member ""."""
        _known(dimension)
        by = {"revenue": "ordered + refunded DESC", "spent": "spent", "orders": "orders DESC",
              "result": "ordered + refunded + spent DESC"}  # fmt: skip
        if order not in by:
            raise InputError(f"order: {order[:40]!r} is none of {', '.join(by)}")
        if not 1 <= limit <= MOST or offset < 0:
            raise InputError(f"limit: {limit} is not from 1 to {MOST:,}, or offset {offset} is below 0")
        page = f"ORDER BY {by[order]}, member LIMIT {limit:d} OFFSET {offset:d}"
        if dimension == PERSON:
            rows = self._rows(f"SELECT * FROM ({of_people()}) AS p {page}", [])
        else:
            where, values = period.where()
            rows = self._rows(
                f"SELECT * FROM (SELECT member, {sums(orders=ORDERS)} FROM ledger_splits "
                f"WHERE dimension = ? AND {where} GROUP BY member) AS s {page}",
                [dimension, *values],
            )
        return self.named(dimension, [finished(row) for row in rows])

    def member(self, dimension: str, member: str, period: Period = ALWAYS) -> dict[str, Any] | None:
        """One member of a dimension with its sums, and by account under `accounts`; None where it has no entry."""
        _known(dimension)
        table, where, values = self._of(dimension, member, period)
        orders = ORDERS if table == "ledger_splits" else "CAST(NULL AS BIGINT)"
        rows = self._rows(
            f"SELECT count(*) AS rows, {sums(orders=orders)} FROM {table} WHERE {where}", values
        )  # fmt: skip
        if not rows[0].pop("rows"):
            return None
        units = "CAST(sum(units) AS DECIMAL(38, 4))" if table == "ledger_splits" else "CAST(NULL AS DECIMAL(38, 4))"
        accounts = self._rows(
            f'SELECT account, CAST(sum(amount) AS DECIMAL(38, 4)) AS amount, CAST(sum("count") AS BIGINT) AS count, '
            f"CAST(sum(unknown) AS BIGINT) AS unknown, {units} AS units FROM {table} WHERE {where} "
            "GROUP BY account ORDER BY account",
            values,
        )
        named = self.named(dimension, [{"member": member, **finished(rows[0])}])
        return {**named[0], "dimension": dimension, "accounts": accounts}

    def entries(
        self, dimension: str = "all", member: str = "all", *, account: str = "", limit: int = 100, offset: int = 0
    ) -> list[dict[str, Any]]:
        """The entries behind a sum, newest first."""
        _known(dimension)
        if not 1 <= limit <= MOST or offset < 0:
            raise InputError(f"limit: {limit} is not from 1 to {MOST:,}, or offset {offset} is below 0")
        column = "person_id" if dimension == PERSON else DIMENSIONS[dimension]
        where, values = f"{column} = ?", [member]
        if dimension == "all":
            where, values = "TRUE", []
        elif member == "":
            where, values = f"{column} IS NULL", []
        if account:
            where, values = f"{where} AND account = ?", [*values, account]
        return self._rows(
            f'SELECT * FROM entries WHERE {where} ORDER BY day DESC, "at" DESC, event_id, account '
            f"LIMIT {limit:d} OFFSET {offset:d}",
            values,
        )

    def checks(self) -> list[dict[str, Any]]:
        """The sums of the log beside those of the ledger, by kind of event, source and currency; rows of
        `ledger_checks`."""
        return self._rows("SELECT * FROM ledger_checks ORDER BY kind, source, currency", [])

    def trial_balance(self) -> list[dict[str, Any]]:
        """Every account and contra account with its sum; together they are 0 in each currency. Reads all entries."""
        return self._rows(trial(), [])

    def currencies_unknown(self) -> list[dict[str, Any]]:
        """Currencies with amounts that have no exchange rate, and in how many entries."""
        return self._rows(
            "SELECT member AS currency, CAST(sum(without_rate) AS BIGINT) AS entries FROM ledger_splits "
            "WHERE dimension = 'currency' AND without_rate > 0 GROUP BY member ORDER BY member",
            [],
        )

    def returns(self, dimension: str, member: str) -> Returns | None:
        """What its experiment says that it truly brought, beside what was spent; None where no experiment tells: nobody
        was held out, or it is no campaign, journey or ripple of a campaign. Of a ripple the total effect by ties."""
        found = self.member(dimension, member)
        experiment, estimator = self._experiment(dimension, member)
        if found is None or not experiment or "effects" not in self._ws.states():
            return None
        rows = self._rows(
            f"SELECT metric, estimate, low, high, n_treated FROM effects WHERE experiment = ? AND {estimator} "
            "AND metric IN ('revenue', 'kept') AND estimate IS NOT NULL AND low IS NOT NULL AND high IS NOT NULL",
            [experiment],
        )
        by_metric = {
            row["metric"]: Effect(estimate=row["estimate"], low=row["low"], high=row["high"], people=row["n_treated"])
            for row in rows if not any(isnan(row[name]) for name in ("estimate", "low", "high"))
        }  # fmt: skip
        if "revenue" not in by_metric:
            return None
        messages = sum(int(row["units"] or 0) for row in found["accounts"] if row["account"] == MESSAGE)
        margin = float(found["margin"] / found["revenue"]) if found["margin"] and found["revenue"] > 0 else None
        return returns(
            by_metric["revenue"], spent=None if found["spent_unknown"] else -found["spent"], margin=margin,
            messages=messages, kept=by_metric.get("kept"),
        )  # fmt: skip

    def _experiment(self, dimension: str, member: str) -> tuple[str, str]:
        """The experiment of a member, "" where it has none, and the SQL of the estimator to go by."""
        if dimension in {CAMPAIGN, JOURNEY} and member:
            return experiment_of(dimension, member), "main"
        if dimension == "ripple":
            named = self._rows("SELECT name FROM ripples WHERE ripple_id = ? AND kind = 'campaign'", [member])
            return (experiment_of(CAMPAIGN, named[0]["name"]) if named else ""), "estimator = 'total'"
        return "", ""

    def attribution(self, dimension: str = "channel", *, limit: int = 100) -> list[dict[str, Any]]:
        """Members of a dimension (channel, campaign, sharer), each with its part of the same orders by every model, as
        amounts under `amounts` and shares under `shares` (a model that says nothing of the dimension is missing). Most
        by the linear model first. Description, not cause."""
        if dimension not in ATTRIBUTED:
            raise InputError(f"by: {dimension[:40]!r} is none of {', '.join(ATTRIBUTED)}")
        rows = self._rows("SELECT * FROM attributions WHERE dimension = ? ORDER BY member, model", [dimension])
        members: dict[str, dict[str, Any]] = {}
        for row in rows:
            one = members.setdefault(
                row["member"], {"member": row["member"], "touched": row["touched"], "amounts": {}, "shares": {}}
            )
            one["amounts"][row["model"]], one["shares"][row["model"]] = row["amount"], row["share"]
        ordered = sorted(members.values(), key=lambda one: (-one["amounts"]["linear"], one["member"]))
        return self.named(dimension, ordered[:limit])

    def attributed(self, dimension: str = "channel") -> dict[str, Decimal]:
        """Model → the sum of its parts; the same in each."""
        rows = self._rows(
            "SELECT model, CAST(sum(amount) AS DECIMAL(38, 4)) AS amount FROM attributions WHERE dimension = ? "
            "GROUP BY model ORDER BY model",
            [dimension],
        )
        return {row["model"]: row["amount"] for row in rows}

    def _of(self, dimension: str, member: str, period: Period) -> tuple[str, str, list[Any]]:
        if dimension == PERSON:
            return "ledger_people", "person_id = ?", [member]
        where, values = period.where()
        return "ledger_splits", f"dimension = ? AND member = ? AND {where}", [dimension, member, *values]

    def named(self, dimension: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each row with `name_zh` and `name_en`: what the member is called, None where it has no other name."""
        wanted = [row["member"] for row in rows if row["member"]]
        asked = _NAMES.get(dimension)
        names: dict[str, tuple[str | None, str | None]] = {}
        if asked and wanted and asked[0] in self._ws.states():
            marks = ", ".join("?" for _one in wanted)
            for row in self._rows(f"{asked[1]} ({marks})", wanted):
                names[row["id"]] = row["zh"], row["en"]
        return [
            {**row, "name_zh": names.get(row["member"], (None, None))[0],
             "name_en": names.get(row["member"], (None, None))[1]}
            for row in rows
        ]  # fmt: skip

    def _rows(self, query: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        if "ledger_splits" not in self._ws.states():
            raise NotFound("the ledger is not built yet; run: lianyi refresh")
        return self._ws.rows(query, values)


_PERSON_NAMES = "people", "SELECT person_id AS id, name AS zh, name AS en FROM people WHERE person_id IN"
_NAMES: Mapping[str, tuple[str, str]] = {
    "ripple": ("ripples", "SELECT ripple_id AS id, name AS zh, name AS en FROM ripples WHERE ripple_id IN"),
    "community": (
        "communities",
        "SELECT community_id AS id, name_zh AS zh, name_en AS en FROM communities WHERE community_id IN",
    ),
    "sharer": _PERSON_NAMES,
    PERSON: _PERSON_NAMES,
}


def _known(dimension: str) -> None:
    if dimension not in BY:
        raise InputError(f"by: {dimension[:40]!r} is none of {', '.join(BY)}")
