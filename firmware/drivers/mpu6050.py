# SPDX-License-Identifier: MIT
"""MPU-6050 accelerometer and gyroscope: 500 frames a second through its FIFO, +-16 g and 2000 deg/s, raw counts.

Ref: InvenSense RM-MPU-6000A-00 rev 4.2 (registers), PS-MPU-6000A-00 rev 3.4 (scales, start-up times).
Limits: the FIFO holds 85 frames (`stall_ms`) and has no watermark pin, so it is drained by time.  1024 bytes are no
multiple of a frame: after an overflow every frame would come shifted, so all of them are thrown away and `lost_reason`
tells the caller to note one gap, whose length follows from its clock and the count of samples.

The constructor finds, resets and configures the part; then start(), drain(batch) every 10 to 20 ms, stop().  Everything
may raise ImuError after a few tries; the way back is to free the bus, then configure() and start().
"""

import errno
import math
from array import array

from kneecore import chips, wire

from . import ImuError
from .decode import big_endian

try:
    from micropython import const
except ImportError:  # CPython
    from kneecore._cpython import const  # type: ignore

_ADDRESSES = (0x68, 0x69)  # by the level of AD0, which WHO_AM_I does not show

_SMPLRT_DIV = const(0x19)
_CONFIG = const(0x1A)
_GYRO_CONFIG = const(0x1B)
_ACCEL_CONFIG = const(0x1C)
_FIFO_EN = const(0x23)
_INT_ENABLE = const(0x38)
_INT_STATUS = const(0x3A)
_ACCEL_XOUT_H = const(0x3B)
_TEMP_OUT_H = const(0x41)
_USER_CTRL = const(0x6A)
_PWR_MGMT_1 = const(0x6B)
_FIFO_COUNT_H = const(0x72)
_FIFO_R_W = const(0x74)
_WHO_AM_I = const(0x75)

_IDENTITY = const(0x68)
_DEVICE_RESET = const(0x80)
_CLOCK_PLL_X = const(0x01)  # SLEEP off; steadier than the internal oscillator
_FIFO_RUN = const(0x40)
_FIFO_RESET = const(0x04)  # heeded only while the FIFO is off
_FIFO_OFLOW = const(0x10)  # in INT_ENABLE and INT_STATUS; reading clears it

_SETTINGS = (
    (_SMPLRT_DIV, 1),  # 1 kHz / (1 + 1)
    (_CONFIG, 1),  # low-pass 184 Hz, delay 2 ms; without it the base rate would be 8 kHz
    (_GYRO_CONFIG, 3 << 3),  # +-2000 deg/s
    (_ACCEL_CONFIG, 3 << 3),  # +-16 g: running impacts at the shank reach 8 g and more
    (
        _FIFO_EN,
        0x78,
    ),  # all six axes; they lie in the FIFO in the order of their registers, acceleration first
    (_INT_ENABLE, _FIFO_OFLOW),  # without it the status bit is not promised
    (_PWR_MGMT_1, _CLOCK_PLL_X),
)

_FIFO_BYTES = const(1024)
_FRAME = const(12)
_CHUNK = const(16)  # frames a transfer: a usual batch is 5 to 10
_TRIES = const(3)
_WAKE_TRIES = const(20)
_WAKE_MS = const(10)
_GYRO_START_MS = const(50)  # typically 30, PS table 6.1
_REST_SPREAD = const(205)  # counts, 0.1 g: more between least and greatest is not rest
_REST_MS = const(4)


