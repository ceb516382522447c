"""What every source must do, whichever format it reads. Sources are discovered: no new one is forgotten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lianyi.errors import InputError
from lianyi.memory.events import KIND_PATTERN, SCHEMA, Event, check
from lianyi.memory.sources.recognising import candidates, choose
from lianyi.memory.sources.registry import source_named, sources
from lianyi.memory.sources.source import Head, Options
from tests.memory.sources.chats.samples import SAMPLES as CHATS
from tests.memory.sources.landing_place import NOW, Place
from tests.memory.sources.orders.samples import SAMPLES as ORDERS
from tests.memory.sources.orders.samples import Sample

TABLE = Sample(
    "table", "table.csv", b"user_id,event_type,created_at\n7,view,2026-03-01 10:00:00\n8,order,2026-03-02\n", 2
)
SAMPLES = [TABLE, *ORDERS, *(Sample(chat.source, chat.name, chat.content, chat.messages) for chat in CHATS.values())]
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.source}-{sample.name}")
each_source = pytest.mark.parametrize("name", list(sources()))


@pytest.fixture
def path(sample: Sample, tmp_path: Path) -> Path:
    path = tmp_path / sample.name
    path.write_bytes(sample.content)
    return path


@each_source
def test_every_source_has_a_sample_and_says_what_it_is(name: str) -> None:
    source = source_named(name)
    assert name in {sample.source for sample in SAMPLES}, f"{name} has no sample file"
    assert source.en
    assert source.zh
    assert source.en != source.zh
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in source.suffixes)
    assert all(KIND_PATTERN.match(kind) for kind in source.yields)


def test_listing_the_sources_imports_nothing_heavy() -> None:
    code = (
        "import sys; from lianyi.memory.sources.registry import sources; sources(); "
        "heavy = {'duckdb', 'deltalake', 'python_calamine', 'pyarrow.parquet'}; print(heavy & {*sys.modules})"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert out.stdout.strip() == "set()"


@each_sample
def test_it_is_recognised_among_all_formats(sample: Sample, path: Path) -> None:
    found = candidates(Head(path=path, name=sample.name))
    assert found[0].source.name == sample.source, [(c.source.name, c.guess) for c in found]
    assert 0 < found[0].guess.confidence <= 1
    assert found[0].guess.why


@each_sample
def test_its_events_obey_the_vocabulary(sample: Sample, path: Path) -> None:
    chosen = choose(path, sample.name, Options(received_at=NOW), format=None, mappings=path.parent / "none")
    rows = 0
    for batch in chosen.source.read(path, chosen.options):
        rows += batch.rows
        assert set(batch.events.schema.names) >= set(SCHEMA.names) - {"received_at"}
        for row in batch.events.to_pylist():
            plain = {name: value for name, value in row.items() if name not in {"received_at", "props"}}
            check(Event(**plain), now=NOW)
            assert row["at"].tzinfo is not None
            assert row["source"].partition("/")[0] in {sample.source, "table"}
            assert not chosen.source.yields or row["kind"] in {*chosen.source.yields, "free_order"}
            assert row["props"] is None or isinstance(json.loads(row["props"]), dict)
        for reject in batch.rejects:
            assert reject.line >= 1
            assert reject.reason
    assert rows >= sample.rows


@each_sample
def test_twice_is_once(sample: Sample, path: Path) -> None:
    place = Place(path.parent / "place")
    first = place.add(path)[0]
    again = place.add(path, now=datetime(2027, 2, 1, tzinfo=UTC))[0]
    assert first.new > 0
    assert (again.new, again.rows, again.duplicates) == (0, first.rows, first.new + first.duplicates)
    assert len(place.ids()) == len(set(place.ids())) == first.new


@each_sample
def test_a_longer_export_adds_only_what_is_new(sample: Sample, path: Path) -> None:
    """The same file under another name and with a line more at its end is the same log."""
    place = Place(path.parent / "place")
    first = place.add(path)[0]
    if path.suffix in {".csv", ".txt"}:
        longer = path.parent / "longer" / sample.name
        longer.parent.mkdir()
        end = "\r\n".encode("ascii") if b"\r\n" in sample.content else b"\n"
        longer.write_bytes(sample.content + end)
        again = place.add(longer)[0]
        assert again.new == 0, "ids depend on more than the rows"
        assert again.duplicates == first.new + first.duplicates


@each_sample
def test_a_file_cut_anywhere_neither_crashes_nor_invents(sample: Sample, path: Path) -> None:
    whole = ids_of(path, sample)
    for share in (0.35, 0.8, 0.97):
        path.write_bytes(sample.content[: int(len(sample.content) * share)])
        with suppress(InputError):  # its message is the business of tests/malformed
            extra = {id_ for id_ in ids_of(path, sample) - whole if "~" not in id_}
            # the row that was cut through may still be a row, with a shorter last cell; no other may be new
            assert len(extra) <= 3, extra


def ids_of(path: Path, sample: Sample) -> set[str]:
    """The ids of all events that a source reads out of a file."""
    chosen = choose(path, sample.name, Options(received_at=NOW), format=sample.source, mappings=path.parent / "none")
    return {id_ for batch in chosen.source.read(path, chosen.options) for id_ in batch.events["id"].to_pylist()}
