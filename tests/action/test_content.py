"""Contents: what a version is, how it reads for one person, and what a text can never do."""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lianyi.action.content import keeping, pictures, rendering, templates
from lianyi.action.content.models import Version
from lianyi.action.content.rendering import MissingVariable, Rendered, render
from lianyi.action.content.templates import BadTemplate, Manner
from lianyi.errors import InputError

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
LETTER: dict[str, Any] = {
    "subject": "广告 {{ person.name }}，新茶到了",
    "blocks": [
        {"type": "heading", "text": "你好 {{ person.name }}"},
        {"type": "text", "text": "**新茶** 到了。\n\n- 龙井\n- [碧螺春](https://tea.cn/b?x={{ coupon }})"},
        {"type": "button", "text": "看看", "url": "https://tea.cn/new?c={{ coupon }}"},
        {"type": "product", "title": "龙井 <特级>", "price": "{{ price | money }}", "url": "https://tea.cn/lj"},
        {"type": "divider"},
        {"type": "image", "picture": "https://tea.cn/a.png", "alt": "茶园"},
    ],
}


@pytest.fixture(autouse=True)
def _nothing_read() -> None:
    rendering.forget_read()


def made(kind: str = "text", variables: Mapping[str, Any] | None = None, **bodies: Mapping[str, Any]) -> Version:
    bodies = {name.replace("_", "-"): body for name, body in bodies.items()}
    return keeping.create(
        name="n", kind=kind, bodies=bodies, fallback=next(iter(bodies)), variables=variables, by="olga", now=NOW
    )


def read(version: Version, person: Mapping[str, Any] | None = None, language: str = "en", **values: Any) -> Rendered:
    return render(version.pk, person=person or {}, variables=values, language=language)


