# SPDX-License-Identifier: MIT
"""Shaded pictures of the case: a depth buffer in numpy, edges over it, labels as SVG.  `make hardware` runs it."""

from __future__ import annotations

import base64
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import case
import numpy as np
from manifold3d import Manifold

FINER = 2  # each pixel is the mean of this many squared
PAPER = np.array([255, 255, 255], dtype=float)
INK = "#1b1f24"
LIGHT = np.array([-0.35, 0.6, 0.72])  # to the light, as seen in the picture: right, up, towards us
CREASE = 0.82  # cosine between faces below which their edge is drawn

COLOURS = {
    "body": (147, 170, 190),
    "lid": (206, 218, 228),
    "motor": (212, 120, 60),
    "sensor": (112, 78, 160),
    "cell": (226, 190, 70),
    "board": (60, 130, 90),
    "module": (150, 156, 160),
    "charger": (60, 100, 170),
    "plug": (190, 194, 198),
    "driver": (40, 110, 130),
    "button": (70, 74, 80),
}


@dataclass(frozen=True)
class Camera:
    """Seen from a direction; `up` is upwards in the picture."""

    towards: tuple[float, float, float]
    up: tuple[float, float, float]

    @property
    def axes(self) -> np.ndarray:
        back = np.array(self.towards, dtype=float)
        back /= np.linalg.norm(back)
        right = np.cross(self.up, back)
        right /= np.linalg.norm(right)
        return np.array([right, np.cross(back, right), back])


ABOVE = Camera((-0.62, -1.0, 0.72), (0.0, 0.0, 1.0))
CUT = Camera((0.0, -1.0, 0.0), (0.0, 0.0, 1.0))
LID_SIDE = Camera((0.0, 0.0, 1.0), (1.0, 0.0, 0.0))
SKIN_SIDE = Camera((0.0, 0.0, -1.0), (1.0, 0.0, 0.0))
LIFTS = {
    "motor": 16, "cell": 24, "charger": 24, "charger plug": 24, "sensor": 30, "board": 50, "module": 50, "plug": 50,
    "driver": 62, "button": 74,
}  # fmt: skip
LID_LIFT = 92


