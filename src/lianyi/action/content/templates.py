"""Texts with variables: `Hello {{ person.name | default("friend") }}`, `{% if person.orders > 2 %}…{% endif %}`.

Jinja2 in its sandbox, because people know its language and it has had a decade of eyes on its escapes. We allow far
less than the sandbox does: no loops, calls, arithmetic, assignments, imports or methods, only names, look-ups in plain
mappings, comparisons, conditions and the filters below. What is left cannot repeat anything, so the time that a text
takes and the size of what comes out grow linearly with its own length and its values, both of which are bounded; no
clock has to watch it.

An unknown value (missing, None or "") is false in a condition and in every comparison, and an error where it would be
printed without a fallback: nobody is greeted as "Dear ,".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import quote

from jinja2 import TemplateError, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lianyi.errors import InputError

MAX_TEXT = 50_000
MAX_OUT = 400_000
MAX_VALUE = 5_000
MAX_DEPTH = 20
ROOTS = ("person", "brand")
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Test,
    nodes.Keyword,
)  # fmt: skip
_TESTS = {"defined", "undefined"}
_RESERVED = {"self", "super", "loop", "caller", "varargs", "kwargs"}  # what the engine itself puts there
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_LINES = re.compile(r"\s*[\r\n\u2028\u2029]+\s*")
SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$", "TWD": "NT$"}


class BadTemplate(InputError):
    """The text can't be read as a template. The message shows the line and what is allowed."""


class MissingVariable(InputError):
    """A variable has no value for this person, and no fallback. Give it one, or leave this person out."""


