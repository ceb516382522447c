"""Table `group_themes`: what each group is about, how true it stays to that, whether that drifts, and its noise."""

from __future__ import annotations

from lianyi.insight.listening import heard
from lianyi.insight.listening.heard import HEARD
from lianyi.insight.listening.reading import ADVERT
from lianyi.insight.scope import Scope
from lianyi.insight.tables import EVENTS, Build, Column, Table

DAYS, LEAST = 28, 20
NAMED, SHARES = "group_theme_named", "group_theme_shares"


def named(scope: Scope) -> str:
    """One row = one group × category: messages that name it in the last DAYS (now) and in the DAYS before (before)."""
    d = scope.dialect
    return f"""
    SELECT group_key, {d.extract("one", "^[^:]*:(.*)$", 1)} AS category,
        count(*) FILTER (WHERE day > {scope.today - DAYS}) AS now,
        count(*) FILTER (WHERE day <= {scope.today - DAYS}) AS before
    FROM (
        SELECT group_key, day, {d.explode("about")} AS one FROM {HEARD}
        WHERE group_key IS NOT NULL AND NOT staff AND advert < {ADVERT} AND day > {scope.today - 2 * DAYS}
    ) AS a WHERE one LIKE 'category:%' GROUP BY 1, 2
    """


def shares() -> str:
    """One row = one group × category with its shares of all that is named now and before."""
    return f"""
    SELECT *, now / nullif(CAST(all_now AS DOUBLE), 0) AS p, before / nullif(CAST(all_before AS DOUBLE), 0) AS q,
        row_number() OVER (PARTITION BY group_key ORDER BY now + before DESC, category) AS place
    FROM (
        SELECT *, sum(now) OVER (PARTITION BY group_key) AS all_now,
            sum(before) OVER (PARTITION BY group_key) AS all_before FROM {NAMED}
    ) AS s
    """


def build(build: Build) -> str:
    """One row = one group in which something was said in the last DAYS."""
    scope = Scope.of(build)
    heard.make(build)
    build.make(NAMED, named(scope))
    build.make(SHARES, shares())
    half = "CASE WHEN {0} > 0 THEN {0} * ln(2 * {0} / (p + q)) ELSE 0e0 END"
    return f"""
    SELECT m.group_key, m.messages, f.flagged,
        CASE WHEN m.messages >= {LEAST} THEN f.flagged / CAST(m.messages AS DOUBLE) END AS noise,
        t.theme, t.named, t.theme_named, CASE WHEN t.named >= {LEAST} THEN t.fit END AS fit,
        CASE WHEN t.named >= {LEAST} AND t.named_before >= {LEAST} THEN sqrt(greatest(0e0, t.divergence)) END AS drift
    FROM (
        SELECT group_key, count(*) AS messages FROM {HEARD}
        WHERE group_key IS NOT NULL AND NOT staff AND day > {scope.today - DAYS} GROUP BY group_key
    ) AS m LEFT JOIN (
        SELECT h.group_key, count(DISTINCT g.message_id) AS flagged FROM {HEARD} h
        LEFT JOIN flagged g ON g.message_id = h.id WHERE h.day > {scope.today - DAYS} GROUP BY h.group_key
    ) AS f ON f.group_key = m.group_key
    LEFT JOIN (
        SELECT group_key, max(category) FILTER (WHERE place = 1) AS theme, CAST(max(all_now) AS BIGINT) AS named,
            CAST(max(all_before) AS BIGINT) AS named_before, max(now) FILTER (WHERE place = 1) AS theme_named,
            max(p) FILTER (WHERE place = 1) AS fit,
            (sum({half.format("p")}) + sum({half.format("q")})) / (2 * ln(2)) AS divergence
        FROM {SHARES} GROUP BY group_key
    ) AS t ON t.group_key = m.group_key
    """


TABLE = Table(
    name="group_themes",
    en="One row = one group in which something was said in 28 days: its theme, fit, drift and noise.",
    zh="每行 = 最近 28 天有人发言的一个群：主题、契合度、漂移与噪声。",
    inputs=(EVENTS, "keys", "reply_links", "objects", "flagged", "listening"),
    rows_from=("reply_links",),
    key=("group_key",),
    order=("group_key",),
    columns={
        "group_key": Column(en="the group", zh="群"),
        "messages": Column(en="messages of 28 days, without those of staff", zh="28 天消息数（不含员工）"),
        "flagged": Column(en="those that `flagged` names", zh="其中被标记数"),
        "noise": Column(en="their share; empty below 20 messages", zh="噪声占比；不足 20 条为空"),
        "theme": Column(en="the category named most in 56 days", zh="56 天内提及最多的类目"),
        "named": Column(en="how often a category is named in 28 days", zh="28 天内提及类目的次数"),
        "theme_named": Column(en="how often the theme is", zh="其中提及主题类目的次数"),
        "fit": Column(en="share of the theme; empty below 20", zh="主题契合度；不足 20 次为空"),
        "drift": Column(
            en="Jensen–Shannon distance of categories from the 28 days before: 0 alike, 1 nothing in common; empty "
            "below 20 in either", zh="与此前 28 天类目分布的 JS 距离：0 相同，1 无交集；任一期不足 20 次为空",
        ),
    },
    build=build,
    parameters=("listening",),
)  # fmt: skip
