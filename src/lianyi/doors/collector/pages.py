"""The pages that strangers see behind a link: a campaign's page with a link of the visitor's own, and plain notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TypeVar

from lianyi.doors.collector.answers import Answer, Headers, Send
from lianyi.doors.collector.links import Page

T = TypeVar("T")
WORDS: Mapping[str, Mapping[str, str]] = {
    "zh-hans": {
        "go": "去看看", "mine": "生成我的分享链接",
        "mine_why": "用它分享，我们就知道是您带来的朋友。不分享也能看全部内容。",
        "own": "这是您的专属链接",
        "own_why": "转发本页或复制链接即可；通过它到达的人会记在您这里。", "copy": "复制链接",
        "copied": "已复制", "send": "分享",
        "kept": "为统计分享效果，本页在您的浏览器中保存一个随机编号，不含姓名或电话。",
        "asks": "点击按钮后，本页会在您的浏览器中保存一个随机编号，用来统计分享效果，不含姓名或电话。",
        "forget": "删除这个编号", "forgotten": "编号已删除。", "rules": "活动与奖励说明", "qr": "链接的二维码",
        "gone": "这个链接已停用", "gone_why": "活动可能已经结束。", "unknown": "没有这个链接",
        "unknown_why": "请检查地址是否完整，或向发给您的人再要一次。", "browser": "请用浏览器打开本页。",
        "often": "请求太多，请稍后再试。",
    },
    "en": {
        "go": "Have a look", "mine": "Get a link of my own",
        "mine_why": "Pass it on, and we know whom you brought. You see everything without it as well.",
        "own": "This is your own link", "own_why": "Forward this page or copy the link; who comes through it counts as "
        "brought by you.", "copy": "Copy the link", "copied": "Copied", "send": "Share",
        "kept": "To count what sharing brings, this page keeps a random number in your browser; no name, no phone.",
        "asks": "Once you press the button, this page keeps a random number in your browser to count what sharing "
        "brings; no name, no phone.",
        "forget": "Delete the number", "forgotten": "The number is deleted.",
        "rules": "About this campaign and rewards",
        "qr": "QR code of the link", "gone": "This link is out of use", "gone_why": "The campaign may be over.",
        "unknown": "There is no such link",
        "unknown_why": "See whether the address is complete, or ask whoever sent it to you.",
        "browser": "Please open this page in a browser.", "often": "Too many requests; please try again later.",
    },
}  # fmt: skip
POLICY = (
    b"default-src 'none'; img-src 'self' https: data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    b"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HTML: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
    (b"vary", b"accept-language, cookie"),
)


@dataclass(frozen=True)
class Bare(Answer):
    """An answer with its own headers and none else."""

    async def send(self, send: Send, *, head: bool = False) -> None:
        """See Answer.send."""
        length = (b"content-length", str(len(self.body)).encode())
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, length]})
        await send({"type": "http.response.body", "body": b"" if head else self.body})


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What one visitor sees. own: the address of their own link, "" = they have none yet. visitor: their number, for
    the form of a browser in which nothing is kept. robot: nothing that only a person needs."""

    brand: str
    token: str
    target: str
    page: Page
    language: str
    address: str
    own: str = ""
    visitor: str = ""
    kept: bool = False
    robot: bool = False


def language_of(accept: bytes) -> str:
    """zh-hans or en, by the first language that a browser names."""
    return "zh-hans" if accept.strip().lower().startswith(b"zh") else "en"


def campaign_page(shown: Shown, headers: Headers = ()) -> Answer:
    """The page of a campaign."""
    words = WORDS[shown.language]
    texts = _of(shown.page.texts, shown.language) or {}
    title, text, picture = texts.get("title") or shown.brand, texts.get("text", ""), texts.get("picture", "")
    if picture and "/" not in picture:
        picture = f"/pictures/{picture}"
    image = f'<img class="cover" src="{escape(picture)}" alt="">' if picture else ""
    disclosure = _of(shown.page.disclosure, shown.language)
    rules = (
        f'<section class="rules"><h2>{words["rules"]}</h2><p>{_broken(disclosure)}</p></section>' if disclosure else ""
    )
    body = (
        f'{image}<p class="brand">{escape(shown.brand)}</p><h1>{escape(title)}</h1><p class="lead">{_broken(text)}</p>'
        f'<p><a class="go" href="{escape(shown.target)}" rel="noopener">{words["go"]}</a></p>'
        f"{'' if shown.robot else _sharing(shown, words)}{rules}"
    )
    meta = (
        f'<meta property="og:title" content="{escape(title)}"><meta property="og:description" content="{escape(text)}">'
        f'<meta property="og:type" content="website"><meta property="og:url" content="{escape(shown.address)}">'
        + (f'<meta property="og:image" content="{escape(picture)}">' if picture else "")
    )
    return Bare(200, (*HTML, *headers), _document(title, body, shown.language, meta))


def _sharing(shown: Shown, words: Mapping[str, str]) -> str:
    number = f'<input type="hidden" name="v" value="{shown.visitor}">' if shown.visitor else ""
    seen = f'<div id="visit" data-token="{shown.token}" data-visitor="{shown.visitor}"></div>'
    if shown.own:
        token = shown.own.rsplit("/", 1)[-1]
        part = (
            f"<h2>{words['own']}</h2><p>{words['own_why']}</p>"
            f'<p class="row"><input id="own" readonly value="{escape(shown.own)}" aria-label="{words["own"]}">'
            f'<button type="button" id="copy" data-own="{token}" data-copied="{words["copied"]}">{words["copy"]}'
            f'</button><button type="button" id="send" data-own="{token}" hidden>{words["send"]}</button></p>'
            f'<img class="qr" alt="{words["qr"]}" src="{_qr(shown.own)}">'
        )
    else:
        part = (
            f'<form method="post" action="/s/{shown.token}/mine">{number}<button class="mine">{words["mine"]}</button>'
            f"</form><p>{words['mine_why']}</p>"
        )
    kept = words["kept"] if shown.kept or shown.own else words["asks"]
    forget = (
        f'<form method="post" action="/s/{shown.token}/forget"><button class="plain">{words["forget"]}</button></form>'
        if shown.kept or shown.own
        else ""
    )
    return f'<section class="sharing">{part}<div class="small"><p>{kept}</p>{forget}</div></section>{seen}'


def notice(status: int, words: str, language: str, headers: Headers = ()) -> Answer:
    """A page that only says something: `gone`, `unknown`, `browser`, `often`, `forgotten`."""
    said = WORDS[language]
    body = f"<h1>{said[words]}</h1><p>{said.get(f'{words}_why', '')}</p>"
    return Bare(status, (*HTML, *headers), _document(said[words], body, language, ""))


def _of(by_language: Mapping[str, T], language: str) -> T | None:
    return by_language.get(language) or next(iter(by_language.values()), None)


def _broken(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _qr(url: str) -> str:
    import segno

    return segno.make(url, error="m", micro=False).svg_data_uri(scale=4, border=3)


def _document(title: str, body: str, language: str, meta: str) -> bytes:
    lang = "zh-Hans" if language == "zh-hans" else "en"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{escape(title)}</title>{meta}'
        f'<link rel="stylesheet" href="/s/page.css"><script src="/s/page.js" defer></script></head>'
        f"<body><main>{body}</main></body></html>"
    ).encode()
