"""Table `merge_suggestions`: pairs of people who may be one, for an operator to decide."""

from __future__ import annotations

from lianyi.insight.people.identity import attributes
from lianyi.insight.people.identity.evidence import LEVELS
from lianyi.insight.people.identity.similar import similar_people
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table
from lianyi.memory.engine import literal
from lianyi.memory.keys import NAMESPACES

LINKS, KEYS = "identity_links", "keys"
_SIMILAR, _HINTS = "identity_similar", "identity_hints"

# Less likely pairs are not shown.
LEAST_PROBABILITY = 0.2
SEED = 20_260_101

# What a rejected link is worth as a hint that two people are one, by its class of evidence; a judgement. Links through
# devices and names are no hints: who shares a browser is a household, not a person.
HINTS = {"verified_strong": 0.8, "verified_contact": 0.7, "strong": 0.6, "contact": 0.5}
# Two accounts of one kind (two member numbers) speak against one person, though not strongly.
CLASH_FACTOR = 0.8


def build(build: Build) -> str:
    """Compare what is known of people, and return the SQL that joins it with the rejected links."""
    engine, scope = build.engine, Scope.of(build)
    attributes.prepare(engine, scope)
    pairs = engine.table(f"SELECT * FROM {attributes.CANDIDATES} ORDER BY join_key_l, join_key_r")
    build.say(f"{pairs.num_rows:,} pairs of people to compare")
    similar = similar_people(
        engine.table(f"SELECT * FROM {attributes.ATTRIBUTES} ORDER BY person_id"),
        pairs,
        threshold=LEAST_PROBABILITY,
        seed=SEED,
        memory_mb=build.settings.memory_mb,
        threads=build.settings.threads,
    )
    engine.register(_SIMILAR, similar)
    build.make(_HINTS, hints())
    for name in (attributes.ATTRIBUTES, attributes.CANDIDATES, _SIMILAR):
        engine.drop(name)
    return f"""
    WITH hinted AS (SELECT person_a AS person_id FROM {_HINTS} UNION SELECT person_b FROM {_HINTS}),
    anchors AS ({anchors("hinted")}), apart AS ({kept_apart()}), clashes AS ({clashes("hinted")}), {suggested()}
    """


def anchors(people: str) -> str:
    """One row = one of the people with the key to name in a merge: exclusive, else the strongest; then the oldest."""
    return f"""
    SELECT person_id, key FROM (
        SELECT k.person_id, k.key, row_number() OVER (
            PARTITION BY k.person_id ORDER BY
                CASE WHEN k.namespace IN ({_exclusive()}) THEN 0 ELSE 1 END, CASE k.strength {_places()} END,
                k.first_at, k.key
        ) AS place FROM {KEYS} AS k JOIN {people} AS p ON p.person_id = k.person_id
    ) AS placed WHERE place = 1
    """


def _exclusive() -> str:
    return ", ".join(literal(name) for name, namespace in NAMESPACES.items() if namespace.exclusive)


def _places() -> str:
    return " ".join(f"WHEN {literal(strength)} THEN {-level}" for strength, level in LEVELS.items())


def hints() -> str:
    """One row = one hint that two people (person_a < person_b) are one, with a score and the words for it."""
    worth = " ".join(f"WHEN {literal(name)} THEN CAST({score} AS DOUBLE)" for name, score in HINTS.items())
    listed = ", ".join(literal(name) for name in HINTS)
    return f"""
    SELECT 'linked' AS hint,
        least(x.person_id, y.person_id) AS person_a, greatest(x.person_id, y.person_id) AS person_b,
        CASE l.evidence {worth} END AS score, l.event_id,
        'linked: ' || l.key_a || ' and ' || l.key_b AS words_en, '有关联：' || l.key_a || ' 与 ' || l.key_b AS words_zh
    FROM {LINKS} AS l JOIN {KEYS} AS x ON x.key = l.key_a JOIN {KEYS} AS y ON y.key = l.key_b
    WHERE l.rule = 'clash' AND l.evidence IN ({listed}) AND x.person_id <> y.person_id
    UNION ALL
    SELECT 'shared', least(x.person_id, y.person_id), greatest(x.person_id, y.person_id),
        CASE l.evidence {worth} END, l.event_id, 'both have ' || l.shared_key, '共用 ' || l.shared_key
    FROM (SELECT *, {_other_end()} AS holder FROM {LINKS} WHERE rule = 'torn' AND evidence IN ({listed})) AS l
    JOIN (SELECT *, {_other_end()} AS holder FROM {LINKS} WHERE rule = 'torn' AND evidence IN ({listed})) AS r
        ON r.shared_key = l.shared_key AND r.evidence = l.evidence AND r.holder > l.holder
    JOIN {KEYS} AS x ON x.key = l.holder JOIN {KEYS} AS y ON y.key = r.holder
    WHERE x.person_id <> y.person_id
    UNION ALL
    SELECT 'similar', person_a, person_b, probability, NULL, words_en, words_zh FROM {_SIMILAR}
    """


