"""Table `forecasts`: each forecast as it was made, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.scope import Scope
from lianyi.insight.tables import Build, Column, Table

HOUR = 3_600_000_000  # microseconds
HORIZON = 30 * 24.0  # hours after its first person at which a ripple's people are counted
OLDER = 0.7  # of the ended ripples, by time: forecasts of the rest are made afterwards from what was known then
MOST = 5000  # ripples forecast afterwards, at most
LIVE, AFTERWARDS = "live", "afterwards"


def _forecasts(build: Build) -> str:
    """Old forecasts stay as they were made; new ones are added; all whose time has come are scored."""
    d = Scope.of(build).dialect
    grown = _grown(build)
    build.engine.register("forecast_new_rows", _new(grown, _made(build)))
    build.make("forecast_new", "SELECT * FROM forecast_new_rows")
    build.engine.register("forecast_end_rows", _ends(grown))
    build.make("forecast_ends", "SELECT * FROM forecast_end_rows")
    build.drop("forecast_new_rows", "forecast_end_rows")
    as_of = d.time(build.as_of)
    told = f"""
        SELECT ripple_id, point, kind, seen, {d.moment("at_micros")} AS "at", {as_of} AS made_at, middle, low, high,
            law, learned FROM forecast_new
    """
    if build.previous:
        kept = f"""
            SELECT ripple_id, point, kind, seen, "at", made_at, middle, low, high, law, learned FROM {build.previous}
        """
        fresh = f"SELECT 1 FROM {build.previous} AS p WHERE p.ripple_id = n.ripple_id AND p.point = n.point"
        told = f"{kept} UNION ALL SELECT * FROM ({told}) AS n WHERE NOT EXISTS ({fresh})"
    build.make("forecast_told", told)
    due = d.moment("e.due_micros")
    ended = f"{due} <= {as_of}"
    return f"""
    SELECT t.ripple_id, t.point, t.kind, t.seen, t."at", t.made_at, t.middle, t.low, t.high, t.law, t.learned,
        {due} AS due_at, CASE WHEN {ended} THEN e.people END AS final,
        CASE WHEN {ended} THEN log2(e.people) - log2(t.middle) END AS error,
        CASE WHEN {ended} THEN e.people BETWEEN t.low AND t.high END AS covered
    FROM forecast_told AS t JOIN forecast_ends AS e ON e.ripple_id = t.ripple_id
    """


@dataclass(frozen=True, kw_only=True, eq=False)
class Grown:
    """All ripples as they grew. names: ripple ids by number; growth: whole; within: cut at the horizon; now: hours."""

    names: list[str]
    growth: Any
    within: Any
    now: float

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Whose horizon has passed."""
        return np.asarray(self.growth.began + HORIZON <= self.now)


def _grown(build: Build) -> Grown:
    from lianyi.insight.ripples.forecasting.growth import growth

    d = Scope.of(build).dialect
    rows = build.engine.table(f"""
        SELECT ripple_id, {d.micros('"at"')} AS micros, generation,
            dense_rank() OVER (ORDER BY person_id) - 1 AS person
        FROM arrivals WHERE {d.size("flags")} = 0 ORDER BY ripple_id
    """)
    names, ripple = np.unique(np.asarray(rows["ripple_id"].to_pylist(), dtype=object), return_inverse=True)
    columns = {
        "ripple": ripple.reshape(-1), "at": rows["micros"].to_numpy() / HOUR, "person": rows["person"].to_numpy(),
        "generation": rows["generation"].to_numpy(),
    }  # fmt: skip
    whole = growth(**columns)
    early = columns["at"] <= whole.began[columns["ripple"]] + HORIZON if len(names) else columns["at"] > 0
    within = growth(**{name: column[early] for name, column in columns.items()})
    return Grown(names=list(names), growth=whole, within=within, now=build.as_of.timestamp() / 3600)


def _ends(grown: Grown) -> pa.Table:
    return pa.table({
        "ripple_id": pa.array(grown.names, pa.string()),
        "due_micros": ((grown.growth.began + HORIZON) * HOUR).astype(np.int64),
        "people": pa.array(grown.within.size, pa.int64()),
    })  # fmt: skip


def _made(build: Build) -> frozenset[tuple[str, str]]:
    """Ripples and points forecast at a refresh before: these forecasts stay, and nothing is learned for them again."""
    if not build.previous:
        return frozenset()
    rows = build.engine.table(f"SELECT ripple_id, point FROM {build.previous}")
    return frozenset(zip(rows["ripple_id"].to_pylist(), rows["point"].to_pylist(), strict=True))


