# SPDX-License-Identifier: MIT
"""What all simulated inertial chips share: when samples are taken, what they feel, a FIFO, faults on demand.

The model of a chip is a subclass with its registers; it fills in the hooks.  Samples are made when somebody looks, for
all the time that passed since; the clock is the world's, in microseconds.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from kneecore.chips import Chip

from ..feed import Counts, Feed, Floats

_LONG_BEFORE = 1 << 40  # samples; so the numbers before the run stay negative, each another
_LOOKED_AT = 1000  # for motion, of the samples since somebody last looked
RUBBISH = 0x7FFF  # all over the first frame after a change of settings


def _no_error(transfer: int) -> int:
    return 0


@dataclass
class Faults:
    """What is wrong with this part; all may be changed while it runs."""

    registers: dict[int, int] = field(default_factory=dict)  # read so and act so, whatever is written
    deaf_us: int = 0  # writes are ignored for this long after a reset
    deaf_to_reset: bool = False  # the register's reset does nothing
    bus: Callable[[int], int] = _no_error  # errno for a transfer (numbered from 0 on this part), 0: none
    acc_gain: int = 1  # the acceleration comes this many times too large
    frozen: tuple[int, ...] = ()  # channels (0 to 2 acceleration, 3 to 5 rate) that repeat their last value
    rubbish: bool = True  # the first FIFO frame after a change of settings is no measurement


class Fifo:
    """Bytes in order; when full the oldest go, `step` bytes at a time."""

    def __init__(self, capacity: int, step: int = 1) -> None:
        self.capacity = capacity
        self._step = step
        self._bytes = bytearray()
        self.dropped = 0  # bytes since it was last emptied

    def __len__(self) -> int:
        return len(self._bytes)

    def push(self, data: bytes) -> None:
        self._bytes += data
        excess = len(self._bytes) - self.capacity
        if excess > 0:
            excess += -excess % self._step
            del self._bytes[:excess]
            self.dropped += excess

    def pop(self, n: int) -> bytes:
        """The oldest n bytes, fewer if there are fewer."""
        data = bytes(self._bytes[:n])
        del self._bytes[:n]
        return data

    def clear(self) -> None:
        self._bytes.clear()
        self.dropped = 0


class Inertial:
    """One part on the bus.  `clock` returns the time in microseconds; `rate_error` 0.01 samples 1 % too fast.

    The feed's sample 0 is the second frame after the FIFO is first switched on, the first being the one a driver has
    to drop; before, the feed rests.  Its time then runs on whatever the firmware does, until `wear` gives another feed.
    """

    chip: Chip  # whose counts the feed has
    fifo_bytes = 0
    fifo_step = 1

    def __init__(
        self,
        clock: Callable[[], int],
        feed: Feed,
        address: int,
        rate_error: float = 0.0,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.temperature_c = 25.0
        self.start_us: float | None = None  # time of the feed's sample 0
        self.transfers = 0
        self.rate_error = rate_error
        self.fifo = Fifo(self.fifo_bytes, self.fifo_step)
        self._clock = clock
        self._feed = feed
        self._address = address
        self._produced = 0
        self._overflowed = 0
        self._held: Counts | None = None
        self._felt: Floats | None = None  # the latest acceleration that motion was looked for in
        self._knock_g = 0.0
        self._power_on()

    # Hooks: what a chip does in its own way.

    def _reset(self) -> None:
        """Registers as after power-on."""
        raise NotImplementedError

    def _nominal_hz(self) -> float:
        """By the present settings; 0: no samples are taken."""
        raise NotImplementedError

    def _fifo_on(self) -> bool:
        raise NotImplementedError

    def _frame_bytes(self) -> int:
        """Bytes that a sample takes in the FIFO."""
        raise NotImplementedError

    def _frames(self, counts: Counts) -> bytes:
        """Samples [n, 6] as they go into the FIFO."""
        raise NotImplementedError

    def _ranges(self) -> tuple[int, int]:
        """How many times larger counts are than at the range of the feed, acceleration and rate."""
        raise NotImplementedError

    def _taken_now(self, new: int) -> None:
        """So many samples were just taken: status bits, motion (`_moved`)."""

    def _get(self, register: int, n: int) -> bytes:
        """A burst of registers read."""
        raise NotImplementedError

    def _put(self, register: int, value: int) -> None:
        """A register written."""
        raise NotImplementedError

    @property
    def interrupt(self) -> bool:
        """Level of the INT pin."""
        raise NotImplementedError

    # For the world and for tests.

    @property
    def rate_hz(self) -> float:
        """Samples per second of true time, by the present settings."""
        return self._nominal_hz() * (1 + self.rate_error)

    @property
    def produced(self) -> int:
        """Frames written to the FIFO so far."""
        self._advance()
        return self._produced

    @property
    def overflowed(self) -> int:
        """Those of them that lost bytes because nobody read them in time."""
        self._advance()
        return self._overflowed + self._pushed_out()

    def power_cycle(self) -> None:
        """The supply failed for a moment: all settings are lost, the FIFO is empty and off."""
        self._advance()
        self._power_on()

    def wear(self, feed: Feed) -> None:
        """Another feed from now on; its sample 0 comes when the FIFO is next switched on."""
        self._advance()
        self._feed = feed
        self.start_us = None

    def knock(self, g: float = 1.0) -> None:
        """Whoever has the unit moves it: the next sample feels so much more on every axis, and only that one."""
        self._advance()
        self._knock_g = g

    # The bus.

    def read(self, address: int, register: int, n: int) -> bytes:
        """A burst of n registers.  OSError: not this address, or a fault."""
        self._begin(address)
        return self._get(register, n)

    def write(self, address: int, register: int, data: bytes) -> None:
        """A burst of registers.  OSError as `read`."""
        self._begin(address)
        for i, value in enumerate(data):
            if self._clock() >= self._reset_us + self.faults.deaf_us:
                self._put(register + i, value)

    def _begin(self, address: int) -> None:
        if address != self._address:
            raise OSError(errno.ENODEV, "no answer")
        number = self.transfers
        self.transfers += 1
        code = self.faults.bus(number)
        if code:
            raise OSError(code, "transfer failed")
        self._advance()

    # For subclasses.

    def _reset_asked(self) -> None:
        """By its register."""
        if not self.faults.deaf_to_reset:
            self._power_on()

    def _power_on(self) -> None:
        self._empty_fifo()
        self._reset()
        self._reset_us = self._clock()
        self._settings_changed()

    def _settings_changed(self) -> None:
        """Ranges, filters or rate are other ones: sampling starts anew, and the next frame is no measurement."""
        self._rubbish_next = True
        self._felt = None
        self._restart_sampling()

    def _fifo_started(self) -> None:
        if self.start_us is None and self._nominal_hz():
            self.start_us = self._grid_us + (self._taken + 1) * self._period_us

    def _empty_fifo(self) -> None:
        self._overflowed += self._pushed_out()
        self.fifo.clear()

    def _acceleration_g(self, new: int) -> Floats:
        """Of the latest samples, [n, 3]; n may be smaller than `new`."""
        counts = self._counts(min(new, _LOOKED_AT))[:, :3]
        return np.asarray(counts / (self.chip.acc_lsb_per_g * self._ranges()[0]))

    def _moved(self, new: int, threshold_g: float) -> bool:
        """Whether one of the latest samples differs on an axis by more than this from the one before it."""
        felt = self._acceleration_g(new)
        before = felt[:1] if self._felt is None else self._felt
        self._felt = felt[-1:]
        return bool(np.abs(np.diff(np.vstack((before, felt)), axis=0)).max() > threshold_g)

    def _counts(self, n: int) -> Counts:
        """The last n samples, [n, 6], by the ranges set."""
        t_us = self._grid_us + np.arange(self._taken - n, self._taken) * self._period_us
        since_us: Floats = np.asarray(t_us - (math.inf if self.start_us is None else self.start_us))
        if self.start_us is None:
            first = self._taken - n - _LONG_BEFORE
        else:  # not rounded at a half, where settings may well be changed: a number would come twice or never
            first = math.floor(since_us[0] / self._period_us + 0.3)
        counts = self._feed.block(first, since_us / 1e6).astype(np.int32)
        counts[-1, :3] += round(self._knock_g * self.chip.acc_lsb_per_g)
        self._knock_g = 0.0
        acc, rate = self._ranges()
        counts[:, :3] *= self.faults.acc_gain * acc
        counts[:, 3:] *= rate
        counts = np.clip(counts, -32768, 32767)
        if self.faults.frozen:
            held = counts[0].copy() if self._held is None else self._held
            counts[:, list(self.faults.frozen)] = held[list(self.faults.frozen)]
        self._held = counts[-1].copy()
        return counts.astype(np.int16)

    # Sampling: instants lie on a grid that restarts with the settings.

    @property
    def _period_us(self) -> float:
        return 1e6 / self.rate_hz

    def _restart_sampling(self) -> None:
        self._taken = 0
        self._grid_us = self._clock() + (self._period_us if self._nominal_hz() else 0)

    def _advance(self) -> None:
        if not self._nominal_hz():
            self._restart_sampling()
            return
        due = math.floor((self._clock() - self._grid_us) / self._period_us) + 1
        new = due - self._taken
        if new <= 0:
            return
        self._taken = due
        if self._fifo_on():
            self._push(new)
        self._taken_now(new)

    def _push(self, new: int) -> None:
        size = self._frame_bytes()
        self._produced += new
        made = min(new, self.fifo.capacity // size + 1)  # earlier ones would be overwritten at once
        self.fifo.dropped += (new - made) * size
        counts = self._counts(made)
        if self._rubbish_next and self.faults.rubbish and new == made:
            counts[0] = RUBBISH
        self._rubbish_next = False
        self.fifo.push(self._frames(counts))

    def _pushed_out(self) -> int:
        return -(-self.fifo.dropped // max(1, self._frame_bytes())) if self.fifo.dropped else 0
