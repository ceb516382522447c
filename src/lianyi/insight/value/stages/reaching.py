"""When each stage was first reached: SQL over what people did and what was done to them, one row per person and day."""

from __future__ import annotations

from lianyi.insight.scope import AT, MOMENT, Scope
from lianyi.insight.value.stages.rules import ACTIVITY, Line, Stage, Stages
from lianyi.insight.zone import DAY
from lianyi.memory.events import PASSIVE_KINDS

NUMBERED = "stage_keys"  # keys with numbers of people
PROMPT_DAYS = 14  # what came within so many days before a move may have moved


def numbered() -> str:
    """One row = one person with their number, in the order of person ids. Steps carry the number as person_id: of all
    that is done with the log here the most is joining, grouping and sorting by person, and texts cost three times."""
    return """
    SELECT person_id, CAST(row_number() OVER (ORDER BY person_id) AS INTEGER) AS number
    FROM (SELECT DISTINCT person_id FROM keys) AS k
    """


def numbered_keys() -> str:
    """One row = one key and the number of the person whose it is, as person_id. Reads `stage_people`."""
    return "SELECT k.key, p.number AS person_id FROM keys AS k JOIN stage_people AS p ON p.person_id = k.person_id"


def acts(scope: Scope, stages: Stages) -> str:
    """One row = one person × kind, done or received, and × local day where some line asks for days: the first and last
    moment (microseconds). Nothing but numbers is carried here: the log is long."""
    lines = [line for stage in stages.stages for line in stage.when]
    done = {kind for line in lines for kind in line.kinds}
    got = {kind for line in lines for kind in line.received}
    daily = [line for line in lines if line.days > 1 or line.after]
    parts = [_by_day(scope, scope.done("e.kind", MOMENT, where=_kinds(scope, done)), 0, _days(daily, "kinds"))]
    if got:
        events = scope.received("e.kind", MOMENT, where=_kinds(scope, got))
        parts.append(_by_day(scope, events, 1, _days(daily, "received")))
    return " UNION ALL ".join(parts)


def _days(lines: list[Line], side: str) -> set[str]:
    return {kind for line in lines for kind in getattr(line, side)}


def _kinds(scope: Scope, kinds: set[str]) -> str:
    """SQL: an event is of one of these kinds."""
    named = [scope.dialect.text(kind) for kind in sorted(kinds - {ACTIVITY})]
    listed = [f"e.kind IN ({', '.join(named)})"] if named else []
    return "(" + " OR ".join([*listed, *([scope.alive] if ACTIVITY in kinds else [])] or ["FALSE"]) + ")"


def _by_day(scope: Scope, events: str, received: int, daily: set[str]) -> str:
    local = scope.day("moment")
    named = ", ".join(scope.dialect.text(kind) for kind in sorted(daily - {ACTIVITY}))
    day = local if ACTIVITY in daily else f"CASE WHEN kind IN ({named}) THEN {local} ELSE 0 END" if named else "0"
    micros = scope.dialect.micros("moment")
    return (
        f"SELECT person_id, kind, {received} AS received, day, min(micros) AS micros, max(micros) AS latest "
        f"FROM (SELECT person_id, kind, {day} AS day, {micros} AS micros FROM {events} AS a) AS d "
        f"GROUP BY person_id, kind, day"
    )


def reached(scope: Scope, stage: Stage, rank: int, names: tuple[str, ...]) -> str:
    """One row = one person who reached the stage: rank, and when (microseconds). Reads `stage_acts`, and of the stages
    before the relations `reached_<rank>`."""
    lines = " UNION ALL ".join(_line(scope, line, names) for line in stage.when)
    return f"SELECT person_id, {rank} AS rank, min(micros) AS micros FROM ({lines}) AS l GROUP BY person_id"


