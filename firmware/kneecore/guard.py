# SPDX-License-Identifier: MIT
"""Data that cannot be trusted, told from raw counts before anything is made of them.

FROZEN: all six channels have repeated bit for bit (zeros too) for over 100 ms, 50 samples at least; a working sensor's
noise never does.  CLIPPED: a channel at the end of its 16 bits; or an acceleration beyond 1.5 g that stays for 10 ms on
one count, the largest its axis has shown: the flat top of a range smaller than the number format.
"""

from array import array

from .fixed import SIGN

try:
    import micropython
    from micropython import const
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]
    from ._cpython import const, ptr16, ptr32

FROZEN = const(1)
CLIPPED = const(2)

_FROZEN_MS = 100
_FROZEN_SAMPLES = 50
_FLAT_MS = 10
_FLAT_SAMPLES = 3
_FLAT_TOLERANCE = const(2)  # counts: the two ends of a range differ by one, and resampling rounds
_LONG = const(4)  # in `seen` while it is made: one channel has not changed for long

# Words of the state
_SIGN = const(0)  # as fixed.SIGN
FROZEN_FROM = const(1)  # a stretch longer than this many samples is frozen
_FLAT_FROM = const(2)
_CHANNELS = const(
    3
)  # from here on, for each: largest count so far, last count, samples for which it has not changed


def new_state(rate_hz: int, acc_lsb_per_g: int) -> "array[int]":
    state = [
        SIGN,
        max(_FROZEN_MS * rate_hz // 1000, _FROZEN_SAMPLES),
        max(_FLAT_MS * rate_hz // 1000, _FLAT_SAMPLES),
    ]
    for channel in range(6):
        state += [acc_lsb_per_g * 3 // 2 if channel < 3 else 1 << 16, 0, 0]
    return array("i", state)


def reset(state: "array[int]") -> None:
    """Samples are missing: what repeats across them is not one stretch."""
    for channel in range(6):
        state[_CHANNELS + 3 * channel + 2] = 0


@micropython.viper
def scan(state: ptr32, batch: ptr16, at: int, count: int, seen: ptr32) -> int:
    """FROZEN and CLIPPED bits of `count` samples from batch[at] on, into seen[0:count]; how many are frozen."""
    sign = state[_SIGN]
    frozen_from = state[FROZEN_FROM]
    flat_from = state[_FLAT_FROM]
    for i in range(count):
        seen[i] = 0
    word = _CHANNELS
    for channel in range(6):
        top = state[word]
        last = state[word + 1] << sign >> sign
        same = state[word + 2]
        k = at + channel
        for i in range(count):
            value = ((batch[k] & 0xFFFF) ^ 0x8000) - 0x8000  # pointers to 16 bits are unsigned
            size = value if value >= 0 else 0 - value
            if size > top:
                top = size
            if value != last:
                last = value
                same = 1
            else:
                same += 1
                if same > frozen_from:
                    seen[i] += _LONG
                if same >= flat_from and size >= top - _FLAT_TOLERANCE:
                    seen[i] |= CLIPPED
            if size >= 32767 and value != -32767:
                seen[i] |= CLIPPED
            k += 6
        state[word] = top
        state[word + 1] = last
        state[word + 2] = same
        word += 3
    frozen = 0
    for i in range(count):
        bits = seen[i]
        if bits >= _LONG:
            seen[i] = bits & CLIPPED
            if bits >= 6 * _LONG:
                seen[i] |= FROZEN
                frozen += 1
    return frozen
