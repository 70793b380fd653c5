# SPDX-License-Identifier: MIT
"""What fuzzers have in common."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Target = Callable[[Random], None]


class Found(Exception):
    """A decoder let something through, or fell over; the text says on what."""
