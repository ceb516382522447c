"""Table `received`: events done to somebody, sorted by the target's key, because the log is sorted by the actor's."""

from __future__ import annotations

from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table
from lianyi.memory.events import FIELDS


def received(scope: Scope) -> str:
    """One row = one event with a target who is not its actor."""
    columns = ", ".join(f'e."{field.name}"' for field in FIELDS)
    return f"""
    SELECT {columns} FROM events e
    WHERE e.target_key IS NOT NULL AND (e.actor_key IS NULL OR e.actor_key <> e.target_key) AND {scope.happened()}
    """


def build(build: Build) -> str:
    """The SQL of the table."""
    return received(Scope.of(build))


TABLE = Table(
    name="received",
    en="One row = one event that was done to somebody (answered, invited, sent, tagged …), as it stands in the log.",
    zh="每行 = 一个作用于他人的事件（回复、邀请、发送、打标签等），与日志一致。",
    inputs=(EVENTS,),
    key=("id",),
    order=("target_key", '"at"'),
    row_group=LOOKED_INTO,
    columns={field.name: Column(en=field.en, zh=field.zh) for field in FIELDS},
    build=build,
)
