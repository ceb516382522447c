"""Learn the forecasters that are shipped, on simulated brands, and write them into the package.

    python benchmarks/shipped_forecasts.py

Nothing real is in them. Own past takes their place as soon as 40 ripples have ended (docs/methods/forecasts.md).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from lianyi import world
from lianyi.insight.ripples.forecasting import shipped
from lianyi.insight.ripples.forecasting.growth import POINTS, Growth, growth
from lianyi.insight.ripples.forecasting.learning import learn_forecaster, look
from lianyi.insight.ripples.forecasting.table import HORIZON

SEEDS = (101, 102, 103, 104)
PEOPLE, DAYS = 3000, 365
YEAR = 24.0 * 366  # worlds are laid one after the other in time


def ripples(seed: int) -> tuple[Any, Any, Any, Any]:
    """(ripple, hours, person, generation) of one world; ripples of one campaign are one, as in the table."""
    truth = world.generate(world.WorldSettings(people=PEOPLE, seed=seed, start=date(2025, 1, 1), days=DAYS)).truth()
    rows = truth.spread.to_pandas().merge(truth.cascades.to_pandas()[["cascade", "campaign"]], on="cascade")
    rows["ripple"] = rows["campaign"].where(rows["campaign"].notna(), rows["cascade"].astype(str))
    rows = rows.sort_values("at").drop_duplicates(["ripple", "person"])
    hours = rows["at"].astype("int64").to_numpy() / 3.6e9
    return rows["ripple"].to_numpy(), hours - hours.min(), rows["person"].to_numpy(), rows["generation"].to_numpy()


def whole() -> Growth:
    """All worlds, cut at the horizon."""
    parts = [ripples(seed) for seed in SEEDS]
    names = np.concatenate([np.char.add(f"{number} ", part[0].astype(str)) for number, part in enumerate(parts)])
    at = np.concatenate([part[1] + number * YEAR for number, part in enumerate(parts)])
    person = np.concatenate([part[2] + number * PEOPLE for number, part in enumerate(parts)])
    generation = np.concatenate([part[3] for part in parts])
    ripple = np.unique(names, return_inverse=True)[1]
    began = np.full(int(ripple.max()) + 1, np.inf)
    np.minimum.at(began, ripple, at)
    early = at <= began[ripple] + HORIZON
    return growth(ripple=ripple[early], at=at[early], person=person[early], generation=generation[early])


def main() -> None:
    """Learn, write, say how they did."""
    grown = whole()
    made, figures = {}, {}
    for point in POINTS:
        seen = look(grown, point)
        found = learn_forecaster(seen, grown.size[seen.ripple].astype(np.float64))
        if found is None:
            raise SystemExit(f"too few ripples reach {point.name}")
        made[point.name] = found
        errors = {name: round(error, 3) for name, error in found.errors.items()}
        ripples_seen = found.learned + found.checked
        figures[point.name] = {"law": found.law.name, "ripples": ripples_seen, "msle_log2": errors}
        print(point.name, figures[point.name])
    about = {"from": "lianyi.world", "seeds": SEEDS, "people": PEOPLE, "days": DAYS,
             "by": "benchmarks/shipped_forecasts.py", "points": figures}  # fmt: skip
    shipped.write(made, about)
    print(f"{shipped.FILE.name}: {shipped.FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
