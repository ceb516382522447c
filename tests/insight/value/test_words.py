"""Stage and value as words of conditions: who fulfils them are those of whom the tables say so, and why is said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from lianyi.errors import BadRule
from lianyi.insight.conditions import parse, text
from lianyi.insight.people.tags.rules import not_late
from lianyi.memory.events import Event, money
from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.insight.log import AS_OF

ASKED = {
    'stage = "repurchase"': "SELECT person_id FROM stages WHERE stage = 'repurchase'",
    'stage in ("attention", "action") and lapsed': "SELECT person_id FROM stages "
    "WHERE stage IN ('attention', 'action') AND lapsed",
    "not lapsed": "SELECT person_id FROM people WHERE person_id NOT IN (SELECT person_id FROM stages WHERE lapsed)",
    "p_alive < 0.6": "SELECT person_id FROM purchase_clocks WHERE p_alive < 0.6",
    "p_active > 0.5": "SELECT person_id FROM leaving WHERE chance > 0.5",
    "value between 20 and 60": 'SELECT person_id FROM "values" WHERE value_365 BETWEEN 20 AND 60',
    'value_band = "top" or value > 2 * net_spend': 'SELECT v.person_id FROM "values" v JOIN people p USING (person_id) '
    "WHERE band = 'top' OR value_365 > 2 * net_spend",
    "known(value)": 'SELECT person_id FROM "values" WHERE value_365 IS NOT NULL',
}


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder: Path = tmp_path_factory.mktemp("words") / "brand"
    ws = Workspace.create(folder, Settings(memory_mb=1024, threads=1), clock=lambda: AS_OF)
    dice = np.random.default_rng(9)
    events: list[Event] = []
    for person in range(80):
        day = float(dice.uniform(0, 150))
        kind = "view" if person % 4 == 0 else "order"
        while day < 300:
            at, value = AS_OF - timedelta(days=300 - day), money(f"{dice.gamma(3, 5):.2f}")
            paid = kind == "order"
            events.append(
                Event(id=f"e{len(events)}", at=at, kind=kind, source="t", actor_key=f"user:{person}",
                      value=value if paid else None, currency="CNY" if paid else None)
            )  # fmt: skip
            day += max(1.0, float(dice.exponential(30)))
            if dice.random() < 0.15:
                break
    ws.record(events)
    ws.refresh()
    return ws


@pytest.mark.parametrize("condition", ASKED)
def test_who_fulfils_it_are_those_of_the_tables(ws: Workspace, condition: str) -> None:
    expected = sorted(row[0] for row in ws.sql(ASKED[condition]).fetchall())
    assert ws.present().chosen(parse(condition), AS_OF).to_pylist() == expected
    assert 0 < len(expected) < 80
    assert text(parse(condition)) == text(parse(text(parse(condition))))


def test_the_reason_shows_the_value(ws: Workspace) -> None:
    condition = parse('stage = "repurchase" and p_alive > 0')
    ids = ws.present().chosen(condition, AS_OF).to_pylist()[:1]
    for language, words in (("en", ("stage", "still a buyer")), ("zh", ("阶段", "仍会购买的概率"))):
        why = ws.present().reasons(condition, AS_OF, ids, language)[ids[0]]
        assert all(word in why for word in words), why


def test_no_tag_can_ask_for_what_is_made_after_the_tags() -> None:
    with pytest.raises(BadRule, match="worked out after the tags"):
        not_late(parse('orders > 1 and stage = "action"'), 'orders > 1 and stage = "action"')
