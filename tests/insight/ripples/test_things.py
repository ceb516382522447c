"""Things that are passed on are called by their latest title."""

from __future__ import annotations

from datetime import timedelta

from tests.insight.log import AS_OF, Log


def test_a_thing_has_the_title_of_its_latest_event_and_only_if_it_was_passed_on() -> None:
    log = Log()
    for key in ("item:tea", "item:bare", "item:empty"):
        share = log.add("share", "user:a", AS_OF - timedelta(days=9), object_key=key)
        log.add("arrive", "user:b", AS_OF - timedelta(days=8), parent_id=share.id, object_key=key)
    for days, title in ((7, "Green tea"), (5, "Green tea, spring"), (-0.5, "of later today")):
        log.add("view", "user:a", AS_OF - timedelta(days=days), object_key="item:tea", props={"title": title})
    log.add("view", "user:a", AS_OF - timedelta(days=1), object_key="item:empty", props={"title": " "})
    log.add("order", "user:b", AS_OF - timedelta(days=2), object_key="item:cup", props={"title": "Cup"})
    rows = log.build("things")["things"]
    assert [(row["object_key"], row["title"]) for row in rows] == [("item:tea", "Green tea, spring")]
