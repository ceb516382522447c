"""Who would fit though they never joined: how many of the people with these interests, this city and these ties outside
of a community's rooms are members.

Everybody is judged by the same evidence: members too only by what can be seen outside of the rooms of the community.
A logistic regression learns from them; each person's probability comes from the folds without that person, so the
reliability that `calibration` reports is that of people the model has not seen. Of those who fit and are no members few
belong in truth (docs/methods/communities-life.md): most who would fit have joined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.communities import acts
from lianyi.insight.communities.acts import MEMBERS
from lianyi.insight.kernels import Doubles, Longs
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build

PAIRS, MATCHES, OUTSIDE, JUDGED = "behaviour_pairs", "behaviour_matches", "behaviour_outside", "behaviour_judged"
FEATURES = ("category", "city", "tag", "outside_ties", "outside_share", "log_size")
FOLDS = 5
LEAST = 0.2
MOST_PER_PERSON = 3
# So many pairs teach as well as all.
TAUGHT = 50_000
# Fewer members among those who could be judged teach nothing.
LEAST_MEMBERS = 50
# More pairs by interests alone than this are not looked at: in a city of a million everybody fits a hundred of them.
MOST_MATCHES = 5_000_000


def person_traits(scope: Scope) -> str:
    """One row = one person and one trait that communities are known by, with its kind."""
    d = scope.dialect
    return f"""
    SELECT person_id, 'category' AS kind, c.category AS trait FROM (
        SELECT person_id, {d.explode("categories")} AS c FROM profiles
    ) AS x WHERE c.share >= 0.25
    UNION ALL SELECT person_id, 'city', city FROM profiles WHERE city IS NOT NULL AND city <> ''
    UNION ALL SELECT DISTINCT person_id, 'tag', tag FROM person_tags WHERE source IN ('manual', 'keyword')
    """


def matches() -> str:
    """One row = one person × community with a trait in common: log of how much more common it is there, by kind."""
    listed = ", ".join(
        f"coalesce(sum(CASE WHEN t.kind = '{kind}' THEN ln(t.lift) END), 0.0) AS {kind}"
        for kind in ("category", "city", "tag")
    )
    return f"""
    SELECT p.person_id, t.community_id, {listed} FROM behaviour_traits p
    JOIN community_traits t ON t.kind = p.kind AND t.trait = p.trait AND t.lift > 1
    GROUP BY p.person_id, t.community_id
    HAVING sum(CASE WHEN t.kind = 'category' THEN 1 ELSE 0 END) > 0
        AND sum(CASE WHEN t.kind <> 'category' THEN 1 ELSE 0 END) > 0
    """


def outside() -> str:
    """One row = one person with ties to members of a community that were not seen in its rooms: how many, and their
    share of the person's ties."""
    return f"""
    SELECT t.source AS person_id, m.community_id, count(*) AS ties, count(*) / CAST(max(t.degree) AS DOUBLE) AS part
    FROM (
        SELECT source, target, group_key, count(*) OVER (PARTITION BY source) AS degree FROM (
            SELECT person_a AS source, person_b AS target, group_key FROM tie_rooms
            UNION ALL SELECT person_b AS source, person_a AS target, group_key FROM tie_rooms
        ) AS e
    ) AS t JOIN {MEMBERS} m ON m.person_id = t.target
    LEFT JOIN {acts.ROOMS_OF} r ON r.community_id = m.community_id AND r.group_key = t.group_key
    WHERE r.group_key IS NULL
    GROUP BY t.source, m.community_id
    """


def pairs(*, by_interests: bool) -> str:
    """One row = one person × community worth judging: the features, whether the person is a member."""
    every = f"SELECT person_id, community_id FROM {OUTSIDE}"
    if by_interests:
        every += f" UNION SELECT person_id, community_id FROM {MATCHES}"
    match = MATCHES if by_interests else f"(SELECT * FROM {MATCHES} LIMIT 0)"
    return f"""
    SELECT c.person_id, c.community_id, coalesce(x.category, 0.0) AS category, coalesce(x.city, 0.0) AS city,
        coalesce(x.tag, 0.0) AS tag, ln(1.0 + coalesce(o.ties, 0)) AS outside_ties,
        coalesce(o.part, 0.0) AS outside_share, ln(s.size) AS log_size, coalesce(o.ties, 0) AS ties,
        m.person_id IS NOT NULL AS is_member
    FROM ({every}) AS c JOIN (SELECT community_id, count(*) AS size FROM {MEMBERS} GROUP BY 1) AS s
        ON s.community_id = c.community_id
    LEFT JOIN {match} x ON x.person_id = c.person_id AND x.community_id = c.community_id
    LEFT JOIN {OUTSIDE} o ON o.person_id = c.person_id AND o.community_id = c.community_id
    LEFT JOIN {MEMBERS} m ON m.person_id = c.person_id AND m.community_id = c.community_id
    ORDER BY c.person_id, c.community_id
    """


