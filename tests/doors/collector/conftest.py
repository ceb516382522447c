"""One server for the tests that only ask it something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors.collector.server import Running, serving, workspace


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = workspace(tmp_path_factory.mktemp("brand"))
    with serving(folder, environment={"LIANYI_LIMIT_ADDRESS_RATE": "0", "LIANYI_LIMIT_KEY_RATE": "0"}) as running:
        yield running
    said = running.said()
    assert "Traceback" not in said, said
