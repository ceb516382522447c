"""Paths: what touched a buyer before an order, and what touched people who then did not buy.

A touch is a message that was sent to the person, or an arrival through a share. The path of an order are the touches of
its buyer within WINDOW_DAYS before it and after the order before. Touches on no path of an order are paths to nothing.
"""

from __future__ import annotations

from lianyi.insight.scope import AT, Scope

WINDOW_DAYS = 30
WINDOW = WINDOW_DAYS * 86_400_000_000
SHARE = "share"
PLAYERS = ("channel", "campaign")


def orders(scope: Scope) -> str:
    """One row = one order: order_no, buyer, number in time, moment, and its value net of refunds in the brand's
    currency (NULL where an amount is unknown). Reads `entries`."""
    micros = scope.dialect.micros("moment")
    return f"""
    SELECT *, row_number() OVER (ORDER BY micros, order_no) - 1 AS number FROM (
        SELECT order_no, max(person_id) AS person_id, {micros} AS micros, net FROM (
            SELECT order_no, min(person_id) AS person_id,
                min(CASE WHEN account = 'revenue.order' THEN "at" END) AS moment,
                CASE WHEN count(*) = count(brand_amount) THEN CAST(sum(brand_amount) AS DECIMAL(38, 4)) END AS net
            FROM entries WHERE account IN ('revenue.order', 'revenue.refund') AND order_no IS NOT NULL GROUP BY order_no
        ) AS e WHERE moment IS NOT NULL GROUP BY order_no, moment, net
    ) AS o
    """


def touches(scope: Scope) -> str:
    """One row = one touch: person, moment, channel (shares are a channel of their own) and campaign."""
    return f"""
    SELECT k.person_id, {scope.dialect.micros(AT)} AS micros, e.id AS event_id,
        CASE WHEN e.kind = 'arrive' THEN '{SHARE}' ELSE coalesce(e.channel, '') END AS channel,
        coalesce(e.campaign, '') AS campaign
    FROM {scope.events} e JOIN keys k ON k.key = CASE WHEN e.kind = 'arrive' THEN e.actor_key ELSE e.target_key END
    WHERE e.kind IN ('sent', 'arrive') AND {scope.happened()}
    """


def led() -> str:
    """One row = one touch: the order that it led to (number, NULL where the next one is not within the window), its age
    in days before that, the touch before it on the same path (`before_channel`, `before_campaign`; NULL: the path
    begins here), and whether the path ends here. Reads the two above; sorts once: what belongs to one path stands
    together, since only an order, or the window's begin, parts the touches of a person."""
    time = "PARTITION BY person_id ORDER BY micros, bought, event_id"
    mine, before, after = (
        f"coalesce(o.micros - t.{name} < {WINDOW}, FALSE)" for name in ("micros", "before_micros", "after_micros")
    )
    follows = f"t.before_bought = 0 AND {before} = {mine}"
    beside = ", ".join(f"CASE WHEN {follows} THEN t.before_{name} END AS before_{name}" for name in PLAYERS)
    return f"""
    SELECT t.micros, t.event_id, t.channel, t.campaign, CASE WHEN {mine} THEN o.number END AS number,
        CAST(o.micros - t.micros AS DOUBLE) / 86400000000 AS age, {beside},
        NOT coalesce(t.after_bought = 0 AND {after} = {mine}, FALSE) AS ends
    FROM (
        SELECT *, sum(bought) OVER ({time}) AS orders, lag(bought) OVER ({time}) AS before_bought,
            lag(micros) OVER ({time}) AS before_micros, lag(channel) OVER ({time}) AS before_channel,
            lag(campaign) OVER ({time}) AS before_campaign, lead(bought) OVER ({time}) AS after_bought,
            lead(micros) OVER ({time}) AS after_micros
        FROM (
            SELECT person_id, micros, event_id, channel, campaign, 0 AS bought FROM attribution_touches
            UNION ALL SELECT person_id, micros, order_no, '', '', 1 FROM attribution_orders WHERE person_id IS NOT NULL
        ) AS u
    ) AS t LEFT JOIN (
        SELECT person_id, micros, number, row_number() OVER (PARTITION BY person_id ORDER BY number) AS place
        FROM attribution_orders WHERE person_id IS NOT NULL
    ) AS o ON o.person_id = t.person_id AND o.place = t.orders + 1
    WHERE t.bought = 0
    """


def on_paths(player: str) -> str:
    """One row = one touch on the path of an order, in order of path and time; player: its number."""
    return f"""
    SELECT l.number, p.place AS player, l.age FROM attribution_led AS l
    JOIN attribution_players AS p ON p.player = l.{player}
    WHERE l.number IS NOT NULL ORDER BY l.number, l.micros, l.event_id
    """


def players(player: str) -> str:
    """One row = one different channel (or campaign), numbered by name."""
    return f"""
    SELECT {player} AS player, row_number() OVER (ORDER BY {player}) - 1 AS place
    FROM attribution_led GROUP BY {player}
    """


def steps(player: str) -> str:
    """One row = one pair of players that followed each other, with how often: before NULL = the path began, player NULL
    = it ended, in an order or not (bought)."""
    return f"""
    SELECT b.place AS before, p.place AS player, s.bought, s.times FROM (
        SELECT before_{player} AS before, {player} AS player, 0 AS bought, count(*) AS times FROM attribution_led
        GROUP BY before_{player}, {player}
        UNION ALL
        SELECT before, NULL, bought, count(*) FROM (
            SELECT {player} AS before, CASE WHEN number IS NULL THEN 0 ELSE 1 END AS bought FROM attribution_led
            WHERE ends
        ) AS e GROUP BY before, bought
    ) AS s
    LEFT JOIN attribution_players AS b ON b.player = s.before LEFT JOIN attribution_players AS p ON p.player = s.player
    """


def chains() -> str:
    """One row = one order that came through a share, with the ripple and who bought."""
    return """
    SELECT o.number, e.ripple AS ripple_id, o.person_id FROM attribution_orders AS o JOIN (
        SELECT order_no, max(ripple) AS ripple FROM entries WHERE account = 'revenue.order' AND ripple IS NOT NULL
        GROUP BY order_no
    ) AS e ON e.order_no = o.order_no WHERE o.person_id IS NOT NULL ORDER BY o.number
    """
