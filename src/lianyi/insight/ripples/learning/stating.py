"""What was learned, as rows of `spread_factors`; and back from these rows to what can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles
from lianyi.insight.ripples.learning import interests, moments
from lianyi.insight.ripples.learning.delays import Delay
from lianyi.insight.ripples.learning.factors import Factors, Family
from lianyi.insight.ripples.learning.reading import Known
from lianyi.insight.ripples.learning.spreading import NORMAL_90, Ground, Levels, Spread, between, real_share

BASE = "base"
STILL = 1e-3  # a person's factor nearer to 1 than this is not worth a row
PERSONAL = ("sharer", "receiver", "interest", "tie")
OF_TOPICS = ("care", "topic", "interest")
SCHEMA = pa.schema(
    [("kind", pa.string()), ("name", pa.string()), ("source", pa.int64()), ("target", pa.int64())]
    + [(name, pa.float64()) for name in ("factor", "low", "high", "shape", "rate", "prior", "tried", "arrivals")]
)


def rows_of(known: Known, found: Spread) -> pa.Table:
    """One row per factor, people as numbers; and per person what is to be expected of ties that nobody sees."""
    level = found.level
    rows: list[dict[str, Any]] = [_row(BASE, BASE, found.factors.base, shape=float(found.trials), rate=1.0)]
    rows += [_row("delay", name, value) for name, value in vars(found.delay).items()]
    for name in ("known", "unseen"):
        value, reach = getattr(level, name), NORMAL_90 * np.sqrt(getattr(level, f"{name}_variance"))
        rows.append(
            _row("level", name, np.exp(value), low=float(np.exp(value - reach)), high=float(np.exp(value + reach)))
        )
    rows.append(_row("misfit", "variance", level.misfit))
    rows.append(_row("misfit", "ripple", level.ripple))
    rows += [_row("slope", family.name, family.slope) for family in found.factors.families]
    parts = [pa.Table.from_pylist(rows, schema=SCHEMA)]
    parts += [_family(known, family, found) for family in found.factors.families]
    return pa.concat_tables([*parts, *_people(known, found)])


def _row(kind: str, name: str, factor: float, **more: float) -> dict[str, Any]:
    return {"kind": kind, "name": name, "factor": float(factor), **more}


def _family(known: Known, family: Family, found: Spread) -> pa.Table:
    """The rows of one family. An incentive's factor is stated against none."""
    reach = np.exp(NORMAL_90 * np.sqrt(family.log_variance))
    mean = family.mean / (family.mean[0] if family.name == "incentive" else 1.0)
    arrivals, tried = family.shape - family.prior, np.full(len(family.shape), np.nan)
    kept = np.arange(min(_levels(known, family.name), len(family.shape)))
    if family.name == "tie":
        arrivals, tried = found.credit[: len(kept)], found.tried[: len(kept)]
    if family.name in PERSONAL:
        kept = np.flatnonzero((np.abs(family.mean - 1) > STILL)[: len(kept)] | (np.nan_to_num(tried) > 0)[: len(kept)])
    names, source, target = _names(known, family.name, kept)
    return _table({
        "kind": family.name, "name": names, "source": source, "target": target, "factor": mean[kept],
        "low": (mean / reach)[kept], "high": (mean * reach)[kept], "shape": family.shape[kept],
        "rate": family.rate[kept], "prior": np.full(len(kept), family.prior), "tried": tried[kept],
        "arrivals": arrivals[kept],
    })  # fmt: skip


