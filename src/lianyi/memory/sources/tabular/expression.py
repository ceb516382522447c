"""Small expressions over the columns of a row, for mappings: `Quantity * UnitPrice`, `starts_with(InvoiceNo, 'C')`.

A language of its own and not SQL, because mappings travel between people: an expression can read the row and nothing
else (no files, no other tables). Grammar, loosest first:

    or · and · not · = != < <= > >= in · + - · * / · unary - · column, 'text', number, function(…), ( … )

A column is a bare word, or in double quotes or backticks where it holds blanks or signs. Columns are text until a
number is wanted; comparing with a number, or arithmetic, reads them as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from lianyi.errors import BadMapping
from lianyi.memory.engine import literal
from lianyi.memory.sources.tabular.cells import NUMBER, Cells, number_of

Type = Literal["text", "number", "boolean"]
MAX_LENGTH = 2_000
MAX_DEPTH = 40
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)(?!\w)|(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")*"|`[^`]*`)"""
    r"""|(?P<word>[^\W\d]\w*(?:\.\w+)*)|(?P<sign><=|>=|!=|<>|[-+*/=<>(),])|(?P<end>\Z))"""
)


@dataclass(frozen=True)
class Typed:
    """SQL text and its type. column: the one column that it is, if it is nothing else."""

    sql: str
    type: Type
    column: str | None = None


@dataclass(frozen=True)
class _Function:
    takes: tuple[Type, ...]
    gives: Type
    sql: Callable[..., str]
    repeats: bool = False


_FUNCTIONS: Mapping[str, _Function] = {
    "lower": _Function(("text",), "text", lambda a: f"lower({a})"),
    "upper": _Function(("text",), "text", lambda a: f"upper({a})"),
    "trim": _Function(("text",), "text", lambda a: f"trim({a})"),
    "length": _Function(("text",), "number", lambda a: f"CAST(length({a}) AS {NUMBER})"),
    "left": _Function(("text", "number"), "text", lambda a, n: f"left({a}, CAST({n} AS BIGINT))"),
    "replace": _Function(("text", "text", "text"), "text", lambda a, b, c: f"replace({a}, {b}, {c})"),
    "split": _Function(
        ("text", "text", "number"), "text", lambda a, b, n: f"nullif(split_part({a}, {b}, CAST({n} AS INTEGER)), '')"
    ),
    "concat": _Function(("text",), "text", lambda *a: "(" + " || ".join(a) + ")", repeats=True),
    "coalesce": _Function(("text",), "text", lambda *a: f"coalesce({', '.join(a)})", repeats=True),
    "starts_with": _Function(("text", "text"), "boolean", lambda a, b: f"coalesce(starts_with({a}, {b}), FALSE)"),
    "ends_with": _Function(("text", "text"), "boolean", lambda a, b: f"coalesce(ends_with({a}, {b}), FALSE)"),
    "contains": _Function(("text", "text"), "boolean", lambda a, b: f"coalesce(contains({a}, {b}), FALSE)"),
    "is_empty": _Function(("text",), "boolean", lambda a: f"({a} IS NULL)"),
    "number": _Function(("number",), "number", lambda a: a),
    "abs": _Function(("number",), "number", lambda a: f"abs({a})"),
    "round": _Function(("number", "number"), "number", lambda a, n: f"round({a}, CAST({n} AS INTEGER))"),
    "greatest": _Function(("number",), "number", lambda *a: f"greatest({', '.join(a)})", repeats=True),
    "least": _Function(("number",), "number", lambda *a: f"least({', '.join(a)})", repeats=True),
    "cents": _Function(("number",), "text", lambda a: f"CAST(CAST({a} AS DECIMAL(18, 2)) AS VARCHAR)"),
}


def compiled(text: str, cells: Cells) -> Typed:
    """The expression as SQL over these columns. BadMapping says where it can't be read and what may stand there."""
    if len(text) > MAX_LENGTH:
        raise BadMapping(f"an expression has {len(text):,} characters; at most {MAX_LENGTH:,} are allowed")
    return _Parser(text, cells).whole()


