"""The mapping of a table as a form: for each field of an event the column it comes from, and the whole as YAML."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass

import yaml
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from lianyi.action.team.rights import Text
from lianyi.errors import BadMapping
from lianyi.memory.events import KINDS
from lianyi.memory.keys import NAMESPACES
from lianyi.memory.sources.tabular.mapping import Mapping, Rule, Take, from_data

AS_GUESSED = "="  # a choice of the form: leave what the draft has, which is more than one column
NONE = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the form. namespaces: the key is put into one of these."""

    name: str
    title: Text
    hint: Text = ""
    keyed: bool = False


FIELDS: Sequence[Field] = (
    Field(name="at", title=_("Time"), hint=_("when it happened")),
    Field(name="actor_key", title=_("Person"), hint=_("who did it"), keyed=True),
    Field(name="id", title=_("Number"), hint=_("unique for each row, such as an order number")),
    Field(name="object_key", title=_("Goods or page"), hint=_("what it was about")),
    Field(name="category", title=_("Category")),
    Field(name="value", title=_("Amount")),
    Field(name="currency", title=_("Currency"), hint=_("as in the settings where left empty")),
    Field(name="text", title=_("Words said")),
    Field(name="group_key", title=_("Group")),
    Field(name="target_key", title=_("Other person"), hint=_("to whom it was done"), keyed=True),
    Field(name="channel", title=_("Channel")),
    Field(name="campaign", title=_("Campaign")),
)
PERSON_NAMESPACES = [name for name in NAMESPACES if name not in {"name", "device"}]


def parsed(text: str) -> Mapping:
    """The mapping in a YAML text. BadMapping names the place and what is allowed."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadMapping(f"this is no YAML: {error}") from error
    return from_data(data)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One field with its choice: a column, AS_GUESSED (said by `draft`), or NONE."""

    field: Field
    column: str
    namespace: str
    draft: str = ""


def rows(mapping: Mapping | None) -> list[Row]:
    """The form as the mapping's first rule fills it."""
    rule = mapping.rules[0] if mapping else Rule(fields={})
    return [_row(field, rule.fields.get(field.name)) for field in FIELDS]


def _row(field: Field, take: Take | None) -> Row:
    if take is None:
        return Row(field=field, column=NONE, namespace="user")
    if take.column is not None:
        return Row(field=field, column=take.column, namespace=take.namespace or "user")
    return Row(field=field, column=AS_GUESSED, namespace="user", draft=_said(take))


def _said(take: Take) -> str:
    if take.columns:
        return " / ".join(take.columns)
    return take.expression or str(take.constant)


def kind_of(mapping: Mapping | None) -> str:
    """The kind of event that every row says; AS_GUESSED where a column decides."""
    take = mapping.rules[0].fields.get("kind") if mapping else None
    if take is None:
        return "order"
    return take.constant if take.constant is not None else AS_GUESSED


def filled_in(form: QueryDict, base: Mapping | None, *, source: str, columns: Sequence[str]) -> Mapping:
    """The mapping that the form asks for: the base with the chosen columns. BadMapping where time or kind is
    missing."""
    base = base or Mapping(source=source, rules=(Rule(fields={}, rest=True),))
    rule = base.rules[0]
    fields = dict(rule.fields)
    for field in FIELDS:
        _apply(fields, field, form, columns)
    kind = form.get("kind", AS_GUESSED)
    if kind != AS_GUESSED:
        if kind not in KINDS:
            raise BadMapping(f"kind: {kind!r} is not a kind; there are {', '.join(KINDS)}")
        fields["kind"] = Take(constant=kind)
    for needed in ("at", "kind"):
        if needed not in fields:
            raise BadMapping(f"{needed}: is missing; choose a column for it")
    _refuse_nobody(fields)
    return base.evolve(
        source=form.get("source", "").strip() or base.source, rules=(_with_fields(rule, fields), *base.rules[1:])
    )


def _refuse_nobody(fields: MappingType[str, Take]) -> None:
    if not {"actor_key", "target_key", "object_key"} & set(fields):
        raise BadMapping("actor_key: is missing; choose the column that says who did it")


def _apply(fields: dict[str, Take], field: Field, form: QueryDict, columns: Sequence[str]) -> None:
    """Put the chosen column into the fields. What stays the same keeps its format and words."""
    chosen = form.get(field.name, AS_GUESSED)
    if chosen == AS_GUESSED:
        return
    if chosen == NONE:
        fields.pop(field.name, None)
        return
    if chosen not in columns:
        raise BadMapping(f"{field.name}: there is no column {chosen!r}; there are {', '.join(columns)}")
    before = fields.get(field.name)
    namespace = _namespace(field, form)
    if before is None or before.column != chosen or before.namespace != namespace:
        fields[field.name] = Take(column=chosen, namespace=namespace)


def _namespace(field: Field, form: QueryDict) -> str | None:
    if field.keyed:
        asked = form.get(f"{field.name}_namespace", "user")
        return asked if asked in NAMESPACES else "user"
    return {"object_key": "item", "group_key": "group:table"}.get(field.name)


def _with_fields(rule: Rule, fields: dict[str, Take]) -> Rule:
    # A column that is a field now is no property any more.
    used = {take.column for take in fields.values() if take.column}
    props = {name: take for name, take in rule.props.items() if take.column not in used}
    return Rule(
        fields=fields, props=props, when=rule.when, needs=rule.needs, suffix=rule.suffix, each=rule.each,
        split=rule.split,
        rest=rule.rest, json=rule.json,
    )  # fmt: skip
