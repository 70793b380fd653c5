# SPDX-License-Identifier: MIT
"""The case of each build, from its parts' sizes: body and lid as solids, and blocks that stand for the parts inside.

Axes are the sensor's and those of firmware/pins.py: x up the leg (TOP), z outward through the lid (LID), y = z cross x.
Millimetres; x = 0 is the wall at the end with the USB plug, y = 0 the middle, z = 0 the skin side.  From the skin
outward: motor, sensor and, behind the lid, a small board at the upper end; cell and ESP32 board in the rest.

Prints without supports: the body as it stands, the lid with its flat side down.  Needs manifold3d: `make hardware`.
"""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path

import numpy as np
from manifold3d import CrossSection, Manifold, Mesh, set_circular_segments

HERE = Path(__file__).parent

WALL = 2.0
FLOOR = 2.0
LID = 2.2
CORNER = 8.0  # radius of the case seen from the front
EDGE = 2.0  # radius of edges that touch skin or clothes
MOTOR_FLOOR = 1.0  # what is left between motor and skin
SWELL = 1.10  # a cell may grow by a tenth of its thickness before anything presses on it
GAP = 0.5  # around whatever is put in
SENSOR_Z = 6.0  # the sensor's board lies above motor and wires
SHELF = 3.0  # ledge under the ESP32 board's lower end
BEARING = 1.5  # of its upper end on the wall between the bays
HEADROOM = 2.6  # above what is soldered on it: wires, foam
CHARGER_IN = (1.6, 2.0)  # of its corner from the inner walls, because they are round there
USB = (12.6, 6.0)  # lets the moulded part of a plug in
SCREW = 1.7  # core hole of an M2 screw that cuts its own thread
SCREW_HEAD = 4.2
BOSS = 2.7  # radius of a screw's column
BOSS_IN = 4.2  # its axis from the outside
BOSS_HIGH = 9.0
STRAP = 38.0  # width of the strap
SLOT = 3.5  # for its thickness, twice and soft
EAR = 4.5  # bar that the strap goes round
EAR_HEIGHT = 4.0
CORD = 1.2  # groove for a bead of silicone in the body's rim
FINE = 36  # straight pieces of a full circle


@dataclass(frozen=True)
class Part:
    """Length along x, width along y, height along z."""

    x: float
    y: float
    z: float


@dataclass(frozen=True)
class Opening:
    """A hole in a wall: `along` and `z` are its middle."""

    wall: str  # end, left (+y), right (-y)
    along: float
    z: float
    width: float
    height: float


