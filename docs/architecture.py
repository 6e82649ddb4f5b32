"""Draws ``docs/architecture.svg``: the rooms of every package, and what they import.

Rows are the layers that ``pyproject.toml`` holds the packages to. A room is a box with a square
for each of its modules. An arrow is an import; those that follow from other arrows are left out,
so an arrow from A to B and one from B to C say that A may use C as well. The same code gives the
same bytes. Lengths are pixels.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import grimp
from scipy.optimize import isotonic_regression

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "architecture.svg"
STYLE = ROOT / "docs" / "architecture.css"

HOUSES = {
    "notebooks": "lessons, and sweeps as notebooks",
    "experiments": "the command fpbench: measure, choose, report",
    "fpcore": "the command fpcore: learn, recognise",
    "clients": "programs that ask the service",
    "api": "the service: recognise over REST",
}
"""The packages, and what each is for."""

COLUMNS = (("notebooks", "experiments"), ("fpcore",), ("clients", "api"))
"""Which packages stand side by side, and which above each other."""

ROW, BOX, GAP = 62, 38, 10
"""From one row to the next; the height of a box; the least space between two boxes."""
HEAD, EDGE, APART = 64, 16, 44
"""Height of a house's title; space within its frame; space between houses."""
LETTER, NOTE, DOT = 7.5, 7, 7
"""Width of a letter in the name of a room and in a note, and of the square of a module."""
WAY, LONG, CENTRE = 8, 20.0, 0.02
"""Width of an arrow where it passes a row; how much its straightness counts there, and how much
it counts that all are near the middle, both beside the length of an arrow."""

TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker>'
)
"""The point of an arrow."""


@dataclass(eq=False)
class Stop:
    """A place in a row: a room, or with an empty name where an arrow passes the row."""

    name: str = ""
    n_modules: int = 0
    x: float = 0.0
    above: list[Stop] = field(default_factory=list)
    below: list[Stop] = field(default_factory=list)

    @property
    def width(self) -> float:
        """How wide the room is, by its name and its modules."""
        if not self.name:
            return WAY
        return max(len(self.name) * LETTER + 18, self.n_modules * DOT + 18, 58)


Rows = list[list[Stop]]


@dataclass(frozen=True)
class House:
    """A package: the rows of its rooms from top to bottom, and the arrows between rooms."""

    name: str
    rows: Rows
    arrows: Sequence[tuple[Stop, ...]]

    @property
    def width(self) -> int:
        """How wide its frame is."""
        stops = [stop for row in self.rows for stop in row]
        rooms = max(stop.x + stop.width / 2 for stop in stops) + 2 * EDGE
        return round(max(rooms, len(HOUSES[self.name]) * NOTE + 2 * EDGE))

    @property
    def height(self) -> int:
        """How high its frame is."""
        return HEAD + ROW * len(self.rows) - (ROW - BOX) + EDGE


@dataclass(frozen=True)
class Frame:
    """Where a house stands."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Its lower edge."""
        return self.y + self.height


def layers_of(package: str, rooms: Set[str]) -> list[list[str]]:
    """Return the layers of a package from top to bottom as its contract has them, or just one."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in content["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers" and contract.get("containers") == [package]:
            layers = [layer.replace("|", " ").split() for layer in contract["layers"]]
            return [
                [name for name in layer if name in rooms] for layer in layers if rooms & {*layer}
            ]
    return [sorted(rooms)]


def house_of(package: str, graph: grimp.ImportGraph) -> House:
    """Return the rooms of a package in their places, with the arrows between them."""
    rooms = sorted(room for room in graph.find_children(package) if "__main__" not in room)
    imports = {one: {other for other in rooms if _uses(graph, one, other)} for one in rooms}
    stops = {room: Stop(room.rpartition(".")[2], _n_modules(graph, room)) for room in rooms}
    by_name = {stop.name: stop for stop in stops.values()}
    rows = [[by_name[name] for name in layer] for layer in layers_of(package, by_name.keys())]
    level = {stop.name: n for n, row in enumerate(rows) for stop in row}
    arrows = []
    for one, others in reduced(imports).items():
        for other in sorted(others):
            start, end = stops[one], stops[other]
            between = range(level[start.name] + 1, level[end.name])
            arrows.append(_way(start, end, [rows[n] for n in between]))
    place(rows)
    return House(package, rows, arrows)


def _uses(graph: grimp.ImportGraph, one: str, other: str) -> bool:
    """Whether a room imports another one, directly."""
    return one != other and graph.direct_import_exists(
        importer=one, imported=other, as_packages=True
    )


def _n_modules(graph: grimp.ImportGraph, room: str) -> int:
    """Return how many modules a room has; packages that hold others are not counted."""
    inside = graph.find_descendants(room) or {room}
    return sum(not graph.find_children(module) for module in inside)


def reduced(imports: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the arrows that do not follow from others (the transitive reduction)."""

    def reach(name: str) -> set[str]:
        return imports[name].union(*(reach(other) for other in imports[name]))

    return {
        name: direct - set().union(*(reach(other) for other in direct))
        for name, direct in imports.items()
    }