def _line(scope: Scope, line: Line, names: tuple[str, ...]) -> str:
    """One row = one person who fulfils a line, and when."""
    where, join, moment = _of_line(scope, line, "a.kind", "a.received"), "", "a.micros"
    if line.after:
        join = f"JOIN reached_{names.index(line.after)} AS r ON r.person_id = a.person_id "
        since = f"r.micros + {line.gap * DAY}"
        where += f" AND a.latest > {since}"
        moment = f"CASE WHEN a.micros > {since} THEN a.micros ELSE a.latest END"
    found = f"SELECT a.person_id, a.day, {moment} AS micros FROM stage_acts AS a {join}WHERE {where}"
    if line.days == 1:
        return f"SELECT person_id, min(micros) AS micros FROM ({found}) AS f GROUP BY person_id"
    # the first moments of so many days: of a later day each is later
    by_day = f"SELECT person_id, day, min(micros) AS micros FROM ({found}) AS f GROUP BY person_id, day"
    top = scope.dialect.top("-micros", line.days)
    firsts = f"SELECT person_id, {top} AS firsts FROM ({by_day}) AS d GROUP BY person_id"
    last = f"-firsts[{scope.dialect.first + line.days - 1}]"
    return f"SELECT person_id, {last} AS micros FROM ({firsts}) AS n WHERE {scope.dialect.size('firsts')} = {line.days}"


def _of_line(scope: Scope, line: Line, kind: str, received: str) -> str:
    """SQL: an event is one that the line asks for."""
    tests = []
    if line.kinds:
        tests.append(f"({received} = 0 AND {_among(scope, line.kinds, kind)})")
    if line.received:
        tests.append(f"({received} = 1 AND {_among(scope, line.received, kind)})")
    return f"({' OR '.join(tests)})"


def told(scope: Scope, stages: Stages) -> str:
    """One row = one step on with the event by which the stage was reached: id, kind, channel, campaign, content. Of
    events of one moment the first by id."""
    d = scope.dialect
    lines = [line for stage in stages.stages for line in stage.when]
    done, got = ({kind for line in lines for kind in getattr(line, side)} for side in ("kinds", "received"))
    columns = ("e.id", "e.kind", "e.channel", "e.campaign", "e.object_key", f"{d.micros(AT)} AS micros")
    events = [f"SELECT *, 0 AS received FROM {scope.done(*columns, where=_kinds(scope, done))} AS a"]
    if got:
        events.append(f"SELECT *, 1 AS received FROM {scope.received(*columns, where=_kinds(scope, got))} AS a")
    asked = " ".join(
        f"WHEN {rank} THEN {' OR '.join(_of_line(scope, line, 'e.kind', 'e.received') for line in stage.when)}"
        for rank, stage in enumerate(stages.stages)
    )
    first = d.struct(id="e.id", kind="e.kind", channel="e.channel", campaign="e.campaign", object="e.object_key")
    return f"""
    SELECT s.person_id, s.rank, s.micros, min({first}) AS first
    FROM stage_steps AS s JOIN ({" UNION ALL ".join(events)}) AS e
        ON e.person_id = s.person_id AND e.micros = s.micros
    WHERE CASE s.rank {asked} ELSE FALSE END
    GROUP BY s.person_id, s.rank, s.micros
    """


def _among(scope: Scope, kinds: tuple[str, ...], column: str) -> str:
    text = scope.dialect.text
    passive = ", ".join(text(kind) for kind in PASSIVE_KINDS)
    alive = [f"{column} NOT IN ({passive})"] if ACTIVITY in kinds else []
    named = [kind for kind in kinds if kind != ACTIVITY]
    listed = [f"{column} IN ({', '.join(text(kind) for kind in named)})"] if named else []
    return f"({' OR '.join([*alive, *listed])})"


def steps_on() -> str:
    """One row = one person × stage that was a step on: reached when no later stage had been. Reads `stage_reached`."""
    return """
    SELECT person_id, rank, micros FROM (
        SELECT *, max(rank) OVER (PARTITION BY person_id ORDER BY micros, rank DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM stage_reached
    ) AS s WHERE before IS NULL OR rank > before
    """


