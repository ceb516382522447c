"""Rules of a brand: read, checked, refused; tags set by hand; what tags say since when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lianyi.errors import BadRule, SensitiveTag
from lianyi.insight.people.tags import read_rules, refuse_sensitive, shipped_rules
from lianyi.memory.events import Event
from lianyi.settings import Settings
from lianyi.workspace import Workspace
from tests.insight.log import AS_OF, Log, Row


def rules(folder: Path, content: str, name: str = "mine.yaml") -> dict[str, object]:
    """The parameters of a build with these rules beside the shipped ones."""
    (folder / name).write_text(content, encoding="utf-8")
    return {"tags": read_rules(folder)}


def tags(log: Log, parameters: dict[str, object] | None = None, **options: object) -> dict[tuple[str, str], Row]:
    """(person, tag) -> row."""
    rows = log.build("person_tags", parameters=parameters, **options)["person_tags"]  # type: ignore[arg-type]
    return {(row["person_id"], row["tag"]): row for row in rows}


def test_a_brands_rule_stands_beside_the_shipped_ones(tmp_path: Path) -> None:
    log = Log()
    for _ in range(3):
        log.add("order", when=AS_OF - timedelta(days=9), category="母婴 > 奶粉", value="1")
    found = tags(
        log, rules(tmp_path, '- {tag: 母婴常客, when: "count(order, category ~ \\"母婴\\", within 60 days) >= 3"}')
    )
    assert found["p1", "母婴常客"]["evidence_en"] == "3 orders of “母婴” in 60 days"
    assert found["p1", "母婴常客"]["evidence_zh"] == "60 天内购买“母婴” 3 次"
    assert ("p1", "buyer") in found


def test_a_rule_replaces_the_shipped_one_or_switches_it_off(tmp_path: Path) -> None:
    log = Log()
    log.add("order", value="1")
    found = tags(
        log,
        rules(
            tmp_path, "- {tag: buyer, zh: 老板, en: Boss, when: orders >= 5}\n- {tag: first_purchase, disabled: true}"
        ),
    )
    assert {tag for _, tag in found} & {"buyer", "first_purchase"} == set()


def test_tags_ask_for_each_other_by_any_name(tmp_path: Path) -> None:
    log = Log()
    log.add("order", value="1")
    found = tags(
        log,
        rules(
            tmp_path,
            '- {tag: one, when: has_tag("购买客户")}\n- {tag: two, when: has_tag("one") and has_tag("First purchase")}',
        ),
    )
    assert {("p1", "one"), ("p1", "two")} <= set(found)
    assert found["p1", "two"]["source"] == "compound"


def test_a_category_liked_can_be_asked_for(tmp_path: Path) -> None:
    log = Log()
    log.add("order", category="母婴", value="1")
    log.add("order", actor="user:2", category="食品", value="1")
    found = tags(log, rules(tmp_path, '- {tag: fan, when: has_tag("likes:母婴")}'))
    assert [person for person, tag in found if tag == "fan"] == ["p1"]
    assert found["p1", "likes:母婴"]["evidence_zh"] == "兴趣占比 100%：购买“母婴” 1 次，加购 0 次，浏览 0 次"


def test_weights_stay_between_0_and_1(tmp_path: Path) -> None:
    log = Log()
    log.add("order", value="1")
    content = """
    - {tag: big, when: orders > 0, weight: orders * 7}
    - {tag: small, when: orders > 0, weight: -orders}
    - {tag: none, when: orders > 0, weight: orders / 0}
    """
    found = tags(log, rules(tmp_path, content))
    assert [found["p1", tag]["weight"] for tag in ("big", "small", "none")] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("- {tag: x, when: ordrs > 1}", "mine.yaml, entry 1 (tag 'x'), when, column 1: no column of a person `ordrs`"),
        ("- {tag: x}", "when is missing"),
        ("- {tag: x, when: any(view, within 3 days)}", "put it in quotes"),
        ("- {tag: x, when: orders > 1, wieght: 1}", "unknown field 'wieght'; there are tag, zh"),
        ("- {tag: x, when: orders > 1, weight: city}", "this is a text; a number is needed"),
        ("- {when: orders > 1}", "tag = None"),
        ("- {tag: '', when: orders > 1}", "1 to 60 characters"),
        ("tag: x", "holds no list"),
        ("- just text", "is no mapping"),
        ("- {tag: x", "mine.yaml"),
        ("- {tag: x, when: orders > 1}\n- {tag: x, when: orders > 2}", "stands in this file already"),
        ("- {tag: x, zh: 夜猫子, when: orders > 1}", "both called '夜猫子'"),
        ('- {tag: x, when: has_tag("y")}\n- {tag: y, when: has_tag("x")}', "in a circle"),
        ('- {tag: x, when: has_tag("x")}', "in a circle"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_said_with_its_place(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(BadRule) as caught:
        rules(tmp_path, content)
    assert says in str(caught.value)


def test_no_rules_of_ones_own_are_the_shipped_ones(tmp_path: Path) -> None:
    assert set(read_rules(tmp_path / "tags")) == set(shipped_rules())


# --- sensitive -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        "tag: 孕妇, when: orders > 1",
        "tag: x, zh: 糖尿病人, when: orders > 1",
        "tag: x, en: Pregnant women, when: orders > 1",
        'tag: x, when: says("抑郁")',
        "tag: x, when: 'says_days(\"mosque\", \"Muslim\") > 1'",
        'tag: x, when: \'count(order, category ~ "清真") > 1\'',
        'tag: x, when: attr("religion") = "a"',
        'tag: x, when: known(attr("id_number"))',
        'tag: x, when: attr("address") ~ "路"',
        'tag: x, when: has_tag("党员")',
        "tag: x, when: age < 16",
        "tag: x, when: age between 6 and 12",
        "tag: x, en: GPS near the shop, when: orders > 1",
        "tag: 性取向, when: orders > 1",
    ],
)  # fmt: skip
def test_sensitive_rules_are_refused(tmp_path: Path, entry: str) -> None:
    with pytest.raises(SensitiveTag) as caught:
        rules(tmp_path, f"- {{{entry}}}")
    assert "mine.yaml, entry 1" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["孕期", "身份证尾号 8", "Lesbian", "passport holder", "未成年", "diabetic", "家庭住址在浦东"]
)
def test_sensitive_names_are_refused_by_hand_as_well(name: str) -> None:
    with pytest.raises(SensitiveTag):
        refuse_sensitive(name)


@pytest.mark.parametrize(
    "name",
    ["母婴", "高消费", "夜猫子", "VIP", "敏感肌", "Christmas gift", "healthy snacks", "病毒式传播者", "Paris trip"],
)
def test_ordinary_names_are_not(name: str) -> None:
    refuse_sensitive(name)


def test_a_separate_consent_opens_the_way_for_those_who_gave_it(tmp_path: Path) -> None:
    log = Log()
    for who in ("user:1", "user:2", "user:3"):
        log.add("message", actor=who, text="孕期能用吗")
    log.add("consent", props={"purpose": "pregnancy_advice", "granted": True})
    log.add("consent", actor="user:2", props={"purpose": "marketing", "granted": True})
    basis = "sensitive: {basis: separate consent, purpose: pregnancy_advice, why: advice asked for}"
    found = tags(log, rules(tmp_path, f'- {{tag: 孕期, when: says("孕期"), {basis}}}'))
    assert [person for person, tag in found if tag == "孕期"] == ["p1"]


@pytest.mark.parametrize(
    "basis",
    ["sensitive: true", "sensitive: {basis: contract, purpose: a, why: b}", "sensitive: {basis: separate consent}"],
)
def test_any_other_basis_is_refused(tmp_path: Path, basis: str) -> None:
    with pytest.raises(SensitiveTag, match="separate consent"):
        rules(tmp_path, f"- {{tag: 孕期, when: orders > 1, {basis}}}")


def test_papers_and_minors_stay_closed_whatever_the_basis(tmp_path: Path) -> None:
    with pytest.raises(SensitiveTag, match="whatever the basis"):
        rules(tmp_path, "- {tag: 未成年, when: orders > 1, sensitive: {basis: separate consent, purpose: a, why: b}}")


def test_no_rule_speaks_of_a_child() -> None:
    log = Log()
    for who, born in (("user:1", "2013-01-01"), ("user:2", "2000-01-01")):
        log.add("identify", actor=who, props={"birthday": born})
        log.add("order", actor=who, value="1", category="a")
    assert {person for person, _ in tags(log)} == {"p2"}


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_tags_by_hand_hold_until_taken_back() -> None:
    log = Log()
    for day, props in (
        (1, {"tag": "VIP", "why": "met"}),
        (2, {"tag": "old"}),
        (3, {"tag": "old", "remove": True}),
        (4, {"tag": "VIP"}),
    ):
        log.add("tag", actor="wecom_user:ann", target="user:1", when=f"2026-05-{day:02} 10:00", props=props)
    manual = {tag: row for (_, tag), row in tags(log).items() if row["source"] == "manual"}
    assert set(manual) == {"VIP"}
    assert manual["VIP"]["since"].day == 1
    assert manual["VIP"]["evidence_en"] == "set by wecom_user:ann"


def test_a_tag_set_again_holds_since_then() -> None:
    log = Log()
    for day, remove in ((1, False), (2, True), (3, False), (4, False)):
        log.add(
            "tag",
            actor=None,
            target="user:1",
            when=f"2026-05-{day:02} 10:00",
            props={"tag": "VIP", "remove": remove, "why": "好"},
        )
    row = tags(log)["p1", "VIP"]
    assert (row["since"].day, row["evidence_zh"]) == (3, "由 operator 设置：好")


def test_taking_back_a_rules_tag_keeps_it_away_also_from_compounds(tmp_path: Path) -> None:
    log = Log()
    log.add("order", value="1")
    log.add("tag", actor=None, target="user:1", props={"tag": "购买客户", "remove": True})
    found = tags(log, rules(tmp_path, '- {tag: after, when: has_tag("buyer")}'))
    assert not {("p1", "buyer"), ("p1", "after")} & set(found)


def test_a_tag_by_hand_counts_for_compounds(tmp_path: Path) -> None:
    log = Log()
    log.add("tag", actor=None, target="user:1", props={"tag": "VIP"})
    assert ("p1", "after") in tags(log, rules(tmp_path, '- {tag: after, when: has_tag("VIP")}'))


def test_sensitive_tags_from_elsewhere_do_not_come_in() -> None:
    log = Log()
    log.add("tag", actor=None, target="user:1", props={"tag": "孕妇"})
    assert ("p1", "孕妇") not in tags(log)


# --- since -----------------------------------------------------------------------------------------------------------


def test_since_is_told_by_the_events_where_they_tell(tmp_path: Path) -> None:
    log = Log()
    log.add("view", when="2026-05-02 10:00")
    log.add("order", when="2026-05-03 10:00", value="1")
    log.add("message", when="2026-05-04 10:00", text="Hello")
    content = """
    - {tag: a, when: any(view)}
    - {tag: b, when: orders >= 1 and any(view)}
    - {tag: c, when: says("hello")}
    - {tag: d, when: count(view|order) > 0}
    - {tag: e, when: "any(view, within 60 days)"}
    - {tag: f, when: orders >= 1 or any(cart)}
    """
    found = tags(log, rules(tmp_path, content))
    assert [found["p1", tag]["since"].day for tag in "abcd"] == [2, 3, 4, 2]
    assert [found["p1", tag]["since"] for tag in "ef"] == [AS_OF, AS_OF]


def test_people_carry_their_tags_and_tags_know_their_people() -> None:
    log = Log()
    log.add("order", value="1", category="a")
    log.add("tag", actor=None, target="user:2", props={"tag": "VIP"})
    built = log.build("people", "tags")
    people = {row["person_id"]: row["tags"] for row in built["people"]}
    assert people["p1"] == sorted(people["p1"])
    assert {"buyer", "likes:a"} <= set(people["p1"])
    assert people["p2"] == ["VIP", "newcomer"]
    known = {(row["tag"], row["source"]): row for row in built["tags"]}
    assert (known["buyer", "rule"]["people"], known["buyer", "rule"]["zh"]) == (1, "购买客户")
    assert known["lost", "rule"]["people"] == 0
    assert known["likes:a", "preference"]["en"] == "Likes a"
    assert known["VIP", "manual"]["rule"] == ""


def test_what_events_do_not_tell_holds_since_the_refresh_that_found_it_first(tmp_path: Path) -> None:
    clock = [AS_OF]
    ws = Workspace.create(tmp_path / "brand", Settings(memory_mb=512, threads=1), clock=lambda: clock[0])
    ws.record([Event(id="1", at=AS_OF - timedelta(days=3), kind="view", source="t", actor_key="user:1")])
    since = []
    for day in (0, 2, 9, 20):
        clock[0] = AS_OF + timedelta(days=day)
        ws.refresh()
        since.append(ws.sql("SELECT since FROM person_tags WHERE tag = 'newcomer'").fetchall())
    assert since == [[(AS_OF,)], [(AS_OF,)], [(AS_OF,)], []]


@pytest.mark.parametrize(
    ("when", "column"),
    [
        ('tied(band = "strong")', 1),
        ('orders >= 1 and member(role = "core")', 17),
        ("arrivals() >= 2", 1),
        ('bridges("A", "B")', 1),
        ('not in_audience("A")', 5),
    ],
)
def test_a_rule_cannot_ask_for_what_is_worked_out_after_the_tags(tmp_path: Path, when: str, column: int) -> None:
    with pytest.raises(BadRule, match=rf"column {column}: ties, communities.*make an audience"):
        rules(tmp_path, f"- {{tag: late, when: '{when}'}}")


def test_a_rule_may_ask_for_consents_and_for_one_thing_after_another(tmp_path: Path) -> None:
    log = Log()
    log.add("consent", props={"purpose": "marketing", "channel": "email", "granted": True})
    log.add("cart", when=AS_OF - timedelta(days=9))
    found = tags(
        log,
        rules(
            tmp_path,
            '- {tag: may, when: \'consents("marketing", "email") and not consents("marketing", "sms")\'}\n'
            "- {tag: left_cart, when: 'any(cart, then_no(order, within 3 days))'}",
        ),
    )
    assert {("p1", "may"), ("p1", "left_cart")} <= set(found)
