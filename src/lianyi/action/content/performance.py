"""What came of a content: per version and campaign, from the log.

People, not events: who was sent it, who of these opened it, clicked in it, came through a link of its campaign
afterwards, and bought within WINDOW days. A campaign goes to one audience, so its rows are those of the audience.
Opening is seen only where pictures are loaded, and some programs load them by themselves: opened is a hint, not a fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lianyi.workspace import Workspace

WINDOW = 7


@dataclass(frozen=True, kw_only=True)
class Row:
    """One version in one campaign: people per step; revenue: gross value of what they bought, in the brand's
    currency; last_at: when it was last sent."""

    version: int
    campaign: str
    channel: str
    sent: int
    opened: int
    clicked: int
    arrived: int
    bought: int
    bounced: int
    complained: int
    revenue: Decimal
    last_at: datetime


def of(ws: Workspace, versions: Sequence[int]) -> list[Row]:
    """The rows of these versions, the latest campaign first; none while the tables are not built."""
    if not versions or "keys" not in ws.states():
        return []
    names = ", ".join("?" for _ in versions)
    keys = [f"content:{version}" for version in versions]
    found = ws.sql(_SQL.format(names=names, window=WINDOW), [*keys, ws.settings.currency]).to_arrow_table()
    return [Row(**row) for row in found.to_pylist()]


_SQL = """
WITH sent AS (
    SELECT CAST(substr(e.object_key, 9) AS BIGINT) AS version, coalesce(e.campaign, '') AS campaign,
        coalesce(e.channel, '') AS channel, e."at" AS moment, coalesce(t.person_id, k.person_id) AS person_id,
        json_extract_string(e.props, '$.contact') AS contact
    FROM events e LEFT JOIN keys k ON k.key = e.actor_key LEFT JOIN keys t ON t.key = e.target_key
    WHERE e.kind = 'sent' AND e.object_key IN ({names})
), heard AS (
    SELECT json_extract_string(props, '$.contact') AS contact, kind, id FROM events
    WHERE kind IN ('opened', 'click', 'bounced', 'complained')
), acts AS (
    SELECT k.person_id, e.kind, e."at" AS moment, e.campaign, CASE WHEN e.currency = ? THEN e.value END AS value
    FROM events e JOIN keys k ON k.key = e.actor_key WHERE e.kind IN ('arrive', 'order')
)
SELECT s.version, s.campaign, s.channel, count(DISTINCT s.person_id) AS sent,
    count(DISTINCT s.person_id) FILTER (WHERE h.kind = 'opened') AS opened,
    count(DISTINCT s.person_id) FILTER (WHERE h.kind = 'click') AS clicked,
    count(DISTINCT s.person_id) FILTER (WHERE a.came) AS arrived,
    count(DISTINCT s.person_id) FILTER (WHERE a.value IS NOT NULL) AS bought,
    count(DISTINCT s.person_id) FILTER (WHERE h.kind = 'bounced') AS bounced,
    count(DISTINCT s.person_id) FILTER (WHERE h.kind = 'complained') AS complained,
    CAST(coalesce(any_value(m.revenue), 0) AS DECIMAL(18, 2)) AS revenue, max(s.moment) AS last_at
FROM sent s LEFT JOIN heard h ON h.contact = s.contact
LEFT JOIN (
    SELECT s.version, s.campaign, s.person_id, bool_or(a.kind = 'arrive' AND a.campaign = s.campaign) AS came,
        sum(a.value) FILTER (WHERE a.kind = 'order') AS value
    FROM (SELECT version, campaign, person_id, min(moment) AS moment FROM sent GROUP BY ALL) s
    JOIN acts a ON a.person_id = s.person_id AND a.moment >= s.moment AND a.moment < s.moment + INTERVAL {window} DAY
    GROUP BY ALL
) a ON a.version = s.version AND a.campaign = s.campaign AND a.person_id = s.person_id
LEFT JOIN (
    SELECT s.version, s.campaign, sum(a.value) AS revenue
    FROM (SELECT version, campaign, person_id, min(moment) AS moment FROM sent GROUP BY ALL) s
    JOIN acts a ON a.person_id = s.person_id AND a.kind = 'order' AND a.moment >= s.moment
        AND a.moment < s.moment + INTERVAL {window} DAY
    GROUP BY ALL
) m ON m.version = s.version AND m.campaign = s.campaign
GROUP BY s.version, s.campaign, s.channel ORDER BY last_at DESC, s.version DESC
"""