def silences(scope: Scope, silent: int) -> str:
    """One row = one active day (number) of a person after which so many days without a sign of life followed, and the
    next active one (NULL: none yet)."""
    return f"""
    SELECT person_id, day, later FROM (
        SELECT person_id, day, lead(day) OVER (PARTITION BY person_id ORDER BY day) AS later FROM (
            SELECT p.number AS person_id, {scope.dialect.day_number("d.day")} AS day
            FROM person_days AS d JOIN stage_people AS p ON p.person_id = d.person_id
        ) AS n WHERE day <= {scope.today}
    ) AS s WHERE (later IS NULL OR later - day > {silent}) AND day + {silent} <= {scope.today}
    """


def moves(scope: Scope, silent: int) -> str:
    """One row = one move in its order. place: 0 dropping out, 1 coming back, 2 a step on, within a day; rank_before and
    rank_now: of the stage before and after, NULL before the first step."""

    def highest(upto: str) -> str:
        rows = f"ROWS BETWEEN UNBOUNDED PRECEDING AND {upto}"
        return f"max(rank) OVER (PARTITION BY person_id ORDER BY day, place, rank {rows})"

    way = "OVER (PARTITION BY person_id ORDER BY day, place, rank)"
    return f"""
    SELECT *, lag(day) {way} AS day_before, lag(place) {way} AS place_before, lead(day) {way} AS day_after,
        CAST(row_number() {way} AS BIGINT) AS number, {highest("1 PRECEDING")} AS rank_before,
        {highest("CURRENT ROW")} AS rank_now
    FROM (
        SELECT person_id, {scope.day(scope.dialect.moment("micros"))} AS day, 2 AS place, rank, micros FROM stage_steps
        UNION ALL SELECT person_id, day + {silent} AS day, 0 AS place, NULL AS rank, NULL AS micros FROM stage_silences
        UNION ALL SELECT person_id, later AS day, 1 AS place, NULL AS rank, NULL AS micros FROM stage_silences
        WHERE later IS NOT NULL
    ) AS m
    """


def prompts(scope: Scope) -> str:
    """One row = one thing that may have moved a person: what we sent (touch = 1), or a friend's act (0)."""
    sent = scope.received(MOMENT, "e.channel", "coalesce(e.object_key, e.campaign) AS content", "e.actor_key AS other",
                          where="e.kind = 'sent'")  # fmt: skip
    came = scope.done(MOMENT, "e.channel", "CAST(NULL AS STRING) AS content", "e.target_key AS other",
                      where="e.kind = 'arrive' AND e.target_key IS NOT NULL")  # fmt: skip
    friends = scope.received(MOMENT, "e.channel", "CAST(NULL AS STRING) AS content", "e.actor_key AS other",
                             where="e.kind IN ('invite', 'mention', 'reply', 'share')")  # fmt: skip
    return f"""
    SELECT person_id, moment, channel, content, CAST(NULL AS INTEGER) AS other_id, 1 AS touch FROM {sent} AS s
    UNION ALL
    SELECT f.person_id, f.moment, f.channel, f.content, k.person_id AS other_id, 0 AS touch
    FROM (SELECT * FROM {came} AS c UNION ALL SELECT * FROM {friends} AS g) AS f
    JOIN {scope.keys} AS k ON k.key = f.other WHERE k.person_id <> f.person_id
    """


def moved_by(scope: Scope) -> str:
    """One row = one step on for which something came within PROMPT_DAYS before: how much, and the last of each."""
    d = scope.dialect
    moment = d.micros("p.moment")
    touch = d.struct(moment="p.moment", channel="p.channel", content="p.content")
    friend = d.struct(moment="p.moment", other="p.other_id")
    return f"""
    SELECT s.person_id, s.rank, count(*) FILTER (WHERE p.touch = 1) AS touches,
        max({touch}) FILTER (WHERE p.touch = 1) AS touch, count(*) FILTER (WHERE p.touch = 0) AS friends,
        max({friend}) FILTER (WHERE p.touch = 0) AS friend
    FROM stage_steps AS s JOIN stage_prompts AS p ON p.person_id = s.person_id
        AND {moment} <= s.micros AND {moment} > s.micros - {PROMPT_DAYS * DAY}
    GROUP BY s.person_id, s.rank
    """
