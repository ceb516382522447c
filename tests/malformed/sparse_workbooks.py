"""Workbooks of a few kilobytes that span a grid of thousands of millions of cells, and honest ones that look alike."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BOOK = (
    f'<workbook xmlns="{_MAIN}" xmlns:r="{_KIND}"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
)
_EVENT = ("id", "at", "kind", "actor_key")
_GOOD = (("good1", "2026-03-01", "order", "user:1"), ("good2", "2026-03-02", "view", "user:2"))
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def _zip(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def xlsx(rows: str, *, part: str = "sheet1.xml") -> bytes:
    """A workbook of one sheet with these rows of XML. part: what the sheet is called inside."""
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    target = f'<Relationship Id="r1" Type="{_KIND}/worksheet" Target="worksheets/{part}"/>'
    book = f'<Relationship Id="r1" Type="{_KIND}/officeDocument" Target="xl/workbook.xml"/>'
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds = f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
    return _zip(
        {
            "[Content_Types].xml": kinds,
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships">{book}</Relationships>',
            "xl/workbook.xml": _BOOK,
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{target}</Relationships>',
            f"xl/worksheets/{part}": sheet,
        }
    )


def good_rows() -> str:
    """A header and two events."""
    lines = []
    for number, row in enumerate((_EVENT, *_GOOD), 1):
        cells = [_text(f"{letter}{number}", text) for letter, text in zip("ABCD", row, strict=True)]
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return "".join(lines)


def _text(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def far_cell(head: str = 'c r="XFD1048576"') -> str:
    """A last row with one far cell, its head as given."""
    return f'<row r="1048576"><{head}><v>1</v></c></row>'


def sparse_workbooks() -> dict[str, bytes]:
    """By name; each would be laid out as a grid of 17 thousand million cells."""
    good = good_rows()
    odd = "<row>" + "<c/>" * 16_383 + "<c><v>1</v></c></row>"
    return {
        "corner": xlsx(good + far_cell()),
        "style-first": xlsx(good + far_cell('c s="1" r="XFD1048576"')),
        "single-quotes": xlsx(good + far_cell("c r='XFD1048576'")),
        "blanks-around": xlsx(good + far_cell('c   r = "XFD1048576"')),
        "small-letters": xlsx(good + far_cell('c r="xfd1048576"')),
        "row-alone": xlsx(good + odd + '<row r="1048576"><c><v>1</v></c></row>'),
        "no-places": xlsx("<row><c><v>1</v></c></row>" + odd + "<row/>" * 1_048_573 + "<row><c><v>1</v></c></row>"),
        "other-name-of-the-part": xlsx(good + far_cell(), part="sheet1.bin"),
        "far-in-the-file": xlsx(good + "<!--" + "x" * (3 << 20) + "-->" + far_cell()),
        "prefix": xlsx(good + far_cell().replace("<c ", "<x:c ").replace("</c>", "</x:c>").replace(
            "<row ", f'<row xmlns:x="{_MAIN}" ')),
        "far-column": xlsx("".join(
            f'<row r="{n}">' + f'<c r="BZZ{n}"><v>1</v></c>' + "</row>" for n in range(1, 40_000))),
    }  # fmt: skip


def ods(rows: str) -> bytes:
    """An ODS file of one table with these rows."""
    names = " ".join(f'xmlns:{name}="{_OFFICE}:{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="s">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    return _zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": content,
        }
    )


def good_ods_rows() -> str:
    """A header and two events."""
    return "".join(f"<table:table-row>{''.join(map(_ods_text, row))}</table:table-row>" for row in (_EVENT, *_GOOD))


def _ods_text(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def sparse_ods() -> dict[str, bytes]:
    """By name; each would be laid out as a grid of thousands of millions of cells."""
    repeated = 'table:number-columns-repeated="16000"'
    value = 'office:value-type="float" office:value="1"'
    block = f"<table:table-cell {repeated} {value}><text:p>1</text:p></table:table-cell>"
    far = f"<table:table-cell {repeated}/><table:table-cell {value}><text:p>1</text:p></table:table-cell>"
    gap = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    good = good_ods_rows()
    return {
        "repeated": ods(f'{good}<table:table-row table:number-rows-repeated="1048000">{block}</table:table-row>'),
        "corner": ods(f"{good}{gap}<table:table-row>{far}</table:table-row>"),
    }


def honest_workbooks() -> dict[str, tuple[str, bytes]]:
    """By name: file name and content. Nothing but colours stands far off."""
    good, blank = good_rows(), '<row r="1048576" s="1"><c r="XFD1048576" s="1"/><c r="XFC1048576" s="1"></c></row>'
    wide = '<table:table-cell table:number-columns-repeated="16000"/>'
    empty = f'<table:table-row table:number-rows-repeated="1048000">{wide}</table:table-row>'
    return {
        "blank-corner": ("log.xlsx", xlsx(good + blank)),
        "blank-columns": ("log.ods", ods(good_ods_rows() + empty)),
    }
