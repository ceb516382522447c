"""Demand of a workspace: what people need, in which scene, and what to show or do next.

E.g. `ws.demand.scenes(category="茶饮")`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from lianyi.errors import InputError

if TYPE_CHECKING:
    from lianyi.workspace import Workspace

Row = dict[str, Any]
KINDS = ("hour", "weekday", "season", "festival", "place", "topic")


class Demand:
    """Needs, scenes and the next best thing, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def scenes(self, *, category: str = "", kind: str = "", everything: bool = False) -> list[Row]:
        """Rows of table `scenes`, the strongest lift of each category first, each with title_en, title_zh, why_en,
        why_zh. Only what was found, or everything that was looked at. InputError for an unknown kind or category."""
        from lianyi.insight.demand.scenes.saying import sentence, title

        self._workspace.needs("scenes")
        if kind and kind not in KINDS:
            raise InputError(f"kind = {kind!r}; there are {', '.join(KINDS)}")
        if category and category not in (known := self.categories()):
            raise InputError(f"category = {category!r}; there are {', '.join(known) or 'none yet'}")
        asked = [("category", category), ("kind", kind)]
        where = " AND ".join([*(f"{name} = ?" for name, value in asked if value), *([] if everything else ["found"])])
        rows = self._workspace.rows(
            f"SELECT * FROM scenes WHERE {where or 'TRUE'} ORDER BY category, lift DESC, kind, scene",
            [value for _, value in asked if value],
        )
        for row in rows:
            row["title_en"], row["title_zh"] = title(row["kind"], row["scene"])
            row["why_en"], row["why_zh"] = sentence(row)
        return rows

    def needs(self, key_or_id: str) -> list[Row]:
        """What one person is likely to need within 30 days, the likeliest first, each with why_en, why_zh."""
        from lianyi.insight.demand.needs.table import sentence

        rows = self._of_person("needs", key_or_id)
        rows.sort(key=lambda row: (-row["chance"], row["category"]))
        return [{**row, **_why(sentence(row))} for row in rows]

    def needed(self) -> list[Row]:
        """One row = one category: people with a strong, medium, weak need of it, those with a latent one, purchases
        expected within 30 days, and how well the chances told (auc, None where they were not learned here)."""
        if "needs" not in self._workspace.states():
            return []
        bands = ", ".join(f"count(*) FILTER (WHERE band = '{band}') AS {band}" for band in ("strong", "medium", "weak"))
        return self._workspace.rows(
            f"SELECT category, {bands}, count(*) FILTER (WHERE latent) AS latent, sum(chance) AS expected, "
            "max(auc) AS auc FROM needs GROUP BY category ORDER BY expected DESC, category"
        )

    def recommendations(self, key_or_id: str) -> list[Row]:
        """What to show one person, the best first, with title, category and why_en, why_zh."""
        from lianyi.insight.demand.recommending.saying import sentence

        rows = self._of_person("recommendations", key_or_id)
        rows.sort(key=lambda row: row["place"])
        things = self._objects([row[name] for row in rows for name in ("object_key", "because") if row[name]])
        found = []
        for row in rows:
            thing = things.get(row["object_key"], {"title": None, "category": None, "people": 0})
            because = things.get(row["because"] or "", {})
            whole = {**row, **thing, "because_title": because.get("title")}
            found.append({**whole, **_why(sentence(whole))})
        return found

    def next_best(self, key_or_id: str) -> list[Row]:
        """What could be done about one person now, in the order nothing, show, connect; one is `chosen`. With the title
        of the object to show, and why_en, why_zh: what it adds, costs and is worth, or what of that is not known."""
        from lianyi.insight.demand.next_best.saying import sentence

        rows = self._of_person("next_best", key_or_id)
        rows.sort(key=lambda row: ("nothing", "show", "connect").index(row["option"]))
        things = self._objects([row["object_key"] for row in rows if row["object_key"]])
        currency = self._workspace.settings.currency
        return [
            {**row, "title": things.get(row["object_key"] or "", {}).get("title"), **_why(sentence(row, currency))}
            for row in rows
        ]

    def policies(self, *, metric: str = "orders") -> list[Row]:
        """Rows of table `policy_worth` for orders or revenue: of each choice that was drawn by chance, what was
        followed first, then other policies by their doubly robust worth, the most first. InputError: another metric."""
        self._workspace.needs("policy_worth")
        if metric not in {"orders", "revenue"}:
            raise InputError(f"metric = {metric!r}; there are orders, revenue")
        return self._workspace.rows(
            "SELECT p.* FROM policy_worth AS p LEFT JOIN policy_worth AS d ON d.choice = p.choice "
            "AND d.drawn_by = p.drawn_by AND d.policy = p.policy AND d.metric = p.metric AND d.method = 'dr' "
            "WHERE p.metric = ? "
            "ORDER BY p.choice, p.drawn_by, p.policy <> 'followed', d.value DESC, p.policy, p.method",
            [metric],
        )

    def chosen(self) -> list[Row]:
        """How many people each option of the next best is taken for, how many of these were drawn to learn, and the
        margin expected beyond doing nothing of those where it is known."""
        self._workspace.needs("next_best")
        return self._workspace.rows(
            "SELECT option, count(*) FILTER (WHERE chosen) AS people, "
            "count(*) FILTER (WHERE chosen AND propensity < 1) AS drawn, "
            "count(*) FILTER (WHERE allowed) AS allowed, sum(gain) FILTER (WHERE chosen) AS gain "
            "FROM next_best GROUP BY option ORDER BY option"
        )

    def lookalikes(
        self, seeds: Sequence[str] = (), *, tag: str = "", people: Collection[str] = (), limit: int = 100
    ) -> Row:
        """People most like the seeds (keys or person ids, everybody with a tag, or person ids that
        are known to be ones: people), the most alike first.

        auc with low and high: chance that a seed that was kept aside stands above somebody who is none; 0.5 = the seeds
        have nothing in common that is known. people: person_id, place, score (log odds, to compare people of one
        ranking), traits that speak most for it. channels: which reach how many of them, and what a person kept by
        their campaigns cost. Seeds and people who refused personalisation are left out; manual tags
        are no traits. InputError below 20 seeds.
        """
        import numpy as np

        from lianyi import persons
        from lianyi.insight.demand.lookalikes.likeness import likeness, telling
        from lianyi.insight.demand.lookalikes.traits import read_traits

        for name in ("profiles", "person_tags", "memberships"):
            self._workspace.needs(name)
        wanted = {persons.resolve(self._workspace, seed) for seed in seeds} | set(people)
        if tag:
            found = self._workspace.rows("SELECT DISTINCT person_id FROM person_tags WHERE tag = ?", [tag])
            wanted |= {row["person_id"] for row in found}
        with self._workspace.engine() as engine:
            for name in ("profiles", "person_tags", "memberships"):
                engine.register(name, self._workspace.store.files(self._workspace.states()[name]))
            everybody, traits, names = read_traits(engine)
        if tag and f"tag:{tag}" in names:  # what chose the seeds can't say what they have in common
            keep = np.flatnonzero(np.array(names) != f"tag:{tag}")
            traits, names = traits[:, keep].tocsr(), [names[place] for place in keep]
        ids = everybody.to_pylist()
        chosen = np.array([one in wanted for one in ids], dtype=bool)
        made = likeness(traits, chosen, dice=np.random.default_rng(1))
        apart = wanted | {
            row["person_id"]
            for row in self._workspace.rows(
                "SELECT person_id FROM profiles WHERE len(list_filter(consents, lambda c: "
                "c.purpose = 'personalisation' AND NOT c.granted)) > 0"
            )
        }
        ranked = [row for row in np.argsort(-made.score, kind="stable").tolist() if ids[row] not in apart][:limit]
        return {
            "seeds": int(chosen.sum()), "auc": made.auc, "low": made.low, "high": made.high,
            "channels": self._channels([ids[row] for row in ranked]),
            "people": [
                {"person_id": ids[row], "place": place, "score": float(made.score[row]),
                 "traits": [names[trait] for trait in telling(traits, made.weights, row)]}
                for place, row in enumerate(ranked, 1)
            ],
        }  # fmt: skip

    def _channels(self, people: Sequence[str]) -> list[Row]:
        """Rows of `channel_returns`, the least cost for each person kept first, with reach: how many of these people
        have a key that the channel can write to. Whether they may be written to is the policy's."""
        from lianyi.insight.ledger.channels import NAMESPACES

        ws = self._workspace
        if "channel_returns" not in ws.states():
            return []
        rows = ws.rows("SELECT * FROM channel_returns ORDER BY cost NULLS LAST, channel")
        keys = [row["keys"] for row in ws.look_up("people", list(people), columns=["keys"]).to_pylist()] if rows else []
        known = [{key.partition(":")[0] for key in one} for one in keys]
        return [
            {**row, "reach": sum(bool(one & NAMESPACES.get(row["channel"], {row["channel"]})) for one in known)}
            for row in rows
        ]

    def _of_person(self, table: str, key_or_id: str) -> list[Row]:
        from lianyi import persons

        self._workspace.needs(table)
        person_id = persons.resolve(self._workspace, key_or_id)
        found: list[Row] = self._workspace.look_up(table, [person_id]).to_pylist()
        return found

    def _objects(self, keys: Sequence[str]) -> dict[str, Row]:
        if not keys:
            return {}
        columns = ["object_key", "title", "category", "people"]
        rows = self._workspace.look_up("objects", sorted(set(keys)), columns=columns).to_pylist()
        return {row["object_key"]: row for row in rows}

    def looked_at(self) -> Row:
        """tested: category × scene of which enough was expected. found, weak: of these found, and those in which a weak
        need turns strong. categories: of which scenes were sought."""
        self._workspace.needs("scenes")
        (row,) = self._workspace.rows(
            "SELECT count(*) AS tested, count(*) FILTER (WHERE found) AS found, "
            "count(*) FILTER (WHERE found AND weak_low > lift) AS weak, count(DISTINCT category) AS categories "
            "FROM scenes"
        )
        return row

    def categories(self) -> list[str]:
        """The categories of which scenes were sought."""
        self._workspace.needs("scenes")
        return [
            row["category"] for row in self._workspace.rows("SELECT DISTINCT category FROM scenes ORDER BY category")
        ]


def _why(said: tuple[str, str]) -> Row:
    return {"why_en": said[0], "why_zh": said[1]}
