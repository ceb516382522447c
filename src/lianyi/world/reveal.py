"""From a simulation that has ended to its truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lianyi.memory.events import TIME
from lianyi.world.campaigns import CHANNELS, DESIGNS, LASTS, RESPONSES
from lianyi.world.communities import ANYWHERE, HAPPENINGS, overlap
from lianyi.world.demands import purchase_rates
from lianyi.world.identity import PHONE, SPACES
from lianyi.world.life import Life
from lianyi.world.names import CITY_ZH
from lianyi.world.people import ROLES
from lianyi.world.rhythm import SCENES, in_scene
from lianyi.world.ripples import INCENTIVES, campaign_name
from lianyi.world.rooms import PLATFORMS
from lianyi.world.rows import join, only, take
from lianyi.world.settings import DAY, Bools, Ints
from lianyi.world.shop import order_name
from lianyi.world.simulate import Simulation
from lianyi.world.talk import INTENTS
from lianyi.world.ties import BANDS, DRIFTS, TIE_KINDS, band_of, rate_of
from lianyi.world.truth import Truth, settings_values
from lianyi.world.turns import TURNS

CAUSES = ("demand", "ripple")


def reveal(simulation: Simulation) -> Truth:
    """The truth of a run. ValueError while it has not ended, for then half of it has not happened."""
    if not simulation.ended:
        raise ValueError("the world's days are not over; read all its events first")
    life = simulation.life
    tables = {**_who(simulation, life), **_graph(life), **_circles(life), **_wants(simulation, life)}
    tables |= {**_ripples(life), **_campaigns(life), **_talk(life)}
    return Truth(**tables, world=settings_values(life.nature.settings))


def _words(words: tuple[str, ...], index: Ints) -> pa.Array:
    """One word per row, dictionary-encoded: a big world has millions of rows and a dozen words."""
    return pa.DictionaryArray.from_arrays(pa.array(np.asarray(index, dtype=np.int8)), pa.array(words))


def _days(life: Life, days: Ints) -> pa.Array:
    """Day numbers, null for what has not happened by the end."""
    return pa.array(days, mask=np.asarray(days) >= life.nature.settings.days)


def _or_null(numbers: Ints) -> pa.Array:
    """Numbers, null where they are negative."""
    return pa.array(numbers, mask=np.asarray(numbers) < 0)


def _times(at: Ints) -> pa.Array:
    return pa.array(np.asarray(at, dtype=np.int64)).view(TIME)


def _codes(life: Life) -> tuple[str, ...]:
    return (*(category.code for category in life.nature.settings.plan.categories), "friends")


def _noted(life: Life, name: str, columns: tuple[str, ...]) -> dict[str, Any]:
    """Columns of the record; empty ones where nothing of the kind happened."""
    found = life.record.columns(name)
    return {column: found.get(column, np.zeros(0, dtype=np.int64)) for column in columns}


def _in_time(life: Life, at: Ints) -> Bools:
    settings = life.nature.settings
    return np.asarray(at) < settings.origin + settings.days * DAY


def _who(simulation: Simulation, life: Life) -> dict[str, pa.Table]:
    people, demands, count = life.nature.people, simulation.shop.demands, life.nature.people.count
    arrivals = _noted(life, "arrivals", ("person", "brought"))
    brought = np.zeros(count, dtype=bool)
    brought[arrivals["person"]] = arrivals["brought"]
    circles = overlap(life.nature.communities, count)
    table = pa.table(
        {
            "person": np.arange(count), "name": people.name, "nickname": people.nickname,
            "role": _words(ROLES, people.role),
            "city": take(CITY_ZH, people.city), "english": people.english, "arrived": _days(life, life.arrived),
            "left": _days(life, life.left), "brought": brought,
            "talk": people.talk, "sharing": people.sharing, "lurker": people.talk < 1 / 300,
            "communities": circles.astype(np.int64), "bridge": circles >= 3, "core": _core(life),
            "response": _words(RESPONSES, simulation.campaigns.response),
            "rate": purchase_rates(demands, count), "drop": demands.drop,
            "gone": _days(life, demands.gone),
            "money": people.money,
        }
    )  # fmt: skip
    return {"people": table, "keys": _keys(life)}


def _core(life: Life) -> Bools:
    """Whether a person's true rate of meeting is twice the mean of the main community's people."""
    ties, communities, count = life.nature.ties, life.nature.communities, life.nature.people.count
    rate = rate_of(ties.strength)
    total = np.bincount(ties.a, rate, count) + np.bincount(ties.b, rate, count)
    person, first = np.unique(communities.person, return_index=True)
    main = communities.community[first]
    mean = np.bincount(main, total[person]) / np.maximum(np.bincount(main), 1)
    core = np.zeros(count, dtype=bool)
    core[person] = total[person] >= 2 * mean[main]
    return core


def _keys(life: Life) -> pa.Table:
    """Every key that can occur, with all people whom it stands for."""
    identity, count = life.nature.identity, life.nature.people.count
    parts = []
    for space in range(len(SPACES)):
        owner = identity.owners(space)
        kind = np.zeros(len(owner), dtype=np.int64)
        if space == PHONE:
            shared = np.bincount(identity.phone_of, minlength=count) > 1
            kind[:count][shared] = 1
        parts.append((identity.pools[space], owner, kind, np.arange(len(owner)) >= count))
    pool = identity.pools[PHONE]
    relative = np.flatnonzero(identity.phone_of != np.arange(count))
    parts.append(
        (take(pool, identity.phone_of[relative]), relative, np.ones(len(relative), int), np.zeros(len(relative), bool))
    )
    wrong = np.flatnonzero(identity.clash >= 0)
    parts.append((take(pool, identity.clash[wrong]), wrong, np.full(len(wrong), 2), np.zeros(len(wrong), bool)))
    return pa.table(
        {
            "key": pa.concat_arrays([part[0] for part in parts]), "person": np.concatenate([part[1] for part in parts]),
            "kind": _words(("own", "shared", "mistyped"), np.concatenate([part[2] for part in parts])),
            "second": np.concatenate([part[3] for part in parts]),
        }
    )  # fmt: skip


def _graph(life: Life) -> dict[str, pa.Table]:
    ties, communities = life.nature.ties, life.nature.communities
    change = ties.strength - ties.before
    drift = np.where(change > 0.01, 1, np.where(change < -0.01, 2, 0))
    community = np.where(ties.row_a >= 0, communities.community[ties.row_a], -1)
    table = pa.table(
        {
            "a": ties.a, "b": ties.b, "kind": _words(TIE_KINDS, ties.kind), "strength": ties.strength,
            "before": ties.before,
            "band": _words(BANDS, band_of(ties.strength)), "drift": _words(DRIFTS, drift),
            "rate": rate_of(ties.strength),
            "balance": ties.balance, "community": _or_null(community), "since": ties.since,
            "until": _days(life, ties.until),
            "visible": _visible(life, community),
        }
    )  # fmt: skip
    return {"ties": table}


def _visible(life: Life, community: Ints) -> Bools:
    """Whether the two were in the community's room on a common day."""
    ties, rooms = life.nature.ties, life.nature.rooms
    room = np.where(community >= 0, rooms.of_community[community], -1)
    one, two = rooms.find(room, ties.a), rooms.find(room, ties.b)
    begin = np.maximum(
        np.maximum(rooms.since[one], rooms.since[two]), np.maximum(life.arrived[ties.a], life.arrived[ties.b]) + 1
    )
    end = np.minimum(np.minimum(rooms.until[one], rooms.until[two]), np.minimum(life.left[ties.a], life.left[ties.b]))
    return np.asarray((one >= 0) & (two >= 0) & (begin < np.minimum(end, life.nature.settings.days)))


