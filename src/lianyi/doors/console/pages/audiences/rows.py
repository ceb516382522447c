"""The builder's rows: a condition as groups of rows that are filled in, and back. What fits no row is a row of text, so
every condition can be shown and nothing of it is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import Text
from lianyi.doors.console.asked import whole
from lianyi.insight.conditions import parse, text
from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions import vocabulary as words
from lianyi.insight.conditions.tokens import quoted

Values = dict[str, str]
Join = Literal["and", "or"]
Look = Literal["choice", "number", "text", "known"]
MAX_ROWS = 40
OPS = (">=", "<=", "=", "!=", ">", "<")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One field of a row. look: choice (of `choices`, a name in the page's context), number, text, or known (text with
    suggestions). need: the row says nothing while it is empty."""

    name: str
    title: Text
    look: Look = "text"
    choices: str = ""
    need: bool = False
    first: str = ""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of row: its cells, how it is written, and how it is known again."""

    name: str
    title: Text
    cells: Sequence[Cell]
    write: Callable[[Values], str]
    read: Callable[[s.Node], Values | None]


@dataclass(kw_only=True)
class Row:
    """One row of the builder."""

    kind: str = "column"
    values: Values = field(default_factory=dict)
    negated: bool = False

    @property
    def line(self) -> str:
        """The row in the language of conditions; "" while something is missing. BadRule where it can't be read."""
        kind = KINDS[self.kind]
        if any(cell.need and not self.values.get(cell.name) for cell in kind.cells):
            return ""
        written = kind.write(self.values)
        if not written:
            return ""
        parse(written)
        return f"not ({written})" if self.negated else written


@dataclass(kw_only=True)
class Group:
    """Rows that must all hold, or of which one must."""

    join: Join = "and"
    rows: list[Row] = field(default_factory=list)


@dataclass(kw_only=True)
class Built:
    """A condition as the builder shows it."""

    join: Join = "and"
    groups: list[Group] = field(default_factory=list)

    @property
    def line(self) -> str:
        """The whole condition as one line; "" while no row says anything."""
        parts = []
        for group in self.groups:
            lines = [line for row in group.rows if (line := row.line)]
            joined = f" {group.join} ".join(
                f"({line})" if isinstance(parse(line), s.And | s.Or) and len(lines) > 1 else line for line in lines
            )
            if joined:
                parts.append((joined, (len(lines) > 1 and group.join != self.join) or _loose(joined)))
        wrapped = [f"({part})" if loose and len(parts) > 1 else part for part, loose in parts]
        found = f" {self.join} ".join(wrapped)
        return text(parse(found)) if found else ""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(len(group.rows) for group in self.groups)


def _loose(line: str) -> bool:
    return isinstance(parse(line), s.Or)


def built(condition: str) -> Built:
    """A condition as rows; an empty one as one empty row. BadRule where it can't be read."""
    if not condition.strip():
        return Built(groups=[Group(rows=[Row()])])
    return of_tree(parse(condition))


def of_tree(tree: s.Node) -> Built:
    """The rows of a tree: its first two levels are groups, what is below is a row of its own."""
    join: Join = "or" if isinstance(tree, s.Or) else "and"
    found = Built(join=join)
    open_group: Group | None = None
    for item in tree.items if isinstance(tree, s.And | s.Or) else (tree,):
        if isinstance(item, s.And | s.Or):
            found.groups.append(
                Group(join="or" if isinstance(item, s.Or) else "and", rows=list(map(row_of, item.items)))
            )
            open_group = None
        else:
            if open_group is None:
                open_group = Group(join=join)
                found.groups.append(open_group)
            open_group.rows.append(row_of(item))
    return found


def row_of(node: s.Node) -> Row:
    """One row for a part of a condition."""
    inner, negated = (node.item, True) if isinstance(node, s.Not) else (node, False)
    for kind in KINDS.values():
        values = kind.read(inner)
        if values is not None:
            return Row(kind=kind.name, values=values, negated=negated)
    return Row(kind="text", values={"line": text(inner)}, negated=negated)


# --- the form -----------------------------------------------------------------------------------------------------


