"""From text to tree, by recursive descent. Every error shows the place and what may stand there.

condition   = both { "or" both }
both        = negation { "and" negation }
negation    = "not" negation | test
test        = sum [ ("=" | "!=" | "<" | "<=" | ">" | ">=") sum | "~" texts | "in" list | "between" sum "and" sum ]
sum         = product { ("+" | "-") product }
product     = factor { ("*" | "/") factor }
factor      = "-" factor | number | text | "true" | "false" | name | function | "(" condition ")"
function    = figure "(" kinds { "," (window | condition) } ")" | "says" "(" text { "," (text | window) } ")" | …
            | ("ties" | "member" | …) "(" { condition "," } ")" with `to "(" condition ")"` among those on ties
            | ("then" | "then_no") "(" kinds { "," condition } "," window ")" among conditions on events
kinds       = ["received"] kind { "|" kind } ["." field] | "*" | "activity"
window      = "within" number unit | "older" "than" number unit
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal

from lianyi.errors import BadRule
from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.checking import check
from lianyi.insight.conditions.tokens import Token, problem, tokens
from lianyi.memory.events import KIND_PATTERN

COMPARISONS = ("=", "!=", "<=", ">=", "<", ">")
# Deep enough for any rule that a person writes, shallow enough for the interpreter's stack.
MAX_DEPTH = 40
MAX_WINDOW_DAYS = 36_500
# Of a number: more than any count or sum has, and few enough for the engines' decimals.
MAX_WHOLE = 15
MAX_PART = 9
_NAMES: Mapping[words.Among, str] = {
    "person": "column of a person", "event": "field of an event", "tie": "field of a tie",
    "belonging": "field of a membership", "coming": "field of an arrival",
}  # fmt: skip
_FUNCTIONS: Mapping[words.Among, str] = {
    "person": "function", "event": "function of an event", "tie": "function of a tie",
    "belonging": "function of a membership", "coming": "function of an arrival",
}  # fmt: skip


def parse(source: str, *, number: bool = False) -> s.Node:
    """The tree of a condition (of an arithmetic expression with `number`). BadRule shows what is wrong and where."""
    parser = _Parser(source)
    tree = parser.condition()
    parser.must_end()
    check(tree, source, number=number)
    return tree


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokens(source)
        self.index = 0
        self.depth = 0
        self.among: words.Among = "person"
        self.in_then = False

    # --- the words ----------------------------------------------------------------------------------------------

    @property
    def now(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.now
        self.index = min(self.index + 1, len(self.tokens) - 1)
        return token

    def at_op(self, *ops: str) -> bool:
        return self.now.kind == "op" and self.now.value in ops

    def at_word(self, *names: str) -> bool:
        return self.now.kind == "name" and self.now.value in names

    def must(self, op: str, why: str) -> Token:
        if not self.at_op(op):
            raise self.wrong(f"`{op}` {why}")
        return self.take()

    def must_word(self, *names: str) -> Token:
        if not self.at_word(*names):
            raise self.wrong(" or ".join(f"`{name}`" for name in names))
        return self.take()

    def must_end(self) -> None:
        if self.now.kind != "end":
            raise self.wrong("`and`, `or`, a comparison, or the end")

    def wrong(self, expected: str, place: int | None = None) -> BadRule:
        what = f"{self.now} stands where {expected} is expected"
        return problem(self.source, self.now.place if place is None else place, what)

    def unknown(self, token: Token, what: str, known: Iterable[str]) -> BadRule:
        names = sorted(known)
        near = difflib.get_close_matches(token.value, names, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(names)}"
        return problem(self.source, token.place, f"no {what} `{token.value}`; {hint}")

    @contextmanager
    def about(self, among: words.Among) -> Iterator[None]:
        """The words in between are about something else."""
        before, self.among = self.among, among
        yield
        self.among = before

    # --- logic --------------------------------------------------------------------------------------------------

    def condition(self) -> s.Node:
        return self.chain("or", lambda: self.chain("and", self.negation, s.And), s.Or)

    def chain(self, word: str, part: Callable[[], s.Node], make: type[s.And | s.Or]) -> s.Node:
        place = self.now.place
        items = [part()]
        while self.at_word(word):
            self.take()
            items.append(part())
        return make(tuple(items), place=place) if len(items) > 1 else items[0]

    def negation(self) -> s.Node:
        if not self.at_word("not"):
            return self.test()
        place = self.take().place
        with self.deeper(place):
            return s.Not(self.negation(), place=place)

    @contextmanager
    def deeper(self, place: int) -> Iterator[None]:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise problem(self.source, place, f"more than {MAX_DEPTH} levels deep; make a tag of the inner part")
        yield
        self.depth -= 1

    def test(self) -> s.Node:
        left = self.sum()
        place = self.now.place
        if self.at_op(*COMPARISONS):
            return s.Compare(self.take().value, left, self.sum(), place=place)
        if self.at_op("~"):
            self.take()
            return s.Holds(left, self.texts(), place=place)
        if self.at_word("in"):
            self.take()
            return self.membership(left, place)
        if self.at_word("between"):
            self.take()
            low = self.sum()
            self.must_word("and")
            return s.Between(left, low, self.sum(), place=place)
        return left

    def membership(self, left: s.Node, place: int) -> s.Node:
        if self.at_op("("):
            self.take()
            options = [self.sum()]
            while self.at_op(","):
                self.take()
                options.append(self.sum())
            self.must(")", "closes the list")
            return s.OneOf(left, tuple(options), place=place)
        if self.now.kind == "name":
            token = self.take()
            return s.Member(left, s.Name(token.value, place=token.place), place=place)
        raise self.wrong('a list such as ("上海", "杭州"), or `channels`, `groups`, `keys`,')

    def texts(self) -> tuple[s.Text, ...]:
        if not self.at_op("("):
            return (self.text_literal(),)
        self.take()
        found = [self.text_literal()]
        while self.at_op(","):
            self.take()
            found.append(self.text_literal())
        self.must(")", "closes the list")
        return tuple(found)

    def text_literal(self) -> s.Text:
        if self.now.kind != "text":
            raise self.wrong('a text in quotes, e.g. "母婴",')
        token = self.take()
        if not token.value.strip():
            raise problem(self.source, token.place, "the text is empty; write a word")
        return s.Text(token.value, place=token.place)

    # --- values -------------------------------------------------------------------------------------------------

    def sum(self) -> s.Node:
        return self.left_chain(("+", "-"), lambda: self.left_chain(("*", "/"), self.factor))

    def left_chain(self, ops: tuple[str, ...], part: Callable[[], s.Node]) -> s.Node:
        node = part()
        while self.at_op(*ops):
            op = self.take()
            node = s.Arithmetic(op.value, node, part(), place=op.place)
        return node

    def factor(self) -> s.Node:
        with self.deeper(self.now.place):
            return self.inner()

    def inner(self) -> s.Node:
        token = self.now
        if self.at_op("-"):
            self.take()
            return s.Negative(self.factor(), place=token.place)
        if self.at_op("("):
            self.take()
            node = self.condition()
            self.must(")", "closes the bracket")
            return node
        if token.kind == "number":
            return self.number()
        if token.kind == "text":
            return self.text_literal()
        if self.at_word("true", "false"):
            self.take()
            return s.Truth(token.value == "true", place=token.place)
        if token.kind == "name" and token.value not in words.KEYWORDS:
            return self.named()
        raise self.wrong("a value (a column, an event function, a number or a text in quotes)")

    def number(self) -> s.Number:
        token = self.take()
        whole, _point, part = token.value.partition(".")
        if len(whole.lstrip("0")) > MAX_WHOLE or len(part) > MAX_PART:
            shown = token.value if len(token.value) <= 20 else f"{token.value[:20]}…"
            raise problem(
                self.source,
                token.place,
                f"the number {shown} is too large or too long; at most {MAX_WHOLE} digits may stand before the point "
                f"and {MAX_PART} after it",
            )
        return s.Number(Decimal(token.value), place=token.place)

    def named(self) -> s.Node:
        token = self.take()
        if not self.at_op("("):
            known = words.WORDS[self.among]
            if token.value not in known:
                raise self.unknown(token, _NAMES[self.among], known)
            return s.Name(token.value, place=token.place)
        functions = self.functions()
        if token.value not in functions:
            raise self.unknown(token, _FUNCTIONS[self.among], functions)
        return functions[token.value](token)

    def functions(self) -> Mapping[str, Callable[[Token], s.Node]]:
        """The functions that may stand here."""
        of_time: dict[str, Callable[[Token], s.Node]] = {"days_since": self.days_since, "known": self.known}
        match self.among:
            case "event":
                return {"prop": self.attribute, "then": self.then, "then_no": self.then}
            case "tie":
                return {"to": self.to, **of_time}
            case "person":
                return {
                    **dict.fromkeys(words.AGGREGATES, self.aggregate), **dict.fromkeys(words.RELATED, self.related),
                    "says": self.says, "says_days": self.says, "has_tag": self.has_tag, "attr": self.attribute,
                    "consents": self.consents, "in_audience": self.in_audience, "bridges": self.bridges, **of_time,
                }  # fmt: skip
        return of_time

    # --- beside the person --------------------------------------------------------------------------------------

    def related(self, token: Token) -> s.Node:
        self.must("(", "opens the conditions")
        tests: list[s.Node] = []
        with self.about(words.RELATED[token.value].among), self.deeper(token.place):
            while not self.at_op(")"):
                if tests:
                    self.must(",", "parts conditions; `)` ends them")
                tests.append(self.condition())
        self.take()
        return s.Related(token.value, tuple(tests), place=token.place)

    def to(self, token: Token) -> s.Node:
        self.must("(", "opens the condition on the other person")
        with self.about("person"):
            item = self.condition()
        self.must(")", "closes the condition on the other person")
        return s.To(item, place=token.place)

    def bridges(self, token: Token) -> s.Node:
        self.must("(", "opens the names")
        one = self.text_literal().value
        self.must(",", "and a second community")
        other = self.text_literal().value
        self.must(")", "closes the names")
        return s.Bridges(one, other, place=token.place)

    def consents(self, token: Token) -> s.Node:
        self.must("(", "opens the purpose")
        purpose, channel = self.text_literal().value, ""
        if self.at_op(","):
            self.take()
            channel = self.text_literal().value
        self.must(")", "closes the purpose and channel")
        return s.Consents(purpose, channel, place=token.place)

    def in_audience(self, token: Token) -> s.Node:
        return s.InAudience(self.one_text(), place=token.place)

    def says(self, token: Token) -> s.Node:
        self.must("(", "opens the words")
        said = [self.text_literal().value]
        windows: list[s.Window] = []
        while self.at_op(","):
            self.take()
            if self.at_word("within", "older"):
                windows.append(self.window())
            else:
                said.append(self.text_literal().value)
        self.must(")", "closes the words")
        return s.Says(tuple(said), tuple(windows), days=token.value == "says_days", place=token.place)

    def has_tag(self, token: Token) -> s.Node:
        return s.HasTag(self.one_text(), place=token.place)

    def attribute(self, token: Token) -> s.Node:
        return s.Attribute(self.one_text(), place=token.place)

    def one_text(self) -> str:
        self.must("(", "opens the name")
        name = self.text_literal().value
        self.must(")", "closes the name")
        return name

    def days_since(self, token: Token) -> s.Node:
        return s.DaysSince(self.bracketed(), place=token.place)

    def known(self, token: Token) -> s.Node:
        return s.Known(self.bracketed(), place=token.place)

    def bracketed(self) -> s.Node:
        self.must("(", "opens the value")
        node = self.sum()
        self.must(")", "closes the value")
        return node

    # --- events -------------------------------------------------------------------------------------------------

    def aggregate(self, token: Token) -> s.Node:
        self.must("(", "opens the events")
        selection, field = self.selection(token)
        return s.Aggregate(token.value, selection, field, place=token.place)

    def then(self, token: Token) -> s.Node:
        if self.in_then:
            raise problem(
                self.source, token.place, f"`{token.value}` can't stand in another one; say it in two figures"
            )
        self.must("(", "opens the events that follow")
        self.in_then = True
        selection, _field = self.selection(None)
        self.in_then = False
        if len(selection.windows) != 1 or selection.windows[0].older:
            raise problem(
                self.source, token.place, f"`{token.value}` needs one time, e.g. {token.value}(order, within 3 days)"
            )
        return s.Then(selection, token.value == "then_no", place=token.place)

    def selection(self, figure: Token | None) -> tuple[s.Selection, str | None]:
        """Kinds, conditions and windows up to the closing bracket; with the field that a figure is asked of."""
        place = self.now.place
        received = self.at_word("received")
        if received:
            self.take()
        kinds = self.kinds()
        field = self.field_of(figure) if figure else None
        windows: list[s.Window] = []
        tests: list[s.Node] = []
        with self.about("event"):
            while self.at_op(","):
                self.take()
                if self.at_word("within", "older"):
                    windows.append(self.window())
                else:
                    tests.append(self.condition())
        self.must(")", "or `,` and a further condition on the events")
        return s.Selection(kinds, received, tuple(windows), tuple(tests), place=place), field

    def kinds(self) -> tuple[str, ...]:
        if self.at_op("*"):
            self.take()
            return (words.ALL,)
        found = [self.kind()]
        while self.at_op("|"):
            self.take()
            found.append(self.kind())
        return tuple(dict.fromkeys(found))

    def kind(self) -> str:
        if self.now.kind != "name" or self.now.value in words.KEYWORDS:
            raise self.wrong("a kind of events, e.g. `order`, `message`, `order|cart`, `activity` or `*`,")
        token = self.take()
        if not KIND_PATTERN.match(token.value):
            raise problem(self.source, token.place, f"`{token.value}` is no kind; kinds are written in small letters")
        return token.value

    def field_of(self, figure: Token) -> str | None:
        allowed = words.AGGREGATES[figure.value].fields
        example = f"{figure.value}(order.{min(allowed)})" if allowed else ""
        if not self.at_op("."):
            if allowed:
                raise self.wrong(f"`.` and a field, e.g. {example},")
            return None
        dot = self.take()
        if not allowed:
            raise problem(self.source, dot.place, f"{figure.value}() counts whole events; leave the field out")
        if self.now.kind != "name" or self.now.value not in allowed:
            raise self.unknown(self.now, f"field for {figure.value}()", allowed)
        return self.take().value

    def window(self) -> s.Window:
        place = self.now.place
        older = self.take().value == "older"
        if older:
            self.must_word("than")
        if self.now.kind != "number" or "." in self.now.value:
            raise self.wrong("a whole number, e.g. `within 60 days`,")
        token = self.take()
        amount = int(token.value)
        units = {**{unit: unit for unit in words.UNITS}, **{unit[:-1]: unit for unit in words.UNITS}}
        unit = units[self.must_word(*words.UNITS, *(unit[:-1] for unit in words.UNITS)).value]
        if not 1 <= amount * words.UNITS[unit] <= MAX_WINDOW_DAYS * words.UNITS["days"]:
            raise problem(self.source, token.place, f"a window is at least 1 {unit[:-1]} and at most a hundred years")
        return s.Window(amount, unit, older, place=place)
