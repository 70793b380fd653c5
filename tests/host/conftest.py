# SPDX-License-Identifier: MIT
"""Fixtures of the host tests."""

from fakebleak import stack

__all__ = ["stack"]
