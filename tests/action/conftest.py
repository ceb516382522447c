"""The console's rooms keep their tables through Django; a test gets an empty database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doors.standing import make_brand


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Every test of this folder may use the database."""


@pytest.fixture(scope="session")
def brand_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small brand of the console's tests."""
    folder = tmp_path_factory.mktemp("brand") / "tea"
    make_brand(folder)
    return folder
