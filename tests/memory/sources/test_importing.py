"""Files into the log: once, whole, interruptible, with nothing lost in silence."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lianyi.errors import BadMapping, InputError, Interrupted, NotFound, UnknownFormat
from lianyi.memory.sources.importing import Progress
from tests.memory.sources.landing_place import Place
from tests.memory.sources.orders.samples import TAOBAO, WECOM, YOUZAN

HEADER = "id,at,kind,actor_key,object_key,value,currency,props\n"


def log_of(numbers: list[int]) -> str:
    rows = [
        f'e{n},2026-03-01 10:{n % 60:02}:00+08:00,order,user:{n % 7},item:{n % 5},{n}.50,CNY,"{{""n"": {n}}}"'
        for n in numbers
    ]
    return HEADER + "".join(row + "\n" for row in rows)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_own_columns_are_taken_as_they_are(place: Place) -> None:
    report = place.add_text("log.csv", log_of([1, 2]))
    event = place.events()[0]
    assert (report.rows, report.new, report.kinds) == (2, 2, {"order": 2})
    assert (event["id"], event["props"], str(event["value"])) == ("e1", {"n": 1}, "1.5000")
    assert report.first_at is not None
    assert report.first_at.isoformat() == "2026-03-01T02:01:00+00:00"


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "xlsx", "json"])
def test_the_same_rows_from_any_container(place: Place, kind: str) -> None:
    text = log_of([1, 2, 3])
    rows = list(csv.DictReader(io.StringIO(text)))
    path = place.folder / f"log.{kind}"
    if kind == "parquet":
        options = pacsv.ConvertOptions(column_types=dict.fromkeys(HEADER.strip().split(","), "string"))
        pq.write_table(pacsv.read_csv(io.BytesIO(text.encode()), convert_options=options), path)
    elif kind == "xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for row in csv.reader(io.StringIO(text)):
            sheet.append(row)
        book.save(path)
    elif kind == "tsv":
        path.write_text(
            "\n".join(
                "\t".join(f'"{c}"' if '"' not in c else f'"{c.replace(chr(34), chr(34) * 2)}"' for c in row)
                for row in csv.reader(io.StringIO(text))
            )
            + "\n"
        )
    else:
        import msgspec

        lines = [msgspec.json.encode(dict(row)) for row in rows]
        path.write_bytes(b"\n".join(lines) if kind == "jsonl" else b"[" + b",\n".join(lines) + b"]")
    place.add(path)
    assert [(e["id"], e["actor_key"], str(e["value"]), e["props"]["n"]) for e in place.events()] == [
        ("e1", "user:1", "1.5000", 1), ("e2", "user:2", "2.5000", 2), ("e3", "user:3", "3.5000", 3),
    ]  # fmt: skip


def test_twice_is_once(place: Place) -> None:
    first = place.add_text("log.csv", log_of([1, 2, 3]))
    again = place.add_text("log.csv", log_of([1, 2, 3]))
    assert (again.new, again.duplicates, again.already_landed) == (0, first.new, True)
    assert place.ids() == ["e1", "e2", "e3"]


def test_rows_without_ids_count_as_often_as_they_stand_there(place: Place) -> None:
    text = "user_id,event_type,created_at\n" + "7,view,2026-03-01 10:00:00\n" * 3
    place.add_text("clicks.csv", text)
    assert len(place.ids()) == 3
    # the mapping is remembered, so a longer export of the same log adds only what is new
    place.add_text("clicks_again.csv", text + "8,view,2026-03-01 10:00:00\n")
    assert len(place.ids()) == 4


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), numbers=st.lists(st.integers(0, 500), min_size=1, max_size=40))
def test_any_split_of_a_file_is_the_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, numbers: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("split")
    whole, parts = Place(folder / "whole"), Place(folder / "parts")
    whole.add_text("log.csv", log_of(numbers))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(numbers)), max_size=3)))
    pieces = [numbers[a:b] for a, b in zip([0, *cuts], [*cuts, len(numbers)], strict=True)]
    for number, piece in enumerate(data.draw(st.permutations(pieces))):
        if piece:
            parts.add_text(f"part{number}.csv", log_of(piece))
    plain = [{k: v for k, v in e.items() if k != "source"} for e in whole.events()]
    assert plain == [{k: v for k, v in e.items() if k != "source"} for e in parts.events()]


def test_a_dry_run_counts_the_same_and_lands_nothing(place: Place) -> None:
    place.add_text("log.csv", log_of([1]))
    dry = place.add_text("log2.csv", log_of([1, 2, 3]), dry_run=True)
    assert place.ids() == ["e1"]
    real = place.add_text("log2.csv", log_of([1, 2, 3]))
    assert (dry.rows, dry.new, dry.duplicates, dry.kinds) == (real.rows, real.new, real.duplicates, real.kinds)
    assert not real.already_landed


def test_interrupted_nothing_is_half_landed(place: Place) -> None:
    def stop(_progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="nothing of this file has landed"):
        place.add_text("log.csv", log_of([1, 2, 3]), progress=stop)
    assert place.ids() == []
    assert not list((place.folder / "rejects").glob("*"))
    assert place.add_text("log.csv", log_of([1, 2, 3])).new == 3


def test_progress_tells_bytes_rows_and_rejects(place: Place) -> None:
    seen: list[Progress] = []
    place.add_text("log.csv", log_of([1, 2]) + "e3,gestern,order,user:1,,1,CNY,\n", progress=seen.append)
    assert seen[-1].bytes_done == seen[-1].bytes_total > 0
    assert (seen[-1].rows, seen[-1].events, seen[-1].rejects) == (3, 2, 1)


def test_rejects_are_mended_and_added_again(place: Place) -> None:
    report = place.add_text("a.csv", TAOBAO.encode("gb18030"))
    assert report.rejects_file is not None
    with report.rejects_file.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["_line"], row["_column"], row["_value"]) for row in rows] == [
        ("6", "订单状态", "状态不明"), ("7", "买家实际支付金额", "五十"),
    ]  # fmt: skip
    rows[0]["订单状态"], rows[1]["买家实际支付金额"] = "交易成功", "50"
    mended = place.folder / "mended.csv"
    with mended.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    again = place.add(mended)[0]
    assert (again.format, again.rejects) == ("taobao_orders", 0)
    assert {"taobao:1005", "taobao:1006"} <= set(place.ids())
    whole = Place(place.folder / "whole")
    whole.add_text("a.csv", TAOBAO.replace("状态不明", "交易成功").replace("五十", "50").encode("gb18030"))
    assert whole.ids() == place.ids()


def test_rejects_can_not_run_as_formulas(place: Place) -> None:
    text = HEADER + "=cmd|' /C calc'!A0,gestern,order,user:1,@SUM(1),-5,CNY,\n"
    report = place.add_text("log.csv", text)
    assert report.rejects_file is not None
    row = list(csv.reader(io.StringIO(report.rejects_file.read_text(encoding="utf-8-sig"))))[1]
    assert row[0].startswith("'=")
    assert row[4].startswith("'@")
    assert row[5] == "-5"


def test_a_mapping_is_remembered_for_the_next_file(place: Place) -> None:
    mapping = place.folder / "m.yaml"
    mapping.write_text(
        "source: gym\nevents:\n- kind: check_in\n  at: wann\n  actor_key: {column: wer, namespace: user}\n",
        encoding="utf-8",
    )
    place.add_text("jan.csv", "wer,wann\n1,2026-01-02\n", mapping=mapping)
    report = place.add_text("feb.csv", "wann,wer\n2026-02-02,2\n")
    assert report.source == "gym"
    assert [e["actor_key"] for e in place.events("kind = 'check_in'")].count("user:2") == 1


def test_a_poor_guess_is_shown_and_not_imported(place: Place) -> None:
    with pytest.raises(BadMapping, match="only a guess") as caught:
        place.add_text("x.csv", "datum,foo\n2026-01-02,3\n2026-01-03,4\n")
    assert "events:" in str(caught.value)
    assert place.ids() == []


def test_unknown_files_list_the_formats(place: Place) -> None:
    with pytest.raises(UnknownFormat, match="taobao_orders"):
        place.add_text("x.bin", bytes(range(1, 256)) * 10)
    with pytest.raises(NotFound, match="no such file"):
        place.add(place.folder / "missing.csv")


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_folders_and_archives(place: Place) -> None:
    folder = place.folder / "exports"
    (folder / "deep").mkdir(parents=True)
    (folder / "log.csv").write_text(log_of([1]))
    (folder / "deep" / "log.csv.gz").write_bytes(gzip.compress(log_of([2]).encode()))
    zip_of(folder / "more.zip", {"a/淘宝.csv": TAOBAO.encode("gb18030"), "b/log.csv": log_of([3]).encode()})
    (folder / ".DS_Store").write_bytes(b"\0\0")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    reports = {report.file: report for report in place.add(folder)}
    assert {name.removeprefix("exports/") for name in reports} == {
        "deep/log.csv", "log.csv", "more.zip/a/淘宝.csv", "more.zip/b/log.csv", "photo.png",
    }  # fmt: skip
    assert reports["exports/more.zip/a/淘宝.csv"].format == "taobao_orders"
    assert reports["exports/photo.png"].problem is not None
    assert {"e1", "e2", "e3", "taobao:1001"} <= set(place.ids())
    assert not list((place.folder / "staging").iterdir())


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "..\\evil.csv", "C:/evil.csv"])
def test_archives_that_point_outside_are_refused(place: Place, name: str) -> None:
    path = zip_of(place.folder / "x.zip", {name: log_of([1]).encode()})
    with pytest.raises(InputError, match="points out of the archive"):
        place.add(path)
    assert place.ids() == []


def test_labels_and_formats_by_hand(place: Place) -> None:
    report = place.add_text("y.csv", YOUZAN, format="youzan_orders", label="west")
    assert (report.confidence, report.source) == (1.0, "youzan_orders/west")
    with pytest.raises(BadMapping, match="is no youzan_orders"):
        place.add_text("w.csv", WECOM, format="youzan_orders")
    with pytest.raises(NotFound, match="no format 'excel'"):
        place.add_text("w.csv", WECOM, format="excel")


def test_one_file_of_several_gigabytes_needs_little_memory(tmp_path: Path) -> None:
    """The parts of a big file are read one at a time (the benchmark measures the memory of a whole import)."""
    from lianyi.memory.sources.source import Head
    from lianyi.memory.sources.tabular.grid import grid_of

    path = tmp_path / "big.csv"
    line = log_of([7]).splitlines()[1] + "\n"
    with path.open("w") as file:
        file.write(HEADER)
        for _ in range(60):
            file.write(line * 10_000)
    grid = grid_of(Head(path=path, name=path.name))
    assert grid is not None

    def sizes() -> Iterator[tuple[int, int]]:
        for part in grid.parts(path):
            yield part.rows.num_rows, part.rows.nbytes

    seen = list(sizes())
    assert sum(rows for rows, _bytes in seen) == 600_000
    assert max(size for _rows, size in seen) < 32 << 20
