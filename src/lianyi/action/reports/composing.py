"""The mail: the month's main figures and what to do next in its text, the whole report as a file with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianyi.action.channels.contract import File, Message
from lianyi.action.content.mail import Block, Letter, html, plain, twins
from lianyi.action.team.rights import Text
from lianyi.report import Report
from lianyi.report.parts import CURRENCY, Figure
from lianyi.settings import Settings

SHOWN: Mapping[str, Text] = {
    "revenue": gettext_lazy("Net revenue"), "spent": gettext_lazy("Spent"),
    "result": gettext_lazy("Revenue less spent"), "inflow": gettext_lazy("Inflow"),
    "evaporation": gettext_lazy("Evaporation"), "stock": gettext_lazy("Stock at the end"),
}  # fmt: skip
_SIGNS = re.compile(r"([\\`*_{}\[\]()#+\-.!<>~|&])")


def message(found: Report, *, to: str, language: str, key: str, settings: Settings) -> Message:
    """The mail of one report to one recipient, in their language."""
    chinese = language.startswith("zh")
    with translation.override(language):
        title = _("Monthly report %(month)s") % {"month": found.month}
        letter = Letter(subject=f"{settings.name}: {title}", preheader="", language=language, brand=settings.name,
                        unsubscribe="", marketing=False)  # fmt: skip
        blocks = list(_blocks(found, title, chinese=chinese))
    as_file = import_string(django_settings.REPORT_FILE)
    file = File(name=f"lianyi-{found.month}.html", kind="text/html", body=as_file(found, language).encode())
    return Message(
        key=key, to=to, subject=letter.subject, text=plain(letter, blocks), html=html(letter, blocks), files=[file]
    )


def _blocks(found: Report, title: str, *, chinese: bool) -> Iterator[Block]:
    yield Block(type="heading", parts={"text": title})
    said = _("As of %(day)s. The whole report is in the file with this mail; open it in a browser to read or print it.")
    yield _text(_plainly(said % {"day": f"{found.as_of:%Y-%m-%d}"}))
    figures = [one for section in found.sections.values() for one in section.figures if one.name in SHOWN]
    yield _text("\n".join(f"- {_plainly(_line(one, found.currency))}" for one in figures))
    if found.next:
        yield Block(type="heading", parts={"text": _("What to do next")})
        yield _text("\n".join(f"- {_plainly(one.zh if chinese else one.en)}" for one in found.next))
    if django_settings.PUBLIC_URL:
        url = f"{django_settings.PUBLIC_URL}/report/{found.month}"
        yield Block(type="button", parts={"text": _("Open it in the console"), "url": url})


def _text(markdown: str) -> Block:
    return Block(type="text", parts={"text": twins(markdown, lambda url: url)})


def _plainly(text: str) -> str:
    """A text that may hold anything, such as a campaign's name, as markdown that shows it as it is."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def _line(one: Figure, currency: str) -> str:
    value = _("unknown") if one.value is None else _said(one, one.value, currency)
    if one.unknown:
        said = _("as %(n)s amounts in it are unknown") if one.value is None else _("and %(n)s unknown amounts")
        return f"{SHOWN[one.name]}: {value} ({said % {'n': f'{one.unknown:,}'}})"
    if one.change is None:
        return f"{SHOWN[one.name]}: {value}"
    before = _said(one, one.before, currency)
    return (
        f"{SHOWN[one.name]}: {value} ({one.change * 100:+.0f}%, "
        + _("the month before %(value)s") % {"value": before}
        + ")"
    )


def _said(one: Figure, value: Any, currency: str) -> str:
    return f"{currency} {value:,.2f}" if one.unit == CURRENCY else f"{value:,}"
