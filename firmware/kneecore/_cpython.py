# SPDX-License-Identifier: MIT
"""Stands in for the `micropython` module on CPython, so that shared files keep one spelling.

The MicroPython compiler matches `@micropython.native` by its text; on CPython these are plain functions.
"""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def const(value: int) -> int:
    return value


def native(function: F) -> F:
    return function


def viper(function: F) -> F:
    return function
