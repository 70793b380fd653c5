# SPDX-License-Identifier: MIT
"""Reads binary STL and tells whether the solid is closed: numpy only, so that it needs no mesh package."""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path

import numpy as np


def triangles(path: Path) -> np.ndarray:
    """(n, 3 corners, 3 coordinates)."""
    data = path.read_bytes()
    (count,) = struct.unpack_from("<I", data, 80)
    assert len(data) == 84 + 50 * count
    rows = np.frombuffer(
        data, dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")], offset=84
    )
    return rows["corners"].astype(float)


def open_edges(corners: np.ndarray) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Directed edges that are not matched by exactly one the other way; the points."""
    points, index = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    faces = index.reshape(-1, 3)
    edges = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    forth = Counter(map(tuple, edges.tolist()))
    return [edge for edge, n in forth.items() if n != 1 or forth.get(edge[::-1]) != 1], points


def volume_mm3(corners: np.ndarray) -> float:
    """Negative if the faces look inwards."""
    return float(np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))) / 6
