"""A list of people as events: who is known by which keys, traits, tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lianyi.errors import BadMapping, InputError
from lianyi.memory.sources.source import NO, Batch, Guess, Head, Options
from lianyi.memory.sources.tabular.aliases import FIELDS, JOINED, KEYS, TAGS, TRAITS, find, plain
from lianyi.memory.sources.tabular.grid import Grid
from lianyi.memory.sources.tabular.mapping import Mapping, Rule, Take
from lianyi.memory.sources.tabular.reading import read_table

# Headers that only WeCom's list of customers has.
WECOM = (
    "客户名称",
    "添加人",
    "所属员工",
    "添加时间",
    "添加方式",
    "企业标签",
    "个人标签",
    "所属企微号",
    "客户备注名",
    "企微编号",
    "外部联系人ID",
)
# Headers of things that happened: with them it is a log, not a list of people.
HAPPENED = (
    *FIELDS["order"],
    *FIELDS["amount"][:8],
    *FIELDS["kind"],
    *FIELDS["text"],
    "消费金额",
    "实付金额",
    "订单金额",
    "inviter_id",
    "event_time",
)
SPLIT = r"\s*[,，、;；|\n]\s*"


@dataclass(frozen=True, kw_only=True)
class People:
    """The columns of a list of people: keys by namespace, traits by name, tag columns, time of joining."""

    keys: dict[str, str] = field(default_factory=dict)
    traits: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    joined: str | None = None
    wecom: bool = False


def people_of(columns: Sequence[str]) -> People:
    """What the headers say. A column is used once: keys first, then tags, the time of joining, traits."""
    there = {plain(column) for column in columns}
    wecom = sum(plain(word) in there for word in WECOM) >= 2
    taken: list[str] = []
    keys: dict[str, str] = {}
    for namespace, headers in KEYS.items():
        words = ("客户编号", "客户ID", *headers) if wecom and namespace == "wecom" else headers
        if wecom and namespace == "user":
            words = tuple(word for word in headers if not word.startswith("客户"))
        column = find(columns, words, taken=taken)
        if column is not None:
            keys[namespace] = column
            taken.append(column)
    tags = tuple(column for column in columns if plain(column) in set(map(plain, TAGS)) and column not in taken)
    taken += tags
    joined = find(columns, JOINED, taken=taken)
    taken += [joined] if joined else []
    traits: dict[str, str] = {}
    for trait, headers in TRAITS.items():
        column = find(columns, headers, taken=taken)
        if column is not None:
            traits[trait] = column
            taken.append(column)
    return People(keys=keys, traits=traits, tags=tags, joined=joined, wecom=wecom)


def recognised(grid: Grid) -> Guess:
    """How likely a table is a list of people."""
    if not grid.has_header or grid.broken or grid.container == "parquet":
        return NO
    there = {plain(column) for column in grid.columns}
    found = people_of(grid.columns)
    events = [word for word in HAPPENED if plain(word) in there]
    known = len(found.keys) + len(found.traits) + bool(found.tags) + bool(found.joined)
    if not found.keys or known < 2 or (events and not found.wecom):
        return NO
    share = known / len(grid.columns)
    shown = [*found.keys.values(), *found.traits.values(), *found.tags][:5]
    why = f"its columns say who people are ({', '.join(shown)}) and not what happened"
    return Guess(
        confidence=round(min(0.93, 0.45 + 0.45 * share + 0.1 * found.wecom + 0.05 * bool(found.traits)), 3), why=why
    )


def mapping_of(columns: Sequence[str], options: Options, *, name: str) -> Mapping:
    """The mapping for a list of people. BadMapping where it has no column that is a key."""
    found = people_of(columns)
    if not found.keys:
        wanted = ", ".join(words[0] for words in KEYS.values())
        raise BadMapping(
            f"{name}: no column holds a key of a person (such as {wanted}); it has: {', '.join(columns[:40])}"
        )
    pairs = sorted(found.keys.items(), key=lambda pair: list(KEYS).index(pair[0]))
    actor = Take(columns=tuple(c for _n, c in pairs), namespaces=tuple(n for n, _c in pairs))
    # a list without dates, or a person without one: known since it was received
    listed = options.received_at.isoformat()
    at = Take(column=found.joined, otherwise=listed) if found.joined else Take(constant=listed)
    base = {"at": at, "actor_key": actor}
    if found.wecom:
        base["channel"] = Take(constant="wecom")
    traits = {trait: Take(column=column) for trait, column in found.traits.items()}
    traits |= {trait: Take(column=found.keys[trait]) for trait in ("phone", "email") if trait in found.keys}
    rules = [Rule(fields={**base, "kind": Take(constant="identify")}, props=traits, needs=("actor_key",), rest=True)]
    for namespace, column in pairs:
        key = Take(column=column, namespace=namespace)
        fields = {**base, "kind": Take(constant="alias"), "target_key": key}
        props = {"how": Take(constant=f"trait {namespace}"), "verified": Take(constant="false")}
        rules.append(
            Rule(
                fields=fields, props=props, needs=("actor_key", "target_key"), suffix=f"/alias/{namespace}", aside=True
            )
        )
    rules += [_tag(column, at, actor) for column in found.tags]
    return Mapping(
        source="members",
        rules=tuple(rules),
        unused_column=pairs[0][1],
        unused_reason="the row has no usable key of a person (empty or masked) in " + ", ".join(c for _n, c in pairs),
    )


def _tag(column: str, at: Take, actor: Take) -> Rule:
    """One tag event per tag in the cell; nobody is named who set it."""
    return Rule(
        fields={"at": at, "kind": Take(constant="tag"), "target_key": actor},
        props={"tag": Take(column="_each"), "why": Take(constant=f"column {column}")},
        needs=("target_key",),
        each=column,
        split=SPLIT,
        suffix="/tag",
        aside=True,
    )


def read_members(path: Path, options: Options) -> Iterator[Batch]:
    """The batches of a list of people."""
    head = Head(path=path, name=options.file_name or path.name, encoding_given=options.encoding)
    grid = head.grid
    if grid is None:
        raise InputError(f"{head.name}: is no table; a list of people is a CSV or XLSX file")
    if grid.broken:
        raise InputError(f"{head.name}: {grid.broken}")
    mapping = mapping_of(grid.columns, options, name=head.name)
    yield from read_table(path, options, mapping, source=options.source("members"))
