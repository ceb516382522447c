"""Table `entries`: every movement of money, each beside its contra account, in its own and in the brand's currency."""

from __future__ import annotations

from collections.abc import Iterator

from lianyi.insight.ledger import entered, given, sold
from lianyi.insight.ledger.accounts import ACCOUNTS, GIVEN, GOODS, MESSAGE, ORDER, REFUND
from lianyi.insight.ledger.book import Book
from lianyi.insight.ledger.columns import ENTRIES as COLUMNS
from lianyi.insight.orders import told
from lianyi.insight.ranges import between, marked, portions
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Sorted, Table

CONTRA = "CASE account " + " ".join(f"WHEN '{a.name}' THEN '{a.contra}'" for a in ACCOUNTS.values()) + " END"
# What a movement is, before it is valued: the columns that every kind of movement gives.
PLAIN = (
    "event_id", "account", "source", "moment", "day", "of_day", "amount", "currency", "units", "order_no", "person_id",
    "booked_by", "campaign", "journey", "step", "content", "channel", "category", "ripple", "generation", "sharer",
    "community", "group_key", "member",
)  # fmt: skip


def homes() -> str:
    """One row = one person in communities: the one where they belong most firmly, so that money stands once."""
    return """
    SELECT person_id, community_id FROM (
        SELECT person_id, community_id, row_number() OVER (
            PARTITION BY person_id ORDER BY CASE WHEN how = 'behaviour' THEN 1 ELSE 0 END, weight DESC, community_id
        ) AS place
        FROM memberships
    ) AS m WHERE place = 1
    """


def stones() -> str:
    """One row = one campaign with a ripple of its own."""
    return "SELECT name AS campaign, min(ripple_id) AS ripple_id FROM ripples WHERE kind = 'campaign' GROUP BY name"


def orders() -> str:
    """One row = one order event as revenue."""
    return f"""
    SELECT l.event_id, '{ORDER}' AS account, l.source, l.moment, l.day, l.day AS of_day, l.amount, l.currency,
        CAST(1 AS DECIMAL(18, 4)) AS units, l.order_no, l.person_id, b.booked_by, b.campaign, b.journey, b.step,
        b.content, l.channel, l.category, b.ripple, b.generation, b.sharer, h.community_id AS community, l.group_key,
        CAST(NULL AS STRING) AS member
    FROM order_lines l JOIN ledger_booked b ON b.order_no = l.order_no
    LEFT JOIN ledger_homes h ON h.person_id = l.person_id
    """


def refunds(scope: Scope) -> str:
    """One row = one refund event: dated when it came, linked to the order and to the day of that."""
    day = scope.day("g.moment")
    return f"""
    SELECT g.event_id, '{REFUND}' AS account, g.source, g.moment, {day} AS day, b.day AS of_day,
        CAST(-g.added AS DECIMAL(18, 4)) AS amount, g.currency, CAST(1 AS DECIMAL(18, 4)) AS units, g.order_no,
        g.person_id, coalesce(b.booked_by, 'none') AS booked_by, b.campaign, b.journey, b.step, b.content, g.channel,
        coalesce(g.category, c.category) AS category, b.ripple, b.generation, b.sharer, h.community_id AS community,
        g.group_key, CAST(NULL AS STRING) AS member
    FROM ledger_back g LEFT JOIN ledger_booked b ON b.order_no = g.order_no
    LEFT JOIN (
        SELECT order_no, CASE WHEN count(DISTINCT category) = 1 THEN max(category) END AS category
        FROM order_lines GROUP BY order_no
    ) AS c ON c.order_no = g.order_no
    LEFT JOIN ledger_homes h ON h.person_id = g.person_id
    """


