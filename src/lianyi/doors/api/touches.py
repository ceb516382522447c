"""Touches by API: what one more contact adds, by number, spacing and audience."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from lianyi import touches as reading
from lianyi.doors.api.endpoint import Api, Parameter, built

api = Api()


@api.add(
    "GET", "touches", right="people.see",
    says="What one more touch adds, by number and spacing: as it looks, among people alike, by lot; where it stops.",
    query=(
        Parameter(name="audience", says="all (usual), bought, active, community or audience"),
        Parameter(name="member", says="yes or no of bought and active, else the id of the community or audience"),
        Parameter(name="counted", says="message (usual): what we sent; any: also answers, shares, contents seen"),
    ),
)  # fmt: skip
def touches(request: HttpRequest) -> dict[str, Any]:
    """Rows of tables `touches` and `touch_stops`, and whom else they tell of."""
    ws, data = built("touches"), request.GET
    found = reading.touches(
        ws, audience=data.get("audience") or reading.ALL, member=data.get("member", ""),
        counted=data.get("counted") or reading.MESSAGE,
    )  # fmt: skip
    return {**found, "audiences": reading.audiences(ws)}
