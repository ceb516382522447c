"""Laws of share trees: what each kind of evidence means, on logs small enough to read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.insight.log import AS_OF, Log

START = AS_OF - timedelta(days=60)


class Story(Log):
    """A log in which people share and come, told by hours after its start."""

    def share(self, who: str, hour: float, thing: str | None = "item:1", **fields: Any) -> str:
        """Somebody shares a thing; the event's id."""
        moment = START + timedelta(hours=hour)
        return self.add("share", f"user:{who}", moment, object_key=thing, **fields).id

    def come(
        self, who: str, hour: float, through: str | None = None, thing: str | None = "item:1", **fields: Any
    ) -> str:
        """Somebody comes through a share (or nobody knows through which)."""
        moment = START + timedelta(hours=hour)
        return self.add("arrive", f"user:{who}", moment, parent_id=through, object_key=thing, **fields).id

    def arrivals(self) -> dict[str, dict[str, Any]]:
        """Rows by person; only for stories in which each person is in one ripple."""
        rows = self.build("arrivals")["arrivals"]
        found = {row["person_id"]: row for row in rows}
        assert len(found) == len(rows)
        return found


def ways(rows: dict[str, dict[str, Any]]) -> dict[str, tuple[str | None, int, str]]:
    """person -> parent, generation, how."""
    return {who: (row["parent_person_id"], row["generation"], row["how"]) for who, row in rows.items()}


def test_a_chain_over_days() -> None:
    story = Story()
    first = story.share("a", 0)
    story.come("b", 30, first)
    second = story.share("b", 200)
    story.come("c", 520, second)  # 13 days later
    rows = story.arrivals()
    assert ways(rows) == {"pa": (None, 0, "seed"), "pb": ("pa", 1, "code"), "pc": ("pb", 2, "code")}
    assert len({row["ripple_id"] for row in rows.values()}) == 1
    assert rows["pc"]["parent_event_id"] == second
    assert rows["pc"]["seed_person_id"] == "pa"
    assert rows["pb"]["delay_hours"] == 30


def test_the_order_in_which_the_log_was_told_does_not_matter() -> None:
    forward, backward = Story(), Story()
    first = forward.share("a", 0)
    forward.come("b", 1, first)
    forward.come("c", 2, forward.share("b", 1.5))
    backward.events = list(reversed(forward.events))
    assert forward.build("arrivals") == backward.build("arrivals")


def test_the_first_exact_sharer_counts_and_others_are_kept() -> None:
    story = Story()
    one, other = story.share("a", 0, campaign="spring"), story.share("b", 1, campaign="spring")
    story.come("c", 3, other, campaign="spring")
    story.come("c", 5, one, campaign="spring")
    row = story.arrivals()["pc"]
    assert (row["parent_person_id"], row["further"], row["also_from"]) == ("pb", 1, ["pa"])


def test_who_shared_before_coming_is_a_seed() -> None:
    story = Story()
    story.share("b", 0, campaign="spring")
    story.come("b", 9, story.share("a", 1, campaign="spring"), campaign="spring")
    assert ways(story.arrivals()) == {"pa": (None, 0, "seed"), "pb": (None, 0, "seed")}


def test_a_circle_begins_with_its_earliest() -> None:
    story = Story()
    first = story.share("a", 0)
    story.come("b", 1, first)
    story.come("a", 3, story.share("b", 2))
    rows = story.arrivals()
    assert ways(rows) == {"pa": (None, 0, "seed"), "pb": ("pa", 1, "code")}
    assert rows["pa"]["also_from"] == ["pb"]
    assert rows["pb"]["flags"] == ["ring"]  # both came only through each other
    assert rows["pa"]["flags"] == []


def test_a_circle_that_somebody_from_outside_entered_is_no_ring() -> None:
    story = Story()
    first = story.share("z", 0)
    story.come("a", 1, first)
    story.come("b", 2, story.share("a", 1.5))
    story.come("a", 4, story.share("b", 3))
    assert all(row["flags"] == [] for row in story.arrivals().values())


def test_clocks_that_differ_a_little_do_not_break_a_chain() -> None:
    story = Story()
    story.share("b", 1 - 1 / 60)  # a minute before the arrival that made it possible
    story.come("b", 1, story.share("a", 0))
    assert ways(story.arrivals())["pb"] == ("pa", 1, "code")


def test_an_arrival_whose_share_is_not_in_the_log_knows_its_sharer() -> None:
    story = Story()
    story.come("b", 5, "elsewhere:9", target="user:a")
    rows = story.arrivals()
    assert ways(rows) == {"pa": (None, 0, "seed"), "pb": ("pa", 1, "code")}
    assert rows["pa"]["shares"] == 0


def test_nobody_knows_who_brought_whom() -> None:
    story = Story()
    story.come("b", 5)
    row = story.arrivals()["pb"]
    assert (row["how"], row["probability"], row["generation"]) == ("unknown", None, 0)


def test_ones_own_link_is_no_arrival() -> None:
    story = Story({"anon:a2": "pa"})
    first = story.share("a", 0)
    story.add("arrive", "anon:a2", START + timedelta(hours=1), parent_id=first, object_key="item:1")
    rows = story.arrivals()
    assert ways(rows) == {"pa": (None, 0, "seed")}
    assert (rows["pa"]["self_opened"], rows["pa"]["also_from"]) == (1, [])