def judged(build: Build, scope: Scope) -> pa.Table:
    """One row = one pair with its probability, those of members included; empty where there is too little to learn."""
    for name, sql in (
        (MEMBERS, acts.members()),
        (acts.ROOMS_OF, acts.rooms_of(scope)),
        ("behaviour_traits", person_traits(scope)),
        (OUTSIDE, outside()),
    ):
        build.make(name, sql)
    many = build.engine.table(
        "SELECT coalesce(sum(CAST(p.n AS DOUBLE) * t.n), 0) AS n FROM "
        "(SELECT kind, trait, count(*) AS n FROM behaviour_traits WHERE kind = 'category' GROUP BY 1, 2) AS p JOIN "
        "(SELECT kind, trait, count(*) AS n FROM community_traits GROUP BY 1, 2) AS t "
        "ON t.kind = p.kind AND t.trait = p.trait"
    )["n"][0].as_py()
    few = bool(many <= MOST_MATCHES)
    build.make(MATCHES, matches() if few else f"{matches()} LIMIT 0")
    build.make(PAIRS, pairs(by_interests=few))
    table = build.engine.table(f"SELECT * FROM {PAIRS}")
    member = table["is_member"].to_numpy(zero_copy_only=False)
    if member.sum() < LEAST_MEMBERS or member.all():
        return table.slice(0, 0).append_column("probability", pa.array([], pa.float64()))
    features = np.column_stack([table[name].to_numpy().astype(np.float64) for name in FEATURES])
    fold = table["person_id"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64) % FOLDS
    return table.append_column("probability", pa.array(held_out(features, member, fold)))


def held_out(features: Doubles, member: NDArray[np.bool_], fold: Longs) -> Doubles:
    """The probability of each row by the model of the other folds."""
    chance = np.empty(len(member))
    for number in np.unique(fold):
        mine = fold == number
        others = np.flatnonzero(~mine)
        others = others[:: max(1, len(others) // TAUGHT)]  # rows stand by person, so every so-manieth is a fair sample
        model = fitted(features[others], member[others])
        chance[mine] = model.chance(features[mine])
    return chance


@dataclass(frozen=True, kw_only=True)
class Model:
    """Logistic regression on standardised features and their squares."""

    middle: Doubles
    spread: Doubles
    slopes: Doubles

    def chance(self, features: Doubles) -> Doubles:
        return np.asarray(1 / (1 + np.exp(-self.terms(features) @ self.slopes)))

    def terms(self, features: Doubles) -> Doubles:
        scaled = (features - self.middle) / self.spread
        return np.column_stack([np.ones(len(scaled)), scaled, scaled**2])


def fitted(features: Doubles, member: NDArray[np.bool_], *, ridge: float = 1.0, rounds: int = 15) -> Model:
    """Newton's method with a small ridge on the slopes (not on the constant, so that the mean is right)."""
    spread = features.std(axis=0)
    model = Model(middle=features.mean(axis=0), spread=np.where(spread > 0, spread, 1.0), slopes=np.empty(0))
    terms = model.terms(features)
    slopes, penalty = np.zeros(terms.shape[1]), np.full(terms.shape[1], ridge)
    penalty[0] = 0.0
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-np.clip(terms @ slopes, -30, 30)))
        gradient = terms.T @ (member - chance) - penalty * slopes
        curve = (terms * (chance * (1 - chance))[:, None]).T @ terms + np.diag(penalty) + 1e-9 * np.eye(len(penalty))
        step = np.linalg.solve(curve, gradient)
        slopes = slopes + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    return Model(middle=model.middle, spread=model.spread, slopes=slopes)


def calibration(chance: Doubles, member: NDArray[np.bool_], *, bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean probability, share of members, pairs) in bins of equal width, empty bins left out."""
    place = np.minimum((chance * bins).astype(int), bins - 1)
    return [
        (float(chance[place == one].mean()), float(member[place == one].mean()), int((place == one).sum()))
        for one in range(bins)
        if (place == one).any()
    ]
