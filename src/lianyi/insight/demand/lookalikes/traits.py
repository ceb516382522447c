"""What is known of everybody, as traits that people have or have not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import scipy

from lianyi.memory.engine import Engine

LEAST_PEOPLE = 10  # a trait of fewer says nothing
# One row = one person × trait; a trait is kind:value. Manual tags stay out: they may be how the seeds were chosen.
TRAITS = """
SELECT person_id, concat('tag:', tag) AS trait FROM person_tags WHERE source <> 'manual'
UNION ALL SELECT person_id, concat('community:', community_id) FROM memberships
UNION ALL SELECT person_id, concat('likes:', top_category) FROM profiles WHERE top_category IS NOT NULL
UNION ALL SELECT person_id, concat('city:', city) FROM profiles WHERE city IS NOT NULL
UNION ALL SELECT person_id, concat('consumption:', consumption_level) FROM profiles WHERE consumption_level IS NOT NULL
"""


def read_traits(engine: Engine) -> tuple[pa.Array, scipy.sparse.csr_matrix, list[str]]:
    """(person ids in order, (people, traits) matrix, names of the traits)."""
    people = engine.table("SELECT person_id FROM profiles ORDER BY person_id")["person_id"].combine_chunks()
    rows = engine.table(
        f"""
        WITH t AS ({TRAITS}), p AS (
            SELECT person_id, row_number() OVER (ORDER BY person_id) - 1 AS person FROM profiles
        ), n AS (
            SELECT trait, row_number() OVER (ORDER BY trait) - 1 AS number FROM t GROUP BY trait
            HAVING count(DISTINCT person_id) >= {LEAST_PEOPLE}
        )
        SELECT DISTINCT p.person, n.number, n.trait FROM t JOIN p ON p.person_id = t.person_id
        JOIN n ON n.trait = t.trait ORDER BY 1, 2
        """
    )
    number = rows["number"].to_numpy().astype(np.int64)
    names = [""] * (int(number.max()) + 1 if len(number) else 0)
    for place, name in {*zip(number.tolist(), rows["trait"].to_pylist(), strict=True)}:
        names[place] = name
    matrix = scipy.sparse.csr_matrix(
        (np.ones(len(number)), (rows["person"].to_numpy().astype(np.int64), number)), (len(people), len(names))
    )
    return people, matrix, names
