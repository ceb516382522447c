"""A year of a real shop: every customer's orders and net spend to the cent, against pandas."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from lianyi.memory.duckdb import DuckDB
from lianyi.memory.events import SCHEMA
from lianyi.settings import Settings
from tests.insight.log import make
from tests.real_data import real

pytestmark = [pytest.mark.data, pytest.mark.slow]
AS_OF = datetime(2011, 12, 10, tzinfo=UTC)


def lines() -> pd.DataFrame:
    """One row = one line of an invoice with money in ten-thousandths, lines of no money left out."""
    frame = pd.read_parquet(real("online_retail/onlineretail.parquet"))
    frame["tenths"] = (frame["Quantity"] * frame["UnitPrice"] * 10_000).round().astype("int64")
    frame["cancelled"] = frame["InvoiceNo"].str.startswith("C")
    return frame[(frame["tenths"] > 0) & ~frame["cancelled"] | (frame["tenths"] < 0) & frame["cancelled"]].reset_index(
        drop=True
    )


def as_events(frame: pd.DataFrame) -> pa.Table:
    """Sold lines as orders, cancelled lines as refunds; lines of nobody stay of nobody."""
    number = frame.index.astype(str)
    columns: dict[str, Any] = {
        "id": "retail:" + number,
        "at": frame["InvoiceDate"].dt.tz_localize("Europe/London", ambiguous=True).dt.tz_convert("UTC"),
        "received_at": pd.Series(AS_OF, index=frame.index),
        "kind": frame["cancelled"].map({True: "refund", False: "order"}),
        "source": pd.Series("retail", index=frame.index),
        "actor_key": "user:" + frame["CustomerID"].astype("Int64").astype("string"),
        "object_key": "item:" + frame["StockCode"],
        "parent_id": "retail:" + frame["InvoiceNo"],
        "value": [Decimal(abs(tenths)).scaleb(-4) for tenths in frame["tenths"]],
        "currency": pd.Series("GBP", index=frame.index),
    }
    arrays = [
        pa.array(columns[field.name], type=field.type, from_pandas=True)
        if field.name in columns
        else pa.nulls(len(frame), field.type)
        for field in SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def truth(frame: pd.DataFrame) -> pd.DataFrame:
    """One row = one customer: invoices, net in ten-thousandths, days since the last invoice (London)."""
    known = frame.dropna(subset="CustomerID")
    sold = known[~known["cancelled"]].groupby("CustomerID")
    result = pd.DataFrame({"orders": sold["InvoiceNo"].nunique(), "last": sold["InvoiceDate"].max()})
    result = result.reindex(sorted(known["CustomerID"].unique()))
    result["net"] = known.groupby("CustomerID")["tenths"].sum()
    result["recency"] = (pd.Timestamp(2011, 12, 10) - result["last"].dt.normalize()).dt.days
    return result


def test_rfm_of_a_real_shop_agrees_with_pandas_to_the_cent() -> None:
    frame = lines()
    expected = truth(frame)
    keys = {f"user:{int(customer)}": f"p{int(customer)}" for customer in expected.index}
    with DuckDB(memory_mb=1024, threads=2) as engine:
        settings = Settings(currency="GBP", timezone="Europe/London", memory_mb=1024)
        make(engine, as_events(frame), keys, ["profiles"], settings, AS_OF, {})
        rows = engine.table(
            "SELECT person_id, orders, net_spend, recency_days, frequency, monetary FROM profiles"
        ).to_pylist()
    made = {int(row["person_id"][1:]): row for row in rows}
    assert made.keys() == {int(customer) for customer in expected.index}
    assert len(made) == 4371
    for customer, row in expected.iterrows():
        found = made[int(customer)]  # type: ignore[call-overload]
        orders = 0 if pd.isna(row["orders"]) else int(row["orders"])
        assert (found["orders"], found["net_spend"] * 10_000) == (orders, row["net"]), customer
        assert found["recency_days"] == (None if pd.isna(row["recency"]) else row["recency"]), customer
        if orders:
            assert abs(found["monetary"] * orders - found["net_spend"]) <= Decimal("0.00005") * orders