def goods() -> str:
    """One row = what the goods of one order or refund cost, by the margin of its category; NULL where that is unknown.
    There are none as long as the book knows no margin at all."""
    columns = ", ".join(f"s.{name}" for name in PLAIN[2:6])
    rest = ", ".join(f"s.{name}" for name in PLAIN[8:])
    on = "AND s.of_known_day >= {0}.from_day AND s.of_known_day < {0}.to_day"
    return f"""
    SELECT s.event_id, '{GOODS}' AS account, {columns},
        CAST(-s.amount * (1 - coalesce(m.share, n.share)) AS DECIMAL(18, 4)) AS amount, s.currency, s.units, {rest}
    FROM (SELECT *, coalesce(of_day, day) AS of_known_day FROM ledger_sold) AS s
    LEFT JOIN ledger_margins m ON m.category = s.category {on.format("m")}
    LEFT JOIN ledger_margins n ON n.category = '*' {on.format("n")}
    WHERE EXISTS (SELECT 1 FROM ledger_margins)
    """


def spent() -> str:
    """One row = one cost or reward. Of a reward the sharer is who got it, in the generation where they stand."""
    return """
    SELECT c.event_id, c.account, c.source, c.moment, c.day, c.day AS of_day,
        CAST(-c.amount AS DECIMAL(18, 4)) AS amount,
        c.currency, CAST(CASE WHEN c.account = 'cost.labour' THEN c.minutes ELSE 1 END AS DECIMAL(18, 4)) AS units,
        CAST(NULL AS STRING) AS order_no, c.person_id, 'named' AS booked_by,
        c.campaign, c.journey, c.step, c.content, c.channel, c.category, s.ripple_id AS ripple,
        CASE WHEN s.ripple_id IS NOT NULL THEN coalesce(a.generation, 0) END AS generation,
        CASE WHEN c.kind = 'reward' THEN c.person_id END AS sharer, coalesce(c.community, h.community_id) AS community,
        c.group_key, c.member
    FROM ledger_charged c LEFT JOIN ledger_stones s ON s.campaign = c.campaign
    LEFT JOIN (
        SELECT ripple_id, person_id, min(generation) AS generation FROM arrivals GROUP BY ripple_id, person_id
    ) AS a ON a.ripple_id = s.ripple_id AND a.person_id = c.person_id
    LEFT JOIN ledger_homes h ON h.person_id = c.person_id
    """


def messages(which: str) -> str:
    """One row = one message that is paid for one by one. A campaign's messages are its ripple's stone: generation 0.
    which: SQL condition on `m`, of the campaigns that are looked at."""
    return f"""
    SELECT m.event_id, '{MESSAGE}' AS account, m.source, m.moment, m.day, m.day AS of_day,
        CAST(-m.price AS DECIMAL(18, 4)) AS amount, m.currency, CAST(1 AS DECIMAL(18, 4)) AS units,
        CAST(NULL AS STRING) AS order_no, m.person_id, 'named' AS booked_by, m.campaign, m.journey, m.step, m.content,
        m.channel, CAST(NULL AS STRING) AS category, s.ripple_id AS ripple,
        CASE WHEN s.ripple_id IS NOT NULL THEN 0 END AS generation, CAST(NULL AS STRING) AS sharer,
        h.community_id AS community, m.group_key, CAST(NULL AS STRING) AS member
    FROM ledger_sent m LEFT JOIN ledger_stones s ON s.campaign = m.campaign
    LEFT JOIN ledger_homes h ON h.person_id = m.person_id WHERE {which}
    """


def by_campaign(build: Build) -> Iterator[str]:
    """SQL conditions on messages `m`: campaigns by name, so that each portion is sorted in memory; the last one holds
    the messages of none as well."""
    text = Scope.of(build).dialect.text
    counted = build.engine.table(
        "SELECT campaign, count(*) AS n FROM ledger_sent WHERE campaign IS NOT NULL GROUP BY campaign ORDER BY campaign"
    )
    for ends in portions(zip(counted["campaign"].to_pylist(), counted["n"].to_pylist(), strict=True)):
        low, high = ("" if end is None else text(end) for end in ends)
        named = between("m.campaign", low, high)
        yield marked("m.campaign", named if high else f"({named} OR m.campaign IS NULL)")