def _people(known: Known, found: Spread) -> list[pa.Table]:
    """`unseen`: arrivals to be expected by a person's unseen ties, for a middling topic and no incentive. `open`: how
    readily a person comes, against others, by ties that nobody sees."""
    everybody = np.arange(known.arcs.people)
    if not len(everybody):
        return []
    arc = len(known.arcs.source) + everybody
    none = np.zeros(len(everybody), np.int64)
    levels = found.ground.levels(arc, none - 1, none, np.full(len(arc), known.past.now))
    often = _often(known)
    topic = found.factors.family("topic")
    middle = 1.0 if topic is None else float(topic.mean @ often)
    expected = found.factors.rate(levels) * np.exp(found.level.unseen) * middle
    reach = np.exp(NORMAL_90 * np.sqrt(_variance(found, levels) + found.level.unseen_variance))
    blank = np.full(len(everybody), "", dtype=object)
    unseen = {"kind": "unseen", "name": blank, "source": everybody, "factor": expected, "low": expected / reach,
              "high": expected * reach}  # fmt: skip
    ready = _middle_care(known, found) * _of_level(found, "receiver", everybody)
    ready = ready * _of_level(found, "presence", known.moments.presence(everybody, np.full(len(arc), known.past.now)))
    return [_table(unseen), _table({"kind": "open", "name": blank, "target": everybody, "factor": ready})]


def _of_level(found: Spread, name: str, level: NDArray[Any]) -> Doubles:
    family = found.factors.family(name)
    return np.ones(len(level)) if family is None else family.mean[level]


def _table(columns: Mapping[str, Any]) -> pa.Table:
    """With nulls where a column is missing or not a number."""
    count = max(len(values) for values in columns.values() if isinstance(values, np.ndarray))
    made = []
    for field in SCHEMA:
        values = columns.get(field.name)
        if values is None:
            made.append(pa.nulls(count, field.type))
        elif isinstance(values, str):
            made.append(pa.repeat(pa.scalar(values, field.type), count))
        else:
            made.append(pa.array(values, field.type, from_pandas=True))
    return pa.table(made, schema=SCHEMA)


def _names(known: Known, kind: str, level: NDArray[Any]) -> tuple[Any, Any, Any]:
    """(name, source, target) per level; persons as numbers, None where the kind has none."""
    blank = np.full(len(level), "", dtype=object)
    if kind == "sharer":
        return blank, level, None
    if kind == "receiver":
        return blank, None, level
    if kind == "interest":
        return np.array(known.topics, dtype=object)[level % len(known.topics)], None, level // len(known.topics)
    if kind == "tie":
        return blank, known.arcs.source[level], known.arcs.target[level]
    return np.array(_texts(known, kind), dtype=object)[level], None, None


def _texts(known: Known, kind: str) -> list[str]:
    if kind == "topic":
        return list(known.topics)
    if kind == "incentive":
        return list(known.incentives)
    return [*interests.names(), "anybody"] if kind == "care" else moments.names_of(kind)


def _levels(known: Known, kind: str) -> int:
    """How many levels of a family have a name; the last ones of some stand for ties that nobody sees."""
    people, topics = known.arcs.people, len(known.topics)
    sizes = {"sharer": people, "receiver": people, "interest": people * topics, "tie": len(known.arcs.source)}
    return sizes[kind] if kind in sizes else len(_texts(known, kind))


def spread_of(known: Known, rows: pa.Table) -> Spread:
    """What `rows_of` stated; tried and credit of ties included."""
    ground = Ground.of(known.arcs, known.past, known.moments)
    kinds = rows["kind"].combine_chunks()
    single = {(row["kind"], row["name"]): row for row in rows.filter(pc.is_in(kinds, pa.array(SINGLE))).to_pylist()}
    families, evidence = [], np.zeros((2, len(known.arcs.source)))
    for kind, size in zip(ground.names, ground.sizes(len(known.incentives)), strict=True):
        mine = rows.filter(pc.equal(kinds, kind))
        place = _places(known, kind, mine)
        shape, rate, prior = (mine[name].to_numpy() for name in ("shape", "rate", "prior"))
        a = float(prior[0]) if len(prior) else 1e4
        shapes, rates = np.full(size, a), np.full(size, a)
        shapes[place], rates[place] = shape, rate
        slope = float(single["slope", kind]["factor"])
        families.append(Family(name=kind, shape=shapes, rate=rates, prior=a, slope=slope))
        if kind == "tie":
            evidence[:, place] = np.stack([mine["tried"].to_numpy(), mine["arrivals"].to_numpy()])
    return Spread(
        factors=Factors(base=float(single[BASE, BASE]["factor"]), families=tuple(families)),
        delay=Delay(**{name: float(single["delay", name]["factor"]) for name in ("mean", "deviation")}),
        ground=ground, tried=evidence[0], credit=evidence[1], trials=int(single[BASE, BASE]["shape"]),
        level=_level_of(single),
    )  # fmt: skip


