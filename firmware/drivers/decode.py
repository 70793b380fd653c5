# SPDX-License-Identifier: MIT
"""Bytes as sensors send them, to an array of signed 16-bit counts.  Allocates nothing."""

try:
    import micropython
except ImportError:  # CPython
    from kneecore import _cpython as micropython  # type: ignore


@micropython.native
def big_endian(source, words, target, at):
    """The first `words` two-byte words of `source`, high byte first, into array('h') `target` from index `at` on."""
    i = 0
    for k in range(at, at + words):
        target[k] = (((source[i] << 8) | source[i + 1]) ^ 0x8000) - 0x8000
        i += 2
