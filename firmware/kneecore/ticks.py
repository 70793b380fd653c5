# SPDX-License-Identifier: MIT
"""Differences of counters that wrap, as MicroPython's ticks do: 30 bits, so that every value is a small integer."""

_HALF = 1 << 29
_MASK = (1 << 30) - 1


def after(later: int, earlier: int) -> int:
    """later - earlier, right while they are less than 2^29 apart; negative if `later` comes first."""
    return ((later - earlier + _HALF) & _MASK) - _HALF


def plus(ticks: int, delta: int) -> int:
    """ticks + delta, wrapped."""
    return (ticks + delta) & _MASK
