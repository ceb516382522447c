"""Who is who: the laws of joining keys to people, one by one."""

from __future__ import annotations

import hashlib

import pytest

from tests.insight.people.identity_world import alias, at, merge, resolve, seen, unmerge


def people(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in groups}


def test_linked_keys_are_one_person_and_others_are_not() -> None:
    world = resolve([alias("user:1", "email:a@x.cn"), alias("email:a@x.cn", "anon:9"), seen("user:2")])
    assert world.people == people("user:1 email:a@x.cn anon:9", "user:2")


def test_the_person_id_is_made_of_the_first_key() -> None:
    world = resolve([alias("user:1", "email:a@x.cn", 2), seen("email:a@x.cn", 1), seen("user:0", 3)])
    expected = "p" + hashlib.md5(b"email:a@x.cn", usedforsecurity=False).hexdigest()[:16]
    assert world.person["user:1"] == world.person["email:a@x.cn"] == expected
    own = {row["key"]: row["key_id"] for row in world.keys}
    assert own["email:a@x.cn"] == expected != own["user:1"]
    assert own["user:0"] == world.person["user:0"]


def test_keys_count_their_events() -> None:
    world = resolve([seen("user:1", 1), seen("user:1", 5), alias("user:1", "email:a@x.cn", 3, verified=True)])
    user = next(row for row in world.keys if row["key"] == "user:1")
    assert (user["first_at"], user["last_at"], user["events"]) == (at(1), at(5), 3)
    assert (user["namespace"], user["strength"], user["verified"], user["shared"]) == ("user", "strong", True, False)


def test_two_known_people_are_never_merged_through_a_phone() -> None:
    world = resolve([alias("user:1", "phone:861", 1, verified=True), alias("user:2", "phone:861", 2)])
    assert world.people == people("user:1 phone:861", "user:2")
    link = world.link("user:2", "phone:861")
    assert (link["accepted"], link["rule"]) == (False, "clash")
    assert {link["against_a"], link["against_b"]} == {"user:1", "user:2"}
    assert "user:1" in link["reason_en"]
    assert "两个已知的人" in link["reason_zh"]


def test_verified_beats_unverified_whatever_came_first() -> None:
    world = resolve([alias("user:1", "phone:861", 1), alias("user:2", "phone:861", 2, verified=True)])
    assert world.people == people("user:1", "user:2 phone:861")


def test_one_pair_stated_often_is_one_link_with_its_best_event() -> None:
    world = resolve([
        alias("user:1", "phone:861", 1), alias("phone:861", "user:1", 3, verified=True),
        alias("user:1", "phone:861", 2, verified=True),
    ])  # fmt: skip
    link = world.link("user:1", "phone:861")
    assert (link["verified"], link["at"], link["last_at"], link["events"]) == (True, at(2), at(3), 3)
    assert (link["rule"], link["evidence"], link["confidence"]) == ("verified_contact", "verified_contact", 0.95)


def test_a_family_phone_goes_to_nobody() -> None:
    world = resolve([alias("user:1", "phone:861", 1), alias("user:2", "phone:861", 2)])
    assert world.people == people("user:1", "user:2", "phone:861")
    assert world.shared == {"phone:861"}
    link = world.link("user:1", "phone:861")
    assert (link["rule"], link["shared_key"]) == ("torn", "phone:861")
    assert {link["against_a"], link["against_b"]} == {"user:1", "user:2"}


def test_a_phone_of_two_accounts_of_one_person_is_not_shared() -> None:
    links = [alias(f"user:{n}", "unionid:u", n, verified=True) for n in (1,)]
    world = resolve(
        [*links, alias("user:1", "phone:861"), alias("unionid:u", "phone:861"), alias("taobao:a", "phone:861")]
    )
    assert world.people == people("user:1 unionid:u phone:861 taobao:a")


def test_a_verified_phone_may_join_three_shop_accounts_but_not_four() -> None:
    three = [alias(f"taobao:{n}", "phone:861", verified=True) for n in range(3)]
    assert len(resolve(three).people) == 1
    world = resolve([*three, alias("taobao:4", "phone:861", verified=True)])
    assert len(world.people) == 5
    assert world.shared == {"phone:861"}
    assert {row["rule"] for row in world.links} == {"many"}


def test_a_familys_shop_accounts_are_not_joined_by_a_phone_that_nobody_checked() -> None:
    world = resolve(
        [alias("taobao:husband", "phone:861", 1), alias("taobao:wife", "phone:861", 2), seen("jd:x")], suggest=True
    )
    assert world.people == people("taobao:husband", "taobao:wife", "phone:861", "jd:x")
    assert world.shared == {"phone:861"}
    (row,) = world.suggestions
    assert {row["key_a"], row["key_b"]} == {"taobao:husband", "taobao:wife"}


