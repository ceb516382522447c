"""Tables that nothing can be made from are not asked again: what they say of their sources must be so."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import lianyi
from lianyi import world
from lianyi.insight import refresh
from lianyi.insight.tables import EVENTS, Table, catalogue, of_kinds
from lianyi.insight.ties.contacts import CONTACT_KINDS
from lianyi.workspace import Workspace

SETTINGS = world.WorldSettings(people=200, seed=5, days=60)
SHARING = ("share", "invite", "arrive")
# What the brand of each case knows nothing of. Bought and looked at is always something.
WITHOUT = {"contact": CONTACT_KINDS, "sharing": SHARING}


@pytest.fixture(scope="module")
def events() -> pa.Table:
    return pa.concat_tables(list(world.generate(SETTINGS).events())).combine_chunks()


def brand(folder: Path, events: pa.Table, without: tuple[str, ...]) -> Workspace:
    file = folder / "events.parquet"
    pq.write_table(events.filter(pc.invert(pc.is_in(events["kind"], pa.array(without, pa.string())))), file)
    ws = lianyi.open(folder / "brand", create=True)
    ws.add(file)
    return ws


def empty_handed(ws: Workspace) -> list[Table]:
    """Tables whose sources are all empty."""
    rows = {name: state.rows for name, state in ws.states().items()}
    kinds = ws.sql(f"SELECT DISTINCT kind FROM {EVENTS}").to_arrow_table()["kind"].to_pylist()
    rows |= dict.fromkeys(of_kinds(*kinds), 1)
    return [table for table in catalogue().values() if table.rows_from and not any(map(rows.get, table.rows_from))]


@pytest.mark.slow
@pytest.mark.parametrize("case", WITHOUT)
def test_without_sources_a_table_has_no_rows(
    case: str, events: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_EMPTY", {})
    ws = brand(tmp_path, events, WITHOUT[case])
    ws.refresh()
    made = {table.name: ws.table(table.name).to_arrow_table().schema for table in empty_handed(ws)}
    assert {name: ws.states()[name].rows for name in made} == dict.fromkeys(made, 0)
    assert ("ties" in made, "arrivals" in made) == (case == "contact", True)

    ws.refresh()
    for name, schema in made.items():
        assert "nothing to make it from" in ws.states()[name].sql
        again = ws.table(name).to_arrow_table()
        assert (again.num_rows, again.schema) == (0, schema)


def test_sources_are_inputs() -> None:
    for table in catalogue().values():
        assert {source.partition(":")[0] for source in table.rows_from} <= set(table.inputs), table.name