def read(data: QueryDict) -> Built:
    """The builder as it was sent, with what a button asked for done: `act` is add-G, drop-G-R, group, join, or ""."""
    found = Built(join=_join(data.get("join")))
    for number in range(MAX_ROWS):
        if f"g{number}" not in data:
            break
        group = Group(join=_join(data.get(f"g{number}join")))
        for place in range(MAX_ROWS):
            kind = data.get(f"g{number}r{place}kind")
            if kind is None:
                break
            before = f"g{number}r{place}"
            known = KINDS.get(kind, KINDS["column"])
            values = {cell.name: data.get(f"{before}{cell.name}", cell.first).strip()[:2000] for cell in known.cells}
            group.rows.append(Row(kind=known.name, values=values, negated=bool(data.get(f"{before}not"))))
        found.groups.append(group)
    return _done(found, data.get("act", ""))


def _done(found: Built, act: str) -> Built:
    what, _, place = act.partition("-")
    numbers = [number for part in place.split("-") if (number := whole(part)) is not None]
    if what == "add" and numbers and numbers[0] < len(found.groups) and found.rows < MAX_ROWS:
        found.groups[numbers[0]].rows.append(Row())
    elif what == "group" and found.rows < MAX_ROWS:
        other: Join = "or" if found.join == "and" else "and"
        found.groups.append(Group(join=other, rows=[Row()]))
    elif what == "drop" and len(numbers) == 2 and numbers[0] < len(found.groups):
        rows = found.groups[numbers[0]].rows
        del rows[numbers[1] : numbers[1] + 1]
        found.groups = [group for group in found.groups if group.rows]
    return found if found.groups else Built(groups=[Group(rows=[Row()])])


def _join(value: str | None) -> Join:
    return "or" if value == "or" else "and"


# --- the kinds ----------------------------------------------------------------------------------------------------


def _days(windows: Sequence[s.Window]) -> str | None:
    """The days of a single `within`; "" for no window; None for anything else."""
    if not windows:
        return ""
    one = windows[0]
    return str(one.amount) if len(windows) == 1 and not one.older and one.unit == "days" else None


def _within(days: str) -> str:
    return f", within {days} days" if days else ""


def _column_line(values: Values) -> str:
    word = words.PERSON.get(values["column"])
    if word is None or values["op"] not in OPS:
        return ""
    value = values["value"]
    match word.type:
        case "time" | "date":
            return f"days_since({values['column']}) {values['op']} {value}"
        case "list":
            return f"{quoted(value)} in {values['column']}"
        case "text":
            op = values["op"] if values["op"] in {"=", "!="} else "="
            return f"{values['column']} {op} {quoted(value)}"
    return f"{values['column']} {values['op']} {value}"


def _column(node: s.Node) -> Values | None:
    match node:
        case s.Compare(op=op, left=s.Name(name=name), right=s.Number() as number) if name in words.PERSON:
            return {"column": name, "op": op, "value": f"{number.value:f}"}
        case s.Compare(op="=" | "!=" as op, left=s.Name(name=name), right=s.Text(value=value)) if (
            name in words.PERSON and words.PERSON[name].type == "text"
        ):
            return {"column": name, "op": op, "value": value}
        case s.Compare(op=op, left=s.DaysSince(moment=s.Name(name=name)), right=s.Number() as number):
            return {"column": name, "op": op, "value": f"{number.value:f}"}
        case s.Member(value=s.Text(value=value), list=s.Name(name=name)):
            return {"column": name, "op": "=", "value": value}
    return None


def _category(tests: Sequence[s.Node]) -> str | None:
    match tuple(tests):
        case ():
            return ""
        case (s.Holds(value=s.Name(name="category"), options=(s.Text(value=value),)),):
            return value
    return None


def _did_line(values: Values) -> str:
    category = f", category ~ {quoted(values['category'])}" if values["category"] else ""
    inside = f"{values['event']}{category}{_within(values['days'])}"
    op, times = values["op"] or ">=", values["times"] or "1"
    return f"any({inside})" if (op, times) == (">=", "1") else f"count({inside}) {op} {times}"


