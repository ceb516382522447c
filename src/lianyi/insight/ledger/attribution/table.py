"""Table `attributions`: the same orders divided by each model; each model's parts sum to the same whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.insight.ledger.attribution import paths, sharers
from lianyi.insight.ledger.attribution.models import (
    MARKOV,
    MODELS,
    Chain,
    Floats,
    Ints,
    Touches,
    distributed,
    removal,
    weights,
)
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table, of_kinds

CHANNEL, CAMPAIGN, SHARER = "channel", "campaign", "sharer"
BY = (CHANNEL, CAMPAIGN, SHARER)
PLACES = 10_000  # amounts have four places
# Beyond so many players the Markov chain is left out: removing each one costs a solution of all.
MOST_STATES = 200

SCHEMA = pa.schema(
    [("dimension", pa.string()), ("model", pa.string()), ("member", pa.string()), ("share", pa.float64()),
     ("orders", pa.float64()), ("amount", pa.decimal128(38, 4)), ("touched", pa.int64())]
)  # fmt: skip


def divided(dimension: str, touches: Touches, net: Ints, names: Sequence[str], chain: Chain | None) -> pa.Table:
    """One row = one model × member. net: value of each path's order in ten-thousandths."""
    total = int(net.sum())
    touched = _touched(touches, len(names))
    rows: list[dict[str, Any]] = []
    orders: Floats
    value: Floats
    for model in MODELS if touches.paths else ():
        if model == MARKOV:
            if chain is None:
                continue
            share = removal(chain)
            if not share.sum() > 0:
                continue
            orders, value = share * touches.paths, share
        else:
            each = weights(model, touches)
            orders = _summed(touches, each, len(names))
            value = _summed(touches, each * net[touches.path], len(names))
        amounts = _exact(total, value, orders)
        rows += [
            {"dimension": dimension, "model": model, "member": name, "share": float(orders[place]) / touches.paths,
             "orders": float(orders[place]), "amount": Decimal(amounts[place]) / PLACES, "touched": touched[place]}
            for place, name in enumerate(names)
        ]  # fmt: skip
    return pa.Table.from_pylist(rows, SCHEMA)


def _summed(touches: Touches, weights: Floats, count: int) -> Floats:
    return np.bincount(touches.player, weights=weights, minlength=count).astype(np.float64)


def _exact(total: int, value: Floats, orders: Floats) -> list[int]:
    """The total in proportion to the values; where refunds ate all of it, or more than all, what is left in
    proportion to the orders, so that no part has another sign than the whole."""
    return distributed(total, value if (value >= 0).all() and value.sum() > 0 else orders)


def _touched(touches: Touches, count: int) -> list[int]:
    """Of each player: on how many paths it is."""
    pairs = np.unique(touches.path * max(count, 1) + touches.player)
    found: list[int] = np.bincount(pairs % max(count, 1), minlength=count).tolist()
    return found


def chain_of(steps: pa.Table, count: int) -> Chain:
    """The chain of rows of `paths.steps`."""
    made = Chain(start=np.zeros(count), steps=np.zeros((count, count)), order=np.zeros(count), nothing=np.zeros(count))
    columns = (steps[name].to_pylist() for name in ("before", "player", "bought", "times"))
    for before, player, bought, times in zip(*columns, strict=True):
        if player is None:
            (made.order if bought else made.nothing)[before] += float(times)
        elif before is None:
            made.start[player] += float(times)
        else:
            made.steps[before, player] += float(times)
    return made


def _of_touches(build: Build, dimension: str, net: Mapping[int, int]) -> pa.Table:
    build.make("attribution_players", paths.players(dimension))
    names = build.engine.table("SELECT player FROM attribution_players ORDER BY place")["player"].to_pylist()
    rows = build.engine.table(paths.on_paths(dimension))
    numbers, path = np.unique(rows["number"].to_numpy(), return_inverse=True)
    touches = Touches(
        path=path.astype(np.int64), player=rows["player"].to_numpy().astype(np.int64),
        age=rows["age"].to_numpy().astype(np.float64),
    )  # fmt: skip
    few = len(names) <= MOST_STATES
    chain = chain_of(build.engine.table(paths.steps(dimension)), len(names)) if few else None
    return divided(dimension, touches, _values(net, numbers), names, chain)


def _of_sharers(build: Build, net: Mapping[int, int]) -> pa.Table:
    orders = build.engine.table(paths.chains())
    arrivals = build.engine.table(
        "SELECT ripple_id, person_id, parent_person_id FROM arrivals WHERE ripple_id IN (SELECT ripple FROM entries "
        "WHERE account = 'revenue.order')"
    )
    touches, numbers, people = sharers.touches_of(orders, arrivals)
    return divided(SHARER, touches, _values(net, numbers), people, None)


def _values(net: Mapping[int, int], numbers: Ints) -> Ints:
    return np.array([net[int(number)] for number in numbers], dtype=np.int64)


def _build(build: Build) -> str:
    scope = Scope.of(build)
    build.make("attribution_orders", paths.orders(scope))
    build.make("attribution_touches", paths.touches(scope))
    build.make("attribution_led", paths.led())
    build.drop("attribution_touches")
    found = build.engine.table(
        f"SELECT number, CAST(coalesce(net, 0) * {PLACES} AS BIGINT) AS net FROM attribution_orders"
    )
    net = dict(zip(found["number"].to_pylist(), found["net"].to_pylist(), strict=True))
    parts = [_of_touches(build, dimension, net) for dimension in (CHANNEL, CAMPAIGN)] + [_of_sharers(build, net)]
    build.engine.register("attributions_made", pa.concat_tables(parts))
    return "SELECT * FROM attributions_made"


TABLE = Table(
    name="attributions",
    en="One row = one model × channel, campaign or sharer: its part of the orders whose buyers had been touched.",
    zh="每行 = 一个归因模型 × 渠道、活动或分享者：其分得的已触达买家订单份额。",
    inputs=(EVENTS, "keys", "entries", "arrivals"),
    rows_from=("arrivals", *of_kinds("sent", "arrive")),
    key=("dimension", "model", "member"),
    order=("dimension", "model", "member"),
    columns={
        "dimension": Column(en="channel, campaign or sharer", zh="维度：渠道、活动或分享者"),
        "model": Column(en=", ".join(MODELS), zh="归因模型"),
        "member": Column(en="one of it; empty text: named no campaign", zh="维度成员；空文本为未注明活动"),
        "share": Column(en="its part of the orders; over all members 1", zh="订单份额，各成员合计为 1"),
        "orders": Column(en="the same in orders", zh="折合订单数"),
        "amount": Column(
            en="its part of their value net of refunds, in the brand's currency; the same sum in each model",
            zh="分得的净额（品牌币种）；各模型合计相同",
            unit="money",
        ),
        "touched": Column(en="orders on whose path it is", zh="路径中含有它的订单数"),
    },
    build=_build,
)
