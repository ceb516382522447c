"""Cells made ready for learning: levels that occur, and families of few levels taken together as one code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lianyi.insight.kernels import Doubles, Ints

FEW_LEVELS = 128  # families of at most so many levels that occur are learned together
MOST_CODES = 2**62


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """One cell = trials of one kind. watched: full exposures per cell. seen: per family the levels that occur; all
    levels here are numbers of these. few, many: places of families of few and of many levels. code: per cell the number
    of its combination of levels of the few; codes: (codes, few). rows: place of a family of many → level per cell."""

    watched: Doubles
    seen: tuple[NDArray[np.int64], ...]
    few: tuple[int, ...]
    many: tuple[int, ...]
    code: Ints
    codes: Ints
    rows: dict[int, Ints]

    @classmethod
    def of(cls, levels: NDArray[np.int32], watched: NDArray[Any], sizes: tuple[int, ...]) -> Cells:
        """levels: (cells, families), from 0; sizes: levels per family."""
        seen, inner = [], []
        for column, size in enumerate(sizes):
            occurs = np.zeros(size, np.bool_)
            occurs[levels[:, column]] = True
            inner.append((np.cumsum(occurs, dtype=np.int32) - np.int32(1))[levels[:, column]])
            seen.append(np.flatnonzero(occurs))
        few: list[int] = []
        codes = 1
        for place in sorted(range(len(sizes)), key=lambda place: len(seen[place])):
            if len(seen[place]) <= FEW_LEVELS and codes * len(seen[place]) < MOST_CODES:
                few.append(place)
                codes *= len(seen[place])
        few.sort()
        code, rows = _coded([inner[place] for place in few], [len(seen[place]) for place in few], len(levels))
        many = tuple(place for place in range(len(sizes)) if place not in few)
        return cls(
            watched=np.asarray(watched, np.float64), seen=tuple(seen), few=tuple(few), many=many, code=code,
            codes=rows, rows={place: inner[place] for place in many},
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.code)

    def spread_out(self, values: Mapping[int, Doubles]) -> Doubles:
        """Per cell the sum of a value per level (of all, as families have them), over the families given by place."""
        total = np.zeros(len(self.codes))
        for column, place in enumerate(self.few):
            if place in values:
                total += values[place][self.seen[place]][self.codes[:, column]]
        every: Doubles = total[self.code]
        for place in self.many:
            if place in values:
                every += values[place][self.seen[place]][self.rows[place]]
        return every

    def level(self, place: int) -> Ints:
        """Per cell the level of a family of many."""
        return self.rows[place]

    def per_level(self, place: int, values: Doubles) -> Doubles:
        """Sums per level of a family."""
        if place in self.rows:
            return np.bincount(self.rows[place], values, len(self.seen[place])).astype(np.float64)
        per_code = np.bincount(self.code, values, len(self.codes))
        return np.bincount(self.codes[:, self.few.index(place)], per_code, len(self.seen[place])).astype(np.float64)


def _coded(columns: list[Ints], sizes: list[int], count: int) -> tuple[Ints, Ints]:
    """(number per row, levels per number) of combinations."""
    code = np.zeros(count, np.int64)
    for column, size in zip(columns, sizes, strict=True):
        code = code * size + column
    _, first, number = np.unique(code, return_index=True, return_inverse=True)
    rows = np.stack([column[first] for column in columns], axis=1) if columns else np.empty((1, 0))
    return number.reshape(-1).astype(np.int32), np.ascontiguousarray(rows, dtype=np.int32)
