"""Figures: what to draw, as data. Drawn as SVG on the server for the console and, the same, in notebooks.

from lianyi.doors.figures import Figure, Series
Figure(kind="lines", x=days, series=[Series(name="active", values=counts)])   # shows itself in a notebook
"""

from lianyi.doors.figures.figure import Figure, Series, Words

__all__ = ["Figure", "Series", "Words"]
