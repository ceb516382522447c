"""The tutorial is true: its commands run, and its figures equal counts made without Lianyi."""

from __future__ import annotations

import csv
import glob
import json
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import lianyi
from tests.real_data import ROOT, real

pytestmark = [pytest.mark.data, pytest.mark.slow]
TEXT = (ROOT / "docs" / "tutorial" / "README.md").read_text(encoding="utf-8")
SPOKEN = re.compile(r"^\s*(?:\[\d\d:\d\d\]\s*)<[^>]+>", re.MULTILINE)


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def figures() -> Mapping[str, Decimal]:
    return {
        name: Decimal(count.replace(",", ""))
        for name, count in re.findall(r"^\| ([a-z ]+) \| ([\d,.]+) \|$", TEXT, re.M)
    }


def run(command: str, folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command.replace("$DATA", str(data)).replace("-w tour", f"-w {folder}"))
    words = [path for word in words for path in (sorted(glob.glob(word)) if "*" in word and "/" in word else [word])]  # noqa: PTH207
    program = [sys.executable, "-c", "from lianyi.doors.cli import main; main()"]
    return subprocess.run([*program, *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = real("online_retail").parent
    folder = tmp_path_factory.mktemp("tutorial") / "tour"
    for command in commands():
        done = run(command, folder, data)
        assert done.returncode == 0, (command, done.stderr)
    return folder


def invoice_lines() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(real("online_retail/onlineretail.parquet")).to_pylist()
    return rows


def plain_counts() -> dict[str, Decimal]:
    """The tutorial's figures by plain Python over the files."""
    counts: dict[str, Decimal] = defaultdict(Decimal)
    net: dict[object, Decimal] = defaultdict(Decimal)
    orders: set[tuple[object, object]] = set()
    for line in invoice_lines():
        amount = Decimal(str(line["Quantity"])) * Decimal(str(line["UnitPrice"]))
        back = str(line["InvoiceNo"]).startswith("C")
        kind = (
            "order"
            if amount > 0 and not back and Decimal(str(line["UnitPrice"])) > 0
            else "refund"
            if amount < 0 and back
            else "adjustment"
        )
        counts[f"events of kind {kind}"] += 1
        if line["CustomerID"] is not None and kind != "adjustment":
            net[line["CustomerID"]] += amount
            if kind == "order":
                orders.add((line["CustomerID"], line["InvoiceNo"]))
    counts["people who ordered"] = Decimal(len({customer for customer, _ in orders}))
    counts["orders"] = Decimal(len(orders))
    counts["net spend of all people"] = sum(net.values(), Decimal(0))
    with real("taobao_share/share_sample.csv").open(encoding="utf-8") as file:
        shares = list(csv.DictReader(file))
    counts["events of kind share"] = Decimal(len(shares))
    counts["people who shared"] = Decimal(len({row["inviter_id"] for row in shares}))
    counts["people who received a share"] = Decimal(len({row["voter_id"] for row in shares}))
    return counts


def test_the_figures_are_those_of_a_plain_count() -> None:
    plain = plain_counts()
    told = figures()
    assert set(plain) == set(told) - {"events of kind message"}
    for name, count in plain.items():
        assert told[name] == count, name


def test_the_workspace_says_the_same(tour: Path) -> None:
    told = figures()
    ws = lianyi.open(tour)
    kinds = ws.sql("SELECT kind, count(*) AS n FROM events GROUP BY kind").to_arrow_table().to_pylist()
    for row in kinds:
        name = f"events of kind {row['kind']}"
        if name in told:
            assert told[name] == row["n"], name
    people = ws.sql(
        "SELECT count(*) FILTER (WHERE orders > 0) AS buyers, sum(orders) AS orders, sum(net_spend) AS net FROM people"
    ).to_arrow_table().to_pylist()[0]  # fmt: skip
    assert people == {
        "buyers": told["people who ordered"], "orders": told["orders"], "net": told["net spend of all people"],
    }  # fmt: skip


def test_every_person_agrees_to_the_cent(tour: Path) -> None:
    """`lianyi show people --json` against recency, frequency and money by plain Python, person by person."""
    net: dict[str, Decimal] = defaultdict(Decimal)
    orders: dict[str, set[str]] = defaultdict(set)
    last: dict[str, str] = defaultdict(str)
    for line in invoice_lines():
        quantity, price = Decimal(str(line["Quantity"])), Decimal(str(line["UnitPrice"]))
        back = str(line["InvoiceNo"]).startswith("C")
        if line["CustomerID"] is None or price <= 0 or quantity == 0 or back != (quantity < 0):
            continue
        customer = f"user:{int(str(line['CustomerID']).partition('.')[0])}"
        net[customer] += quantity * price
        if not back:
            orders[customer].add(str(line["InvoiceNo"]))
            last[customer] = max(last[customer], str(line["InvoiceDate"])[:10])
    rows = run("lianyi -w tour show people --json", tour, tour).stdout.splitlines()
    told = {key: row for row in map(json.loads, rows) for key in row["keys"] if key in net}
    assert len(told) == len(net)
    for customer, row in told.items():
        assert Decimal(row["net_spend"]) == net[customer].quantize(Decimal("0.0001")), customer
        assert row["orders"] == len(orders[customer]), customer
        if orders[customer]:
            assert row["last_order"][:10] == last[customer], customer


def test_messages_are_the_spoken_lines(tour: Path) -> None:
    spoken = sum(
        len(SPOKEN.findall(path.read_text(encoding="utf-8", errors="replace")))
        for path in sorted(real("irc_threads/dev").glob("*.raw.txt"))
    )
    rows = lianyi.open(tour).sql("SELECT count(*) AS n FROM events WHERE kind = 'message'").to_arrow_table()
    # Acts ("* nick does this") are messages too; spoken lines alone are a lower bound that must be met closely.
    assert 0 <= rows["n"][0].as_py() - spoken <= 0.05 * spoken
    assert figures()["events of kind message"] == rows["n"][0].as_py()
