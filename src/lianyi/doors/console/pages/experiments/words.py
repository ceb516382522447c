"""Experiments in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lianyi.action.team.rights import Text
from lianyi.doors.console.templatetags.said import money, number, percent, unknown

KINDS: Mapping[str, Text] = {
    "campaign": gettext_lazy("Campaign"), "journey": gettext_lazy("Journey"),
    "global": gettext_lazy("Global control group"), "trial": gettext_lazy("Trial"),
}  # fmt: skip
UNITS: Mapping[str, Text] = {
    "person": gettext_lazy("people one by one"), "community": gettext_lazy("communities as a whole"),
}  # fmt: skip
METRICS: Mapping[str, Text] = {
    "buyers": gettext_lazy("Share who bought"), "orders": gettext_lazy("Orders a person"),
    "revenue": gettext_lazy("Net revenue a person"), "kept": gettext_lazy("Share still active"),
    "clicks": gettext_lazy("Clicks a person"), "basket": gettext_lazy("Net revenue an order"),
}  # fmt: skip
ESTIMATORS: Mapping[str, Text] = {
    "difference": gettext_lazy("plain difference"), "cuped": gettext_lazy("adjusted by the time before (CUPED)"),
    "lift": gettext_lazy("relative"), "ratio": gettext_lazy("ratio, delta method"),
    "clustered": gettext_lazy("difference, by community"),
    "clustered_cuped": gettext_lazy("adjusted, by community"),
    "cace": gettext_lazy("on those reached because they were assigned (CACE)"),
    "direct": gettext_lazy("direct: oneself treated, nobody else"),
    "spill": gettext_lazy("spill-over: everybody else, not oneself"),
    "total": gettext_lazy("total: everybody against nobody"),
}  # fmt: skip
FLAGS: Mapping[str, Text] = {
    "sample_ratio": gettext_lazy("The arms are not of the sizes that were meant: don't believe these figures."),
    "running": gettext_lazy("Still running: what is shown is so far."),
    "few_clusters": gettext_lazy("Few communities: the interval leans on an approximation."),
    "too_few": gettext_lazy("Too few people on one side to tell."),
    "no_covariate": gettext_lazy("Nobody did anything in the time before, so nothing could be adjusted."),
    "no_variation": gettext_lazy("Exposure hardly varied, so direct effect and spill-over can't be told apart."),
    "weak_first_stage": gettext_lazy("Hardly more of the treated were reached: bounds may have no end."),
    "observational": gettext_lazy("From observation, not from an experiment."),
    "overlap": gettext_lazy("Many people have nobody like them in the other arm."),
}  # fmt: skip


def effect(value: float | None, unit: str) -> str:
    """An effect with its sign, in its unit."""
    if value is None:
        return str(unknown())
    if unit == "share":
        return _("%(points)s points") % {"points": f"{value * 100:+.2f}"}
    if unit == "ratio":
        return f"{value * 100:+.1f}%"
    if unit in {"orders", "clicks"}:
        return f"{value:+.4f}"
    return ("+" if value >= 0 else "") + str(money(value, unit))


def level(value: float | None, unit: str) -> str:
    """A mean, in its unit."""
    if value is None:
        return str(unknown())
    if unit == "share":
        return percent(value, 2)
    return number(value, 4) if unit in {"orders", "clicks"} else money(value, unit)


def said(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `effects` in words. sure: +1 or -1 where the interval leaves 0 out, else 0."""
    unit = row["unit"]
    low, high = row["low"], row["high"]
    sure = 0 if low is None else 1 if low > 0 else -1 if high < 0 else 0
    return {
        **row, "of": METRICS.get(row["metric"], row["metric"]),
        "by": ESTIMATORS.get(row["estimator"], row["estimator"]),
        "value": effect(row["estimate"], unit), "from": effect(low, unit), "to": effect(high, unit), "sure": sure,
        "treated": level(row["mean_treated"], unit if unit != "ratio" else ""),
        "control": level(row["mean_control"], unit if unit != "ratio" else ""),
    }  # fmt: skip


def flags(text: str) -> list[Text]:
    """What to beware of, in sentences."""
    return [FLAGS.get(flag, flag) for flag in text.split(",") if flag]
