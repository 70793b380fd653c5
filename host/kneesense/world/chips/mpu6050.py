# SPDX-License-Identifier: MIT
"""An MPU-6050 at register level: identity, sleep, ranges, sample clock, FIFO with real overflow, faults on demand.

Ref: InvenSense RM-MPU-6000A-00 rev 4.2 (registers 25 to 28, 35, 56 to 72, 106, 107, 114 to 117).  Where the text
leaves room the stricter reading is modelled: FIFO_RESET works only while FIFO_EN is 0, FIFO_OFLOW_INT needs its enable
bit, FIFO_COUNT_L is a copy made when FIFO_COUNT_H is read, and an overflow drops the oldest bytes, not frames.
Not modelled: the filters' delay (2 ms at 188 Hz), self-test, DMP, auxiliary bus, interrupt pin.

Samples are made when somebody looks, for all the time that passed since; the clock is the world's, in microseconds.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..feed import Counts, Feed, Floats

FIFO_BYTES = 1024

SMPLRT_DIV, CONFIG, GYRO_CONFIG, ACCEL_CONFIG = 0x19, 0x1A, 0x1B, 0x1C
FIFO_EN, INT_ENABLE, INT_STATUS = 0x23, 0x38, 0x3A
ACCEL_XOUT_H, GYRO_ZOUT_L = 0x3B, 0x48
USER_CTRL, PWR_MGMT_1 = 0x6A, 0x6B
FIFO_COUNT_H, FIFO_COUNT_L, FIFO_R_W, WHO_AM_I = 0x72, 0x73, 0x74, 0x75

_DEVICE_RESET, _SLEEP = 0x80, 0x40
_FIFO_ON, _FIFO_RESET = 0x40, 0x04
_OVERFLOW, _DATA_READY = 0x10, 0x01
_LONG_BEFORE = 1 << 40  # samples; so the numbers before the run stay negative, each another
_SETTINGS = (SMPLRT_DIV, CONFIG, GYRO_CONFIG, ACCEL_CONFIG, FIFO_EN, PWR_MGMT_1)
_READ_ONLY = (*range(INT_STATUS, GYRO_ZOUT_L + 1), FIFO_COUNT_H, FIFO_COUNT_L, FIFO_R_W, WHO_AM_I)
_FIFO_PARTS = ((0x08, (0, 1, 2)), (0x80, (3,)), (0x40, (4,)), (0x20, (5,)), (0x10, (6,)))  # bit, columns


def _no_error(transfer: int) -> int:
    return 0


@dataclass
class Faults:
    """What is wrong with this part; all may be changed while it runs."""

    registers: dict[int, int] = field(default_factory=dict)  # read so and act so, whatever is written
    deaf_us: int = 0  # writes are ignored for this long after a reset
    bus: Callable[[int], int] = _no_error  # errno for a transfer (numbered from 0 on this part), 0: none
    acc_gain: int = 1  # the acceleration comes this many times too large
    frozen: tuple[int, ...] = ()  # channels (0 to 2 acceleration, 3 to 5 rate) that repeat their last value
    rubbish: bool = True  # the first FIFO frame after a change of settings is 0x7FFF all over


class Mpu6050:
    """One part on the bus.  `clock` returns the time in microseconds; `rate_error` 0.01 samples 1 % too fast.

    The feed's sample 0 is the second frame after the FIFO is first switched on, the first being the one a driver has
    to drop; before, the feed rests.  Its time then runs on whatever the firmware does, until `wear` gives another feed.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        feed: Feed,
        address: int = 0x68,
        rate_error: float = 0.0,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.temperature_c = 25.0
        self.start_us: float | None = None  # time of the feed's sample 0
        self.transfers = 0
        self._produced = 0
        self._clock = clock
        self._feed = feed
        self._address = address
        self.rate_error = rate_error
        self._overflowed = 0
        self._held: Counts | None = None
        self._last_byte = 0
        self._registers = bytearray(128)
        self._fifo = bytearray()
        self._dropped_bytes = 0  # since the FIFO was last empty
        self._reset()

    @property
    def rate_hz(self) -> float:
        """Samples per second of true time, by the present settings."""
        base = 8000 if self._value(CONFIG) & 7 in (0, 7) else 1000
        return base / (1 + self._value(SMPLRT_DIV)) * (1 + self.rate_error)

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

    def read(self, address: int, register: int, n: int) -> bytes:
        """A burst of n registers; FIFO_R_W repeats itself.  OSError: not this address, or a fault."""
        self._begin(address)
        if register == FIFO_R_W:
            return self._pop(n)
        if ACCEL_XOUT_H <= register <= GYRO_ZOUT_L:
            self._latch()  # once, so that a burst is of one sample
        return bytes(self._read(register + i) for i in range(n))

    def write(self, address: int, register: int, data: bytes) -> None:
        """A burst of registers.  OSError as `read`."""
        self._begin(address)
        for i, value in enumerate(data):
            self._write(register + i, value)

    def power_cycle(self) -> None:
        """The supply failed for a moment: all settings are lost, the FIFO is empty and off."""
        self._advance()
        self._reset()

    def wear(self, feed: Feed) -> None:
        """Another feed from now on; its sample 0 comes when the FIFO is next switched on."""
        self._advance()
        self._feed = feed
        self.start_us = None

    def _begin(self, address: int) -> None:
        if address != self._address:
            raise OSError(errno.ENODEV, "no answer")
        number = self.transfers
        self.transfers += 1
        code = self.faults.bus(number)
        if code:
            raise OSError(code, "transfer failed")
        self._advance()

    def _reset(self) -> None:
        self._empty_fifo()
        self._registers[:] = bytes(128)
        self._registers[PWR_MGMT_1] = _SLEEP
        self._registers[WHO_AM_I] = 0x68
        self._reset_us = self._clock()
        self._rubbish_next = True
        self._restart_sampling()

    def _value(self, register: int) -> int:
        return self.faults.registers.get(register, self._registers[register & 0x7F])

    def _read(self, register: int) -> int:
        if register == FIFO_R_W:
            return self._pop(1)[0]
        if register == FIFO_COUNT_H:
            self._registers[FIFO_COUNT_H : FIFO_COUNT_L + 1] = len(self._fifo).to_bytes(2)
        value = self._value(register)
        if register == INT_STATUS:
            self._registers[INT_STATUS] = 0
        return value

    def _write(self, register: int, value: int) -> None:
        if register in _READ_ONLY or self._clock() < self._reset_us + self.faults.deaf_us:
            return
        if register == PWR_MGMT_1 and value & _DEVICE_RESET:
            self._reset()
            return
        if register == USER_CTRL:
            self._control(value)
            return
        self._registers[register & 0x7F] = value
        if register in _SETTINGS:
            self._rubbish_next = True
            self._restart_sampling()

    def _control(self, value: int) -> None:
        if value & _FIFO_RESET and not value & _FIFO_ON:
            self._empty_fifo()
        self._registers[USER_CTRL] = value & ~_FIFO_RESET
        if self._fifo_on and self.start_us is None:
            self.start_us = self._grid_us + (self._taken + 1) * self._period_us

    # Sampling: instants lie on a grid that restarts with the settings.

    @property
    def _fifo_on(self) -> bool:
        return bool(self._value(USER_CTRL) & _FIFO_ON and self._value(FIFO_EN))

    @property
    def _period_us(self) -> float:
        return 1e6 / self.rate_hz

    @property
    def _columns(self) -> list[int]:
        return [column for bit, columns in _FIFO_PARTS if self._value(FIFO_EN) & bit for column in columns]

    @property
    def _frame_bytes(self) -> int:
        return 2 * len(self._columns)

    def _restart_sampling(self) -> None:
        self._taken = 0
        self._grid_us = self._clock() + self._period_us

    def _advance(self) -> None:
        if self._value(PWR_MGMT_1) & _SLEEP:
            self._restart_sampling()
            return
        due = math.floor((self._clock() - self._grid_us) / self._period_us) + 1
        new = due - self._taken
        if new <= 0:
            return
        self._taken = due
        self._registers[INT_STATUS] |= _DATA_READY
        if self._fifo_on:
            self._push(new)

    def _push(self, new: int) -> None:
        size = self._frame_bytes
        self._produced += new
        made = min(new, FIFO_BYTES // size + 1)  # earlier ones would be overwritten at once
        self._dropped_bytes += (new - made) * size
        frames = self._counts(made)[:, self._columns]
        if self._rubbish_next and self.faults.rubbish and new == made:
            frames[0] = 0x7FFF
        self._rubbish_next = False
        self._fifo += frames.astype(">i2").tobytes()
        excess = len(self._fifo) - FIFO_BYTES
        if excess > 0:
            del self._fifo[:excess]
            self._dropped_bytes += excess
        if self._dropped_bytes:
            self._registers[INT_STATUS] |= _OVERFLOW & self._value(INT_ENABLE)

    def _pushed_out(self) -> int:
        return -(-self._dropped_bytes // max(1, self._frame_bytes))

    def _empty_fifo(self) -> None:
        self._overflowed += self._pushed_out()
        self._dropped_bytes = 0
        self._fifo.clear()

    def _pop(self, n: int) -> bytes:
        if not self._value(USER_CTRL) & _FIFO_ON:
            return bytes([self._last_byte] * n)
        data = bytes(self._fifo[:n])
        del self._fifo[:n]
        if data:
            self._last_byte = data[-1]
        return data + bytes([self._last_byte] * (n - len(data)))

    def _latch(self) -> None:
        if self._taken:
            words = self._counts(1)[0]
            self._registers[ACCEL_XOUT_H : GYRO_ZOUT_L + 1] = words.astype(">i2").tobytes()

    def _counts(self, n: int) -> Counts:
        """The last n samples, [n, 7]: acceleration, temperature, rate, by the ranges set."""
        t_us = self._grid_us + np.arange(self._taken - n, self._taken) * self._period_us
        since_us: Floats = np.asarray(t_us - (math.inf if self.start_us is None else self.start_us))
        first = (
            self._taken - n - _LONG_BEFORE if self.start_us is None else round(since_us[0] / self._period_us)
        )
        counts = self._feed.block(first, since_us / 1e6).astype(np.int32)
        counts[:, :3] *= self.faults.acc_gain << 3 - (self._value(ACCEL_CONFIG) >> 3 & 3)
        counts[:, 3:] <<= 3 - (self._value(GYRO_CONFIG) >> 3 & 3)
        counts = np.clip(counts, -32768, 32767)
        self._freeze(counts)
        temperature = np.full((n, 1), round((self.temperature_c - 36.53) * 340))
        return np.hstack((counts[:, :3], temperature, counts[:, 3:])).astype(np.int16)

    def _freeze(self, counts: Counts) -> None:
        if self.faults.frozen:
            held = counts[0].copy() if self._held is None else self._held
            counts[:, list(self.faults.frozen)] = held[list(self.faults.frozen)]
        self._held = counts[-1].copy()
