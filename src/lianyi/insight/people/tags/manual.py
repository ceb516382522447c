"""Tags set and taken back by operators, as the log tells them."""

from __future__ import annotations

from lianyi.insight.people.tags.sensitive import ANY_CLASS
from lianyi.insight.scope import MOMENT, Scope


def tag_acts(scope: Scope) -> str:
    """One row = one act of an operator on one tag of one person."""
    d = scope.dialect
    told = scope.received("e.id", MOMENT, "e.actor_key", "e.props", where="e.kind = 'tag' AND e.props IS NOT NULL")
    return f"""
    SELECT person_id, trim({d.json_text("props", "tag")}) AS tag, moment, id, actor_key,
        coalesce({d.json_text("props", "remove")} = 'true', FALSE) AS taken_back,
        coalesce({d.json_text("props", "why")}, '') AS why,
        coalesce(TRY_CAST({d.json_text("props", "weight")} AS DOUBLE), 1.0) AS weight
    FROM {told} AS t
    WHERE coalesce(trim({d.json_text("props", "tag")}), '') <> ''
    """


def tag_states(scope: Scope) -> str:
    """One row = one tag that an operator ever set or took back on a person: the last word, and since when it holds."""
    last = scope.dialect.struct(
        moment="moment", id="id", taken_back="taken_back", actor_key="actor_key", why="why", weight="weight"
    )
    return f"""
    SELECT person_id, tag, last.taken_back AS taken_back, last.actor_key AS actor_key, last.why AS why,
        least(1.0, greatest(0.0, last.weight)) AS weight, coalesce(since, last.moment) AS since
    FROM (
        SELECT person_id, tag, max({last}) AS last,
            min(moment) FILTER (WHERE NOT taken_back AND (back_at IS NULL OR moment > back_at)) AS since
        FROM (
            SELECT a.*, b.back_at FROM tag_acts AS a LEFT JOIN (
                SELECT person_id, tag, max(moment) AS back_at FROM tag_acts WHERE taken_back GROUP BY person_id, tag
            ) AS b ON b.person_id = a.person_id AND b.tag = a.tag
        ) AS x
        GROUP BY person_id, tag
    ) AS s
    """


def tag_lists(scope: Scope) -> str:
    """One row = one person on whom operators set tags: names that hold, names that were taken back."""
    d = scope.dialect
    return f"""
    SELECT person_id, coalesce({d.collect_where("tag", "NOT taken_back")}, {d.texts([])}) AS set_tags,
        coalesce({d.collect_where("tag", "taken_back")}, {d.texts([])}) AS taken_tags
    FROM tag_states GROUP BY person_id
    """


def manual_tags(scope: Scope, here: str) -> str:
    """One row = one tag that an operator set and nobody took back, for a range of people; no sensitive ones."""
    d = scope.dialect
    by, why = "coalesce(actor_key, 'operator')", "CASE WHEN why <> '' THEN concat(': ', why) ELSE '' END"
    return f"""
    SELECT person_id, tag, 'manual' AS source, concat('set by ', {by}, {why}) AS evidence_en,
        concat('由 ', {by}, ' 设置', {why.replace("': '", "'：'")}) AS evidence_zh, weight, since
    FROM tag_states
    WHERE {here} AND NOT taken_back AND NOT {d.matches("tag", ANY_CLASS)}
    """
