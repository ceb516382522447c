"""What each person of an experiment did in their window, and in as long a time before: steps in SQL for `effects`."""

from __future__ import annotations

from lianyi.insight.effects.words import CAMPAIGN, GLOBAL, LONGEST_BEFORE, MEANS, WINDOWS
from lianyi.insight.orders import order_lines, refunds
from lianyi.insight.ranges import between, marked
from lianyi.insight.scope import Scope
from lianyi.insight.tables import Sorted

DAY_US = 86_400_000_000
MOST_PEOPLE = 10_000_000_000  # a seat is the experiment's number times this, plus the person's
ARMS = "('treatment', 'control')"


def tried() -> str:
    """One row = one experiment: its number by name, and whether it assigned communities."""
    return """
    SELECT experiment, row_number() OVER (ORDER BY experiment) - 1 AS place,
        max(CASE WHEN cluster IS NULL THEN 0 ELSE 1 END) AS clustered
    FROM assignments GROUP BY experiment
    """


def who() -> str:
    """One row = one person of any experiment, numbered by id."""
    return """
    SELECT person_id, row_number() OVER (ORDER BY person_id) - 1 AS who
    FROM (SELECT DISTINCT person_id FROM assignments) AS p
    """


def places(scope: Scope) -> str:
    """One row = one person in one experiment, `seat` = its number in the order of both: window [begins, ends) and start
    of the time before, in microseconds, and in local days. Somebody of no community is one of their own. whole: how
    long the window is meant to be; a window that still runs ends at as_of in both arms."""
    d = scope.dialect
    now = f"{d.micros(d.time(scope.as_of))}"
    usual = " ".join(f"WHEN '{kind}' THEN {time.days}" for kind, time in WINDOWS.items())
    whole = f"{DAY_US} * CAST(coalesce(a.days, CASE a.kind {usual} ELSE 14 END) AS BIGINT)"
    begins = d.micros("a.assigned_at")
    long = f"CASE WHEN a.kind = '{GLOBAL}' THEN {now} - {begins} ELSE {whole} END"
    stopped = f"coalesce({d.micros('a.ended_at')}, {now})"
    local = scope.local
    return f"""
    SELECT seat, place, who, kind, arm, cluster, share, dose, begins, ends, whole, before_from,
        {d.quotient("begins_local", DAY_US)} AS first_day, {d.quotient("ends_local", DAY_US)} AS last_day
    FROM (
        SELECT w.*, {local(d.moment("begins"))} AS begins_local, {local(d.moment("ends"))} AS ends_local
        FROM (
            SELECT x.place * {MOST_PEOPLE} + n.who AS seat, x.place, n.who, a.kind, a.arm, a.share, a.dose,
                {begins} AS begins,
                CASE WHEN x.clustered = 1 THEN coalesce(a.cluster, concat('person/', a.person_id)) END AS cluster,
                least({begins} + {long}, {now}, {stopped}) AS ends, {long} AS whole,
                {begins} - least({long}, {LONGEST_BEFORE.days * DAY_US}) AS before_from
            FROM assignments AS a JOIN effect_tried AS x ON x.experiment = a.experiment
            JOIN effect_who AS n ON n.person_id = a.person_id
            WHERE a.arm IN {ARMS}
        ) AS w WHERE begins < ends
    ) AS v
    """


def steps(scope: Scope) -> dict[str, str]:
    """Name -> SQL, in order. People, experiments and places are numbered once: what is joined and counted after that
    are whole numbers. `rows` reads them: one row = one person in one experiment with outcomes and the same of the time
    before (`before_…`)."""
    d = scope.dialect
    done = scope.done('e."at" AS moment', where="e.kind = 'click'")
    made = {
        "effect_tried": tried(),
        "effect_who": who(),
        "effect_places": places(scope),
        **sales(scope, "SELECT person_id FROM effect_who"),
        "effect_sold": "SELECT n.who, x.us, x.value FROM effect_sales AS x JOIN effect_who AS n "
        "ON n.person_id = x.person_id",
        "effect_clicks": f"""
        SELECT n.who, {d.micros("c.moment")} AS us FROM {done} AS c JOIN effect_who AS n ON n.person_id = c.person_id
        """,
    }
    made["effect_reached"] = _reached(scope)
    made["effect_bought"] = _windowed("effect_sold", "CAST(1 AS DOUBLE)", "orders", "x.value", "revenue")
    made["effect_clicked"] = _windowed("effect_clicks", "CAST(1 AS DOUBLE)", "clicks")
    made["effect_active"] = _active(scope)
    return made