def _new(grown: Grown, made: frozenset[tuple[str, str]]) -> pa.Table:
    """Running ripples from all that has ended; ended ones from what had ended before they began."""
    if not grown.names:
        return NEW.empty_table()
    from lianyi.insight.ripples.forecasting.growth import POINTS
    from lianyi.insight.ripples.forecasting.learning import look

    rows: list[dict[str, Any]] = []
    ended, began = grown.ended, grown.growth.began
    cut = float(np.quantile(began[ended], OLDER)) if ended.any() else grown.now
    recent = np.zeros(len(began), dtype=bool)
    recent[np.flatnonzero(ended & (began > cut))[-MOST:]] = True
    for point in POINTS if len(began) else ():
        seen = look(grown.within, point)
        reached = seen.moment <= grown.now
        new = np.array([(grown.names[ripple], point.name) not in made for ripple in seen.ripple.tolist()], dtype=bool)
        running = reached & new & ~ended[seen.ripple]
        rows += _told(grown, point.name, seen, ended[seen.ripple], running, LIVE)
        before = ended[seen.ripple] & (began[seen.ripple] + HORIZON <= cut)
        rows += _told(grown, point.name, seen, before, new & recent[seen.ripple], AFTERWARDS)
    return pa.Table.from_pylist(rows, schema=NEW)


NEW = pa.schema([
    ("ripple_id", pa.string()), ("point", pa.string()), ("kind", pa.string()), ("seen", pa.int64()),
    ("at_micros", pa.int64()), ("middle", pa.float64()), ("low", pa.float64()), ("high", pa.float64()),
    ("law", pa.string()), ("learned", pa.int64()),
])  # fmt: skip


def _told(grown: Grown, point: str, seen: Any, past: Any, wanted: Any, kind: str) -> list[dict[str, Any]]:
    """Rows of the wanted ripples, by a forecaster learned on the past ones or, where they are too few, the shipped."""
    from lianyi.insight.ripples.forecasting.learning import learn_forecaster
    from lianyi.insight.ripples.forecasting.shipped import shipped

    if not wanted.any():
        return []
    final = grown.within.size[seen.ripple].astype(np.float64)
    own = learn_forecaster(seen.only(past), final[past])
    told = seen.only(wanted)
    low, middle, high = (own or shipped()[point]).forecast(told)
    law = own.law.name if own else f"shipped {shipped()[point].law.name}"
    return [
        {"ripple_id": grown.names[ripple], "point": point, "kind": kind, "seen": int(people),
         "at_micros": int(moment * HOUR), "middle": float(mid), "low": float(lo), "high": float(hi), "law": law,
         "learned": own.learned + own.checked if own else 0}
        for ripple, people, moment, lo, mid, hi in zip(
            told.ripple, told.people, told.moment, low, middle, high, strict=True
        )
    ]  # fmt: skip


FORECASTS = Table(
    name="forecasts",
    en="One row = one forecast of how many people a ripple reaches in 30 days, as it was made, and what became of it.",
    zh="每行 = 一次预测：某波纹 30 天内将到达多少人，及其结果。",
    rows_from=("arrivals",),
    inputs=("arrivals",),
    key=("ripple_id", "point"),
    order=("ripple_id", "point"),
    remembers=True,
    columns={
        "ripple_id": Column(en="the ripple", zh="波纹"),
        "point": Column(en="when one looked: an age, or a number of people", zh="预测时点：时长或已到达人数"),
        "kind": Column(
            en="live: made before the outcome; afterwards: from what was known then, learned on earlier ripples only",
            zh="live 为事前预测；afterwards 为事后按当时所知回测，仅用更早的波纹学习",
        ),
        "seen": Column(en="people at that moment", zh="当时人数", unit="people"),
        "at": Column(en="the moment of looking", zh="预测时刻"),
        "made_at": Column(en="when the forecast was written down", zh="记录时间"),
        "middle": Column(en="people in the end, middle of the range", zh="预计最终人数（中值）", unit="people"),
        "low": Column(en="lower end of the range that holds with 90 %", zh="90% 区间下限", unit="people"),
        "high": Column(en="upper end", zh="90% 区间上限", unit="people"),
        "law": Column(
            en="still, mean, line, process, trees; 'shipped …' where there is too little past of one's own",
            zh="方法：still、mean、line、process、trees；shipped 表示自身数据不足时的内置参数",
        ),
        "learned": Column(en="ended ripples it was learned on", zh="学习所用的已结束波纹数"),
        "due_at": Column(en="when the outcome is counted", zh="结果统计时间"),
        "final": Column(en="people in the end; empty while it runs", zh="实际最终人数；进行中为空", unit="people"),
        "error": Column(en="log2 of what came over what was foretold", zh="实际与预测之比的 log2"),
        "covered": Column(en="the outcome lay in the range", zh="结果落在区间内"),
    },
    build=_forecasts,
)
