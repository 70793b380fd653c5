# SPDX-License-Identifier: MIT
"""What every sample goes through: guard, mount, strike, tilt, tally; out of gait also seat, in mid-stance strap.

Each is a loop of its own over a stretch of the batch: compiled loops over arrays are what a sample costs least in.  A
stretch ends with the sample of an event, and all state is then that of this sample, so the results do not depend on
how the samples were divided into batches.  (Only guard looks ahead.)  What a sample means is decided in pipeline.py.
"""

from array import array

from . import guard, mount, strike, tally, tilt
from .seat import Seat
from .strap import Strap

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]

_BLOCK = 32  # samples looked at in one go: what the FIFO gathers in 32 ms at 1000 Hz


class Stages:
    """`sample` samples so far, missing ones included.  Of the last stretch: `count` samples, `up` as of tilt.step.

    `scanned`: the state of strike.py, `tallied` of tally.py; `gravity` is that of tilt.py, `tilting` its coefficients.
    """

    def __init__(
        self,
        guarding: "array[int]",
        matrix: "array[int]",
        scanned: "array[int]",
        tilting: "array[int]",
        tallied: "array[int]",
        seat: Seat,
        strap: Strap,
    ) -> None:
        self._guard = guarding
        self._matrix = matrix
        self._scanned = scanned
        self._tilt = tilting
        self._tally = tallied
        self._seat = seat
        self._strap = strap
        self.gravity = tilt.new_state()
        # The batch: `left` samples from `next` on; of a block of it `guarded` are looked at by guard, `used` by all
        self._batch = array("h")
        self._next = self.left = self._guarded = self._used = self._frozen_in_block = 0
        self._seen = array("i", bytes(4 * _BLOCK))
        self._six = array("i", bytes(4 * mount.AXES * _BLOCK))  # of the stretch, in common units
        self.up = array("i", bytes(4 * 3 * _BLOCK))
        self._started = False
        self.sample = self.count = 0

    @property
    def ready(self) -> int:
        """A stretch must not be longer; known after `look`."""
        return self._guarded - self._used

    @property
    def frozen(self) -> int:
        """Of the next sample; known after `look`."""
        return self._seen[self._used] & guard.FROZEN

    @property
    def seen(self) -> int:
        """Bits of guard.py of the last sample."""
        return self._seen[self._used - 1]

    def sagittal_rate(self) -> int:
        """About z, of the last sample, in common units."""
        return self._six[mount.AXES * self.count - 1]

    @micropython.native
    def take(self, batch: "array[int]", first: int, count: int) -> None:
        """Go on with `count` samples of `batch` from its `first` on."""
        self._batch = batch
        self._next = mount.AXES * first
        self.left = count
        self._guarded = self._used = 0

    @micropython.native
    def look(self) -> int:
        """Let guard see the next samples, at least one.  How many of its block are frozen."""
        if self._used == self._guarded:
            self._used = 0
            self._guarded = count = self.left if self.left < _BLOCK else _BLOCK
            self._frozen_in_block = guard.scan(self._guard, self._batch, self._next, count, self._seen)
        return self._frozen_in_block

    @micropython.native
    def skip(self, count: int) -> None:
        """`count` samples are done with."""
        self._next += mount.AXES * count
        self._used += count
        self.left -= count
        self.sample += count

    @micropython.native
    def stretch(self, count: int, resting: bool) -> int:
        """`count` samples, none of them frozen, or fewer: up to the first event.  What strike found in that one."""
        now = self.sample
        six = self._six
        up = self.up
        mount.apply(self._matrix, self._batch, self._next, count, six)
        count = strike.scan(self._scanned, six, count, now)
        if self._started:
            tilt.step(self.gravity, self._tilt, six, count, up)
        else:
            self._begin()
        tally.add(self._tally, six, up, self._seen, self._used, count, now)
        if resting:
            self._seat.watch(self._batch, self._next, count)
        self.skip(count)
        self.count = count
        if self._strap.begin < self.sample:
            self._strap.add(six, count, now)
        return self._scanned[strike.FOUND]

    def _begin(self) -> None:
        """The first sample."""
        self._started = True
        gravity = self.gravity
        tilt.start(gravity, self._tilt, self._six)
        self.up[0] = gravity[0]
        self.up[1] = gravity[1]
        self.up[2] = -gravity[2]
