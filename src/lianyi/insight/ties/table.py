"""Tables `ties` (one row per pair), `person_ties` (the same from each one's side) and `tie_model` (how strong is made).

Contacts become slots, slots become features, a model gives strength; all in one place at a time and range by range.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from lianyi.insight.ranges import marked, ranges, within
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, LOOKED_INTO, Build, Column, Table, of_kinds
from lianyi.insight.ties import bands, contacts, evidence, features, slots
from lianyi.insight.ties.columns import PERSON_COLUMNS, TIE_COLUMNS
from lianyi.insight.ties.kinds import CODES, FAMILIES, TIE_KINDS
from lianyi.insight.ties.learning import learn
from lianyi.insight.ties.model import Model
from lianyi.insight.ties.slots import DAY, SLOTS, Scale
from lianyi.insight.ties.trend import TREND, trend
from lianyi.memory.dialect import Dialect

NUMBERS, SCORED = "tie_numbers", "tie_scored"
# A range of this many pairs with all its columns takes about half a gigabyte while it is joined and sorted.
PAIRS_PER_RANGE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Made:
    """What all ranges share. edges: borders of the bands in log-odds. channels: SQL of their names."""

    scale: Scale
    model: Model
    edges: tuple[float, float]
    channels: str
    previous: str | None


def ties(scope: Scope, made: Made, here: str) -> str:
    """One row = one tie of the pairs in a range (`here`: condition on a)."""
    d = scope.dialect
    counts = d.only(
        d.items(*(d.struct(key=f"'{kind.name}'", value=f"n_{kind.name}") for kind in TIE_KINDS)), "v", "v.value > 0"
    )
    before = "before.band" if made.previous else "CAST(NULL AS STRING)"
    joined = (
        f"LEFT JOIN (SELECT person_a, person_b, band FROM {made.previous}) AS before "
        "ON before.person_a = m.person_a AND before.person_b = m.person_b"
        if made.previous
        else ""
    )
    parts = {
        "person_a": "m.person_a",
        "person_b": "m.person_b",
        "strength": "round(1 / (1 + exp(-odds)), 6)",
        "band": bands.band_sql("odds", before, made.edges),
        "trend": "m.trend",
        "weight": "round(m.weight, 6)",
        "closeness": "round(closeness, 6)",
        "common": "common",
        "toward": "round(forth / nullif(forth + back, 0), 4)",
        "reciprocity": "round(2e0 * least(forth, back) / nullif(forth + back, 0), 4)",
        "days": "m.days",
        "counts": f"map_from_entries({counts})",
        "channels": made.channels,
        "groups": "m.groups",
        "relation": "m.relation",
        "first_at": "m.first_at",
        "last_at": "m.last_at",
        "horizon_days": f"{made.scale.horizon / DAY!r}e0",
        "evidence_en": evidence.english(),
        "evidence_zh": evidence.chinese(),
        "model": d.text(made.model.text()),
    }
    columns = ", ".join(f"{parts[name]} AS {name}" for name in TIE_COLUMNS)
    return f"SELECT {columns} FROM ({_measured(here)}) AS m {joined}"


def _measured(here: str) -> str:
    """One row = one tie in a range, with what its columns are made of; days are those of the brand's zone."""
    counted = ", ".join(f"count(*) FILTER (WHERE kind = {number}) AS n_{name}" for name, number in CODES.items())
    weight = " + ".join(f"p.{family}" for family in FAMILIES)
    kinds = ", ".join(f"c.n_{name}" for name in CODES)
    return f"""
    SELECT x.person_id AS person_a, y.person_id AS person_b, s.odds, p.common, p.closeness, {weight} AS weight, {kinds},
        c.days, c.groups, c.marks, c.forth, c.back, c.first_at, c.last_at, coalesce(t.trend, 'steady') AS trend,
        r.relation
    FROM (SELECT * FROM {SCORED} WHERE {here}) AS s
    JOIN (
        SELECT q.*, o.common, o.rare AS closeness FROM (SELECT * FROM {features.PAIRS} WHERE {here}) AS q
        JOIN (SELECT * FROM {features.CIRCLES} WHERE {here}) AS o ON o.a = q.a AND o.b = q.b
    ) AS p ON p.a = s.a AND p.b = s.b
    JOIN (
        SELECT a, b, {counted}, count(DISTINCT day) AS days, count(DISTINCT room) AS groups, bit_or(mark) AS marks,
            count(*) FILTER (WHERE way = 1) * 1e0 AS forth, count(*) FILTER (WHERE way = -1) * 1e0 AS back,
            min(time_at) AS first_at, max(time_at) AS last_at
        FROM {contacts.CONTACTS} WHERE {here} GROUP BY a, b
    ) AS c ON c.a = s.a AND c.b = s.b
    LEFT JOIN (SELECT * FROM {TREND} WHERE {here}) AS t ON t.a = s.a AND t.b = s.b
    LEFT JOIN {contacts.STATED} AS r ON r.source = s.a AND r.target = s.b
    JOIN {NUMBERS} x ON x.number = s.a JOIN {NUMBERS} y ON y.number = s.b
    """


