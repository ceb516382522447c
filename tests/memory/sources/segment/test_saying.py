"""What Segment calls mean, in events."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianyi.memory.events import KINDS, Event
from lianyi.memory.sources.segment.calls import BadCall, read_call
from lianyi.memory.sources.segment.saying import PLAIN_KINDS, SKEW, Sender, events_of
from lianyi.memory.sources.segment.shop import shares

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SENDER = Sender(source="shop", currency="CNY")


def said(call: dict[str, Any], *, sent_at: datetime | None = None, digest_of: str | None = None) -> list[Event]:
    read = read_call(json.dumps(call).encode())
    return events_of(read, sender=SENDER, received_at=NOW, sent_at=sent_at, digest_of=digest_of)


def track(event: str, properties: dict[str, Any] | None = None, **more: Any) -> list[Event]:
    return said({"type": "track", "userId": "u1", "messageId": "m1", "event": event, "properties": properties, **more})


class TestWhoAndWhen:
    def test_user_and_anonymous_visitor(self) -> None:
        (event,) = said({"type": "track", "event": "Seen", "userId": 17, "messageId": "m1"})
        assert event.actor_key == "user:17"
        (event,) = said({"type": "track", "event": "Seen", "anonymousId": "a1", "messageId": "m1"})
        assert event.actor_key == "anon:a1"

    def test_a_junk_user_id_beside_an_anonymous_one_is_no_person(self) -> None:
        (event,) = said({"type": "track", "event": "Seen", "userId": "null", "anonymousId": "a1", "messageId": "m1"})
        assert event.actor_key == "anon:a1"

    def test_both_ids_are_linked_by_an_alias_that_is_the_same_each_time(self) -> None:
        seen, link = said({"type": "track", "event": "Seen", "userId": "u1", "anonymousId": "a1", "messageId": "m1"})
        known, same = said({"type": "identify", "userId": "u1", "anonymousId": "a1", "messageId": "m2"})
        assert (seen.kind, known.kind, link.kind) == ("seen", "identify", "alias")
        assert (link.actor_key, link.target_key) == ("user:u1", "anon:a1")
        assert link.id == same.id
        assert "u1" not in link.id

    def test_a_user_id_that_is_an_email_is_linked_to_it(self) -> None:
        _seen, link = said({"type": "track", "event": "Seen", "userId": "Ann@Example.org", "messageId": "m1"})
        assert (link.actor_key, link.target_key) == ("user:Ann@Example.org", "email:ann@example.org")

    def test_the_message_id_makes_the_events_id(self) -> None:
        assert track("Seen")[0].id == "shop:m1"

    def test_without_a_message_id_a_repeated_call_with_a_time_is_recognised(self) -> None:
        timed = {"type": "track", "event": "Seen", "userId": "u1", "timestamp": "2026-05-01T11:00:00Z"}
        assert said(timed, digest_of="x")[0].id == said(timed, digest_of="x")[0].id != said(timed, digest_of="y")[0].id
        untimed = {"type": "track", "event": "Seen", "userId": "u1"}
        assert said(untimed, digest_of="x")[0].id != said(untimed, digest_of="x")[0].id

    def test_without_a_time_it_happened_when_it_was_received(self) -> None:
        assert track("Seen")[0].at == NOW

    @pytest.mark.parametrize(
        ("text", "at"),
        [
            ("2026-05-01T10:00:00.123Z", datetime(2026, 5, 1, 10, 0, 0, 123_000, tzinfo=UTC)),
            ("2026-05-01T18:00:00+08:00", datetime(2026, 5, 1, 10, tzinfo=UTC)),
            ("2026-05-01T18:00:00.000+0800", datetime(2026, 5, 1, 10, tzinfo=UTC)),
            ("2026-05-01 10:00:00Z", datetime(2026, 5, 1, 10, tzinfo=UTC)),
            ("20260501T100000Z", datetime(2026, 5, 1, 10, tzinfo=UTC)),
            ("2026-05-01T10:00:00.123456789Z", datetime(2026, 5, 1, 10, 0, 0, 123_457, tzinfo=UTC)),
        ],
    )
    def test_times_as_sdks_write_them(self, text: str, at: datetime) -> None:
        assert track("Seen", timestamp=text)[0].at == at

    @given(ahead=st.integers(-(10**7), 10**7), ago=st.integers(0, 10**6))
    def test_a_wrong_clock_is_corrected_by_sent_at(self, ahead: int, ago: int) -> None:
        """Whatever the sender's clock says: what happened `ago` seconds before sending happened so long before now."""
        clock = NOW + timedelta(seconds=ahead)
        stamp = (clock - timedelta(seconds=ago)).isoformat()
        (event,) = said(
            {"type": "track", "event": "Seen", "userId": "u1", "messageId": "m", "timestamp": stamp}, sent_at=clock
        )
        assert abs(event.at - (NOW - timedelta(seconds=ago))) <= SKEW

    def test_what_was_corrected_before_is_left_alone(self) -> None:
        old = "2026-04-01T00:00:00Z"
        (event,) = track("Seen", timestamp=old, originalTimestamp="2025-01-01T00:00:00Z", sentAt="2025-01-01T00:00:00Z")
        assert event.at == datetime(2026, 4, 1, tzinfo=UTC)