def _reached(scope: Scope) -> str:
    """One row = one person of a campaign to whom one of its messages went in the window, whatever their arm."""
    at = scope.dialect.micros('e."at"')
    sent = scope.received("e.campaign", f"{at} AS us", where="e.kind = 'sent' AND e.campaign IS NOT NULL")
    return f"""
    SELECT DISTINCT p.seat FROM (
        SELECT x.place * {MOST_PEOPLE} + n.who AS seat, s.us FROM {sent} AS s
        JOIN effect_who AS n ON n.person_id = s.person_id
        JOIN effect_tried AS x ON x.experiment = concat('{CAMPAIGN}/', s.campaign)
    ) AS s JOIN effect_places AS p ON p.seat = s.seat AND s.us >= p.begins AND s.us < p.ends
    """


def sales(scope: Scope, people: str) -> dict[str, str]:
    """Name -> SQL, in order. The last, `effect_sales`: one row = one order of these people: when, and what it was worth
    in the brand's currency less what was given back. people: SQL that gives person_id."""
    d, mine = scope.dialect, f"currency = {scope.dialect.text(scope.currency)}"
    return {
        "order_lines": order_lines(scope),
        "refunds": refunds(scope),
        "effect_sales": f"""
        SELECT o.person_id, o.us, o.value - coalesce(b.value, 0) AS value FROM (
            SELECT order_no, min(person_id) AS person_id, {d.micros("min(moment)")} AS us,
                CAST(coalesce(sum(value) FILTER (WHERE {mine}), 0) AS DOUBLE) AS value
            FROM order_lines WHERE person_id IN ({people}) GROUP BY order_no
        ) AS o LEFT JOIN (
            SELECT order_no, CAST(sum(value) AS DOUBLE) AS value FROM refunds WHERE {mine} GROUP BY order_no
        ) AS b ON b.order_no = o.order_no
        """,
    }


def _windowed(source: str, *pairs: str) -> str:
    """Sums in the window and before it, of those who did anything at all."""
    columns = []
    for value, name in zip(pairs[::2], pairs[1::2], strict=True):
        columns.append(f"sum(CASE WHEN x.us >= p.begins THEN {value} ELSE 0 END) AS {name}")
        columns.append(f"sum(CASE WHEN x.us < p.begins THEN {value} ELSE 0 END) AS before_{name}")
    return f"""
    SELECT p.seat, {", ".join(columns)}
    FROM effect_places AS p JOIN {source} AS x ON x.who = p.who AND x.us >= p.before_from AND x.us < p.ends
    GROUP BY p.seat
    """


def _active(scope: Scope) -> str:
    """Who showed life in the second half of the window, and of the time before."""
    after = "x.day > (p.first_day + p.last_day) / 2.0"
    before = "x.day < p.first_day AND x.day >= p.first_day - (p.last_day - p.first_day) / 2.0"
    return f"""
    SELECT p.seat, max(CASE WHEN {after} AND x.day <= p.last_day THEN 1 ELSE 0 END) AS kept,
        max(CASE WHEN {before} THEN 1 ELSE 0 END) AS before_kept
    FROM effect_places AS p JOIN (
        SELECT n.who, {scope.dialect.day_number("d.day")} AS day
        FROM person_days AS d JOIN effect_who AS n ON n.person_id = d.person_id
    ) AS x ON x.who = p.who AND x.day >= p.first_day - (p.last_day - p.first_day) AND x.day <= p.last_day
    GROUP BY p.seat
    """


