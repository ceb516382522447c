"""Which columns of a person follow events at once, and how: what the tables say, with the events since.

Counts, money, moments, channels, groups, attributes, consents and tags set by hand follow. What is learned from all
people together or from a long past stays as the tables have it until the next refresh: scores, consumption level,
cycle, preferred hours, categories, age, tags by rule, ties, communities, ripples. A key that the tables do not know
yet is a person of its own until then.
"""

from __future__ import annotations

from collections.abc import Mapping

from lianyi.insight.conditions.vocabulary import COLUMNS
from lianyi.insight.people.profile import attributes as known
from lianyi.insight.present.building import BESIDE_COLUMNS
from lianyi.insight.scope import Scope

# Columns of people in the compact copy.
PEOPLE = ("person_id", "id", "keys", *(name for name in COLUMNS if name != "keys"), *BESIDE_COLUMNS)
_NONE = "CAST([] AS VARCHAR[])"
_ZERO = (
    "conflicts", "days_active", "events", "orders", "order_days", "gross_spend", "refunds", "net_spend", "frequency",
    "brought", "brought_buyers",
)  # fmt: skip


# What late events add to a person, in a table of its own: side -> its columns.
ADDED: Mapping[str, tuple[str, ...]] = {
    "d": ("events", "first_at", "last_at", "first_day", "last_day", "days", "channels"),
    "g": ("first_at", "last_at"),
    "r": ("gone", "stayed"),
    "o": ("orders", "first_at", "last_at", "days", "gross"),
    "b": ("back",),
    "t": ("traits", "gender"),
    "c": ("consents",),
    "m": ("held", "gone"),
}


def people(scope: Scope) -> str:
    """One row = one person: the columns of the tables with what late events add laid over; and those who are new."""
    # Three parts, so that most people are read as they lie: an anti-join costs a fraction of columns worked out.
    as_it_was = f"SELECT {', '.join(PEOPLE)} FROM made.people WHERE person_id NOT IN (SELECT person_id FROM added)"
    known = _people(scope, "made.people AS p JOIN added AS l ON l.person_id = p.person_id")
    new = _people(scope, f"({_newcomers()}) AS p LEFT JOIN added AS l ON l.person_id = p.person_id")
    return f"{as_it_was} UNION ALL {known} UNION ALL {new}"


def _newcomers() -> str:
    """One row = one person of whom the tables know nothing, as a row of people: nothing done yet."""
    empty: Mapping[str, str] = {
        "person_id": "person_id", "id": "id", "keys": "[key]", "channels": _NONE, "groups": _NONE, "tags": _NONE,
        "attributes": "'{}'", "consumption_level": "'none'", **dict.fromkeys(_ZERO, "0"),
    }  # fmt: skip
    typed = (
        "(SELECT * FROM made.people LIMIT 0)",
        f"SELECT {', '.join(_filled(empty, name) for name in PEOPLE)} FROM fresh",
    )
    return " UNION ALL BY NAME ".join(typed)


def _filled(empty: Mapping[str, str], name: str) -> str:
    return f"{empty.get(name, 'NULL')} AS {name}"


