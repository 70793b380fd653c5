# SPDX-License-Identifier: MIT
"""Stands in for the `micropython` module on CPython, so that shared files keep one spelling.

The MicroPython compiler matches `@micropython.viper` by its text; on CPython these are plain functions.  Viper's
pointer types are arrays here: `ptr32` of array('i'), `ptr16` of array('h'), `ptr8` bytes.
"""

from array import array
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

ptr8: TypeAlias = "bytearray | memoryview"
ptr32: TypeAlias = "array[int]"
ptr16: TypeAlias = "array[int]"


def const(value: int) -> int:
    return value


def native(function: F) -> F:
    return function


def viper(function: F) -> F:
    return function
