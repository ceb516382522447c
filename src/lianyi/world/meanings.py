"""What the truth's tables and columns mean. One row = one …; days are numbers counted from the world's start."""

from __future__ import annotations

from collections.abc import Mapping

PERSON = "number of the true person"
DAY = "day number (0 = first day)"

MEANINGS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "people": (
        "one true person",
        {
            "person": PERSON,
            "name": "full name",
            "nickname": "name in groups",
            "role": "member, employee, kol, koc or advertiser",
            "city": "city (Chinese name)",
            "english": "speaks English",
            "arrived": f"{DAY} on which the person became known; null: never came",
            "left": f"{DAY} from which the person is socially silent; null: stays",
            "brought": "came through a share rather than by himself",
            "talk": "unprompted messages per day",
            "sharing": "factor on passing things on",
            "lurker": "speaks unprompted less than once in 300 days",
            "communities": "number of communities belonged to at any time",
            "bridge": "belongs to three or more communities",
            "core": "at least twice the mean true tie rate of the people of his main community",
            "response": "to campaigns: steady, persuadable or annoyed",
            "rate": "purchases per ordinary day over all categories (not counting lifts and sleeping needs)",
            "drop": "chance after each order of the person's own demand never to buy again",
            "gone": f"{DAY} from which the person buys no more; null: still a customer",
            "money": "factor on quantities",
        },
    ),
    "keys": (
        "one key and one person whom it stands for",
        {
            "key": "namespace:value",
            "person": PERSON,
            "kind": "own (one person), shared (a family's phone), mistyped (given by somebody else by mistake)",
            "second": "a second account, phone or browser of the person",
        },
    ),
    "ties": (
        "one pair of tied people, a < b",
        {
            "a": PERSON,
            "b": PERSON,
            "kind": "community, chance, family, follower or closure",
            "strength": "0..1 on the last day",
            "before": "strength until 120 days before the end; it moves to `strength` in a straight line",
            "band": "weak, medium or strong, of the strength on the last day",
            "drift": "steady, warming or cooling",
            "rate": "meetings per ordinary day on the last day while both are there, meet and share a room",
            "balance": "share of interactions in which a answers b",
            "community": "community in which they met; null: none",
            "since": f"{DAY} from which they share it",
            "until": f"{DAY} until which they share it; null: to the end",
            "visible": "they have had a common room in which the brand could see them meet",
        },
    ),
    "communities": (
        "one planted community",
        {
            "community": "its number",
            "topic": "category code, or friends",
            "city": "city; null: everywhere",
            "group_key": "its room; null: it has none",
        },
    ),
    "memberships": (
        "one person in one community for one span of days",
        {
            "community": "number of the community",
            "person": PERSON,
            "since": f"{DAY} of beginning (not before arrival)",
            "until": f"{DAY} of the end (not after leaving); null: to the end",
            "joined_room": "is also a member of the community's room",
        },
    ),
    "happenings": (
        "one change in the life of a community",
        {
            "month": "number of the 30-day month in which it happens",
            "what": "born, grew, split, merged or faded",
            "community": "the community it happens to",
            "other": "split: the new community; merged: the one that takes the members in; else null",
        },
    ),
    "rooms": (
        "one room",
        {
            "group_key": "key of the group in the events",
            "platform": "wecom, wechat, matrix or discord",
            "topic": "category code, or friends",
            "owner": "person who owns it (an employee)",
            "community": "the community behind it; null: a crowd",
        },
    ),
    "interests": ("one person and topic", {"person": PERSON, "topic": "category code", "interest": "0..1"}),
    "needs": (
        "one demand: a person and a category that he may buy",
        {
            "person": PERSON,
            "category": "category code",
            "rate": "purchases per ordinary day",
            "shape": "shape of the Erlang gap: 1 random, higher more regular",
            "latent": "sleeps (a fifth of the rate) except on days when a day-wide scene of the category holds",
        },
    ),
    "scenes": (
        "one planted effect of time or talk on a category",
        {
            "category": "category code",
            "kind": "hour, weekday, festival, season or topic (see turns)",
            "name": "name of the scene",
            "values": "local hours, weekdays (0 = Monday), festivals, months, or the category that is talked of",
            "lift": "demand in the scene relative to what it would be",
            "days": "day numbers on which a day-wide scene holds (empty for hours)",
        },
    ),
    "orders": (
        "one order",
        {
            "order_id": "what the lines' parent_id holds",
            "person": PERSON,
            "category": "category code",
            "at": "time (UTC)",
            "cause": "demand (the person's own clock) or ripple (followed a share)",
        },
    ),
    "cascades": (
        "one ripple",
        {
            "cascade": "its number",
            "seed": "person who began",
            "topic": "category code",
            "incentive": "none, coupon or gift",
            "campaign": "name in the events; null: by itself",
            "at": "time (UTC)",
            "reached": "people reached without the seed",
            "generations": "depth",
        },
    ),
    "spread": (
        "one person in one ripple",
        {
            "cascade": "number of the ripple",
            "person": PERSON,
            "parent": "person through whom he came; null: the seed",
            "generation": "0 = seed",
            "at": "time (UTC)",
            "share_id": "event id of his own share; null: he was not seen sharing",
            "arrive_id": "event id of his arrival; null: the seed, or after the end",
            "shown": "the arrival event names the sharer",
        },
    ),
    "false_arrivals": (
        "one arrival that is nobody's coming",
        {"arrive_id": "event id", "share_id": "event id of the share", "kind": "bot or self (own link opened again)"},
    ),
    "invites": (
        "one invitation into a room",
        {"group_key": "the room", "inviter": PERSON, "person": "who was invited", "day": DAY},
    ),
    "campaigns": (
        "one campaign with its true effects, in expected orders of its category among eligible people",
        {
            "campaign": "name in the events",
            "start": f"{DAY} of the start",
            "days": "how long it works",
            "category": "category code",
            "incentive": "none, coupon or gift",
            "channel": "email or wecom",
            "design": "assignment by person or by community",
            "base_treated": "expected orders of those assigned, had there been no campaign",
            "base_control": "expected orders of the others, had there been no campaign",
            "direct": "additional orders of those reached by being reached",
            "spill_treated": "additional orders of those assigned through reached neighbours",
            "spill_control": "additional orders of the others through reached neighbours",
            "direct_all": "additional orders if everybody were reached: direct part",
            "spill_all": "additional orders if everybody were reached: part through neighbours",
        },
    ),
    "assignments": (
        "one eligible person in one campaign",
        {
            "campaign": "name in the events",
            "person": PERSON,
            "assigned": "in the treated arm",
            "reached": "really got it",
            "exposure": "strength-weighted share of his ties that were reached",
            "cluster": "main community (numbers beyond the communities: a person of his own)",
        },
    ),
    "bursts": (
        "one planted burst of talk",
        {
            "group_key": "the room",
            "at": "beginning (UTC)",
            "hours": "how long",
            "messages": "messages that belong to it",
        },
    ),
    "messages": (
        "one message or reply",
        {
            "number": "what the event id ends with, after the last /; no two messages share it",
            "person": "true author",
            "intent": "what it was composed as; advert is spam, hot belongs to a burst",
            "topic": "category code of the goods named",
        },
    ),
    "outings": (
        "one person at one offline event",
        {"day": DAY, "community": "who met", "person": PERSON},
    ),
}
