"""What people are worth, who is leaving, where they stand: reads of the tables of value, with names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
BANDS = ("top", "high", "mid", "low")
PARTS = ("all", "source", "community")
MONTHS = 12  # cohorts and months of the triangle
_VALUE = (
    "spent", "order_value", "value_90", "low_90", "high_90", "value_365", "low_365", "high_365", "band", "margin",
    "margin_from", "margin_90", "margin_low_90", "margin_high_90", "margin_365", "margin_low_365", "margin_high_365",
)  # fmt: skip
_CLOCK = (
    "order_days", "last_day", "p_alive", "p_alive_low", "p_alive_high", "expected_90", "chance_90", "next_early",
    "next_middle", "next_late", "model",
)  # fmt: skip


def listed(ws: Workspace, *, band: str = "", limit: int = 50, offset: int = 0) -> list[Row]:
    """People by what their next year is expected to bring, the most first; of one band where it is named.

    One row = one person: name, value with range, purchase clock, stage. InputError for a band that is not there,
    NotFound before a refresh.
    """
    ws.needs("values")
    if band and band not in BANDS:
        raise InputError(f"band = {band!r}; there are {', '.join(BANDS)}")
    where, values = ("WHERE band = ?", [band]) if band else ("WHERE value_365 IS NOT NULL", [])
    order = "ORDER BY value_365 DESC, person_id LIMIT ? OFFSET ?"
    rows = ws.rows(f'SELECT person_id FROM "values" {where} {order}', [*values, limit, offset])
    return told(ws, [row["person_id"] for row in rows])


def told(ws: Workspace, people: Sequence[str]) -> list[Row]:
    """Value, clock, stage and chance to stay of these people, in their order; None where it is not known."""
    wanted = {
        "people": ("name",), "values": _VALUE, "purchase_clocks": _CLOCK, "stages": ("stage", "lapsed", "since"),
        "leaving": ("chance", "low", "high", "state", "silent_days"),
    }  # fmt: skip
    found = {table: _of(ws, table, columns, people) for table, columns in wanted.items()}
    whole = []
    for person in people:
        row: Row = {"person_id": person}
        for table, columns in wanted.items():
            mine = found[table].get(person, {})
            # the range of a chance and that of a worth are called alike in their tables
            before = "active_" if table == "leaving" else ""
            row |= {f"{before}{name}": mine.get(name) for name in columns}
        whole.append(row)
    return whole


def of_person(ws: Workspace, person_id: str) -> Row | None:
    """All that the tables of value know of one person: the row of `told`, categories (when each is due again) and moves
    through the stages, the newest first; None before a refresh."""
    if "values" not in ws.states():
        return None
    due = ws.look_up("category_clocks", [person_id]).to_pylist()
    moves = ws.look_up("stage_moves", [person_id]).to_pylist()
    return {
        **told(ws, [person_id])[0],
        "categories": sorted(due, key=lambda row: (-(row["chance_30"] or 0), row["category"])),
        "moves": sorted(moves, key=lambda row: -row["number"]),
    }


def totals(ws: Workspace) -> Row:
    """buyers: who ever ordered. alive: of these still buyers, expected. orders: order days to come within 90 days.
    value: of the next year. None where it is not known; unknown: people without a value. margin: what the goods leave
    of the next year's worth of those of whom that is known; unknown_margin: people with a value of whom it is not."""
    ws.needs("values")
    (clock,) = ws.rows(
        "SELECT count(*) AS buyers, sum(p_alive) AS alive, sum(expected_90) AS orders FROM purchase_clocks",
    )
    (worth,) = ws.rows(
        "SELECT sum(value_365) AS value, count(*) FILTER (WHERE value_365 IS NULL) AS unknown, "
        "sum(margin_365) AS margin, count(*) FILTER (WHERE value_365 IS NOT NULL AND margin_365 IS NULL) "
        'AS unknown_margin FROM "values"',
    )
    return {**clock, **worth}


def bands(ws: Workspace) -> list[Row]:
    """One row = one band: people, what they are expected to bring (value) and what the goods leave of it (margin, of
    those of whom that is known), the most valuable first."""
    ws.needs("values")
    found = {
        row["band"]: row
        for row in ws.rows(
            "SELECT band, count(*) AS people, sum(value_365) AS value, sum(margin_365) AS margin "
            'FROM "values" WHERE band IS NOT NULL GROUP BY 1',
        )
    }
    return [found[band] for band in BANDS if band in found]


