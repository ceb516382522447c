"""What the log tells of sharing: who passed what on, who came through whom, and what each belongs to.

A **scope** is what a stone can be: a campaign; else a thing (`object_key`); else, for invitations, the room; else the
one share. Three kinds of evidence say through whom somebody came, and all are exact:

- `arrive` with the share it came through as parent (a code or a link), or with the sharer as target;
- `invite`: a platform's line says who brought whom into a room;
- `share` with a target: the log itself says to whom, unless other arrivals of that source name their share: then a
  share to somebody is an offer, and only the arrival counts.
"""

from __future__ import annotations

from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.tables import Build

HOW = ("seed", "code", "line", "estimate", "unknown")
SEED, CODE, LINE, ESTIMATE, UNKNOWN = range(5)  # how a coming is known; a coming that names nobody has 0
FLAGS = ("bot", "burst", "ring")  # by bit
CONTENT = "({0} LIKE 'content %' OR {0} LIKE 'share %')"  # scopes of which each tree is a ripple of its own
ROBOT = r"(?i)bot\b|robot|spider|crawl|scanner|slurp|preview|headless|python-requests|curl/|wget"


def tell(build: Build) -> None:
    """Make the relations `passings`, `comings`, `persons`, `scopes` and `things` on the engine."""
    scope = Scope.of(build)
    build.make("passed", passed(scope))
    build.make("telling", telling(scope))
    build.make("came", came(scope))
    build.make("persons", persons())
    build.make("scopes", numbered("scope"))
    build.make("things", numbered("thing"))
    build.make("passings", passings(scope))
    build.make("comings", comings(scope))


def _scope(scope: Scope, alias: str, fallback: str) -> str:
    """SQL: what an event belongs to, as a text that begins with the kind of scope."""
    text = scope.dialect.text
    return (
        f"CASE WHEN {alias}.campaign <> '' THEN concat({text('campaign ')}, {alias}.campaign) "
        f"WHEN {alias}.object_key <> '' THEN concat({text('content ')}, {alias}.object_key) ELSE {fallback} END"
    )


def passed(scope: Scope) -> str:
    """One row = one share or invitation by a known person."""
    where = "e.kind IN ('share', 'invite')"
    columns = ("e.id AS event_id", MOMENT, "e.kind", "e.source", "e.target_key", "e.group_key", "e.object_key",
               "e.campaign", "e.category", "e.props")  # fmt: skip
    room = "CASE WHEN s.kind = 'invite' AND s.group_key <> '' THEN concat('group ', s.group_key) ELSE {} END"
    own = _scope(scope, "s", "concat('share ', s.event_id)")
    return f"""
    SELECT s.event_id, s.moment, s.person_id, s.kind, s.source, s.target_key, {room.format(own)} AS scope,
        coalesce(s.object_key, '') AS thing, s.category, {scope.dialect.json_text("s.props", "incentive")} AS incentive
    FROM {scope.done(*columns, where=where)} AS s
    """


def telling(scope: Scope) -> str:
    """One row = one source of shares whose arrivals name the share that they came through."""
    return f"""
    SELECT DISTINCT s.source FROM {scope.events} e JOIN passed s ON s.event_id = e.parent_id
    WHERE e.kind = 'arrive' AND {scope.happened()}
    """


def came(scope: Scope) -> str:
    """One row = one coming of a known person. share_id: the share or invitation it came through, where the log holds
    it; sharer_id: through whom, NULL where nobody says. A code that names no sharer is the brand's own: how is CODE
    then, and nobody is looked for. agent: what the visitor's program calls itself."""
    columns = ("e.id AS event_id", MOMENT, "e.parent_id", "e.target_key", "e.object_key", "e.campaign", "e.props")
    said = (scope.dialect.json_text("a.props", name) for name in ("agent", "userAgent"))
    own = f"a.parent_id IS NULL AND a.target_key IS NULL AND {scope.dialect.json_text('a.props', 'code')} IS NOT NULL"
    fallback = "concat('share ', coalesce(a.parent_id, a.event_id))"
    return f"""
    SELECT a.event_id, a.moment, a.person_id, s.event_id AS share_id, coalesce(s.person_id, k.person_id) AS sharer_id,
        coalesce(s.scope, {_scope(scope, "a", fallback)}) AS scope,
        coalesce(nullif(a.object_key, ''), s.thing, '') AS thing,
        CASE WHEN coalesce(s.person_id, k.person_id) IS NOT NULL OR {own} THEN {CODE} ELSE 0 END AS how,
        coalesce({", ".join(said)}, '') AS agent
    FROM {scope.done(*columns, where="e.kind = 'arrive'")} AS a
    LEFT JOIN passed AS s ON s.event_id = a.parent_id LEFT JOIN keys AS k ON k.key = a.target_key
    UNION ALL
    SELECT s.event_id, s.moment, k.person_id, s.event_id AS share_id, s.person_id AS sharer_id, s.scope, s.thing,
        {LINE} AS how, '' AS agent
    FROM passed AS s JOIN keys AS k ON k.key = s.target_key LEFT JOIN telling AS t ON t.source = s.source
    WHERE s.kind = 'invite' OR t.source IS NULL
    """


def persons() -> str:
    """One row = one person who shared or came: a number."""
    return """
    SELECT person_id, row_number() OVER (ORDER BY person_id) - 1 AS person FROM (
        SELECT person_id FROM passed UNION SELECT person_id FROM came
        UNION SELECT sharer_id FROM came WHERE sharer_id IS NOT NULL
    ) AS p
    """


def numbered(what: str) -> str:
    """One row = one scope (or thing): its text and a number."""
    return f"""
    SELECT {what}, row_number() OVER (ORDER BY {what}) - 1 AS number
    FROM (SELECT {what} FROM passed UNION SELECT {what} FROM came) AS u
    """


def passings(scope: Scope) -> str:
    """One row = one share or invitation in numbers: row, person, scope, thing, time (microseconds)."""
    return f"""
    SELECT row_number() OVER (ORDER BY s.moment, s.event_id) - 1 AS passing, s.event_id, p.person, c.number AS scope,
        t.number AS thing, {scope.dialect.micros("s.moment")} AS micros, s.category, s.incentive
    FROM passed AS s JOIN persons AS p ON p.person_id = s.person_id JOIN scopes AS c ON c.scope = s.scope
    JOIN things AS t ON t.thing = s.thing
    """


def comings(scope: Scope) -> str:
    """One row = one coming in numbers; passing and sharer are -1 where they are not known."""
    return f"""
    SELECT row_number() OVER (ORDER BY a.moment, a.event_id, a.person_id) - 1 AS coming, a.event_id, p.person,
        c.number AS scope, t.number AS thing, {scope.dialect.micros("a.moment")} AS micros,
        coalesce(s.passing, -1) AS passing, coalesce(q.person, -1) AS sharer, a.how, a.agent
    FROM came AS a JOIN persons AS p ON p.person_id = a.person_id JOIN scopes AS c ON c.scope = a.scope
    JOIN things AS t ON t.thing = a.thing LEFT JOIN passings AS s ON s.event_id = a.share_id
    LEFT JOIN persons AS q ON q.person_id = a.sharer_id
    """