def _channels(build: Build) -> str:
    """SQL: the names of the channels whose bits are set in `marks`, in the order of the alphabet."""
    d = Dialect(build.engine.dialect)
    rows = build.engine.table(f"SELECT channel, mark FROM {contacts.CHANNELS} ORDER BY channel").to_pylist()
    if not rows:
        return d.texts([])
    bits = (f"{d.bit('m.marks', int(row['mark']).bit_length() - 1)} = 1" for row in rows)
    named = (f"CASE WHEN {bit} THEN {d.text(row['channel'])} END" for bit, row in zip(bits, rows, strict=True))
    return d.only(d.items(*named), "v", "v IS NOT NULL")


def _build(build: Build) -> Iterator[str]:
    scope = Scope.of(build)
    contacts.make(build, scope)
    build.make(NUMBERS, f"SELECT DISTINCT number, person_id FROM {contacts.PEOPLE}")
    build.drop(contacts.PEOPLE, contacts.GROUPS)
    scale = _scale(build)
    slots.make(build, scope, scale)
    build.say("how strong ties are is learned")
    model = build.parameters.get("tie_model") or learn(build, scale)
    features.make(build, scale, 0)
    build.make(TREND, trend(scale))
    build.make(SCORED, f"SELECT a, b, {model.sql()} AS odds FROM ({features.matrix(scale)}) AS f")
    build.drop(features.LIVES, SLOTS)
    made = Made(
        scale=scale, model=model, edges=bands.borders(_histogram(build)), channels=_channels(build),
        previous=build.previous,
    )  # fmt: skip
    for here in _ranges(build):
        yield ties(scope, made, here)


def _scale(build: Build) -> Scale:
    """The horizon that the brand wishes (parameters `tie_horizon`, microseconds), else the one that fits the log."""
    wished = build.parameters.get("tie_horizon")
    if wished:
        return Scale.of(int(wished))
    span = build.engine.table(f"SELECT max(age) - min(age) AS span FROM {contacts.CONTACTS}")["span"][0].as_py()
    return Scale.fitting(span or 0)


def _histogram(build: Build) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    faint = np.log(bands.FAINT / (1 - bands.FAINT))
    rows = build.engine.table(
        f"SELECT {bands.bin_sql('odds')} AS bin, count(*) AS n FROM {SCORED} WHERE odds >= {faint:.6f}e0 GROUP BY 1"
    )
    counts = np.zeros(bands.BINS)
    counts[rows["bin"].to_numpy()] = rows["n"].to_numpy()
    return counts


def _ranges(build: Build) -> list[str]:
    """Conditions on a that part all pairs into ranges of about PAIRS_PER_RANGE, in order."""
    rows = build.engine.table(f"SELECT a, count(*) AS n FROM {SCORED} GROUP BY a ORDER BY a")
    people, part = rows["a"].to_numpy(), np.cumsum(rows["n"].to_numpy()) // PAIRS_PER_RANGE
    first = [int(person) for person in people[1:][np.diff(part) > 0]]
    bounds = [0, *first, 2**31 - 1]
    return [marked("a", f"a >= {low} AND a < {high}") for low, high in pairwise(bounds)]


