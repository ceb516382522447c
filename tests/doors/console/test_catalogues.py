"""Both languages are complete, and neither shows in the other."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

from lianyi.doors.console import catalogues
from lianyi.doors.console.catalogues import CONTEXT, HERE, PLURAL_FORMS, Message
from lianyi.errors import InputError

PO = HERE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
TEMPLATES = sorted((HERE / "templates").rglob("*.html"))
CHINESE = re.compile(r"[\u3400-\u9fff]")
HOLES = re.compile(r"%\(\w+\)[sd]|<[^>]+>")


@pytest.fixture(scope="module")
def chinese() -> dict[str, Message]:
    return {message.key: message for message in catalogues.read(PO)}


def test_every_message_of_the_source_is_translated_and_none_is_left_over(chinese: dict[str, Message]) -> None:
    wanted = catalogues.in_source()
    assert len(wanted) > 300
    assert sorted(set(wanted) - set(chinese)) == []
    assert sorted(set(chinese) - set(wanted)) == []
    assert sorted(key for key, message in chinese.items() if not message.said or not all(message.said)) == []


def test_translations_keep_the_holes_and_tags_of_their_message(chinese: dict[str, Message]) -> None:
    for key, message in chinese.items():
        english = message.plural or key.rpartition(CONTEXT)[2]
        for said in message.said:
            assert sorted(HOLES.findall(said)) == sorted(HOLES.findall(english)), key


def test_translations_are_chinese(chinese: dict[str, Message]) -> None:
    same = {"Segment SDKs", "; ", "%(name)s: %(why)s"}
    for key, message in chinese.items():
        assert CHINESE.search("".join(message.said)) or key in same, key


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(HERE / "templates")))
def test_templates_hold_no_words_but_those_marked_for_translation(path: Path) -> None:
    assert list(bare_words(path.read_text(encoding="utf-8"))) == []


NAMES = {"Lianyi", "OpenAPI", "English", "curl", "events", "ripple", "Ada", "Byron"}


def bare_words(source: str) -> Iterator[str]:
    """Words in the text between tags, and in attributes that people read, outside of translated blocks."""
    inside, kept = False, []
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            inside = (inside and name != "endblocktranslate") or name == "blocktranslate"
        elif token.token_type == TokenType.TEXT and not inside:
            kept.append(token.contents)
        kept.append(" ")
    html = re.sub(
        r"<(script|pre|code|kbd|textarea)\b.*?</\1>|<tr><td class=\"mono.*?</td>|<p class=\"mono.*?</p>",
        " ",
        "".join(kept),
        flags=re.DOTALL,
    )
    read = " ".join(re.findall(r"(?:placeholder|title|aria-label|alt)=\"([^\"]*)\"", html))
    text = re.sub(r"<[^>]*>|&\w+;|&#\d+;", " ", html)
    for word in re.findall(r"[A-Za-z\u3400-\u9fff]{3,}", f"{text} {read}"):
        if word not in NAMES and not re.fullmatch(r"[\u3400-\u9fff]+", word):
            yield word


def test_the_search_for_bare_words_finds_them() -> None:
    assert list(bare_words('<p title="Tip">Hello {% translate "world" %} {{ name }}</p>')) == ["Hello", "Tip"]


def test_code_holds_no_chinese_but_names_of_languages_and_units() -> None:
    allowed = {"简体中文", "万", "亿"}
    for path in sorted(HERE.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            strings = "".join(re.findall(r"\"([^\"]*)\"", line)) if '"""' not in line and "→" not in line else ""
            for word in allowed:
                strings = strings.replace(word, "")
            assert not CHINESE.search(strings), f"{path}:{number}"


def test_the_packed_form_is_what_pythons_own_gettext_reads() -> None:
    messages = [
        Message(key="day", said=["天"]),
        Message(key=f"food{CONTEXT}tea", said=["茶"]),
        Message(key="%(n)d day", plural="%(n)d days", said=["%(n)d 天"]),
        Message(key="untranslated", said=[]),
        Message(key='quote " and \\ and\nline', said=["引号"]),
    ]
    read = gettext.GNUTranslations(io.BytesIO(catalogues.packed(messages, PLURAL_FORMS["zh_Hans"])))
    assert read.gettext("day") == "天"
    assert read.pgettext("food", "tea") == "茶"
    assert read.ngettext("%(n)d day", "%(n)d days", 5) == "%(n)d 天"
    assert read.gettext("untranslated") == "untranslated"
    assert read.gettext('quote " and \\ and\nline') == "引号"


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    messages = catalogues.read(PO)
    catalogues.write(tmp_path / "django.po", messages, PLURAL_FORMS["zh_Hans"])
    assert catalogues.read(tmp_path / "django.po") == messages
    assert (tmp_path / "django.po").read_text(encoding="utf-8") == PO.read_text(encoding="utf-8")


@pytest.mark.parametrize("line", ["#, fuzzy", "msgid without quotes", 'msgfoo "x"'])
def test_a_catalogue_that_is_not_in_order_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "django.po"
    path.write_text(f'{line}\nmsgid "a"\nmsgstr "b"\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 1"):
        catalogues.read(path)
