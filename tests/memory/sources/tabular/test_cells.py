"""How a cell is read: the SQL agrees with the Python of keys and events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import BadMapping
from lianyi.memory.duckdb import DuckDB
from lianyi.memory.keys import make_key
from lianyi.memory.sources.tabular.cells import MONEY, Cells, currency_of, key_of, number_of, time_of
from lianyi.memory.sources.tabular.cleaning import NULL_WORDS, _plain, cleaned
from lianyi.memory.sources.tabular.expression import columns_of, compiled


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with DuckDB(memory_mb=256) as engine:
        yield engine


def read(engine: DuckDB, expression: str, values: list[str | None]) -> list[Any]:
    engine.register("cells", pa.table({"c": pa.array(values, pa.string())}))
    return list(engine.table(f"SELECT {expression} AS x FROM cells")["x"].to_pylist())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", "2026-02-28T16:00:00"), ("2026-3-1 9:05", "2026-03-01T01:05:00"),
        ("2026/03/01 09:05:07", "2026-03-01T01:05:07"), ("2026-03-01T09:05:07", "2026-03-01T01:05:07"),
        ("2026-03-01T09:05:07Z", "2026-03-01T09:05:07"), ("2026-03-01 09:05:07 UTC", "2026-03-01T09:05:07"),
        ("2026-03-01 09:05:07 -0500", "2026-03-01T14:05:07"), ("2026-03-01 09:05:07+08:00", "2026-03-01T01:05:07"),
        ("2026-03-01 09:05:07.25", "2026-03-01T01:05:07.250000"), ("20260301", "2026-02-28T16:00:00"),
        ("20260301090507", "2026-03-01T01:05:07"), ("1772328307", "2026-03-01T01:25:07"),
        ("1772328307000", "2026-03-01T01:25:07"), ("1772328307000000", "2026-03-01T01:25:07"),
        ("2026年3月1日", "2026-02-28T16:00:00"), ("2026年03月01日 09:05", "2026-03-01T01:05:00"),
        ("2026年3月1日 9时5分7秒", "2026-03-01T01:05:07"), ("2026.03.01", "2026-02-28T16:00:00"),
        ("01 Mar 2026", "2026-02-28T16:00:00"), ("Mar 1, 2026 09:05", "2026-03-01T01:05:00"),
    ],
)  # fmt: skip
def test_times_as_people_write_them(engine: DuckDB, text: str, moment: str) -> None:
    (found,) = read(engine, time_of("c", "Asia/Shanghai", None), [text])
    assert found == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "gestern", "2026-02-30", "2026-13-01", "10:00", "1", "2026-03-01 25:00", "01/02/03", "=1"]
)
def test_no_times(engine: DuckDB, text: str) -> None:
    assert read(engine, time_of("c", "Asia/Shanghai", None), [text]) == [None]


def test_times_of_a_known_format(engine: DuckDB) -> None:
    us, excel = time_of("c", "UTC", "%m/%d/%Y %H:%M"), time_of("c", "UTC", "excel")
    assert read(engine, us, ["12/1/2010 8:26"]) == [datetime(2010, 12, 1, 8, 26, tzinfo=UTC)]
    assert read(engine, excel, ["45292.5", "x"]) == [datetime(2024, 1, 1, 12, tzinfo=UTC), None]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", "12"), ("12.50", "12.5"), ("-3", "-3"), ("￥1,234.50", "1234.5"), ("1,234.50元", "1234.5"),
        ("¥ 99", "99"),
        ("（12", None), ("(12.00)", "-12"), ("１２．５", "12.5"), ("USD 5", "5"), ("1e3", "1000"), ("", None),
        ("--", None),
        ("1.2.3", None), ("五十", None), ("12%", None), ("0.00005", "0.0001"),
        ("99999999999999.9999", "99999999999999.9999"),
        ("100000000000000", None), ("nan", None), ("inf", None),
        ("12,50", None), ("€9,99", None), ("1,23", None), ("1,234,5", None), ("12,345,678.9", "12345678.9"),
        ("-$1,234.50", "-1234.5"), ("US$ 5", "5"), ("HK$5", "5"), ("($5.00)", "-5"), ("5 EUR", "5"),
        ("￥1，234", "1234"), ("1 234.50", "1234.5"), ("12 50", None), ("5 apples", None), ("人民币 8 元", "8"),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(engine: DuckDB, text: str, amount: str | None) -> None:
    wanted = None if amount is None else Decimal(amount)
    assert read(engine, number_of("c", MONEY), [text]) == [wanted]


def test_amounts_with_a_decimal_comma(engine: DuckDB) -> None:
    found = read(engine, number_of("c", MONEY, decimal_comma=True), ["1.234,50 €", "12,5", "7", "12.50"])
    assert found == [Decimal("1234.5"), Decimal("12.5"), Decimal(7), None]


@pytest.mark.parametrize(
    ("text", "expected", "currency"),
    [
        ("12.50", "CNY", None), ("$20.00", "CNY", "USD"), ("$20.00", "AUD", "AUD"), ("€9,99", "CNY", "EUR"),
        ("¥5", "EUR", "CNY"), ("¥5", "JPY", "JPY"), ("HK$1,200", "CNY", "HKD"), ("5 usd", "CNY", "USD"),
        ("12元", "USD", "CNY"), ("12港元", "CNY", "HKD"), ("buy for $5", "CNY", None), (None, "CNY", None),
    ],
)  # fmt: skip
def test_the_currency_that_an_amount_is_written_with(
    engine: DuckDB, text: str | None, expected: str, currency: str | None
) -> None:
    assert read(engine, currency_of("c", f"'{expected}'"), [text]) == [currency]


KEYISH = st.one_of(
    st.text(max_size=20),
    st.from_regex(r"[+0]{0,2}[0-9 \-]{5,18}", fullmatch=True),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"[a-zA-Z0-9._]{1,8}@[a-z]{1,6}\.[a-z]{1,4}", fullmatch=True),
    st.sampled_from(["138****0000", "张*", "张**", "##密文", "null", "--", "无", "e\u0301", " x ", "Ａ", "a@b.cn,c@d",
                     "undefined", "guest", "Anonymous", "true", "[object Object]", "010-88881234转8001",
                     "13800138123-1234", "(0)13800138123", "1111111111", "ａ@ｂ.cn"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(KEYISH.filter(lambda t: "\x00" not in t), min_size=1, max_size=30),
    namespace=st.sampled_from(["user", "email", "phone"]),
)
def test_keys_are_those_of_make_key(engine: DuckDB, values: list[str], namespace: str) -> None:
    column = cleaned(pa.chunked_array([pa.array(values, pa.string())]))
    found = read(engine, key_of("c", namespace), column.to_pylist())
    wanted = [None if text is None else make_key(namespace, text) for text in column.to_pylist()]
    assert found == wanted


@pytest.mark.parametrize(
    ("namespace", "text"),
    [
        ("user", "undefined"),
        ("user", "guest"),
        ("anon", "true"),
        ("phone", "010-88881234转8001"),
        ("phone", "0000000000"),
    ],
)
def test_what_is_nobody_is_no_key(engine: DuckDB, namespace: str, text: str) -> None:
    assert read(engine, key_of("c", namespace), [text]) == [None]


def test_one_star_is_a_mask_only_where_shops_write_it(engine: DuckDB) -> None:
    assert read(engine, key_of("c", "user"), ["a*b"]) == ["user:a*b"]
    assert read(engine, key_of("c", "user", strict=True), ["a*b", "ab"]) == [None, "user:ab"]


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ('="123"', "123"), ("'138", "138"), ("'=\"1\"", "1"), ("\t123\t", "123"), ("\u3000张三\xa0", "张三"),
        ("\ufeff1", "1"), ("--", None),
        ("NULL", None), ("\\N", None), ("", None), (" ", None), ("a'b", "a'b"), ("=1+1", "=1+1"), ("it's", "it's"),
        ("NaN", None),
    ],
)  # fmt: skip
def test_what_exports_put_around_a_value(raw: str, plain: str | None) -> None:
    assert cleaned(pa.chunked_array([[raw]])).to_pylist() == [plain]


AROUND = [*" \t\u3000\xa0\u200b\ufeff\u2060\u2003\x85'=\"nulNa-/#\\一龠吠蠀é"]


@settings(max_examples=200, deadline=None)
@given(
    cells=st.lists(
        st.none()
        | st.text(max_size=6).filter(lambda t: "\x00" not in t)
        | st.lists(
            st.sampled_from([*" \t\u3000\xa0\u200b\ufeff\u2060\u2003\x85'=\"nulNa-/#\\一龠吠蠀é"]), max_size=7
        ).map("".join)
        | st.sampled_from(NULL_WORDS),
        max_size=30,
    ),
    start=st.integers(0, 5),
)
def test_cells_that_look_plain_are_plain(cells: list[str | None], start: int) -> None:
    """Cleaning each cell of the column, without looking first whether it needs it, gives the same; slices too."""
    column = pa.array(cells, pa.string())[start:]
    assert cleaned(pa.chunked_array([column])).to_pylist() == [
        None if cell is None else _plain(pa.array([cell]))[0].as_py() for cell in cells[start:]
    ]


ROW: dict[str, str | None] = {
    "Quantity": "3",
    "Price": "2.50",
    "No": "C17",
    "状态": "已付款",
    "odd name": "x y",
    "none": None,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Quantity * Price", Decimal("7.5")), ("-Quantity * Price", Decimal("-7.5")),
        ("Quantity + 1 - 2 * 2", Decimal(0)),
        ("Quantity / 0", None), ("Quantity > 2", True), ("Quantity > 3 or Price < 3", True),
        ("not Quantity > 2", False),
        ("starts_with(No, 'C')", True), ("状态 in ('已付款', '完成')", True), ("`odd name`", "x y"),
        ('"odd name"', "x y"),
        ("concat(No, '/', Quantity)", "C17/3"), ("coalesce(none, No)", "C17"), ("is_empty(none)", True),
        ("none = 'x'", False),
        ("if(Quantity > 2, 'many', 'few')", "many"), ("zero_if_empty(none)", Decimal(0)), ("zero_if_empty(No)", None),
        ("split(No, '1', 2)", "7"), ("lower(No)", "c17"), ("'it''s'", "it's"), ("cents(Price)", "2.50"),
        ("number(none) > 1", False),
        ("greatest(Quantity, 5)", Decimal(5)), ("round(Price, 0)", Decimal(3)),
    ],
)  # fmt: skip
def test_expressions(engine: DuckDB, text: str, value: object) -> None:
    cells = Cells(types=dict.fromkeys(ROW, pa.string()), timezone="UTC")
    sql = compiled(text, cells).sql
    table = pa.table({name: pa.array([cell], pa.string()) for name, cell in ROW.items()})
    for column, name in cells.texts.items():
        table = table.append_column(name, cleaned(table[column]))
    engine.register("part", table)
    assert engine.table(f"SELECT {sql} AS x FROM part")["x"].to_pylist() == [value]


@pytest.mark.parametrize(
    "text",
    [
        "", "Quantity *", "(Quantity", "missing > 1", "Quantity ; drop", "read_csv('/etc/passwd')", "'open",
        "not Quantity",
        "Quantity and Price", "Quantity = (1 = 1)", "if(1, 2, 3)", "lower(Quantity > 1)", "split(No)", "1 2", "--",
        "x" * 3000,
        "(" * 100 + "1" + ")" * 100, "zero_if_empty(1)", "select 1",
    ],
)  # fmt: skip
def test_expressions_that_can_not_be_read_say_where(text: str) -> None:
    cells = Cells(types=dict.fromkeys(ROW, pa.string()), timezone="UTC")
    with pytest.raises(BadMapping):
        compiled(text, cells)


def test_columns_of_an_expression() -> None:
    assert columns_of('if(`a b` > 1 and not x in (\'y\'), Quantity * "q""r", lower(z))') == [
        "a b",
        "x",
        "Quantity",
        'q"r',
        "z",
    ]
