# SPDX-License-Identifier: MIT
"""Names of the wire's codes and bits; one that a later version added is shown as `code_N`, never fatal."""

from __future__ import annotations


def named(names: tuple[str, ...], code: int | None) -> str | None:
    """Name of a code; None for one not sent."""
    if code is None:
        return None
    return names[code] if 0 <= code < len(names) else f"code_{code}"


def bit_names(names: tuple[str, ...], bits: int | None) -> list[str]:
    """Names of the bits that are set, the lowest first."""
    return [named(names, i) or "" for i in range(16) if (bits or 0) >> i & 1]
