"""The words of experiments: kinds, arms, metrics, windows; shared by tables and by those who assign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

TREATMENT, CONTROL = "treatment", "control"
CAMPAIGN, JOURNEY, GLOBAL, TRIAL = "campaign", "journey", "global", "trial"
KINDS = (CAMPAIGN, JOURNEY, GLOBAL, TRIAL)
PERSON, COMMUNITY = "person", "community"
UNITS = (PERSON, COMMUNITY)
# How long after a person was assigned their acts count. The global control group has no end: until it is changed.
WINDOWS = {CAMPAIGN: timedelta(days=14), JOURNEY: timedelta(days=28), TRIAL: timedelta(days=14)}
# Of the global control group, how long the time before is at most, for comparison.
LONGEST_BEFORE = timedelta(days=180)


def experiment_of(kind: str, name: str) -> str:
    """The name of an experiment in all tables, e.g. `campaign/spring`."""
    return f"{kind}/{name}"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What is measured. unit: of its mean; y: the column of a person's outcome; below: the column it is divided by, for
    ratios; looked_at: has a daily series."""

    name: str
    unit: str
    y: str
    below: str = ""
    looked_at: bool = False


METRICS = (
    Metric(name="buyers", unit="share", y="buyers", looked_at=True),
    Metric(name="orders", unit="orders", y="orders", looked_at=True),
    Metric(name="revenue", unit="currency", y="revenue", looked_at=True),
    Metric(name="kept", unit="share", y="kept"),
    Metric(name="clicks", unit="clicks", y="clicks"),
    Metric(name="basket", unit="currency", y="revenue", below="orders"),
)
MEANS = tuple(metric for metric in METRICS if not metric.below)
