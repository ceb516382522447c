"""Files as they come out of broken exports, wrong hands and bad intentions. Each says what must become of it."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

HEADER = "id,at,kind,actor_key,object_key,value,currency,text,props"
GOOD_1 = "good1,2026-03-01 10:00:00,order,user:1,item:1,1.50,CNY,hello,"
GOOD_ZH = "good3,2026-03-01 12:00:00,message,user:3,,,,今天的奶粉到货了吗？老客户有优惠，群里先到先得，谢谢大家支持。,"
GOOD_2 = "good2,2026-03-01 11:00:00,view,user:2,item:2,,,,"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A broken file. good: ids that must land all the same. rejects: how many rows are reported. error: a word of the
    message where nothing of the file can be used; then nothing lands. word: a word of the reason of some reject."""

    name: str
    content: Callable[[], bytes]
    good: frozenset[str] = frozenset({"good1", "good2"})
    rejects: int = 0
    error: str | None = None
    word: str | None = None
    file: str = "log.csv"


def _lines(*rows: str, end: str = "\n") -> bytes:
    return (end.join([HEADER, *rows]) + end).encode()


def _bad_row(name: str, row: str | bytes, word: str, *, rejects: int = 1) -> Broken:
    """A bad row between two good ones."""
    raw = row.encode() if isinstance(row, str) else row

    def content() -> bytes:
        return b"\n".join([HEADER.encode(), GOOD_1.encode(), GOOD_ZH.encode(), raw, GOOD_2.encode()]) + b"\n"

    return Broken(name=name, content=content, rejects=rejects, word=word)


_CELLS = {
    "time-word": ("at", "gestern", "is no time"),
    "time-empty": ("at", "", "is empty"),
    "time-month-13": ("at", "2026-13-01", "is no time"),
    "time-day-30-of-february": ("at", "2026-02-30", "is no time"),
    "time-hour-25": ("at", "2026-03-01 25:00:00", "is no time"),
    "time-before-1970": ("at", "1969-12-31 10:00:00", "between 1970 and tomorrow"),
    "time-year-0001": ("at", "0001-01-01", "between 1970 and tomorrow"),
    "time-next-century": ("at", "2126-01-01", "between 1970 and tomorrow"),
    "time-of-a-clock": ("at", "10:00", "is no time"),
    "time-formula": ("at", "=NOW()", "is no time"),
    "time-digits": ("at", "12345", "is no time"),
    "time-epoch-too-large": ("at", "99999999999999999", "is no time"),
    "time-excel-hash": ("at", "########", "is no time"),
    "time-negative": ("at", "-5", "is no time"),
    "kind-empty": ("kind", "", "is empty"),
    "kind-capital": ("kind", "Order", "is no kind"),
    "kind-blank": ("kind", "add to cart", "is no kind"),
    "kind-chinese": ("kind", "购买", "is no kind"),
    "kind-65-letters": ("kind", "a" * 65, "is no kind"),
    "kind-digit-first": ("kind", "1order", "is no kind"),
    "kind-sql": ("kind", "order'; DROP TABLE x; --", "is no kind"),
    "value-word": ("value", "viel", "is no amount"),
    "value-two-points": ("value", "1.2.3", "is no amount"),
    "value-infinite": ("value", "inf", "is no amount"),
    "value-too-large": ("value", "1e30", "is no amount"),
    "value-15-digits": ("value", "123456789012345678", "is no amount"),
    "value-formula": ("value", "=1+1", "is no amount"),
    "value-div-0": ("value", "#DIV/0!", "is no amount"),
    "value-percent": ("value", "12%", "is no amount"),
    "value-range": ("value", "10-20", "is no amount"),
    "currency-small-word": ("currency", "yuan", "ISO 4217"),
    "currency-sign": ("currency", "￥", "ISO 4217"),
    "currency-digits": ("currency", "156", "ISO 4217"),
    "actor-without-namespace": ("actor_key", "peter", "has no namespace"),
    "actor-too-long": ("actor_key", "user:" + "x" * 600, "longer than 512"),
    "object-too-long": ("object_key", "item:" + "x" * 600, "longer than 512"),
    "text-too-long": ("text", "x" * 100_001, "longer than 100,000"),
    "id-empty": ("id", "", "is empty"),
    "id-blank": ("id", "   ", "is empty"),
    "id-null": ("id", "NULL", "is empty"),
    "id-too-long": ("id", "x" * 600, "longer than 512"),
    "props-no-json": ("props", "{a:1", "is no JSON object"),
    "props-list": ("props", '"[1]"', "is no JSON object"),
    "props-number": ("props", "17", "is no JSON object"),
    "props-huge": ("props", '"{""a"": ""' + "x" * 100_100 + '""}"', "longer than 100,000"),
    "props-deep": ("props", '"' + '{""a"":' * 3000 + "1" + "}" * 3000 + '"', "more than 500"),
}


