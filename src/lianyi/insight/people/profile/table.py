"""Table `profiles`: one row per person, all steps of this room side by side."""

from __future__ import annotations

from collections.abc import Mapping

from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.people.profile import attributes as known
from lianyi.insight.people.profile import contacts, preferences, rhythm, spend, trust
from lianyi.insight.people.profile.columns import PROFILE_COLUMNS
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Table


def steps(scope: Scope) -> Mapping[str, str]:
    """Name -> SQL of each step; a step may read those before it."""
    return {
        "contacts": contacts.contacts(scope),
        "seen": contacts.seen(scope),
        "channels": contacts.channels(scope),
        "memberships": contacts.memberships(scope),
        "key_lists": contacts.key_lists(scope),
        "checked": known.checked(scope),
        "statements": known.statements(scope),
        "best": known.best(scope),
        "attributes": known.attributes(scope),
        "order_lines": order_lines(scope),
        "refunds": refunds(scope),
        "money": spend.money(),
        "balance": spend.balance(scope),
        "purchases": spend.purchases(),
        "buyers": spend.buyers(scope),
        "order_days": spend.order_days(scope),
        "cycles": spend.cycles(),
        "spenders": spend.spenders(),
        "borders": spend.borders(),
        "scores": spend.scores(),
        "rhythms": rhythm.rhythms(scope),
        "interests": preferences.interests(scope),
        "preferences": preferences.preferences(scope),
        "consents": trust.consents(scope),
        "brought": trust.brought(scope),
        "bringers": trust.bringers(),
    }


# The steps with one row per person, and the name each goes by in the last step.
SIDES = {
    "channels": "h", "memberships": "g", "key_lists": "k", "attributes": "a", "balance": "m", "buyers": "b",
    "cycles": "y", "scores": "q",
    "rhythms": "r", "preferences": "c", "consents": "n", "bringers": "i",
}  # fmt: skip


def profile(scope: Scope) -> str:
    """One row = one person: whom any event up to as_of names as actor or target."""
    d = scope.dialect
    joins = " ".join(f"LEFT JOIN {step} AS {alias} ON {alias}.person_id = s.person_id" for step, alias in SIDES.items())
    parts = {
        part: known.birth_part(scope, number)
        for number, part in ((1, "birth_year"), (2, "birth_month"), (3, "birth_day"))
    }
    born = ", ".join(f"{sql} AS {name}" for name, sql in parts.items())
    named = ", ".join(f"a.{name}" for name in known.NAMED)
    return f"""
    SELECT {", ".join(PROFILE_COLUMNS)}
    FROM (
        SELECT *, {known.gender(scope)} AS gender, {known.age(scope)} AS age
        FROM (
            SELECT s.*, {named}, a.stated_gender, {born.replace("birthday", "a.birthday")},
                coalesce(a.attributes, '{{}}') AS attributes,
                coalesce(a.attribute_sources, '{{}}') AS attribute_sources,
                coalesce(a.conflicts, 0) AS conflicts, coalesce(h.channels, {d.texts([])}) AS channels,
                coalesce(g.groups, {d.texts([])}) AS groups, k.keys,
                coalesce(r.days_active, 0) AS days_active, r.first_active, r.last_active,
                r.preferred_hour, r.preferred_hours, r.preferred_weekday,
                coalesce(b.orders, 0) AS orders, coalesce(y.order_days, 0) AS order_days,
                CAST(coalesce(m.gross_spend, 0) AS DECIMAL(18, 4)) AS gross_spend,
                CAST(coalesce(m.refunds, 0) AS DECIMAL(18, 4)) AS refunds,
                CAST(coalesce(m.net_spend, 0) AS DECIMAL(18, 4)) AS net_spend, m.spend_by_currency,
                b.first_order, b.last_order, b.recency_days, coalesce(b.orders, 0) AS frequency,
                CAST(round(m.net_spend / b.orders, 4) AS DECIMAL(18, 4)) AS monetary,
                q.r_score, q.f_score, q.m_score, y.cycle_days, y.cycle_spread,
                coalesce(q.consumption_level, 'none') AS consumption_level, c.categories, c.top_category,
                coalesce(i.brought, 0) AS brought, coalesce(i.brought_buyers, 0) AS brought_buyers, n.consents
            FROM seen AS s {joins}
        ) AS j
    ) AS p
    """


def build(build: Build) -> str:
    """The steps as one query."""
    scope = Scope.of(build)
    listed = ", ".join(f"{name} AS ({step})" for name, step in steps(scope).items())
    return f"WITH {listed} {profile(scope)}"


TABLE = Table(
    name="profiles",
    en="One row = one person before tags; table people shows the same with tags.",
    zh="每行 = 一个人（不含标签）；加上标签即 people 表。",
    inputs=(EVENTS, "keys", "person_days"),
    key=("person_id",),  # nobody looks up in it, so it need not be sorted
    columns=PROFILE_COLUMNS,
    build=build,
)
