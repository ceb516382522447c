"""Reasons and problems are said in the language of the page, whatever the floors below wrote."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

from lianyi.doors.console.reasons import TEMPLATES, in_words, told
from lianyi.errors import InputError
from lianyi.memory import rejected
from tests.malformed.broken_files import Broken, broken_files
from tests.memory.sources.landing_place import Place


@pytest.fixture(autouse=True)
def _in_chinese(compiled_catalogues: Path, settings: object) -> object:
    settings.LOCALE_PATHS = [compiled_catalogues]  # type: ignore[attr-defined]  # pytest-django's
    with translation.override("zh-hans"):
        yield


def said_to(broken: Broken, folder: Path) -> list[str]:
    """What the importer says of a broken file: its error, or the reasons of its rejected rows."""
    place = Place(folder)
    try:
        report = place.add_text(broken.file, broken.content())
    except InputError as error:
        return [str(error)]
    said = [report.problem] if report.problem else []
    return said + ([row.reason for row in rejected.rows(report.rejects_file)] if report.rejects_file else [])


@pytest.mark.parametrize("broken", broken_files(), ids=lambda broken: broken.name)
def test_what_a_broken_file_is_told_is_told_in_chinese(broken: Broken, tmp_path: Path) -> None:
    for text in said_to(broken, tmp_path):
        found = in_words(text)
        assert found is not None, text
        assert re.search("[一-鿿]", found), text


def test_values_stay_in_their_places() -> None:
    assert in_words("the row has 7 cells where the header has 5") == "该行有 7 个单元格，而表头有 5 个"
    assert in_words("orders.csv: is empty") == "orders.csv：是空的"


def test_what_is_none_of_ours_is_marked_as_english() -> None:
    assert told("<b>nobody wrote this</b>") == '<span lang="en">&lt;b&gt;nobody wrote this&lt;/b&gt;</span>'
    with translation.override("en"):
        assert told("<b>as it is</b>") == "&lt;b&gt;as it is&lt;/b&gt;"


def test_no_template_shadows_another() -> None:
    assert len(set(TEMPLATES)) == len(TEMPLATES)
    for template in TEMPLATES:
        values = dict.fromkeys(re.findall(r"%\((\w+)\)s", template), "7")
        if "why" not in values:
            assert in_words(template % values) is not None, template