def _way(start: Stop, end: Stop, between: Rows) -> tuple[Stop, ...]:
    """Return the stops of an arrow, with a new one in every row that it passes."""
    passed = [Stop() for _ in between]
    for row, stop in zip(between, passed, strict=True):
        row.append(stop)
    way = (start, *passed, end)
    for upper, lower in pairwise(way):
        upper.below.append(lower)
        lower.above.append(upper)
    return way


def place(rows: Rows) -> None:
    """Put every stop in its place, from x = 0 on: near what it has arrows to, and few cross."""
    order(rows)
    for _ in range(200):
        for row in rows:
            _spread(row, [_aim(stop) for stop in row])
    left = min(stop.x - stop.width / 2 for row in rows for stop in row)
    for row in rows:
        for stop in row:
            stop.x -= left


def _aim(stop: Stop) -> tuple[float, float]:
    """Return where a stop's arrows are shortest (in squares), and how much that matters."""
    near = [*stop.above, *stop.below]
    weights = [LONG if not stop.name and not other.name else 1.0 for other in near]
    total = CENTRE + sum(weights)
    return sum(w * other.x for w, other in zip(weights, near, strict=True)) / total, total


def order(rows: Rows) -> None:
    """Order every row by where the arrows from above and from below come, until few cross."""
    best, fewest = [list(row) for row in rows], n_crossings(rows)
    for row in rows:
        _spread(row, [(0.0, 1.0)] * len(row))
    for sweep in range(24):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            row.sort(key=lambda stop: _middle(stop, stop.below if sweep % 2 else stop.above))
            _spread(row, [(stop.x, 1.0) for stop in row])
        if n_crossings(rows) < fewest:
            best, fewest = [list(row) for row in rows], n_crossings(rows)
    for row, ordered in zip(rows, best, strict=True):
        row[:] = ordered


def _middle(stop: Stop, near: Sequence[Stop]) -> float:
    return fmean(other.x for other in near) if near else stop.x


def n_crossings(rows: Rows) -> int:
    """Return how many pairs of arrows cross."""
    at = {id(stop): n for row in rows for n, stop in enumerate(row)}
    total = 0
    for row in rows:
        arrows = [(at[id(one)], at[id(other)]) for one in row for other in one.below]
        total += sum(a < c and b > d for a, b in arrows for c, d in arrows)
    return total


def _spread(row: Sequence[Stop], aims: Sequence[tuple[float, float]]) -> None:
    """Move the stops of a row as near to their aims as can be without overlap (least squares)."""
    offset, offsets = 0.0, []
    for n, stop in enumerate(row):
        offset += (row[n - 1].width + stop.width) / 2 + GAP if n else 0.0
        offsets.append(offset)
    wanted = [x - shift for (x, _), shift in zip(aims, offsets, strict=True)]
    near = isotonic_regression(wanted, weights=[weight for _, weight in aims]).x
    for stop, x, shift in zip(row, near.tolist(), offsets, strict=True):
        stop.x = x + shift


def drawn(house: House, frame: Frame) -> Iterator[str]:
    """Yield the elements of a house in its frame."""
    yield f'<g class="{house.name}" transform="translate({frame.x} {frame.y})">'
    yield f'<rect class="house" width="{house.width}" height="{house.height}" rx="10"/>'
    yield f'<text class="title" x="{EDGE}" y="27">{house.name}</text>'
    yield f'<text class="note" x="{EDGE}" y="46">{HOUSES[house.name]}</text>'
    level = {id(stop): n for n, row in enumerate(house.rows) for stop in row}
    for way in house.arrows:
        yield _arrow(way, [level[id(stop)] for stop in way])
    for n, row in enumerate(house.rows):
        for stop in row:
            if stop.name:
                yield from _room(stop, n)
    yield "</g>"