def _did(node: s.Node) -> Values | None:
    op, times = ">=", "1"
    match node:
        case s.Aggregate(how="any") as figure:
            pass
        case s.Compare(op=op, left=s.Aggregate(how="count") as figure, right=s.Number() as number):
            times = f"{number.value:f}"
            if (op, times) == (">=", "1"):
                return None  # any(…) says the same in other words, and text must come back as it was
        case _:
            return None
    category, days = _category(figure.selection.tests), _days(figure.selection.windows)
    if figure.selection.received or len(figure.selection.kinds) != 1 or category is None or days is None:
        return None
    return {"event": figure.selection.kinds[0], "category": category, "op": op, "times": times, "days": days}


def _sequence_line(values: Values) -> str:
    what = "then_no" if values["what"] == "then_no" else "then"
    after = f"{what}({values['second']}, within {values['after']} days)"
    return f"any({values['event']}, {after}{_within(values['days'])})"


def _sequence(node: s.Node) -> Values | None:
    match node:
        case s.Aggregate(how="any", selection=s.Selection(kinds=(kind,), received=False, windows=windows, tests=(
            s.Then(selection=s.Selection(kinds=(second,), received=False, tests=())) as then,
        ))):  # fmt: skip
            days, after = _days(windows), _days((then.window,))
            if days is None or after is None:
                return None
            what = "then_no" if then.never else "then"
            return {"event": kind, "what": what, "second": second, "after": after, "days": days}
    return None


def _tie_line(values: Values) -> str:
    band = f"band = {quoted(values['band'])}" if values["band"] else ""
    to = f"to({values['to']})" if values["to"] else ""
    return f"tied({', '.join(part for part in (band, to) if part)})"


def _tie(node: s.Node) -> Values | None:
    match node:
        case s.Related(how="tied", tests=tests):
            values = {"band": "", "to": ""}
            for number, test in enumerate(tests):
                match test:
                    case s.Compare(op="=", left=s.Name(name="band"), right=s.Text(value=value)) if (
                        value in BANDS and number == 0
                    ):
                        values["band"] = value
                    case s.To(item=item) if not values["to"] and number == len(tests) - 1:
                        values["to"] = text(item)
                    case _:
                        return None
            return values
    return None


def _of_fields(
    how: str, fields: Mapping[str, str]
) -> tuple[Callable[[Values], str], Callable[[s.Node], Values | None]]:
    """Writing and reading of a function whose conditions are field = "text" or field >= number, in this order."""

    def write(values: Values) -> str:
        tests = [
            f"{name} {op} {quoted(values[name]) if op == '=' else values[name]}"
            for name, op in fields.items()
            if values.get(name)
        ]
        return f"{how}({', '.join(tests)})"

    def read(node: s.Node) -> Values | None:
        if not isinstance(node, s.Related) or node.how != how:
            return None
        values = dict.fromkeys(fields, "")
        for test in node.tests:
            match test:
                case s.Compare(op=op, left=s.Name(name=name), right=s.Text() | s.Number() as right) if (
                    fields.get(name) == op and not values[name]
                ):
                    values[name] = right.value if isinstance(right, s.Text) else f"{right.value:f}"
                case _:
                    return None
        in_order = [
            test.left.name for test in node.tests if isinstance(test, s.Compare) and isinstance(test.left, s.Name)
        ]
        return values if in_order == [name for name in fields if values[name]] else None

    return write, read


def _consent(node: s.Node) -> Values | None:
    return {"purpose": node.purpose, "channel": node.channel} if isinstance(node, s.Consents) else None


def _consent_line(values: Values) -> str:
    return f"consents({', '.join(quoted(values[name]) for name in ('purpose', 'channel') if values[name])})"


def _says(node: s.Node) -> Values | None:
    if not isinstance(node, s.Says) or node.days or (days := _days(node.windows)) is None:
        return None
    return (
        None
        if any("," in word or "，" in word for word in node.words)
        else {"said": ", ".join(node.words), "days": days}
    )


def _says_line(values: Values) -> str:
    said = [word.strip() for word in values["said"].replace("，", ",").split(",") if word.strip()]
    return f"says({', '.join(map(quoted, said))}{_within(values['days'])})" if said else ""