class Mpu6050:
    """`i2c` as machine.I2C, `sleep_ms` as time.sleep_ms."""

    chip = wire.CHIPS.index("mpu6050")
    acc_lsb_per_g = chips.TABLE[chip].acc_lsb_per_g
    gyro_lsb_per_10dps = chips.TABLE[chip].gyro_lsb_per_10dps
    clip_counts = 32767  # a sample of this size, or of -32768, may be a larger one cut off
    FIFO_SAMPLES = _FIFO_BYTES // _FRAME

    def __init__(self, i2c, sleep_ms) -> None:
        self._i2c = i2c
        self._sleep_ms = sleep_ms
        self._buffer = bytearray(_FRAME * _CHUNK)
        whole = memoryview(self._buffer)
        self._views = [whole[: _FRAME * n] for n in range(1, _CHUNK + 1)]  # made once: a slice allocates
        self._words = [whole[:n] for n in (1, 2)]
        self._first = True  # the next frame was caught in a change of settings: not a measurement
        # A name of wire.GAP_REASONS when samples were lost; the caller clears it.
        self.lost_reason: "str | None" = None
        self.configure()

    def configure(self) -> None:
        """Find the part, reset and wake it, set ranges and rate, read all back."""
        self.address = self._find()
        self._write(_PWR_MGMT_1, _DEVICE_RESET)
        self._wake()
        for register, value in _SETTINGS:
            self._write(register, value)
        self._first = True
        self._sleep_ms(_GYRO_START_MS)
        self.check()
        base_hz = 8000 if self._read(_CONFIG) & 7 in (0, 7) else 1000
        self.rate_hz = base_hz // (1 + self._read(_SMPLRT_DIV))
        self.stall_ms = self.FIFO_SAMPLES * 20_000 // (21 * self.rate_hz)  # the chip may be 5 % fast

    def check(self) -> None:
        """ImuError `imu_settings` if any setting is not as written: the part was reset, or is another one."""
        for register, value in _SETTINGS:
            seen = self._read(register)
            if seen != value:
                text = "MPU-6050 register 0x%02x is 0x%02x, expected 0x%02x" % (register, seen, value)
                raise ImuError("imu_settings", register, seen, text)

    def one_g_error_pm(self, samples: int) -> "int | None":
        """How much longer than 1 g the mean acceleration is, in permille; None if the unit does not rest."""
        reading = array("h", (0, 0, 0))
        total, least, most = [0, 0, 0], [32767] * 3, [-32768] * 3
        for _ in range(samples):
            self._read_into(_ACCEL_XOUT_H, self._views[0])
            big_endian(self._buffer, 3, reading, 0)
            for i in range(3):
                total[i] += reading[i]
                least[i] = min(least[i], reading[i])
                most[i] = max(most[i], reading[i])
            self._sleep_ms(_REST_MS)
        if max(most[i] - least[i] for i in range(3)) > _REST_SPREAD:
            return None
        length = math.sqrt(sum((axis / samples) ** 2 for axis in total))
        return round(1000 * length / self.acc_lsb_per_g) - 1000

    def temperature_cdeg(self) -> int:
        """Of the die, hundredths of a degree Celsius."""
        reading = array("h", (0,))
        self._read_into(_TEMP_OUT_H, self._words[1])
        big_endian(self._buffer, 1, reading, 0)
        return reading[0] * 100 // 340 + 3653  # RM 4.18

    def start(self) -> None:
        """Begin with an empty FIFO.  The first frame is dropped: sample 0 is the second one taken after this."""
        self.lost_reason = None
        self._first = True
        self._restart_fifo()

    def stop(self) -> None:
        self._write(_USER_CTRL, 0)

    def drain(self, batch) -> int:
        """Fill array('h') `batch` with ax ay az gx gy gz of the samples waiting; returns how many.

        No more than fit; the rest comes with the next call.  0 with `lost_reason` set: samples were lost, the FIFO was
        emptied and the next sample is the first one taken since.
        """
        count = self._fifo_count()
        if count > self.FIFO_SAMPLES * _FRAME:
            return self._lose("fifo_overflow")
        for _ in range(_TRIES):
            if count % _FRAME == 0:
                break
            count = self._fifo_count()  # a frame was just being written
        else:
            return self._lose("realign")
        frames = min(count // _FRAME, len(batch) // 6 + self._first)
        if not frames:
            return 0
        done = 0
        try:
            if self._first:
                self._i2c.readfrom_mem_into(self.address, _FIFO_R_W, self._views[0])
                self._first = False
                frames -= 1
            while done < frames:
                n = min(frames - done, _CHUNK)
                self._i2c.readfrom_mem_into(self.address, _FIFO_R_W, self._views[n - 1])
                big_endian(self._buffer, 6 * n, batch, 6 * done)
                done += n
            # Last, so that an overflow between count and data is not missed.
            self._i2c.readfrom_mem_into(self.address, _INT_STATUS, self._words[0])
        except OSError:  # nobody knows how many bytes or which flag the chip has given away
            return self._lose("bus_reset")
        if self._buffer[0] & _FIFO_OFLOW:
            return self._lose("fifo_overflow")
        return done

    def _lose(self, reason: str) -> int:
        self._restart_fifo()
        self._first = False  # it went with the rest
        self.lost_reason = reason
        return 0

    def _restart_fifo(self) -> None:
        self._write(_USER_CTRL, 0)
        self._write(_USER_CTRL, _FIFO_RESET)
        self._write(_USER_CTRL, _FIFO_RUN)
        self._read(_INT_STATUS)  # forget an earlier overflow

    def _fifo_count(self) -> int:
        self._read_into(_FIFO_COUNT_H, self._words[1])
        return self._buffer[0] << 8 | self._buffer[1]

    def _find(self) -> int:
        seen = []
        for address in _ADDRESSES:
            self.address = address
            try:
                seen.append(self._read(_WHO_AM_I))
            except ImuError as error:
                seen.append(-error.a)
        if seen.count(_IDENTITY) == 1:
            return _ADDRESSES[seen.index(_IDENTITY)]
        if seen.count(_IDENTITY) == 2:
            raise ImuError("imu_identity", 0x68, 0x69, "an MPU-6050 at both 0x68 and 0x69: disconnect one")
        for address, value in zip(_ADDRESSES, seen):
            if value in (0x00, 0xFF):
                text = "0x%02x answers 0x%02x only: check power and pull-ups" % (address, value)
                raise ImuError("bus_fault", address, value, text)
            if value > 0:
                text = "no MPU-6050 at 0x%02x: WHO_AM_I is 0x%02x, expected 0x68" % (address, value)
                raise ImuError("imu_identity", address, value, text)
        if -errno.ETIMEDOUT in seen:
            raise ImuError("bus_fault", errno.ETIMEDOUT, _WHO_AM_I, "the I2C bus is stuck")
        raise ImuError("imu_missing", 0x68, 0x69, "no sensor answers at 0x68 or 0x69: check the wiring")

    def _wake(self) -> None:
        for _ in range(_WAKE_TRIES):  # the reset leaves the part asleep and deaf for a while
            self._sleep_ms(_WAKE_MS)
            self._write(_PWR_MGMT_1, _CLOCK_PLL_X)
            seen = self._read(_PWR_MGMT_1)
            if seen == _CLOCK_PLL_X:
                return
        text = "the MPU-6050 does not wake: PWR_MGMT_1 is 0x%02x" % seen
        raise ImuError("imu_settings", _PWR_MGMT_1, seen, text)

    def _read(self, register: int) -> int:
        self._read_into(register, self._words[0])
        return self._buffer[0]

    def _read_into(self, register: int, view) -> None:
        for _ in range(_TRIES):
            try:
                self._i2c.readfrom_mem_into(self.address, register, view)
                return
            except OSError as error:
                code = error.args[0]
        raise ImuError("bus_fault", code, register, "I2C read at 0x%02x failed: error %d" % (register, code))

    def _write(self, register: int, value: int) -> None:
        for _ in range(_TRIES):
            try:
                self._i2c.writeto_mem(self.address, register, bytes((value,)))
                return
            except OSError as error:
                code = error.args[0]
        raise ImuError("bus_fault", code, register, "I2C write at 0x%02x failed: error %d" % (register, code))
