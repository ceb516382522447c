"""Table `identity_links`: every link of two keys that events state, whether it holds, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import pyarrow as pa

from lianyi.insight.people.identity.clustering import decide
from lianyi.insight.people.identity.evidence import (
    ACCEPTED,
    ACT_VERDICTS,
    CLASSES,
    RULES,
    UNMERGE,
    UNMERGE_OF_NOTHING,
    Evidence,
    Verdicts,
)
from lianyi.insight.people.identity.stating import ACTS, KEYS, PAIRS, parts_of, read
from lianyi.insight.tables import EVENTS, Build, Column, Table
from lianyi.memory.engine import Engine, literal

_NUMBERS, _REJECTED, _ACT_VERDICTS = "identity_rejected_numbers", "identity_rejected", "identity_act_verdicts"


def build(build: Build) -> str:
    """Read what the log states, decide, and return the SQL of the table."""
    engine = build.engine
    evidence = read(build)
    build.say(f"{evidence.level.size:,} linked keys, {evidence.a.size:,} links")
    verdicts = decide(evidence)
    engine.register(_NUMBERS, _rejected(evidence, verdicts))
    build.make(_REJECTED, rejected_with_keys())
    engine.drop(_NUMBERS)
    engine.register(_ACT_VERDICTS, _act_verdicts(engine, evidence, verdicts))
    build.made.append(_ACT_VERDICTS)
    return f"{_pair_rows()} UNION ALL {_act_rows()}"


def _rejected(evidence: Evidence, verdicts: Verdicts) -> pa.Table:
    """One row = one rejected pair, keys as numbers; all others are accepted."""
    number = np.flatnonzero(verdicts.verdict != ACCEPTED)
    return pa.table(
        {
            "a": evidence.a[number],
            "b": evidence.b[number],
            "verdict": verdicts.verdict[number],
            "against_a": verdicts.against_a[number],
            "against_b": verdicts.against_b[number],
            "shared": verdicts.shared[number],
        }
    )


def rejected_with_keys() -> str:
    """One row = one rejected pair (by the numbers of its keys), with the keys that speak against it."""
    return f"""
    SELECT r.a, r.b, r.verdict, x.name AS against_a, y.name AS against_b, s.name AS shared_key
    FROM {_NUMBERS} AS r
    LEFT JOIN {KEYS} AS x ON x.number = r.against_a
    LEFT JOIN {KEYS} AS y ON y.number = r.against_b
    LEFT JOIN {KEYS} AS s ON s.number = r.shared
    """


def _act_verdicts(engine: Engine, evidence: Evidence, verdicts: Verdicts) -> pa.Table:
    """One row = two keys of an operator's act with its verdict: of an unmerge one key of each of two parts, of a merge
    that holds each pair of keys that it holds together."""
    verdict_of = {merge.id: verdict for merge, verdict in zip(evidence.merges, verdicts.merges, strict=True)}
    rows: list[tuple[str, int, str, str]] = []
    for act in engine.table(f"SELECT event_id, kind, key_a, key_b, props FROM {ACTS}").to_pylist():
        name, ends = act["event_id"], (act["key_a"], act["key_b"])
        if act["kind"] == "unmerge":
            firsts = sorted(part[0] for part in parts_of(act["props"]))
            rows += [(name, UNMERGE, *pair) for pair in combinations(firsts, 2)]
            if not firsts:
                rows.append((name, UNMERGE_OF_NOTHING, ends[0], ends[0]))
        elif verdict_of[name] != ACCEPTED:
            rows.append((name, verdict_of[name], *ends))
    names = _names(engine, {key for _, *pair in verdicts.held for key in pair})
    rows += [(name, ACCEPTED, min(names[a], names[b]), max(names[a], names[b])) for name, a, b in verdicts.held]
    schema = pa.schema([("event_id", pa.string()), ("verdict", pa.int8()), ("a", pa.string()), ("b", pa.string())])
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]
    return pa.table(columns, schema=schema)


def _names(engine: Engine, numbers: Iterable[int]) -> Mapping[int, str]:
    engine.register("identity_held_keys", pa.table({"number": pa.array(sorted(numbers), pa.int64())}))
    rows = engine.table(f"SELECT k.number, k.name FROM {KEYS} AS k JOIN identity_held_keys AS n ON n.number = k.number")
    engine.drop("identity_held_keys")
    return dict(zip(rows["number"].to_pylist(), rows["name"].to_pylist(), strict=True))


def _pair_rows() -> str:
    """One row = one pair of keys that alias events link."""
    verdict = "coalesce(r.verdict, 0)"
    return f"""
    SELECT p.key_a, p.key_b, {verdict} = {ACCEPTED} AS accepted,
        {_rule_sql(verdict, "p.rank")} AS rule, {_class_sql("p.rank", "name")} AS evidence,
        {_class_sql("p.rank", "confidence")} AS confidence,
        {_reason_sql(verdict, "p.rank", "en")} AS reason_en, {_reason_sql(verdict, "p.rank", "zh")} AS reason_zh,
        p.verified, p.how, p.source, p.event_id, p.stated_at AS "at", p.last_at, p.events,
        r.against_a, r.against_b, r.shared_key
    FROM {PAIRS} AS p LEFT JOIN {_REJECTED} AS r ON r.a = p.a AND r.b = p.b
    """


def _act_rows() -> str:
    """One row = one merge or unmerge of an operator."""
    return f"""
    SELECT v.a AS key_a, v.b AS key_b, v.verdict = {ACCEPTED} AS accepted,
        {_act_sql("name")} AS rule, 'operator' AS evidence, {_class_sql("0", "confidence")} AS confidence,
        {_act_sql("en")} AS reason_en, {_act_sql("zh")} AS reason_zh,
        TRUE AS verified, r.how, r.source, r.event_id, r.stated_at AS "at", r.stated_at AS last_at, 1 AS events,
        CAST(NULL AS VARCHAR) AS against_a, CAST(NULL AS VARCHAR) AS against_b, CAST(NULL AS VARCHAR) AS shared_key
    FROM {ACTS} AS r JOIN {_ACT_VERDICTS} AS v ON v.event_id = r.event_id
    """


def _act_sql(attribute: str) -> str:
    cases = " ".join(
        f"WHEN {act.verdict} THEN {literal(getattr(act, attribute))}" for act in RULES if act.verdict in ACT_VERDICTS
    )
    return f"CASE v.verdict {cases} ELSE {_class_sql('0', attribute)} END"


def _class_sql(rank: str, attribute: str) -> str:
    """SQL for an attribute of the class of evidence that a rank belongs to."""
    cases = " ".join(f"WHEN {rank} <= {max(kind.ranks)} THEN {_value(getattr(kind, attribute))}" for kind in CLASSES)
    return f"CASE {cases} END"


def _value(value: str | float) -> str:
    return literal(value) if isinstance(value, str) else f"CAST({value} AS DOUBLE)"


def _rule_sql(verdict: str, rank: str) -> str:
    cases = " ".join(f"WHEN {rule.verdict} THEN {literal(rule.name)}" for rule in RULES)
    return f"CASE {verdict} {cases} ELSE {_class_sql(rank, 'name')} END"


def _reason_sql(verdict: str, rank: str, language: str) -> str:
    """SQL for the reason in words; the names of the keys are those of relation r."""
    keys = {"{a}": "r.against_a", "{b}": "r.against_b", "{shared}": "r.shared_key"}
    cases = []
    for rule in RULES:
        text = literal(getattr(rule, language))
        for place, column in keys.items():
            text = text.replace(place, f"' || {column} || '")
        cases.append(f"WHEN {rule.verdict} THEN {text}")
    return f"CASE {verdict} {' '.join(cases)} ELSE {_class_sql(rank, language)} END"


IDENTITY_LINKS = Table(
    name="identity_links",
    en="one row = one link of two keys that events state, or an operator's act: does it hold, and why",
    zh="一行 = 事件中声明的一条标识关联，或运营人员的一次合并/拆分：是否采纳及其理由",
    inputs=(EVENTS,),
    key=("event_id", "key_a", "key_b"),
    order=("key_a", "key_b", "event_id"),
    build=build,
    columns={
        "key_a": Column(en="the smaller key of the two", zh="标识一"),
        "key_b": Column(en="the other key", zh="标识二"),
        "accepted": Column(en="the two keys are taken as one person's because of this link", zh="是否采纳"),
        "rule": Column(
            en="what decided: the class of evidence where accepted; else clash, separated, torn, many, role, renamed, "
            "taken_back, unmerge",
            zh="依据的规则",
        ),
        "evidence": Column(
            en="class of evidence: operator, verified_strong, verified_contact, strong, contact, device, name",
            zh="证据类别",
        ),
        "confidence": Column(en="orders the classes of evidence, 0 to 1; a judgement, not a measurement", zh="置信度"),
        "reason_en": Column(en="the reason in English", zh="理由（英文）"),
        "reason_zh": Column(en="the reason in Chinese", zh="理由（中文）"),
        "verified": Column(en="a source has checked the link, or an operator said it", zh="是否已验证"),
        "how": Column(en="how the source came to the link, or why the operator did it", zh="关联方式"),
        "source": Column(en="source of the event", zh="来源"),
        "event_id": Column(
            en="the best event that states it: verified before unverified, then the oldest", zh="事件编号"
        ),
        "at": Column(en="time of that event", zh="时间"),
        "last_at": Column(en="when it was stated last", zh="最近声明时间"),
        "events": Column(en="events that state it", zh="声明次数", unit="events"),
        "against_a": Column(en="where rejected: a key of the one person", zh="冲突标识一"),
        "against_b": Column(en="where rejected: a key of the other person", zh="冲突标识二"),
        "shared_key": Column(en="where rejected for it: the key that several people share", zh="共用标识"),
    },
)
