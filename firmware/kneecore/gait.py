# SPDX-License-Identifier: MIT
"""Run, walk or unsure, and how the time of a run divides among them.

A stride counts as run or walk only if its duty factor and the impact agree, and the label changes only after two like
strides: toe-off is too weak to decide alone.  Single impacts scatter (treadmill runs 2.1 to 6.3 g, walks 1.1 to 2.7 g),
so the impact is a mean that follows over about four strides, anew from where the duty factor changes sides: 2.5 g and
more in the runs, 2.3 g at most in the walks.  Duty factors were 0.32 to 0.39 and 0.55 to 0.71.

A hard walker, whose impact lies between, is known by a foot that is on the ground for clearly more than half of the
stride.  There is no such leniency towards running: a cue would come of it.
"""

from . import tally
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

UNSURE, WALK, RUN = range(3)  # index of wire.GAITS

_CLEAR_DUTY_PM = 540  # from here on a walk's impact may be
_HARDER_PM = 1333  # of the limit


class Gait:
    """Label of each stride, in the order they happen."""

    def __init__(self, settings: Settings) -> None:
        self._impact_from_mg: int = settings.get("run_impact_mg")
        self._duty_below_pm: int = settings.get("run_duty_pm")
        self.reset()

    def reset(self) -> None:
        """A new bout: what came before says nothing about it."""
        self.current = UNSURE
        self._last = UNSURE
        self._by_contact = UNSURE
        self._impact_mg = 0

    def note(self, stride_x16: int, contact_x16: int, axial_mg: int) -> int:
        """What one stride looks like by itself; two like ones in a row become `current`.  contact_x16 0: unknown."""
        by_contact = RUN if contact_x16 * 1000 < stride_x16 * self._duty_below_pm else WALK
        if self._impact_mg == 0 or (contact_x16 and by_contact != self._by_contact):
            self._by_contact = by_contact
            self._impact_mg = axial_mg
        self._impact_mg += (axial_mg - self._impact_mg) >> 2
        limit_mg = self._impact_from_mg
        if contact_x16 * 1000 >= stride_x16 * _CLEAR_DUTY_PM:
            limit_mg = limit_mg * _HARDER_PM // 1000
        by_impact = RUN if self._impact_mg >= limit_mg else WALK
        looks = by_impact if by_impact == by_contact and contact_x16 else UNSURE
        if looks == self._last:
            self.current = looks
        self._last = looks
        return looks

    def label(self, looks: int) -> int:
        return looks if looks == self.current else UNSURE


class Ledger:
    """Where the time went; the five parts sum to the duration, to the sixteenth of a sample.

    A stride counts with its label from contact to contact.  Outside strides a sample is still when nothing has moved
    for a second, else unsure: `unsure_x16` is what remains.  `tallied`: the array of tally.py.
    """

    def __init__(self, tallied: "array[int]") -> None:
        self._tallied = tallied
        self.run_x16 = 0
        self.walk_x16 = 0
        self.gap_samples = 0

    @property
    def still_x16(self) -> int:
        return self._tallied[tally.STILL] << 4

    def gap(self, samples: int) -> None:
        self.gap_samples += samples

    def take_back(self, now: int, samples: int) -> None:
        """The last samples before `now`, all alike, will be told as a gap."""
        tallied = self._tallied
        still = min(now - tallied[tally.MOVED_AT] - tallied[tally.HOLD] - 1, samples)
        if still > 0:
            tallied[tally.STILL] -= still

    def stride(self, gait: int, stride_x16: int, still_x16: int) -> None:
        """`still_x16`: how much of the stride had been taken for stillness."""
        self._tallied[tally.STILL] -= still_x16 >> 4
        if gait == RUN:
            self.run_x16 += stride_x16
        elif gait == WALK:
            self.walk_x16 += stride_x16

    def unsure_x16(self, samples: int) -> int:
        return ((samples - self.gap_samples) << 4) - self.run_x16 - self.walk_x16 - self.still_x16
