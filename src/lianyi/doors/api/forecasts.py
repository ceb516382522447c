"""Forecasts by API: how good they were, and those of one ripple."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from lianyi.doors.api.endpoint import Api, Parameter, built

api = Api()


@api.add(
    "GET",
    "forecasts",
    right="people.see",
    says="How good forecasts of ripples were, per point; with `ripple`, that ripple's forecasts and outcomes.",
    query=(Parameter(name="ripple", says="id of a ripple"),),
)
def forecasts(request: HttpRequest) -> dict[str, Any]:
    """Rows of `ws.ripples.forecasts()`."""
    ws = built("forecasts")
    return {
        "as_of": ws.states()["forecasts"].as_of,
        "forecasts": ws.ripples.forecasts(request.GET.get("ripple") or None),
    }
