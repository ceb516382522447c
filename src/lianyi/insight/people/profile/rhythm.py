"""At which hours and on which weekdays a person shows life. Counted in days, so that one long night is one."""

from __future__ import annotations

from lianyi.insight.scope import Scope
from lianyi.insight.zone import weekday_of

PREFERRED_HOURS = 3


def rhythms(scope: Scope) -> str:
    """One row = one person who ever showed life: days active, first and last of them, preferred hours and weekday.

    Hours and weekdays are ranked by the number of days on which they were used; the earlier one wins a tie.
    """
    d = scope.dialect
    # one number per hour: days first, then the earlier hour higher
    hours = d.items(*(f"CAST(sum({d.bit('hours', hour)}) * 32 + {31 - hour} AS BIGINT)" for hour in range(24)))
    weekdays = ", ".join(f"on_{day} * 8 + {7 - day}" for day in range(1, 8))
    on = ", ".join(f"count(*) FILTER (WHERE weekday = {day}) AS on_{day}" for day in range(1, 8))
    used = d.only("top", "code", "code >= 32")
    return f"""
    SELECT person_id, days_active, {scope.date("first_day")} AS first_active, {scope.date("last_day")} AS last_active,
        31 - top[{d.first}] % 32 AS preferred_hour, {d.each(used, "code", "31 - code % 32")} AS preferred_hours,
        7 - weekday % 8 AS preferred_weekday
    FROM (
        SELECT person_id, days_active, first_day, last_day, {d.largest("hours", PREFERRED_HOURS)} AS top,
            greatest({weekdays}) AS weekday
        FROM (
        SELECT person_id, count(*) AS days_active, min(day) AS first_day, max(day) AS last_day, {hours} AS hours, {on}
        FROM (
            SELECT person_id, hours, day, {weekday_of("day")} AS weekday
            FROM (SELECT person_id, hours, {d.day_number("day")} AS day FROM person_days) AS n
        ) AS p
        GROUP BY person_id
        ) AS r
    ) AS t
    """
