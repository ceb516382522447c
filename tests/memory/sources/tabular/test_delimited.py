"""Delimited text: the fast path, the careful path and the module csv agree, wherever a block ends."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianyi.memory.sources.source import Head
from lianyi.memory.sources.tabular import delimited
from lianyi.memory.sources.tabular.grid import grid_of

CELL = st.text(alphabet=st.sampled_from(list("ab1,;\t\"'\n 中é")), max_size=8).map(lambda text: text.replace("\r", ""))


def read(path: Path) -> tuple[list[tuple[int, tuple[str | None, ...]]], list[int]]:
    """Lines and cells of the rows of a file, and the lines of its rejects."""
    grid = grid_of(Head(path=path, name=path.name), has_header=True, delimiter=",")
    assert grid is not None
    rows: list[tuple[int, tuple[str | None, ...]]] = []
    rejects: list[int] = []
    for part in grid.parts(path):
        cells = zip(*(part.rows[name].to_pylist() for name in grid.columns), strict=True)
        rows += zip(part.lines.tolist(), cells, strict=True)
        rejects += [reject.line for reject in part.rejects]
    return rows, rejects


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(st.tuples(CELL, CELL, CELL), max_size=30), block=st.integers(24, 400), crlf=st.booleans())
def test_any_table_written_by_csv_is_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: list[tuple[str, str, str]], block: int, crlf: bool
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", block)
    monkeypatch.setattr("lianyi.memory.sources.encoding.CHUNK", 37)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n" if crlf else "\n")
    writer.writerow(["a", "b", "c"])
    lines = []
    for row in table:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    path = tmp_path / "t.csv"
    path.write_bytes(text.getvalue().encode())
    rows, rejects = read(path)
    assert rejects == []
    assert rows == [(line, tuple(cell or None for cell in row)) for line, row in zip(lines, table, strict=True)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.text(alphabet=st.sampled_from(list('ab,,"\t é\x00')), max_size=14), max_size=30),
    block=st.integers(24, 300),
)
def test_of_any_lines_each_is_a_row_a_reject_or_part_of_a_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], block: int
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", block)
    path = tmp_path / "t.csv"
    path.write_bytes("\n".join(["a,b,c", *lines, "good,1,2", "good,3,4"]).encode())
    rows, rejects = read(path)
    covered = {line for line, _cells in rows} | set(rejects)
    inside = {line + extra for line, cells in rows for extra in range(1, sum((c or "").count("\n") for c in cells) + 1)}
    blank = {number for number, line in enumerate(lines, 2) if not line}
    assert covered | inside | blank >= set(range(2, len(lines) + 4))
    assert len(covered) == len(rows) + len(rejects)


def test_a_quote_that_never_closes_costs_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 1000)
    monkeypatch.setattr(delimited, "MAX_RECORD", 5000)
    good = [f"r{n},{n},x" for n in range(2000)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,b,c", *good[:1000], 'bad,"open,y', *good[1000:]]) + "\n")
    rows, rejects = read(path)
    assert rejects == [1002]
    assert [cells[0] for _line, cells in rows] == [line.split(",")[0] for line in good]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "big5"])
def test_encodings_are_found_out(tmp_path: Path, encoding: str) -> None:
    text = "編號,名稱\n" + "1,臺灣的會員訂購了兩罐奶粉\n" * 50
    if encoding in {"gb18030", "utf-8", "utf-8-sig"}:
        text = "编号,名称\n" + "1,会员订购了两罐奶粉\n" * 50
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    rows, rejects = read(path)
    assert rejects == []
    assert [",".join(cell or "" for cell in cells) for _line, cells in rows] == text.splitlines()[1:]


def test_ascii_for_a_megabyte_then_chinese(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"1,plain\n" * 200_000 + "2,客户说奶粉很好\n".encode("gb18030"))
    rows, rejects = read(path)
    assert rejects == []
    assert rows[-1] == (200_002, ("2", "客户说奶粉很好"))