def given_away(scope: Scope) -> str:
    """One row = one order and offer: what that took off what was kept. No cost beside the revenue, which is what was
    paid without it: its account is in no sum. Of an order with two offers both stand under its first event."""
    day = scope.day("r.moment")
    return f"""
    SELECT r.event_id, '{GIVEN}' AS account, 'offers' AS source, r.moment, {day} AS day, {day} AS of_day,
        CAST(-r.off AS DECIMAL(18, 4)) AS amount, r.currency, CAST(r.offers AS DECIMAL(18, 4)) AS units, r.order_no,
        r.person_id, b.booked_by, b.campaign, b.journey, b.step, b.content, CAST(NULL AS STRING) AS channel,
        CAST(NULL AS STRING) AS category, b.ripple, b.generation, b.sharer, h.community_id AS community,
        CAST(NULL AS STRING) AS group_key, CAST(NULL AS STRING) AS member
    FROM (
        SELECT order_no, currency, min(event_id) AS event_id, min("at") AS moment, min(person_id) AS person_id,
            sum(off) AS off, count(*) AS offers
        FROM redemptions GROUP BY order_no, currency
    ) AS r JOIN ledger_booked b ON b.order_no = r.order_no LEFT JOIN ledger_homes h ON h.person_id = r.person_id
    """


def valued(scope: Scope, plain: str) -> str:
    """The movements as entries: with contra account, days as dates, and the amount in the brand's currency by the rate
    of the day (NULL where there is none)."""
    rest = ", ".join(f"e.{name}" for name in PLAIN[8:])
    return f"""
    SELECT e.event_id, e.account, {CONTRA.replace("account", "e.account", 1)} AS contra, e.source, e.moment AS "at",
        {scope.date("e.day")} AS day, {scope.date("e.of_day")} AS of_day, e.amount, e.currency,
        CAST(e.amount * r.rate AS DECIMAL(18, 4)) AS brand_amount, CAST(r.rate AS DECIMAL(18, 8)) AS rate, {rest}
    FROM ({plain}) AS e
    LEFT JOIN ledger_rates r ON r.currency = e.currency AND e.day >= r.from_day AND e.day < r.to_day
    """


def _together(*movements: str) -> str:
    return " UNION ALL ".join(f"SELECT {', '.join(PLAIN)} FROM ({sql}) AS p" for sql in movements)


def _build(build: Build) -> Iterator[str]:
    scope, book = Scope.of(build), build.parameters.get("ledger") or Book()
    given.register(build, book)
    for name, sql in (
        ("order_lines", sold.lines(scope)),
        ("ledger_heads", sold.heads(scope)),
        ("ledger_came", sold.came(scope)),
        ("ledger_clicked", sold.clicked(scope)),
        ("ledger_sendings", sold.sendings(scope)),
        ("ledger_booked", sold.booked(scope)),
        ("ledger_told", told(scope, "e.id AS event_id", "e.source", "e.category", "e.channel", "e.group_key")),
        ("ledger_back", sold.given_back()),
        ("ledger_homes", homes()),
        ("ledger_stones", stones()),
        ("ledger_costs", entered.costs(scope)),
        ("ledger_channels", entered.priced_channels()),
        ("ledger_charged", entered.charged()),
        ("ledger_sold", _together(orders(), refunds(scope))),
    ):  # fmt: skip
        build.make(name, sql)
    yield valued(scope, _together("SELECT * FROM ledger_sold", goods(), spent()))
    if build.engine.table("SELECT count(*) AS n FROM redemptions")["n"][0].as_py():
        yield valued(scope, _together(given_away(scope)))
    build.drop("ledger_sold", "order_lines", "ledger_told", "ledger_back", "ledger_clicked", "ledger_came")
    build.make("ledger_sent", entered.sent(scope))
    for which in by_campaign(build):
        yield Sorted(valued(scope, messages(which)), by="e.campaign, e.day, e.event_id")
    given.forget(build)


TABLE = Table(
    name="entries",
    en="One row = one movement of money: what one event earned or cost, on one account, against its contra account.",
    zh="每行 = 一笔记账：某事件在某科目上的收入或成本，及其对应科目。",
    inputs=(EVENTS, "keys", "memberships", "arrivals", "ripples", "redemptions"),
    key=("event_id", "account"),
    order=("campaign", "day", "event_id", "account"),
    parameters=("ledger",),
    columns=COLUMNS,
    build=_build,
)
