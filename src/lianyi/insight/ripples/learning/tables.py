"""Tables `spread_factors`, `spread`, `spread_checks`: what is learned, what it says of each tie, how it held."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lianyi.insight.ripples.learning.reading import CARES, UNTIED, Known, read
from lianyi.insight.tables import EVENTS, Build, Column, Table

TRAITS = ("strength",)
LATER = 0.75  # of the past, by time: before it is learned, after it is held to account
PARTS = 10
BASE = "base"
INPUTS = (EVENTS, "keys", "arrivals", "ties")
STILL = 1e-3  # a person's factor nearer to 1 than this is not worth a row


def _factors(build: Build) -> str:
    from lianyi.insight.ripples.learning.spreading import learn  # brings the compiler of kernels

    known = read(build)
    found = learn(known.past, known.arcs, care=known.care, traits=TRAITS)
    build.say(f"{found.trials:,} exposures, {known.past.ripples:,} ripples")
    rows = [_row(BASE, BASE, found.factors.base, shape=float(found.trials), rate=1.0)]
    rows += [_row("delay", name, value) for name, value in vars(found.delay).items()]
    parts = [pa.Table.from_pylist(rows, schema=SCHEMA)]
    parts.extend(_family(known, family, found) for family in found.factors.families)
    build.engine.register("spread_learned", pa.concat_tables(parts))
    build.make("spread_factor_rows", "SELECT * FROM spread_learned")
    build.drop("spread_learned")
    return """
    SELECT f.kind, f.name, coalesce(s.person_id, '') AS source, coalesce(t.person_id, '') AS target, f.factor, f.low,
        f.high, f.shape, f.rate, f.prior, f.tried, f.arrivals
    FROM spread_factor_rows AS f LEFT JOIN spread_people AS s ON s.person = f.source
    LEFT JOIN spread_people AS t ON t.person = f.target
    """


SCHEMA = pa.schema(
    [("kind", pa.string()), ("name", pa.string()), ("source", pa.int64()), ("target", pa.int64())]
    + [(name, pa.float64()) for name in ("factor", "low", "high", "shape", "rate", "prior", "tried", "arrivals")]
)


def _row(kind: str, name: str, factor: float, **more: float) -> dict[str, Any]:
    return {"kind": kind, "name": name, "factor": factor, **more}


def _family(known: Known, family: Any, found: Any) -> pa.Table:
    """The rows of one family. An incentive's factor is stated against none."""
    level = np.arange(len(family.shape))
    counted = family.shape - family.prior
    reach = np.exp(1.6449 * np.sqrt(family.log_variance))
    mean = family.mean / (family.mean[0] if family.name == "incentive" else 1.0)
    arrivals, tried = counted, np.full(len(level), np.nan)
    if family.name == "tie":
        arrivals, tried = found.credit, found.tried
    kept = level
    if family.name in {"sharer", "receiver", "interest", "tie"}:
        kept = np.flatnonzero((np.abs(family.mean - 1) > STILL) | (np.nan_to_num(tried) > 0))
    names, source, target = _names(known, family.name, kept)
    columns: dict[str, Any] = {
        "kind": np.full(len(kept), family.name, dtype=object), "name": names, "source": source, "target": target,
        "factor": mean[kept], "low": (mean / reach)[kept], "high": (mean * reach)[kept], "shape": family.shape[kept],
        "rate": family.rate[kept], "prior": np.full(len(kept), family.prior), "tried": tried[kept],
        "arrivals": arrivals[kept],
    }  # fmt: skip
    return pa.table({name: pa.array(columns[name], SCHEMA.field(name).type, from_pandas=True) for name in SCHEMA.names})


def _names(known: Known, kind: str, level: NDArray[Any]) -> tuple[Any, Any, Any]:
    """(name, source, target) per level; persons as numbers, None where the kind has none."""
    none = np.full(len(level), None, dtype=object)
    if kind == "sharer":
        return np.full(len(level), "", dtype=object), level, none
    if kind == "receiver":
        return np.full(len(level), "", dtype=object), none, level
    if kind == "interest":
        return np.array(known.topics, dtype=object)[level % len(known.topics)], none, level // len(known.topics)
    if kind == "tie":
        return np.full(len(level), "", dtype=object), known.arcs.source[level], known.arcs.target[level]
    texts = {"topic": list(known.topics), "incentive": list(known.incentives), "care": _care_names()}
    texts["strength"] = [*(f"<= {edge:.4g} ({number})" for number, edge in enumerate(known.strengths)), "no tie known"]
    return np.array(texts[kind], dtype=object)[level], none, none