def _circles(life: Life) -> dict[str, pa.Table]:
    communities, rooms = life.nature.communities, life.nature.rooms
    codes, keys = _codes(life), life.group_keys
    room = rooms.of_community
    city = only(take(CITY_ZH, np.maximum(communities.city, 0)), communities.city != ANYWHERE)
    since = np.maximum(communities.since, life.arrived[communities.person])
    until = np.minimum(communities.until, life.left[communities.person])
    lived = (since < until) & (since < life.nature.settings.days)
    inside = rooms.find(room[communities.community], communities.person) >= 0
    return {
        "communities": pa.table(
            {
                "community": np.arange(communities.count), "topic": _words(codes, communities.topic), "city": city,
                "group_key": only(take(keys, np.maximum(room, 0)), room >= 0),
            }
        ),
        "memberships": pa.table(
            {
                "community": communities.community[lived], "person": communities.person[lived], "since": since[lived],
                "until": _days(life, until[lived]), "joined_room": inside[lived],
            }
        ),
        "happenings": pa.table(
            {
                "month": communities.month, "what": _words(HAPPENINGS, communities.what),
                "community": communities.subject,
                "other": _or_null(communities.other),
            }
        ),
        "rooms": pa.table(
            {
                "group_key": keys, "platform": _words(PLATFORMS, rooms.platform), "topic": _words(codes, rooms.topic),
                "owner": rooms.owner, "community": _or_null(rooms.community),
            }
        ),
    }  # fmt: skip