def _other_end() -> str:
    return "CASE WHEN key_a = shared_key THEN key_b ELSE key_a END"


def kept_apart() -> str:
    """One row = two people whom an operator took apart."""
    return f"""
    SELECT DISTINCT least(x.person_id, y.person_id) AS person_a, greatest(x.person_id, y.person_id) AS person_b
    FROM {LINKS} AS l
    JOIN {KEYS} AS x ON x.key = CASE WHEN l.rule = 'separated' THEN l.against_a ELSE l.key_a END
    JOIN {KEYS} AS y ON y.key = CASE WHEN l.rule = 'separated' THEN l.against_b ELSE l.key_b END
    WHERE l.rule IN ('separated', 'unmerge')
    """


def clashes(people: str) -> str:
    """One row = one of the people and one exclusive namespace, with the smallest of his keys in it."""
    return f"""
    SELECT k.person_id, k.namespace, min(k.key) AS key FROM {KEYS} AS k JOIN {people} AS p ON p.person_id = k.person_id
    WHERE k.namespace IN ({_exclusive()}) GROUP BY k.person_id, k.namespace
    """


def suggested() -> str:
    """One row = one pair of people, its hints joined: the score is the probability that not all hints mislead."""

    def words(language: str, mark: str) -> str:
        parts = [
            f"max(h.words_{language}) FILTER (WHERE h.hint = '{hint}')" for hint in ("similar", "shared", "linked")
        ]
        return f"concat_ws('{mark}', {', '.join(parts)})"

    misleading = " * ".join(
        f"(1 - coalesce(max(h.score) FILTER (WHERE h.hint = '{hint}'), 0))" for hint in ("similar", "shared", "linked")
    )
    return f"""
    joined AS (
        SELECT h.person_a, h.person_b, 1 - {misleading} AS score, {words("en", "; ")} AS words_en,
            {words("zh", "；")} AS words_zh, max(h.score) FILTER (WHERE h.hint = 'similar') AS probability,
            min(h.event_id) AS event_id
        FROM {_HINTS} AS h GROUP BY h.person_a, h.person_b
    ), against AS (
        SELECT j.person_a, j.person_b, min(x.key) AS key_a, min(y.key) AS key_b
        FROM joined AS j JOIN clashes AS x ON x.person_id = j.person_a
        JOIN clashes AS y ON y.person_id = j.person_b AND y.namespace = x.namespace
        GROUP BY j.person_a, j.person_b
    )
    SELECT j.person_a, j.person_b, a.key AS key_a, b.key AS key_b,
        round(j.score * CASE WHEN c.key_a IS NULL THEN 1 ELSE {CLASH_FACTOR} END, 4) AS score,
        concat_ws('; ', j.words_en, 'but ' || c.key_a || ' and ' || c.key_b || ' differ') AS reasons_en,
        concat_ws('；', j.words_zh, '但 ' || c.key_a || ' 与 ' || c.key_b || ' 不同') AS reasons_zh,
        j.probability, j.event_id, c.key_a IS NOT NULL AS clash
    FROM joined AS j
    JOIN anchors AS a ON a.person_id = j.person_a
    JOIN anchors AS b ON b.person_id = j.person_b
    LEFT JOIN against AS c ON c.person_a = j.person_a AND c.person_b = j.person_b
    LEFT JOIN apart AS p ON p.person_a = j.person_a AND p.person_b = j.person_b
    WHERE p.person_a IS NULL
    """


MERGE_SUGGESTIONS = Table(
    name="merge_suggestions",
    en="one row = two people who may be one, for an operator to decide",
    zh="一行 = 可能为同一人的两个用户，由运营人员决定是否合并",
    inputs=(EVENTS, KEYS, LINKS),
    key=("person_a", "person_b"),
    order=("person_a", "person_b"),
    build=build,
    columns={
        "person_a": Column(en="the one person (the smaller id)", zh="用户一"),
        "person_b": Column(en="the other person", zh="用户二"),
        "key_a": Column(en="the key of the one person to name in a merge", zh="用户一的标识"),
        "key_b": Column(en="the key of the other person to name in a merge", zh="用户二的标识"),
        "score": Column(
            en="how likely they are one, 0 to 1: probability and hints of rejected links joined", zh="可能性"
        ),
        "reasons_en": Column(en="the reasons in English", zh="理由（英文）"),
        "reasons_zh": Column(en="the reasons in Chinese", zh="理由（中文）"),
        "probability": Column(
            en="by what is known of both (name, birthday …); empty where not compared", zh="资料相似概率"
        ),
        "event_id": Column(en="event of a rejected link between them; empty where there is none", zh="关联事件编号"),
        "clash": Column(en="they have different accounts of one kind", zh="是否存在冲突标识"),
    },
)
