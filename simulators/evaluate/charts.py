"""Lines and dots as inline SVG, told apart by dashes and labels as well as by colour."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 16, 48
COLOURS = ("#0b5d4e", "#8a2f00", "#4b3aa8", "#6b5400", "#a3005c", "#005a9c", "#555555", "#2b7a0b", "#777777")
DASHES = ("", "8 4", "3 3", "12 4 3 4", "1 4", "6 2 2 2", "2 6", "10 3", "4 4 1 4")
LABEL_GAP = 15


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, `ticks` with what is written there; equal ratios are equally far apart if `log`."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    log: bool = False

    def share(self, value: float) -> float:
        low, high, here = (math.log(each) if self.log else each for each in (self.low, self.high, self._held(value)))
        return (here - low) / (high - low)

    def _held(self, value: float) -> float:
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: Sequence[tuple[float, float]]
    bold: bool = False


def chart(title: str, across: Axis, up: Axis, lines: Sequence[Line]) -> str:
    """`title` is read out instead of the picture; the figures themselves stand in tables."""
    x, y = _places(across, up)
    drawn = [_line(line, place, x, y) for place, line in enumerate(lines)]
    parts = [_grid(across, up, x, y), *drawn, _labels(lines, y)]
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
    return head + "".join(parts) + "</svg>"


def dots(title: str, across: Axis, up: Axis, points: Sequence[tuple[float, float, str]]) -> str:
    """One dot for each (x, y, name)."""
    x, y = _places(across, up)
    drawn = "".join(
        f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="5" class="dot"><title>{escape(name)}</title></circle>'
        for a, b, name in points
    )
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
    return head + _grid(across, up, x, y) + drawn + "</svg>"


Place = Callable[[float], float]


def _places(across: Axis, up: Axis) -> tuple[Place, Place]:
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    return lambda value: LEFT + across.share(value) * wide, lambda value: HEIGHT - BOTTOM - up.share(value) * high


def _grid(across: Axis, up: Axis, x: Place, y: Place) -> str:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    rules = [f'<path class="rule" d="M{x(at):.1f} {TOP}V{bottom}"/>' for at, _ in across.ticks]
    rules += [f'<path class="rule" d="M{LEFT} {y(at):.1f}H{right}"/>' for at, _ in up.ticks]
    said = [_text(x(at), bottom + 16, name, "middle") for at, name in across.ticks]
    said += [_text(LEFT - 6, y(at) + 4, name, "end") for at, name in up.ticks]
    said.append(_text((LEFT + right) / 2, HEIGHT - 8, across.title, "middle"))
    turned = f'<text transform="translate(14 {(TOP + bottom) / 2:.0f}) rotate(-90)" text-anchor="middle">'
    return "".join([*rules, *said, turned, escape(up.title), "</text>"])


def _text(x: float, y: float, said: str, anchor: str = "start", colour: str = "", bold: bool = False) -> str:
    fill = (f' fill="{colour}"' if colour else "") + (' class="bold"' if bold else "")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{fill}>{escape(said)}</text>'


def _line(line: Line, place: int, x: Place, y: Place) -> str:
    path = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in line.points)
    look = f'stroke="{COLOURS[place]}" stroke-dasharray="{DASHES[place]}" stroke-width="{3.5 if line.bold else 1.8}"'
    return f'<path class="line" {look} d="M{path}"/>'


def _labels(lines: Sequence[Line], y: Place) -> str:
    """Beside the end of each line, moved apart where they would cover one another."""
    order = sorted(range(len(lines)), key=lambda place: y(lines[place].points[-1][1]))
    heights: list[float] = []
    for place in order:
        wanted = y(lines[place].points[-1][1])
        heights.append(max(wanted, heights[-1] + LABEL_GAP) if heights else wanted)
    over = max(0.0, heights[-1] - (HEIGHT - BOTTOM)) if heights else 0.0
    placed = zip(order, heights, strict=True)
    x = WIDTH - RIGHT + 8
    return "".join(
        _text(x, high - over + 4, lines[place].name, colour=COLOURS[place], bold=lines[place].bold)
        for place, high in placed
    )
