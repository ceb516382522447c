"""Of which format a file is: all sources look at its head, the surest wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lianyi.errors import InputError, UnknownFormat
from lianyi.memory.sources import table
from lianyi.memory.sources.registry import source_named, sources
from lianyi.memory.sources.source import Guess, Head, Options, Source
from lianyi.memory.sources.tabular import mapping as mapping_file
from lianyi.memory.sources.tabular.choosing import mapping_for
from lianyi.memory.sources.tabular.mapping import Mapping

TABLE = "table"
# Less than this is no recognition; a table with a poor draft is asked about instead.
ENOUGH = 0.5


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A source that may be able to read a file, and its guess."""

    source: Source
    guess: Guess


@dataclass(frozen=True)
class Chosen:
    """The source that reads a file, with the options that it gets. mapping: of a table."""

    source: Source
    guess: Guess
    options: Options
    mapping: Mapping | None

    @property
    def source_name(self) -> str:
        """The value of the events' source field."""
        return self.options.source(self.mapping.source if self.mapping else self.source.name)

    @cached_property
    def reading(self) -> tuple[object, ...]:
        """All that decides what is read out of the same bytes."""
        options = self.options
        mapping = mapping_file.to_yaml(self.mapping) if self.mapping else ""
        return (
            options.timezone, options.currency, options.encoding, options.room, options.me, options.sheet, mapping,
            options.file_date,
        )  # fmt: skip


def candidates(head: Head) -> list[Candidate]:
    """All sources that see something of theirs in a file, the surest first."""
    guesses = [Candidate(source=source, guess=source.sniff(head)) for source in sources().values()]
    seen = [candidate for candidate in guesses if candidate.guess.confidence > 0]
    return sorted(seen, key=lambda candidate: -candidate.guess.confidence)


def remembered(folder: Path) -> list[Mapping]:
    """The mappings of a workspace. BadMapping names the file that can't be read."""
    return [mapping_file.read(path) for path in sorted(folder.glob("*.yaml"))] if folder.is_dir() else []


def choose(path: Path, name: str, options: Options, *, format: str | None, mappings: Path) -> Chosen:  # noqa: A002
    """The source for a file: the one named, the table source where a mapping is given, else the surest.

    UnknownFormat lists the candidates with their reasons; BadMapping shows a draft that needs to be looked over.
    """
    options = options.evolve(file_name=name)
    head = Head(path=path, name=name, mappings=remembered(mappings), encoding_given=options.encoding)
    if head.size == 0:
        raise InputError(f"{name}: is empty")
    if format is None and options.mapping is None:
        candidate = _surest(head)
    else:
        source = source_named(format or TABLE)
        candidate = Candidate(source=source, guess=Guess(confidence=1.0, why="said by the user"))
    if candidate.source.name != TABLE:
        return Chosen(candidate.source, candidate.guess, options, None)
    guess, chosen = _mapping(head, candidate.guess, options)
    return Chosen(candidate.source, guess, options.evolve(mapping=chosen), chosen)


def _mapping(head: Head, guess: Guess, options: Options) -> tuple[Guess, Mapping]:
    """The mapping and how sure we are of it, now that all rows were asked where the first ones do not tell."""
    if options.mapping is not None:
        return guess, options.mapping
    from lianyi.memory.sources.tabular.choosing import choice

    found = choice(head, whole=True)
    if found is not None and found.confidence >= table.SURE:
        return Guess(confidence=found.confidence, why=found.why), found.mapping
    return guess, mapping_for(head.path, options)


def _surest(head: Head) -> Candidate:
    found = candidates(head)
    if found and found[0].guess.confidence >= ENOUGH:
        return found[0]
    if found and found[0].source.name == TABLE:
        return found[0]  # its mapping is only a draft: reading will show it and ask
    if head.grid is not None and head.grid.broken:
        raise InputError(f"{head.name}: {head.grid.broken}")
    raise UnknownFormat(
        f"{head.name}: no source recognises it{_list(found)}. Name one with --as: {', '.join(sources())}"
    )


def _list(found: Sequence[Candidate]) -> str:
    if not found:
        return ""
    lines = [f"{item.source.name} ({item.guess.confidence:.0%}: {item.guess.why})" for item in found[:5]]
    return "; nearest are " + ", ".join(lines)
