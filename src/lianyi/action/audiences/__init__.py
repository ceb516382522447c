"""Audiences: live sets of people defined by a condition, and static lists. Who is in, why, and who entered and left."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lianyi.workspace import Workspace


def why(ws: Workspace, condition: str, person_id: str, language: str) -> str:
    """Everything that a condition looked at for one person, in words."""
    from lianyi.action.audiences import conditions  # its models need Django

    return conditions.why(ws, condition, person_id, language)