def _care_names() -> list[str]:
    return ["unknown", "none", *(f">= {edge:g}" for edge in CARES)]


def _spread(build: Build) -> str:
    from lianyi.insight.ripples.learning.factors import Factors, Family
    from lianyi.insight.ripples.learning.spreading import NORMAL_90

    known = read(build)
    count, people = len(known.arcs.source), known.arcs.people
    rows = build.engine.table("""
        SELECT f.kind, f.name, s.person AS source, t.person AS target, f.factor, f.shape, f.rate, f.prior, f.tried,
            f.arrivals
        FROM spread_factors AS f LEFT JOIN spread_people AS s ON s.person_id = f.source
        LEFT JOIN spread_people AS t ON t.person_id = f.target WHERE f.kind <> 'delay' AND f.kind <> 'interest'
    """)
    families, evidence = [], np.zeros((2, count))
    kinds = np.asarray(rows["kind"].to_pylist(), dtype=object)
    for kind in ("strength", "incentive", "sharer", "receiver", "tie"):
        mine = rows.filter(pa.array(kinds == kind))
        place, size = _places(known, kind, mine, people)
        shape, rate, prior = (mine[name].to_numpy() for name in ("shape", "rate", "prior"))
        a = float(prior[0]) if len(prior) else 1e4
        shapes, rates = np.full(size, a), np.full(size, a)
        shapes[place], rates[place] = shape, rate
        families.append(Family(name=kind, shape=shapes, rate=rates, prior=a))
        if kind == "tie":
            evidence[:, place] = np.stack([mine["tried"].to_numpy(), mine["arrivals"].to_numpy()])
    base = float(rows.filter(pa.array(kinds == BASE))["factor"][0].as_py())
    factors = Factors(base=base, families=tuple(families))
    arcs = known.arcs
    none, arc = np.zeros(count, np.int32), np.arange(count, dtype=np.int32)
    levels = np.stack([arcs.traits[:, 0], none, arcs.source, arcs.target, arc], axis=1).astype(np.int32)
    rate = factors.rate(levels) * _middle_care(known, rows, kinds)[arcs.target]
    mean, reach = rate, np.exp(NORMAL_90 * np.sqrt(factors.log_variance(levels)))
    made = {"source": arcs.source, "target": arcs.target, "probability": 1 - np.exp(-mean),
            "low": 1 - np.exp(-mean / reach), "high": 1 - np.exp(-mean * reach), "tried": evidence[0],
            "arrivals": evidence[1], "tied": arcs.traits[:, 0] != UNTIED}  # fmt: skip
    build.engine.register("spread_arc_rows", pa.table(made))
    build.make("spread_arcs", "SELECT * FROM spread_arc_rows")
    build.drop("spread_arc_rows")
    return """
    SELECT s.person_id AS source, t.person_id AS target, a.probability, a.low, a.high, a.tried, a.arrivals, a.tied
    FROM spread_arcs AS a JOIN spread_people AS s ON s.person = a.source JOIN spread_people AS t ON t.person = a.target
    """


def _middle_care(known: Known, rows: pa.Table, kinds: NDArray[Any]) -> NDArray[np.float64]:
    """Per person the factor of care and topic, in the mean over topics as often as past ripples had them."""
    often = np.bincount(known.past.topic, minlength=len(known.topics)) + 1.0
    factor = {}
    for kind in ("care", "topic"):
        mine = rows.filter(pa.array(kinds == kind))
        factor[kind] = dict(zip(mine["name"].to_pylist(), mine["factor"].to_pylist(), strict=True))
    care = np.array([factor["care"].get(name, 1.0) for name in _care_names()])
    topic = np.array([factor["topic"].get(name, 1.0) for name in known.topics])
    weight = topic * often / often.sum()
    return np.asarray(care[known.care.level] @ weight, dtype=np.float64)


def _places(known: Known, kind: str, rows: pa.Table, people: int) -> tuple[NDArray[Any], int]:
    """At which level each row of a kind stands, and how many levels there are."""
    if kind == "tie":
        code = known.arcs.source.astype(np.int64) * people + known.arcs.target
        wanted = rows["source"].to_numpy().astype(np.int64) * people + rows["target"].to_numpy()
        return np.searchsorted(code, wanted), len(code)
    if kind in {"sharer", "receiver"}:
        return rows["source" if kind == "sharer" else "target"].to_numpy().astype(np.int64), people
    order = {name: place for place, name in enumerate(_names(known, kind, np.arange(_levels(known, kind)))[0])}
    return np.array([order[name] for name in rows["name"].to_pylist()], dtype=np.int64), _levels(known, kind)


