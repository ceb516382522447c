"""Lianyi (涟漪): a social CRM engine. Throw a stone, watch the ripple, prove what it earned.

import lianyi

ws = lianyi.open("brand", create=True)
ws.add("orders.csv", "group-chat.json")
ws.refresh()
ws.table("people").df()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lianyi.settings import Settings
    from lianyi.workspace import Workspace, open  # noqa: A004

__version__ = "0.1.0.dev0"
__all__ = ["Settings", "Workspace", "__version__", "open"]


def __getattr__(name: str) -> Any:
    # Late, so that `lianyi --help` and the collector do not pay for pyarrow and DuckDB.
    if name in {"open", "Workspace"}:
        from lianyi import workspace

        return getattr(workspace, name)
    if name == "Settings":
        from lianyi.settings import Settings

        return Settings
    raise AttributeError(f"module 'lianyi' has no attribute {name!r}")