def _arrow(way: Sequence[Stop], levels: Sequence[int]) -> str:
    """Return an arrow from the bottom of a room to the top of another, past those between."""
    x, y = way[0].x + EDGE, HEAD + ROW * levels[0] + BOX
    path = f"M{x:.0f} {y}"
    for stop, n in zip(way[1:], levels[1:], strict=True):
        to_x, top = stop.x + EDGE, HEAD + ROW * n
        middle = (y + top) / 2
        path += f"C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {top}"
        if not stop.name:
            path += f"V{top + BOX}"
        x, y = to_x, top + BOX
    return f'<path class="import" d="{path}"/>'


def _room(stop: Stop, n: int) -> Iterator[str]:
    x, y = stop.x + EDGE, HEAD + ROW * n
    left, width = x - stop.width / 2, stop.width
    yield f'<rect class="room" x="{left:.0f}" y="{y}" width="{width:.0f}" height="{BOX}" rx="6"/>'
    yield f'<text class="name" x="{x:.0f}" y="{y + 19}">{stop.name}</text>'
    first = x - (stop.n_modules * DOT - 2) / 2
    squares = "".join(f"M{first + k * DOT:.0f} {y + 27}h5v5h-5z" for k in range(stop.n_modules))
    yield f'<path class="module" d="{squares}"/>'


def stands(frames: Mapping[str, Frame], graph: grimp.ImportGraph) -> Iterator[str]:
    """Yield an arrow from each package to those that it stands on, beside it or below it."""
    imports = {one: {other for other in frames if _uses(graph, one, other)} for one in frames}
    for one, others in reduced(imports).items():
        for other in sorted(others):
            start, end = frames[one], frames[other]
            if start.x == end.x:
                x = start.x + 3 * EDGE
                yield f'<path class="import" d="M{x} {start.bottom}V{end.y}"/>'
                continue
            y = max(start.y, end.y) + HEAD // 2
            ends = (start.right, end.x) if start.x < end.x else (start.x, end.right)
            yield f'<path class="import" d="M{ends[0]} {y}H{ends[1]}"/>'


def legend(x: int, y: int) -> Iterator[str]:
    """Yield what the signs mean, from (x, y) on."""
    yield f'<path class="legend" d="M{x} {y - 8}h7v7h-7z"/>'
    yield f'<path class="import" d="M{x - 8} {y + 18}h22"/>'
    lines = ("one module", "imports; left out where it follows", "from other arrows")
    for n, line in enumerate(lines):
        yield f'<text class="note" x="{x + 24}" y="{y + 22 * n - 4 * (n > 1)}">{line}</text>'


def framed(houses: Mapping[str, House]) -> dict[str, Frame]:
    """Return the frames of the houses: columns side by side, all of them ending at one height."""
    heights = [sum(houses[name].height + APART for name in column) - APART for column in COLUMNS]
    frames, x = {}, EDGE
    for column in COLUMNS:
        bottom = EDGE + max(heights)
        for name in reversed(column):
            house = houses[name]
            frames[name] = Frame(x, bottom - house.height, house.width, house.height)
            bottom = frames[name].y - APART
        x = max(frames[name].right for name in column) + APART
    return frames


def picture() -> str:
    """Return the picture of all packages as SVG."""
    sys.path.insert(0, str(ROOT))  # the packages beside this file, whatever is installed
    graph = grimp.build_graph(*HOUSES, cache_dir=None)
    houses = {name: house_of(name, graph) for name in HOUSES}
    frames = framed(houses)
    width = max(frame.right for frame in frames.values()) + EDGE
    height = max(frame.bottom for frame in frames.values()) + EDGE
    last = frames[COLUMNS[-1][0]]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img">',
            "<title>The rooms of every package, and what they import</title>",
            f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
            TIP,
            f'<rect class="paper" width="{width}" height="{height}"/>',
            *legend(last.x + EDGE, EDGE + 24),
            *(line for name, house in houses.items() for line in drawn(house, frames[name])),
            *stands(frames, graph),
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    target.write_text(picture(), encoding="utf-8")