class View:
    """Solids in one picture; where a point of space lies in it can be asked, for labels."""

    def __init__(
        self, camera: Camera, solids: list[tuple[Manifold, str]], width: int, margin: int = 24
    ) -> None:
        self._axes = camera.axes
        meshes = []
        for solid, colour in solids:
            mesh = solid.to_mesh()
            points = np.asarray(mesh.vert_properties, dtype=float)[:, :3]
            meshes.append((points, np.asarray(mesh.tri_verts), np.array(COLOURS[colour], dtype=float)))
        seen = np.vstack([points for points, _, _ in meshes]) @ self._axes.T
        low, high = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
        self.scale = (width - 2 * margin) / (high[0] - low[0])
        self.width, self.height = width, int((high[1] - low[1]) * self.scale) + 2 * margin
        self._shift = np.array([margin - low[0] * self.scale, margin + high[1] * self.scale])
        size = (self.height * FINER, self.width * FINER)
        self._depth = np.full(size, -np.inf)
        self._pixels = np.broadcast_to(PAPER, (*size, 3)).copy()
        for points, triangles, colour in meshes:
            self._fill(points, triangles, colour)
        for points, triangles, colour in meshes:
            self._creases(points, triangles, colour)

    def at(self, *point: float) -> tuple[float, float]:
        x, y, _ = self._axes @ np.array(point)
        return self._shift[0] + x * self.scale, self._shift[1] - y * self.scale

    def _screen(self, points: np.ndarray) -> np.ndarray:
        seen = points @ self._axes.T
        x = (self._shift[0] + seen[:, 0] * self.scale) * FINER
        y = (self._shift[1] - seen[:, 1] * self.scale) * FINER
        return np.column_stack([x, y, seen[:, 2]])

    def _fill(self, points: np.ndarray, triangles: np.ndarray, colour: np.ndarray) -> None:
        screen = self._screen(points)
        light = self._axes.T @ (LIGHT / np.linalg.norm(LIGHT))
        for triangle in triangles:
            a, b, c = points[triangle]
            normal = np.cross(b - a, c - a)
            length = np.linalg.norm(normal)
            if length == 0 or normal @ self._axes[2] <= 0:
                continue
            shade = 0.66 + 0.34 * max(0.0, float(normal @ light) / length)
            self._triangle(screen[triangle], np.minimum(colour * shade + 10, 255))

    def _triangle(self, corners: np.ndarray, colour: np.ndarray) -> None:
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
        x0, x1 = int(max(min(ax, bx, cx), 0)), int(min(max(ax, bx, cx) + 1, self._depth.shape[1] - 1))
        y0, y1 = int(max(min(ay, by, cy), 0)), int(min(max(ay, by, cy) + 1, self._depth.shape[0] - 1))
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if x1 < x0 or y1 < y0 or abs(area) < 1e-9:
            return
        x = np.arange(x0, x1 + 1)[None, :] + 0.5
        y = np.arange(y0, y1 + 1)[:, None] + 0.5
        u = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
        v = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
        depth = az + u * (bz - az) + v * (cz - az)
        window = (slice(y0, y1 + 1), slice(x0, x1 + 1))
        inside = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6) & (depth > self._depth[window])
        self._depth[window] = np.where(inside, depth, self._depth[window])
        self._pixels[window] = np.where(inside[..., None], colour, self._pixels[window])

    def _creases(self, points: np.ndarray, triangles: np.ndarray, colour: np.ndarray) -> None:
        """Edges between faces that meet at an angle, and outlines."""
        corners = points[triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        faces: dict[tuple[int, int], list[int]] = {}
        for index, (a, b, c) in enumerate(triangles):
            for edge in ((a, b), (b, c), (c, a)):
                faces.setdefault((min(edge), max(edge)), []).append(index)
        screen = self._screen(points)
        dark = colour * 0.42
        for (a, b), shared in faces.items():
            towards = [normals[face] @ self._axes[2] for face in shared]
            outline = min(towards) < -1e-4 < max(towards)
            crease = len(shared) == 2 and normals[shared[0]] @ normals[shared[1]] < CREASE
            if max(towards) > 0 and (outline or crease):
                self._line(screen[a], screen[b], dark)

    def _line(self, start: np.ndarray, end: np.ndarray, colour: np.ndarray) -> None:
        steps = int(np.abs(end - start)[:2].max()) + 2
        path = start + np.linspace(0, 1, steps)[:, None] * (end - start)
        for dx in range(FINER):
            for dy in range(FINER):
                x = np.clip(path[:, 0].astype(int) + dx, 0, self._depth.shape[1] - 1)
                y = np.clip(path[:, 1].astype(int) + dy, 0, self._depth.shape[0] - 1)
                seen = path[:, 2] + 0.35 >= self._depth[y, x]
                self._pixels[y[seen], x[seen]] = colour

    def png(self) -> bytes:
        rows, columns = self._depth.shape
        blocks = self._pixels.reshape(rows // FINER, FINER, columns // FINER, FINER, 3)
        small = blocks.mean(axis=(1, 3)).round().astype(np.uint8)
        lines = b"".join(b"\0" + line.tobytes() for line in small)

        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        signature = b"\x89PNG\r\n\x1a\n"
        return (
            signature + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")
        )


def words(build: case.Build) -> dict[str, str]:
    cheap = build.charger is not None
    return {
        "lid": "lid, four M2 screws; arrow to the knee",
        "board": "ESP32 DevKitC, USB down" if cheap else "ESP32 Thing Plus, USB down",
        "driver": "motor's transistor, regulator" if cheap else "motor driver DRV2605L",
        "button": "collar of the button behind it",
        "sensor": "GY-521 (MPU-6050), chip to the lid, x up" if cheap else "LSM6DSO32, chip to the lid, x up",
        "cell": f"cell {build.cell.x:g} x {build.cell.y:g} x {build.cell.z:g} mm",
        "charger": "charger with protection, plug to the side",
        "motor": "motor, in its seat on the skin side",
        "body": "body; the strap goes through the ears",
    }


def text(x: float, y: float, words: str, size: int = 17, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}"{weight}>{words}</text>'


def leader(x0: float, y0: float, x1: float, y1: float) -> str:
    return (
        f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="{INK}" fill="none"/>'
        f'<circle cx="{x1:.1f}" cy="{y1:.1f}" r="3.2" fill="{INK}"/>'
    )


def placed(view: View, x: float, y: float) -> str:
    data = base64.b64encode(view.png()).decode()
    size = f'width="{view.width}" height="{view.height}"'
    return f'<image x="{x:.0f}" y="{y:.0f}" {size} href="data:image/png;base64,{data}"/>'


def exploded(build: case.Build, solids: dict[str, Manifold], width: int) -> tuple[View, list[str]]:
    parts = case.contents(build)
    shown = [(solids["body"], "body"), (solids["lid"].translate((0, 0, LID_LIFT)), "lid")]
    shown += [(solid.translate((0, 0, LIFTS[name])), name.split()[-1]) for name, solid in parts.items()]
    view = View(ABOVE, shown, width)
    out = []
    outer, seen = build.outer, {**parts, **solids}
    for name, label in words(build).items():
        if name not in seen:
            continue
        _, y0, z0, x1, y1, z1 = seen[name].bounding_box()
        lift = {"lid": LID_LIFT, "button": LID_LIFT, "body": 0}.get(name, LIFTS.get(name, 0))
        anchor = {
            "lid": (outer.x - 3, 6 - outer.y / 2, z1),
            "body": (outer.x, 0.0, build.seam / 2),
            "charger": (x1, y0, z0),
            "button": (*build.button, build.seam + case.LID + 1),
        }.get(name, (x1, (y0 + y1) / 2, (z0 + z1) / 2))
        out.append((view.at(anchor[0], anchor[1], anchor[2] + lift), label))
    out.sort(key=lambda entry: entry[0][1])
    marks, floor = [], 0.0
    for (x, y), label in out:
        row = max(y, floor + 34)
        floor = row
        marks += [leader(width + 24, row, x, y), text(width + 30, row + 6, label)]
    return view, marks


def section(build: case.Build, solids: dict[str, Manifold], width: int) -> tuple[View, list[str]]:
    half = case.block(-1, build.outer.x + 1, 0, 100, -1, 100)
    parts = {name: solid for name, solid in case.contents(build).items() if not name.startswith("charger")}
    shown = [(solid ^ half, name) for name, solid in solids.items()]
    shown += [(solid ^ half, name) for name, solid in parts.items()]
    view = View(CUT, shown, width)
    marks = []
    for x, z, label, tall in (
        (build.motor_x, case.MOTOR_FLOOR / 2, f"{case.MOTOR_FLOOR:g} mm between motor and skin", 60),
        (
            build.rib_x * 0.8,
            case.FLOOR + 1,
            f"cell; room for {case.SWELL - 1:.0%} of swelling, then foam",
            32,
        ),
        (case.WALL / 2, case.FLOOR + 1.5, f"walls {case.WALL:g} mm", 60),
    ):
        px, py = view.at(x, 0, z)
        anchor = "end" if px > width / 2 else "start"
        foot = view.height + tall
        marks += [
            leader(px, foot - 16, px, py),
            text(px + (6 if anchor == "start" else -6), foot - 10, label, 16, anchor),
        ]
    return view, marks


def moved(marks: list[str], x: float, y: float) -> str:
    return f'<g transform="translate({x:.0f} {y:.0f})">' + "".join(marks) + "</g>"


def sheet(build: case.Build) -> str:
    """All views of one build as one SVG."""
    solids = case.solids(build)
    whole, marks = exploded(build, solids, 640)
    cut, cut_marks = section(build, solids, 620)
    lid = View(LID_SIDE, [(solids["body"], "body"), (solids["lid"], "lid")], 300)
    skin = View(SKIN_SIDE, [(solids["body"], "body")], 300)
    right, top = 1040, 70
    below = top + cut.height + 130
    width, height = 1700, max(top + whole.height, below + lid.height) + 60
    size = build.outer
    title = f"{build.name}: {size.x:.0f} x {size.y:.0f} x {size.z:.0f} mm without strap ears and arrow"
    return "".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="Helvetica, Arial, DejaVu Sans, sans-serif" fill="{INK}">',
        f'<title>Case of the build {title}</title>',
        '<rect width="100%" height="100%" fill="white"/>',
        text(30, 42, title, 24, bold=True),
        placed(whole, 20, top), moved(marks, 20, top),
        text(right, top - 8, "cut along the middle; the leg is below, the knee to the right", 17, bold=True),
        placed(cut, right, top + 6), moved(cut_marks, right, top + 6),
        text(right + 150, below - 12, "outside", 17, "middle", bold=True), placed(lid, right, below),
        text(right + 480, below - 12, "skin side", 17, "middle", bold=True), placed(skin, right + 330, below),
        "</svg>\n",
    ])  # fmt: skip


def write(folder: Path = case.HERE) -> list[Path]:
    made = []
    for build in case.BUILDS.values():
        path = folder / f"{build.name}-case.svg"
        path.write_text(sheet(build))
        made.append(path)
    return made


if __name__ == "__main__":
    print("\n".join(str(path) for path in write(Path(sys.argv[1]) if sys.argv[1:] else case.HERE)))
