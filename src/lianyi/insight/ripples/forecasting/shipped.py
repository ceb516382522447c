"""Forecasters that come with the package, for who has too little past of his own: learned on simulated brands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lianyi.insight.ripples.forecasting.learning import Forecaster

FILE = Path(__file__).with_name("shipped.npz")
ABOUT = Path(__file__).with_name("shipped.json")


@cache
def shipped() -> Mapping[str, Forecaster]:
    """By name of the point. Made by benchmarks/shipped_forecasts.py."""
    with np.load(FILE) as file:
        arrays = dict(file)
    points = sorted({name.split("/", 1)[0] for name in arrays})
    return {point: Forecaster.read(_part(arrays, point)) for point in points}


def _part(arrays: Mapping[str, Any], point: str) -> dict[str, Any]:
    before = f"{point}/"
    return {name.removeprefix(before): array for name, array in arrays.items() if name.startswith(before)}


def provenance() -> Mapping[str, Any]:
    """What they were learned from, and how well they did on ripples they had not seen."""
    found: Mapping[str, Any] = json.loads(ABOUT.read_text(encoding="utf-8"))
    return found


def write(forecasters: Mapping[str, Forecaster], about: Mapping[str, Any]) -> None:
    """Replace both files."""
    arrays = {f"{point}/{name}": array for point, one in forecasters.items() for name, array in one.arrays().items()}
    np.savez_compressed(FILE, **{name: _small(array) for name, array in arrays.items()})
    ABOUT.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _small(array: Any) -> Any:
    """Thresholds and values need no more than seven digits."""
    return array.astype(np.float32) if array.dtype == np.float64 and array.ndim else array
