"""Settings: what is written reads back equal, or was refused with a clear word."""

from __future__ import annotations

import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lianyi.errors import InputError
from lianyi.settings import FILE_NAME, Settings, read, write

ODD = [
    "line\nbreak",
    "\r",
    "\x00",
    "\x7f",
    "\x85",
    "\u2028",
    "\ud800",
    'a"b',
    "a\\",
    "\\n",
    "'''",
    '"""',
    "#",
    "莲意 ☂ 𠮷",
]


@settings(deadline=None)
@given(name=st.text() | st.text(st.sampled_from("".join(ODD))) | st.sampled_from(ODD))
def test_any_name_is_read_back_equal_or_refused(name: str) -> None:
    try:
        wanted = Settings(name=name)
    except InputError as error:
        if not str(error).startswith(f"{FILE_NAME}: name "):
            raise
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), wanted)
        assert read(Path(folder)) == wanted


@given(name=st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1).filter(str.strip))
def test_no_plain_name_is_refused(name: str) -> None:
    assert Settings(name=name).name == name


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x00b", "a\tb", "a\x7fb", "a\x85b", "a\u2028b", "a\ud800b"])
def test_control_characters_are_refused_with_their_place(name: str) -> None:
    with pytest.raises(InputError, match=r"name = .* at place 2; write it on one line"):
        Settings(name=name)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("name", ""), ("name", " "), ("name", 5), ("currency", "yuan"), ("currency", "CNY\n"), ("timezone", ""),
        ("timezone", "Mars/Base"), ("timezone", "../etc/passwd"), ("language", "fr"), ("memory_mb", 10),
        ("memory_mb", "4096"), ("memory_mb", 10**30), ("memory_mb", True), ("threads", -1), ("threads", 10**6),
        ("threads", 1.5),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(setting: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{FILE_NAME}: {setting} "):
        Settings(**{setting: value})


@pytest.mark.parametrize("text", ['name = "a', "name = 5\n", 'nome = "x"\n', 'threads = "all"\n', 'name = "a\\nb"\n'])
def test_a_broken_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=FILE_NAME):
        read(tmp_path)


def test_a_file_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b'name = "\xff"\n')
    with pytest.raises(InputError, match=FILE_NAME):
        read(tmp_path)


def test_the_old_file_stays_where_new_settings_are_refused(tmp_path: Path) -> None:
    write(tmp_path, Settings(name="old"))
    bad = Settings(name="new")
    object.__setattr__(bad, "name", "a\x7fb")
    with pytest.raises((InputError, ValueError)):
        write(tmp_path, bad)
    assert read(tmp_path).name == "old"
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_all_settings_survive(tmp_path: Path) -> None:
    wanted = Settings(
        name='Lián "意"', currency="EUR", timezone="Europe/Berlin", language="en", memory_mb=512, threads=3
    )
    write(tmp_path, wanted)
    assert read(tmp_path) == wanted
    assert all(getattr(wanted, field.name) != field.default for field in fields(Settings))
