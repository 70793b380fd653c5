# SPDX-License-Identifier: MIT
"""An int that raises as soon as a result leaves the ESP32's small integers, and a list that hands them out.

The device's ints are 31-bit, -2^30..2^30-1; a larger one is a heap object there, and wraps inside viper.  Plain code
runs on these unchanged: one checked operand makes every result checked.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

LOW = -(1 << 30)
HIGH = (1 << 30) - 1


class OutOfRange(AssertionError):
    """A result needs more than 31 bits."""


class SmallInt(int):
    """Checked integer: construction and every arithmetic result must lie in LOW..HIGH."""

    def __new__(cls, value: int) -> SmallInt:
        if not LOW <= value <= HIGH:
            raise OutOfRange(f"{value} needs more than 31 bits")
        return super().__new__(cls, value)

    def __neg__(self) -> SmallInt:
        return SmallInt(-int(self))

    def __abs__(self) -> SmallInt:
        return SmallInt(abs(int(self)))

    def __invert__(self) -> SmallInt:
        return SmallInt(~int(self))


def _checked(operation: Callable[[int, int], int]) -> tuple[Any, Any]:
    def forward(self: SmallInt, other: int) -> SmallInt:
        return SmallInt(operation(int(self), int(other)))

    def backward(self: SmallInt, other: int) -> SmallInt:
        return SmallInt(operation(int(other), int(self)))

    return forward, backward


for _name in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and", "or", "xor"):
    _operation = getattr(operator, _name + "_" if _name in ("and", "or") else _name)
    _forward, _backward = _checked(_operation)
    setattr(SmallInt, f"__{_name}__", _forward)
    setattr(SmallInt, f"__r{_name}__", _backward)


class SmallArray(list[int]):
    """Stands in for an array: items come out checked, and what is stored must fit the item's width.

    `bits` is the width of an item: 31 for state, 16 for samples (array('h')).
    """

    def __init__(self, values: Iterable[int], bits: int = 31) -> None:
        super().__init__(SmallInt(value) for value in values)
        self._low, self._high = -(1 << bits - 1), (1 << bits - 1) - 1

    def __setitem__(self, index: Any, value: Any) -> None:
        if not self._low <= value <= self._high:
            raise OutOfRange(f"[{index}] = {value} does not fit {self._low}..{self._high}")
        super().__setitem__(index, SmallInt(value))
