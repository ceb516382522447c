"""Table `things`: what the things that are passed on are called, so that people read titles rather than keys."""

from __future__ import annotations

from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table


def things(scope: Scope) -> str:
    """One row = one thing that was passed on: the title under which it was last seen in any event. Things that no
    event gives a title are left out."""
    passed = "substr(stone, position(' ' IN stone) + 1)"
    title = f"nullif(trim({scope.dialect.json_text('e.props', 'title')}), '')"
    return f"""
    SELECT object_key, title, category FROM (
        SELECT object_key, title, category,
            row_number() OVER (PARTITION BY object_key ORDER BY moment DESC, id) AS place
        FROM (
            SELECT e.object_key, {title} AS title, e.category, e."at" AS moment, e.id
            FROM events AS e JOIN (
                SELECT DISTINCT {passed} AS thing FROM arrivals WHERE stone LIKE 'content %' OR stone LIKE 'share %'
            ) AS s ON s.thing = e.object_key
            WHERE e.props LIKE '%"title"%' AND e."at" <= {scope.dialect.time(scope.as_of)}
        ) AS named WHERE title IS NOT NULL
    ) AS ranked WHERE place = 1
    """


def _build(build: Build) -> str:
    return things(Scope.of(build))


THINGS = Table(
    name="things",
    en="One row = one thing that people passed on, and what it is called.",
    zh="每行 = 一件被分享的内容及其名称。",
    inputs=(EVENTS, "arrivals"),
    rows_from=("arrivals",),
    key=("object_key",),
    order=("object_key",),
    columns={
        "object_key": Column(en="the thing, as events name it", zh="内容的标识"),
        "title": Column(en="its title in the latest event that gives one", zh="最近一次事件中的标题"),
        "category": Column(en="the category in that event", zh="该事件中的类目"),
    },
    build=_build,
)
