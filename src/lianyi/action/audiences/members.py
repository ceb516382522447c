"""Who is in an audience: a file of sorted person ids, and the changes since it was written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lianyi.action.audiences.conditions import asked
from lianyi.action.audiences.models import Audience
from lianyi.action.audiences.models import Change as ChangeRow
from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

FOLDER = "audiences"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One person who entered an audience or left it; seq goes up."""

    seq: int
    person_id: str
    entered: bool
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Members:
    """Who is in an audience as of a moment."""

    sorted_ids: pa.Array
    as_of: datetime

    def ids(self) -> pa.Array:
        """Person ids, sorted, each once."""
        return self.sorted_ids

    @property
    def count(self) -> int:
        """How many."""
        return len(self.sorted_ids)

    def holds(self, ids: Collection[str]) -> set[str]:
        """Those of these people who are in."""
        given = pa.array(sorted(set(ids)), pa.string())
        return set(given.filter(pc.is_in(given, value_set=self.sorted_ids)).to_pylist())


def of(ws: Workspace, audience: Audience) -> Members:
    """The members now. InputError while an audience was never worked out."""
    audience.refresh_from_db()
    if not audience.build or audience.as_of is None:
        raise InputError(f"audience “{audience.name}” is not worked out yet; it will be in a moment")
    return Members(
        sorted_ids=after_changes(read(ws.folder, audience), audience.changes.filter(id__gt=audience.base)),
        as_of=audience.as_of,
    )


def after_changes(ids: pa.Array, changes: Iterable[ChangeRow]) -> pa.Array:
    """Sorted ids with changes laid over, the last word on each person counting."""
    last = {change.person_id: change.entered for change in changes}
    if not last:
        return ids
    gone = pa.array(last, pa.string())
    kept = ids.filter(pc.invert(pc.is_in(ids, value_set=gone)))
    joined = pa.concat_arrays([kept, pa.array([one for one, entered in last.items() if entered], pa.string())])
    return pc.take(joined, pc.sort_indices(joined))


def changes(audience_id: int, after: int = 0, limit: int = 1000) -> list[Change]:
    """The first changes after a place in the log, oldest first."""
    rows = ChangeRow.objects.filter(audience_id=audience_id, id__gt=after).order_by("id")[:limit]
    return [Change(seq=row.pk, person_id=row.person_id, entered=row.entered, at=row.at) for row in rows]


def matching(ws: Workspace, condition: str, ids: Sequence[str], *, now: datetime | None = None) -> set[str]:
    """Which of these people meet a condition now."""
    moment = now or ws.clock()
    one, present = asked(ws, condition), ws.present(moment)
    numbers = present.numbers(ids)
    if not len(numbers):
        return set()
    return set(present.chosen(one.whole, moment, lists=one.lists, among=numbers).to_pylist())


# --- files --------------------------------------------------------------------------------------------------------


def folder_of(workspace: Path, audience_id: int) -> Path:
    """Where the files of one audience lie."""
    return workspace / FOLDER / str(audience_id)


def read(workspace: Path, audience: Audience) -> pa.Array:
    """The ids in the file of an audience's valid build."""
    path = folder_of(workspace, audience.pk) / f"members-{audience.build}.parquet"
    column = pq.read_table(path, columns=["person_id"], memory_map=True)["person_id"]
    return pa.chunked_array(column).combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def write(workspace: Path, audience_id: int, build: int, ids: pa.Array) -> None:
    """Write one build: sorted ids, which lie one after the other so that each needs a few bytes."""
    folder = folder_of(workspace, audience_id)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"members-{build}.parquet"
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    pq.write_table(
        pa.table({"person_id": ids}), draft, compression="zstd", use_dictionary=False,
        column_encoding={"person_id": "DELTA_BYTE_ARRAY"},
    )  # fmt: skip
    draft.replace(path)


def sweep(workspace: Path, audience_id: int, *, keep: int) -> None:
    """Delete the files of other builds than this one; none is kept with 0."""
    for path in folder_of(workspace, audience_id).glob("members-*"):
        if path.name != f"members-{keep}.parquet":
            path.unlink(missing_ok=True)
