"""From data or YAML to a definition and back. Every mistake is found at once, each with its place in the document."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import yaml

from lianyi.action.journeys import document
from lianyi.action.journeys.document import Definition
from lianyi.errors import InputError

MAX_BYTES = 1 << 20
MAX_DEPTH = 12


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake: its place in the document (`steps[2].for`; "" = the whole), and what is wrong and allowed."""

    path: str
    says: str

    def __str__(self) -> str:
        return f"{self.path or 'the document'}: {self.says}"


def from_yaml(text: str) -> tuple[Definition | None, list[Problem]]:
    """A YAML text as a definition; None where there are problems."""
    if len(text.encode()) > MAX_BYTES:
        return None, [Problem(path="", says=f"is longer than {MAX_BYTES:,} bytes")]
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader of our own
    except yaml.YAMLError as error:
        return None, [Problem(path="", says=f"is no YAML: {error}")]
    except RecursionError:
        return None, [Problem(path="", says="is nested too deeply")]
    return from_data(data)


def plain_yaml(text: str) -> Any:
    """A YAML text as plain data, without the traps of YAML 1.1. InputError where it is none."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader of our own
    except yaml.YAMLError as error:
        raise InputError(f"this is no YAML: {error}") from error


def from_data(data: Any) -> tuple[Definition | None, list[Problem]]:
    """Plain data as a definition; None where there are problems."""
    problems: list[Problem] = []
    made = _struct(data, Definition, "", problems, 0)
    return (None, problems) if problems else (made, [])


def must_read(text: str) -> Definition:
    """Like `from_yaml`, for who can't do with less. InputError lists all problems."""
    made, problems = from_yaml(text)
    if made is None:
        raise InputError("\n".join(str(problem) for problem in problems))
    return made


def to_yaml(definition: Definition) -> str:
    """The definition as YAML; read again it is equal."""
    return yaml.dump(
        document.builtins(definition), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110,
        default_flow_style=False,
    )  # fmt: skip


class _Loader(yaml.SafeLoader):
    """YAML 1.1 without its traps: 10:30 is no number, 2026-03-01 no date, `on` and `no` no truth."""


class _Dumper(yaml.SafeDumper):
    """Lists are set in below their name, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Never without indent."""
        super().increase_indent(flow, indentless=False)


_TRAPS = {f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "timestamp")}
_PLAIN = (
    ("bool", r"(?:true|false)\Z", "tf"),
    ("int", r"[-+]?(?:0|[1-9]\d*)\Z", "-+0123456789"),
    ("float", r"[-+]?\d+\.\d+(?:[eE][-+]?\d+)?\Z", "-+0123456789"),
)
_Loader.yaml_implicit_resolvers = {
    letter: [rule for rule in rules if rule[0] not in _TRAPS]
    for letter, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _name, _pattern, _letters in _PLAIN:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), list(_letters))


def _struct(data: Any, kind: type[msgspec.Struct], path: str, problems: list[Problem], depth: int) -> Any:
    """The struct, or None after what is wrong was written down."""
    if not isinstance(data, Mapping):
        problems.append(Problem(path=path, says=f"must be an object with fields, not {_shown(data)}"))
        return None
    if depth > MAX_DEPTH:
        problems.append(Problem(path=path, says=f"is more than {MAX_DEPTH} levels deep; call another journey instead"))
        return None
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    hints = _hints(kind)
    tag = kind.__struct_config__.tag_field
    for name in data:
        if name not in known and name != tag:
            says = f"there is no field {name!r} here; there are {', '.join(known)}"
            problems.append(Problem(path=_below(path, str(name)), says=says))
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in data:
            values[field.name] = _value(data[name], hints[field.name], _below(path, name), problems, depth)
        elif field.required:
            problems.append(Problem(path=_below(path, name), says="is missing"))
            values[field.name] = None
    return kind(**values)


def _value(data: Any, kind: Any, path: str, problems: list[Problem], depth: int) -> Any:
    options = get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)
    structs = [option for option in options if _is_struct(option)]
    if structs and (data is not None or type(None) not in options):
        chosen = structs[0] if len(structs) == 1 else _tagged(data, structs, path, problems)
        return _struct(data, chosen, path, problems, depth + 1) if chosen else None
    if get_origin(kind) is tuple and _holds_structs(get_args(kind)[0]):
        return _list(data, get_args(kind)[0], path, problems, depth)
    try:
        return msgspec.convert(data, kind, strict=True)
    except msgspec.ValidationError as error:
        problems.append(Problem(path=path, says=str(error).replace(" - at `$", " at `")))
        return None


def _list(data: Any, kind: Any, path: str, problems: list[Problem], depth: int) -> Any:
    if isinstance(data, str) or not isinstance(data, Sequence):
        problems.append(Problem(path=path, says=f"must be a list, not {_shown(data)}"))
        return ()
    return tuple(_value(item, kind, f"{path}[{number}]", problems, depth) for number, item in enumerate(data))


def _tagged(data: Any, structs: Sequence[Any], path: str, problems: list[Problem]) -> Any:
    """Which of the kinds is meant."""
    field = structs[0].__struct_config__.tag_field
    kinds = {one.__struct_config__.tag: one for one in structs}
    if not isinstance(data, Mapping):
        problems.append(Problem(path=path, says=f"must be an object with `{field}`, not {_shown(data)}"))
        return None
    asked = data.get(field)
    if asked not in kinds or not isinstance(asked, str):
        problems.append(Problem(path=_below(path, field), says=f"{_shown(asked)} is not one of {', '.join(kinds)}"))
        return None
    return kinds[asked]


def _holds_structs(kind: Any) -> bool:
    options = get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)
    return any(_is_struct(option) for option in options)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, vars(document))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:60]