def _with(column: str, value: str) -> str:
    usual = ["bad", "2026-03-01 10:30:00", "order", "user:3", "item:3", "2.00", "CNY", "", ""]
    cells = dict(zip(HEADER.split(","), usual, strict=True))
    cells[column] = value
    return ",".join(cells.values())


def bad_cells() -> Iterator[Broken]:
    """One cell of one row is wrong."""
    for name, (column, value, word) in _CELLS.items():
        yield _bad_row(f"cell-{name}", _with(column, value), word)


def bad_rows() -> Iterator[Broken]:
    """One row is wrong as a whole."""
    fine = _with("text", "x")
    yield _bad_row("row-short", "bad,2026-03-01", "cells where the header has 9")
    yield _bad_row("row-long", fine + ",1,2,3", "cells where the header has 9")
    yield _bad_row("row-note", "注：以上数据仅供参考", "cells where the header has 9")
    yield _bad_row("row-sum", "合计,,,,,99,", "cells where the header has 9")
    yield _bad_row("row-nul", fine.replace("x", "a\x00b"), "NUL")
    yield _bad_row("row-nul-in-id", _with("id", "a\x00b"), "NUL")
    yield _bad_row("row-only-nul", "\x00" * 50, "cells where the header has 9")
    yield _bad_row("row-latin-1", fine.encode().replace(b"x", b"caf\xe9"), "encoding")
    yield _bad_row("row-gbk-in-utf8", fine.encode().replace(b"x", "中文".encode("gbk")), "encoding")
    yield _bad_row("row-cut-character", fine.encode().replace(b"x", "文".encode()[:2]), "encoding")
    yield _bad_row("row-overlong-utf8", fine.encode().replace(b"x", b"\xc0\xaf"), "encoding")
    yield _bad_row("row-surrogate", fine.encode().replace(b"x", b"\xed\xa0\x80"), "encoding")
    yield _bad_row("row-open-quote", fine.replace(",x,", ',"never closed,'), "quote")
    opened = fine.replace(",x,", ',"runs on,')
    later = opened + '\ngood4,2026-03-01 12:00:00,view,user:4,"item:4",,,,'
    yield replace(_bad_row("row-quote-closes-lines-later", later, "quote"), good=frozenset({"good1", "good2", "good4"}))
    yield _bad_row("row-semicolons", fine.replace(",", ";"), "cells where the header has 9")
    yield _bad_row("row-tabs", fine.replace(",", "\t"), "cells where the header has 9")
    yield _bad_row("row-html", "<html><body>504 Gateway Time-out</body></html>", "cells where the header has 9")
    yield _bad_row("row-php-warning", "Warning: mysql_connect(): too many connections, in a.php, line 3", "cells where")
    yield _bad_row("row-header-again", HEADER, "is no time")
    yield _bad_row("row-comment", "# exported by hand", "cells where the header has 9")
    yield _bad_row("row-two-bad-cells", _with("at", "x").replace("2.00", "y"), "is no time")
    yield _bad_row("row-huge-cell", _with("text", "y" * 3_000_000), "longer than 100,000")
    yield _bad_row("row-ten-thousand-cells", "," * 10_000 + "x", "cells where the header has 9")
    yield _bad_row("row-bell-and-escape-are-text", _with("kind", "\x07\x1b[31m"), "is no kind")


