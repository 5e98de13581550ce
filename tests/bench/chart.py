"""A chart as SVG: lines over axes that are logarithmic on both sides, readable in light and dark."""

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 480, 400
LEFT, RIGHT, TOP, BOTTOM = 72, 24, 56, 56
LABEL_GAP = 14

STYLE = """\
text { font-family: system-ui, sans-serif; font-size: 13px; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.axis { stroke: #57606a; fill: none }
.grid { stroke: #d8dee4 }
.back { fill: #ffffff }
.line { fill: none; stroke-width: 2.5 }
.s0 { stroke: #0550ae } .f0 { fill: #0550ae }
.s1 { stroke: #bc4c00; stroke-dasharray: 7 4 } .f1 { fill: #bc4c00 }
.s2 { stroke: #1a7f37; stroke-dasharray: 2 4 } .f2 { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .axis { stroke: #9198a1 } .grid { stroke: #30363d } .back { fill: #0d1117 }
  .s0 { stroke: #58a6ff } .f0 { fill: #58a6ff }
  .s1 { stroke: #ffa657 } .f1 { fill: #ffa657 }
  .s2 { stroke: #3fb950 } .f2 { fill: #3fb950 }
}
"""


class Scale:
    """One axis: from the power of ten below the least to the one above the largest."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low = math.floor(math.log10(min(values)) + 1e-9)
        self.high = max(self.low + 1, math.ceil(math.log10(max(values)) - 1e-9))
        self.start, self.end = start, end

    def at(self, value: float) -> float:
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)

    @property
    def powers(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def short(number: float) -> str:
    """1k, 100k, 1M; below a thousand, the number itself."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:g}{unit}"
    return f"{number:g}"


def panel(title: str, unit: str, over: str, series: Mapping[str, Points], left: float) -> list[str]:
    """One chart; `left` is where it begins."""
    points = [point for line in series.values() for point in line]
    x = Scale([size for size, _ in points], left + LEFT, left + WIDTH - RIGHT)
    y = Scale([value for _, value in points], HEIGHT - BOTTOM, TOP)
    middle = (TOP + HEIGHT - BOTTOM) / 2
    drawn = [
        f'<text class="title" x="{left + LEFT}" y="26">{escape(title)}</text>',
        f'<text x="{(x.start + x.end) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(over)}</text>',
        f'<text transform="translate({left + 18} {middle}) rotate(-90)" text-anchor="middle">{escape(unit)}</text>',
    ]
    for power in y.powers:
        drawn += [
            f'<path class="grid" d="M{x.start} {y.at(power)}H{x.end}"/>',
            f'<text x="{x.start - 8}" y="{y.at(power) + 4}" text-anchor="end">{short(power)}</text>',
        ]
    for power in x.powers:
        drawn += [
            f'<path class="grid" d="M{x.at(power)} {y.start}V{y.end}"/>',
            f'<text x="{x.at(power)}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{short(power)}</text>',
        ]
    drawn.append(f'<path class="axis" d="M{x.start} {y.end}V{y.start}H{x.end}"/>')
    for number, line in enumerate(series.values()):
        path = "L".join(f"{x.at(size)} {y.at(value)}" for size, value in line)
        drawn.append(f'<path class="line s{number}" d="M{path}"/>')
        drawn += [f'<circle class="f{number}" cx="{x.at(size)}" cy="{y.at(value)}" r="3.5"/>' for size, value in line]
    return drawn + legend(list(series), x.start + LABEL_GAP, y.end + LABEL_GAP)


def legend(names: Sequence[str], left: float, top: float) -> list[str]:
    drawn = []
    for number, name in enumerate(names):
        height = top + number * 20
        drawn += [
            f'<path class="line s{number}" d="M{left} {height}h30"/>',
            f'<text x="{left + 38}" y="{height + 4}">{escape(name)}</text>',
        ]
    return drawn


def chart(description: str, panels: Sequence[tuple[str, str, Mapping[str, Points]]], over: str) -> str:
    """Panels side by side: title, unit and lines by name."""
    width = WIDTH * len(panels)
    drawn = [
        line
        for number, (title, unit, series) in enumerate(panels)
        for line in panel(title, unit, over, series, number * WIDTH)
    ]
    return (
        "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" role="img" '
                f'width="{width}" height="{HEIGHT}" aria-labelledby="what">',
                f'<title id="what">{escape(description)}</title>',
                f"<style>\n{STYLE}</style>",
                f'<rect class="back" width="{width}" height="{HEIGHT}"/>',
                *drawn,
                "</svg>",
            ]
        )
        + "\n"
    )