@pytest.mark.parametrize("kind", ["qq", "openid", "matrix", "youzan", "crm"])
def test_three_accounts_of_any_kind_with_one_family_address_stay_three(kind: str) -> None:
    world = resolve([alias(f"{kind}:{n}", "email:fam@x.cn", n) for n in range(3)])
    assert world.people == people(*(f"{kind}:{n}" for n in range(3)), "email:fam@x.cn")
    assert world.shared == {"email:fam@x.cn"}


def test_whose_phone_was_checked_keeps_it_and_the_other_is_suggested() -> None:
    links = [alias("taobao:a", "phone:861", 2, verified=True), alias("taobao:b", "phone:861", 1)]
    world = resolve(links, suggest=True)
    assert world.people == people("taobao:a phone:861", "taobao:b")
    assert world.link("taobao:b", "phone:861")["rule"] == "clash"
    assert len(world.suggestions) == 1


def test_a_stated_phone_with_a_stated_address_does_not_join_two_shop_accounts() -> None:
    world = resolve([
        alias("taobao:a", "phone:861", 3), alias("phone:861", "email:a@x.cn", 1), alias("taobao:b", "email:a@x.cn", 3)
    ])  # fmt: skip
    assert world.people == people("taobao:a phone:861", "taobao:b email:a@x.cn")


def test_two_accounts_of_one_kind_are_joined_by_an_account_that_has_both() -> None:
    world = resolve([
        alias("unionid:u", "openid:1"), alias("unionid:u", "openid:2"), alias("openid:1", "phone:861"),
        alias("openid:2", "phone:861"),
    ])  # fmt: skip
    assert world.people == people("unionid:u openid:1 openid:2 phone:861")


def test_nicks_that_were_changed_join_nobody() -> None:
    world = resolve([alias("irc:alice", "irc:away", 1), alias("irc:bob", "irc:away", 5)], suggest=True)
    assert world.people == people("irc:alice", "irc:bob", "irc:away")
    assert {row["rule"] for row in world.links} == {"renamed"}
    assert "tomorrow" in world.links[0]["reason_en"]
    assert world.suggestions == []
    merged = resolve([alias("irc:alice", "irc:away", 1), merge("irc:alice", "irc:away", 3)])
    assert merged.people == people("irc:alice irc:away")


@pytest.mark.parametrize("other", ["wecom:2", "qq:2", "phone:862", "anon:2"])
def test_a_name_in_a_room_never_joins_two_identities(other: str) -> None:
    world = resolve([alias("name:vip/李雷", "wecom:1", 1), alias("name:vip/李雷", other, 2)])
    assert world.people == people("name:vip/李雷", "wecom:1", other)
    assert world.shared == {"name:vip/李雷"}


def test_a_name_in_a_room_joins_one_identity() -> None:
    world = resolve([
        alias("name:vip/李雷", "wecom:1"), alias("name:vip/李雷", "phone:861"), alias("wecom:1", "phone:861"),
        alias("name:vip/李雷", "name:vip/雷"), alias("name:vip/雷", "wecom:1"),
    ])  # fmt: skip
    assert world.people == people("name:vip/李雷 name:vip/雷 wecom:1 phone:861")
    assert not world.shared


@pytest.mark.parametrize("role", ["email:info@x.cn", "email:service@x.cn", "phone:4008123123", "name:vip/客服"])
def test_role_addresses_link_nobody(role: str) -> None:
    world = resolve([alias("user:1", role, verified=True), alias("taobao:a", role)])
    assert len(world.people) == 3
    assert world.shared == {role}
    assert world.link("user:1", role)["rule"] == "role"


def test_an_account_that_thousands_use_is_nobodys() -> None:
    world = resolve([alias("woocommerce:0", f"email:a{n}@x.cn") for n in range(21)])
    assert len(world.people) == 22
    assert world.shared == {"woocommerce:0"}


def test_an_anonymous_visitor_joins_later_with_all_that_was_before() -> None:
    world = resolve([seen("anon:9", 0), seen("anon:9", 3), alias("anon:9", "user:1", 4), seen("user:1", 5)])
    assert world.people == people("anon:9 user:1")


def test_a_browser_of_two_users_is_nobodys() -> None:
    world = resolve([alias("anon:9", "user:1", 1), alias("anon:9", "user:2", 2, verified=True)])
    assert world.people == people("anon:9", "user:1", "user:2")
    assert world.shared == {"anon:9"}


def test_a_browser_never_makes_one_person_of_two_phones() -> None:
    world = resolve([alias("anon:9", "phone:861", 1), alias("anon:9", "phone:862", 2)])
    assert world.people == people("anon:9", "phone:861", "phone:862")


def test_a_browser_joins_an_account_and_an_address() -> None:
    world = resolve([alias("anon:9", "user:1", 1), alias("anon:9", "email:a@x.cn", 2)])
    assert world.people == people("anon:9 user:1 email:a@x.cn")