class TestIdentifyGroupAlias:
    def test_traits_become_facts_and_links(self) -> None:
        call = {
            "type": "identify", "userId": "u1", "messageId": "m1",
            "traits": {"firstName": "Ann", "lastName": "Li", "email": "Ann@Example.org", "phone": "13800138000",
                       "address": {"city": "Hangzhou"}},
        }  # fmt: skip
        known, email, phone = said(call)
        assert known.props is not None
        assert (known.id, known.props["name"], known.props["city"]) == ("shop:m1", "Ann Li", "Hangzhou")
        assert (email.id, email.target_key) == ("shop:m1/alias/email", "email:ann@example.org")
        assert phone.target_key == "phone:8613800138000"

    def test_group_is_a_join(self) -> None:
        (event,) = said({"type": "group", "userId": "u1", "messageId": "m1", "groupId": 7, "traits": {"name": "Tea"}})
        assert (event.kind, event.group_key) == ("join", "group:shop/7")
        assert event.props == {"how": "group call", "name": "Tea"}

    @pytest.mark.parametrize(("before", "key"), [("a1", "anon:a1"), ("ann@example.org", "email:ann@example.org")])
    def test_alias(self, before: str, key: str) -> None:
        (event,) = said({"type": "alias", "userId": "u1", "messageId": "m1", "previousId": before})
        assert (event.kind, event.actor_key, event.target_key) == ("alias", "user:u1", key)


class TestPages:
    PAGE: ClassVar[dict[str, Any]] = {
        "url": "https://Shop.example/tea/1?utm_source=WeChat&x=1#top",
        "title": "Tea",
        "referrer": "https://s.cn/",
    }

    def page(self, **more: Any) -> Event:
        return said({"type": "page", "anonymousId": "a1", "messageId": "m1", **more})[0]

    def test_a_page_is_one_object_whatever_its_query(self) -> None:
        event = self.page(context={"page": self.PAGE})
        assert (event.kind, event.object_key) == ("view", "page:shop.example/tea/1")
        assert event.props is not None
        assert (event.props["title"], event.props["url"]) == ("Tea", self.PAGE["url"])

    def test_campaign_and_channel_from_context_or_address(self) -> None:
        assert self.page(context={"page": self.PAGE}).channel == "wechat"
        assert self.page(context={"page": {"url": "https://shop.example/"}}).channel == "web"
        event = self.page(context={"campaign": {"name": "Spring", "source": "news", "medium": "email", "term": "tea"}})
        assert (event.campaign, event.channel) == ("Spring", "email")
        assert said({"type": "screen", "userId": "u", "messageId": "m", "name": "Home"})[0].channel == "app"

    def test_a_screen_is_an_object_by_name(self) -> None:
        (event,) = said({"type": "screen", "userId": "u1", "messageId": "m1", "name": "Home", "category": "Start"})
        assert (event.kind, event.object_key, event.category) == ("view", "screen:Home", "Start")

    def test_addresses_and_advertising_ids_are_not_kept(self) -> None:
        context = {"ip": "203.0.113.9", "device": {"advertisingId": "ad-1"}, "userAgent": "Mozilla", "locale": "zh-CN"}
        event = self.page(context=context)
        assert event.props == {"context": {"user_agent": "Mozilla", "locale": "zh-CN"}}


class TestTrack:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("Product Viewed", "view"), ("product_viewed", "view"), ("ProductViewed", "view"),
            ("Products Searched", "search"), ("Product Added", "cart"), ("Product Clicked", "click"),
            ("Product Shared", "share"), ("Cart Viewed", "view"), ("Order Completed", "order"),
            ("Order Refunded", "refund"), ("Order Cancelled", "cancel"), ("Checkout Started", "checkout"),
            ("Product Added to Wishlist", "collect"), ("Product Reviewed", "review"), ("Email Opened", "opened"),
            ("Email Marked as Spam", "complained"), ("Unsubscribed", "consent"),
            ("Signed Up", "signed_up"), ("Video Playback Started", "video_playback_started"),
            ("check in", "check_in"), ("share", "share"), ("加入购物车", "track"), ("3D Viewed", "track_3d_viewed"),
            ("x" * 100, "x" * 64),
        ],
    )  # fmt: skip
    def test_names(self, name: str, kind: str) -> None:
        (event,) = track(name)
        assert event.kind == kind
        assert event.props is not None
        assert event.props["event"] == name

    @pytest.mark.parametrize("kind", sorted(set(KINDS) - PLAIN_KINDS - {"search"}))
    def test_no_page_can_speak_with_an_operators_voice(self, kind: str) -> None:
        """Tags, merges, consents, what was sent: not for whoever has read the write key in a page's source."""
        (event,) = track(kind, {"tag": "vip", "granted": True})
        assert event.kind == f"track_{kind}"

    def test_own_names_in_properties_are_not_overwritten(self) -> None:
        (event,) = track("Seen", {"event": "mine", "context": 1}, context={"locale": "en"})
        assert event.props == {
            "event": "mine", "context": 1, "call_event": "Seen", "call_context": {"locale": "en"},
        }  # fmt: skip

    def test_goods(self) -> None:
        (event,) = track("Product Viewed", {"product_id": 12, "sku": "s", "category": "Tea > Oolong"})
        assert (event.object_key, event.category) == ("item:12", "Tea > Oolong")

    def test_search_share_and_review(self) -> None:
        assert track("Products Searched", {"query": "乌龙"})[0].text == "乌龙"
        shared = track("Product Shared", {"sku": "s1", "recipient": "Bo@Example.org", "share_message": "try this"})[0]
        assert (shared.target_key, shared.object_key, shared.text) == ("email:bo@example.org", "item:s1", "try this")
        assert track("Product Reviewed", {"sku": "s1", "review_body": "good"})[0].text == "good"

    def test_a_long_name_of_goods_stays_a_key(self) -> None:
        one, other = (track("Product Viewed", {"name": "茶" * 600 + ending})[0].object_key for ending in "ab")
        assert one != other