def columns_of(text: str) -> list[str]:
    """The columns that an expression names, in order."""
    words = []
    for kind, token, _place, following in _tokens(text):
        if kind == "quoted":
            words.append(_unquoted(token))
        elif kind == "word" and following != "(" and token.lower() not in {"and", "or", "not", "in", "if"}:
            words.append(token)
    return list(dict.fromkeys(words))


def _unquoted(token: str) -> str:
    return token[1:-1].replace('""', '"') if token[0] == '"' else token[1:-1]


def _tokens(text: str) -> Iterator[tuple[str, str, int, str]]:
    """Kind, text and place of each token, and the sign that follows it."""
    place = 0
    while True:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise BadMapping(f"expression {text!r}: {text[place : place + 20]!r} at place {place + 1} can't be read")
        place = match.end()
        after = text[place:].lstrip()[:1]
        yield match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup) + 1, after
        if match.lastgroup == "end":
            return


class _Parser:
    """Recursive descent, one method per level of the grammar."""

    def __init__(self, text: str, cells: Cells) -> None:
        self._text = text
        self._cells = cells
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> Typed:
        result = self._or()
        if self._kind != "end":
            raise self._error("an operator or the end")
        return result

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _token(self) -> str:
        return self._tokens[self._at][1]

    def _error(self, wanted: str) -> BadMapping:
        place = self._tokens[self._at][2]
        found = self._token or "the end"
        return BadMapping(f"expression {self._text!r}: {found!r} at place {place}; wanted {wanted}")

    def _take(self, *signs: str) -> str | None:
        token = self._token.lower()
        if self._kind in {"sign", "word"} and token in signs:
            self._at += 1
            return token
        return None

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._error(f"{sign!r}")

    def _or(self) -> Typed:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadMapping(f"an expression is nested deeper than {MAX_DEPTH}")
        left = self._and()
        while self._take("or"):
            left = Typed(f"({self._true(left)} OR {self._true(self._and())})", "boolean")
        self._depth -= 1
        return left

    def _and(self) -> Typed:
        left = self._not()
        while self._take("and"):
            left = Typed(f"({self._true(left)} AND {self._true(self._not())})", "boolean")
        return left

    def _not(self) -> Typed:
        if self._take("not"):
            return Typed(f"(NOT {self._true(self._not())})", "boolean")
        return self._comparison()

    def _comparison(self) -> Typed:
        left = self._sum()
        if self._take("in"):
            return self._membership(left)
        sign = self._take("=", "!=", "<>", "<", "<=", ">", ">=")
        if sign is None:
            return left
        right = self._sum()
        a, b = self._alike(left, right)
        return Typed(f"coalesce({a} {'<>' if sign == '!=' else sign} {b}, FALSE)", "boolean")

    def _membership(self, left: Typed) -> Typed:
        self._need("(")
        options = [self._text_of(self._sum())]
        while self._take(","):
            options.append(self._text_of(self._sum()))
        self._need(")")
        return Typed(f"coalesce({self._text_of(left)} IN ({', '.join(options)}), FALSE)", "boolean")

    def _sum(self) -> Typed:
        left = self._product()
        while sign := self._take("+", "-"):
            left = self._arithmetic(left, sign, self._product())
        return left

    def _product(self) -> Typed:
        left = self._unary()
        while sign := self._take("*", "/"):
            left = self._arithmetic(left, sign, self._unary())
        return left

    def _arithmetic(self, left: Typed, sign: str, right: Typed) -> Typed:
        a, b = self._number_of(left), self._number_of(right)
        if sign == "/":
            return Typed(f"TRY_CAST({a} / nullif({b}, 0) AS {NUMBER})", "number")
        return Typed(f"TRY_CAST(({a} {sign} {b}) AS {NUMBER})", "number")

    def _unary(self) -> Typed:
        if self._take("-"):
            return Typed(f"(-{self._number_of(self._unary())})", "number")
        return self._atom()

    def _atom(self) -> Typed:
        kind, token, _place, following = self._tokens[self._at]
        if self._take("("):
            inner = self._or()
            self._need(")")
            return Typed(f"({inner.sql})", inner.type)
        if kind not in {"number", "text", "quoted", "word"}:
            raise self._error("a column, a number, a 'text' or a function")
        self._at += 1
        if kind == "number":
            return Typed(f"CAST({token} AS {NUMBER})", "number")
        if kind == "text":
            return Typed(literal(token[1:-1].replace("''", "'")), "text")
        if kind == "word" and following == "(":
            return self._call(token.lower())
        column = _unquoted(token) if kind == "quoted" else token
        return Typed(self._cells.text(column), "text", column)

    def _call(self, name: str) -> Typed:
        if name == "if":
            return self._if()
        if name == "zero_if_empty":
            return self._zero_if_empty()
        function = _FUNCTIONS.get(name)
        if function is None:
            raise BadMapping(
                f"expression {self._text!r}: no function {name!r}; there are if, zero_if_empty, {', '.join(_FUNCTIONS)}"
            )
        arguments = self._arguments()
        takes = function.takes * len(arguments) if function.repeats else function.takes
        if len(arguments) != len(takes) or not arguments:
            raise BadMapping(
                f"expression {self._text!r}: {name} takes {len(function.takes)} values, not {len(arguments)}"
            )
        return Typed(function.sql(*(self._as(a, t) for a, t in zip(arguments, takes, strict=True))), function.gives)

    def _zero_if_empty(self) -> Typed:
        """0 where nothing stands; what stands there but is no number stays NULL, so that it is noticed."""
        arguments = self._arguments()
        if len(arguments) != 1 or arguments[0].column is None:
            raise BadMapping(f"expression {self._text!r}: zero_if_empty takes one column")
        column = arguments[0].column
        empty = f"{self._cells.text(column)} IS NULL"
        return Typed(f"CASE WHEN {empty} THEN 0 ELSE {self._cells.number(column)} END", "number")

    def _if(self) -> Typed:
        arguments = self._arguments()
        if len(arguments) != 3:
            raise BadMapping(f"expression {self._text!r}: if takes (condition, then, else)")
        yes, no = self._alike(arguments[1], arguments[2])
        kind: Type = "number" if "number" in {arguments[1].type, arguments[2].type} else arguments[1].type
        return Typed(f"CASE WHEN {self._true(arguments[0])} THEN {yes} ELSE {no} END", kind)

    def _arguments(self) -> list[Typed]:
        self._need("(")
        found = [self._or()]
        while self._take(","):
            found.append(self._or())
        self._need(")")
        return found

    def _alike(self, left: Typed, right: Typed) -> tuple[str, str]:
        """Both as numbers where one is a number, else both as text."""
        if "number" in {left.type, right.type}:
            return self._number_of(left), self._number_of(right)
        if left.type == right.type:
            return left.sql, right.sql
        raise BadMapping(f"expression {self._text!r}: a condition can't be compared with a text")

    def _as(self, value: Typed, wanted: Type) -> str:
        return self._number_of(value) if wanted == "number" else self._text_of(value)

    def _number_of(self, value: Typed) -> str:
        if value.type == "boolean":
            raise BadMapping(f"expression {self._text!r}: a condition stands where a number is wanted")
        if value.type == "number":
            return value.sql
        if value.column is not None:
            return self._cells.number(value.column)
        return number_of(value.sql, NUMBER)

    def _text_of(self, value: Typed) -> str:
        if value.type == "boolean":
            raise BadMapping(f"expression {self._text!r}: a condition stands where a text is wanted")
        return value.sql if value.type == "text" else f"CAST({value.sql} AS VARCHAR)"

    def _true(self, value: Typed) -> str:
        if value.type != "boolean":
            raise BadMapping(f"expression {self._text!r}: a condition is wanted, such as Quantity > 0")
        return value.sql
