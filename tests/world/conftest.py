"""One small world for all tests of this folder: made once."""

from __future__ import annotations

import pyarrow as pa
import pytest
from tests.world.seen import SETTINGS, Seen

from lianyi import world


@pytest.fixture(scope="session")
def seen() -> Seen:
    made = world.generate(SETTINGS)
    events = pa.concat_tables(list(made.events())).combine_chunks()
    return Seen(SETTINGS, events, made.truth())
