"""An e-mail from blocks: HTML that mail programs show on phones and desks alike, and its twin in plain text.

Tables and inline styles, because mail programs know little else; one column of at most 600 pixels; a media query and
colour-scheme hints for those that know more. Everything that is not ours goes through `escape`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from lianyi.action.content.markdown import Twins, twins

__all__ = ["Block", "Letter", "Twins", "html", "plain", "twins", "with_links"]

FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI','PingFang SC','Microsoft YaHei',sans-serif"
ACCENT = "#0b6e72"
_URL = re.compile(r"https?://[^\s<>\"'，。；！？、（）【】《》]+")
_WORDS = {
    "zh": {"why": "您收到这封邮件，是因为您同意接收 {brand} 的消息。", "stop": "退订", "shop": "查看"},
    "en": {"why": "You get this because you agreed to hear from {brand}.", "stop": "Unsubscribe", "shop": "Look at it"},
}
_STYLE = (
    "@media (max-width:620px){.w{width:100%!important}.p{padding-left:18px!important;padding-right:18px!important}}"
    "@media (prefers-color-scheme:dark){.bg{background:#16191b!important}.card{background:#1f2426!important}"
    ".card td,.card p,.card li,.card h1{color:#e8ecec!important}.card a{color:#5cc4c7!important}"
    ".card a.button{color:#ffffff!important}}"
)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What is around the blocks. unsubscribe: address, "" = none. marketing: says at its foot why one gets it."""

    subject: str
    preheader: str
    language: str
    brand: str
    unsubscribe: str
    marketing: bool

    @property
    def words(self) -> Mapping[str, str]:
        """The words of the foot."""
        return _WORDS["zh" if self.language.startswith("zh") else "en"]


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block with its texts filled in; markdown parts are Twins."""

    type: str
    parts: Mapping[str, Any]

    def of(self, name: str) -> str:
        """A text part, "" where there is none."""
        return str(self.parts.get(name) or "")


def with_links(text: str, links: Callable[[str], str]) -> str:
    """A plain text with its web addresses as the sender wants them."""

    def changed(found: re.Match[str]) -> str:
        url = found[0].rstrip(".,;:!?)")
        return links(url) + found[0][len(url) :]

    return _URL.sub(changed, text)


# --- HTML ---------------------------------------------------------------------------------------------------------


def html(letter: Letter, blocks: Sequence[Block]) -> str:
    """The whole document."""
    rows = "".join(f'<tr><td class="p" style="padding:{_padding(b)}">{_HTML[b.type](b, letter)}</td></tr>'
                   for b in blocks)  # fmt: skip
    return (
        f'<!doctype html><html lang="{escape(letter.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{escape(letter.subject)}</title><style>{_STYLE}</style></head>"
        f'<body class="bg" style="margin:0;padding:0;background:#f2f5f5">{_preheader(letter.preheader)}'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>'
        '<td align="center" style="padding:24px 8px"><table role="presentation" class="w card" width="600" '
        'cellpadding="0" cellspacing="0" border="0" style="width:600px;max-width:100%;background:#ffffff;'
        f'border-radius:10px;font-family:{FONT};font-size:16px;line-height:1.6;color:#1c2526">'
        f'<tr><td style="padding:12px 0 0 0;font-size:0;line-height:0">&nbsp;</td></tr>{rows}'
        f'<tr><td style="padding:12px 0 0 0;font-size:0;line-height:0">&nbsp;</td></tr></table>{_foot(letter)}'
        "</td></tr></table></body></html>"
    )


def _padding(block: Block) -> str:
    return "10px 32px" if block.type != "heading" else "18px 32px 4px 32px"


def _preheader(text: str) -> str:
    if not text:
        return ""
    return f'<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{escape(text)}</div>'


def _foot(letter: Letter) -> str:
    if not letter.marketing and not letter.unsubscribe:
        return ""
    why = escape(letter.words["why"].format(brand=letter.brand)) if letter.marketing else ""
    stop = ""
    if letter.unsubscribe:
        stop = f' <a href="{escape(letter.unsubscribe)}" style="color:#5b6768">{letter.words["stop"]}</a>'
    return (
        f'<p style="margin:16px 0 0 0;font-family:{FONT};font-size:12px;line-height:1.5;color:#5b6768">{why}{stop}</p>'
    )


def _heading(block: Block, _letter: Letter) -> str:
    return f'<h1 style="margin:0;font-size:24px;line-height:1.3;font-weight:600">{escape(block.of("text"))}</h1>'


def _words(block: Block, _letter: Letter) -> str:
    said: Twins = block.parts["text"]
    return said.html


def _button(block: Block, _letter: Letter) -> str:
    return _button_of(block.of("text"), block.of("url"))


def _button_of(text: str, url: str) -> str:
    return (
        f'<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td style="border-radius:6px;'
        f'background:{ACCENT}"><a class="button" href="{escape(url)}" style="display:inline-block;padding:12px 26px;'
        f'color:#ffffff;text-decoration:none;font-weight:600">{escape(text)}</a></td></tr></table>'
    )


def _image(block: Block, _letter: Letter) -> str:
    return _linked(_picture(block.of("picture"), block.of("alt")), block.of("url"))


def _picture(url: str, alt: str) -> str:
    return (
        f'<img src="{escape(url)}" alt="{escape(alt)}" width="536" style="display:block;width:100%;max-width:536px;'
        'height:auto;border:0;border-radius:6px">'
    )


def _linked(inside: str, url: str) -> str:
    return f'<a href="{escape(url)}">{inside}</a>' if url else inside


def _product(block: Block, letter: Letter) -> str:
    said = block.parts.get("text")
    picture = _linked(_picture(block.of("picture"), block.of("title")), block.of("url")) if block.of("picture") else ""
    price = f'<p style="margin:4px 0;font-weight:600;color:#a4430f">{escape(block.of("price"))}</p>'
    button = _button_of(block.of("button") or letter.words["shop"], block.of("url")) if block.of("url") else ""
    return (
        f'{picture}<p style="margin:10px 0 0 0;font-size:18px;font-weight:600">{escape(block.of("title"))}</p>'
        f"{price if block.of('price') else ''}{said.html if isinstance(said, Twins) else ''}{button}"
    )


def _divider(_block: Block, _letter: Letter) -> str:
    return '<hr style="border:0;border-top:1px solid #d5dddd;margin:6px 0">'


_HTML: Mapping[str, Callable[[Block, Letter], str]] = {
    "heading": _heading, "text": _words, "button": _button, "image": _image, "product": _product, "divider": _divider,
}  # fmt: skip

# --- plain text ---------------------------------------------------------------------------------------------------


def plain(letter: Letter, blocks: Sequence[Block]) -> str:
    """The twin: every text and every link of the HTML, none else."""
    parts = [_PLAIN[block.type](block, letter) for block in blocks]
    if letter.marketing or letter.unsubscribe:
        why = letter.words["why"].format(brand=letter.brand) if letter.marketing else ""
        stop = f"{letter.words['stop']}: {letter.unsubscribe}" if letter.unsubscribe else ""
        parts.append("-- \n" + _lines(why, stop))
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _plain_heading(block: Block, _letter: Letter) -> str:
    return f"# {block.of('text')}"


def _plain_words(block: Block, _letter: Letter) -> str:
    said: Twins = block.parts["text"]
    return said.text


def _plain_button(block: Block, _letter: Letter) -> str:
    return f"{block.of('text')}: {block.of('url')}"


def _plain_image(block: Block, _letter: Letter) -> str:
    return _lines(f"[{block.of('alt')}]" if block.of("alt") else "", block.of("url"))


def _plain_product(block: Block, letter: Letter) -> str:
    said = block.parts.get("text")
    button = f"{block.of('button') or letter.words['shop']}: {block.of('url')}" if block.of("url") else ""
    return _lines(block.of("title"), block.of("price"), said.text if isinstance(said, Twins) else "", button)


def _plain_divider(_block: Block, _letter: Letter) -> str:
    return "-" * 40


_PLAIN: Mapping[str, Callable[[Block, Letter], str]] = {
    "heading": _plain_heading, "text": _plain_words, "button": _plain_button, "image": _plain_image,
    "product": _plain_product, "divider": _plain_divider,
}  # fmt: skip
