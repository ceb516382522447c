"""What money brought, for every door: returns by campaign, journey, ripple, generation, sharer and community.

how says by what a row's incremental revenue is known:
    measured  an experiment compared treated with held-out people of just this: a campaign, a journey, a ripple (total
              effect by ties), its generation 0 (direct effect), a community (within itself).
    spread    the spill-over that was measured on the ripple as a whole, divided over its later generations (sharers)
              in proportion to what is booked there. The sum is measured, its division is not.
    unknown   nobody was held out, or too few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError
from lianyi.insight.effects.words import CAMPAIGN, GLOBAL, JOURNEY, experiment_of
from lianyi.insight.ledger.parts import COMMUNITY, GENERATION, SHARER
from lianyi.insight.ledger.returns import Effect, Returns, returns
from lianyi.insight.ledger.sums import finished

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

RIPPLE = "ripple"
WHOLES = (CAMPAIGN, JOURNEY, RIPPLE)
PARTS = (GENERATION, SHARER, COMMUNITY)
BY = (*WHOLES, *PARTS)
MEASURED, SPREAD, UNKNOWN = "measured", "spread", "unknown"
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Row:
    """One member: booked (net revenue that the ledger books there) and spent, above 0; None where an amount in it is
    unknown. returns: what an experiment says of it, None: unknown. came: newcomers it brought, stay: those of them who
    are still here, per_stay: spent for each of these (description: they might have come without); None: not counted."""

    member: str
    name_zh: str | None
    name_en: str | None
    how: str
    booked: Decimal | None
    spent: Decimal | None
    returns: Returns | None
    came: int | None = None
    stay: int | None = None

    @property
    def per_stay(self) -> Decimal | None:
        """Spent for each newcomer who is still here."""
        return self.spent / self.stay if self.spent is not None and self.stay else None

    @property
    def break_even(self) -> float | None:
        """Incremental revenue, in all, from which on it pays."""
        told = self.returns
        return told.break_even * told.people if told and told.break_even is not None else None

    def data(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "per_stay": self.per_stay, "break_even": self.break_even}


def rows(ws: Workspace, by: str, *, within: str = "", limit: int = 50) -> list[Row]:
    """Most spent first; generations in their order. within: of generations and sharers the ripple; of communities the
    campaign, "" = everything, by the global control group."""
    if by not in BY:
        raise InputError(f"by: {by[:40]!r} is none of {', '.join(BY)}")
    if not 1 <= limit <= MOST:
        raise InputError(f"limit: {limit} is not from 1 to {MOST}")
    return _wholes(ws, by, limit) if by in WHOLES else _parts(ws, by, within, limit)


def ripples(ws: Workspace, *, limit: int = 50) -> list[dict[str, Any]]:
    """Ripples with money, those with most revenue first: where generations and sharers can be asked for."""
    found = ws.ledger.split(RIPPLE, limit=limit)
    return [row for row in found if row["member"]]


def of_campaign(ws: Workspace, campaign: str) -> Row | None:
    """One campaign; None where the ledger has no entry of it."""
    found = ws.ledger.member(CAMPAIGN, campaign)
    return told(ws, CAMPAIGN, [found])[0] if found else None


def _wholes(ws: Workspace, by: str, limit: int) -> list[Row]:
    return told(ws, by, [row for row in ws.ledger.split(by, limit=limit, order="spent") if row["member"]])


def told(ws: Workspace, by: str, found: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Campaigns, journeys or ripples, each a row of the ledger's split, with what an experiment says of them."""
    names = {row["member"]: experiment_of(by, row["member"]) for row in found}
    if by == RIPPLE:
        names = {ripple: experiment_of(CAMPAIGN, name) for ripple, name in _campaigns(ws, list(names)).items()}
    effects = _effects(ws, sorted(set(names.values())))
    stock = _stock(ws, [row["member"] for row in found]) if by == RIPPLE else {}
    made = []
    for row in found:
        known = effects.get(names.get(row["member"], ""), {})
        effect = known.get(("total" if by == RIPPLE else "main", "revenue"))
        came, stay = stock.get(row["member"], (None, None))
        made.append(_row(row, effect, how=MEASURED, kept=known.get(("main", "kept")), came=came, stay=stay))
    return made


def _parts(ws: Workspace, by: str, within: str, limit: int) -> list[Row]:
    ws.needs("ledger_parts")
    order = "CAST(member AS INTEGER)" if by == GENERATION else "spent DESC, booked DESC, member"
    found = ws.rows(
        "SELECT member, booked, goods, spent, booked_unknown, goods_unknown, spent_unknown, came, stay "
        "FROM ledger_parts WHERE dimension = ? AND part_of = ? "
        f"ORDER BY {order} LIMIT {limit:d}",
        [by, within],
    )
    listed = [{**row, **finished(_as_sums(row))} for row in ws.ledger.named(by, found)]
    if by == COMMUNITY:
        effects = _in_communities(ws, within)
        return [_row(row, effects.get(row["member"]), how=MEASURED) for row in listed]
    name = _campaigns(ws, [within]).get(within)
    known = _effects(ws, [experiment_of(CAMPAIGN, name)]).get(experiment_of(CAMPAIGN, name), {}) if name else {}
    direct, spill = known.get(("direct", "revenue")), known.get(("spill", "revenue"))
    whole = _booked_later(ws, within)
    made = []
    for row in listed:
        first = by == GENERATION and row["member"] == "0"
        part = float(row["booked"]) / whole if whole > 0 and row["booked"] > 0 else 0.0
        effect = direct if first else _scaled(spill, part) if whole > 0 else None
        made.append(_row(row, effect, how=MEASURED if first else SPREAD, came=row["came"], stay=row["stay"]))
    return made