def _levels(known: Known, kind: str) -> int:
    return len(known.incentives) if kind == "incentive" else UNTIED + 1


def _checks(build: Build) -> str:
    from lianyi.insight.ripples.learning.checking import check_later

    known = read(build)
    build.engine.register("spread_check_rows", check_later(known, TRAITS, later=LATER, parts=PARTS))
    build.make("spread_check", "SELECT * FROM spread_check_rows")
    build.drop("spread_check_rows")
    return "SELECT * FROM spread_check"


FACTORS = Table(
    name="spread_factors",
    en="One row = one factor of the rate at which people come through others: an incentive, a topic, a person, a tie.",
    zh="每行 = 传播速率的一个乘数：激励、话题、个人或关系。",
    inputs=INPUTS,
    key=("kind", "name", "source", "target"),
    order=("kind", "source", "target", "name"),
    columns={
        "kind": Column(
            en="base (the rate itself), delay (of log hours), strength, care (interest before any ripple), topic, "
            "incentive, sharer, receiver, interest (receiver and topic), tie",
            zh="种类：base 基准、delay 延迟、strength 关系强度、care 已知兴趣、topic 话题、incentive 激励、"
            "sharer 分享者、receiver 接收者、interest 接收者×话题、tie 关系",
        ),
        "name": Column(en="which topic, incentive or level", zh="话题、激励或档位名"),
        "source": Column(en="the sharer, where the factor is of one", zh="分享者"),
        "target": Column(en="the receiver, where the factor is of one", zh="接收者"),
        "factor": Column(
            en="how many times likelier; 1 = the middle (incentives: none)", zh="倍数；1 为平均（激励以无激励为 1）"
        ),
        "low": Column(en="90 % interval, lower end", zh="90% 区间下限"),
        "high": Column(en="90 % interval, upper end", zh="90% 区间上限"),
        "shape": Column(en="of the gamma posterior", zh="伽马后验的形状参数"),
        "rate": Column(en="of the gamma posterior", zh="伽马后验的速率参数"),
        "prior": Column(en="how strongly it is drawn to the middle", zh="收缩强度"),
        "tried": Column(en="full exposures (ties only)", zh="曝光数（仅关系）"),
        "arrivals": Column(en="arrivals credited", zh="归功的到达数"),
    },
    build=_factors,
)  # fmt: skip

SPREAD = Table(
    name="spread",
    en="One row = one direction of one tie: the chance that the one comes when the other has something.",
    zh="每行 = 一段关系的一个方向：一方有内容时另一方到达的概率。",
    inputs=(*INPUTS, "spread_factors"),
    key=("source", "target"),
    order=("source", "target"),
    columns={
        "source": Column(en="who has it", zh="拥有内容的人"),
        "target": Column(en="who may come", zh="可能到达的人"),
        "probability": Column(
            en="that the target comes through the source: middling topic, no incentive; see spread_factors",
            zh="目标经来源到达的概率（平均话题、无激励；其他情形见 spread_factors）",
        ),
        "low": Column(en="90 % interval, lower end", zh="90% 区间下限"),
        "high": Column(en="90 % interval, upper end", zh="90% 区间上限"),
        "tried": Column(en="exposures in past ripples, in full delays", zh="过往波纹中的曝光数"),
        "arrivals": Column(en="arrivals credited to this direction", zh="归功于该方向的到达数"),
        "tied": Column(en="a tie is known beside arrivals", zh="除到达外另有已知关系"),
    },
    build=_spread,
)

CHECKS = Table(
    name="spread_checks",
    en="One row = a tenth of the exposures of later ripples, by the chance promised: what was promised, what came.",
    zh="每行 = 较晚波纹的曝光按预测概率分成的十分之一：预测与实际。",
    inputs=INPUTS,
    key=("part",),
    order=("part",),
    columns={
        "part": Column(en="1 = least likely … 10 = most likely", zh="分组：1 最低 … 10 最高"),
        "exposures": Column(en="exposures", zh="曝光数"),
        "promised": Column(en="arrivals that were to be expected", zh="预期到达数"),
        "came": Column(en="arrivals that came", zh="实际到达数"),
        "chance_low": Column(en="least chance in the part", zh="组内最低概率"),
        "chance_high": Column(en="largest chance in the part", zh="组内最高概率"),
        "squared_error": Column(en="mean squared error of the chances", zh="概率的均方误差（Brier）"),
        "flat_squared_error": Column(en="the same with one chance for all", zh="所有人同一概率时的均方误差"),
    },
    build=_checks,
)

TABLES: tuple[Table, ...] = (FACTORS, SPREAD, CHECKS)
