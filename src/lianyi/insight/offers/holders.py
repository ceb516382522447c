"""Table `offer_holders`: who got an offer, and what became of it."""

from __future__ import annotations

from lianyi.insight.offers import naming
from lianyi.insight.offers.redemptions import GIVEN_BACK, issued
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table, of_kinds

REDEEMED, RETURNED, EXPIRED, OPEN = "redeemed", "returned", "expired", "open"
STATES = (REDEEMED, RETURNED, EXPIRED, OPEN)


def _build(build: Build) -> str:
    scope = Scope.of(build)
    found = naming.read(build.engine.table(naming.versions(scope)).to_pylist())
    build.engine.register("offer_versions", naming.version_rows(found))
    build.make("offer_issued", issued(scope))
    d = scope.dialect
    build.make(
        "offer_states",
        f"""
        SELECT i.offer, i.person_id, i.moment AS issued_at,
            CASE WHEN v.until_us IS NOT NULL THEN {d.moment("v.until_us")} END AS until,
            CASE WHEN u.kept > 0 THEN '{REDEEMED}' WHEN u.orders > 0 THEN '{RETURNED}'
                WHEN v.until_us < {d.micros(d.time(scope.as_of))} THEN '{EXPIRED}' ELSE '{OPEN}' END AS state,
            coalesce(u.orders, 0) AS orders, u.used_at
        FROM offer_issued i JOIN offer_versions v ON v.offer = i.offer LEFT JOIN (
            SELECT offer, person_id, count(*) AS orders, sum(CASE WHEN {GIVEN_BACK} THEN 0 ELSE 1 END) AS kept,
                min("at") AS used_at
            FROM redemptions WHERE issued_at IS NOT NULL GROUP BY offer, person_id
        ) AS u ON u.offer = i.offer AND u.person_id = i.person_id
        """,
    )
    build.drop("offer_versions")
    return "SELECT * FROM offer_states"


TABLE = Table(
    name="offer_holders",
    en="One row = one person and one version of an offer that they got: whether they used it.",
    zh="每行 = 一个人领到的一个优惠版本：是否使用。",
    inputs=(EVENTS, "keys", "redemptions"),
    rows_from=of_kinds("offer"),
    key=("offer", "person_id"),
    order=("offer", "person_id"),
    columns={
        "offer": Column(en="the version, as its events name it", zh="优惠版本（事件中的编号）"),
        "person_id": Column(en="the person", zh="用户"),
        "issued_at": Column(en="when they got it", zh="领到时间"),
        "until": Column(en="until when it holds; empty: no end was said", zh="有效期至；未写明为空"),
        "state": Column(
            en="redeemed; returned: all that was bought with it was given back; expired; open",
            zh="redeemed 已使用、returned 用后全退、expired 已过期、open 未使用",
        ),
        "orders": Column(en="orders that used it", zh="使用的订单数"),
        "used_at": Column(en="when it was used first", zh="首次使用时间"),
    },
    build=_build,
)