def test_contents_begin_anew_after_a_pause_and_campaigns_do_not() -> None:
    for campaign, ripples in ((None, 2), ("spring", 1)):
        story = Story()
        story.come("b", 1, story.share("a", 0, campaign=campaign), campaign=campaign)
        story.come("c", 801, story.share("a", 800, campaign=campaign), campaign=campaign)
        rows = story.build("arrivals")["arrivals"]
        assert len({row["ripple_id"] for row in rows}) == ripples


def test_who_comes_back_to_the_same_ripple_after_a_pause_is_counted_once() -> None:
    story = Story()
    story.come("b", 300, story.share("a", 0))
    story.come("c", 500, story.share("b", 301))
    story.come("b", 700, story.share("c", 699))  # 16 days after b's last act
    story.come("d", 702, story.share("b", 701))
    assert ways(story.arrivals()) == {
        "pa": (None, 0, "seed"), "pb": ("pa", 1, "code"), "pc": ("pb", 2, "code"), "pd": ("pb", 2, "code"),
    }  # fmt: skip


def test_an_invitation_line_is_an_arrival_in_the_ripple_of_the_room() -> None:
    story = Story()
    for by, who, hour in (("a", "b", 1), ("b", "c", 900)):
        story.add("invite", f"user:{by}", START + timedelta(hours=hour), target=f"user:{who}", group_key="wecom:g1")
    assert ways(story.arrivals()) == {"pa": (None, 0, "seed"), "pb": ("pa", 1, "line"), "pc": ("pb", 2, "line")}


def test_a_share_to_somebody_is_an_arrival_only_where_arrivals_are_not_told() -> None:
    story = Story()
    story.share("a", 0, target="user:b")
    story.share("b", 1, target="user:c")
    assert ways(story.arrivals()) == {"pa": (None, 0, "seed"), "pb": ("pa", 1, "line"), "pc": ("pb", 2, "line")}
    told = Story()
    told.come("b", 2, told.share("a", 0, target="user:b"))
    told.share("b", 3, target="user:c")  # nobody says that c came
    assert ways(told.arrivals()) == {"pa": (None, 0, "seed"), "pb": ("pa", 1, "code")}


def test_scanners_are_set_apart_and_people_who_are_quick_are_not() -> None:
    story = Story()
    first = story.share("a", 0)
    story.come("scanner", 3 / 3600, first)
    story.come("named", 5, first, props={"agent": "SomeBot/2.0"})
    story.come("quick", 3 / 3600, first)
    story.add("view", "user:quick", START + timedelta(hours=1))
    flags = {who: row["flags"] for who, row in story.arrivals().items()}
    assert flags == {"pa": [], "pscanner": ["bot"], "pnamed": ["bot"], "pquick": []}


def test_a_crowd_without_any_other_life_in_one_minute_is_a_burst() -> None:
    story = Story()
    first = story.share("a", 0)
    for number in range(25):
        story.come(f"x{number:02}", 1 + number / 3600, first)
        story.come(f"y{number:02}", 2 + number / 30, first)  # one in two minutes
    rows = story.arrivals()
    assert {who for who, row in rows.items() if row["flags"] == ["burst"]} == {f"px{number:02}" for number in range(25)}


def test_an_order_counts_once_net_of_refunds_for_the_ripple_that_brought_its_buyer() -> None:
    story = Story()
    story.come("b", 1, story.share("a", 0, "item:1"), "item:1")
    story.come("b", 5, story.share("c", 0, "item:2"), "item:2")
    story.come("b", 3, story.share("d", 0, "item:3", campaign="spring"), "item:3", campaign="spring")
    day = START + timedelta(hours=24)
    story.add("order", "user:b", day, parent_id="o1", value="30")
    story.add("refund", "user:b", day, parent_id="o1", value="10")
    story.add("order", "user:b", day, parent_id="o2", value="7", campaign="spring")
    story.add("order", "user:b", day + timedelta(days=30), parent_id="o3", value="99")
    story.add("order", "user:a", day, parent_id="o4", value="5")  # a seed came by himself
    rows = [row for row in story.build("arrivals")["arrivals"] if row["person_id"] == "pb"]
    money = {row["parent_person_id"]: (row["orders"], row["revenue"]) for row in rows}
    assert {who: (orders, net and float(net)) for who, (orders, net) in money.items()} == {
        "pa": (0, None), "pc": (1, 20.0), "pd": (1, 7.0),
    }  # fmt: skip


def test_a_close_friend_who_shared_lately_is_the_likely_sharer() -> None:
    story = Story()
    story.share("far", 0)
    story.share("friend", 1)
    for day in range(5):
        story.add("reply", "user:b", START - timedelta(days=day), target="user:friend")
    story.come("b", 3)
    row = {row["person_id"]: row for row in story.build("arrivals")["arrivals"]}["pb"]
    assert (row["how"], row["parent_person_id"]) == ("estimate", "pfriend")
    assert 0.5 < row["probability"] < 1
