"""Tables `spread_factors`, `spread`, `spread_checks`: what is learned, what it says of each tie, how it held."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lianyi.insight.ripples.learning.reading import number_people, read
from lianyi.insight.tables import EVENTS, Build, Column, Table

LATER = 0.75  # of the past, by time: before it is learned, after it is held to account
PARTS = 10
READ, EARLY = "spread: what was read", "spread: learned on the earlier part"  # names in Build.kept
INPUTS = (EVENTS, "keys", "arrivals", "ties")


def _factors(build: Build) -> str:
    from lianyi.insight.ripples.learning.calibrating import calibrated  # brings the compiler of kernels
    from lianyi.insight.ripples.learning.stating import rows_of

    known = read(build)
    found, early = calibrated(known.past, known.arcs, moments=known.moments, later=LATER)
    build.kept[READ], build.kept[EARLY] = known, (known, early)
    build.say(f"{found.trials:,} exposures, {known.past.ripples:,} ripples")
    build.engine.register("spread_learned", rows_of(known, found))
    build.make("spread_factor_rows", "SELECT * FROM spread_learned")
    build.drop("spread_learned")
    return """
    SELECT f.kind, f.name, coalesce(s.person_id, '') AS source, coalesce(t.person_id, '') AS target, f.factor, f.low,
        f.high, f.shape, f.rate, f.prior, f.tried, f.arrivals
    FROM spread_factor_rows AS f LEFT JOIN spread_people AS s ON s.person = f.source
    LEFT JOIN spread_people AS t ON t.person = f.target
    """


def _spread(build: Build) -> str:
    from lianyi.insight.ripples.learning.stating import chances, spread_of

    known = build.kept.pop(READ, None)
    if known is None:
        known = read(build)
    else:
        number_people(build)
    rows = build.engine.table("""
        SELECT f.kind, f.name, s.person AS source, t.person AS target, f.factor, f.low, f.high, f.shape, f.rate,
            f.prior, f.tried, f.arrivals
        FROM spread_factors AS f LEFT JOIN spread_people AS s ON s.person_id = f.source
        LEFT JOIN spread_people AS t ON t.person_id = f.target WHERE f.kind NOT IN ('unseen', 'open')
    """)
    found = spread_of(known, rows)
    chance, low, high = chances(known, found)
    arcs = known.arcs
    made = {"source": arcs.source, "target": arcs.target, "probability": chance, "low": np.minimum(low, chance),
            "high": np.maximum(high, chance), "tried": found.tried, "arrivals": found.credit,
            "tied": known.met}  # fmt: skip
    build.engine.register("spread_arc_rows", pa.table(made))
    build.make("spread_arcs", "SELECT * FROM spread_arc_rows")
    build.drop("spread_arc_rows")
    return """
    SELECT s.person_id AS source, t.person_id AS target, a.probability, a.low, a.high, a.tried, a.arrivals, a.tied
    FROM spread_arcs AS a JOIN spread_people AS s ON s.person = a.source JOIN spread_people AS t ON t.person = a.target
    """


def _checks(build: Build) -> str:
    from lianyi.insight.ripples.learning.checking import check_later

    known, early = build.kept.pop(EARLY, None) or (read(build), None)
    build.engine.register("spread_check_rows", check_later(known, later=LATER, parts=PARTS, early=early))
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
            en="base (the rate itself), delay (of log hours), contact, brought (before), circle, later and ago (unseen "
            "ties: contact that came later, how long ago), presence, own (things passed on unbidden), care (interest "
            "before any ripple), topic, incentive, sharer, receiver, interest (receiver and topic), tie; level, slope, "
            "misfit (mended on later ripples); per person: unseen (arrivals to be expected by ties that nobody sees), "
            "open (how readily somebody comes)",
            zh="种类：base 基准、delay 延迟、contact 互动、brought 曾带来、circle 交往圈、"
            "later 后来才有的互动与 ago 距今时长（未见关系）、presence 是否仍在、"
            "own 自发分享、care 已知兴趣、topic 话题、incentive 激励、sharer 分享者、receiver 接收者、"
            "interest 接收者×话题、tie 关系；level、slope、misfit 为按较晚波纹的修正；"
            "每人：unseen 经未见关系的预期到达数、"
            "open 到达意愿",
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
    rows_from=("arrivals", "ties"),
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
    rows_from=("arrivals",),
    inputs=INPUTS,
    key=("part",),
    order=("part",),
    columns={
        "part": Column(
            en="1 = least likely … 10 = most likely; 0 = along ties that nobody saw, whose chances are counts",
            zh="分组：1 最低 … 10 最高；0 = 经未见关系到达者（概率列为人数）",
        ),
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