def checks(ws: Workspace) -> dict[str, list[Row]]:
    """How good purchase clocks were on the last part of the log: methods, bins, and the clocks in use."""
    return {
        "methods": ws.rows("SELECT * FROM clock_checks ORDER BY log_score, method"),
        "bins": ws.rows("SELECT * FROM clock_bins ORDER BY bin"),
        "clocks": ws.rows(
            "SELECT category, model, gap_days, leaving, people, repeats, regularity FROM clock_models WHERE chosen "
            "ORDER BY category <> '', people DESC, category",
        ),
    }


# --- retention -------------------------------------------------------------------------------------------------


def parts(ws: Workspace) -> list[Row]:
    """What stock is counted by: all, each source, each community; with its name and stock, the largest first."""
    ws.needs("stock_flow")
    return ws.rows(
        "SELECT f.part, f.name, max_by(f.stock, f.week) AS stock, min(c.name_en) AS name_en, min(c.name_zh) AS name_zh "
        "FROM stock_flow AS f LEFT JOIN communities AS c ON f.part = 'community' AND c.community_id = f.name "
        "GROUP BY f.part, f.name ORDER BY f.part, stock DESC, f.name",
    )


def stock(ws: Workspace, *, part: str = "all", name: str = "", weeks: int = 26) -> Row:
    """past: complete weeks of a part, the oldest first, at most so many. ahead: the weeks to come with ranges.
    InputError where there is no such part."""
    ws.needs("stock_flow")
    past = ws.rows(
        "SELECT * FROM stock_flow WHERE part = ? AND name = ? AND complete ORDER BY week DESC LIMIT ?",
        [part, name, weeks],
    )
    if part not in PARTS or (not past and part != "all"):
        raise InputError(f"part = {part!r}, name = {name!r}; there are all, and the sources and communities of `parts`")
    ahead = ws.rows("SELECT * FROM stock_forecast WHERE part = ? AND name = ? ORDER BY ahead", [part, name])
    return {"past": past[::-1], "ahead": ahead}


def cohorts(ws: Workspace, *, source: str = "") -> list[Row]:
    """The triangle of the last months: rows of table `cohorts` of a source ('' = all), the oldest cohort first."""
    ws.needs("cohorts")
    return ws.rows(
        "SELECT * FROM cohorts WHERE source = ? AND months < ? AND cohort IN ("
        "SELECT DISTINCT cohort FROM cohorts WHERE source = ? ORDER BY cohort DESC LIMIT ?) ORDER BY cohort, months",
        [source, MONTHS, source, MONTHS],
    )


def leaving(ws: Workspace, *, limit: int = 20) -> Row:
    """states: how many people are active, cooling, leaving, gone. checks: how good that was. people: who is cooling or
    leaving and worth most, rows of `told`."""
    ws.needs("leaving")
    people = ws.rows(
        'SELECT l.person_id FROM leaving AS l JOIN "values" AS v ON v.person_id = l.person_id '
        "WHERE l.state IN ('cooling', 'leaving') AND v.value_365 IS NOT NULL "
        "ORDER BY v.value_365 * (1 - l.chance) DESC, l.person_id LIMIT ?",
        [limit],
    )
    return {
        "states": ws.rows("SELECT state, count(*) AS people FROM leaving GROUP BY state ORDER BY min(chance) DESC"),
        "checks": ws.rows("SELECT * FROM leaving_checks ORDER BY log_score"),
        "people": told(ws, [row["person_id"] for row in people]),
    }


# --- stages ----------------------------------------------------------------------------------------------------


def stages(ws: Workspace) -> list[Row]:
    """Rows of `stage_ways`: the stages in their order."""
    ws.needs("stage_ways")
    return ws.rows("SELECT * FROM stage_ways ORDER BY place")


def movers(ws: Workspace, from_stage: str, to_stage: str) -> list[Row]:
    """What stood before or at the steps from one stage to another, the most frequent first."""
    ws.needs("stage_movers")
    return ws.rows(
        "SELECT * FROM stage_movers WHERE from_stage = ? AND to_stage = ? ORDER BY moved_by, people DESC, what",
        [from_stage, to_stage],
    )


def steps(ws: Workspace) -> list[Row]:
    """One row = steps from one stage to another: how many, median days, the most frequent first."""
    ws.needs("stage_moves")
    return ws.rows(
        "SELECT from_stage, to_stage, count(*) AS people, median(days) AS days FROM stage_moves "
        "WHERE move = 'step' AND from_stage IS NOT NULL GROUP BY 1, 2 ORDER BY people DESC, 1, 2",
    )


def _of(ws: Workspace, table: str, columns: Sequence[str], people: Sequence[str]) -> dict[str, Row]:
    if table not in ws.states() or not people:
        return {}
    rows = ws.look_up(table, people, columns=["person_id", *columns]).to_pylist()
    return {row.pop("person_id"): row for row in rows}