def _people(scope: Scope, rows: str) -> str:
    day = scope.date
    new: dict[str, str] = {
        "first_seen": "least(p.first_seen, l.d_first_at, l.g_first_at)",
        "last_seen": "greatest(p.last_seen, l.d_last_at, l.g_last_at)",
        "first_active": f"coalesce(p.first_active, {day('l.d_first_day')})",
        "last_active": f"greatest(p.last_active, {day('l.d_last_day')})",
        "days_active": "p.days_active + coalesce(l.d_days, 0)",
        "events": "p.events + coalesce(l.d_events, 0)",
        "channels": _if("d_channels", "channels", "list_sort(list_distinct(list_concat(p.channels, l.d_channels)))"),
        "groups": "CASE WHEN l.r_gone IS NULL AND l.r_stayed IS NULL THEN p.groups "
        "ELSE list_sort(list_distinct(list_concat(list_filter(p.groups, lambda x: "
        f"NOT list_contains(coalesce(l.r_gone, {_NONE}), x)), coalesce(l.r_stayed, {_NONE})))) END",
        "orders": "p.orders + coalesce(l.o_orders, 0)",
        "frequency": "p.orders + coalesce(l.o_orders, 0)",
        "order_days": "p.order_days + coalesce(l.o_days, 0)",
        "gross_spend": "p.gross_spend + coalesce(l.o_gross, 0)",
        "refunds": "p.refunds + coalesce(l.b_back, 0)",
        "net_spend": "p.net_spend + coalesce(l.o_gross, 0) - coalesce(l.b_back, 0)",
        "monetary": "CASE WHEN l.person_id IS NULL THEN p.monetary ELSE "
        "CAST(round((p.net_spend + coalesce(l.o_gross, 0) - coalesce(l.b_back, 0)) "
        "/ nullif(p.orders + coalesce(l.o_orders, 0), 0), 4) AS DECIMAL(18, 4)) END",
        "first_order": "coalesce(p.first_order, l.o_first_at)",
        "last_order": "greatest(p.last_order, l.o_last_at)",
        "attributes": _if("t_traits", "attributes", "CAST(json_merge_patch(p.attributes, l.t_traits) AS VARCHAR)"),
        "consents": _if(
            "c_consents", "consents", "list_concat(list_filter(p.consents, lambda x: NOT list_contains("
            "list_transform(l.c_consents, lambda y: concat(y.purpose, '/', y.channel)), "
            "concat(x.purpose, '/', x.channel))), l.c_consents)",
        ),
        "tags": "CASE WHEN l.m_held IS NULL AND l.m_gone IS NULL THEN p.tags "
        "ELSE list_distinct(list_concat(list_filter(p.tags, lambda x: "
        f"NOT list_contains(coalesce(l.m_gone, {_NONE}), x)), coalesce(l.m_held, {_NONE}))) END",
        "gender": "coalesce(l.t_gender, p.gender)",
    }  # fmt: skip
    named = set(known.NAMED) & set(PEOPLE)
    new |= {
        name: _if("t_traits", name, f"coalesce(json_extract_string(l.t_traits, '$.{name}'), p.{name})")
        for name in named
    }
    columns = ", ".join(f"{new[name]} AS {name}" if name in new else f"p.{name}" for name in PEOPLE)
    return f"SELECT {columns} FROM {rows}"


def _if(added: str, column: str, laid_over: str) -> str:
    """SQL of a column that stays as it is where nothing was added."""
    return f"CASE WHEN l.{added} IS NULL THEN p.{column} ELSE {laid_over} END"


def added(scope: Scope, touched: str) -> str:
    """One row = one person of `touched` (a relation of person_id): what their late events add."""
    worked_out = {("t", "gender"): _gender(scope)}
    columns = ", ".join(
        f"{worked_out.get((side, name), f'{side}.{name}')} AS {side}_{name}"
        for side, names in ADDED.items()
        for name in names
    )
    joins = " ".join(
        f"LEFT JOIN ({sql}) AS {alias} ON {alias}.person_id = w.person_id"
        for alias, sql in _sides(scope, touched).items()
    )
    checked = known.checked(scope).replace("FROM events e", "FROM late e")
    return f"WITH checked AS ({checked}) SELECT w.person_id, {columns} FROM {touched} AS w {joins}"


def _gender(scope: Scope) -> str:
    return known.gender(scope).replace("stated_gender", "lower(trim(t.gender))")


