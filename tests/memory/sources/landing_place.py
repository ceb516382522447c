"""A lake for one test, and what lands in it, as plain rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lianyi.memory.duckdb import DuckDB
from lianyi.memory.lake import Lake
from lianyi.memory.sources.importing import ImportReport, Progress, import_files
from lianyi.memory.sources.tabular.mapping import Mapping

NOW = datetime(2027, 1, 1, tzinfo=UTC)


class Place:
    """A workspace folder's memory part."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.lake = Lake(folder)

    def add(
        self,
        *paths: Path,
        mapping: Path | Mapping | None = None,
        progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> list[ImportReport]:
        """Import files as a workspace does."""
        return import_files(
            self.lake, paths, mappings=self.folder / "mappings", rejects=self.folder / "rejects", mapping=mapping,
            progress=progress, **{"now": NOW, **options},
        )  # fmt: skip

    def add_text(self, name: str, text: str | bytes, **options: Any) -> ImportReport:
        """Import one file with this content."""
        path = self.folder / "files" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return self.add(path, **options)[0]

    def events(self, where: str = "TRUE") -> list[dict[str, Any]]:
        """All events of the log, sorted by id, without empty fields; props as a dict."""
        if not self.lake.files():
            return []
        with DuckDB(memory_mb=512) as engine:
            engine.register("log", self.lake.files())
            rows = engine.table(f"SELECT * FROM log WHERE {where} ORDER BY id").to_pylist()
        plain = [{name: value for name, value in row.items() if value is not None} for row in rows]
        for row in plain:
            if "props" in row:
                row["props"] = json.loads(row["props"])
        return plain

    def ids(self) -> list[str]:
        """The ids of all events."""
        return [event["id"] for event in self.events()]
