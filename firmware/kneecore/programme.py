# SPDX-License-Identifier: MIT
"""A retraining programme: sessions of so many minutes of running, with cues throughout or in blocks that grow rarer.

Time is running time alone.  Blocks begin when the baseline is known, with cues first.  Once its minutes are run a
session gives no more cues; one that ends before 4/5 of them is repeated.

Ref: the faded schedule of eight sessions in two weeks, 15 to 30 minutes, follows Crowell and Davis, "Gait retraining
to reduce lower extremity loading in runners", Clin Biomech 26 (2011).
"""

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

Plan = namedtuple("Plan", ("number", "minutes", "on_s", "off_s"))  # number from 1; off_s 0: cues throughout

# minutes of running, seconds with and without cues in turn
DEFAULT = (
    (15, 0, 0), (17, 0, 0), (19, 0, 0), (21, 0, 0),
    (24, 120, 60), (26, 90, 90), (28, 60, 120), (30, 30, 150),
)  # fmt: skip

LONGEST = 77  # sessions that fit in the answer to READ_PLAN
_BYTES = 3
_TENS = 10
_COMPLETE_PM = 800
_MOST = 0xFFFF  # of a count in wire.SESSION
_LOW_BITS = 20


class ProgrammeError(ValueError):
    """A table that is no programme; the text says which session and what is possible."""


def encode(sessions: "Iterable[tuple[int, int, int]]") -> bytes:
    """As in wire.PRESCRIBE, three bytes a session."""
    data = bytearray()
    for number, (minutes, on_s, off_s) in enumerate(sessions, 1):
        if not 1 <= minutes <= 255:
            raise ProgrammeError("session %d: %d minutes: must be 1 to 255" % (number, minutes))
        if on_s % _TENS or off_s % _TENS or not (0 <= on_s <= 2550 and 0 <= off_s <= 2550):
            raise ProgrammeError(
                "session %d: %d s with, %d s without cues: must be tens up to 2550" % (number, on_s, off_s)
            )
        data.extend(bytes((minutes, on_s // _TENS, off_s // _TENS)))
    if len(data) > LONGEST * _BYTES:
        raise ProgrammeError("%d sessions: must be at most %d" % (len(data) // _BYTES, LONGEST))
    return bytes(data)


def decode(data: bytes) -> "tuple[tuple[int, int, int], ...]":
    minutes = [data[i] for i in range(0, len(data), _BYTES)]  # MicroPython has no data[::3]
    if len(data) % _BYTES or len(minutes) > LONGEST or 0 in minutes:
        raise ProgrammeError("%d bytes are no programme" % len(data))
    return tuple((data[i], data[i + 1] * _TENS, data[i + 2] * _TENS) for i in range(0, len(data), _BYTES))


def plan(sessions: "tuple[tuple[int, int, int], ...]", number: int) -> "Plan | None":
    """The session of that number; None when the programme is over or there is none."""
    return Plan(number, *sessions[number - 1]) if 1 <= number <= len(sessions) else None


class Tally:
    """Strides, how many of them needed no correction, and their mean."""

    def __init__(self) -> None:
        self.strides = self.in_band = 0
        self._low = self._high = 0  # the sum, in two parts of which each stays small

    def add(self, value: int, in_band: bool) -> None:
        if self.strides == _MOST:
            return
        self.strides += 1
        self.in_band += in_band
        self._low += value
        self._high += self._low >> _LOW_BITS
        self._low &= (1 << _LOW_BITS) - 1

    @property
    def mean(self) -> int:
        """0 without a stride."""
        return ((self._high << _LOW_BITS) + self._low) // self.strides if self.strides else 0


class Progress:
    """One run of a programme.  `cueing` tells whether the next stride may be cued."""

    def __init__(self, plan: Plan, rate_hz: int) -> None:
        self._plan = plan
        self._second_x16 = 16 * rate_hz
        self._rest_x16 = 0
        self._block_s = 0
        self.on, self.off = Tally(), Tally()
        self.cues = 0
        self.run_s = 0
        self.cueing = True

    @property
    def planned_s(self) -> int:
        minutes: int = self._plan.minutes
        return 60 * minutes

    @property
    def complete(self) -> bool:
        return self.run_s * 1000 >= self.planned_s * _COMPLETE_PM

    @property
    def following(self) -> int:
        """Number of the session that the next run will be."""
        number: int = self._plan.number
        return number + self.complete

    def ran(self, stride_x16: int, in_blocks: bool) -> None:
        """A run stride is over; `in_blocks`: the baseline is known."""
        self._rest_x16 += stride_x16
        while self._rest_x16 >= self._second_x16:
            self._rest_x16 -= self._second_x16
            self.run_s += 1
            self._block_s += in_blocks
        on_s, off_s = self._plan.on_s, self._plan.off_s
        with_cues = off_s == 0 or self._block_s % (on_s + off_s) < on_s
        self.cueing = with_cues and self.run_s < self.planned_s

    def count(self, value: int, in_band: bool) -> None:
        """The value of a stride that counts, while the blocks run."""
        if self.run_s < self.planned_s:
            (self.on if self.cueing else self.off).add(value, in_band)

    def values(self, rule: int, baseline: int, target: int, band: int) -> "dict[str, int]":
        """The fields of wire.SESSION without its key."""
        return {
            "session": self._plan.number, "complete": int(self.complete), "planned_s": self.planned_s,
            "run_s": min(self.run_s, _MOST), "cues": min(self.cues, _MOST),
            "on_strides": self.on.strides, "on_in_band": self.on.in_band, "on_mean": self.on.mean,
            "off_strides": self.off.strides, "off_in_band": self.off.in_band, "off_mean": self.off.mean,
            "rule": rule, "baseline": baseline, "target": target, "band": band,
        }  # fmt: skip