def odd_but_good() -> Iterator[Broken]:
    """Strange files of which nothing may be lost."""
    both = (GOOD_1, GOOD_2)
    yield Broken(name="no-newline-at-end", content=lambda: _lines(*both)[:-1])
    yield Broken(name="crlf", content=lambda: _lines(*both, end="\r\n"))
    yield Broken(name="old-mac-cr", content=lambda: _lines(*both, end="\r"))
    yield Broken(name="blank-lines", content=lambda: _lines("", GOOD_1, "", "", GOOD_2, ""))
    yield Broken(name="bom", content=lambda: b"\xef\xbb\xbf" + _lines(*both))
    yield Broken(name="two-boms", content=lambda: b"\xef\xbb\xbf\xef\xbb\xbf" + _lines(*both))
    yield Broken(name="utf-16", content=lambda: _lines(*both).decode().encode("utf-16"))
    yield Broken(name="utf-16-be-without-mark", content=lambda: _lines(*both).decode().encode("utf-16-be"))
    yield Broken(name="utf-32", content=lambda: _lines(*both).decode().encode("utf-32"))
    yield Broken(
        name="gb18030",
        content=lambda: _lines(GOOD_1.replace("hello", "你好，奶粉到了吗"), GOOD_2).decode().encode("gb18030"),
    )
    yield Broken(name="all-quoted", content=lambda: _lines(*('"' + row.replace(",", '","') + '"' for row in both)))
    yield Broken(name="line-break-in-cell", content=lambda: _lines(GOOD_1.replace("hello", '"one\ntwo"'), GOOD_2))
    yield Broken(name="quotes-in-cell", content=lambda: _lines(GOOD_1.replace("hello", '"say ""hi"""'), GOOD_2))
    yield Broken(name="quote-mid-cell", content=lambda: _lines(GOOD_1.replace("hello", '5" screen'), GOOD_2))
    yield Broken(name="title-above", content=lambda: "订单导出\n\n".encode() + _lines(*both))
    yield Broken(
        name="trailing-commas", content=lambda: _lines(*(row + "," for row in both)).replace(b"props\n", b"props,\n", 1)
    )
    yield Broken(name="trailing-commas-in-rows", content=lambda: _lines(*(row + ",,," for row in both)))
    yield Broken(name="semicolons", content=lambda: _lines(*both).replace(b",", b";"))
    yield Broken(name="pipes", content=lambda: _lines(*both).replace(b",", b"|"))
    yield Broken(
        name="excel-text-marks",
        content=lambda: _lines(*(f'="{row.split(",")[0]}"' + row[row.index(",") :] for row in both)),
    )
    yield Broken(name="leading-tabs", content=lambda: _lines(*("\t" + row.replace(",", ",\t") for row in both)))
    yield Broken(name="zero-width", content=lambda: _lines(*("\u200b" + row for row in both)))
    yield Broken(name="full-width-amount", content=lambda: _lines(GOOD_1.replace("1.50", "￥１．５０元"), GOOD_2))
    yield Broken(
        name="duplicate-header",
        content=lambda: _lines(*(row + ",a,b" for row in both)).replace(b"props\n", b"props,x,x\n", 1),
    )
    yield Broken(
        name="empty-header", content=lambda: _lines(*(row + ",a" for row in both)).replace(b"props\n", b"props,\n", 1)
    )
    yield Broken(
        name="sql-in-header",
        content=lambda: _lines(*(row + ",a" for row in both)).replace(
            b"props\n", b'props,"x""; DROP TABLE part; --"\n', 1
        ),
    )
    yield Broken(name="same-id-twice", content=lambda: _lines(GOOD_1, GOOD_1, GOOD_2))
    yield Broken(name="wrong-suffix", content=lambda: _lines(*both), file="log.xls.txt")
    yield Broken(name="sign-of-replacement-in-text", content=lambda: _lines(GOOD_1.replace("hello", "\ufffd"), GOOD_2))


