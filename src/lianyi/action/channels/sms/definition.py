"""A provider of SMS as a definition: whom to call, how the call is signed, what goes into it, what the answer means.

url, method       whom to call, and how (POST by default)
sign              none, basic (access_key and secret), acs3 (Aliyun), tc3 (Tencent Cloud)
with              what the signature wants besides: action, version, service
text              plain: the text is sent; template: the id and the variables of one that the provider approved
needs             settings that must be filled: access_key, secret, sign_name, template, app, region
headers, query, json, form    what is sent; {names} are filled in: phone (with country code), national (mainland
                  numbers without), text, sign_name, template, variables_json, values, key, app, region, access_key,
                  secret. A value that is one {name} alone keeps its type; one that is empty is left out.
read              code: paths in the answer, the first that is there counts; ok: codes that mean success; reason, id:
                  paths; permanent, slow_down: codes, * stands for anything. Without code, HTTP 2xx is success.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lianyi.errors import InputError

HERE = Path(__file__).parent / "providers"
SIGNS = ("none", "basic", "acs3", "tc3")
WORDS = frozenset({
    "phone", "national", "text", "sign_name", "template", "variables_json", "values", "key", "app", "region",
    "access_key", "secret",
})  # fmt: skip
_WORD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Read:
    """What the answer means."""

    code: tuple[str, ...] = ()
    ok: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    id: str = ""
    permanent: tuple[str, ...] = ()
    slow_down: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One provider. See the head of this module."""

    url: str
    title: str = ""
    method: str = "POST"
    sign: str = "none"
    with_: Mapping[str, str] = field(default_factory=dict)
    text: str = "plain"
    needs: tuple[str, ...] = ()
    headers: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    read: Read = field(default_factory=Read)


@cache
def shipped() -> Mapping[str, Definition]:
    """The providers that come with Lianyi, by name."""
    return {path.stem: parsed(path.read_text(encoding="utf-8"), path.name) for path in sorted(HERE.glob("*.yaml"))}


def parsed(text: str, where: str = "definition") -> Definition:
    """A definition from YAML; InputError names what can't be used."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"{where}: {error}") from error
    if not isinstance(data, dict):
        raise InputError(f"{where}: must be a mapping with url, json or form or query, and read")
    given = {("with_" if name == "with" else str(name)): value for name, value in data.items()}
    _known(where, given, Definition)
    read = given.get("read") or {}
    if not isinstance(read, dict):
        raise InputError(f"{where}: read must be a mapping")
    _known(f"{where}: read", read, Read)
    lists = {name: _texts(f"{where}: read.{name}", value) for name, value in read.items() if name != "id"}
    made = Definition(
        **{**given, "needs": _texts(f"{where}: needs", given.get("needs") or []),
           "read": Read(**lists, id=str(read.get("id") or ""))},
    )  # fmt: skip
    _check(made, where)
    return made


def _known(where: str, given: Mapping[str, Any], kind: type[Definition | Read]) -> None:
    known = [each.name for each in fields(kind)]
    for name in given:
        if name not in known:
            raise InputError(
                f"{where}: {name!r} is not known; there are {', '.join(each.rstrip('_') for each in known)}"
            )


def _texts(where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InputError(f"{where}: must be a list")
    return tuple(str(each) for each in value)


def _check(made: Definition, where: str) -> None:
    if not isinstance(made.url, str) or not re.match(r"https?://[^/\s]+", made.url):
        raise InputError(f"{where}: url: write an address that starts with https://")
    for name, value, allowed in (
        ("sign", made.sign, SIGNS), ("text", made.text, ("plain", "template")), ("method", made.method, ("POST", "GET"))
    ):  # fmt: skip
        if value not in allowed:
            raise InputError(f"{where}: {name}: {value!r} is none of {', '.join(allowed)}")
    parts = {"with": made.with_, "headers": made.headers, "query": made.query, "json": made.json, "form": made.form}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise InputError(f"{where}: {name}: must be a mapping")
    unknown = sorted(_words([made.headers, made.query, made.json, made.form]) - WORDS)
    if unknown:
        raise InputError(f"{where}: {{{unknown[0]}}} is not known; there are {', '.join(sorted(WORDS))}")


def _words(node: Any) -> set[str]:
    if isinstance(node, str):
        return set(_WORD.findall(node))
    parts = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    return set().union(*(_words(part) for part in parts))


def filled(node: Any, words: Mapping[str, Any]) -> Any:
    """A part of a call with the words filled in; what is empty is left out of mappings."""
    if isinstance(node, str):
        alone = _WORD.fullmatch(node)
        return words[alone[1]] if alone else _WORD.sub(lambda found: str(words[found[1]]), node)
    if isinstance(node, Mapping):
        made = {name: filled(value, words) for name, value in node.items()}
        return {name: value for name, value in made.items() if value not in ("", None)}
    if isinstance(node, list):
        return [filled(each, words) for each in node]
    return node


def found(data: Any, path: str) -> Any:
    """What stands at `a.b.0.c` of an answer; None where nothing does."""
    for word in path.split("."):
        if isinstance(data, dict):
            data = data.get(word)
        elif isinstance(data, list) and word.isdecimal() and int(word) < len(data):
            data = data[int(word)]
        else:
            return None
    return data


def matches(code: str, patterns: tuple[str, ...]) -> bool:
    """Whether a code is one of those listed."""
    return any(fnmatch.fnmatchcase(code, pattern) for pattern in patterns)