class Texts(HTMLParser):
    """What a browser would show, and where it would go."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.hrefs: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.hrefs += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_an_edit_makes_a_version_and_what_was_there_stays() -> None:
    first = made(en={"text": "one"})
    second = keeping.edit(first.content, bodies={"en": {"text": "two"}}, fallback="en", by="bo", now=NOW, on=1)
    assert (first.content.current.pk, second.number) == (second.pk, 2)
    assert (read(first).text, read(second).text) == ("one", "two")
    first.bodies = {"en": {"text": "changed"}}
    with pytest.raises(Exception, match=r"(?i)unique"):
        first.save()


def test_saving_what_is_there_makes_no_version_and_nobodys_edit_is_lost() -> None:
    first = made(en={"text": "one"})
    assert keeping.edit(first.content, bodies={"en": {"text": "one"}}, fallback="en", by="bo", now=NOW) == first
    keeping.edit(first.content, bodies={"en": {"text": "two"}}, fallback="en", by="bo", now=NOW, on=1)
    with pytest.raises(InputError, match="version 2 by bo has come"):
        keeping.edit(first.content, bodies={"en": {"text": "mine"}}, fallback="en", by="cai", now=NOW, on=1)


def test_a_person_gets_their_language_or_the_fallback() -> None:
    version = made(zh_hans={"text": "你好"}, en={"text": "hello"})
    assert [read(version, language=one).text for one in ("en", "zh-hans", "fr")] == ["hello", "你好", "你好"]


def test_an_unknown_value_is_filled_in_or_refused_never_blank() -> None:
    text = {"text": "Hello {{ person.name }}!"}
    plain, filled = made(en=text), None
    assert read(plain, {"name": "Ann"}).text == "Hello Ann!"
    for nobody in ({}, {"name": None}, {"name": ""}):
        with pytest.raises(MissingVariable, match="name"):
            read(plain, nobody)
    filled = keeping.edit(
        plain.content, bodies={"en": text}, fallback="en", variables={"person.name": {"en": "friend"}}, by="o", now=NOW
    )
    assert read(filled, {"name": None}).text == "Hello friend!"


def test_unknown_is_false_in_every_comparison() -> None:
    version = made(en={"text": "{% if person.orders > 2 %}a{% elif person.orders <= 2 %}b{% else %}c{% endif %}"})
    assert [read(version, {"orders": n}).text for n in (3, 1, None)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    ["{{ 1 + 1 }}", "{{ 'a' * 999999999 }}", "{% for x in person %}{% endfor %}", "{{ person.name.upper() }}",
     "{{ person.__class__ }}", "{{ person['__class__'] }}", "{{ coupon.x }}", "{{ a ~ b }}", "{{ [1] }}", "{{ self }}",
     "{% set a = 1 %}", "{% include 'x' %}", "{% macro m() %}{% endmacro %}", "{{ a | replace('a', 'bb') }}",
     "{{ " + "(" * 4000 + "a" + ")" * 4000 + " }}", "{% if a %}" * 60 + "{% endif %}" * 60, "{{ a", "x" * 60_000,
     "{{ a is callable }}", "{% raw %}{% if %}{% endraw"],
)  # fmt: skip
def test_what_is_not_allowed_in_a_text_is_refused(text: str) -> None:
    with pytest.raises(BadTemplate):
        templates.check(text)


def test_methods_and_attributes_of_values_are_out_of_reach() -> None:
    version = made(en={"text": "{{ person.items | default('none') }} {{ person.keys | default('none') }}"})
    assert read(version, {"name": "x"}).text == "none none"


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_and_soon(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(BadTemplate, MissingVariable):
        templates.render(text, {"a": "x", "person": {"name": "y"}}, Manner(into="markdown"))
    assert time.process_time() - began < 1


@given(st.text(max_size=60))
def test_no_value_becomes_markup(value: str) -> None:
    body = {"subject": "s {{ v }}", "blocks": [{"type": "heading", "text": "{{ v }}"},
            {"type": "text", "text": "a {{ v }} b [l](https://a.cn/{{ v }})"},
            {"type": "button", "text": "{{ v }}", "url": "https://a.cn/{{ v }}"},
            {"type": "product", "title": "{{ v }}", "price": "{{ v }}", "text": "{{ v }}"}]}  # fmt: skip
    values = rendering.known_values({}, {"v": value}, {"v": {"": "fallback"}}, "en")
    plain = rendering.known_values({}, {"v": "harmless"}, {}, "en")
    said, other = (rendering.render_body("email", body, values=v, language="en") for v in (values, plain))
    ours, theirs = Texts(said.html), Texts(other.html)
    assert ours.tags == theirs.tags
    assert len(ours.hrefs) == len(theirs.hrefs)
    assert not re.search(r"[\r\n]", said.subject)


def test_an_email_has_a_twin_with_every_text_and_link() -> None:
    version = made("email", zh_hans=LETTER)
    seen: list[str] = []

    def counted(url: str) -> str:
        seen.append(url)
        return f"https://l.cn/{len(seen)}"

    said = render(
        version.pk, person={"name": "安娜 & <b>"}, language="zh-hans", links=counted,
        variables={"coupon": "A B&c", "price": 12.5, "unsubscribe_url": "https://tea.cn/u/1"},
    )  # fmt: skip
    html = Texts(said.html)
    assert said.subject == "广告 安娜 & <b>，新茶到了"
    assert seen == ["https://tea.cn/b?x=A%20B%26c", "https://tea.cn/new?c=A%20B%26c", "https://tea.cn/lj"]
    assert set(html.hrefs) == {"https://l.cn/1", "https://l.cn/2", "https://l.cn/3", "https://tea.cn/u/1"}
    for href in set(html.hrefs):
        assert href in said.text
    for words in ("你好 安娜 & <b>", "新茶", "龙井 <特级>", "¥12.50", "看看", "茶园", "退订"):
        assert words in said.text
        assert words in "".join(html.said) or f'alt="{words}"' in said.html
    assert said.headers == {
        "List-Unsubscribe": "<https://tea.cn/u/1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }  # fmt: skip
    assert "<script" not in said.html


def test_a_link_card_has_its_parts_and_a_text_for_channels_without_cards() -> None:
    card = {"title": "新茶", "text": "给 {{ person.name }}", "url": "{{ share_link }}", "picture": "a" * 40 + ".png"}
    said = read(made("link", zh_hans=card), {"name": "安娜"}, share_link="https://b.cn/s/x?y=1")
    assert said.text == "新茶\n给 安娜\nhttps://b.cn/s/x?y=1"
    assert said.props["picture"].endswith(f"/pictures/{'a' * 40}.png")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//tea.cn", "tea.cn", "https://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    version = made("link", en={"title": "t", "url": "{{ u }}" if url != "https://" else url})
    with pytest.raises(InputError, match="no web address"):
        rendering.render_body("link", version.bodies["en"] | {"url": url}, values={}, language="en")


def test_all_errors_of_a_body_are_said_at_once() -> None:
    body = {"subject": "a\nb", "extra": 1, "blocks": [{"type": "button", "text": "{{ x"}, {"type": "video"}]}
    with pytest.raises(InputError) as found:
        made("email", en=body)
    for part in ("extra", "subject", "blocks[0].url", "blocks[0].text", "blocks[1].type"):
        assert part in str(found.value)


def test_a_picture_keeps_nothing_but_its_pixels(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place 31.2,121.5"
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, "JPEG", exif=exif, comment=b"secret comment")
    assert b"secret" in out.getvalue()
    kept = pictures.keep(tmp_path, out.getvalue(), title="t", by="olga", now=NOW)
    assert b"secret" not in (tmp_path / "pictures" / kept.name).read_bytes()
    assert (kept.width, kept.height) == (40, 20)
    again = pictures.keep(tmp_path, out.getvalue(), title="t", by="olga", now=NOW)
    assert again.pk == kept.pk
    for junk in (b"", b"<svg onload=alert(1)>", out.getvalue()[:200]):
        with pytest.raises(InputError):
            pictures.keep(tmp_path, junk, title="", by="o", now=NOW)
