"""From tree to text; parsing the text gives the same tree."""

from __future__ import annotations

from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.tokens import quoted

# How tightly a node holds together; a part that holds less tightly than its place asks for gets brackets.
_OR, _AND, _NOT, _TEST, _SUM, _PRODUCT, _FACTOR = range(7)


def text(node: s.Node) -> str:
    """The condition as one line in the language."""
    return _write(node, _OR, in_event=False)


def event_text(node: s.Node) -> str:
    """A condition on the fields of an event as one line in the language."""
    return _write(node, _OR, in_event=True)


def window_text(window: s.Window) -> str:
    """within 60 days; older than 1 week."""
    unit = window.unit[:-1] if window.amount == 1 else window.unit
    return f"{'older than' if window.older else 'within'} {window.amount} {unit}"


def _write(node: s.Node, place: int, *, in_event: bool) -> str:
    written, strength = _parts(node, in_event)
    return f"({written})" if strength < place else written


def _parts(node: s.Node, in_event: bool) -> tuple[str, int]:  # noqa: FBT001
    def part(inner: s.Node, place: int) -> str:
        return _write(inner, place, in_event=in_event)

    match node:
        case s.Or():
            return " or ".join(part(item, _AND) for item in node.items), _OR
        case s.And():
            return " and ".join(part(item, _NOT) for item in node.items), _AND
        case s.Not():
            return f"not {part(node.item, _NOT)}", _NOT
        case s.Compare():
            return f"{part(node.left, _SUM)} {node.op} {part(node.right, _SUM)}", _TEST
        case s.Between():
            return f"{part(node.value, _SUM)} between {part(node.low, _SUM)} and {part(node.high, _SUM)}", _TEST
        case s.OneOf():
            return f"{part(node.value, _SUM)} in ({', '.join(part(option, _SUM) for option in node.options)})", _TEST
        case s.Holds():
            options = ", ".join(quoted(option.value) for option in node.options)
            return f"{part(node.value, _SUM)} ~ {options if len(node.options) == 1 else f'({options})'}", _TEST
        case s.Member():
            return f"{part(node.value, _SUM)} in {part(node.list, _FACTOR)}", _TEST
        case s.Arithmetic():
            strength = _SUM if node.op in "+-" else _PRODUCT
            return f"{part(node.left, strength)} {node.op} {part(node.right, strength + 1)}", strength
        case _:
            return _factor(node, in_event), _FACTOR


def _factor(node: s.Node, in_event: bool) -> str:  # noqa: FBT001
    match node:
        case s.Number():
            return f"{node.value:f}"
        case s.Text():
            return quoted(node.value)
        case s.Truth():
            return "true" if node.value else "false"
        case s.Name():
            return node.name
        case s.Attribute():
            return f"{'prop' if in_event else 'attr'}({quoted(node.name)})"
        case s.Negative():
            return f"-{_write(node.value, _FACTOR, in_event=in_event)}"
        case s.HasTag():
            return f"has_tag({quoted(node.tag)})"
        case s.DaysSince():
            return f"days_since({_write(node.moment, _SUM, in_event=in_event)})"
        case s.Known():
            return f"known({_write(node.value, _SUM, in_event=in_event)})"
        case s.Says():
            parts = [*(quoted(word) for word in node.words), *(window_text(window) for window in node.windows)]
            return f"{'says_days' if node.days else 'says'}({', '.join(parts)})"
        case s.Aggregate():
            return f"{node.how}({_selection(node.selection, node.field)})"
        case _:
            return _beside(node)


def _beside(node: s.Node) -> str:
    match node:
        case s.InAudience():
            return f"in_audience({quoted(node.name)})"
        case s.Bridges():
            return f"bridges({quoted(node.one)}, {quoted(node.other)})"
        case s.Consents():
            return f"consents({', '.join(quoted(part) for part in (node.purpose, node.channel) if part)})"
        case s.Related():
            return f"{node.how}({', '.join(_write(test, _OR, in_event=True) for test in node.tests)})"
        case s.To():
            return f"to({_write(node.item, _OR, in_event=False)})"
        case s.Then():
            return f"{'then_no' if node.never else 'then'}({_selection(node.selection)})"
    raise TypeError(f"no text for {type(node).__name__}")


def _selection(chosen: s.Selection, field: str | None = None) -> str:
    head = "received " if chosen.received else ""
    head += "|".join(chosen.kinds) + (f".{field}" if field else "")
    tests = [_write(test, _OR, in_event=True) for test in chosen.tests]
    return ", ".join([head, *tests, *(window_text(window) for window in chosen.windows)])