class TestMoney:
    def order(self, properties: dict[str, Any], name: str = "Order Completed") -> list[Event]:
        return track(name, {"order_id": "A1", **properties})

    def test_an_order_without_lines(self) -> None:
        (event,) = self.order({"total": "19.90", "currency": "usd"})
        assert (event.id, event.value, event.currency) == ("shop:A1", Decimal("19.9000"), "USD")

    def test_the_currency_of_the_brand_where_none_is_named(self) -> None:
        assert self.order({"revenue": 5})[0].currency == "CNY"

    def test_an_order_with_lines(self) -> None:
        products = [{"product_id": "p1", "name": "Tea", "price": 10, "quantity": 2}, {"sku": "s2", "price": 5}]
        first, second = self.order({"total": 20, "products": products, "coupon": "MAY"})
        assert (first.id, first.parent_id, first.object_key) == ("shop:A1/1", "shop:A1", "item:p1")
        assert (first.value, second.value) == (Decimal("16.0000"), Decimal("4.0000"))
        assert first.props is not None
        assert (first.props["title"], first.props["quantity"]) == ("Tea", 2)
        assert first.props["order"] == {"order_id": "A1", "total": 20, "coupon": "MAY"}

    def test_lines_without_a_total_count_by_price(self) -> None:
        lines = self.order({"products": [{"sku": "a", "price": 1.1, "quantity": 3}, {"sku": "b"}]})
        assert [line.value for line in lines] == [Decimal("3.3000"), None]
        assert [line.currency for line in lines] == ["CNY", None]

    def test_the_same_order_sent_by_page_and_server_is_one(self) -> None:
        call = {
            "type": "track",
            "userId": "u1",
            "event": "Order Completed",
            "properties": {"order_id": "A1", "total": 1},
        }
        assert said({**call, "messageId": "page"})[0].id == said({**call, "messageId": "server"})[0].id

    def test_refunds(self) -> None:
        (whole,) = self.order({"total": -20}, "Order Refunded")
        assert (whole.id, whole.parent_id, whole.value) == ("shop:A1/refund/m1", "shop:A1", Decimal("20.0000"))
        (line,) = self.order({"products": [{"sku": "s2", "price": 5}]}, "Order Refunded")
        assert (line.id, line.object_key, line.value) == ("shop:A1/refund/m1/1", "item:s2", Decimal("5.0000"))

    def test_placed_and_cancelled(self) -> None:
        (placed,) = self.order({"value": 9}, "Checkout Started")
        assert (placed.id, placed.kind, placed.value) == ("shop:A1/placed", "checkout", Decimal("9.0000"))
        assert self.order({}, "Order Cancelled")[0].id == "shop:A1/closed"

    @given(
        total=st.decimals(0, 10**9, places=2),
        weights=st.lists(st.decimals(0, 10**6, places=2), min_size=1, max_size=30),
    )
    def test_parts_of_a_total_add_up_exactly(self, total: Decimal, weights: list[Decimal]) -> None:
        parts = shares(total, weights)
        assert sum(parts) == total
        assert all(part >= 0 for part in parts)
        assert len(parts) == len(weights)


TYPES = ["track", "identify", "page", "screen", "group", "alias"]
FIELDS = ["type", "userId", "anonymousId", "event", "properties", "traits", "timestamp", "sentAt", "context",
          "messageId", "groupId", "previousId", "name", "category"]  # fmt: skip
NAMES = st.sampled_from(["products", "price", "total", "page", "url", "email", "order_id", "x"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(
    call=st.dictionaries(st.sampled_from(FIELDS), st.sampled_from([*TYPES, "Order Completed", "Product Added"]) | JSON)
)
def test_any_json_gives_valid_events_or_names_what_is_wrong(call: dict[str, Any]) -> None:
    """BadCall is the only error there is."""
    with contextlib.suppress(BadCall):
        assert said(call)