def no_table() -> Iterator[Broken]:
    """Files of which nothing can be used."""
    none: frozenset[str] = frozenset()
    yield Broken(name="empty", content=lambda: b"", good=none, error="is empty")
    yield Broken(name="only-bom", content=lambda: b"\xef\xbb\xbf", good=none, error="no source recognises")
    yield Broken(name="only-blank-lines", content=lambda: b"\n" * 1000, good=none, error="no source recognises")
    yield Broken(name="only-nul", content=lambda: bytes(10_000), good=none, error="no source recognises")
    yield Broken(
        name="random", content=lambda: bytes((i * 7919 + i // 3) % 256 for i in range(20_000)), good=none, error=""
    )
    yield Broken(
        name="png",
        content=lambda: b"\x89PNG\r\n\x1a\n" + bytes(500),
        good=none,
        error="no source recognises",
        file="log.png",
    )
    yield Broken(
        name="png-called-csv",
        content=lambda: b"\x89PNG\r\n\x1a\n" + bytes(500),
        good=none,
        error="no source recognises",
    )
    yield Broken(name="pdf", content=lambda: b"%PDF-1.7\n" + bytes(500), good=none, error="no source recognises")
    yield Broken(
        name="sqlite",
        content=lambda: b"SQLite format 3\x00" + bytes(500),
        good=none,
        error="no source recognises",
        file="MSG0.db",
    )
    yield Broken(
        name="html-error-page",
        content=lambda: b"<!doctype html><html><body>login</body></html>\n" * 5,
        good=none,
        error="no source recognises",
    )
    yield Broken(name="prose", content=lambda: b"Dear all,\nplease find attached.\nRegards\n", good=none, error="")
    yield Broken(name="header-only-unknown", content=lambda: b"a,b,c\n", good=none, error="")
    yield Broken(name="header-only", content=lambda: HEADER.encode() + b"\n", good=none)


def json_files() -> Iterator[Broken]:
    """JSON lines and arrays."""
    one = json.dumps(
        {"id": "good1", "at": "2026-03-01 10:00:00", "kind": "order", "actor_key": "user:1", "props": {"a": {"b": 1}}}
    )
    two = json.dumps({"id": "good2", "at": "2026-03-01 11:00:00", "kind": "view", "actor_key": "user:2"})
    bad: dict[str, tuple[str, str]] = {
        "cut": ('{"id": "x", "at"', "is no JSON"),
        "list": ("[1, 2]", "must be an object"),
        "number": ("17", "must be an object"),
        "string": ('"x"', "must be an object"),
        "null": ("null", "must be an object"),
        "single-quotes": ("{'id': 'x'}", "is no JSON"),
        "nan": ('{"id": NaN}', "is no JSON"),
        "trailing-comma": ('{"id": "x",}', "is no JSON"),
        "two-on-a-line": (two + two, "is no JSON"),
        "no-time": ('{"id": "x", "kind": "view"}', "is empty"),
        "time-as-list": ('{"id": "x", "kind": "view", "at": [1]}', "is no time"),
        "kind-as-object": ('{"id": "x", "kind": {"a": 1}, "at": "2026-03-01"}', "is empty"),
        "nul-escape": ('{"id": "x\\u0000y", "kind": "view", "at": "2026-03-01"}', "NUL"),
        "depth-bomb": ('{"a":' * 100_000 + "1" + "}" * 100_000, "is"),
        "list-bomb": ("[" * 200_000, "is"),
        "props-as-text": ('{"id": "x", "kind": "view", "at": "2026-03-01", "props": "y"}', "is no JSON object"),
        "lone-surrogate": ('{"id": "x\\ud800", "kind": "view", "at": "2026-03-01"}', "is no JSON"),
        "comment": ("// hello", "is no JSON"),
    }  # fmt: skip
    for name, (line, word) in bad.items():
        text = f"{one}\n{line}\n{two}\n"
        yield Broken(name=f"jsonl-{name}", content=text.encode, rejects=1, word=word, file="log.jsonl")
    yield Broken(
        name="jsonl-broken-bytes",
        content=lambda: f"{one}\n".encode() + b'{"id": "\xff"}\n' + two.encode(),
        rejects=1,
        word="",
        file="log.jsonl",
    )
    yield Broken(name="json-array", content=f"[{one}, {two}]".encode, file="log.json")
    yield Broken(
        name="json-array-with-a-number",
        content=f"[{one}, 5, {two}]".encode,
        rejects=1,
        word="object",
        file="log.json",
    )
    yield Broken(name="json-array-cut", content=f"[{one}, {two}, {{".encode, rejects=1, word="", file="log.json")
    none: frozenset[str] = frozenset()
    yield Broken(name="json-object-cut", content=lambda: b'{"chats": {', good=none, error="", file="log.json")
    yield Broken(name="json-depth-bomb", content=lambda: b"[" * 500_000, good=none, error="", file="log.json")


def parquet_bytes() -> bytes:
    """Two good rows as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(
        pa.table(
            {
                "id": ["good1", "good2"],
                "at": ["2026-03-01", "2026-03-02"],
                "kind": ["order", "view"],
                "actor_key": ["user:1"] * 2,
            }
        ),
        buffer,
    )
    return buffer.getvalue()


def _parquet(columns: dict[str, object]) -> Callable[[], bytes]:
    def content() -> bytes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        buffer = io.BytesIO()
        pq.write_table(pa.table(columns), buffer)
        return buffer.getvalue()

    return content


def parquet_files() -> Iterator[Broken]:
    """Parquet garbage."""
    none: frozenset[str] = frozenset()
    fine = parquet_bytes()
    yield Broken(name="parquet-good", content=lambda: fine, file="log.parquet")
    yield Broken(name="parquet-called-csv", content=lambda: fine)
    for name, content in {
        "magic-only": b"PAR1",
        "magic-twice": b"PAR1" * 2,
        "cut": fine[:-10],
        "half": fine[: len(fine) // 2],
        "no-head": fine[4:],
        "text": b"hello",
        "footer-length": fine[:-8] + struct.pack("<I", 2**31 - 1) + b"PAR1",
        "footer-zero": fine[:-8] + struct.pack("<I", 0) + b"PAR1",
        "footer-garbage": fine[: -8 - 40] + b"\xff" * 40 + fine[-8:],
    }.items():
        yield Broken(
            name=f"parquet-{name}",
            content=partial(bytes, content),
            good=none,
            error="Parquet",
            file="log.parquet",
        )
    base: dict[str, object] = {
        "id": ["good1", "bad", "good2"],
        "at": ["2026-03-01"] * 3,
        "kind": ["order"] * 3,
        "actor_key": ["user:1"] * 3,
    }
    yield Broken(
        name="parquet-nul",
        content=_parquet(base | {"text": ["a", "b\x00", "c"]}),
        rejects=1,
        word="NUL",
        file="log.parquet",
    )
    yield Broken(
        name="parquet-null-time",
        content=_parquet(base | {"at": ["2026-03-01", None, "2026-03-01"]}),
        rejects=1,
        word="is empty",
        file="log.parquet",
    )
    nested = base | {"more": [{"a": 1}, {"a": 2}, {"a": 3}], "list": [[1], [], None], "raw": [b"\xff", b"", None]}
    yield Broken(
        name="parquet-nested-columns",
        content=_parquet(nested | {"at": ["2026-03-01", "x", "2026-03-01"]}),
        rejects=1,
        word="is no time",
        file="log.parquet",
    )
    yield Broken(
        name="parquet-float-times",
        content=_parquet(base | {"at": [1.7e9, float("nan"), 1.7e9]}),
        rejects=1,
        word="",
        file="log.parquet",
    )


def workbook_bytes(rows: Sequence[Sequence[object]]) -> bytes:
    """The rows as XLSX."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _rows(*bad: Sequence[object]) -> list[Sequence[object]]:
    return [HEADER.split(","), GOOD_1.split(","), *bad, GOOD_2.split(",")]


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbooks() -> Iterator[Broken]:
    """Broken XLSX."""
    none: frozenset[str] = frozenset()
    fine = workbook_bytes(_rows())
    yield Broken(name="xlsx-good", content=lambda: fine, file="log.xlsx")
    yield Broken(
        name="xlsx-bad-cell",
        content=lambda: workbook_bytes(_rows(list(_with("at", "morgen").split(",")))),
        rejects=1,
        word="is no time",
        file="log.xlsx",
    )
    yield Broken(
        name="xlsx-formula-cell",
        content=lambda: workbook_bytes(_rows(list(_with("value", "=1+1").split(",")))),
        file="log.xlsx",
    )
    yield Broken(
        name="xlsx-long-row",
        content=lambda: workbook_bytes(_rows([*_with("text", "x").split(","), "more", "yet more"])),
        file="log.xlsx",
    )
    yield Broken(
        name="xlsx-error-cell",
        content=lambda: workbook_bytes(_rows(list(_with("value", "#DIV/0!").split(",")))),
        file="log.xlsx",
    )
    for name, content in {
        "cut": fine[: len(fine) // 2],
        "cut-end": fine[:-30],
        "text": b"id,at,kind\n",
        "head-only": b"PK\x03\x04",
        "empty-zip": _zip({}),
        "no-workbook": _zip({"a.txt": b"x"}),
        "broken-sheet": _zip({"xl/workbook.xml": b"<workbook/>", "[Content_Types].xml": b"<x/>"}),
        "ole-garbage": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
        "bomb": _zip({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": bytes(80 << 20)}),
    }.items():
        yield Broken(name=f"xlsx-{name}", content=partial(bytes, content), good=none, error="", file="log.xlsx")


def archives() -> Iterator[Broken]:
    """Broken archives."""
    none: frozenset[str] = frozenset()
    log = _lines(GOOD_1, GOOD_2)
    yield Broken(name="gz-good", content=lambda: gzip.compress(log), file="log.csv.gz")
    yield Broken(name="gz-without-suffix", content=lambda: gzip.compress(log), file="log.csv")
    yield Broken(
        name="gz-cut", content=lambda: gzip.compress(log + b"x," * 100_000)[:-5], file="log.csv.gz", rejects=1, word=""
    )
    yield Broken(
        name="gz-garbage", content=lambda: b"\x1f\x8b" + b"\xff" * 50, good=none, error="gzip", file="log.csv.gz"
    )
    yield Broken(name="gz-text", content=lambda: b"hello", good=none, error="gzip", file="log.csv.gz")
    yield Broken(
        name="gz-bomb",
        content=lambda: gzip.compress(bytes(200 << 20), 9),
        good=none,
        error="zip bomb",
        file="log.csv.gz",
    )
    yield Broken(name="zip-good", content=lambda: _zip({"log.csv": log}), file="x.zip")
    yield Broken(name="zip-cut", content=lambda: _zip({"log.csv": log})[:-20], good=none, error="archive", file="x.zip")
    yield Broken(name="zip-text", content=lambda: b"hello", good=none, error="archive", file="x.zip")
    yield Broken(
        name="zip-bomb", content=lambda: _zip({"log.csv": bytes(200 << 20)}), good=none, error="zip bomb", file="x.zip"
    )
    yield Broken(
        name="zip-many",
        content=lambda: _zip({f"{n}.csv": b"" for n in range(10_001)}),
        good=none,
        error="10,001 files",
        file="x.zip",
    )
    yield Broken(
        name="zip-traversal", content=lambda: _zip({"../../log.csv": log}), good=none, error="points out", file="x.zip"
    )
    yield Broken(
        name="zip-absolute", content=lambda: _zip({"/tmp/log.csv": log}), good=none, error="points out", file="x.zip"
    )


def broken_files() -> list[Broken]:
    """All of them."""
    groups = (
        bad_cells(),
        bad_rows(),
        odd_but_good(),
        no_table(),
        json_files(),
        parquet_files(),
        workbooks(),
        archives(),
    )
    return [broken for group in groups for broken in group]
