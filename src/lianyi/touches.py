"""Reading what touches add, by number and spacing and audience: what console, API, command line and notebooks ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
ALL, MESSAGE = "all", "message"
COUNTED = (MESSAGE, "any")


def audiences(ws: Workspace) -> list[Row]:
    """Whom touches are told of: audience, member, touches in a year; names of communities. Everybody first."""
    ws.needs("touches")
    return ws.rows(
        "SELECT t.audience, t.member, t.touched, c.name_en, c.name_zh FROM ("
        "SELECT audience, member, CAST(sum(touched) AS BIGINT) AS touched FROM touches "
        "WHERE axis = 'number' AND step > 0 AND counted = ? GROUP BY audience, member) AS t "
        "LEFT JOIN communities AS c ON t.audience = 'community' AND c.community_id = t.member "
        "ORDER BY t.audience <> ?, t.audience, t.touched DESC, t.member",
        [MESSAGE, ALL],
    )


def touches(ws: Workspace, *, audience: str = ALL, member: str = "", counted: str = MESSAGE) -> Row:
    """numbers: rows of table `touches` by number of touches, 0 = none yet; gaps: by spacing; stops: rows of
    `touch_stops` with verdict_en, verdict_zh, those by lot first. InputError for an audience that has none."""
    ws.needs("touches")
    if counted not in COUNTED:
        raise InputError(f"counted: {counted[:40]!r} is none of {', '.join(COUNTED)}")
    asked = [audience, member, counted]
    where = "WHERE audience = ? AND member = ? AND counted = ?"
    rows = ws.rows(f"SELECT * FROM touches {where} ORDER BY axis, step", asked)
    if not rows and audience != ALL:
        known = ", ".join(f"{row['audience']} {row['member']}".strip() for row in audiences(ws)) or "none yet"
        raise InputError(f"audience: there are no touches of {audience[:40]} {member[:40]}; there are: {known}")
    numbers = [row for row in rows if row["axis"] == "number"]
    found = ws.rows(f"SELECT * FROM touch_stops {where} ORDER BY basis <> 'by_lot', until DESC", asked)
    first = next((row["flags"] or "" for row in numbers if row["step"] == 1), "")
    return {
        "audience": audience, "member": member, "counted": counted, "as_of": ws.states()["touches"].as_of,
        "numbers": numbers, "gaps": [row for row in rows if row["axis"] == "gap"],
        "stops": [_told(row, first) for row in found],
    }  # fmt: skip


def _told(row: Row, flags: str) -> Row:
    from lianyi.insight.effects.touches.saying import verdict

    en, zh = verdict(row, flags)
    return {**row, "verdict_en": en, "verdict_zh": zh}
