"""Tables put beside those that a refresh made, for tests of what reads them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from lianyi.insight.store import State
from lianyi.workspace import Workspace


def put_table(ws: Workspace, name: str, rows: pa.Table) -> None:
    """Make these rows the table `name`, as of the table of people."""
    version = f"test-{ws.store.stamp}"
    folder = ws.store.path(name, version)
    folder.mkdir(parents=True)
    pq.write_table(rows, folder / "part-000.parquet")
    as_of = ws.states()["people"].as_of
    state = State(
        name=name, version=version, rows=rows.num_rows, as_of=as_of, lake_version=ws.lake.version(), seconds=0.0,
        size=0, sql="",
    )  # fmt: skip
    ws.store.switch({name: state})
