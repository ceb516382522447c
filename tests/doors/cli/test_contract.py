"""The command line's contract: commands, exit codes, data on stdout and stories on stderr. Others build on it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

ORDERS = """order_id,paid_at,customer_id,email,amount,currency,item,category
A1,2026-01-02 10:00:00,c1,ann@example.cn,10.10,CNY,tea,茶
A2,2026-01-09 10:00:00,c1,ann@example.cn,20.20,CNY,cup,茶具
A3,2026-01-03 11:00:00,c2,bo@example.cn,5.00,CNY,tea,茶
A4,not a date,c3,cai@example.cn,7.00,CNY,tea,茶
"""
MAPPING = """source: shop
events:
  - kind: order
    id: order_id
    at: paid_at
    actor_key: {column: customer_id, namespace: user}
    value: amount
    currency: currency
    object_key: {column: item, namespace: item}
    category: category
"""


def run(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", "from lianyi.doors.cli import main; main()", "-w", str(folder), *arguments],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, (done.stdout, done.stderr)
    return done


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the orders added by a mapping, and refreshed."""
    base = tmp_path_factory.mktemp("cli")
    (base / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (base / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    run(base / "ws", "new", "--name", "Shop")
    run(base / "ws", "add", str(base / "orders.csv"), "--map", str(base / "mapping.yaml"))
    run(base / "ws", "refresh")
    return base / "ws"


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_people_come_out_as_json_lines_with_exact_money(shop: Path) -> None:
    done = run(shop, "show", "people", "--json")
    spend = sorted(Decimal(str(row["net_spend"])) for row in rows(done.stdout))
    assert spend == [Decimal("5.00"), Decimal("30.30")]
    assert isinstance(rows(done.stdout)[0]["net_spend"], str)


def test_show_filters_and_limits(shop: Path) -> None:
    assert len(rows(run(shop, "show", "people", "--where", "orders >= 2", "--json").stdout)) == 1
    assert len(rows(run(shop, "show", "events", "--limit", "2", "--json").stdout)) == 2
    table = list(csv.reader(io.StringIO(run(shop, "show", "people", "--csv").stdout)))
    assert len(table) == 3
    assert "person_id" in table[0]


def test_adding_again_changes_nothing_and_rejects_are_kept(shop: Path) -> None:
    base = shop.parent
    again = rows(run(shop, "add", str(base / "orders.csv"), "--map", str(base / "mapping.yaml"), "--json").stdout)
    assert (again[0]["new"], again[0]["duplicates"], again[0]["rejects"]) == (0, 3, 1)
    kept = list((shop / "rejects").glob("*.csv"))
    assert kept
    text = kept[0].read_text(encoding="utf-8-sig")
    assert "not a date" in text
    assert "5" in text.splitlines()[1]


def test_a_dry_run_keeps_nothing(tmp_path: Path, shop: Path) -> None:
    run(tmp_path / "ws", "new")
    base = shop.parent
    done = run(
        tmp_path / "ws", "add", str(base / "orders.csv"), "--map", str(base / "mapping.yaml"), "--dry-run", "--json"
    )
    assert rows(done.stdout)[0]["new"] == 3
    assert run(tmp_path / "ws", "show", "events", "--json").stdout == ""


def test_one_person(shop: Path) -> None:
    found = json.loads(run(shop, "person", "user:c1").stdout)
    assert found["profile"]["orders"] == 2
    assert [event["kind"] for event in found["timeline"]] == ["order", "order"]
    assert isinstance(found["profile"]["attributes"], dict)
    older = json.loads(run(shop, "person", "user:c1", "--before", found["timeline"][0]["at"]).stdout)["timeline"]
    assert older == found["timeline"][1:]
    assert json.loads(run(shop, "person", "user:c1", "--kind", "message").stdout)["timeline"] == []
    assert "time zone" in run(shop, "person", "user:c1", "--before", "2026-01-31T08:00:00", code=2).stderr


def test_tag_merge_unmerge(shop: Path) -> None:
    run(shop, "tag", "user:c1", "VIP")
    assert "VIP" in {tag["tag"] for tag in json.loads(run(shop, "person", "user:c1").stdout)["tags"]}
    run(shop, "tag", "user:c1", "VIP", "--remove")
    preview = json.loads(run(shop, "merge", "user:c1", "user:c2", "--preview").stdout)
    assert preview["clashes"]
    run(shop, "merge", "user:c1", "user:c2")
    run(shop, "refresh")
    both = json.loads(run(shop, "person", "user:c2").stdout)
    assert both["profile"]["orders"] == 3
    run(shop, "unmerge", both["person_id"])
    run(shop, "refresh")
    assert json.loads(run(shop, "person", "user:c2").stdout)["profile"]["orders"] == 1


def test_tables_and_doctor(shop: Path) -> None:
    named = {row["table"] for row in rows(run(shop, "tables", "--json").stdout)}
    assert {"events", "people", "keys", "person_tags"} <= named
    states = {row["check"]: row["state"] for row in rows(run(shop, "doctor", "--json").stdout)}
    assert states["log"] == states["ids"] == "good"


def test_erase_asks_first(shop: Path) -> None:
    run(shop, "erase", "user:c2", code=1)
    certificate = json.loads(run(shop, "erase", "user:c2", "--yes").stdout)
    assert certificate["log"]["removed"] >= 1
    run(shop, "person", "user:c2", code=3)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("show", "nothing"), 3, "there are"),
        (("show", "people", "--where", "nonsense"), 2, "columns of people"),
        (("person", "user:nobody"), 3, "nobody is known"),
        (("person", "nobody"), 2, "namespace:value"),
        (("tag", "user:c1", "艾滋病"), 4, "refused"),
        (("add",), 2, "name at least one file"),
        (("add", "no-such-file.csv"), 3, "no-such-file.csv"),
        (("refresh", "nothing"), 3, "there are"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_mistakes_have_codes_and_go_to_stderr(shop: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = run(shop, *arguments, code=code)
    assert says in done.stderr
    assert done.stdout == ""


def test_no_workspace_is_code_5(tmp_path: Path) -> None:
    assert "lianyi -w" in run(tmp_path / "none", "refresh", code=5).stderr


def test_help_names_every_command(tmp_path: Path) -> None:
    text = run(tmp_path, "--help").stdout
    commands = (
        "new",
        "add",
        "refresh",
        "tables",
        "show",
        "person",
        "tag",
        "merge",
        "unmerge",
        "erase",
        "serve",
        "demo",
    )
    for command in (*commands, "doctor"):
        assert command in text