def test_a_browser_used_by_one_person_with_two_phones() -> None:
    world = resolve([
        alias("user:1", "phone:861", 9), alias("user:1", "phone:862", 9), alias("anon:9", "phone:861", 1),
        alias("anon:9", "phone:862", 2), alias("anon:8", "phone:862", 2),
    ])  # fmt: skip
    assert world.people == people("user:1 phone:861 phone:862 anon:9 anon:8")


def test_a_stated_address_on_a_browser_does_not_outweigh_the_log_in() -> None:
    world = resolve([
        alias("anon:9", "email:b@x.cn", 1), alias("anon:9", "user:1", 2), alias("user:2", "email:b@x.cn", 3),
        alias("user:1", "email:a@x.cn", 3),
    ])  # fmt: skip
    assert world.people == people("user:1 email:a@x.cn anon:9", "user:2 email:b@x.cn")


def test_of_two_people_linked_by_phone_and_address_both_keep_their_own() -> None:
    world = resolve([
        alias("user:1", "phone:861", 5), alias("phone:861", "email:b@x.cn", 1), alias("user:2", "email:b@x.cn", 6)
    ])  # fmt: skip
    assert world.people == people("user:1 phone:861", "user:2 email:b@x.cn")
    assert world.link("phone:861", "email:b@x.cn")["rule"] == "clash"
    assert world.shared == set()


def test_an_operator_merges_whole_people() -> None:
    first = [alias("user:1", "email:a@x.cn", 1), alias("user:2", "email:b@x.cn", 1), alias("user:1", "phone:861", 1),
             alias("user:2", "phone:861", 1)]  # fmt: skip
    world = resolve([*first, merge("email:a@x.cn", "email:b@x.cn", 5)])
    assert world.people == people("user:1 user:2 email:a@x.cn email:b@x.cn phone:861")
    assert world.link("email:a@x.cn", "email:b@x.cn")["rule"] == "operator"


def test_what_comes_after_a_merge_does_not_ride_on_it() -> None:
    world = resolve([
        alias("user:1", "email:a@x.cn", 1), alias("email:b@x.cn", "qq:1", 1, verified=True),
        merge("email:a@x.cn", "email:b@x.cn", 5), alias("user:3", "qq:1", 9),
    ])  # fmt: skip
    assert world.people == people("user:1 email:a@x.cn email:b@x.cn qq:1", "user:3")
    assert world.link("user:3", "qq:1")["rule"] == "clash"


def test_an_unmerge_beats_the_merge_and_the_links_before_it_and_the_same_links_again() -> None:
    first = [alias("taobao:a", "phone:861", 1, verified=True), alias("jd:b", "phone:861", 1, verified=True)]
    apart = unmerge(5, ["taobao:a", "phone:861"], ["jd:b"])
    again = alias("jd:b", "phone:861", 9, verified=True)
    world = resolve([*first, apart, again])
    assert world.people == people("taobao:a phone:861", "jd:b")
    assert world.link("jd:b", "phone:861")["rule"] == "separated"
    assert [row["rule"] for row in world.links if row["event_id"] == apart.id] == ["unmerge"]
    merged = resolve([merge("taobao:a", "jd:b", 3), apart])
    assert merged.link("taobao:a", "jd:b")["rule"] == "taken_back"
    assert len(merged.people) == 2


def test_a_later_merge_beats_the_unmerge() -> None:
    first = [alias("taobao:a", "phone:861", 1), alias("jd:b", "phone:861", 1), alias("jd:b", "email:b@x.cn", 1)]
    apart = unmerge(5, ["taobao:a", "phone:861"], ["jd:b"])
    world = resolve([*first, apart, merge("taobao:a", "email:b@x.cn", 6)])
    assert world.people == people("taobao:a jd:b phone:861 email:b@x.cn")
    again = resolve(
        [*first, apart, merge("taobao:a", "email:b@x.cn", 6), unmerge(7, ["taobao:a", "phone:861"], ["jd:b"])]
    )
    assert len({again.person["taobao:a"], again.person["jd:b"]}) == 2


def test_merge_unmerge_merge_unmerge_of_two_known_people() -> None:
    acts = [merge("user:1", "user:2", 1), unmerge(2, ["user:1"], ["user:2"]), merge("user:1", "user:2", 3),
            unmerge(4, ["user:1"], ["user:2"])]  # fmt: skip
    assert [len(resolve([seen("user:1"), seen("user:2"), *acts[:count]]).people) for count in range(5)] == [
        2,
        1,
        2,
        1,
        2,
    ]


def test_an_unmerge_without_parts_is_kept_and_says_so() -> None:
    event = unmerge(2, ["user:1"])
    world = resolve([alias("user:1", "email:a@x.cn"), event])
    assert len(world.people) == 1
    (row,) = (row for row in world.links if row["event_id"] == event.id)
    assert "nothing was separated" in row["reason_en"]


def test_an_empty_log_gives_empty_tables() -> None:
    world = resolve([], suggest=True)
    assert (world.keys, world.links, world.suggestions) == ([], [], [])