def _one(make: type[Any], cell: str, attribute: str, function: str) -> tuple[Any, Any]:
    def write(values: Values) -> str:
        return f"{function}({quoted(values[cell])})"

    def read(node: s.Node) -> Values | None:
        return {cell: getattr(node, attribute)} if isinstance(node, make) else None

    return write, read


BANDS = ("strong", "medium", "weak")
_EVENT = Cell(name="event", title=_("What they did"), look="choice", choices="events", need=True, first="order")
_DAYS = Cell(name="days", title=_("Within days"), look="number")
_member, _arrived = (
    _of_fields("member", {"community": "=", "role": "="}),
    _of_fields("arrived", {"ripple": "=", "generation": ">=", "brought_buyers": ">="}),
)
_tag, _audience = _one(s.HasTag, "tag", "tag", "has_tag"), _one(s.InAudience, "audience", "name", "in_audience")

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="column", title=_("About the person"), write=_column_line, read=_column,
            cells=(Cell(name="column", title=_("Column"), look="choice", choices="columns", need=True, first="orders"),
                   Cell(name="op", title=_("Comparison"), look="choice", choices="ops", need=True, first=">="),
                   Cell(name="value", title=_("Value"), need=True)),
        ),
        Kind(
            name="did", title=_("Did something"), write=_did_line, read=_did,
            cells=(_EVENT, Cell(name="category", title=_("Category contains"), look="known", choices="categories"),
                   Cell(name="op", title=_("Comparison"), look="choice", choices="ops", first=">="),
                   Cell(name="times", title=_("Times"), look="number", first="1"), _DAYS),
        ),
        Kind(
            name="sequence", title=_("One thing after another"), write=_sequence_line, read=_sequence,
            cells=(_EVENT, Cell(name="what", title=_("And then"), look="choice", choices="whats", first="then_no"),
                   Cell(name="second", title=_("The second thing"), look="choice", choices="events", need=True,
                        first="order"),
                   Cell(name="after", title=_("Within days after it"), look="number", need=True, first="3"), _DAYS),
        ),
        Kind(
            name="says", title=_("Said a word"), write=_says_line, read=_says,
            cells=(Cell(name="said", title=_("Words, parted by commas"), need=True), _DAYS),
        ),
        Kind(name="tag", title=_("Has a tag"), write=_tag[0], read=_tag[1],
             cells=(Cell(name="tag", title=_("Tag"), look="choice", choices="tags", need=True),)),
        Kind(
            name="tie", title=_("Has a tie"), write=_tie_line, read=_tie,
            cells=(Cell(name="band", title=_("How strong"), look="choice", choices="bands"),
                   Cell(name="to", title=_("To somebody with (a condition)"))),
        ),
        Kind(
            name="community", title=_("Is in a community"), write=_member[0], read=_member[1],
            cells=(Cell(name="community", title=_("Community"), look="known", choices="communities"),
                   Cell(name="role", title=_("Role"), look="choice", choices="roles")),
        ),
        Kind(
            name="ripple", title=_("Came through a ripple"), write=_arrived[0], read=_arrived[1],
            cells=(Cell(name="ripple", title=_("Ripple")),
                   Cell(name="generation", title=_("Generation at least"), look="number"),
                   Cell(name="brought_buyers", title=_("Brought buyers, at least"), look="number")),
        ),
        Kind(
            name="consent", title=_("Has consented"), write=_consent_line, read=_consent,
            cells=(Cell(name="purpose", title=_("Purpose"), need=True, look="known", choices="purposes",
                        first="marketing"),
                   Cell(name="channel", title=_("Channel"), look="known", choices="channels")),
        ),
        Kind(name="audience", title=_("Is in an audience"), write=_audience[0], read=_audience[1],
             cells=(Cell(name="audience", title=_("Audience"), look="choice", choices="audiences", need=True),)),
        Kind(name="text", title=_("As text"), write=lambda values: values["line"], read=lambda _node: None,
             cells=(Cell(name="line", title=_("Condition"), need=True),)),
    )
}  # fmt: skip
