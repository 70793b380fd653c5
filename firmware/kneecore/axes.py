# SPDX-License-Identifier: MIT
"""Directions as three integers, 1.0 = 16384 (Q14), for calibration.  Within 31 bits for components up to 2^29."""

from .fixed import isqrt, rounded_div

ONE_Q14 = 1 << 14


def unit_q14(x: int, y: int, z: int) -> "list[int]":
    """The vector at length 1; (0, 0, 0) stays."""
    shift = 0
    top = max(abs(x), abs(y), abs(z))
    if top == 0:
        return [0, 0, 0]
    while top >> shift >= ONE_Q14 - 1:
        shift += 1
    raise_by = 0
    while top << raise_by < ONE_Q14 >> 1:
        raise_by += 1
    components = [rounded_div(c << raise_by, 1 << shift) for c in (x, y, z)]
    length = isqrt(sum(c * c for c in components))
    return [rounded_div(c << 14, length) for c in components]


def cross_q14(a: "list[int]", b: "list[int]") -> "list[int]":
    return [
        rounded_div(a[1] * b[2] - a[2] * b[1], ONE_Q14),
        rounded_div(a[2] * b[0] - a[0] * b[2], ONE_Q14),
        rounded_div(a[0] * b[1] - a[1] * b[0], ONE_Q14),
    ]


def dot_q14(a: "list[int]", b: "list[int]") -> int:
    return rounded_div(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], ONE_Q14)


def across(up: "list[int]") -> "tuple[list[int], list[int]]":
    """Two unit vectors p, q that make a right-handed set p, q, `up`."""
    least = min(range(3), key=lambda i: abs(up[i]))
    p = unit_q14(*cross_q14(up, [ONE_Q14 if i == least else 0 for i in range(3)]))
    return p, unit_q14(*cross_q14(up, p))


def principal(pp: int, qq: int, pq: int) -> "tuple[int, int, int]":
    """Longer axis of the covariance [[pp, pq], [pq, qq]]: its unit vector and its part of pp + qq in permille.

    Of the two forms of the eigenvector the one without cancellation is used.  pp, qq, |pq| < 2^30.
    """
    shift = 0
    while max(pp, qq) >> shift >= ONE_Q14 >> 1:
        shift += 1
    spread = (pp >> shift) - (qq >> shift)
    twice = pq >> shift << 1
    length = isqrt(spread * spread + twice * twice)
    total = (pp >> shift) + (qq >> shift)
    if spread >= 0:
        unit = unit_q14(spread + length, twice, 0)
    else:
        unit = unit_q14(twice, length - spread, 0)
    return unit[0], unit[1], 500 * (total + length) // max(total, 1)
