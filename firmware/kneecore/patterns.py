# SPDX-License-Identifier: MIT
"""What buzzes mean: milliseconds on, off, on, ... of each pattern.

Five primitives, told apart by number and length of their pulses, and words made of them: the runner cannot see a lamp
on the shank.  How long a cue buzzes, by its error and by the time left in the swing, is decided in pulse.py.

Limits: the pauses are for a motor that needs 50 to 100 ms to come to rest; one pattern lasts 2 s at most and no pulse
is longer than STOP, which the motor's own limits (drivers/motor.py, pins.py) allow for.
"""

from .pulse import PAUSE_MS

_APART_MS = 120  # between the pulses of ATTENTION
_WORD_MS = 300  # between the primitives of a word

# Primitives
OK = (100,)
STOP = (400,)
ATTENTION = (100, _APART_MS, 100, _APART_MS, 100)
OTHER_WAY = (80, PAUSE_MS, 80)
CORRECT = (80,)

# Words
READY = OK + (_WORD_MS,) + OK
REZERO_REFUSED = STOP + (_WORD_MS,) + ATTENTION  # stand still
RECORDING = ATTENTION + (_WORD_MS,) + OK
MUTED = OK + (_WORD_MS,) + STOP
LOW_BATTERY = ATTENTION + (_WORD_MS,) + STOP
PAIN_MARKED = STOP

# Name, pattern.  Its place + 1 is its number on the wire (wire.BUZZ): only ever append.
TABLE = (
    ("ok", OK),
    ("stop", STOP),
    ("attention", ATTENTION),
    ("other_way", OTHER_WAY),
    ("correct", CORRECT),
    ("ready", READY),
    ("rezero_refused", REZERO_REFUSED),
    ("recording", RECORDING),
    ("muted", MUTED),
    ("low_battery", LOW_BATTERY),
    ("pain_marked", PAIN_MARKED),
)
NAMES = tuple(name for name, _ in TABLE)
PATTERNS = tuple(pattern for _, pattern in TABLE)


def total_ms(pattern: "tuple[int, ...]") -> int:
    """From its first pulse to the end of its last."""
    total = 0
    for ms in pattern:
        total += ms
    return total