@dataclass(frozen=True)
class Build:
    """Sizes of a build's parts; where each is from stands beside it."""

    name: str
    cell: Part
    board: Part  # without what hangs below it
    below: float  # parts and solder under the board
    sensor: Part
    motor: Part  # x is its diameter
    driver: Part  # of the motor, taped behind the lid, beside the button
    charger: Part | None  # beside the cell, below the board
    led: tuple[float, float] | None  # hole for one: from the lower end, from the middle
    switch: bool

    @property
    def top_bay(self) -> float:
        return self.sensor.x + BOSS_IN + BOSS + 2 * GAP

    @property
    def board_z(self) -> float:
        """Underside of the ESP32 board."""
        charger = self.charger.z if self.charger else 0.0
        return FLOOR + max(self.cell.z * SWELL + GAP, charger) + self.below

    @property
    def inner(self) -> Part:
        beside_cell = CHARGER_IN[0] + self.charger.x if self.charger else SHELF
        lower = max(self.board.x + GAP - BEARING, self.cell.x + 2 * GAP + beside_cell)
        beside_screws = 2 * (BOSS_IN + BOSS - WALL)
        across = max(self.cell.y + 2 * GAP, self.sensor.y + 2 * GAP, self.board.y + beside_screws + 2 * GAP)
        return Part(lower + WALL + self.top_bay, across, self.board_z + self.board.z + HEADROOM - FLOOR)

    @property
    def outer(self) -> Part:
        """Without strap ears and arrow."""
        return Part(self.inner.x + 2 * WALL, self.inner.y + 2 * WALL, self.inner.z + FLOOR + LID)

    @property
    def seam(self) -> float:
        return FLOOR + self.inner.z

    @property
    def rib_x(self) -> float:
        """Lower face of the wall between the two bays."""
        return self.outer.x - WALL - self.top_bay - WALL

    @property
    def motor_x(self) -> float:
        return self.rib_x + WALL + self.top_bay / 2

    @property
    def button(self) -> tuple[float, float]:
        return self.motor_x, self.inner.y / 2 - 5.5

    @property
    def strap_x(self) -> float:
        """Middle of the strap: of the case, or clear of the charger's plug."""
        beside = WALL + CHARGER_IN[0] + (self.charger.x + USB[0]) / 2 + 1 if self.charger else 0.0
        return max(self.outer.x / 2, beside + STRAP / 2 + 1 + EAR)

    @property
    def openings(self) -> tuple[Opening, ...]:
        usb = self.board_z + 1.6 + 1.6  # half a USB-C socket above the board
        out = [Opening("end", 0.0, usb, *USB)]
        if self.charger:
            out.append(Opening("left", WALL + CHARGER_IN[0] + self.charger.x / 2, FLOOR + 1.6 + 1.6, *USB))
        if self.switch:
            out.append(Opening("right", self.motor_x, self.seam - 5.0, 9.0, 4.5))
        return tuple(out)


BUILDS = {
    "reference": Build(
        "reference",
        cell=Part(50.0, 34.0, 6.0),  # 603450: the numbers are its size
        board=Part(58.42, 22.86, 1.6 + 3.3),  # outline of SparkFun's board file; ESP32-WROOM is 3.1 high
        below=2.0,  # card slot
        sensor=Part(17.8, 25.4, 1.6 + 3.0),  # Adafruit's breakout with its plugs
        motor=Part(10.0, 10.0, 4.0),
        driver=Part(20.32, 20.32, 1.6 + 1.1),  # outline of SparkFun's board file
        charger=None,
        led=None,  # the board's own shines through a light lid
        switch=False,
    ),
    "cheap": Build(
        "cheap",
        cell=Part(30.0, 35.0, 5.0),  # 503035, across
        board=Part(54.4, 27.9, 1.6 + 3.3),  # DevKitC with 2 x 19 pins; measure yours
        below=2.0,  # pins cut off flush
        sensor=Part(16.4, 21.2, 1.6 + 1.4),  # GY-521 without its pin row
        motor=Part(10.0, 10.0, 3.4),
        driver=Part(17.8, 22.9, 1.6 + 5.0),  # 7 x 9 holes of stripboard; a TO-92 lying down
        charger=Part(17.5, 28.5, 5.0),  # across, its plug through the side; measure yours
        led=(20.0, 0.0),
        switch=True,
    ),
}  # fmt: skip


