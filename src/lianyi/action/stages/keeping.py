"""Which rules of stages hold, who changed them, and new ones.

They are a file of the workspace, as tag rules and the price book are, so that a refresh from Python, the command line
or a job reads the same; beside it each version that was applied is kept with who, when and why.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from lianyi.action.stages.models import Version
from lianyi.action.team import audit
from lianyi.action.team.models import User
from lianyi.errors import InputError, NotFound
from lianyi.insight.value.stages.rules import FILE, Stages, parse_stages, shipped_text
from lianyi.memory.seen import replace_text

MOST_CHARACTERS = 50_000


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Rules as they lie there. number: of the version that says the same; 0: as shipped; None: written by hand."""

    text: str
    stages: Stages
    number: int | None
    by: str = ""
    at: datetime | None = None

    @property
    def mark(self) -> str:
        """Changes with the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


def current(folder: Path) -> Kept:
    """The rules that the next refresh reads. BadRule where somebody wrote what can't be read into the file."""
    path = folder / FILE
    if not path.exists():
        return _shipped()
    text = path.read_text(encoding="utf-8")
    row = Version.objects.filter(text=text).first()
    stages = parse_stages(text, origin=FILE)
    if row is None:
        return Kept(text=text, stages=stages, number=0 if text == shipped_text() else None)
    return _as_kept(row, stages)


def numbered(number: int) -> Kept:
    """A version; 0 = as shipped. NotFound says which there are."""
    if number == 0:
        return _shipped()
    row = Version.objects.filter(number=number).first()
    if row is None:
        raise NotFound(f"there is no version {number} of the stages; there are 0 (as shipped) to {_newest()}")
    return _as_kept(row, parse_stages(row.text, origin=f"version {number}"))


def apply(folder: Path, text: str, *, by: User | str, now: datetime, why: str = "", instead_of: str = "") -> Kept:
    """Make these the rules, from the next refresh on. BadRule names the line that can't be read; InputError says that
    somebody else was quicker (`instead_of`: the mark of what this was made from)."""
    stages = read(text)
    before = current(folder) if instead_of else None
    if before is not None and instead_of != before.mark:
        raise InputError("somebody changed the stages meanwhile; look at them, then apply yours again")
    name, said = by.name if isinstance(by, User) else by, why.strip()[:300]
    try:
        with transaction.atomic():
            row = Version.objects.create(number=_newest() + 1, text=text, by=name, at=now, why=said)
            audit.note(by, "stages.apply", str(row.number), why=said)
            replace_text(folder / FILE, text)
    except IntegrityError as error:
        raise InputError("somebody applied another version at this moment; look at it, then apply again") from error
    return _as_kept(row, stages)


def read(text: str) -> Stages:
    """Rules of a text that somebody sent."""
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"the rules have {len(text):,} characters; at most {MOST_CHARACTERS:,} are allowed")
    return parse_stages(text, origin="the rules")


def _newest() -> int:
    return Version.objects.order_by("-number").values_list("number", flat=True).first() or 0


def _shipped() -> Kept:
    text = shipped_text()
    return Kept(text=text, stages=parse_stages(text, origin="shipped"), number=0)


def _as_kept(row: Version, stages: Stages) -> Kept:
    return Kept(text=row.text, stages=stages, number=row.number, by=row.by, at=row.at)
