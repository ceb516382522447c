"""What is true of a world: tables that insight must never read, kept beside the data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lianyi.errors import NotFound
from lianyi.world.meanings import MEANINGS
from lianyi.world.ripples import BASE, INCENTIVE_FACTOR, INCENTIVES, MOST
from lianyi.world.settings import WorldSettings

MODEL = {
    "base": BASE,
    "most": MOST,
    "incentives": dict(zip(INCENTIVES, INCENTIVE_FACTOR.tolist(), strict=True)),
    "formula": "min(most, base · (0.25 + 1.5·strength) · sharing[source]"
    " · (0.2 + 1.6·interest[target, topic]) · incentive)",
}


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Tables by name; MEANINGS says what one row and each column of them means. `world`: the settings as JSON."""

    people: pa.Table
    keys: pa.Table
    ties: pa.Table
    communities: pa.Table
    memberships: pa.Table
    happenings: pa.Table
    rooms: pa.Table
    interests: pa.Table
    needs: pa.Table
    scenes: pa.Table
    orders: pa.Table
    cascades: pa.Table
    spread: pa.Table
    false_arrivals: pa.Table
    invites: pa.Table
    campaigns: pa.Table
    assignments: pa.Table
    bursts: pa.Table
    messages: pa.Table
    outings: pa.Table
    world: dict[str, Any]

    def spread_probabilities(self, topic: str, incentive: str) -> pa.Table:
        """One row = one arc: source, target, probability that the target arrives through the source.

        Both directions of each tie. NotFound for a topic or incentive that the world does not know.
        """
        factor = _known(MODEL["incentives"], incentive, "incentive")
        topics = self.interests["topic"].unique().to_pylist()
        _known(dict.fromkeys(topics), topic, "topic")
        care = self.interests.filter(pa.compute.equal(self.interests["topic"], topic))["interest"].to_numpy()
        sharing = self.people["sharing"].to_numpy()
        a, b = self.ties["a"].to_numpy(), self.ties["b"].to_numpy()
        source, target = np.concatenate([a, b]), np.concatenate([b, a])
        trust = 0.25 + 1.5 * np.tile(self.ties["strength"].to_numpy(), 2)
        chance = BASE * trust * sharing[source] * (0.2 + 1.6 * care[target]) * factor
        columns = {"source": source, "target": target, "probability": np.minimum(chance, MOST).astype(np.float64)}
        return pa.table(columns)


def _known(values: Any, name: str, what: str) -> Any:
    if name not in values:
        raise NotFound(f"no {what} {name!r}; there are {', '.join(values)}")
    return values[name]


def write_truth(truth: Truth, folder: Path) -> None:
    """Write each table as `<name>.parquet` and `truth.json` with settings, the spread model and all meanings."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in MEANINGS:
        pq.write_table(getattr(truth, name), folder / f"{name}.parquet", compression="zstd")
    tables = {name: {"one_row": row, "columns": dict(columns)} for name, (row, columns) in MEANINGS.items()}
    content = {"world": truth.world, "spread_model": MODEL, "tables": tables}
    (folder / "truth.json").write_text(
        json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8"
    )


def read_truth(folder: Path) -> Truth:
    """What `write_truth` wrote. NotFound names the missing file."""
    missing = [
        name for name in ("truth.json", *(f"{name}.parquet" for name in MEANINGS)) if not (folder / name).exists()
    ]
    if missing:
        raise NotFound(f"{folder} holds no truth: {missing[0]} is missing; make it with world.write_truth")
    world = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["world"]
    return Truth(**{name: pq.read_table(folder / f"{name}.parquet") for name in MEANINGS}, world=world)


def settings_values(settings: WorldSettings) -> dict[str, Any]:
    """The settings as values that JSON knows, without what has no influence on the world."""
    values = {**asdict(settings), "start": settings.start.isoformat(), "end": settings.end.isoformat()}
    del values["batch_rows"]
    return values


TABLES = tuple(field.name for field in fields(Truth) if field.name != "world")