def _person_ties(build: Build) -> Iterator[str]:
    people = build.engine.table("SELECT count(*) AS n FROM ties")["n"][0].as_py() // 4
    for borders in ranges(people):
        yield person_ties(borders)


def person_ties(borders: tuple[str, str]) -> str:
    """One row = one tie from the side of one of its two people, for people in a range of ids."""
    sides = []
    for mine, other, toward in (("person_a", "person_b", "toward"), ("person_b", "person_a", "1 - toward")):
        parts = {"person_id": mine, "other_id": other, "toward": toward}
        columns = ", ".join(f"{parts.get(name, name)} AS {name}" for name in PERSON_COLUMNS)
        sides.append(f"SELECT {columns} FROM ties WHERE {within(mine, borders)}")
    return f"SELECT * FROM ({' UNION ALL '.join(sides)}) AS sides"


def _model(build: Build) -> str:
    """The model that made the ties, a row per figure; no rows where there are no ties."""
    found = build.engine.table("SELECT model, horizon_days FROM ties LIMIT 1").to_pylist()
    rows = _figures(found[0]) if found else []
    names = ("part", "name", "value", "note")
    columns = [
        pa.array([row[place] for row in rows], pa.float64() if place == 2 else pa.string()) for place in range(4)
    ]
    build.engine.register("tie_figures", pa.table(columns, names=list(names)))
    build.made.append("tie_figures")
    return "SELECT part, name, value, note FROM tie_figures"


def _figures(row: dict[str, object]) -> list[tuple[str, str, float, str]]:
    model = Model(**json.loads(str(row["model"])))
    setting = [("setting", "horizon_days", float(str(row["horizon_days"])), model.origin)]
    setting += [(("setting"), name, getattr(model, name), "") for name in ("intercept", "stretch", "shift")]
    weights = [("coefficient", name, value, features.FEATURES[name]) for name, value in model.coefficients.items()]
    return setting + weights + [("check", name, value, "newest split, unseen") for name, value in model.checks.items()]


TIES = Table(
    name="ties",
    en="One row = two people who had contact: how strong, since when, and why we think so.",
    zh="每行 = 有过互动的两个人：关系强度、起止与依据。",
    rows_from=of_kinds(*contacts.CONTACT_KINDS),
    inputs=(EVENTS, "keys"),
    key=("person_a", "person_b"),
    order=("person_a", "person_b"),
    parameters=("tie_horizon", "tie_model"),
    remembers=True,
    columns=TIE_COLUMNS,
    build=_build,
)

PERSON_TIES = Table(
    name="person_ties",
    en="One row = one tie from the side of one person: each tie stands here twice, so that a person's are together.",
    zh="每行 = 一个人的一条关系（每条关系双方各一行，便于按人查询）。",
    rows_from=("ties",),
    inputs=("ties",),
    key=("person_id", "other_id"),
    order=("person_id", "other_id"),
    row_group=LOOKED_INTO,
    columns=PERSON_COLUMNS,
    build=_person_ties,
)

TIE_MODEL = Table(
    name="tie_model",
    en="One row = one figure of the model of strength: settings, coefficients, and checks on a later split.",
    zh="每行 = 关系强度模型的一个数：设置、系数，或在后续时段上的检验。",
    rows_from=("ties",),
    inputs=("ties",),
    key=("part", "name"),
    order=("part", "name"),
    columns={
        "part": Column(en="setting, coefficient or check", zh="设置、系数或检验"),
        "name": Column(en="which figure", zh="名称"),
        "value": Column(en="the figure", zh="数值"),
        "note": Column(en="for a coefficient the SQL of its feature; else where it comes from", zh="说明"),
    },
    build=_model,
)
