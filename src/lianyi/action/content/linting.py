"""What is wrong, forbidden or unwise in a content, with its place, the rule and what to do.

The rules on sharing are those that WeChat and the Chinese platforms enforce by blocking links, domains and accounts
(微信外部链接内容管理规范, 诱导分享); those on e-mail are 互联网电子邮件服务管理办法 13 and 14; on SMS
通信短信息服务管理规定; on claims 广告法 9. A linter finds words, not meanings: it may be wrong both ways, so only what
breaks a rule for certain is `stop`, and a person decides about the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from lianyi.action.content import kinds, templates
from lianyi.action.content.kinds import Text

GIVEN = ("unsubscribe_url", "share_link", "brand.name", "code", "reward")
LONG_SUBJECT = 60


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found. place: `zh-hans: blocks[1].text`; rule: its name; level: `stop` (breaks a rule or can't be
    sent), `warn`, `hint`; found: the words; do: what to do about it, in English and Chinese."""

    place: str
    rule: str
    level: str
    found: str
    en: str
    zh: str


@dataclass(frozen=True, kw_only=True)
class _Words:
    rule: str
    level: str
    pattern: re.Pattern[str]
    en: str
    zh: str


def _read_words() -> tuple[_Words, ...]:
    rows = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"))
    return tuple(
        _Words(
            rule=row["rule"], level=row["level"], en=row["en"], zh=row["zh"],
            pattern=re.compile("|".join(row["patterns"]).replace("{NUMBER}", _NUMBER), re.IGNORECASE),
        )
        for row in rows
    )  # fmt: skip


_NUMBER = r"(?:\d+|[一二两三四五六七八九十百几多]+)"
WORDS = _read_words()
_OFFER = re.compile(r"优惠|促销|折|特价|新品|上市|秒杀|discount|% off|sale|offer|new in", re.IGNORECASE)
_STOP = re.compile(r"退订|拒收|回T|回TD|unsubscribe|reply STOP|opt[- ]out", re.IGNORECASE)
_AD = re.compile(r"^\s*[【\[(（]?(?:广告|AD\b)")


def lint(
    kind: str,
    bodies: Mapping[str, Mapping[str, object]],
    variables: Mapping[str, object],
    *,
    known: Collection[str],
    pictures: Callable[[str], bool] = lambda _name: True,
    channel: str = "",
) -> list[Finding]:
    """All findings, the gravest first. known: variables that this brand has (`person.name` …); pictures: whether the
    library has a picture; channel: `sms` where it will be sent as a short message."""
    found: list[Finding] = []
    for language, body in bodies.items():
        for text in kinds.texts(kind, body):
            place = f"{language}: {text.place}"
            found += _by_words(place, text)
            found += _by_variables(place, text, variables, known)
            found += _by_address(place, text, pictures)
        found += _by_kind(kind, language, body, channel)
    order = {"stop": 0, "warn": 1, "hint": 2}
    return sorted(found, key=lambda one: order[one.level])


def _by_words(place: str, text: Text) -> Iterator[Finding]:
    if text.form in {"url", "picture"}:
        return
    for words in WORDS:
        if hit := words.pattern.search(text.text):
            yield Finding(place=place, rule=words.rule, level=words.level, found=hit[0], en=words.en, zh=words.zh)
    letters = [letter for letter in text.text if letter.isascii() and letter.isalpha()]
    if len(letters) > 20 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters):
        yield Finding(
            place=place, rule="shouting", level="warn", found=text.text[:40], en="Mostly capitals: filters take it for "
            "spam. Write it in small letters.", zh="大写字母过多，易被判为垃圾信息，请改用小写。",
        )  # fmt: skip


def _by_variables(place: str, text: Text, variables: Mapping[str, object], known: Collection[str]) -> Iterator[Finding]:
    for use in templates.names(text.text):
        declared = use.path in variables
        attribute = use.path.startswith("person.attributes.")
        if not (declared or attribute or use.path in known or use.path in GIVEN):
            yield Finding(
                place=place, rule="unknown_variable", level="stop" if use.path.startswith("person.") else "warn",
                found=use.path, en="Nobody has this variable. Mend its name, or declare it with a stand-in.",
                zh="没有这个变量。请更正名称，或声明它并给出缺省文字。",
            )  # fmt: skip
        elif not (use.covered or declared or use.path in GIVEN):
            yield Finding(
                place=place, rule="no_fallback", level="warn", found=use.path, en="Whose value is not known gets no "
                'message. Give it a stand-in, or write {{ … | default("…") }}.',
                zh="值未知的人将收不到消息。请给出缺省文字，或写 {{ … | default(\"…\") }}。",
            )  # fmt: skip