def _sides(scope: Scope, touched: str) -> dict[str, str]:
    """alias -> SQL with one row per person of what their late events add."""
    d, alive = scope.dialect, scope.alive
    here = f"e.did IN (SELECT person_id FROM {touched}) AND {scope.happened()}"
    day = scope.day('e."at"')
    order_no = "coalesce(e.parent_id, e.id)"
    granted = f"coalesce({d.json_text('props', 'granted')} = 'true', FALSE)"
    return {
        "d": f"""
            SELECT e.did AS person_id, count(*) AS events, min(e."at") AS first_at, max(e."at") AS last_at,
                min({day}) FILTER (WHERE {alive}) AS first_day, max({day}) FILTER (WHERE {alive}) AS last_day,
                count(DISTINCT CASE WHEN {alive} AND {day} > coalesce({d.day_number("k.last_active")}, -1)
                    THEN {day} END) AS days,
                list(DISTINCT e.channel) FILTER (WHERE e.channel IS NOT NULL) AS channels
            FROM late AS e LEFT JOIN known_people AS k ON k.person_id = e.did WHERE {here} GROUP BY e.did""",
        "g": f"""
            SELECT e.got AS person_id, min(e."at") AS first_at, max(e."at") AS last_at FROM late AS e
            WHERE e.got IN (SELECT person_id FROM {touched}) AND {scope.happened()} GROUP BY e.got""",
        "r": f"""
            SELECT person_id, list(group_key) FILTER (WHERE left_at >= coalesce(stayed_at, left_at)) AS gone,
                list(group_key) FILTER (WHERE stayed_at > left_at OR left_at IS NULL) AS stayed
            FROM (
                SELECT e.did AS person_id, e.group_key, max(e."at") FILTER (WHERE e.kind = 'leave') AS left_at,
                    max(e."at") FILTER (WHERE e.kind <> 'leave') AS stayed_at
                FROM late AS e WHERE {here} AND e.group_key IS NOT NULL GROUP BY e.did, e.group_key
            ) AS m GROUP BY person_id""",
        "o": f"""
            SELECT person_id, count(*) FILTER (WHERE NOT known) AS orders,
                min(moment) FILTER (WHERE NOT known) AS first_at, max(moment) FILTER (WHERE NOT known) AS last_at,
                count(DISTINCT CASE WHEN NOT known AND day > coalesce(last_day, -1) THEN day END) AS days,
                CAST(sum(gross) AS DECIMAL(18, 4)) AS gross
            FROM (
                SELECT e.did AS person_id, {order_no} AS order_no, min(e."at") AS moment, min({day}) AS day,
                    any_value({scope.day("k.last_order")}) AS last_day, bool_or(a.person_id IS NOT NULL) AS known,
                    coalesce(sum(e.value) FILTER (WHERE e.currency = {d.text(scope.currency)}), 0) AS gross
                FROM late AS e LEFT JOIN known_people AS k ON k.person_id = e.did
                LEFT JOIN (SELECT DISTINCT person_id, {order_no} AS order_no FROM known_done AS e
                    WHERE e.kind = 'order' AND e.person_id IN (SELECT person_id FROM {touched})
                ) AS a ON a.person_id = e.did AND a.order_no = {order_no}
                WHERE {here} AND e.kind = 'order' GROUP BY e.did, {order_no}
            ) AS n GROUP BY person_id""",
        "b": f"""
            SELECT person_id, CAST(sum(CASE WHEN so_far THEN largest ELSE total END) AS DECIMAL(18, 4)) AS back FROM (
                SELECT e.did AS person_id, {order_no} AS order_no,
                    coalesce({d.json_text("e.props", "cumulative")} = 'true', FALSE) AS so_far,
                    max(e.value) AS largest, sum(e.value) AS total
                FROM late AS e
                WHERE {here} AND e.kind = 'refund' AND e.currency = {d.text(scope.currency)} GROUP BY ALL
            ) AS n GROUP BY person_id""",
        "t": f"""
            SELECT s.person_id, CAST(json_group_object(s.trait, s.top.value) AS VARCHAR) AS traits,
                max(s.top.value) FILTER (WHERE s.trait = 'gender') AS gender
            FROM (
                SELECT person_id, entry.key AS trait,
                    max(struct_pack(verified := verified, moment := moment, id := id, value := entry.value)) AS top
                FROM (
                    SELECT e.did AS person_id, e."at" AS moment, e.id, unnest({d.json_entries("e.props")}) AS entry,
                        e.source = 'operator' OR e.id IN (SELECT event_id FROM checked) AS verified
                    FROM late AS e WHERE {here} AND e.kind = 'identify' AND e.props IS NOT NULL
                ) AS i WHERE entry.value IS NOT NULL AND entry.value <> '' GROUP BY person_id, entry.key
            ) AS s LEFT JOIN known_people AS k ON k.person_id = s.person_id
            WHERE s.top.verified OR coalesce(
                json_extract_string(k.attribute_sources, concat('$."', s.trait, '".verified')), 'false') <> 'true'
            GROUP BY s.person_id""",
        "c": f"""
            SELECT person_id, list(struct_pack(purpose := purpose, channel := channel, granted := word.granted,
                since := word.moment, source := word.source, event := word.id)) AS consents
            FROM (
                SELECT person_id, purpose, channel,
                    max(struct_pack(moment := moment, id := id, granted := granted, source := source)) AS word
                FROM (
                    SELECT e.did AS person_id, e.id, e."at" AS moment, e.source,
                        coalesce({d.json_text("props", "purpose")}, '') AS purpose,
                        coalesce({d.json_text("props", "channel")}, e.channel, '') AS channel, {granted} AS granted
                    FROM late AS e WHERE {here} AND e.kind = 'consent'
                ) AS s GROUP BY person_id, purpose, channel
            ) AS w GROUP BY person_id""",
        "m": f"""
            SELECT person_id, list(tag) FILTER (WHERE NOT gone) AS held,
                flatten(list(names) FILTER (WHERE gone)) AS gone
            FROM (
                SELECT s.person_id, s.tag, s.gone, coalesce(n.names, [s.tag]) AS names FROM (
                    SELECT e.got AS person_id, trim({d.json_text("e.props", "tag")}) AS tag,
                        arg_max(coalesce({d.json_text("e.props", "remove")} = 'true', FALSE), e."at") AS gone
                    FROM late AS e WHERE e.got IN (SELECT person_id FROM {touched}) AND {scope.happened()}
                        AND e.kind = 'tag' GROUP BY ALL
                ) AS s LEFT JOIN tag_names AS n ON list_contains(n.names, s.tag) WHERE s.tag <> ''
            ) AS m GROUP BY person_id""",
    }  # fmt: skip