SINGLE = (BASE, "delay", "level", "misfit", "slope")


def _level_of(single: Mapping[tuple[str, str], Mapping[str, Any]]) -> Levels:
    values = {
        name: float(single["misfit", row]["factor"]) for name, row in (("misfit", "variance"), ("ripple", "ripple"))
    }
    for name in ("known", "unseen"):
        row = single["level", name]
        values[name] = float(np.log(row["factor"]))
        values[f"{name}_variance"] = float((np.log(row["high"] / row["low"]) / (2 * NORMAL_90)) ** 2)
    return Levels(**values)


def _places(known: Known, kind: str, rows: pa.Table) -> NDArray[np.int64]:
    """At which level each row of a kind stands."""
    if kind == "tie":
        code = known.arcs.source.astype(np.int64) * known.arcs.people + known.arcs.target
        wanted = rows["source"].to_numpy().astype(np.int64) * known.arcs.people + rows["target"].to_numpy()
        return np.asarray(np.searchsorted(code, wanted), dtype=np.int64)
    if kind in {"sharer", "receiver"}:
        return np.asarray(rows["source" if kind == "sharer" else "target"].to_numpy(), dtype=np.int64)
    order = {name: place for place, name in enumerate(known.topics if kind == "interest" else _texts(known, kind))}
    place = np.array([order[name] for name in rows["name"].to_pylist()], dtype=np.int64)
    if kind == "interest":
        return np.asarray(rows["target"].to_numpy(), dtype=np.int64) * len(known.topics) + place
    return place


def chances(known: Known, found: Spread) -> tuple[Doubles, Doubles, Doubles]:
    """(chance, low, high) of every arc today, for a middling topic and no incentive."""
    count = len(known.arcs.source)
    none = np.zeros(count, np.int64)
    levels = found.ground.levels(np.arange(count), none - 1, none, np.full(count, known.past.now))
    rate = found.factors.rate(levels) * np.exp(found.level.known) * _middle_care(known, found)[known.arcs.target]
    variance = _variance(found, levels) + found.level.misfit + found.level.known_variance
    low, high = between(rate, variance, real_share(found.factors, levels))
    return -np.expm1(-rate), -np.expm1(-low), -np.expm1(-high)


def _variance(found: Spread, levels: NDArray[np.int32]) -> Doubles:
    """Of the logarithm of rates whose topic is the middle of all."""
    kept = [place for place, family in enumerate(found.factors.families) if family.name not in OF_TOPICS]
    families = tuple(found.factors.families[place] for place in kept)
    return Factors(base=1.0, families=families).log_variance(levels[:, kept])


def _often(known: Known) -> Doubles:
    """How often past ripples had each topic, as shares."""
    seen = known.past.topic[known.past.topic >= 0]
    often = np.bincount(seen, minlength=len(known.topics)) + 1.0
    return np.asarray(often / often.sum(), dtype=np.float64)


def _middle_care(known: Known, found: Spread) -> Doubles:
    """Per person the factor of care and topic today, in the mean over topics as often as past ripples had them."""
    everybody, now = np.arange(known.arcs.people), np.full(known.arcs.people, known.past.now)
    total = np.zeros(known.arcs.people)
    topics = _of_level(found, "topic", np.arange(len(known.topics)))
    for topic, share in enumerate(_often(known)):
        level = known.moments.interests.levels(everybody, np.full(len(everybody), topic), now)
        total += share * topics[topic] * _of_level(found, "care", level)
    return total
