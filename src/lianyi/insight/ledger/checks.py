"""Table `ledger_checks`: the sums of the log, told independently of the entries, beside the sums of the entries."""

from __future__ import annotations

from lianyi.insight.ledger.accounts import ORDER, REFUND
from lianyi.insight.ledger.columns import CHECKS as COLUMNS
from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Table

_BY = "source, coalesce(currency, '')"


def _said(scope: Scope, kind: str, again: str = "CAST(0 AS DECIMAL(38, 4))") -> str:
    back = f"e.kind = 'reward' AND coalesce({scope.dialect.json_text('e.props', 'back')}, 'false') = 'true'"
    return f"""
    SELECT e.source, coalesce(e.currency, '') AS currency, count(*) AS events,
        CAST(coalesce(sum(CASE WHEN {back} THEN -e.value ELSE e.value END), 0) AS DECIMAL(38, 4)) AS said,
        {again} AS again
    FROM {EVENTS} e WHERE e.kind = '{kind}' AND {scope.happened()} GROUP BY e.source, coalesce(e.currency, '')
    """


def _booked(where: str, sign: str = "") -> str:
    return f"""
    SELECT source, coalesce(currency, '') AS currency, count(*) AS entries,
        CAST(coalesce(sum({sign}amount), 0) AS DECIMAL(38, 4)) AS booked
    FROM {where} GROUP BY {_BY}
    """


def _beside(kind: str, said: str, booked: str) -> str:
    return f"""
    SELECT '{kind}' AS kind, coalesce(s.source, b.source) AS source, coalesce(s.currency, b.currency) AS currency,
        coalesce(s.events, 0) AS events, coalesce(s.said, 0) AS said, coalesce(s.again, 0) AS again,
        coalesce(b.entries, 0) AS entries, coalesce(b.booked, 0) AS booked,
        CAST(coalesce(s.said, 0) - coalesce(s.again, 0) - coalesce(b.booked, 0) AS DECIMAL(38, 4)) AS difference
    FROM ({said}) AS s FULL JOIN ({booked}) AS b ON b.source = s.source AND b.currency = s.currency
    """


def _stated(scope: Scope, kind: str) -> str:
    """SQL in parentheses: entries of events of a kind that state an amount themselves."""
    return f"""(
        SELECT b.source, b.currency, b.amount FROM entries b JOIN (
            SELECT id FROM {EVENTS} e WHERE e.kind = '{kind}' AND e.value IS NOT NULL AND {scope.happened()}
        ) AS i ON i.id = b.event_id
    ) AS t"""


def _refunds(scope: Scope) -> str:
    """Refunds in one row per currency, of all sources together: what one source says of an order another may repeat."""
    said = f"""
    SELECT '' AS source, t.currency, t.events, t.said, CAST(t.said - coalesce(r.back, 0) AS DECIMAL(38, 4)) AS again
    FROM (
        SELECT currency, CAST(sum(events) AS BIGINT) AS events, sum(said) AS said
        FROM ({_said(scope, "refund")}) AS x GROUP BY currency
    ) AS t LEFT JOIN (
        SELECT coalesce(currency, '') AS currency, CAST(sum(value) AS DECIMAL(38, 4)) AS back FROM refunds
        GROUP BY coalesce(currency, '')
    ) AS r ON r.currency = t.currency
    """
    booked = _booked(f"(SELECT '' AS source, currency, amount FROM entries WHERE account = '{REFUND}') AS t", "-")
    return _beside("refund", said, booked)


def _build(build: Build) -> str:
    scope = Scope.of(build)
    build.make("order_lines", order_lines(scope))
    build.make("refunds", refunds(scope))
    booked = _booked(f"(SELECT source, currency, amount FROM entries WHERE account = '{ORDER}') AS t")
    parts = [_beside("order", _said(scope, "order"), booked), _refunds(scope)]
    parts += [
        _beside(kind, _said(scope, kind), _booked(_stated(scope, kind) + " WHERE TRUE", "-"))
        for kind in ("cost", "reward")
    ]
    return f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS checks"


TABLE = Table(
    name="ledger_checks",
    en="One row = one kind of event × source × currency: sums of the log and of the ledger. Refunds: all sources.",
    zh="每行 = 事件类型 × 来源 × 币种：日志合计与账目合计对照。退款不分来源。",
    inputs=(EVENTS, "keys", "entries"),
    key=("kind", "source", "currency"),
    order=("kind", "source", "currency"),
    columns=COLUMNS,
    build=_build,
)
