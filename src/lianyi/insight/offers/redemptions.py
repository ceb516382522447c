"""Table `redemptions`: which orders used an offer, and what it took off them.

An order names offers (see `naming`). Of the versions of a name the one counts that its buyer had got before; where they
had none, the newest that was out. An order counts once for an offer, however often and in how many lines it names it;
what was given back of it is taken back from what the offer cost, in proportion.
"""

from __future__ import annotations

from lianyi.insight.offers import naming
from lianyi.insight.orders import ORDER_NO, order_lines, refunds
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table, of_kinds

# Of a row of `redemptions`: all of it was given back, so the offer was not used after all.
GIVEN_BACK = "(refunded > 0 AND kept = 0)"


def issued(scope: Scope) -> str:
    """One row = one person and version: when they got it."""
    return f"""
    SELECT e.object_key AS offer, k.person_id, min(e."at") AS moment
    FROM {scope.events} e JOIN keys k ON e.target_key = k.key
    WHERE e.kind = 'offer' AND e.object_key IS NOT NULL AND {scope.happened()}
    GROUP BY e.object_key, k.person_id
    """


def named(scope: Scope) -> str:
    """One row = one order and the name of an offer in it: buyer, first moment, the order's first event, the version
    where it says one. Reads `offer_words`."""
    return f"""
    SELECT {ORDER_NO} AS order_no, w.name, max(w.offer) AS offer, min(k.person_id) AS person_id,
        min(e."at") AS moment, min(e.id) AS event_id
    FROM {scope.events} e JOIN offer_words w ON w.told = {naming.told(scope)}
    LEFT JOIN keys k ON e.actor_key = k.key
    WHERE e.kind = 'order' AND {naming.naming(scope)} AND {scope.happened()}
    GROUP BY {ORDER_NO}, w.name
    """


def uses(scope: Scope) -> str:
    """One row = one order and the version that it used. Reads `offer_named`, `offer_versions`, `offer_issued`."""
    us = scope.dialect.micros("n.moment")
    return f"""
    SELECT order_no, offer, person_id, moment, event_id, issued_at FROM (
        SELECT n.order_no, v.offer, n.person_id, n.moment, n.event_id, i.moment AS issued_at, row_number() OVER (
            PARTITION BY n.order_no, n.name
            ORDER BY CASE WHEN i.moment IS NOT NULL THEN 0 ELSE 1 END, v.version DESC, v.offer DESC
        ) AS place
        FROM offer_named n
        JOIN offer_versions v ON v.name = n.name AND v.begins_us <= {us} AND v.offer = coalesce(n.offer, v.offer)
        LEFT JOIN offer_issued i ON i.offer = v.offer AND i.person_id = n.person_id AND i.moment <= n.moment
    ) AS u WHERE place = 1
    """


def paid() -> str:
    """One row = one order of `offer_uses` and currency: what was paid. Reads `order_lines`."""
    return """
    SELECT order_no, currency, CAST(sum(value) AS DECIMAL(18, 4)) AS paid FROM order_lines
    GROUP BY order_no, currency
    """


def back(scope: Scope, where: str) -> str:
    """One row = one order and currency: what was given back. Reads `order_lines`."""
    return f"""
    SELECT order_no, currency, sum(value) AS value FROM ({refunds(scope)}) AS r WHERE {where}
    GROUP BY order_no, currency
    """


def discounts(scope: Scope) -> str:
    """One row = one order that says itself what was taken off: the whole of it, not line by line."""
    d = scope.dialect
    of_order = d.json_text(d.json_text("e.props", "order"), "discount")
    alone = f"CASE WHEN e.parent_id IS NULL THEN {d.json_text('e.props', 'discount')} END"
    return f"""
    SELECT order_no, max(said) AS said FROM (
        SELECT {ORDER_NO} AS order_no, TRY_CAST(coalesce({of_order}, {alone}) AS DECIMAL(18, 4)) AS said
        FROM {scope.events} e JOIN (SELECT DISTINCT order_no FROM offer_uses) AS u ON u.order_no = {ORDER_NO}
        WHERE e.kind = 'order' AND {scope.happened()}
    ) AS s WHERE said >= 0 GROUP BY order_no
    """


