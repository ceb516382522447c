"""Random conditions that fit together, as trees."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from lianyi.insight.conditions import syntax as s

words = st.sampled_from(("母婴", "dog", 'say "hi"', "a\\b", "it's", "敏感肌", "Dog", "x y"))
texts = st.builds(s.Text, words)
numbers = st.builds(s.Number, st.sampled_from([Decimal(n) for n in ("0", "1", "2", "3", "5", "0.5", "12.25")]))
windows = st.builds(s.Window, st.integers(1, 40), st.sampled_from(("hours", "days", "weeks")), st.booleans())
operators = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))

text_fields = st.sampled_from(("category", "channel", "group", "object", "title", "text", "other")).map(s.Name)
number_fields = st.sampled_from(("hour", "weekday", "value", "quantity", "discount", "day_of_month")).map(s.Name)
round_fields = st.sampled_from((("hour", 23), ("weekday", 7)))


def _around(field: tuple[str, int]) -> st.SearchStrategy[s.Node]:
    edge = st.integers(0, field[1]).map(lambda n: s.Number(Decimal(n)))
    return st.builds(s.Between, st.just(s.Name(field[0])), edge, edge)


Tests = st.SearchStrategy[s.Node]


def _logic(leaves: Tests) -> Tests:
    def more(inner: st.SearchStrategy[s.Node]) -> st.SearchStrategy[s.Node]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.builds(s.Not, inner) | st.builds(s.And, several) | st.builds(s.Or, several)

    return st.recursive(leaves, more, max_leaves=4)


_event_tests = _logic(
    st.builds(s.Compare, operators, number_fields, numbers)
    | st.builds(s.Compare, operators, text_fields, texts)
    | st.builds(s.Compare, operators, words.map(s.Attribute), texts)
    | round_fields.flatmap(_around)
    | st.builds(s.OneOf, text_fields, st.lists(texts, min_size=1, max_size=2).map(tuple))
    | st.builds(s.OneOf, number_fields, st.lists(numbers, min_size=1, max_size=2).map(tuple))
    | st.builds(s.Holds, text_fields, st.lists(texts, min_size=1, max_size=2).map(tuple))
)
event_tests = st.deferred(lambda: _event_tests)
# What follows an event: within one window, and not nested.
follows = st.builds(
    s.Then,
    st.builds(
        s.Selection,
        st.lists(st.sampled_from(("order", "message", "view", "cart")), min_size=1, max_size=2, unique=True).map(tuple),
        st.booleans(),
        st.builds(s.Window, st.integers(1, 400), st.sampled_from(("hours", "days"))).map(lambda window: (window,)),
        st.lists(event_tests, max_size=1).map(tuple),
    ),
    st.booleans(),
)
kinds = st.one_of(
    st.lists(st.sampled_from(("order", "message", "view", "reply", "cart")), min_size=1, max_size=3, unique=True).map(
        tuple
    ),
    st.sampled_from((("activity",), ("*",))),
)
_selections = st.builds(
    s.Selection,
    kinds,
    st.booleans(),
    st.lists(windows, max_size=2).map(tuple),
    st.lists(event_tests | follows, max_size=2).map(tuple),
)
selections = st.deferred(lambda: _selections)
counting = st.builds(s.Aggregate, st.sampled_from(("count", "days")), selections)
measuring = st.builds(
    s.Aggregate,
    st.sampled_from(("sum", "avg", "max", "min")),
    selections,
    st.sampled_from(("value", "quantity", "discount")),
)
telling = st.builds(
    s.Aggregate, st.just("distinct"), selections, st.sampled_from(("object", "category", "other", "group"))
)
timing = st.builds(s.Aggregate, st.sampled_from(("first", "last")), selections)
saying = st.lists(words, min_size=1, max_size=3, unique=True).map(tuple)
said_days = st.builds(s.Says, saying, st.lists(windows, max_size=1).map(tuple), st.just(value=True))
figures = counting | measuring | telling | timing | said_days

columns = st.sampled_from(("orders", "net_spend", "days_active", "recency_days", "cycle_days", "age")).map(s.Name)
moments = st.sampled_from(("last_order", "first_seen", "last_active")).map(s.Name) | timing


def _rows(texts_of: tuple[str, ...], numbers_of: tuple[str, ...], moments_of: tuple[str, ...]) -> Tests:
    """Conditions on a row beside a person."""
    text_names, number_names = (st.sampled_from(names).map(s.Name) for names in (texts_of, numbers_of))
    since = st.sampled_from(moments_of).map(lambda name: s.DaysSince(s.Name(name)))
    return _logic(
        st.builds(s.Compare, operators, text_names, texts)
        | st.builds(s.Compare, operators, number_names | since, numbers)
        | st.builds(s.OneOf, text_names, st.lists(texts, min_size=1, max_size=2).map(tuple))
        | st.builds(s.Holds, text_names, st.lists(texts, min_size=1, max_size=2).map(tuple))
        | st.builds(s.Known, number_names | text_names)
    )


plain = st.builds(s.Compare, operators, columns, numbers) | st.builds(s.Aggregate, st.just("any"), selections)
_tie_tests = _rows(("band", "trend", "relation"), ("strength", "days", "common"), ("last_at", "first_at"))
_belonging_tests = _rows(("community", "role", "how"), ("height", "weight", "said"), ("at",)).filter(
    lambda tree: not any(isinstance(part, s.DaysSince) for part in s.walk(tree))
)
_coming_tests = _rows(
    ("ripple", "kind", "category", "incentive"), ("generation", "brought", "depth", "brought_buyers"), ("at",)
) | st.just(s.Name("newcomer"))
tie_tests, belonging_tests, coming_tests = (
    st.deferred(lambda: _tie_tests), st.deferred(lambda: _belonging_tests), st.deferred(lambda: _coming_tests),
)  # fmt: skip
_counted_beside = (
    st.builds(s.Related, st.just("ties"), st.lists(tie_tests | st.builds(s.To, plain), max_size=2).map(tuple))
    | st.builds(s.Related, st.just("memberships"), st.lists(belonging_tests, max_size=2).map(tuple))
    | st.builds(s.Related, st.just("arrivals"), st.lists(coming_tests, max_size=2).map(tuple))
)
_asked_beside = (
    st.builds(s.Related, st.just("tied"), st.lists(tie_tests | st.builds(s.To, plain), max_size=2).map(tuple))
    | st.builds(s.Related, st.just("tied"), st.builds(s.Not, st.builds(s.To, plain)).map(lambda test: (test,)))
    | st.builds(s.Related, st.just("member"), st.lists(belonging_tests, max_size=2).map(tuple))
    | st.builds(s.Related, st.just("arrived"), st.lists(coming_tests, max_size=2).map(tuple))
    | st.builds(s.Bridges, words, words)
    | st.builds(s.Consents, st.sampled_from(("a", "b")), st.sampled_from(("", "sms", "dog")))
    | st.builds(s.InAudience, st.sampled_from(("first", "second")))
)
# Deferred: Hypothesis writes strategies out in full, and these are long.
counted_beside, asked_beside = st.deferred(lambda: _counted_beside), st.deferred(lambda: _asked_beside)
leaves = (
    numbers | columns | counting | measuring | telling | said_days | st.builds(s.DaysSince, moments) | counted_beside
)


def _arithmetic(inner: st.SearchStrategy[s.Node]) -> st.SearchStrategy[s.Node]:
    return st.builds(s.Arithmetic, st.sampled_from("+-*/"), inner, inner) | st.builds(s.Negative, inner)


_values = st.recursive(leaves, _arithmetic, max_leaves=3)
values = st.deferred(lambda: _values)
text_columns = st.sampled_from(("city", "consumption_level", "top_category")).map(s.Name) | words.map(s.Attribute)
_conditions = _logic(
    st.builds(s.Compare, operators, values, values)
    | st.builds(s.Between, values, numbers, numbers)
    | st.builds(s.Compare, operators, text_columns, texts)
    | st.builds(
        s.Compare, operators, st.sampled_from(("last_order", "last_active")).map(s.Name), st.just(s.Text("2026-05-20"))
    )
    | st.builds(s.OneOf, text_columns, st.lists(texts, min_size=1, max_size=2).map(tuple))
    | st.builds(s.Holds, text_columns, st.lists(texts, min_size=1, max_size=2).map(tuple))
    | st.builds(s.Member, texts, st.just(s.Name("channels")))
    | st.builds(s.Known, values | text_columns)
    | st.builds(s.Says, saying, st.lists(windows, max_size=1).map(tuple))
    | st.builds(s.Aggregate, st.just("any"), selections)
    | timing
    | asked_beside
    | st.builds(s.Truth, st.booleans())
)
conditions = st.deferred(lambda: _conditions)
