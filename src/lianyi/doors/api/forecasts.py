"""Forecasts by API: how good they were, and those of one ripple."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from lianyi.doors.api.endpoint import Api, ApiError, Parameter
from lianyi.doors.console.brand import workspace

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
    ws = workspace()
    state = ws.states().get("forecasts")
    if state is None:
        raise ApiError(409, "the tables are not built yet; POST /api/v1/refresh first")
    return {"as_of": state.as_of, "forecasts": ws.ripples.forecasts(request.GET.get("ripple") or None)}
