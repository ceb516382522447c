"""A workspace folder for the keys of secrets, and servers to talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.action.channels.servers import Receiver, Server, Simulated, receiver, simulated, smtp


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests call is on this machine."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    """The workspace's folder."""
    settings.WORKSPACE = tmp_path / "tea"
    settings.WORKSPACE.mkdir()
    return Path(settings.WORKSPACE)


@pytest.fixture(scope="session")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One without encryption and login, for all tests."""
    with smtp(tmp_path_factory.mktemp("smtp")) as server:
        yield server


@pytest.fixture
def http(tmp_path: Path) -> Iterator[Receiver]:
    """A receiver of HTTP calls."""
    with receiver(tmp_path / "http") as server:
        yield server


@pytest.fixture
def platforms(tmp_path: Path) -> Iterator[Simulated]:
    """Providers of SMS, WeCom and the official account."""
    with simulated(tmp_path / "platforms") as made:
        yield made
