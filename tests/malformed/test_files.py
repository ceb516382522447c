"""Broken files: a clear error each, no crash, and every good row lands."""

from __future__ import annotations

from pathlib import Path

import pytest

from lianyi.errors import InputError
from tests.malformed.broken_files import Broken, broken_files
from tests.memory.sources.landing_place import Place

FILES = broken_files()


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 150
    assert len({broken.name for broken in FILES}) == len(FILES)


@pytest.mark.parametrize("broken", FILES, ids=lambda broken: broken.name)
def test_broken_file(broken: Broken, tmp_path: Path) -> None:
    place = Place(tmp_path)
    if broken.error is not None:
        with pytest.raises(InputError) as caught:
            place.add_text(broken.file, broken.content())
        message = str(caught.value)
        assert broken.error in message
        assert broken.file.removesuffix(".gz") in message, "the message does not name the file"
        assert place.ids() == []
        return
    report = place.add_text(broken.file, broken.content())
    assert broken.good <= set(place.ids())
    assert report.rejects == broken.rejects
    if broken.rejects:
        assert report.rejects_file is not None
        text = report.rejects_file.read_text(encoding="utf-8-sig")
        assert broken.word is not None
        assert broken.word in text
