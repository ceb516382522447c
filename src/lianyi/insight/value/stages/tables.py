"""Tables `stage_moves`, `stages`, `stage_ways`, `stage_movers`: each person's way, where they stand, what moves on.

A state machine over events: a person stands in the furthest stage that they ever reached (rules), until they show no
sign of life for so many days: then they have dropped out, and stand where they were when they come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table
from lianyi.insight.value.stages import reaching
from lianyi.insight.value.stages.rules import LAPSED, Stages, shipped

WITHIN = 90  # days within which people are counted to have moved on


def rules_of(build: Build) -> Stages:
    """The stages handed to the refresh, or the shipped ones."""
    found: Stages = build.parameters.get("stages", shipped())
    return found


def _name(scope: Scope, rank: str, names: Sequence[str]) -> str:
    """SQL: the name of a stage by its rank."""
    branches = " ".join(f"WHEN {place} THEN {scope.dialect.text(name)}" for place, name in enumerate(names))
    return f"CASE {rank} {branches} END"


def _moves(build: Build) -> str:
    scope, stages = replace(Scope.of(build), keys=reaching.NUMBERED), rules_of(build)
    build.make("stage_people", reaching.numbered())
    build.make(reaching.NUMBERED, reaching.numbered_keys())
    build.make("stage_acts", reaching.acts(scope, stages))
    for rank, stage in enumerate(stages.stages):
        build.make(f"reached_{rank}", reaching.reached(scope, stage, rank, stages.names))
    parts = " UNION ALL ".join(f"SELECT * FROM reached_{rank}" for rank in range(len(stages.stages)))
    build.make("stage_reached", parts)
    build.drop("stage_acts", *(f"reached_{rank}" for rank in range(len(stages.stages))))
    build.make("stage_steps", reaching.steps_on())
    build.make("stage_told", reaching.told(scope, stages))
    build.make("stage_silences", reaching.silences(scope, stages.silent))
    build.drop("stage_reached")
    build.make("stage_prompts", reaching.prompts(scope))
    build.make("stage_moved_by", reaching.moved_by(scope))
    build.drop("stage_prompts", reaching.NUMBERED)
    build.make("stage_way", reaching.moves(scope, stages.silent))
    lapsed = scope.dialect.text(LAPSED)
    before = f"CASE WHEN w.place_before = 0 THEN {lapsed} ELSE {_name(scope, 'w.rank_before', stages.names)} END"
    # a first sign of life without a stage is a stage that the rules do not know; it starts the way with its first step
    return f"""
    SELECT p.person_id, w.number, {scope.date("w.day")} AS day,
        CASE WHEN w.place = 2 THEN {scope.dialect.moment("w.micros")} END AS "at",
        CASE w.place WHEN 0 THEN 'lapse' WHEN 1 THEN 'return' ELSE 'step' END AS move, {before} AS from_stage,
        CASE WHEN w.place = 0 THEN {lapsed} ELSE {_name(scope, "w.rank_now", stages.names)} END AS to_stage,
        w.day - w.day_before AS days, e.first.id AS event_id, e.first.kind AS kind, e.first.channel AS channel,
        e.first.campaign AS campaign, e.first.object AS content, coalesce(b.touches, 0) AS touches,
        b.touch.channel AS touch_channel, b.touch.content AS touch_content, coalesce(b.friends, 0) AS friends,
        f.person_id AS friend_id, {scope.date("w.day_after")} AS until
    FROM stage_way AS w JOIN stage_people AS p ON p.number = w.person_id LEFT JOIN stage_moved_by AS b
        ON b.person_id = w.person_id AND b.rank = w.rank AND w.place = 2
    LEFT JOIN stage_told AS e ON e.person_id = w.person_id AND e.rank = w.rank AND w.place = 2
    LEFT JOIN stage_people AS f ON f.number = b.friend.other
    WHERE w.rank_now IS NOT NULL
    """


def _stages(build: Build) -> str:
    scope, names = Scope.of(build), rules_of(build).names
    d = scope.dialect
    ranks = " ".join(f"WHEN {d.text(name)} THEN {rank + 1}" for rank, name in enumerate(names))
    held = d.struct(number="number", stage="to_stage", before="from_stage", day="day")
    today = scope.date(str(scope.today))
    return f"""
    SELECT person_id, stage, CASE stage {ranks} END AS rank, lapsed, since,
        {d.day_number(today)} - {d.day_number("since")} AS days, moves
    FROM (
        SELECT person_id, last.stage = '{LAPSED}' AS lapsed, last.day AS since, moves,
            CASE WHEN last.stage = '{LAPSED}' THEN last.before ELSE last.stage END AS stage
        FROM (SELECT person_id, max({held}) AS last, count(*) AS moves FROM stage_moves GROUP BY person_id) AS l
    ) AS s
    """


def _entered(scope: Scope, names: Sequence[str]) -> str:
    """One row = one person × stage they entered by a step: the day, the day and stage of the next step, if any, and
    what moved them to that."""
    text = scope.dialect.text
    number = scope.dialect.day_number
    ranks = " ".join(f"WHEN {text(name)} THEN {rank}" for rank, name in enumerate(names))
    way = "OVER (PARTITION BY person_id ORDER BY number)"
    return f"""
    SELECT person_id, to_stage AS stage, CASE to_stage {ranks} END AS rank, {number("day")} AS day,
        lead({number("day")}) {way} AS next_day, lead(to_stage) {way} AS next_stage, lead(touches) {way} AS touches,
        lead(friends) {way} AS friends
    FROM stage_moves WHERE move = 'step'
    """


def _ways(build: Build) -> str:
    scope, stages = Scope.of(build), rules_of(build)
    build.make("stage_entered", _entered(scope, stages.names))
    text = scope.dialect.text
    old = f"day <= {scope.today - WITHIN}"
    soon = f"next_day - day <= {WITHIN}"
    rows = ", ".join(
        f"({rank}, {text(stage.stage)}, {text(stage.zh)}, {text(stage.en)})" for rank, stage in enumerate(stages.stages)
    )
    # Wilson's range of a share, 90 %
    z, n, p = 1.645, "old", "moved_soon / CAST(old AS DOUBLE)"
    middle = f"({p} + {z**2 / 2} / {n})"
    reach = f"{z} * sqrt({p} * (1 - {p}) / {n} + {z**2 / 4} / ({n} * {n}))"

    going = f"old > 0 AND r.rank < {len(stages.stages) - 1}"  # from the last stage nobody goes on

    def edge(sign: str) -> str:
        return f"CASE WHEN {going} THEN ({middle} {sign} {reach}) / (1 + {z**2} / {n}) END"

    return f"""
    SELECT CAST(r.rank + 1 AS BIGINT) AS place, r.stage, r.zh, r.en, coalesce(e.reached, 0) AS reached,
        coalesce(n.here, 0) AS here, coalesce(n.lapsed, 0) AS lapsed, coalesce(e.moved, 0) AS moved,
        coalesce(e.old, 0) AS old, CASE WHEN {going} THEN {p} END AS conversion,
        {edge("-")} AS low, {edge("+")} AS high,
        e.days_to_move, e.days_low, e.days_high,
        CASE WHEN e.moved > 0 THEN touched / CAST(e.moved AS DOUBLE) END AS touched,
        CASE WHEN e.moved > 0 THEN by_friends / CAST(e.moved AS DOUBLE) END AS by_friends
    FROM (VALUES {rows}) AS r(rank, stage, zh, en)
    LEFT JOIN (
        SELECT rank, count(*) AS reached, count(next_day) AS moved, count(*) FILTER (WHERE {old}) AS old,
            count(*) FILTER (WHERE {old} AND {soon}) AS moved_soon,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY next_day - day) AS days_to_move,
            percentile_cont(0.25) WITHIN GROUP (ORDER BY next_day - day) AS days_low,
            percentile_cont(0.75) WITHIN GROUP (ORDER BY next_day - day) AS days_high,
            count(*) FILTER (WHERE touches > 0) AS touched, count(*) FILTER (WHERE friends > 0) AS by_friends
        FROM stage_entered GROUP BY rank
    ) AS e ON e.rank = r.rank
    LEFT JOIN (
        SELECT stage, count(*) FILTER (WHERE NOT lapsed) AS here, count(*) FILTER (WHERE lapsed) AS lapsed
        FROM stages GROUP BY stage
    ) AS n ON n.stage = r.stage
    """


def _movers(build: Build) -> str:
    scope = Scope.of(build)
    parts = {
        "act": "kind", "channel": "channel", "campaign": "campaign", "touch": "touch_channel",
        "content": "touch_content", "friend": "CASE WHEN friends > 0 THEN 'yes' END",
    }  # fmt: skip
    listed = " UNION ALL ".join(
        f"SELECT from_stage, to_stage, {scope.dialect.text(by)} AS moved_by, {what} AS what FROM stage_steps_on"
        for by, what in parts.items()
    )
    build.make("stage_steps_on", "SELECT * FROM stage_moves WHERE move = 'step' AND from_stage IS NOT NULL")
    return f"""
    SELECT from_stage, to_stage, moved_by, what, people, people / CAST(moves AS DOUBLE) AS share FROM (
        SELECT p.from_stage, p.to_stage, p.moved_by, p.what, count(*) AS people, max(m.moves) AS moves,
            row_number() OVER (PARTITION BY p.from_stage, p.to_stage, p.moved_by ORDER BY count(*) DESC, p.what) AS nth
        FROM ({listed}) AS p
        JOIN (SELECT from_stage, to_stage, count(*) AS moves FROM stage_steps_on GROUP BY from_stage, to_stage) AS m
            ON m.from_stage = p.from_stage AND m.to_stage = p.to_stage
        WHERE p.what IS NOT NULL AND p.what <> '' GROUP BY p.from_stage, p.to_stage, p.moved_by, p.what
    ) AS n WHERE nth <= 10
    """


MOVES = Table(
    name="stage_moves",
    en="One row = one move of a person: a step to a later stage, dropping out, coming back; and what came before it.",
    zh="每行 = 一个人的一次阶段变动：前进、沉寂或回归，以及此前发生了什么。",
    inputs=(EVENTS, "keys", "person_days"),
    key=("person_id", "number"),
    order=("person_id", "number"),
    parameters=("stages",),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "number": Column(en="1 = the first move", zh="第几次变动"),
        "day": Column(en="the day in the brand's time zone", zh="日期（品牌时区）"),
        "at": Column(en="when; empty for dropping out and coming back, which are days", zh="时刻；沉寂与回归仅有日期"),
        "move": Column(en="step, lapse (dropped out) or return", zh="step 前进、lapse 沉寂、return 回归"),
        "from_stage": Column(en="where they stood, or lapsed; empty at first", zh="原阶段或 lapsed；首次为空"),
        "to_stage": Column(en="where they stand then, or lapsed", zh="新阶段或 lapsed"),
        "days": Column(en="since the move before", zh="距上次变动天数", unit="days"),
        "event_id": Column(en="the event by which the stage was reached", zh="达成该阶段的事件"),
        "kind": Column(en="its kind", zh="事件类型"),
        "channel": Column(en="its channel", zh="渠道"),
        "campaign": Column(en="its campaign", zh="活动"),
        "content": Column(en="the thing it was about", zh="对象物"),
        "touches": Column(
            en=f"messages that we sent them within {reaching.PROMPT_DAYS} days before a step",
            zh=f"前进之前 {reaching.PROMPT_DAYS} 天内收到的触达数",
        ),
        "touch_channel": Column(en="channel of the last of them", zh="最近一次触达的渠道"),
        "touch_content": Column(en="content or campaign of the last of them", zh="最近一次触达的内容或活动"),
        "friends": Column(
            en="acts of others towards them in that time: brought, invited, answered, named, passed on",
            zh="同期他人对其的行为数：带来、邀请、回复、提及、分享",
        ),
        "friend_id": Column(en="who did the last of them", zh="其中最近一次的人"),
        "until": Column(en="day of the next move; empty for the last", zh="下次变动日期；最后一次为空"),
    },
    build=_moves,
)

STAGES = Table(
    name="stages",
    en="One row = one person who reached a stage: the furthest one, since when, and whether they dropped out of it.",
    zh="每行 = 一个已进入阶段的人：当前阶段、起始日期、是否已沉寂。",
    inputs=("stage_moves",),
    key=("person_id",),
    order=("person_id",),
    parameters=("stages",),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "stage": Column(en="the furthest stage that they reached", zh="已达到的最远阶段"),
        "rank": Column(en="its place on the way, 1 = first", zh="阶段次序，1 为最初"),
        "lapsed": Column(en="dropped out: no sign of life for as long as the rules say", zh="是否已沉寂"),
        "since": Column(en="day of the last move", zh="最近变动日期"),
        "days": Column(en="days since then", zh="距今天数", unit="days"),
        "moves": Column(en="moves so far", zh="变动次数"),
    },
    build=_stages,
)

WAYS = Table(
    name="stage_ways",
    en="One row = one stage: who reached it, who is there, who went on and how fast, who dropped out of it.",
    zh="每行 = 一个阶段：到达、停留、前进（多快）与沉寂的人数。",
    inputs=("stage_moves", "stages"),
    key=("stage",),
    order=("place",),
    parameters=("stages",),
    columns={
        "place": Column(en="place on the way", zh="次序"),
        "stage": Column(en="the stage", zh="阶段代号"),
        "zh": Column(en="its name in Chinese", zh="中文名"),
        "en": Column(en="its name in English", zh="英文名"),
        "reached": Column(en="people who entered it (later stages may be reached past it)", zh="进入人数",
                          unit="people"),
        "here": Column(en="people whose furthest stage it is and who show life", zh="停留且活跃人数", unit="people"),
        "lapsed": Column(en="people whose furthest stage it is and who dropped out", zh="在此沉寂人数", unit="people"),
        "moved": Column(en="people who went on from it", zh="已前进人数", unit="people"),
        "old": Column(en=f"people who entered it {WITHIN} days ago or earlier", zh=f"进入已满 {WITHIN} 天的人数",
                      unit="people"),
        "conversion": Column(en=f"share of those who went on within {WITHIN} days", zh=f"其中 {WITHIN} 天内前进的占比"),
        "low": Column(en="lower end of its 90 % range (Wilson)", zh="90% 区间下限（Wilson）"),
        "high": Column(en="upper end", zh="90% 区间上限"),
        "days_to_move": Column(en="days until they went on, median of those who did", zh="前进所需天数（中位数）",
                               unit="days"),
        "days_low": Column(en="the quickest quarter", zh="最快四分之一", unit="days"),
        "days_high": Column(en="the slowest quarter", zh="最慢四分之一", unit="days"),
        "touched": Column(en="share of steps on before which we had sent something; no proof that it was the cause",
                          zh="前进之前有触达的占比（不代表因果）"),
        "by_friends": Column(en="share of steps on before which others did something towards them",
                             zh="前进之前有他人行为的占比"),
    },
    build=_ways,
)  # fmt: skip

MOVERS = Table(
    name="stage_movers",
    en="One row = one thing that stood before or at steps from one stage to another: how often.",
    zh="每行 = 从某阶段到另一阶段前进时（前）的一种情形及其次数。",
    inputs=("stage_moves",),
    key=("from_stage", "to_stage", "moved_by", "what"),
    order=("from_stage", "to_stage", "moved_by", "people"),
    columns={
        "from_stage": Column(en="the stage before", zh="原阶段"),
        "to_stage": Column(en="the stage after", zh="新阶段"),
        "moved_by": Column(
            en="act (kind of event), its channel, campaign; touch (channel) and content of what we sent before; friend",
            zh="act 行为类型、channel 渠道、campaign 活动；touch 触达渠道、content 触达内容；friend 他人行为",
        ),
        "what": Column(en="which one", zh="具体值"),
        "people": Column(en="steps with it", zh="次数", unit="people"),
        "share": Column(en="share of these steps", zh="占该前进的比例"),
    },
    build=_movers,
)
