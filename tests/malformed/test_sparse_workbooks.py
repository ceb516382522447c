"""A tiny workbook that spans a huge grid is refused before it is laid out: it would end the whole process."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import InputError
from lianyi.memory.sources.tabular.workbook import check_zip
from lianyi.memory.sources.tabular.workbook_area import Area, check_areas
from tests.malformed.sparse_workbooks import good_rows, honest_workbooks, sparse_ods, sparse_workbooks, xlsx
from tests.memory.sources.landing_place import Place

SPARSE = {name: ("log.xlsx", content) for name, content in sparse_workbooks().items()} | {
    f"ods-{name}": ("log.ods", content) for name, content in sparse_ods().items()
}


@pytest.mark.parametrize("name", SPARSE)
def test_a_sparse_workbook_is_refused(name: str, tmp_path: Path) -> None:
    file, content = SPARSE[name]
    assert len(content) < 300_000
    path = tmp_path / file
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"spans [\d,]+ rows and [\d,]+ columns: refused"):
        check_zip(path)


def test_the_refusal_names_the_file_and_lands_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with pytest.raises(InputError, match=r"log\.xlsx.*delete what stands far off in the sheet"):
        place.add_text("log.xlsx", sparse_workbooks()["corner"])
    assert place.ids() == []


@pytest.mark.parametrize("name", honest_workbooks())
def test_blank_cells_far_off_do_no_harm(name: str, tmp_path: Path) -> None:
    file, content = honest_workbooks()[name]
    place = Place(tmp_path)
    place.add_text(file, content)
    assert set(place.ids()) == {"good1", "good2"}


def test_a_binary_workbook_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "log.xlsb"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.bin", b"\x83\x01\x00")
    with pytest.raises(InputError, match="XLSB"):
        check_zip(path)


def test_declared_entities_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    rows = good_rows().replace("<c ", "<c s='1' ")
    content = io.BytesIO(xlsx(rows))
    with zipfile.ZipFile(content, "a") as archive:
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x><row><c>&b;</c></row></x>'
        archive.writestr("xl/worksheets/sheet2.xml", bomb)
    path.write_bytes(content.getvalue())
    with pytest.raises(InputError, match="entities"):
        check_zip(path)


PLACES = st.lists(st.tuples(st.integers(1, 1_048_576), st.integers(1, 16_384)), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(places=PLACES, style=st.sampled_from(['<c r="{0}"><v>1</v></c>', "<c s='1' r='{0}'><v>1</v></c>"]))
def test_refused_exactly_when_the_grid_is_too_large(places: list[tuple[int, int]], style: str) -> None:
    from openpyxl.utils import get_column_letter

    cells = [(row, style.format(f"{get_column_letter(column)}{row}")) for row, column in sorted(places)]
    content = xlsx("".join(f'<row r="{row}">{cell}</row>' for row, cell in cells))
    rows, columns = max(row for row, _ in places), max(column for _, column in places)
    fits = Area(rows=rows, columns=columns, cells=len(places)).allowed
    assert fits == (rows * columns <= 4_000_000)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if fits:
            check_areas(archive)
        else:
            with pytest.raises(InputError, match="refused"):
                check_areas(archive)
