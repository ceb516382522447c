"""Tables `picture_people` and `picture_cells`: who is in a campaign or a month, in which generation, at which stages.

A person comes into a campaign once: with the first message of it that we sent (generation 0), or with the arrival that
`arrivals` counts, whichever was first; set-apart arrivals (scanners, closed circles) do not count. A month holds
everybody who came into anything in it, at the first time. Downwards stand the stages of `stage_moves`: who had reached
a stage before stands there from the start; who reaches it after coming in, within WINDOW_DAYS, has moved. Whether the
campaign moved them is another question: `effects` answers it.
"""

from __future__ import annotations

from collections.abc import Sequence

from lianyi.insight.scope import AT, Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table, of_kinds
from lianyi.insight.value.stages.tables import rules_of

CAMPAIGN, MONTH = "campaign", "month"
REACHED = "reached"
WINDOW_DAYS = 30


def touches(scope: Scope) -> str:
    """One row = one person × campaign (NULL: none) × day: the first time that day, and the generation."""
    d = scope.dialect
    sent = scope.received("e.campaign", f"{scope.day(AT)} AS day", f"{d.micros(AT)} AS micros",
                          where="e.kind = 'sent'")  # fmt: skip
    micros = d.micros('a."at"')
    first = d.struct(micros="min(micros)", generation="0")
    return f"""
    SELECT person_id, campaign, day, {first} AS first FROM {sent} AS s GROUP BY person_id, campaign, day
    UNION ALL
    SELECT a.person_id, CASE WHEN r.kind = 'campaign' THEN r.name END AS campaign, {scope.day('a."at"')} AS day,
        {d.struct(micros=micros, generation="a.generation")} AS first
    FROM arrivals a JOIN ripples r ON r.ripple_id = a.ripple_id WHERE {d.size("a.flags")} = 0
    """


def entered(scope: Scope) -> str:
    """One row = one person in one campaign or month: the day, the microsecond and the generation of coming in. Reads
    `picture_touches`."""
    month = f"substr(CAST({scope.date('day')} AS STRING), 1, 7)"
    return " UNION ALL ".join(
        f"""
        SELECT '{part}' AS part, member, person_id, {scope.day(scope.dialect.moment("first.micros"))} AS day,
            first.micros AS micros, first.generation AS generation
        FROM (
            SELECT {member} AS member, person_id, min(first) AS first FROM picture_touches
            WHERE {member} IS NOT NULL GROUP BY {member}, person_id
        ) AS m
        """
        for part, member in ((CAMPAIGN, "campaign"), (MONTH, month))
    )


def steps(scope: Scope, names: Sequence[str]) -> str:
    """One row = one person × stage that they reached, passed over or not: its place (1 = first), day, microsecond."""
    d = scope.dialect
    places = " ".join(f"WHEN {d.text(name)} THEN {place}" for place, name in enumerate(names, start=1))
    return f"""
    SELECT person_id, {d.explode(d.numbers("coalesce(before, 0) + 1", "place"))} AS place, day, micros FROM (
        SELECT person_id, place, lag(place) OVER (PARTITION BY person_id ORDER BY number) AS before, day, micros
        FROM (
            SELECT person_id, number, CASE to_stage {places} END AS place, {d.day_number("day")} AS day,
                {d.micros('"at"')} AS micros
            FROM stage_moves WHERE move = 'step'
        ) AS s
    ) AS w
    """


def people(scope: Scope, names: Sequence[str]) -> str:
    """One row = one person in one campaign or month × stage. Reads `picture_entered` and `picture_steps`."""
    titles = " ".join(f"WHEN {place} THEN {scope.dialect.text(name)}" for place, name in enumerate(names, start=1))
    return f"""
    SELECT part, member, person_id, generation, CAST(place AS INTEGER) AS place,
        CASE place WHEN 0 THEN '{REACHED}' {titles} END AS stage, {scope.date("day")} AS day, moved
    FROM (
        SELECT part, member, person_id, generation, 0 AS place, day, TRUE AS moved FROM picture_entered
        UNION ALL
        SELECT e.part, e.member, e.person_id, e.generation, s.place, greatest(e.day, s.day) AS day,
            s.micros >= e.micros AS moved
        FROM picture_entered e JOIN picture_steps s ON s.person_id = e.person_id
        WHERE s.day <= e.day + {WINDOW_DAYS}
    ) AS p
    """


def _people(build: Build) -> str:
    scope, names = Scope.of(build), rules_of(build).names
    build.make("picture_touches", touches(scope))
    build.make("picture_entered", entered(scope))
    build.make("picture_steps", steps(scope, names))
    return people(scope, names)


def cells() -> str:
    """One row = one cell of a picture × day: who came to stand there on it."""
    return """
    SELECT part, member, generation, place, stage, day, count(*) AS people, count(*) FILTER (WHERE moved) AS moved
    FROM picture_people GROUP BY part, member, generation, place, stage, day
    """


_COLUMNS = {
    "part": Column(en="campaign or month", zh="活动（campaign）或月份（month）"),
    "member": Column(en="the campaign, or the month as 2026-10", zh="活动名，或月份如 2026-10"),
    "generation": Column(
        en="0 = we sent them something, or they began; 1 = came through these, and so on",
        zh="代：0 为我们触达或自行开始者，1 为经其到达者，依此类推",
    ),
    "place": Column(en="place of the stage on the way; 0 = reached at all", zh="阶段次序；0 为已触达"),
    "stage": Column(en="the stage, or reached", zh="阶段，或 reached（已触达）"),
}
PEOPLE = Table(
    name="picture_people",
    en="One row = one person in a campaign or a month × stage where they stand or stood: since when, moved there or "
    "already there.",
    zh="每行 = 活动或月份中的一个人 × 所达阶段：何日起，进入后达成或此前已达成。",
    rows_from=("arrivals", *of_kinds("sent")),
    inputs=(EVENTS, "keys", "arrivals", "ripples", "stage_moves"),
    key=("part", "member", "person_id", "place"),
    order=("part", "member", "place", "generation", "person_id"),
    parameters=("stages",),
    row_group=LOOKED_INTO,
    columns={
        "part": _COLUMNS["part"], "member": _COLUMNS["member"], "person_id": Column(en="the person", zh="用户"),
        "generation": _COLUMNS["generation"], "place": _COLUMNS["place"], "stage": _COLUMNS["stage"],
        "day": Column(en="since when they stand there, not before they came in", zh="起始日，不早于进入之日"),
        "moved": Column(
            en=f"reached it after coming in, within {WINDOW_DAYS} days; else they stood there before",
            zh=f"进入后 {WINDOW_DAYS} 天内达成；否则此前已达成",
        ),
    },
    build=_people,
)  # fmt: skip
CELLS = Table(
    name="picture_cells",
    en="One row = one generation × stage of a campaign or a month × day: how many came to stand there on that day.",
    zh="每行 = 活动或月份的一代 × 阶段 × 日：当日进入该格的人数。",
    rows_from=("picture_people",),
    inputs=("picture_people",),
    key=("part", "member", "generation", "place", "day"),
    order=("part", "member", "generation", "place", "day"),
    row_group=LOOKED_INTO,
    columns={
        **_COLUMNS,
        "day": Column(en="the day", zh="日期"),
        "people": Column(en="people who stand there from that day on", zh="当日起处于此格的人数", unit="people"),
        "moved": Column(en="of these, reached it after coming in", zh="其中进入后达成者", unit="people"),
    },
    build=lambda _build: cells(),
)
