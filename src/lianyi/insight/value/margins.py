"""What the goods leave of what a person pays: the part of it by the categories that they buy, and how sure that is.

The price book (`ledger.yaml`) says which part of an order of a category is left when its goods are paid; its line `*`
holds for every category that has none of its own. A person's part is that of their purchases (one category on one day,
weighted by what was paid), drawn to that of the whole brand by Bühlmann and Straub's credibility: with few purchases of
theirs, what they will buy is not yet known from what they bought ("Glaubwürdigkeit für Schadensätze", 1970; Bühlmann
and Gisler, A Course in Credibility Theory, 2005, chapter 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import pyarrow as pa

from lianyi.insight.ledger.book import ANY, Book, shares
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build

Z = 1.644854  # of a 90 % range
TINY = 1e-12  # what variances of equal parts leave by rounding
MIX, SHARES = "value_mix", "value_margins"


@dataclass(frozen=True, kw_only=True)
class Credibility:
    """unit: mean size of a purchase, in money. whole: the brand's part. within: variance of the part between purchases
    of one person, by purchase of mean size; between: of people. least, most: of the book, which no part can leave."""

    unit: float
    whole: float
    within: float
    between: float
    least: float
    most: float

    @property
    def prior(self) -> float:
        """So many purchases of a person weigh as much as what is known of all; 0: their own tell everything."""
        return self.within / self.between if self.between > 0 else (1e12 if self.within > 0 else 0.0)


def make(build: Build, scope: Scope) -> Credibility | None:
    """Relation `value_mix`: one row = one person with a purchase of known amount: paid, purchases, part (of what was
    paid), square (mean square of it), own (share of what was paid that has a line of its own), known (all of it has a
    line or `*`). None, and no relation, where the book knows no margin."""
    book = build.parameters.get("ledger") or Book()
    known = shares(book, scope.as_of.astimezone(UTC).date())
    if not known:
        return None
    names = [name for name in known if name != ANY]
    table = pa.table(
        {"category": pa.array(names, pa.string()), "part": pa.array([known[name] for name in names], pa.float64())}
    )
    build.engine.register(SHARES, table)
    build.make(MIX, _mix(known.get(ANY)))
    build.drop(SHARES)
    (sums,) = build.engine.table(_SUMS).to_pylist()
    return _learned(sums, list(known.values()))


def _mix(other: float | None) -> str:
    usual = "CAST(NULL AS DOUBLE)" if other is None else f"CAST({other!r} AS DOUBLE)"
    return f"""
    SELECT person_id, sum(paid) AS paid, count(*) AS purchases, sum(paid * part) / sum(paid) AS part,
        sum(paid * part * part) / sum(paid) AS square, sum(paid * own) / sum(paid) AS own,
        count(*) = count(part) AS known
    FROM (
        SELECT c.person_id, CAST(c.spend AS DOUBLE) AS paid, coalesce(m.part, {usual}) AS part,
            CASE WHEN m.part IS NULL THEN 0.0 ELSE 1.0 END AS own
        FROM category_days AS c LEFT JOIN {SHARES} AS m ON m.category = c.category WHERE c.spend > 0
        UNION ALL
        SELECT person_id, CAST(unnamed AS DOUBLE), {usual}, 0.0 FROM order_days WHERE unnamed > 0
    ) AS b GROUP BY person_id
    """


# Sizes are amounts here; `_learned` brings them to purchases of mean size.
_NAMES = ("people", "purchases", "paid", "parts", "inside", "squares", "paid_squares")
_SUMS = f"""
SELECT count(*) AS people, sum(purchases) AS purchases, sum(paid) AS paid, sum(paid * part) AS parts,
    sum(paid * greatest(square - part * part, 0)) AS inside, sum(paid * part * part) AS squares,
    sum(paid * paid) AS paid_squares
FROM {MIX} WHERE known
"""


def _learned(sums: Mapping[str, Any], known: Sequence[float]) -> Credibility:
    """Bühlmann and Straub's estimators of the collective's parameters."""
    edges = {"least": min(known), "most": max(known)}
    people, purchases, paid, parts, inside, squares, paid_squares = (float(sums[name] or 0) for name in _NAMES)
    if not paid:
        return Credibility(unit=1.0, whole=sum(known) / len(known), within=0.0, between=0.0, **edges)
    unit, whole = paid / purchases, parts / paid
    within = inside / unit / (purchases - people) if purchases > people else 0.0
    free = (paid - paid_squares / paid) / unit
    between = max(0.0, ((squares - paid * whole * whole) / unit - (people - 1) * within) / free) if free > 0 else 0.0
    within, between = (value if value > TINY else 0.0 for value in (within, between))
    return Credibility(unit=unit, whole=whole, within=within, between=between, **edges)


def parts(known: Credibility | None, alias: str) -> str:
    """SQL: of a row of `value_mix` under this alias the part that the goods will leave (part), the variance of what is
    not known of it (doubt) and where it is from (part_from); NULL where it is not known."""
    if known is None:
        return "CAST(NULL AS DOUBLE) AS part, CAST(NULL AS DOUBLE) AS doubt, CAST(NULL AS STRING) AS part_from"
    own = f"({alias}.paid / ({alias}.paid + {known.prior * known.unit!r}))"
    return f"""
    CASE WHEN {alias}.known THEN {own} * {alias}.part + (1 - {own}) * {known.whole!r} END AS part,
    CASE WHEN {alias}.known THEN {known.between!r} * (1 - {own}) END AS doubt,
    CASE WHEN NOT {alias}.known THEN NULL WHEN {alias}.own >= 1 THEN 'category' WHEN {alias}.own > 0 THEN 'mixed'
        ELSE 'brand' END AS part_from
    """


def left(known: Credibility | None, span: int) -> dict[str, str]:
    """SQL by column: what the orders of so many days are expected to leave, and its 90 % range: that of their worth and
    that of the part, as independent ones (half widths in quadrature), never outside what the book allows;
    NULL where the part is. Reads value, low and high of the span, part and doubt."""
    names = [f"margin_{span}", f"margin_low_{span}", f"margin_high_{span}"]
    if known is None:
        return dict.fromkeys(names, "CAST(NULL AS DOUBLE)")
    worth, low, high = f"value_{span}", f"low_{span}", f"high_{span}"
    purchases = f"greatest({worth} / {known.unit!r}, 1.0)"
    part = f"{Z * Z} * {worth} * {worth} * (doubt + {known.within!r} / {purchases})"

    def reach(end: str) -> str:
        return f"sqrt(({end} - {worth}) * ({end} - {worth}) * part * part + {part})"

    below = f"greatest({worth} * part - {reach(f'least({low}, {worth})')}, {known.least!r} * {low})"
    above = f"least({worth} * part + {reach(f'greatest({high}, {worth})')}, {known.most!r} * {high})"
    # The greatest of NULL and a number is the number.
    below, above = (f"CASE WHEN part IS NOT NULL THEN {end} END" for end in (below, above))
    middle = f"{worth} * part"
    return dict(zip(names, (middle, below, above), strict=True))
