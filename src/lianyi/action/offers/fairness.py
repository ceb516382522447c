"""The fairness audit: whom a rule entitles, by group, and that everybody it was issued to got the same.

The price is the same within a rule by construction; a rule can still reach some groups and leave others out. So of
each group (community, city, stage, value band) the share of the entitled stands with Wilson's 95 % range (Wilson 1927)
beside that of everybody; a group is `apart` where that range lies below four fifths of everybody's share or above five
quarters of it (the four-fifths rule of the Uniform Guidelines on Employee Selection, 1978, a convention, no law here).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lianyi.action.offers.models import Offer
    from lianyi.memory.duckdb import DuckDB
    from lianyi.workspace import Workspace

Z = 1.959964
LEAST, MOST = 20, 12  # people of a group that is told of; groups of a dimension, the largest ones
FOUR_FIFTHS = 0.8
# dimension -> table and column by which people are grouped
DIMENSIONS = {
    "community": ("memberships", "community_id"), "city": ("people", "city"), "stage": ("stages", "stage"),
    "value_band": ("values", "band"),
}  # fmt: skip


def wilson(count: int, people: int) -> tuple[float, float]:
    """Range of a share, 95 %."""
    share = count / people
    middle = (share + Z**2 / 2 / people) / (1 + Z**2 / people)
    reach = Z / (1 + Z**2 / people) * (share * (1 - share) / people + Z**2 / 4 / people**2) ** 0.5
    return max(0.0, middle - reach), min(1.0, middle + reach)


def fairness(engine: DuckDB, there: Collection[str]) -> list[dict[str, Any]]:
    """One row = one group of at least LEAST people: how many, how many of them are entitled, the share with its range,
    apart: low, high or ''. The first row is everybody. Reads `entitled` and the tables that are there."""
    whole = engine.table(
        "SELECT count(*) AS people, count(e.person_id) AS entitled FROM people AS p "
        "LEFT JOIN entitled AS e ON e.person_id = p.person_id"
    ).to_pylist()[0]
    if not whole["people"]:
        return []
    everybody = row("all", "", whole["people"], whole["entitled"], None)
    found = [everybody]
    for dimension, (table, column) in DIMENSIONS.items():
        if table not in there:
            continue
        rows = engine.table(
            f"""
            SELECT CAST(g.{column} AS VARCHAR) AS member, count(*) AS people, count(e.person_id) AS entitled
            FROM (SELECT DISTINCT person_id, {column} FROM "{table}" WHERE {column} IS NOT NULL) AS g
            LEFT JOIN entitled AS e ON e.person_id = g.person_id
            GROUP BY 1 HAVING count(*) >= {LEAST} ORDER BY people DESC, member LIMIT {MOST}
            """
        ).to_pylist()
        found += [row(dimension, one["member"], one["people"], one["entitled"], everybody["share"]) for one in rows]
    return found


def row(dimension: str, member: str, people: int, entitled: int, share: float | None) -> dict[str, Any]:
    """One group."""
    low, high = wilson(entitled, people)
    apart = ""
    if share is not None:
        apart = "low" if high < FOUR_FIFTHS * share else "high" if low > share / FOUR_FIFTHS else ""
    return {"dimension": dimension, "member": member, "people": people, "entitled": entitled,
            "share": entitled / people, "low": low, "high": high, "apart": apart}  # fmt: skip


def prices(ws: Workspace, offer: Offer) -> dict[str, int]:
    """What the log says of an offer: people to whom it was issued, and how many different things they got (1, or 0
    before it is issued). Reads the events of kind `offer`."""
    found = ws.sql(
        "SELECT count(*) AS issued, count(DISTINCT concat(props ->> '$.percent', '/', props ->> '$.amount', '/', "
        "props ->> '$.least')) AS prices FROM events WHERE kind = 'offer' AND object_key = ?",
        [f"offer:{offer.pk}"],
    ).fetchall()[0]
    return {"issued": int(found[0]), "prices": int(found[1])}
