"""Names of sources and labels can't lead out of the folder of mappings, and can't part an id."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianyi.errors import BadMapping, InputError
from lianyi.memory.sources.encoding import detect
from lianyi.memory.sources.source import Options
from lianyi.memory.sources.source_names import check_source_name
from lianyi.memory.sources.tabular.choosing import source_name
from lianyi.memory.sources.tabular.mapping import from_data, read
from tests.memory.sources.landing_place import Place

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EVENTS = [{"at": "when", "kind": "order", "id": "no"}]
BAD = [
    "../evil", "..", ".", "/etc/cron.d/x", "a/b", "a\\b", "a..b", ".hidden", "a.", " a", "a ", "a:b", "a\nb", "a\x00b",
    "a\u202eb", "~", "$HOME", "-rf", "x" * 61,
]  # fmt: skip
GOOD = ["shop", "west_shop", "微店", "店-2", "v1.2", "My Shop", "_x", "Ünal", "7", "的" * 60]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_name_is_refused_for_sources_and_labels(name: str) -> None:
    with pytest.raises(BadMapping, match="source: "):
        from_data({"source": name, "events": EVENTS})
    with pytest.raises(InputError, match="label: "):
        Options(received_at=NOW, label=name)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_name_is_taken(name: str) -> None:
    assert from_data({"source": name, "events": EVENTS}).source == name
    assert Options(received_at=NOW, label=name).source("table") == f"table/{name}"


def test_no_label_is_no_name() -> None:
    assert Options(received_at=NOW, label="").source("table") == "table"


@given(name=st.text(max_size=80))
def test_every_name_taken_is_one_plain_part_of_a_path(name: str) -> None:
    try:
        check_source_name(name, what="source")
    except InputError:
        return
    folder = Path("/w/mappings")
    path = folder / f"{name}.yaml"
    assert path.parent == folder
    assert Path(str(path)).resolve().parent == folder.resolve()
    assert len(path.name.encode()) <= 255
    assert not set(name) & set(":/\\\n\r\0")


@given(name=st.text(max_size=80))
def test_every_name_made_from_a_file_is_allowed(name: str) -> None:
    check_source_name(source_name(name), what="source")


def test_a_mapping_lands_no_file_elsewhere(tmp_path: Path) -> None:
    place = Place(tmp_path)
    mapping = tmp_path / "m.yaml"
    mapping.write_text("source: ../../evil\nevents:\n- {at: when, kind: order, id: 'no'}\n", encoding="utf-8")
    with pytest.raises(BadMapping, match=r"m\.yaml: source: '\.\./\.\./evil'"):
        read(mapping)
    with pytest.raises(InputError, match="source: "):
        place.add_text("x.csv", "no,when\n1,2026-03-01\n", mapping=mapping)
    assert place.ids() == []
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("codec", ["zlib_codec", "base64", "hex", "rot13", "bz2", "uu", "quopri", "idna", "punycode"])
def test_a_codec_that_is_no_text_encoding_is_refused(codec: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"no,when\n1,2026-03-01\n")
    with pytest.raises(InputError, match=f"encoding {codec!r}.*write utf-8, gb18030"):
        detect(path, given=codec)


@pytest.mark.parametrize("codec", ["", "nope", "utf-8\x00", "x" * 5000, "utf\ud800", "unicode_escape", "undefined"])
def test_a_name_that_is_no_codec_is_refused(codec: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"no,when\n1,2026-03-01\n")
    with pytest.raises(InputError, match=r"encoding .*write utf-8, gb18030"):
        detect(path, given=codec)
