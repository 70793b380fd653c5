# SPDX-License-Identifier: MIT
"""A unit's battery in words, and when to say so."""

from __future__ import annotations

LOW_PERCENT = 20
LEVELS: tuple[int, ...] = (LOW_PERCENT, 10, 5)
"""Falling below one of these is told, each once."""


def is_low(percent: int | None, charging: bool | None) -> bool:
    """Time to charge it."""
    return percent is not None and percent < LOW_PERCENT and not charging


def told(mv: int | None, percent: int | None, charging: bool | None) -> str:
    """What is known of it."""
    if mv is None and percent is None:
        return "unknown"
    parts = [
        "charge unknown" if percent is None else f"{percent} %",
        "voltage unknown" if mv is None else f"{mv / 1000:.2f} V",
    ]
    if charging is not None:
        parts.append("charging" if charging else "not charging")
    return ", ".join(parts)