class Unknown(Undefined):
    """A value that is not known: false, equal to nothing, smaller and larger than nothing, never printed."""

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise MissingVariable(f"{self._undefined_name} is not known here and has no fallback; give it one")

    def _no(self, _other: object) -> bool:
        return False

    __str__ = __iter__ = __len__ = __getattr__ = __getitem__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = _no  # type: ignore[assignment]
    __hash__ = Undefined.__hash__

    def __ne__(self, _other: object) -> bool:
        return False


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How values are written: for which language, in which zone, in which currency, into what kind of text."""

    language: str = "en"
    zone: tzinfo | None = None
    currency: str = "CNY"
    into: str = "plain"  # plain, line, markdown, url


class _Sandbox(ImmutableSandboxedEnvironment):
    """Looks up entries of plain mappings, and nothing else of anything."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self._entry(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self._entry(obj, argument)

    def call_binop(self, *_args: Any) -> Any:
        raise SecurityError("no arithmetic")

    def _entry(self, obj: Any, name: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(name, str):
            value = obj.get(name)
            if not (value is None or value == ""):
                return value
        return self.undefined(name=str(name))


def _short(value: Any) -> str:
    return str(value)[:MAX_VALUE]


def _number(value: Any, places: int = 0) -> str:
    try:
        return f"{Decimal(str(value)):,.{min(max(int(places), 0), 6)}f}"
    except (InvalidOperation, ValueError):
        return _short(value)


def _truncate(value: Any, length: int = 20) -> str:
    text = _short(value)
    return text if len(text) <= length else text[: max(int(length) - 1, 0)] + "…"


def _filters(manner: Manner) -> dict[str, Callable[..., Any]]:
    def money(value: Any, currency: str = manner.currency) -> str:
        return f"{SYMBOLS.get(currency, currency + ' ')}{_number(value, 2)}"

    def moment(value: Any) -> Any:
        if isinstance(value, datetime) and manner.zone is not None and value.tzinfo is not None:
            return value.astimezone(manner.zone)
        return value

    def day(value: Any) -> str:
        value = moment(value)
        if not isinstance(value, date):
            return _short(value)
        if manner.language.startswith("zh"):
            return f"{value.year}年{value.month}月{value.day}日"
        return f"{value.day} {value:%B} {value.year}"

    def clock(value: Any) -> str:
        value = moment(value)
        return f"{value:%H:%M}" if isinstance(value, datetime) else _short(value)

    texts: dict[str, Callable[[str], str]] = {
        "upper": str.upper, "lower": str.lower, "capitalize": str.capitalize, "title": str.title, "trim": str.strip
    }  # fmt: skip
    of_text: dict[str, Callable[..., Any]] = {
        name: (lambda value, change=change: change(_short(value))) for name, change in texts.items()
    }
    rest = {"in_url": in_url, "money": money, "number": _number, "date": day, "time": clock, "truncate": _truncate}
    known = {name: _unless_unknown(filter_) for name, filter_ in {**of_text, **rest}.items()}
    return {**known, "default": _default, "d": _default}


def _unless_unknown(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """What is unknown stays so through a filter, for a fallback behind it."""

    def filtered(value: Any, *args: Any, **kwargs: Any) -> Any:
        return value if isinstance(value, Undefined) else filter_(value, *args, **kwargs)

    return filtered


def _default(value: Any, instead: Any = "") -> Any:
    return instead if isinstance(value, Undefined) or value is None or value == "" else value


def in_url(value: Any) -> str:
    """A value as a part of an address; a whole address stays as it is."""
    text = _short(value).strip()
    return text if text.startswith(("https://", "http://")) else quote(text, safe="")


FILTERS = tuple(sorted(_filters(Manner())))


def _finalize(into: str) -> Callable[[Any], Any]:
    """How a printed value is made harmless in the text around it."""

    def plain(value: Any) -> Any:
        return value if isinstance(value, Undefined) else _short(value)

    def line(value: Any) -> Any:
        return value if isinstance(value, Undefined) else _LINES.sub(" ", _short(value))

    def markdown(value: Any) -> Any:
        return value if isinstance(value, Undefined) else _PUNCTUATION.sub(r"\\\1", line(value))

    def url(value: Any) -> Any:
        return value if isinstance(value, Undefined) else in_url(value)

    return {"plain": plain, "line": line, "markdown": markdown, "url": url}[into]


@lru_cache(maxsize=256)
def _environment(manner: Manner) -> _Sandbox:
    made = _Sandbox(
        undefined=Unknown, autoescape=False, cache_size=0, finalize=_finalize(manner.into), keep_trailing_newline=True
    )
    made.filters.clear()
    made.filters.update(_filters(manner))
    made.globals.clear()
    made.tests = {name: made.tests[name] for name in _TESTS}
    return made


@dataclass(frozen=True)
class Name:
    """One variable that a text prints or asks for: its path, and whether the text itself says what to print without it
    (or only asks for it)."""

    path: str
    covered: bool


def names(text: str) -> list[Name]:
    """The variables of a text, each once; covered where every use of it is. BadTemplate: see `check`."""
    found: dict[str, bool] = {}
    for path, covered in _used(_tree(text), covered=False):
        found[path] = found.get(path, True) and covered
    return [Name(path, covered) for path, covered in found.items()]


def check(text: str) -> None:
    """BadTemplate where the text is no template, or one that does what is not allowed."""
    _compiled(text, Manner())


def render(text: str, values: Mapping[str, Any], manner: Manner) -> str:
    """The text with its values. MissingVariable names what is unknown; BadTemplate what can't be read."""
    if "{" not in text:
        return text
    known = {name: value for name, value in values.items() if not (value is None or value == "")}
    try:
        made: str = _compiled(text, manner).render(known)
    except MissingVariable:
        raise
    except (TemplateError, UndefinedError, TypeError, ValueError, ArithmeticError) as error:
        raise BadTemplate(f"{text[:80]!r}: {error}; compare and print plain values only") from error
    if len(made) > MAX_OUT:
        raise BadTemplate(f"the text becomes {len(made):,} characters long; at most {MAX_OUT:,} are allowed")
    return made


@lru_cache(maxsize=1024)
def _compiled(text: str, manner: Manner) -> Any:
    environment = _environment(manner)
    _tree(text)
    try:
        return environment.from_string(text)
    except (TemplateError, SyntaxError, RecursionError) as error:
        raise BadTemplate(f"{text[:80]!r}: {error}") from error


@lru_cache(maxsize=1024)
def _tree(text: str) -> nodes.Template:
    if len(text) > MAX_TEXT:
        raise BadTemplate(f"the text has {len(text):,} characters; at most {MAX_TEXT:,} are allowed")
    try:
        tree = _environment(Manner()).parse(text)
    except TemplateSyntaxError as error:
        raise BadTemplate(f"line {error.lineno}: {error.message}; write e.g. {{{{ person.name }}}}") from error
    except RecursionError as error:
        raise BadTemplate("the text nests brackets too deeply; write it more simply") from error
    _allow(tree, depth=0)
    return tree


def _allow(node: nodes.Node, *, depth: int) -> None:
    line = getattr(node, "lineno", 1)
    if depth > MAX_DEPTH:
        raise BadTemplate(f"line {line}: more than {MAX_DEPTH} levels deep; write it more simply")
    if not isinstance(node, _ALLOWED):
        raise BadTemplate(
            f"line {line}: {type(node).__name__.lower()} is not allowed; there are variables, if, comparisons and the "
            f"filters {', '.join(FILTERS)}"
        )
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise BadTemplate(f"line {line}: there is no filter {node.name!r}; there are {', '.join(FILTERS)}")
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        raise BadTemplate(f"line {line}: there is no test {node.name!r}; there are {', '.join(sorted(_TESTS))}")
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem) and _path(node) is None:
        raise BadTemplate(f"line {line}: this is no variable; write a name, or an entry of {' or '.join(ROOTS)}")
    for child in node.iter_child_nodes():
        _allow(child, depth=depth + 1)


def _path(node: nodes.Node) -> str | None:
    """`person.attributes.city` of a look-up; None for anything else."""
    if isinstance(node, nodes.Name):
        return None if node.name.startswith("_") or node.name in _RESERVED else node.name
    if isinstance(node, nodes.Getattr):
        before, name = _path(node.node), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        before, name = _path(node.node), node.arg.value
    else:
        return None
    inside = before is not None and before.split(".")[0] in ROOTS
    return f"{before}.{name}" if inside and not name.startswith("_") else None


def _used(node: nodes.Node, *, covered: bool) -> list[tuple[str, bool]]:
    """All look-ups below a node, and whether each may be unknown there."""
    path = _path(node)
    if path is not None:
        return [(path, covered)]
    if isinstance(node, nodes.Filter) and node.name in {"default", "d"}:
        inner = _used(node.node, covered=True) if node.node else []
        return inner + [use for argument in node.args for use in _used(argument, covered=covered)]
    if isinstance(node, nodes.Test | nodes.Compare | nodes.Not | nodes.And | nodes.Or):
        return [use for child in node.iter_child_nodes() for use in _used(child, covered=True)]
    if isinstance(node, nodes.If | nodes.CondExpr):
        return _used_if(node, covered=covered)
    return [use for child in node.iter_child_nodes() for use in _used(child, covered=covered)]


def _used_if(node: nodes.If | nodes.CondExpr, *, covered: bool) -> list[tuple[str, bool]]:
    """In `{% if person.name %}…{{ person.name }}…` the name is known where it is printed."""
    asked = _used(node.test, covered=True)
    sure = {path for path, _ in asked} if not isinstance(node.test, nodes.Not | nodes.Or | nodes.Test) else set()
    then: list[nodes.Node] = list(node.body) if isinstance(node, nodes.If) else [node.expr1]
    inside = [(path, use or path in sure) for child in then for path, use in _used(child, covered=covered)]
    other = [*node.elif_, *node.else_] if isinstance(node, nodes.If) else [node.expr2] if node.expr2 else []
    return asked + inside + [use for child in other for use in _used(child, covered=covered)]
