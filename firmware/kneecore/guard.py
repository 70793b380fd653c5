# SPDX-License-Identifier: MIT
"""Data that cannot be trusted, told from raw counts before anything is made of them.

FROZEN: all six channels have repeated bit for bit (zeros too) for over 100 ms, 50 samples at least; a working sensor's
noise never does.  Or one that has lived has repeated for over 400 ms (STUCK too), unless it is clipped; at rest as in
motion it is 80 ms at most, in recordings and on the simulator.  CLIPPED: a channel at the end of its 16 bits
(TURN_CLIPPED too if it is a rate); or one beyond 1.5 g or 240 deg/s that stays for 10 ms on one count, the largest it
has shown: the flat top of a range smaller than the number format.
"""

from array import array

try:
    import micropython
    from micropython import const
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]
    from ._cpython import const, ptr16, ptr32

FROZEN = const(1)
CLIPPED = const(2)
TURN_CLIPPED = const(4)
STUCK = const(8)

_FROZEN_MS = 100
_STUCK_MS = 400
_FROZEN_SAMPLES = 50
_FLAT_MS = 10
_FLAT_SAMPLES = 3
_FLAT_TOLERANCE = const(2)  # counts: the two ends of a range differ by one, and resampling rounds
_RATE_DPS = 240
_LONG = const(16)  # in `seen` while it is made: one channel has not changed for long

# Words of the state.  Counts are kept + 32768, so that nothing is negative: fixed.SIGN says why.
FROZEN_FROM = const(0)  # a stretch longer than this many samples is frozen
_STUCK_FROM = const(1)
_FLAT_FROM = const(2)
# from here on, for each channel: largest and smallest count so far, last count, unchanged for how long, has it lived
_CHANNELS = const(3)
_WORDS = const(5)
_SAME = const(3)
_LIVES = const(4)


def new_state(rate_hz: int, acc_lsb_per_g: int, gyro_lsb_per_10dps: int) -> "array[int]":
    state = [
        max(_FROZEN_MS * rate_hz // 1000, _FROZEN_SAMPLES),
        _STUCK_MS * rate_hz // 1000,
        max(_FLAT_MS * rate_hz // 1000, _FLAT_SAMPLES),
    ]
    for high in [acc_lsb_per_g * 3 // 2] * 3 + [gyro_lsb_per_10dps * _RATE_DPS // 10] * 3:
        state += [32768 + high, 32768 - high, 32768, 0, 0]
    return array("i", state)


def reset(state: "array[int]") -> None:
    """Samples are missing: what repeats across them is not one stretch."""
    for channel in range(6):
        state[_CHANNELS + _WORDS * channel + _SAME] = 0


@micropython.viper
def scan(state: ptr32, batch: ptr16, at: int, count: int, seen: ptr32) -> int:
    """FROZEN and CLIPPED bits of `count` samples from batch[at] on, into seen[0:count]; how many are frozen."""
    frozen_from = state[FROZEN_FROM]
    stuck_from = state[_STUCK_FROM]
    flat_from = state[_FLAT_FROM]
    for i in range(count):
        seen[i] = 0
    word = _CHANNELS
    for channel in range(6):
        high = state[word]
        low = state[word + 1]
        last = state[word + 2]
        same = state[word + _SAME]
        lives = state[word + _LIVES]
        end = CLIPPED if channel < 3 else CLIPPED | TURN_CLIPPED
        k = at + channel
        i = 0
        while i < count:
            value = (batch[k] & 0xFFFF) ^ 0x8000  # + 32768
            if value >= high:
                high = value
                if value == 65535:
                    seen[i] |= end
            elif value <= low:
                low = value
                if value == 0:
                    seen[i] |= end
            if value != last:
                last = value
                if same > 0:  # not the first of all, nor the first after missing ones
                    lives = 1
                same = 1
            else:
                same += 1
                if same >= flat_from:
                    size = value - 32768 if value >= 32768 else 32768 - value
                    if size >= high - 32768 - _FLAT_TOLERANCE and size >= 32768 - low - _FLAT_TOLERANCE:
                        seen[i] |= end
                    elif same > stuck_from and lives != 0:
                        seen[i] |= STUCK
                    if same > frozen_from:
                        seen[i] += _LONG
            i += 1
            k += 6
        state[word] = high
        state[word + 1] = low
        state[word + 2] = last
        state[word + _SAME] = same
        state[word + _LIVES] = lives
        word += _WORDS
    frozen = 0
    for i in range(count):
        bits = seen[i]
        if bits >= STUCK:
            seen[i] = bits & (CLIPPED | TURN_CLIPPED | STUCK)
            if bits >= 6 * _LONG or bits & STUCK:
                seen[i] |= FROZEN
                frozen += 1
    return frozen
