"""Where the real data sets are, beside the checkout; tests that need them skip clearly where they are missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("LIANYI_REAL_DATA", ROOT.parent / "shared" / "data"))


def real(name: str) -> Path:
    """The path of one real file; skips the test where the data is not there (in CI it is)."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"real data {name} is not at {FOLDER} (set LIANYI_REAL_DATA)")
    return path
