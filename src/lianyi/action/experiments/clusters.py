"""The community of each person, for assigning communities as a whole."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from lianyi.errors import InputError
from lianyi.insight.communities.heights import COMMUNITY, PART
from lianyi.workspace import Workspace

# A community in which more than this share of the people would be is cut along its parts below.
LARGEST = 0.1


def communities(ws: Workspace, people: Collection[str] | pa.Array) -> dict[str, str]:
    """Person → the community they belong to most, found by ties; its parts instead, where a community is too large for
    arms to come out even (more than LARGEST of these people). People of none are left out: each is one of their own.

    InputError where communities are not found yet."""
    if "community_people" not in ws.states():
        raise InputError("communities are not found yet; run: lianyi refresh, or hold out people one by one")
    ids = people if isinstance(people, pa.Array) else pa.array(sorted(people), pa.string())
    rows = ws.sql(
        "SELECT person_id, community_id, height, weight FROM community_people WHERE weight IS NOT NULL AND how = 'ties'"
    ).to_arrow_table()
    rows = rows.filter(pc.is_in(rows["person_id"], value_set=ids))
    found: dict[str, str] = {}
    for height in (COMMUNITY, PART):
        level = rows.filter(pc.equal(rows["height"], height)).sort_by(
            [("weight", "ascending"), ("community_id", "ascending")]
        )
        found = dict(zip(level["person_id"].to_pylist(), level["community_id"].to_pylist(), strict=True))
        sizes = pc.value_counts(pa.array(list(found.values()), pa.string())).field("counts") if found else []
        if found and max(size.as_py() for size in sizes) <= LARGEST * len(ids):
            return found
    return found