def used(scope: Scope) -> str:
    """One row = one order and version, with the money. Reads all of the above."""
    us = scope.dialect.micros("u.moment")
    rule = "CASE WHEN v.factor > 0 THEN CAST(coalesce(p.paid, 0) * v.factor AS DECIMAL(18, 4)) ELSE v.amount END"
    kept = "CAST(CASE WHEN paid > refunded THEN paid - refunded ELSE 0 END AS DECIMAL(18, 4))"
    before = "PARTITION BY offer, person_id ORDER BY moment, order_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    part = "CASE WHEN paid > 0 THEN CAST(kept AS DOUBLE) / CAST(paid AS DOUBLE) ELSE 1.0 END"
    return f"""
    SELECT offer, order_no, event_id, name, version, kind, person_id, moment AS "at", issued_at,
        CASE WHEN person_id IS NULL THEN 'unknown' WHEN issued_at IS NULL THEN 'passed_on'
            WHEN kind = 'coupon' AND coalesce(max(CASE WHEN {GIVEN_BACK} THEN 0 ELSE 1 END) OVER ({before}), 0) = 1
                THEN 'again'
            WHEN late THEN 'late' ELSE 'right' END AS use,
        paid, refunded, kept, CAST(CAST(off AS DOUBLE) * {part} AS DECIMAL(18, 4)) AS off, currency
    FROM (
        SELECT *, {kept} AS kept FROM (
            SELECT u.*, v.name, v.version, v.kind, v.currency, coalesce({us} > v.until_us, FALSE) AS late,
                coalesce(p.paid, CAST(0 AS DECIMAL(18, 4))) AS paid,
                CAST(coalesce(r.value, 0) AS DECIMAL(18, 4)) AS refunded,
                CASE WHEN d.said < {rule} THEN d.said ELSE {rule} END AS off
            FROM offer_uses u JOIN offer_versions v ON v.offer = u.offer
            LEFT JOIN offer_paid p ON p.order_no = u.order_no AND p.currency = v.currency
            LEFT JOIN offer_back r ON r.order_no = u.order_no AND r.currency = v.currency
            LEFT JOIN offer_discounts d ON d.order_no = u.order_no
        ) AS m
    ) AS k
    """


def _build(build: Build) -> str:
    scope, engine = Scope.of(build), build.engine
    found = naming.read(engine.table(naming.versions(scope)).to_pylist())
    texts = engine.table(
        f"SELECT DISTINCT {naming.told(scope)} AS told FROM {scope.events} e "
        f"WHERE e.kind = 'order' AND {naming.naming(scope)} AND {scope.happened()}"
    )["told"].to_pylist()
    engine.register("offer_versions", naming.version_rows(found))
    engine.register("offer_words", naming.word_rows(texts, found))
    mine = "order_no IN (SELECT order_no FROM offer_uses)"
    for name, sql in (
        ("offer_issued", issued(scope)), ("offer_named", named(scope)), ("offer_uses", uses(scope)),
        ("order_lines", f"SELECT * FROM ({order_lines(scope)}) AS o WHERE {mine}"), ("offer_paid", paid()),
        ("offer_back", back(scope, mine)),
        ("offer_discounts", discounts(scope)), ("offer_used", used(scope)),
    ):  # fmt: skip
        build.make(name, sql)
    build.drop("offer_versions", "offer_words")
    return "SELECT * FROM offer_used"


TABLE = Table(
    name="redemptions",
    en="One row = one order that used one version of an offer: what it took off, what was given back.",
    zh="每行 = 一笔使用了某优惠版本的订单：减免多少、退回多少。",
    inputs=(EVENTS, "keys"),
    rows_from=of_kinds("offer"),
    key=("offer", "order_no"),
    order=("offer", "order_no"),
    columns={
        "offer": Column(en="the version, as its events name it", zh="优惠版本（事件中的编号）"),
        "order_no": Column(en="the order", zh="订单号"),
        "event_id": Column(en="first event of the order that names it", zh="最先写明该优惠的事件"),
        "name": Column(en="name of the offer", zh="优惠名称"),
        "version": Column(en="number of the version", zh="版本号"),
        "kind": Column(en="coupon or tier", zh="coupon 优惠券、tier 等级价"),
        "person_id": Column(en="the buyer; empty: unknown", zh="买家；未知为空"),
        "at": Column(en="when it was used", zh="使用时间"),
        "issued_at": Column(en="when the buyer got it; empty: they never did", zh="领到时间；从未发给此人为空"),
        "use": Column(
            en="right; late: after its end; again: a coupon used before; passed_on: the buyer never got it; unknown: "
            "nobody knows the buyer",
            zh="right 正常、late 过期后、again 重复使用、passed_on 未发给此人、unknown 买家未知",
        ),
        "paid": Column(en="what was paid for the order, in the offer's currency", zh="实付（优惠币种）", unit="money"),
        "refunded": Column(en="of this given back", zh="其中已退款", unit="money"),
        "kept": Column(en="what is left of it", zh="退款后净额", unit="money"),
        "off": Column(
            en="what the offer took off what was kept: by its rule, or what the order says where that is less",
            zh="净额部分的减免：按规则，订单自述更少时取自述",
            unit="money",
        ),
        "currency": Column(en="the offer's currency", zh="优惠币种"),
    },
    build=_build,
)