def rectangle(x: float, y: float, radius: float) -> np.ndarray:
    """Corners of a rounded rectangle about the origin."""
    steps = np.linspace(0, pi / 2, FINE // 4 + 1)
    arcs = []
    for k, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        centre = np.array([sx * (x / 2 - radius), sy * (y / 2 - radius)])
        turn = steps + k * pi / 2
        arcs.append(centre + radius * np.column_stack([np.cos(turn), np.sin(turn)]))
    return np.vstack(arcs)


def pillow(x: float, y: float, z0: float, z1: float, corner: float, low: float, high: float) -> Manifold:
    """A block from x = 0, rounded in plan, with its lower and upper edges rounded by these radii."""
    layers = []
    for radius, base, sign in ((low, z0, 1), (high, z1, -1)):
        for angle in np.linspace(0, pi / 2, 6 if radius else 1):
            inset = radius * (1 - sin(angle))
            height = base + sign * radius * (1 - cos(angle))
            plan = rectangle(x - 2 * inset, y - 2 * inset, max(corner - inset, 0.5))
            layers.append(np.column_stack([plan, np.full(len(plan), height)]))
    return Manifold.hull_points(np.vstack(layers)).translate((x / 2, 0, 0))


def block(x0: float, x1: float, y0: float, y1: float, z0: float, z1: float) -> Manifold:
    return Manifold.cube((x1 - x0, y1 - y0, z1 - z0)).translate((x0, y0, z0))


def column(x: float, y: float, z0: float, z1: float, radius: float, top: float | None = None) -> Manifold:
    low_and_high = (z1 - z0, radius, radius if top is None else top)
    return Manifold.cylinder(*low_and_high).translate((x, y, z0))


def window(build: Build, hole: Opening) -> Manifold:
    """A rounded bar through a wall."""
    plan = CrossSection([rectangle(hole.width, hole.height, min(hole.height / 2 - 0.01, 2.2)).tolist()])
    bar = plan.extrude(4 * WALL).translate((0, 0, -2 * WALL)).rotate((90, 0, 0))  # along y now, height is z
    if hole.wall == "end":
        return bar.rotate((0, 0, 90)).translate((WALL / 2, hole.along, hole.z))
    side = 1 if hole.wall == "left" else -1
    return bar.translate((hole.along, side * (build.outer.y - WALL) / 2, hole.z))


def screws(build: Build) -> list[tuple[float, float]]:
    across = build.outer.y / 2 - BOSS_IN
    return [(x, y) for x in (BOSS_IN, build.outer.x - BOSS_IN) for y in (-across, across)]


def ears(build: Build) -> Manifold:
    """Two bars that the strap goes round, flat on the skin side."""
    reach = build.outer.y + 2 * (SLOT + EAR)
    length = STRAP + 2 + 2 * EAR
    bar = pillow(length, reach, 0, EAR_HEIGHT, 5.0, 1.5, 1.5).translate((build.strap_x - length / 2, 0, 0))
    slots = Manifold()
    for side in (-1, 1):
        plan = CrossSection([rectangle(STRAP + 2, SLOT, SLOT / 2 - 0.01).tolist()])
        slot = plan.extrude(EAR_HEIGHT + 2)
        slots += slot.translate((build.strap_x, side * (build.outer.y + SLOT) / 2, -1))
    return bar - slots


def body(build: Build) -> Manifold:
    outer, inner, seam = build.outer, build.inner, build.seam
    shell = pillow(outer.x, outer.y, 0, seam, CORNER, EDGE, 0)
    hollow = pillow(inner.x, inner.y, FLOOR, seam + 1, CORNER - WALL, 0.4, 0).translate((WALL, 0, 0))
    inside = bosses(build) + board_rests(build) + sensor_seat(build) + motor_ring(build)
    whole = (shell + ears(build) - hollow) + (inside ^ shell)
    whole -= column(build.motor_x, 0, MOTOR_FLOOR, FLOOR + 3, motor_seat(build))
    for x, y in screws(build):
        whole -= column(x, y, seam - BOSS_HIGH, seam + 1, SCREW / 2)
    for hole in build.openings:
        whole -= window(build, hole)
    return whole - groove(build)


def both_sides(half: Manifold) -> Manifold:
    return half + half.mirror((0, 1, 0))


def bosses(build: Build) -> Manifold:
    """Columns for the screws; they lean on the corners, so that nothing stands on the floor."""
    out = Manifold()
    low = build.seam - BOSS_HIGH
    for x, y in screws(build):
        inwards = 1 if x < build.outer.x / 2 else -1
        foot = column(x - 2.4 * inwards, y * (1 + 2.4 / abs(y)), low - 6, low, 0.3)
        out += Manifold.batch_hull([column(x, y, low, build.seam, BOSS), foot])
    return out


def board_rests(build: Build) -> Manifold:
    """What the ESP32 board lies on: the wall between the bays, with a notch for wires, and a ledge at the lower end."""
    half, x0, x1 = build.inner.y / 2, build.rib_x, build.rib_x + WALL
    rib = block(x0, x1, -half - 1, half + 1, FLOOR - 0.5, build.board_z)
    rib -= block(x0 - 1, x1 + 1, half - 6, half - 1, FLOOR, build.seam)
    edge = build.board.y / 2 + GAP / 2
    lugs = both_sides(block(x0, x1, edge, edge + 1.6, FLOOR, build.board_z + 2.2))  # keep it in the middle
    foot = block(WALL - 0.5, WALL, -edge, edge, build.board_z - SHELF - 0.5, build.board_z)
    ledge = block(WALL - 0.5, WALL + SHELF, -edge, edge, build.board_z - 0.5, build.board_z)
    return rib + lugs + Manifold.batch_hull([foot, ledge])  # its slope prints without supports


def sensor_seat(build: Build) -> Manifold:
    """Two bars, square to the case, with stops."""
    x0, x1 = build.motor_x - build.sensor.x / 2, build.motor_x + build.sensor.x / 2
    edge = build.sensor.y / 2
    bar = block(x0, x1, edge - 3, edge + 1.2, FLOOR - 0.5, SENSOR_Z)
    return both_sides(bar + block(x0 + 3, x1 - 3, edge + GAP / 4, edge + 1.2, SENSOR_Z - 0.5, SENSOR_Z + 1.6))


def motor_seat(build: Build) -> float:
    """Its radius."""
    return build.motor.x / 2 + 0.2


def motor_ring(build: Build) -> Manifold:
    """Round the motor, with a gap for its wires."""
    outside = motor_seat(build) + 1.5
    ring = column(build.motor_x, 0, FLOOR - 0.5, FLOOR + 1.2, outside)
    return ring - block(build.motor_x - 2, build.motor_x + 2, 0, outside + 1, FLOOR, FLOOR + 3)


def groove(build: Build) -> Manifold:
    """For a bead of silicone in the rim; it goes round the screws on their inner side."""
    outer = build.outer
    middle = CrossSection([rectangle(outer.x - WALL, outer.y - WALL, CORNER - WALL / 2).tolist()])
    ditch = (middle.offset(CORD / 2) - middle.offset(-CORD / 2)).extrude(2)
    ditch = ditch.translate((outer.x / 2, 0, build.seam - 0.6))
    for x, y in screws(build):
        ditch -= column(x, y, 0, build.seam + 5, SCREW / 2 + 0.9)
    return ditch


def lid(build: Build) -> Manifold:
    outer, seam = build.outer, build.seam
    top = seam + LID
    whole = pillow(outer.x, outer.y, seam, top, CORNER, 0, 1.2)
    whole += column(*build.button, top - 1.2, top + 1.0, 4.6, 4.0)  # a collar against unmeant presses
    whole += arrow(build).translate((0, 0, top - 1.0))
    whole -= column(*build.button, seam - 1, top + 2, 2.3)
    if build.led:
        whole -= column(WALL + build.led[0], build.led[1], seam - 1, top + 2, 1.6)
    for x, y in screws(build):
        whole -= column(x, y, seam - 1, top + 1, 1.15)
        whole -= column(x, y, top - 1.3, top + 0.01, 1.15, SCREW_HEAD / 2)
    return whole


def arrow(build: Build) -> Manifold:
    """UP and an arrow to the knee, to be felt; 1.7 high, 1 of it inside the lid."""
    tip = build.rib_x - 1
    half = [(tip, 0.0), (tip - 9, 6.5), (tip - 9, 2.2), (tip - 20, 2.2)]
    shape = half + [(x, -y) for x, y in reversed(half[1:])]
    return CrossSection([shape]).offset(0.6).offset(-0.6).extrude(1.7) + letters(8.0, 1.7)


def letters(x: float, height: float) -> Manifold:
    """UP, read with the arrow pointing up."""
    thick, tall, wide = 1.6, 8.0, 6.0
    bars = [  # x along the arrow, y to the left of it
        (0, tall, wide + 1, wide + 1 - thick), (0, tall, 1 + thick, 1), (0, thick, wide + 1, 1),
        (0, tall, -1, -1 - thick), (tall - thick, tall, -1, -wide), (tall / 2 - thick, tall / 2, -1, -wide),
        (tall / 2 - thick, tall, -wide + thick, -wide),
    ]  # fmt: skip
    return sum((block(x + a, x + b, d, c, 0, height) for a, b, c, d in bars), Manifold())


def contents(build: Build) -> dict[str, Manifold]:
    """What lies inside, as blocks, for pictures and to prove that it fits; the cell as thick as it may ever get."""

    def middle(part: Part, x: float, z: float) -> Manifold:
        return block(x, x + part.x, -part.y / 2, part.y / 2, z, z + part.z)

    board, sensor, cell, end = build.board, build.sensor, build.cell, WALL + GAP
    x, y = build.button
    behind = y - 3.6 - build.driver.y / 2
    under = build.seam - 1 - build.driver.z  # tape or foam between it and the lid
    parts = {
        "motor": column(build.motor_x, 0, MOTOR_FLOOR, MOTOR_FLOOR + build.motor.z, build.motor.x / 2),
        "sensor": middle(sensor, build.motor_x - sensor.x / 2, SENSOR_Z),
        "cell": middle(Part(cell.x, cell.y, cell.z * SWELL), build.rib_x - GAP - cell.x, FLOOR),
        "board": middle(Part(board.x, board.y, 1.6), end, build.board_z),
        "module": middle(Part(25.5, 18.0, board.z - 1.6), end + board.x - 26, build.board_z + 1.6),
        "plug": middle(Part(7.5, 9.0, 3.2), end - 1, build.board_z + 1.6),
        "driver": middle(build.driver, x - build.driver.x / 2, under).translate((0, behind, 0)),
        "button": block(x - 3, x + 3, y - 3, y + 3, build.seam - 4, build.seam - 0.2)
        + column(x, y, build.seam - 0.3, build.seam + LID + 0.6, 1.75),
    }
    if build.charger:
        start, edge = WALL + CHARGER_IN[0], build.inner.y / 2 - CHARGER_IN[1]
        module, socket = Part(build.charger.x, build.charger.y, 1.6), Part(9.0, 7.5, 3.2)
        parts["charger"] = middle(module, start, FLOOR).translate((0, edge - module.y / 2, 0))
        x, y = start + (module.x - socket.x) / 2, edge + 1 - socket.y / 2
        parts["charger plug"] = middle(socket, x, FLOOR + 1.6).translate((0, y, 0))
    return parts


def stl(solid: Manifold) -> bytes:
    """Binary STL."""
    mesh: Mesh = solid.to_mesh()
    corners = np.asarray(mesh.vert_properties, dtype="<f4")[:, :3][np.asarray(mesh.tri_verts)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    rows = np.zeros(len(corners), dtype=[("f", "<f4", (4, 3)), ("attribute", "<u2")])
    rows["f"][:, 0], rows["f"][:, 1:] = normals, corners
    return b"kneesense case".ljust(80) + struct.pack("<I", len(rows)) + rows.tobytes()


def solids(build: Build) -> dict[str, Manifold]:
    set_circular_segments(FINE)
    return {"body": body(build).simplify(0.01), "lid": lid(build).simplify(0.01)}


def write(folder: Path = HERE) -> list[Path]:
    made = []
    for build in BUILDS.values():
        for name, solid in solids(build).items():
            path = folder / f"{build.name}-{name}.stl"
            path.write_bytes(stl(solid))
            made.append(path)
    return made


if __name__ == "__main__":
    print("\n".join(str(path) for path in write(Path(sys.argv[1]) if sys.argv[1:] else HERE)))
