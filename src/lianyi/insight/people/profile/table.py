"""Table `profiles`: one row per person, all steps of this room side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.people.profile import attributes as known
from lianyi.insight.people.profile import contacts, preferences, rhythm, spend, trust
from lianyi.insight.people.profile.columns import PROFILE_COLUMNS
from lianyi.insight.ranges import ranges, within
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Table

# Kinds that are rare and read several times; they are taken out of the log once.
RARE_KINDS = ("order", "refund", "consent", "arrive", "invite")
RARE_EVENTS = "rare_events"

# The steps with one row per person, and the name each goes by in the last step.
SIDES = {
    "channels": "h", "memberships": "g", "key_lists": "k", "attributes": "a", "balance": "m", "buyers": "b",
    "cycles": "y", "scores": "q",
    "rhythms": "r", "preferences": "c", "consents": "n", "bringers": "i",
}  # fmt: skip


def rare_events(scope: Scope) -> str:
    """One row = one event of a rare kind, without what nobody here reads."""
    kinds = ", ".join(scope.dialect.text(kind) for kind in RARE_KINDS)
    return f"""
    SELECT id, "at", kind, source, actor_key, target_key, object_key, parent_id, channel, category, value, currency,
        CASE WHEN kind <> 'order' THEN props END AS props
    FROM events WHERE kind IN ({kinds})
    """


def make_sides(build: Build, scope: Scope) -> None:
    """Make the relations of SIDES, one row per person each, one after the other."""

    def make(name: str, sql: str, **before: str) -> None:
        build.say(name)
        listed = ", ".join(f"{step} AS ({text})" for step, text in before.items())
        build.make(name, f"WITH {listed} {sql}" if before else sql)

    make("seen", contacts.seen(scope), done=contacts.done(scope), counts=contacts.counts(scope),
         undergone=contacts.undergone(scope))  # fmt: skip
    make("channels", contacts.channels(scope))
    make("memberships", contacts.memberships(scope))
    make("key_lists", contacts.key_lists(scope))
    make("attributes", known.attributes(scope), checked=known.checked(scope), statements=known.statements(scope),
         values_stated=known.values(scope), best=known.best(scope))  # fmt: skip
    make("rhythms", rhythm.rhythms(scope))
    make("preferences", preferences.preferences(scope), interests=preferences.interests(scope))
    make(RARE_EVENTS, rare_events(scope))
    scope = replace(scope, events=RARE_EVENTS)
    make("order_lines", order_lines(scope))
    make("balance", spend.balance(scope), refunds=refunds(scope), money=spend.money())
    make("purchases", spend.purchases())
    build.drop("order_lines")
    make("buyers", spend.buyers(scope))
    make("cycles", spend.cycles(), order_days=spend.order_days(scope))
    build.drop("purchases")
    make("scores", spend.scores(), spenders=spend.spenders(), borders=spend.borders())
    make("consents", trust.consents(scope))
    make("bringers", trust.bringers(), brought=trust.brought(scope))
    build.drop(RARE_EVENTS)


def profile(scope: Scope, borders: tuple[str, str]) -> str:
    """One row = one person in a range of ids: whom any event up to as_of names as actor or target."""
    d = scope.dialect

    def some(step: str) -> str:
        return f"(SELECT * FROM {step} WHERE {within('person_id', borders)})"

    joins = " ".join(
        f"LEFT JOIN {some(step)} AS {alias} ON {alias}.person_id = s.person_id" for step, alias in SIDES.items()
    )
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
            FROM {some("seen")} AS s {joins}
        ) AS j
    ) AS p
    """


def build(build: Build) -> Iterator[str]:
    """Make the steps, then join them range by range."""
    scope = Scope.of(build)
    make_sides(build, scope)
    people = build.engine.table("SELECT count(*) AS people FROM seen")["people"][0].as_py()
    yield from (profile(scope, borders) for borders in ranges(people))


TABLE = Table(
    name="profiles",
    en="One row = one person before tags; table people shows the same with tags.",
    zh="每行 = 一个人（不含标签）；加上标签即 people 表。",
    inputs=(EVENTS, "keys", "person_days"),
    key=("person_id",),
    order=("person_id",),
    columns=PROFILE_COLUMNS,
    build=build,
)