def rows(places: tuple[int | None, int | None]) -> Sorted:
    """One row = one person in one experiment: see `steps`. places: of the experiments from one up to but without
    another, None for an open end."""

    def of(alias: str, name: str) -> str:
        return f"CAST(coalesce({alias}.{name}, 0) AS DOUBLE) AS {name}"

    columns = [of("b", name) for name in ("orders", "before_orders", "revenue", "before_revenue")]
    columns += [of("c", name) for name in ("clicks", "before_clicks")]
    columns += [of("k", name) for name in ("kept", "before_kept")]
    columns += [
        f"CAST(CASE WHEN b.{name} > 0 THEN 1 ELSE 0 END AS DOUBLE) AS {side}buyers"
        for name, side in (("orders", ""), ("before_orders", "before_"))
    ]
    columns.append("CAST(CASE WHEN r.seat IS NULL THEN 0 ELSE 1 END AS DOUBLE) AS reached")
    part = marked("seat", between("seat", *("" if one is None else str(one * MOST_PEOPLE) for one in places)))
    joins = " ".join(
        f"LEFT JOIN (SELECT * FROM {table} WHERE {part}) AS {alias} ON {alias}.seat = p.seat"
        for table, alias in (
            ("effect_bought", "b"),
            ("effect_clicked", "c"),
            ("effect_active", "k"),
            ("effect_reached", "r"),
        )
    )
    return Sorted(
        f"""
    SELECT t.experiment, n.person_id, p.kind, p.arm, p.cluster, p.share, p.dose, p.begins, p.ends, p.whole,
        {", ".join(columns)}
    FROM (SELECT * FROM effect_places WHERE {part}) AS p JOIN effect_tried AS t ON t.place = p.place
    JOIN effect_who AS n ON n.who = p.who {joins}
    """,
        by="p.seat",
    )


def sums(by: str) -> str:
    """One row = one experiment and `by` (arm, or cluster and arm): n, how many were reached, and for each mean metric m
    the sums m_y, m_yy, m_x, m_xx, m_xy (x: before), m_ry (of the reached), and for the basket the sums over orders."""
    columns = []
    for metric in MEANS:
        y, x = metric.y, f"before_{metric.y}"
        columns += [
            f"sum({y}) AS {metric.name}_y", f"sum({y} * {y}) AS {metric.name}_yy", f"sum({x}) AS {metric.name}_x",
            f"sum({x} * {x}) AS {metric.name}_xx", f"sum({x} * {y}) AS {metric.name}_xy",
            f"sum(reached * {y}) AS {metric.name}_ry",
        ]  # fmt: skip
    return f"""
    SELECT experiment, {by}, count(*) AS n, sum(reached) AS reached, sum(revenue * orders) AS basket_xy,
        {", ".join(columns)}
    FROM effect_people GROUP BY experiment, {by}
    """


def experiments() -> str:
    """One row = one experiment: kind, unit, share, first and last start, end of the last window, counts of arms."""
    return """
    SELECT experiment, min(kind) AS kind,
        CASE WHEN min(share) = max(share) THEN max(share) END AS share, min(begins) AS begins,
        max(ends) AS ends, max(begins + whole) AS meant, count(*) FILTER (WHERE arm = 'treatment') AS n_treated,
        count(*) FILTER (WHERE arm = 'control') AS n_control,
        count(DISTINCT cluster) FILTER (WHERE arm = 'treatment') AS clusters_treated,
        count(DISTINCT cluster) FILTER (WHERE arm = 'control') AS clusters_control
    FROM effect_people GROUP BY experiment
    """


def increments() -> str:
    """One row = one experiment, unit (cluster where there is one, else the arm alone), arm and day of the window on
    which anybody bought: what sums of the cumulated outcomes grow by. One who buys d more has y² grow by d(2y + d)."""
    return f"""
    SELECT experiment, cluster, arm, age, sum(orders) AS orders_y, sum(orders * (2 * had + orders)) AS orders_yy,
        sum(value) AS revenue_y, sum(value * (2 * spent + value)) AS revenue_yy,
        sum(CASE WHEN had = 0 THEN 1.0 ELSE 0.0 END) AS buyers_y,
        sum(CASE WHEN had = 0 THEN 1.0 ELSE 0.0 END) AS buyers_yy
    FROM (
        SELECT experiment, cluster, arm, age, orders, value,
            sum(orders) OVER (PARTITION BY experiment, person_id ORDER BY age) - orders AS had,
            sum(value) OVER (PARTITION BY experiment, person_id ORDER BY age) - value AS spent
        FROM (
            SELECT p.experiment, p.person_id, p.cluster, p.arm,
                CAST(floor((x.us - p.begins) / {DAY_US}.0) AS INTEGER) AS age, count(*) * 1.0 AS orders,
                sum(x.value) AS value
            FROM effect_people AS p JOIN effect_sales AS x ON x.person_id = p.person_id
                AND x.us >= p.begins AND x.us < p.ends
            WHERE p.buyers = 1
            GROUP BY 1, 2, 3, 4, 5
        ) AS d
    ) AS w GROUP BY experiment, cluster, arm, age
    """
