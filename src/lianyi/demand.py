"""Demand of a workspace: what people need, in which scene, and what to show or do next.

E.g. `ws.demand.scenes(category="茶饮")`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError, NotFound

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
KINDS = ("hour", "weekday", "season", "festival", "place")


class Demand:
    """Needs, scenes and the next best thing, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def scenes(self, *, category: str = "", kind: str = "", everything: bool = False) -> list[Row]:
        """Rows of table `scenes`, the strongest lift of each category first, each with title_en, title_zh, why_en,
        why_zh. Only what was found, or everything that was looked at. InputError for an unknown kind or category."""
        from lianyi.insight.demand.scenes.saying import sentence, title

        self._built("scenes")
        if kind and kind not in KINDS:
            raise InputError(f"kind = {kind!r}; there are {', '.join(KINDS)}")
        if category and category not in (known := self.categories()):
            raise InputError(f"category = {category!r}; there are {', '.join(known) or 'none yet'}")
        asked = [("category", category), ("kind", kind)]
        where = " AND ".join([*(f"{name} = ?" for name, value in asked if value), *([] if everything else ["found"])])
        rows = self._rows(
            f"SELECT * FROM scenes WHERE {where or 'TRUE'} ORDER BY category, lift DESC, kind, scene",
            [value for _, value in asked if value],
        )
        for row in rows:
            row["title_en"], row["title_zh"] = title(row["kind"], row["scene"])
            row["why_en"], row["why_zh"] = sentence(row)
        return rows

    def looked_at(self) -> Row:
        """tested: category × scene of which enough was expected. found, weak: of these found, and those in which a weak
        need turns strong. categories: of which scenes were sought."""
        self._built("scenes")
        (row,) = self._rows(
            "SELECT count(*) AS tested, count(*) FILTER (WHERE found) AS found, "
            "count(*) FILTER (WHERE found AND weak_low > lift) AS weak, count(DISTINCT category) AS categories "
            "FROM scenes"
        )
        return row

    def categories(self) -> list[str]:
        """The categories of which scenes were sought."""
        self._built("scenes")
        return [row["category"] for row in self._rows("SELECT DISTINCT category FROM scenes ORDER BY category")]

    def _built(self, name: str) -> None:
        if name not in self._workspace.states():
            raise NotFound(f"table {name} is not built yet; run: lianyi refresh")

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        found: list[Row] = self._workspace.sql(query, values).to_arrow_table().to_pylist()
        return found
