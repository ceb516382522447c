"""How a version reads for one person: one language, the person's values, links as the sender wants them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings

from lianyi import settings as workspace_settings
from lianyi.action.content import kinds, mail
from lianyi.action.content.markdown import in_links
from lianyi.action.content.models import Version
from lianyi.action.content.templates import Manner, MissingVariable
from lianyi.action.content.templates import render as filled
from lianyi.errors import InputError, NotFound

__all__ = ["MissingVariable", "Rendered", "render", "render_body"]
SCHEMES = ("http", "https", "mailto", "tel")
LOCAL = "http://127.0.0.1:8765"


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What is sent. html: "" for kinds that have none. headers: of an e-mail (one-click unsubscribe, RFC 8058).
    props: `kind`, and the parts of a card by their names (title, text, url, picture, appid, path)."""

    subject: str
    text: str
    html: str
    props: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def render(
    version_id: int,
    *,
    person: Mapping[str, Any],
    variables: Mapping[str, Any],
    language: str,
    links: Callable[[str], str] | None = None,
) -> Rendered:
    """A kept version for one person. language: of the person; the version's fallback where it has none. links: what
    each web address becomes, e.g. the same through a counter. `unsubscribe_url` among the variables becomes the
    e-mail's foot and headers. MissingVariable: a value is not known and nothing stands in for it.
    """
    kind, bodies, fallback, stand_ins = _kept(version_id)
    spoken = language if language in bodies else fallback
    values = known_values(person, variables, stand_ins, spoken)
    return render_body(kind, bodies[spoken], values=values, language=spoken, links=links)


@lru_cache(maxsize=512)
def _kept(version_id: int) -> tuple[str, Mapping[str, Any], str, Mapping[str, Any]]:
    """Versions never change, so one reading serves a whole campaign."""
    version = Version.objects.select_related("content").filter(pk=version_id).first()
    if version is None:
        raise NotFound(f"there is no content version {version_id}")
    return version.content.kind, version.bodies, version.fallback, version.variables


def forget_read() -> None:
    """For tests, whose databases come and go."""
    _kept.cache_clear()


def render_body(
    kind: str,
    body: Mapping[str, Any],
    *,
    values: Mapping[str, Any],
    language: str,
    links: Callable[[str], str] | None = None,
) -> Rendered:
    """A body that may not be kept yet, as previews show it."""
    said = _Said(values=values, language=language, links=links or (lambda url: url))
    return {"email": _email, "link": _link, "miniprogram": _miniprogram, "image": _image, "poster": _poster}.get(
        kind, _text
    )(said, body)


def known_values(
    person: Mapping[str, Any], variables: Mapping[str, Any], stand_ins: Mapping[str, Any], language: str
) -> dict[str, Any]:
    """What templates see: `person.…`, `brand.name`, further variables by name; what is unknown is filled in by the
    version's stand-ins."""
    known = {name: value for name, value in person.items() if not (value is None or value == "")}
    if isinstance(known.get("attributes"), str):
        known["attributes"] = json.loads(known["attributes"])
    values: dict[str, Any] = {"brand": {"name": _brand_name()}, **variables, "person": known}
    for path, by_language in stand_ins.items():
        instead = by_language.get(language) or by_language.get("")
        if instead:
            _fill(values, path.split("."), instead)
    return values


def _fill(values: dict[str, Any], path: list[str], instead: str) -> None:
    for name in path[:-1]:
        inner = values.get(name)
        values[name] = dict(inner) if isinstance(inner, Mapping) else {}
        values = values[name]
    if values.get(path[-1]) in (None, ""):
        values[path[-1]] = instead


def _settings() -> workspace_settings.Settings:
    folder = settings.WORKSPACE
    try:
        return _read_settings(folder, os.stat(_settings_path(folder)).st_mtime_ns)  # noqa: PTH116  asked for each message
    except FileNotFoundError:
        return workspace_settings.Settings()


@lru_cache(maxsize=4)
def _settings_path(folder: Path) -> str:
    return str(folder / workspace_settings.FILE_NAME)


@lru_cache(maxsize=4)
def _read_settings(folder: Path, _changed: int) -> workspace_settings.Settings:
    return workspace_settings.read(folder)


def _brand_name() -> str:
    return str(_settings().name)


def base_url() -> str:
    """Where the brand's own links begin: LIANYI_URL, else this machine's address, which works for nobody else."""
    return settings.PUBLIC_URL or LOCAL


