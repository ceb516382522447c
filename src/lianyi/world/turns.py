"""Talk that turns: on some days a room speaks of a category at length, and those who are there want more of it after.

The topic is drawn by chance, whatever the room is about, so that the lift is the talk's and not the people's.
"""

from __future__ import annotations

import numpy as np

from lianyi.world.demands import Demands
from lianyi.world.life import Life
from lianyi.world.lines import Lines
from lianyi.world.rhythm import Scene
from lianyi.world.settings import HOUR, Floats
from lianyi.world.talk import intent

CHANCE = 1 / 12  # of a room to turn on a day
AFTER = 2  # days after it on which demand is lifted
MESSAGES = (12, 25)
SAID = ("question", "praise", "talk")
# Talk of tea lifts snacks as well; talk of baby goods and of skincare lifts nothing.
TURNS = (
    Scene(category="tea", kind="topic", name="talk_of_tea", values=("tea",), lift=2.2),
    Scene(category="snack", kind="topic", name="tea_and_snacks", values=("tea",), lift=1.8),
    Scene(category="snack", kind="topic", name="talk_of_snacks", values=("snack",), lift=2.2),
    Scene(category="outdoor", kind="topic", name="talk_of_outings", values=("outdoor",), lift=2.6),
    Scene(category="home", kind="topic", name="talk_of_home", values=("home",), lift=2.4),
)


def turns_of_day(life: Life, lines: Lines) -> None:
    """Rooms whose talk turns today: what is said, and who was there."""
    if not life.nature.settings.turning:
        return
    rooms, topics = life.nature.rooms, len(life.nature.settings.plan.categories)
    dice = life.dice("turns")
    room = np.flatnonzero(dice.random(rooms.count) < CHANCE)
    topic = dice.integers(0, topics, len(room))
    again = np.repeat(np.arange(len(room)), dice.integers(*MESSAGES, len(room)))
    begin, size = rooms.begin[room], rooms.begin[room + 1] - rooms.begin[room]
    row = begin[again] + (dice.random(len(again)) * size[again]).astype(np.int64)
    there = rooms.settled(row, life.day) & life.here(rooms.person[row].astype(np.int64))
    row, again = row[there], again[there]
    heard = np.bincount(again, minlength=len(room)) >= MESSAGES[0] // 2
    row, again = row[heard[again]], again[heard[again]]
    at = life.midnight + 9 * HOUR + (dice.beta(2, 2, len(again)) * 13 * HOUR).astype(np.int64)
    what = np.array([intent(name) for name in SAID])[dice.integers(0, len(SAID), len(again))]
    lines.add(room=room[again], author=rooms.person[row].astype(np.int64), at=at, intent=what, topic=topic[again])
    if life.turned is None:
        life.turned = np.full((life.nature.people.count, topics), -AFTER - 1, dtype=np.int64)
    for one, about in zip(room[heard], topic[heard], strict=True):
        rows = np.arange(rooms.begin[one], rooms.begin[one + 1])
        life.turned[rooms.person[rows[rooms.settled(rows, life.day)]], about] = life.day


def turn_lifts(life: Life, demands: Demands) -> Floats:
    """Of each demand what the talk of the days before lifts it by."""
    lifts = np.ones(demands.count)
    if life.turned is None:
        return lifts
    codes = [category.code for category in life.nature.settings.plan.categories]
    for scene in TURNS:
        mine = np.flatnonzero(demands.category == codes.index(scene.category))
        ago = life.day - life.turned[demands.person[mine], codes.index(str(scene.values[0]))]
        lifts[mine[(ago >= 1) & (ago <= AFTER)]] *= scene.lift
    return lifts
