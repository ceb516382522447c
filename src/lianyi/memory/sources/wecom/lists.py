"""Answers of WeCom's lists (customers of colleagues, customer groups) as the events that are missing from the log.

A list that was read at `now` has the last word on everything older. What the log learned within SETTLE before `now`
is left alone: WeCom's lists lag behind the phone, and the next comparison looks again. Ids are made of the fact and its
time, so that the same list compared twice, or by two processes, is the same events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lianyi.memory.events import Event
from lianyi.memory.identify import identify_events
from lianyi.memory.sources.callbacks.calls import tidy
from lianyi.memory.sources.callbacks.wecom import CHANNEL, SOURCE, member_key
from lianyi.memory.sources.wecom.known import Known, Last

SETTLE = timedelta(minutes=2)
# A callback's clock and a list's may differ by so much about the same thing.
SAME = timedelta(seconds=2)
TICK = timedelta(milliseconds=1)


@dataclass(kw_only=True)
class Comparison:
    """One run. now: when it began, whole seconds. known is kept up with what is made. counted: events by what they
    mend; `doubtful`: facts left for the next run; `unnamed`: tags that the corporation's list does not name."""

    corp: str
    now: datetime
    known: Known
    made: list[Event] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    _pair_tags: dict[tuple[str, str], list[str]] | None = field(default=None, init=False)

    def taken(self) -> list[Event]:
        """What was made since it was asked last."""
        made, self.made = self.made, []
        return made

    # --- customers ----------------------------------------------------------------------------------------------

    def contacts(self, listed: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> set[tuple[str, str]]:
        """Entries of externalcontact/batch/get_by_user; returns the (customer, colleague) pairs they are about. names:
        of the corporation's tags by id."""
        seen = set()
        for one in listed:
            contact, info = one["external_contact"], one["follow_info"]
            customer, colleague = f"wecom:{contact['external_userid']}", f"wecom_user:{info['userid']}"
            seen.add((customer, colleague))
            self._person(customer, contact)
            props = {"state": info.get("state", ""), "add_way": info.get("add_way"), "from": "list"}
            self._present(
                self.known.pairs, (customer, colleague), "follow", since=_moment(info.get("createtime"), self.now),
                actor_key=customer, target_key=colleague, props=tidy(props),
            )  # fmt: skip
            self._tags(customer, colleague, info.get("tag_id") or (), names)
        return seen

    def no_contacts(self, colleagues: Iterable[str], seen: set[tuple[str, str]]) -> None:
        """The whole lists of these colleagues were read: who is not among `seen` is no contact of theirs any more."""
        theirs = {f"wecom_user:{one}" for one in colleagues}
        for customer, colleague in [pair for pair in self.known.pairs if pair[1] in theirs and pair not in seen]:
            gone = self._absent(
                self.known.pairs, (customer, colleague), "unfollow", actor_key=customer, target_key=colleague,
                props={"from": "list"},
            )  # fmt: skip
            if gone:
                self._tags(customer, colleague, (), {})

    def _person(self, customer: str, contact: Mapping[str, Any]) -> None:
        said = {name: contact.get(name) for name in ("name", "position", "avatar", "unionid")}
        said["company"] = contact.get("corp_full_name") or contact.get("corp_name")
        said["gender"] = {1: "male", 2: "female"}.get(contact.get("gender") or 0)
        self._identify(customer, tidy(said))

    def _identify(self, key: str, traits: Mapping[str, Any]) -> None:
        made = identify_events(
            id=self._id("who", key, self.now), at=self.now, source=SOURCE, actor_key=key, traits=traits,
            channel=CHANNEL, verified={"unionid"},
        )  # fmt: skip
        flat = dict(made[0].props or {})
        if traits and self.known.people.get(key) != flat:
            self.known.people[key] = flat
            self.made += made
            self.counted["people"] += 1

    def _tags(self, customer: str, colleague: str, listed: Iterable[str], names: Mapping[str, str]) -> None:
        held = {f"wecom_tag:{one}": names[one] for one in listed if one in names}
        self.counted["unnamed"] += sum(one not in names for one in listed)
        before = self._of_pair.get((customer, colleague), ())
        for tag, name in held.items():
            place = (customer, colleague, tag)
            last = self.known.tags.get(place)
            if last is None or not last.holds:
                self._set_tag(place, name, at=self.now, remove=False)
        for tag in before:
            place = (customer, colleague, tag)
            if tag not in held and self.known.tags[place].holds:
                self._set_tag(place, self.known.names[tag], at=self.now, remove=True)

    @property
    def _of_pair(self) -> Mapping[tuple[str, str], list[str]]:
        if self._pair_tags is None:
            self._pair_tags = {}
            for customer, colleague, tag in self.known.tags:
                self._pair_tags.setdefault((customer, colleague), []).append(tag)
        return self._pair_tags

    def _set_tag(self, place: tuple[str, str, str], name: str, *, at: datetime, remove: bool) -> None:
        customer, colleague, tag = place
        self._event("untag" if remove else "tag", "/".join(place), at, kind="tag", actor_key=colleague,
                    target_key=customer, object_key=tag,
                    props={"tag": name, **({"remove": True} if remove else {}), "from": "list"})  # fmt: skip
        self.known.tags[place] = Last(not remove, at)
        self.known.names[tag] = name
        self.counted["tags"] += 1

    def restate_tags(self) -> None:
        """A tag belongs to a colleague and a customer together. Where one colleague took it off and another still
        holds it, the customer still has it: say so once more, a moment later."""
        last: dict[tuple[str, str], tuple[datetime, bool]] = {}
        holders: dict[tuple[str, str], tuple[str, str, str]] = {}
        for place, said in self.known.tags.items():
            whose = (place[0], place[2])
            last[whose] = max(last.get(whose, (said.at, said.holds)), (said.at, said.holds))
            if said.holds:
                holders[whose] = max(holders.get(whose, place), place)
        for whose, place in holders.items():
            at, holds = last[whose]
            if not holds:
                self._set_tag(place, self.known.names[place[2]], at=at + TICK, remove=False)

    # --- groups -------------------------------------------------------------------------------------------------

    def group(self, said: Mapping[str, Any]) -> None:
        """The object group_chat of externalcontact/groupchat/get: name, owner, version and members."""
        key = f"group:wecom/{said['chat_id']}"
        props = tidy({
            "name": said.get("name", ""), "owner": said.get("owner", ""), "version": said.get("member_version", ""),
        })  # fmt: skip
        if self.known.groups.get(key) != props:
            self._event(
                "group", key, self.now, kind="group", group_key=key, text=props.get("name") or None, props=props
            )
            self.known.groups[key] = props
            self.counted["groups"] += 1
        here = self.known.members.setdefault(key, {})
        listed = {member_key(one["userid"]): one for one in said.get("member_list") or ()}
        for member, one in listed.items():
            invited = (one.get("invitor") or {}).get("userid", "")
            more = {"state": one.get("state", ""), "join_scene": one.get("join_scene"), "invited_by": invited}
            self._present(
                here, member, "join", since=_moment(one.get("join_time"), self.now), actor_key=member, group_key=key,
                props=tidy({**more, "from": "list"}),
            )  # fmt: skip
            if one.get("name") and member not in self.known.people:
                self._identify(member, {"name": one["name"]})
        for member in [one for one in here if one not in listed]:
            self._absent(here, member, "leave", actor_key=member, group_key=key, props={"from": "list"})

    def no_group(self, key: str) -> None:
        """The platform says that there is no such group any more."""
        if key in self.known.groups and not self.known.groups[key].get("dismissed"):
            props = self.known.groups[key] = {**self.known.groups[key], "dismissed": True}
            self._event(
                "group", key, self.now, kind="group", group_key=key, text=props.get("name") or None, props=props
            )
            self.counted["groups"] += 1
        here = self.known.members.get(key, {})
        for member in list(here):
            props = {"from": "list", "how": "dismissed"}
            self._absent(here, member, "leave", actor_key=member, group_key=key, props=props)

    # --- one fact -----------------------------------------------------------------------------------------------

    def _present(self, facts: dict[Any, Last], place: Any, kind: str, *, since: datetime, **fields: Any) -> None:
        last = facts.get(place)
        if last is not None and last.holds and since <= last.at + SAME:
            return
        at = since
        if last is not None and not last.holds and since <= last.at:  # the log says: gone, later than that
            if last.at > self.now - SETTLE:
                self.counted["doubtful"] += 1
                return
            at = self.now
        self._fact(facts, place, kind, at, holds=True, **fields)

    def _absent(self, facts: dict[Any, Last], place: Any, kind: str, **fields: Any) -> bool:
        last = facts[place]
        if not last.holds:
            return True
        if last.at > self.now - SETTLE:
            self.counted["doubtful"] += 1
            return False
        self._fact(facts, place, kind, self.now, holds=False, **fields)
        return True

    def _fact(self, facts: dict[Any, Last], place: Any, kind: str, at: datetime, *, holds: bool, **fields: Any) -> None:
        key = "/".join(str(fields.get(name) or "") for name in ("actor_key", "target_key", "group_key"))
        self._event(kind, key, at, kind=kind, **fields)
        facts[place] = Last(holds, at)
        self.counted[kind] += 1

    def _event(self, what: str, key: str, at: datetime, **fields: Any) -> None:
        self.made.append(Event(id=self._id(what, key, at), at=at, source=SOURCE, channel=CHANNEL, **fields))

    def _id(self, what: str, key: str, at: datetime) -> str:
        return f"{SOURCE}:{self.corp}/{what}/{key}/{int(at.timestamp() * 1000)}"


def _moment(seconds: Any, now: datetime) -> datetime:
    """When the platform says that it began; `now` where it says nothing usable, or something that is still to come."""
    if not isinstance(seconds, int) or not 0 < seconds < 1 << 33:
        return now
    return min(datetime.fromtimestamp(seconds, UTC), now)
