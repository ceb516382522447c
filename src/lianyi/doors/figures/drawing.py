"""Draws a figure as SVG text. Classes only, no style attributes: the console's policy forbids them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from lianyi.doors.figures.figure import Figure, Series, Value

TOP, RIGHT, BOTTOM, LEFT = 10, 8, 24, 46
FLAT = 1e-9  # what differs by less is drawn as one height


@dataclass(frozen=True, kw_only=True)
class _Plane:
    """Where values lie in the drawing: the span of y, and the pixels."""

    low: float
    high: float
    step: float
    width: int
    height: int
    count: int

    def y(self, value: float) -> float:
        inner = self.height - TOP - BOTTOM
        return TOP + inner * (self.high - value) / (self.high - self.low)

    @property
    def slot(self) -> float:
        return (self.width - LEFT - RIGHT) / max(self.count, 1)

    def x(self, index: int) -> float:
        return LEFT + self.slot * (index + 0.5)

    def ticks(self) -> Iterator[float]:
        count = round((self.high - self.low) / self.step)
        yield from (self.low + self.step * index for index in range(count + 1))


def draw(figure: Figure, *, width: int, height: int) -> str:
    """The SVG. Every position has a transparent `.hit` that carries its values for the tip (see console.js)."""
    plane = _plane(figure, width, height)
    marks = _bars(figure, plane) if figure.kind in {"bars", "stacked"} else _curves(figure, plane)
    body = "".join((*_grid(figure, plane), *marks, *_hits(figure, plane)))
    label = escape(figure.title, quote=True)
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{body}</svg>'


def _plane(figure: Figure, width: int, height: int) -> _Plane:
    lowest, highest = _span(figure)
    span = highest - lowest
    step = _step(span if span > FLAT else 1.0, 4 if height >= 150 else 2)
    # Shares that make a whole add up to a hair more than 1: no grid line of its own for that hair.
    low, high = math.floor(lowest / step + FLAT) * step, math.ceil(highest / step - FLAT) * step
    return _Plane(low=low, high=max(high, low + step), step=step, width=width, height=height, count=len(figure.x))


def _span(figure: Figure) -> tuple[float, float]:
    """The lowest and highest point that is drawn; 0 is always in."""
    if figure.kind == "stacked":
        up = [sum(_number(s.values[i]) for s in figure.series if not s.down) for i in range(len(figure.x))]
        down = [-sum(_number(s.values[i]) for s in figure.series if s.down) for i in range(len(figure.x))]
        points = [*up, *down]
    else:
        points = [_signed(series, value) for series in figure.series for value in series.values if value is not None]
    return min([0.0, *points]), max([0.0, *points])


def _number(value: Value) -> float:
    return 0.0 if value is None else float(value)


def _signed(series: Series, value: Value) -> float:
    return -_number(value) if series.down else _number(value)


def _step(span: float, wanted: int) -> float:
    """A round distance of grid lines: 1, 2 or 5 times a power of ten, at least 1 for whole counts."""
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough - 1e-12)


def _grid(figure: Figure, plane: _Plane) -> Iterator[str]:
    mirrored = any(series.down for series in figure.series)  # what is drawn below is not below nought
    for tick in plane.ticks():
        y, kind = round(plane.y(tick), 1), "axis" if tick == 0 else "grid"
        yield f'<line class="{kind}" x1="{LEFT}" x2="{plane.width - RIGHT}" y1="{y}" y2="{y}"/>'
        said = escape(figure.words.tick(abs(tick) if mirrored or tick == 0 else tick))
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{said}</text>'
    shown = max(1, (plane.width - LEFT) // 64)
    every = math.ceil(plane.count / shown) if plane.count else 1
    for index in range((plane.count - 1) % every if plane.count else 0, plane.count, every):
        said = escape(figure.words.tick_position(figure.x[index]))
        x = min(max(plane.x(index), LEFT + 12), plane.width - RIGHT - 14)
        yield f'<text x="{x:.1f}" y="{plane.height - 6}" text-anchor="middle">{said}</text>'


def _curves(figure: Figure, plane: _Plane) -> Iterator[str]:
    for series in figure.series:
        colour = figure.colour(series)
        for run in _runs(series, plane):
            path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in run)
            if figure.kind == "areas":
                zero = plane.y(0)
                closed = f"{path} L{run[-1][0]:.1f} {zero:.1f} L{run[0][0]:.1f} {zero:.1f} Z"
                yield f'<path class="area c{colour}" d="{closed}"/>'
            yield f'<path class="line c{colour}" d="{path}"/>'
            if len(run) == 1:
                yield f'<circle class="spot c{colour}" cx="{run[0][0]:.1f}" cy="{run[0][1]:.1f}" r="3.5"/>'


def _runs(series: Series, plane: _Plane) -> Iterator[list[tuple[float, float]]]:
    """Stretches of known values; what is unknown stays a gap."""
    run: list[tuple[float, float]] = []
    for index, value in enumerate(series.values):
        if value is not None:
            run.append((plane.x(index), plane.y(_signed(series, value))))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _bars(figure: Figure, plane: _Plane) -> Iterator[str]:
    beside = 1 if figure.kind == "stacked" else max(len(figure.series), 1)
    width = max(1.0, plane.slot * 0.72 / beside)
    for index in range(plane.count):
        heights = {True: 0.0, False: 0.0}
        left = plane.x(index) - width * beside / 2
        for place, series in enumerate(figure.series):
            value = _signed(series, series.values[index])
            base = heights[series.down] if figure.kind == "stacked" else 0.0
            heights[series.down] = base + value
            if value:
                x = left + (0 if figure.kind == "stacked" else place * width)
                top, bottom = sorted((plane.y(base), plane.y(base + value)))
                yield (
                    f'<rect class="bar c{figure.colour(series)}" x="{x:.1f}" y="{top:.1f}" '
                    f'width="{width:.1f}" height="{max(bottom - top, 0.8):.1f}" rx="{min(2.0, width / 4):.1f}"/>'
                )


def _hits(figure: Figure, plane: _Plane) -> Iterator[str]:
    names = [series.name for series in figure.series]
    for index, (position, values) in enumerate(figure.rows()):
        says = "\n".join([position, *(f"{name}\t{value}" for name, value in zip(names, values, strict=True))])
        yield (
            f'<rect class="hit" x="{plane.x(index) - plane.slot / 2:.1f}" y="{TOP}" width="{plane.slot:.1f}" '
            f'height="{plane.height - TOP - BOTTOM}" data-says="{escape(says, quote=True)}"/>'
        )


_COLOURS = ("#0d7377", "#c46a1b", "#5b5fc7", "#b83d6e", "#5f7f1e", "#68777f")


def in_notebook(figure: Figure) -> str:
    """The drawing with its own style sheet, readable on light and dark notebooks, and a legend."""
    colours = "".join(
        f".lianyi .c{n}{{stroke:{c};fill:{c}}}.lianyi b.c{n}{{color:{c}}}" for n, c in enumerate(_COLOURS, 1)
    )
    style = (
        ".lianyi svg{max-width:720px;font:12px sans-serif}.lianyi text{fill:#808a87}.lianyi .grid{stroke:#80808040}"
        ".lianyi .axis{stroke:#808080}.lianyi .hit{fill:none}" + colours + ".lianyi .line{fill:none;stroke-width:2}"
        ".lianyi .area{opacity:.16;stroke:none}.lianyi .bar{stroke:none}"
    )
    legend = " ".join(f'<b class="c{figure.colour(s)}">■</b> {escape(s.name)}' for s in figure.series)
    title = f"<div><b>{escape(figure.title)}</b></div>" if figure.title else ""
    return f'<div class="lianyi"><style>{style}</style>{title}{figure.svg()}<div>{legend}</div></div>'