def checked_url(url: str, place: str) -> str:
    """The address, if it is one that may stand in a message."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InputError(f"{place}: {url[:80]!r} is no web address: {error}") from error
    if parts.scheme.lower() not in SCHEMES or not (parts.netloc or parts.path) or any(c <= " " for c in url):
        raise InputError(f"{place}: {url[:80]!r} is no web address; it begins with https://")
    return url


@dataclass(frozen=True, kw_only=True)
class _Said:
    """Fills the templates of one body."""

    values: Mapping[str, Any]
    language: str
    links: Callable[[str], str]

    def say(self, body: Mapping[str, Any], name: str, into: str = "line") -> str:
        """One part; "" where the body has none."""
        text = body.get(name) or ""
        if into == "markdown":
            text = in_links(text)
        brand = _settings()
        manner = Manner(language=self.language, zone=ZoneInfo(brand.timezone), currency=brand.currency, into=into)
        return filled(text, self.values, manner) if text else ""

    def url(self, body: Mapping[str, Any], name: str) -> str:
        """An address, as the sender wants it."""
        text = self.say(body, name, "url")
        return self.links(checked_url(text, name)) if text else ""

    def picture(self, body: Mapping[str, Any]) -> str:
        """Where the picture can be fetched."""
        text = self.say(body, "picture", "url")
        if not text:
            return ""
        return checked_url(text, "picture") if "/" in text else f"{base_url()}/pictures/{text}"

    def link(self, url: str) -> str:
        """An address that stands in a text."""
        return self.links(checked_url(url, "link"))


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _text(said: _Said, body: Mapping[str, Any]) -> Rendered:
    text = said.say(body, "text", "plain")
    return Rendered(subject="", text=mail.with_links(text, said.links), html="", props={"kind": "text"})


def _image(said: _Said, body: Mapping[str, Any]) -> Rendered:
    text = mail.with_links(said.say(body, "text", "plain"), said.links)
    props = {"kind": "image", "picture": said.picture(body), "alt": said.say(body, "alt")}
    return Rendered(subject="", text=_lines(text or props["alt"], props["picture"]), html="", props=props)


def _link(said: _Said, body: Mapping[str, Any]) -> Rendered:
    props = {
        "kind": "link", "title": said.say(body, "title"), "text": said.say(body, "text"),
        "url": said.url(body, "url"), "picture": said.picture(body),
    }  # fmt: skip
    text = _lines(props["title"], props["text"], props["url"])
    return Rendered(subject=props["title"], text=text, html="", props=props)


def _miniprogram(said: _Said, body: Mapping[str, Any]) -> Rendered:
    props = {
        "kind": "miniprogram", "title": said.say(body, "title"), "appid": body.get("appid", ""),
        "path": said.say(body, "path", "url"), "picture": said.picture(body),
    }  # fmt: skip
    return Rendered(subject=props["title"], text=props["title"], html="", props=props)


def _poster(said: _Said, body: Mapping[str, Any]) -> Rendered:
    props = {
        "kind": "poster", "title": said.say(body, "title"), "text": said.say(body, "text", "plain"),
        "picture": body.get("picture", ""), "small": said.say(body, "small"),
    }  # fmt: skip
    return Rendered(subject=props["title"], text=_lines(props["title"], props["text"]), html="", props=props)


def _email(said: _Said, body: Mapping[str, Any]) -> Rendered:
    subject = said.say(body, "subject")
    unsubscribe = str(said.values.get("unsubscribe_url") or "")
    letter = mail.Letter(
        subject=subject, preheader=said.say(body, "preheader"), language=said.language, brand=_brand_name(),
        unsubscribe=checked_url(unsubscribe, "unsubscribe_url") if unsubscribe else "",
        marketing=body.get("footer") != "transactional",
    )  # fmt: skip
    blocks = [_block(said, block) for block in body.get("blocks") or ()]
    headers = {}
    if unsubscribe:
        headers = {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    props = {"kind": "email", "unsubscribe": bool(unsubscribe), "marketing": letter.marketing}
    return Rendered(
        subject=subject, text=mail.plain(letter, blocks), html=mail.html(letter, blocks), props=props, headers=headers
    )


def _block(said: _Said, block: Mapping[str, Any]) -> mail.Block:
    made: dict[str, Any] = {}
    for part in kinds.BLOCKS[block["type"]]:
        if part.form == "markdown":
            made[part.name] = mail.twins(said.say(block, part.name, "markdown"), said.link)
        elif part.form == "url":
            made[part.name] = said.url(block, part.name)
        elif part.form == "picture":
            made[part.name] = said.picture(block)
        else:
            made[part.name] = said.say(block, part.name)
    return mail.Block(type=block["type"], parts=made)
