"""How good forecasts were: SQL over `forecasts` and `spread_checks`."""

from __future__ import annotations

# One row = one kind of forecast at one point. error is log2 of what came over what was foretold, so 1 = twice as many;
# the same without forecast (nobody more comes) stands beside it. Forecasts that are not due yet are only counted.
SCORES = """
SELECT point, kind, count(*) AS forecasts, count(final) AS due,
    avg(CASE WHEN covered THEN 1.0 WHEN NOT covered THEN 0.0 END) AS coverage, avg(error) AS bias,
    avg(error * error) AS squared_error, avg(power(log2(final) - log2(seen), 2)) AS still_squared_error,
    avg(CASE WHEN final IS NOT NULL THEN high - low END) AS width
FROM forecasts GROUP BY point, kind
ORDER BY CASE point WHEN '30 min' THEN 1 WHEN '1 h' THEN 2 WHEN '6 h' THEN 3 WHEN '5 people' THEN 4 ELSE 5 END,
    kind DESC
"""
PROMISES = "SELECT part, exposures, promised, came, chance_low, chance_high FROM spread_checks ORDER BY part"
OF_RIPPLE = 'SELECT * FROM forecasts WHERE ripple_id = ? ORDER BY "at", point'