def _row(
    row: Mapping[str, Any], effect: Effect | None, *, how: str, kept: Effect | None = None,
    came: int | None = None, stay: int | None = None,
) -> Row:  # fmt: skip
    spent = None if row["spent_unknown"] else abs(row["spent"])
    share = float(row["margin"] / row["revenue"]) if row["margin"] and row["revenue"] > 0 else None
    return Row(
        member=row["member"], name_zh=row["name_zh"], name_en=row["name_en"], how=how if effect else UNKNOWN,
        booked=None if row["revenue_unknown"] else row["revenue"], spent=spent,
        returns=returns(effect, spent=spent, margin=share, kept=kept) if effect else None, came=came, stay=stay,
    )  # fmt: skip


def _as_sums(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `ledger_parts` as `finished` wants it."""
    return {
        "ordered": row["booked"], "refunded": Decimal(0), "spent": -row["spent"], "goods": row["goods"],
        "revenue_unknown": row["booked_unknown"], "spent_unknown": row["spent_unknown"],
        "goods_unknown": row["goods_unknown"],
    }  # fmt: skip


def _scaled(effect: Effect | None, part: float) -> Effect | None:
    """A part of a sum that was measured as a whole."""
    if effect is None:
        return None
    ends = (end * part for end in (effect.estimate, effect.low, effect.high))
    estimate, low, high = ends
    return Effect(estimate=estimate, low=low, high=high, people=effect.people)


def _effects(ws: Workspace, experiments: Sequence[str]) -> dict[str, dict[tuple[str, str], Effect]]:
    """Experiment → (estimator, metric) → effect; the main estimate is under `main`."""
    if not experiments or "effects" not in ws.states():
        return {}
    marks = ", ".join("?" for _one in experiments)
    listed = ws.rows(
        "SELECT experiment, metric, CASE WHEN main THEN 'main' ELSE estimator END AS estimator, estimate, low, high, "
        f"n_treated FROM effects WHERE experiment IN ({marks}) AND metric IN ('revenue', 'kept') AND estimate IS NOT "
        "NULL AND (main OR estimator IN ('total', 'direct', 'spill'))",
        list(experiments),
    )
    found: dict[str, dict[tuple[str, str], Effect]] = {}
    for row in listed:
        effect = _effect(row)
        if effect is not None:
            found.setdefault(row["experiment"], {})[row["estimator"], row["metric"]] = effect
    return found


def _effect(row: Mapping[str, Any]) -> Effect | None:
    ends = [row[name] for name in ("estimate", "low", "high")]
    if any(end is None or not isfinite(end) for end in ends):
        return None
    return Effect(estimate=ends[0], low=ends[1], high=ends[2], people=row["n_treated"])


def _in_communities(ws: Workspace, campaign: str) -> dict[str, Effect]:
    if "effect_communities" not in ws.states():
        return {}
    where, values = "experiment = ?", [experiment_of(CAMPAIGN, campaign)]
    if not campaign:  # the control group that stands now
        where = f"experiment = (SELECT max(experiment) FROM effect_communities WHERE experiment LIKE '{GLOBAL}/%')"
        values = []
    listed = ws.rows(
        f"SELECT community_id, estimate, low, high, n_treated FROM effect_communities WHERE {where}", values
    )
    return {row["community_id"]: effect for row in listed if (effect := _effect(row)) is not None}


def _campaigns(ws: Workspace, ids: Sequence[str]) -> dict[str, str]:
    """The campaigns of ripples that campaigns began."""
    if not ids or "ripples" not in ws.states():
        return {}
    marks = ", ".join("?" for _one in ids)
    listed = ws.rows(
        f"SELECT ripple_id, name FROM ripples WHERE kind = 'campaign' AND ripple_id IN ({marks})", list(ids)
    )
    return {row["ripple_id"]: row["name"] for row in listed}


def _booked_later(ws: Workspace, ripple: str) -> float:
    """What the ledger books in generations after the first, where it is above 0."""
    listed = ws.rows(
        "SELECT CAST(coalesce(sum(booked), 0) AS DOUBLE) AS booked FROM ledger_parts WHERE dimension = ? "
        "AND part_of = ? AND member <> '0' AND booked > 0",
        [GENERATION, ripple],
    )
    return float(listed[0]["booked"])


def _stock(ws: Workspace, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Of ripples: newcomers, and those of them who are still here."""
    if not ids or "ledger_parts" not in ws.states():
        return {}
    marks = ", ".join("?" for _one in ids)
    listed = ws.rows(
        "SELECT part_of, CAST(sum(came) AS BIGINT) AS came, CAST(sum(stay) AS BIGINT) AS stay FROM ledger_parts "
        f"WHERE dimension = '{GENERATION}' AND part_of IN ({marks}) GROUP BY part_of",
        list(ids),
    )
    return {row["part_of"]: (row["came"], row["stay"]) for row in listed}
