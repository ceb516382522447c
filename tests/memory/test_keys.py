"""Keys: one spelling per identifier, in Python and in SQL."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.memory.duckdb import DuckDB
from lianyi.memory.keys import (
    NAMESPACES,
    as_kept,
    email_key,
    email_key_sql,
    is_role,
    is_role_sql,
    key_sql,
    make_key,
    namespace_of,
    phone_key,
    phone_key_sql,
    strength_sql,
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("138 0013 8001", "phone:8613800138001"),
        ("+86 138-1234-5678", "phone:8613812345678"),
        ("008613812345678", "phone:8613812345678"),
        ("8613812345678", "phone:8613812345678"),
        ("１３８１２３４５６７８", "phone:8613812345678"),
        ("\t13812345678\ufeff", "phone:8613812345678"),
        ("13812345678（妈妈）", "phone:8613812345678"),
        ("+44 (0)20 7946 0958", "phone:442079460958"),
        ("+1 (415) 555-2671", "phone:14155552671"),
        ("010-12345678", "phone:01012345678"),
        ("1******6198", None),
        ("18466668888-1234", None),
        ("18466668888转1234", None),
        ("010-12345678 ext 12", None),
        ("11111111111", None),
        ("12345", None),
        ("13812345678/13912345678", None),
        ("无", None),
        ("", None),
    ],
)
def test_phone(text: str, key: str | None) -> None:
    assert make_key("phone", text) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (" An.Li@Example.COM ", "email:an.li@example.com"),
        ("ａｎ＠example.com", "email:an@example.com"),
        ("王芳@例子.中国", "email:王芳@例子.中国"),
        ("an@example", None),
        ("a**@example.com", None),
        ("a*@example.com", None),
        ("An <an@example.com>", None),
        ("a@x.cn,b@x.cn", None),
        ("an@example.com\n", "email:an@example.com"),
    ],
)
def test_email(text: str, key: str | None) -> None:
    assert make_key("email", text) == key


@pytest.mark.parametrize("nothing", ["", "  ", "null", "NULL", "--", "无", "##a1b2", "1**2", "　"])
@pytest.mark.parametrize("namespace", ["user", "email", "phone", "taobao", "our_own"])
def test_nothing_is_no_key(namespace: str, nothing: str) -> None:
    assert make_key(namespace, nothing) is None


def test_the_id_of_everybody_is_no_key_but_may_be_a_name() -> None:
    assert make_key("user", "Anonymous") is None
    assert make_key("anon", "guest") is None
    assert make_key("taobao", "guest") == "taobao:guest"


def test_composed_and_decomposed_letters_are_one_key() -> None:
    assert make_key("taobao", "Rene\u0301") == make_key("taobao", "Ren\u00e9") == "taobao:Ren\u00e9"


@pytest.mark.parametrize(
    "key",
    ["email:info@shop.cn", "email:customer.service@x.cn", "email:kefu+1@x.cn", "phone:4008123123",
     "phone:8613800138000", "name:vip群/客服", "irc:管理员"],
)  # fmt: skip
def test_roles(key: str) -> None:
    assert is_role(key)


@pytest.mark.parametrize(
    "key",
    ["email:information@shop.cn", "email:an@info.cn", "phone:8613888888888", "name:vip群/客服小美", "user:info@x.cn"],
)
def test_what_only_looks_like_a_role(key: str) -> None:
    assert not is_role(key)


def test_a_namespace_of_ones_own_is_strong_and_not_exclusive() -> None:
    assert (namespace_of("loyalty:1").strength, namespace_of("loyalty:1").exclusive) == ("strong", False)


# Letters assigned in the Unicode versions that Python 3.11 and DuckDB both know; a NUL is refused by memory.events.
_LETTERS = st.characters(exclude_categories=("Cs", "Cn", "Co"), exclude_characters="\x00", max_codepoint=0xFFFF)
_TEXT = st.one_of(
    st.text(_LETTERS, max_size=20),
    st.text("0123456789+-() （）０１９86*x转#,/\t\u3000", max_size=24),
    st.text("aZ@.é*,<> \u00a0＠．\u3000\n\ufeff中", max_size=16),
    st.from_regex(r"\s?(\+|00)?(86)?[ -]?1[3-9][0-9]{9}([-转 ][0-9]{1,6})?\s?", fullmatch=True),
    st.from_regex(r"[A-Za-z.+]{1,9}@[a-zA-Z]{1,5}\.[a-z]{1,4}\s?", fullmatch=True),
    st.sampled_from(["null", "NaN", "Guest", "[object Object]", "##1", "1**2", "00", "--", "无"]),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(_TEXT, min_size=60, max_size=120))
def test_the_sql_twins_say_the_same(texts: list[str]) -> None:
    with DuckDB() as engine:
        engine.register("texts", pa.table({"text": pa.array(texts, pa.string())}))
        for namespace in ("email", "phone", "user", "taobao", "our own's"):
            expected = [make_key(namespace, text) for text in texts]
            assert _column(engine, key_sql(namespace, "text")) == expected
        assert _column(engine, phone_key_sql("text")) == [phone_key(text) for text in texts]
        assert _column(engine, email_key_sql("text")) == [email_key(text) for text in texts]


_KEYS = st.one_of(
    st.builds("{}:{}".format, st.sampled_from([*NAMESPACES, "own"]), st.text(_LETTERS, max_size=12)),
    st.builds(
        "email:{}{}@x.cn".format, st.sampled_from(["info", "hr", "an", "no-reply"]), st.sampled_from(["", "+1", "x"])
    ),
    st.builds("phone:{}".format, st.from_regex(r"(86)?(400|138|800)[0-9]{7,8}", fullmatch=True)),
    st.builds("name:{}{}".format, st.sampled_from(["", "a/", "a\n/b/"]), st.sampled_from(["客服", "群主", "王"])),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(_KEYS, min_size=10, max_size=40))
def test_the_sql_twins_know_roles_and_strengths(keys: list[str]) -> None:
    with DuckDB() as engine:
        engine.register("texts", pa.table({"text": pa.array(keys, pa.string())}))
        assert _column(engine, is_role_sql("text")) == [is_role(key) for key in keys]
        assert _column(engine, strength_sql("text")) == [namespace_of(key).strength for key in keys]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["email", "user", "taobao"]), _TEXT)
def test_a_normalised_value_is_normal(namespace: str, text: str) -> None:
    key = make_key(namespace, text)
    assert key is None or make_key(namespace, key.partition(":")[2]) == key


def test_no_text_gives_no_key() -> None:
    with DuckDB() as engine:
        assert engine.table(f"SELECT {key_sql('phone', 'CAST(NULL AS VARCHAR)')} AS key")["key"].to_pylist() == [None]


def _column(engine: DuckDB, expression: str) -> list[object]:
    result: list[object] = engine.table(f"SELECT {expression} AS result FROM texts")["result"].to_pylist()
    return result


def test_a_key_is_found_however_people_write_it() -> None:
    assert as_kept("phone:138 0013 8000") == as_kept("phone:+86-13800138000") == "phone:8613800138000"
    assert as_kept("email: Ann@Example.CN") == "email:ann@example.cn"
    assert as_kept("user:1 2") == "user:1 2"
    assert as_kept("phone:nobody") == "phone:nobody"
