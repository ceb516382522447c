"""One identify event and its aliases: what sources hand to identity resolution."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from lianyi.memory.events import Event, check
from lianyi.memory.identify import flat_traits, identify_events, snake_case

AT = datetime(2026, 5, 1, tzinfo=UTC)


def identify(traits: Mapping[str, Any], *, actor_key: str = "user:7", verified: tuple[str, ...] = ()) -> list[Event]:
    events = identify_events(id="shop:7", at=AT, source="shop", actor_key=actor_key, traits=traits, verified=verified)
    for event in events:
        check(event, now=AT)
    return events


def test_keys_in_the_traits_become_aliases() -> None:
    known, email, phone = identify({"email": "An@Example.CN ", "mobile": "138 0013 8000"}, verified=("phone",))
    assert (known.id, known.kind, known.actor_key) == ("shop:7", "identify", "user:7")
    assert known.props == {"email": "An@Example.CN ", "phone": "138 0013 8000"}
    assert (email.id, email.kind, email.target_key) == ("shop:7/alias/email", "alias", "email:an@example.cn")
    assert email.props == {"how": "trait email", "verified": False}
    assert (phone.id, phone.target_key) == ("shop:7/alias/phone", "phone:8613800138000")
    assert phone.props == {"how": "trait phone", "verified": True}


def test_the_actors_own_key_is_not_an_alias_of_itself() -> None:
    assert len(identify({"email": "an@example.cn"}, actor_key="email:an@example.cn")) == 1


@pytest.mark.parametrize("value", ["", "1******6198", "无", None, True, {"a": 1}, "12"])
def test_what_is_no_phone_is_no_alias(value: object) -> None:
    assert [event.kind for event in identify({"phone": value})] == ["identify"]


def test_several_values_get_numbered_ids() -> None:
    events = identify({"emails": ["a@x.cn", "b@x.cn", "A@x.cn"]})
    assert [event.id for event in events[1:]] == ["shop:7/alias/email", "shop:7/alias/email/2"]


def test_a_phone_that_a_spreadsheet_made_a_float() -> None:
    assert identify({"phone": 13800138000.0})[1].target_key == "phone:8613800138000"


def test_segment_traits_become_flat() -> None:
    traits = {
        "firstName": "An", "lastName": "Li", "address": {"street": "1 Road", "city": "Xi'an", "postalCode": "710000"},
        "company": {"name": "Lotus", "id": 3}, "createdAt": "2026-01-01", "age": None,
    }  # fmt: skip
    assert flat_traits(traits) == {
        "first_name": "An", "last_name": "Li", "name": "An Li", "address": "1 Road", "city": "Xi'an",
        "postcode": "710000", "company": "Lotus", "company_id": 3, "created_at": "2026-01-01",
    }  # fmt: skip


def test_a_spelling_never_overrides_the_name_itself() -> None:
    assert flat_traits({"nickname": "小安", "name": "安丽"}) == {"name": "安丽", "nickname": "小安"}


@pytest.mark.parametrize(
    ("raw", "name"),
    [("firstName", "first_name"), ("First Name", "first_name"), ("e-mail", "e_mail"), ("会员等级", "会员等级")],
)
def test_snake_case(raw: str, name: str) -> None:
    assert snake_case(raw) == name
