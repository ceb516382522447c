"""The compact copy of the tables: one DuckDB file in which people are numbers in the order of their ids.

Joins of whole numbers cost a fraction of joins of texts, columns lie ready without being unpacked, and the log stands
by kind, so that a question about orders reads orders alone. What nobody asks of it (texts, props) stays in the log.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from lianyi.insight.conditions.vocabulary import BELONGINGS, COLUMNS, COMINGS, LATE_COLUMNS, TIES
from lianyi.memory.dialect import DUCKDB as D
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.engine import literal
from lianyi.memory.events import SCHEMA

# Tables that are copied; without the first two there is nothing to ask.
TABLES = ("people", "keys", "person_ties", "memberships", "communities", "arrivals", "ripples",
          "stages", "purchase_clocks", "leaving", "values")  # fmt: skip
# Fields of events that stay in the log.
LEFT = ("text", "props")
FIELDS = tuple(name for name in SCHEMA.names if name not in {*LEFT, "received_at"})
BESIDE_COLUMNS = ("consents", "attributes", "attribute_sources", "categories", "tags")


def build(
    path: Path, *, engine: DuckDB, files: Mapping[str, Sequence[Path]], log: Sequence[str], as_of: datetime
) -> None:
    """Write the copy. files: of TABLES by name (those that stand). log: files of the log. as_of: of the tables; events
    received later are not copied."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    for name, listed in files.items():
        engine.register(f"t_{name}", listed)
    engine.register("t_log", log)
    try:
        engine.run(f"ATTACH {literal(str(draft))} AS made")
        for name, sql in _copies(set(files)).items():
            engine.run(f'CREATE TABLE made."{name}" AS {sql}')
        for side in ("actor", "target"):
            engine.run(f"CREATE TABLE made.{side} AS {_acts(side, as_of)} LIMIT 0")
            # A file at a time is sorted in memory, which all of them are not, and kinds lie together well enough.
            for file in log:
                engine.register("t_log", [file])
                engine.run(f"INSERT INTO made.{side} {_acts(side, as_of)} ORDER BY e.kind")
        engine.run("CHECKPOINT made")
        engine.run("DETACH made")
        draft.replace(path)
    finally:
        for left in (draft, draft.with_name(draft.name + ".wal")):
            left.unlink(missing_ok=True)


def _copies(there: set[str]) -> dict[str, str]:
    """Name -> SQL of each table of the copy, in the order of their making."""
    columns = ", ".join(f"p.{name}" for name in (*COLUMNS, *BESIDE_COLUMNS) if name not in {"keys"})
    copies = {
        "people": f"SELECT CAST(row_number() OVER (ORDER BY p.person_id) - 1 AS INTEGER) AS person_id, "
        f"p.person_id AS id, p.keys, {columns} FROM t_people AS p ORDER BY 1",
        "keys": "SELECT k.key, n.person_id FROM t_keys AS k JOIN made.people AS n ON n.id = k.person_id ORDER BY k.key",
    }
    copies |= _beside(there)
    return copies


def _acts(side: str, as_of: datetime) -> str:
    """One row = one event that somebody did (actor) or that was done to somebody (target)."""
    own = {f"{side}_key"}  # whose key it is the number says
    orders = {name: f"CASE WHEN e.kind = 'order' THEN e.{name} END AS {name}" for name in ("id", "parent_id")}
    fields = ", ".join(orders.get(name, f'e."{name}"') for name in FIELDS if name not in own)
    return (
        f"SELECT k.person_id, {fields} FROM t_log AS e JOIN made.keys AS k ON e.{side}_key = k.key "
        f"WHERE e.received_at <= {D.time(as_of)}"
    )


def _beside(there: set[str]) -> dict[str, str]:
    """Ties, memberships, arrivals, stages and values with people as numbers; none where the tables are not built."""
    ties = ", ".join(f"t.{name}" for name in TIES)
    members = ", ".join(f"m.{name}" for name in BELONGINGS if name not in {"community", "height"})
    comings = ", ".join(f'a."{name}"' for name in COMINGS if name not in {"ripple", "kind", "depth", "brought_buyers"})
    number = "JOIN made.people AS n ON n.id = {}.person_id"
    found = {
        "person_ties": f"SELECT n.person_id, o.person_id AS other_id, {ties} FROM t_person_ties AS t "
        f"{number.format('t')} JOIN made.people AS o ON o.id = t.other_id ORDER BY 1",
        "memberships": f"SELECT n.person_id, m.community_id, {members} FROM t_memberships AS m {number.format('m')}",
        "communities": "SELECT community_id, height, name_en, name_zh FROM t_communities",
        "arrivals": f"SELECT n.person_id, h.person_id AS parent_person_id, a.ripple_id, a.flags, {comings} "
        f"FROM t_arrivals AS a {number.format('a')} LEFT JOIN made.people AS h ON h.id = a.parent_person_id",
        "ripples": "SELECT ripple_id, kind, name, depth FROM t_ripples",
    }
    for table in dict.fromkeys(table for table, _ in LATE_COLUMNS.values()):
        read = ", ".join(f"v.{column}" for name, column in LATE_COLUMNS.values() if name == table)
        found[table] = f"SELECT n.person_id, {read} FROM t_{table} AS v {number.format('v')} ORDER BY 1"
    return {name: sql for name, sql in found.items() if name in there}
