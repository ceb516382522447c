"""The small brand, built once for all tests of pages and API, and copied for each."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from lianyi.doors.console import catalogues
from lianyi.workspace import Workspace
from tests.doors.standing import Standing, copy_brand, make_brand, stand_up


@pytest.fixture(scope="session")
def brand_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("brand") / "tea"
    make_brand(folder)
    return folder


@pytest.fixture(scope="session")
def compiled_catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    catalogues.compile_all(folder)
    return folder


@pytest.fixture
def brand(brand_template: Path, compiled_catalogues: Path, tmp_path: Path, settings: Settings) -> Workspace:
    """The console's workspace for this test."""
    ws = copy_brand(brand_template, tmp_path / "tea")
    settings.WORKSPACE = ws.folder
    settings.LOCALE_PATHS = [compiled_catalogues]
    # Slow hashing is for attackers; test_signing.py checks the real one.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return ws


@pytest.fixture
def standing(brand: Workspace, db: None) -> Standing:
    """Owner, analyst and stranger before the small brand."""
    return stand_up()
