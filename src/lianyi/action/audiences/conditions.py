"""Conditions of audiences: read, checked, and put together with those of the audiences they ask for.

What an audience means is worked out here and nowhere else: the builder's count, the sample, the members that are sent
to, and the reasons all ask `Asked`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from lianyi.action.audiences.models import Audience
from lianyi.errors import BadRule, NotFound, SensitiveTag
from lianyi.insight.conditions import parse, text
from lianyi.insight.conditions import syntax as s
from lianyi.insight.conditions.tokens import problem
from lianyi.insight.people.tags.sensitive import sensitive_in

if TYPE_CHECKING:
    from lianyi.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A condition ready to be asked.

    tree: as it is written. whole: with the conditions of live audiences in place of their names. lists: the sorted ids
    of the lists that are still asked for by name.
    """

    tree: s.Node
    whole: s.Node
    lists: Mapping[str, pa.Array] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The condition as one line."""
        return text(self.tree)

    @property
    def of_others(self) -> bool:
        """Whether it looks at other people, over ties."""
        return any(isinstance(part, s.To) for part in s.walk(self.whole))


def asked(ws: Workspace, condition: str, *, name: str = "") -> Asked:
    """Read a condition. name: of the audience that it is for. BadRule shows the place; SensitiveTag the class of
    information that it points to."""
    tree = parse(condition)
    found = sensitive_in((name,) if name else (), tree)
    if found is not None:
        word, kind = found
        raise SensitiveTag(
            f"{word!r} points to {kind.name} ({kind.zh}); audiences on this are refused. Take it out; "
            "docs/methods/tags.md says what the law asks for"
        )
    return whole(ws, tree, condition, name)


def whole(ws: Workspace, tree: s.Node, source: str, name: str = "") -> Asked:
    """Put the audiences that a condition asks for in their places."""
    known = {one.name: one for one in Audience.objects.filter(archived=False)}
    lists: dict[str, pa.Array] = {}

    def put_in(node: s.Node, above: tuple[str, ...]) -> s.Node | None:
        if not isinstance(node, s.InAudience):
            return None
        if node.name in above:
            chain = " -> ".join((*above, node.name))
            raise problem(source, node.place, f"audiences ask for each other in a circle: {chain}; break it in one")
        one = known.get(node.name)
        if one is None:
            names = ", ".join(sorted(known)) or "none yet"
            raise problem(source, node.place, f"no audience “{node.name}”; there are: {names}")
        if not one.live:
            from lianyi.action.audiences.members import of

            lists[node.name] = of(ws, one).ids()
            return node
        inner = parse(one.condition)
        return s.replaced(inner, lambda part: put_in(part, (*above, node.name)))

    above = (name,) if name else ()
    return Asked(tree=tree, whole=s.replaced(tree, lambda part: put_in(part, above)), lists=lists)


def count(ws: Workspace, one: Asked, now: datetime) -> int:
    """How many people fulfil it now."""
    return ws.present(now).count(one.whole, now, lists=one.lists)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """How many fulfil a condition, and some of them: person id -> why."""

    count: int
    reasons: Mapping[str, str]


def sample(ws: Workspace, one: Asked, now: datetime, *, size: int = 6, language: str = "en") -> Sample:
    """Look at a condition: how many, who for instance, and why."""
    present = ws.present(now)
    found, ids = present.sample(one.whole, now, size, lists=one.lists)
    return Sample(count=found, reasons=reasons(ws, one, ids, language, now))


def reasons(ws: Workspace, one: Asked, ids: Sequence[str], language: str, now: datetime) -> dict[str, str]:
    """Person id -> everything that the condition looked at, in the order given."""
    found = ws.present(now).reasons(one.whole, now, ids, language, lists=one.lists, tag_names=_tag_names(ws, language))
    return {person_id: found.get(person_id, "") for person_id in ids}


def why(ws: Workspace, condition: str, person_id: str, language: str, *, now: datetime | None = None) -> str:
    """Everything that a condition looked at for one person, in words. NotFound where there is no such person."""
    moment = now or ws.clock()
    one, present = asked(ws, condition), ws.present(moment)
    found = present.reasons(
        one.whole, moment, [person_id], language, lists=one.lists, tag_names=_tag_names(ws, language)
    )
    if person_id not in found:
        raise NotFound(f"nobody has the id {person_id!r}")
    return found[person_id]


def _tag_names(ws: Workspace, language: str) -> Mapping[str, str]:
    """Tag -> what it is called."""
    if "tags" not in ws.states():
        return {}
    rows = ws.sql(f"SELECT DISTINCT tag, {'zh' if language == 'zh' else 'en'} AS name FROM tags").to_arrow_table()
    return dict(zip(rows["tag"].to_pylist(), rows["name"].to_pylist(), strict=True))


def used_by(name: str) -> list[str]:
    """The audiences whose condition asks for one of this name."""
    found = []
    for other in Audience.objects.filter(archived=False, kind=Audience.Kind.LIVE):
        try:
            if name in s.audiences_in(parse(other.condition)):
                found.append(other.name)
        except BadRule:  # written by an older release; it asks for nobody that we could tell
            continue
    return found