def _by_address(place: str, text: Text, pictures: Callable[[str], bool]) -> Iterator[Finding]:
    if text.form == "picture" and "/" not in text.text and "{" not in text.text and not pictures(text.text):
        yield Finding(
            place=place, rule="missing_picture", level="stop", found=text.text, en="The library has no such picture. "
            "Upload it or choose another.", zh="素材库中没有这张图片，请上传或另选。",
        )  # fmt: skip
    targets = [text.text] if text.form == "url" else re.findall(r"\]\(([^)]*)\)", text.text)
    for target in targets:
        if "{{" in target[:8]:
            continue
        problem = broken(target)
        if problem:
            yield Finding(
                place=place, rule="broken_link", level=problem[0], found=target[:80], en=problem[1], zh=problem[2]
            )


def broken(url: str) -> tuple[str, str, str] | None:
    """What is wrong with a web address as it is written: level, English, Chinese."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        _port = parts.port
    except ValueError:
        return "stop", "This is no web address. Mend it.", "网址有误，请更正。"
    if parts.scheme in {"mailto", "tel"} or (not parts.scheme and parts.path.startswith("pages/")):
        return None
    if parts.scheme not in {"http", "https"} or " " in url.strip() or ("." not in host and host != "localhost"):
        return (
            "stop",
            "This is no web address. Write it whole, beginning with https://",
            "网址不完整，请以 https:// 开头写全。",
        )
    if host in {"localhost", "127.0.0.1"} or host.endswith(
        (".local", "example.com", "example.org", ".test", ".example")
    ):
        return (
            "warn",
            "Nobody but this machine reaches this address. Write the real one.",
            "他人无法访问该地址，请写真实网址。",
        )
    if parts.scheme == "http":
        return (
            "hint",
            "Write https://; phones warn of addresses without it.",
            "请使用 https://，手机会对 http 地址告警。",
        )
    return None


def _by_kind(kind: str, language: str, body: Mapping[str, object], channel: str) -> Iterator[Finding]:
    said = " ".join(text.text for text in kinds.texts(kind, body) if text.form not in {"url", "picture"})
    if kind == "email":
        yield from _by_mail(language, body, said)
    if kind in {"email", "image"}:
        yield from _by_alt(language, body)
    if channel == "sms" and _OFFER.search(said) and not _STOP.search(said):
        yield Finding(
            place=f"{language}: text", rule="sms_refusal", level="stop", found="",
            en="A commercial SMS must say how to refuse it, e.g. “reply T to stop”.",
            zh="商业短信须告知退订方式，如“回T退订”。",
        )  # fmt: skip


def _by_mail(language: str, body: Mapping[str, object], said: str) -> Iterator[Finding]:
    subject = str(body.get("subject") or "")
    marketing = body.get("footer") != "transactional"
    if marketing and language == "zh-hans" and not _AD.search(subject):
        yield Finding(
            place=f"{language}: subject", rule="subject_ad", level="stop", found=subject[:40],
            en="The subject of commercial e-mail must begin with 广告 or AD (互联网电子邮件服务管理办法 13).",
            zh="商业邮件主题须以“广告”或“AD”开头（《互联网电子邮件服务管理办法》第十三条）。",
        )  # fmt: skip
    if len(subject) > LONG_SUBJECT:
        yield Finding(
            place=f"{language}: subject", rule="subject_long", level="hint", found=subject[:40],
            en=f"Phones show about 30 characters of a subject; this one has {len(subject)}. Put what counts first.",
            zh=f"手机约显示 30 字，本主题 {len(subject)} 字，请把要点放在前面。",
        )  # fmt: skip
    if not marketing and _OFFER.search(said):
        yield Finding(
            place=f"{language}: footer", rule="no_unsubscribe", level="stop", found=_OFFER.findall(said)[0],
            en="An offer in an e-mail without unsubscribe link. Give it the marketing foot.",
            zh="含促销内容的邮件缺少退订链接，请使用营销页脚。",
        )  # fmt: skip
    if not body.get("preheader"):
        yield Finding(
            place=f"{language}: preheader", rule="no_preheader", level="hint", found="",
            en="Without a preheader mail programs show the first words of the text beside the subject.",
            zh="未填写预览文字，收件箱将显示正文开头。",
        )  # fmt: skip


def _by_alt(language: str, body: Mapping[str, object]) -> Iterator[Finding]:
    blocks = body.get("blocks")
    parts: list[tuple[str, Mapping[str, object]]] = [("", body)] if not isinstance(blocks, list) else []
    if isinstance(blocks, list):
        parts = [(f"blocks[{n}].", block) for n, block in enumerate(blocks) if block["type"] == "image"]
    for place, part in parts:
        if not part.get("alt"):
            yield Finding(
                place=f"{language}: {place}alt", rule="no_alt", level="hint", found="",
                en="Say what the picture shows, for whoever does not see it.",
                zh="请填写图片说明，供看不到图片的人使用。",
            )  # fmt: skip
