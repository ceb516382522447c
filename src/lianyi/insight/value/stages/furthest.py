"""The furthest stage of each person under any rules, without the way there: what a change of rules would do."""

from __future__ import annotations

import pyarrow as pa

from lianyi.insight.scope import Scope
from lianyi.insight.value.stages import reaching
from lianyi.insight.value.stages.rules import Stages
from lianyi.memory.engine import Engine


def furthest(engine: Engine, scope: Scope, stages: Stages) -> pa.Table:
    """One row = one person: person_id, and stage, NULL where they reached none. scope.keys must be `stage_keys`; reads
    `keys` and the scope's events."""
    made = ["stage_people", reaching.NUMBERED, "stage_acts"]
    engine.run(reaching.numbered(), into=made[0])
    engine.run(reaching.numbered_keys(), into=made[1])
    engine.run(reaching.acts(scope, stages), into=made[2])
    for rank, stage in enumerate(stages.stages):
        engine.run(reaching.reached(scope, stage, rank, stages.names), into=f"reached_{rank}")
        made.append(f"reached_{rank}")
    parts = " UNION ALL ".join(f"SELECT person_id, rank FROM {name}" for name in made[3:])
    found = engine.table(
        f"""
        SELECT p.person_id, max(r.rank) AS rank FROM stage_people AS p LEFT JOIN ({parts}) AS r
            ON r.person_id = p.number
        GROUP BY p.person_id ORDER BY p.person_id
        """
    )
    for name in reversed(made):
        engine.drop(name)
    names = pa.array([*stages.names], pa.string())
    return pa.table({"person_id": found["person_id"], "stage": names.take(found["rank"].combine_chunks())})