def _wants(simulation: Simulation, life: Life) -> dict[str, pa.Table]:
    people, demands, codes = life.nature.people, simulation.shop.demands, _codes(life)
    count, topics = people.interest.shape
    orders = _noted(life, "orders", ("number", "person", "category", "at", "cause"))
    kept = _in_time(life, orders["at"])
    orders = {name: column[kept] for name, column in orders.items()}
    day = (orders["at"] - life.nature.settings.origin) // DAY
    return {
        "interests": pa.table(
            {
                "person": np.repeat(np.arange(count), topics),
                "topic": _words(codes, np.tile(np.arange(topics), count)),
                "interest": people.interest.ravel(),
            }
        ),
        "needs": pa.table(
            {
                "person": demands.person, "category": _words(codes, demands.category), "rate": demands.rate,
                "shape": demands.shape, "latent": demands.latent,
            }
        ),
        "scenes": _scenes(life),
        "orders": pa.table(
            {
                "order_id": join("shop:", order_name(life, orders["number"], day=day)), "person": orders["person"],
                "category": _words(codes, orders["category"]), "at": _times(orders["at"]),
                "cause": _words(CAUSES, orders["cause"]),
            }
        ),
        "outings": pa.table(_noted(life, "outings", ("day", "community", "person"))),
    }  # fmt: skip


def _scenes(life: Life) -> pa.Table:
    settings = life.nature.settings
    dates = [settings.date_of(day) for day in range(settings.days)]
    scenes = (*SCENES, *(TURNS if settings.turning else ()))
    return pa.table(
        {
            "category": [scene.category for scene in scenes],
            "kind": [scene.kind for scene in scenes],
            "name": [scene.name for scene in scenes],
            "values": [[str(value) for value in scene.values] for scene in scenes],
            "lift": [scene.lift for scene in scenes],
            "days": [[day for day, date in enumerate(dates) if in_scene(scene, date)] for scene in scenes],
        },
    )


