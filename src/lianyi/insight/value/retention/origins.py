"""Table `origins`: by which source, channel and campaign a person came first."""

from __future__ import annotations

from lianyi.insight.scope import MOMENT, Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table


def origins(scope: Scope) -> str:
    """One row = one person who ever did something: their first act."""
    d = scope.dialect
    first = d.struct(moment="moment", id="id", source="source", channel="channel", campaign="campaign")
    done = scope.done(MOMENT, "e.id", "e.source", "e.channel", "e.campaign", where=scope.alive)
    return f"""
    SELECT person_id, {scope.date(scope.day("first.moment"))} AS day, first.source AS source, first.channel AS channel,
        first.campaign AS campaign
    FROM (SELECT person_id, min({first}) AS first FROM {done} AS a GROUP BY person_id) AS f
    """


def build(build: Build) -> str:
    """The SQL of the table."""
    return origins(Scope.of(build))


TABLE = Table(
    name="origins",
    en="One row = one person: the day, source, channel and campaign of the first thing they did.",
    zh="每行 = 一个人：首次行为的日期、来源、渠道与活动。",
    inputs=(EVENTS, "keys"),
    key=("person_id",),
    order=("person_id",),
    columns={
        "person_id": Column(en="the person", zh="用户"),
        "day": Column(en="the day in the brand's time zone", zh="日期（品牌时区）"),
        "source": Column(en="where it was collected", zh="来源"),
        "channel": Column(en="the channel, empty where unknown", zh="渠道，未知为空"),
        "campaign": Column(en="the campaign, empty where none", zh="活动，无则为空"),
    },
    build=build,
)
