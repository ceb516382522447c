"""An owner's month, for every door: money, people, campaigns, effects, communities, ripples, and what to do next.

    report(ws, month_of("2026-10")).data()

Every section says for which moment it speaks (as_of), from which tables, and how it is made. What is not known is None.
"""

from __future__ import annotations

from lianyi.report.months import Month, latest, month, months
from lianyi.report.whole import Report, report

__all__ = ["Month", "Report", "latest", "month", "months", "report"]
