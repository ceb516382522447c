"""The page on forecasts: figures that are known, and none where nothing is known."""

from __future__ import annotations

from typing import Any

from lianyi.doors.console.pages.forecasts import _said, coverage, reliability
from lianyi.workspace import Workspace
from tests.doors.console.test_person import text
from tests.doors.standing import Standing

KNOWN = {"point": "1 h", "kind": "live", "forecasts": 20, "due": 10, "coverage": 0.9, "bias": 1.0,
         "squared_error": 0.5, "still_squared_error": 2.0, "width": 3.0}  # fmt: skip
OPEN = dict.fromkeys(KNOWN) | {"point": "6 h", "kind": "afterwards", "forecasts": 3, "due": 0}


def test_what_is_not_due_has_no_figures() -> None:
    said: dict[str, Any] = _said(OPEN)
    assert (said["forecasts"], said["due"], said["coverage"], said["bias"], said["error"]) == (3, 0, "—", "—", "—")
    assert (_said(KNOWN)["coverage"], _said(KNOWN)["bias"]) == ("90%", "+100%")


def test_figures_have_gaps_where_nothing_is_known() -> None:
    figure = coverage([KNOWN, OPEN])
    assert [list(series.values) for series in figure.series] == [[90, None], [None, None], [90, 90]]
    made = reliability([{"part": 1, "promised": 2.0, "came": 1.0}, {"part": 2, "promised": 5.0, "came": 6.0}])
    assert [list(series.values) for series in made.series] == [[2.0, 5.0], [1.0, 6.0]]


def test_the_page_is_there_for_members_only(standing: Standing, brand: Workspace) -> None:
    assert "How good are our forecasts?" in text(standing.owner.get("/forecasts"))
    assert standing.stranger.get("/forecasts").status_code == 302
    assert isinstance(brand.ripples.forecasts(), list)
