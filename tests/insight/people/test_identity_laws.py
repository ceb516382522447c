"""Laws of identity resolution over random worlds, and a brute-force twin of the constrained clustering."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.memory.events import Event
from tests.insight.people.identity_world import alias, merge, resolve, seen, unmerge

KEYS = [
    *(f"user:{n}" for n in range(4)), *(f"unionid:{n}" for n in range(2)), *(f"taobao:{n}" for n in range(3)),
    *(f"phone:86{n}" for n in range(3)), *(f"email:{n}@x.cn" for n in range(3)), "email:info@x.cn",
    *(f"anon:{n}" for n in range(3)), *(f"name:room/{n}" for n in range(2)),
]  # fmt: skip
STRENGTH = {"user": 3, "unionid": 3, "taobao": 3, "phone": 2, "email": 2, "anon": 1, "name": 0}
EXCLUSIVE = {"user", "unionid"}

keys = st.sampled_from(KEYS)
days = st.integers(0, 9)
pairs = st.lists(keys, min_size=2, max_size=2, unique=True)
aliases = st.builds(lambda pair, day, yes: alias(pair[0], pair[1], day, verified=yes), pairs, days, st.booleans())
merges = st.builds(lambda pair, day: merge(pair[0], pair[1], day), pairs, days)
parts = st.lists(st.lists(keys, min_size=1, max_size=3, unique=True), min_size=2, max_size=3)
unmerges = st.builds(lambda groups, day: unmerge(day, *_apart(groups)), parts, days).filter(
    lambda event: event.props is not None and len(event.props["parts"]) > 1
)


def _apart(groups: Sequence[Sequence[str]]) -> list[list[str]]:
    """The groups, each key only in the first that has it."""
    left: set[str] = set()
    result = []
    for group in groups:
        result.append([key for key in group if key not in left])
        left.update(group)
    return [group for group in result if group] or [list(groups[0])]


def logs(*others: st.SearchStrategy[Event], min_size: int = 0) -> st.SearchStrategy[list[Event]]:
    return st.lists(
        st.one_of(aliases, aliases, aliases, *others), min_size=min_size, max_size=16, unique_by=lambda event: event.id
    )


def namespace(key: str) -> str:
    return key.partition(":")[0]


def exclusive_twice(people: set[frozenset[str]]) -> bool:
    return any(
        namespace(a) == namespace(b) and namespace(a) in EXCLUSIVE
        for group in people
        for a, b in combinations(group, 2)
    )


@settings(max_examples=30, deadline=None)
@given(logs(unmerges))
def test_two_known_people_are_never_merged_automatically(log: list[Event]) -> None:
    assert not exclusive_twice(resolve(log).people)


@settings(max_examples=25, deadline=None)
@given(logs().map(lambda log: [event for event in log if not (event.props or {})["verified"]]))
def test_what_nobody_checked_never_puts_two_accounts_of_one_kind_together_but_by_an_account(log: list[Event]) -> None:
    ends = [(event.actor_key or "", event.target_key or "") for event in log]
    by_contact = [event for event, pair in zip(log, ends, strict=True) if min(STRENGTH[namespace(k)] for k in pair) < 3]
    for group in resolve(by_contact).people:
        accounts = [namespace(key) for key in group if STRENGTH[namespace(key)] == 3]
        assert len(accounts) == len(set(accounts)), group


@settings(max_examples=25, deadline=None)
@given(logs(merges, unmerges), st.randoms(use_true_random=False), st.integers(1, 5))
def test_the_same_events_in_any_order_and_split_give_the_same_tables(
    log: list[Event], random: Random, batches: int
) -> None:
    first = resolve(log)
    shuffled = random.sample(log, len(log))
    again = resolve(shuffled, parts=batches)
    assert again == first


@settings(max_examples=15, deadline=None)
@given(logs(merges, unmerges), keys, keys)
def test_the_last_word_of_an_operator_holds(log: list[Event], a: str, b: str) -> None:
    if a == b:
        return
    person = resolve([*log, merge(a, b, 20)]).person
    assert person[a] == person[b]
    person = resolve([*log, seen(a), seen(b), merge(a, b, 20), unmerge(21, [a], [b])]).person
    assert person[a] != person[b]


@settings(max_examples=15, deadline=None)
@given(logs(merges, unmerges))
def test_person_ids_are_of_the_first_key_and_keys_find_them(log: list[Event]) -> None:
    world = resolve(log)
    rows = {row["key"]: row for row in world.keys}
    for group in world.people:
        anchor = min(group, key=lambda key: (rows[key]["first_at"], key.encode()))
        expected = "p" + hashlib.md5(anchor.encode(), usedforsecurity=False).hexdigest()[:16]
        assert {rows[key]["person_id"] for key in group} == {expected} == {rows[anchor]["key_id"]}


@settings(max_examples=25, deadline=None)
@given(logs())
def test_a_link_is_accepted_when_its_keys_are_one_person_and_only_then(log: list[Event]) -> None:
    world = resolve(log)
    for row in world.links:
        one = world.person[row["key_a"]] == world.person[row["key_b"]]
        # two names of one person may be linked, but never because of that
        assert row["accepted"] == (one and row["rule"] != "renamed"), row


@settings(max_examples=15, deadline=None)
@given(logs(merges, unmerges), st.integers(0, 16))
def test_ids_given_out_earlier_lead_to_the_person_of_today(log: list[Event], count: int) -> None:
    today = resolve(log)
    by_key_id = {row["key_id"]: row["person_id"] for row in today.keys}
    for row in resolve(log[:count]).keys:
        assert row["person_id"] in by_key_id


@settings(max_examples=50, deadline=None)
@given(logs(min_size=3))
def test_clusters_are_those_of_brute_force(log: list[Event]) -> None:
    assert resolve(log).people == brute_force(log)


def brute_force(log: Sequence[Event]) -> set[frozenset[str]]:
    """The rules of docs/methods/identity.md written down naively, with sets of keys and nothing remembered."""
    stated: dict[tuple[str, str], tuple[bool, float]] = {}
    for event in log:
        assert event.actor_key is not None
        assert event.target_key is not None
        assert event.props is not None
        low, high = sorted((event.actor_key, event.target_key))
        claim = (not event.props["verified"], event.at.timestamp())
        stated[low, high] = min(claim, stated.get((low, high), claim))
    links = sorted((_rank(a, b, not unverified), moment, a, b) for (a, b), (unverified, moment) in stated.items())
    everybody = {key for pair in stated for key in pair}
    shared = {"email:info@x.cn"} | {key for key in everybody if _too_many(key, list(stated))}
    while True:
        people, accepted = _greedy(links, everybody, shared)
        torn = {key for key in everybody - shared if _is_torn(key, links, accepted, shared)}
        if not torn:
            return people
        shared |= torn


def _rank(a: str, b: str, verified: bool) -> int:
    weaker, other = sorted((STRENGTH[namespace(a)], STRENGTH[namespace(b)]))
    order = [(3, 3, True), (2, 3, True), (2, 2, True), (3, 3, False), (2, 3, False), (2, 2, False)]
    if weaker >= 2:
        return order.index((weaker, other, verified))
    return 9 - other if weaker == 1 else 20


def _too_many(key: str, stated: Sequence[tuple[str, str]]) -> bool:
    limits = {(2, 3): 3, (2, 2): 5, (1, 3): 3, (1, 2): 3, (0, 3): 3, (0, 2): 3}
    near = [b if a == key else a for a, b in stated if key in (a, b)]
    return any(
        sum(namespace(other) == name for other in near) > limits.get((STRENGTH[namespace(key)], strength), 99)
        for name, strength in STRENGTH.items()
    )


def _greedy(
    links: Sequence[tuple[int, float, str, str]], everybody: set[str], shared: set[str]
) -> tuple[set[frozenset[str]], set[tuple[str, str]]]:
    people = {frozenset([key]) for key in everybody}
    accepted = set()
    for rank, _, a, b in links:
        left, right = (next(group for group in people if key in group) for key in (a, b))
        if {a, b} & shared:
            continue
        if STRENGTH[namespace(a)] == STRENGTH[namespace(b)] == 0:
            continue
        if left != right and (exclusive_twice({left | right}) or _two_people(left, right, rank)):
            continue
        people = (people - {left, right}) | {left | right}
        accepted.add((a, b))
    return people, accepted


def _two_people(left: frozenset[str], right: frozenset[str], rank: int) -> bool:
    """Whether a link of this rank is too weak to make one person of these two."""
    if rank == 20:
        return all(any(STRENGTH[namespace(key)] > 0 for key in group) for group in (left, right))
    least = 9 if rank < 4 else 3 if rank < 6 else 2
    return any(namespace(a) == namespace(b) and STRENGTH[namespace(a)] >= least for a in left for b in right)


def _is_torn(
    key: str, links: Sequence[tuple[int, float, str, str]], accepted: set[tuple[str, str]], shared: set[str]
) -> bool:
    stronger = [
        (rank, (a, b) in accepted)
        for rank, _, a, b in links
        if key in (a, b)
        and not {a, b} & shared
        and STRENGTH[namespace(a if b == key else b)] > STRENGTH[namespace(key)]
    ]
    best = {held for rank, held in stronger if rank == min(stronger)[0]}
    return best == {True, False}
