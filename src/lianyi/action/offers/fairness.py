"""The fairness audit: whom a rule entitles, by group, and that everybody it was issued to got the same.

The price is the same within a rule by construction; a rule can still reach some groups and leave others out. So of
each group (community, city, stage, value band) the share of the entitled stands with Wilson's 95 % range (Wilson 1927)
beside that of everybody, marked where it lies apart (`insight.offers.shares`). Who used it, by the same groups, is in
table `offer_results`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from lianyi.insight.offers.shares import DIMENSIONS, LEAST, MOST, apart, wilson

if TYPE_CHECKING:
    from lianyi.action.offers.models import Offer
    from lianyi.memory.duckdb import DuckDB
    from lianyi.workspace import Workspace


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
    return {"dimension": dimension, "member": member, "people": people, "entitled": entitled,
            "share": entitled / people, "low": low, "high": high, "apart": apart(low, high, share)}  # fmt: skip


def prices(ws: Workspace, offer: Offer) -> dict[str, int]:
    """What the log says of an offer: people to whom it was issued, and how many different things they got (1, or 0
    before it is issued). Reads the events of kind `offer`."""
    found = ws.sql(
        "SELECT count(*) AS issued, count(DISTINCT concat(props ->> '$.percent', '/', props ->> '$.amount', '/', "
        "props ->> '$.least')) AS prices FROM events WHERE kind = 'offer' AND object_key = ?",
        [offer.key],
    ).fetchall()[0]
    return {"issued": int(found[0]), "prices": int(found[1])}