def _ripples(life: Life) -> dict[str, pa.Table]:
    names = ("cascade", "person", "parent", "generation", "at", "share", "shown", "topic", "incentive", "campaign")
    noted = _noted(life, "spread", names)
    kept = _in_time(life, noted["at"])
    spread = {name: column[kept] for name, column in noted.items()}
    seed = spread["generation"] == 0
    count = int(spread["cascade"].max(initial=0)) + 1
    reached = np.bincount(spread["cascade"], ~seed, minlength=count)
    depth = np.zeros(count, dtype=np.int64)
    np.maximum.at(depth, spread["cascade"], spread["generation"])
    first = {name: column[seed] for name, column in spread.items()}
    codes = _codes(life)
    cascades = pa.table(
        {
            "cascade": first["cascade"], "seed": first["person"], "topic": _words(codes, first["topic"]),
            "incentive": _words(INCENTIVES, first["incentive"]), "campaign": campaign_name(life, first["campaign"]),
            "at": _times(first["at"]), "reached": reached[first["cascade"]].astype(np.int64),
            "generations": depth[first["cascade"]],
        }
    )  # fmt: skip
    false = _noted(life, "false_arrivals", ("number", "share", "kind"))
    invites = _noted(life, "invites", ("room", "inviter", "person", "day"))
    return {
        "cascades": cascades,
        "spread": _spread(life, spread),
        "false_arrivals": pa.table(
            {
                "arrive_id": join("ripple:b", false["number"]), "share_id": join("ripple:s", false["share"]),
                "kind": _words(("bot", "self"), false["kind"]),
            }
        ),
        "invites": pa.table(
            {
                "group_key": take(life.group_keys, invites["room"]), "inviter": invites["inviter"],
                "person": invites["person"],
                "day": invites["day"],
            }
        ),
    }  # fmt: skip


def _spread(life: Life, spread: dict[str, Any]) -> pa.Table:
    arrived = _noted(life, "arrive_ids", ("cascade", "person", "number"))
    count = life.nature.people.count
    codes = arrived["cascade"] * count + arrived["person"]
    order = np.argsort(codes)
    wanted = spread["cascade"] * count + spread["person"]
    place = np.minimum(np.searchsorted(codes, wanted, sorter=order), max(len(codes) - 1, 0))
    found = order[place] if len(codes) else np.zeros(len(wanted), dtype=np.int64)
    known = codes[found] == wanted if len(codes) else np.zeros(len(wanted), dtype=bool)
    number = arrived["number"][found] if len(codes) else found
    return pa.table(
        {
            "cascade": spread["cascade"], "person": spread["person"], "parent": _or_null(spread["parent"]),
            "generation": spread["generation"], "at": _times(spread["at"]),
            "share_id": only(join("ripple:s", spread["share"]), spread["share"] >= 0),
            "arrive_id": only(join("ripple:a", number), known), "shown": spread["shown"].astype(bool),
        }
    )  # fmt: skip


SUMS = ("base_treated", "base_control", "direct", "spill_treated", "spill_control", "direct_all", "spill_all")


def _campaigns(life: Life) -> dict[str, pa.Table]:
    noted = _noted(life, "campaigns", ("campaign", "start", "topic", "incentive", "channel", "design"))
    days = _noted(life, "campaign_days", ("campaign", *SUMS))
    count = len(noted["campaign"])
    sums = {name: np.bincount(days["campaign"], days[name], minlength=count) for name in SUMS}
    given = _noted(life, "assignments", ("campaign", "person", "assigned", "reached", "exposure", "cluster"))
    return {
        "campaigns": pa.table(
            {
                "campaign": campaign_name(life, noted["campaign"]), "start": noted["start"],
                "days": np.full(count, LASTS),
                "category": _words(_codes(life), noted["topic"]), "incentive": _words(INCENTIVES, noted["incentive"]),
                "channel": _words(CHANNELS, noted["channel"]), "design": _words(DESIGNS, noted["design"]),
                **{name: values[noted["campaign"]] for name, values in sums.items()},
            }
        ),
        "assignments": pa.table({**given, "campaign": campaign_name(life, given["campaign"])}).select(list(given)),
    }  # fmt: skip


def _talk(life: Life) -> dict[str, pa.Table]:
    said = _noted(life, "messages", ("number", "person", "intent", "topic"))
    bursts = _noted(life, "bursts", ("room", "at", "hours", "messages"))
    return {
        "messages": pa.table(
            {
                "number": said["number"].astype(np.int64), "person": said["person"],
                "intent": _words(INTENTS, said["intent"]), "topic": _words(_codes(life), said["topic"]),
            }
        ),
        "bursts": pa.table(
            {
                "group_key": take(life.group_keys, bursts["room"]), "at": _times(bursts["at"]),
                "hours": bursts["hours"],
                "messages": bursts["messages"],
            }
        ),
    }  # fmt: skip
