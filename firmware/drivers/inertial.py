# SPDX-License-Identifier: MIT
"""What the drivers of all inertial chips share: registers on I2C, identity, settings read back, the rules of the FIFO.

The driver of a chip is a subclass that states its figures and fills in the hooks below.  What each must keep to is
tests/firmware/test_imu_contract.py, how to write one docs/adding-an-imu.md.

The constructor finds, resets and configures the part; then start(), drain(batch) every DRAIN_MS, stop().  Everything
may raise ImuError after a few tries; the way back is to free the bus, then configure() and start().
"""

import math
from array import array

from kneecore import chips

from . import ImuError

DRAIN_MS = 20  # the pace at which a run drains the FIFO, and part of a cue's latency

_CHUNK = 16  # frames a transfer: a usual batch is 5 to 10
_TRIES = 3
_INSIST_TRIES = 20
_INSIST_MS = 10
_STEP_MS = 5  # between two settings for motion: what one starts, the next may need
_REST_MS = 4
_REST_SPREAD = 10  # of the chip's 1 g: this part of it between least and greatest is not rest any more


class Inertial:
    """`i2c` as machine.I2C, `sleep_ms` as time.sleep_ms.

    `chip`: what the part is by the settings or by an earlier boot, a code of wire.CHIPS, 0 if nobody knows.  It counts
    only for parts that answer alike.
    """

    NAME = ""  # for messages
    WHO_AM_I = 0  # register of the identity
    CHIPS: "dict[int, int]" = {}  # identity -> code of wire.CHIPS
    SETTINGS: "tuple[tuple[int, int], ...]" = ()  # (register, value) for a run, in the order they are written
    START_MS = 0  # from the settings to the first sample that is one
    FIFO_DATA = 0  # register that gives out the FIFO, frame by frame
    FRAME = 0  # bytes of it that make a sample
    FIFO_SAMPLES = 0  # it holds so many
    clip_counts = 32767  # a sample of this size, or of -32768, may be a larger one cut off

    def __init__(self, i2c, sleep_ms, address: int, chip: int = 0) -> None:
        self.address = address
        self._i2c = i2c
        self._sleep_ms = sleep_ms
        self._buffer = bytearray(self.FRAME * _CHUNK)
        whole = memoryview(self._buffer)
        self._frames = [whole[: self.FRAME * n] for n in range(1, _CHUNK + 1)]  # made once: a slice allocates
        self._bytes = [whole[:n] for n in range(7)]
        self._first = True  # the next frame was caught in a change of settings: not a measurement
        # A name of wire.GAP_REASONS when samples were lost; the caller clears it.
        self.lost_reason: "str | None" = None
        self.configure()
        self.chip = self._which(self._identify(), chip)
        self.acc_lsb_per_g = chips.TABLE[self.chip].acc_lsb_per_g
        self.gyro_lsb_per_10dps = chips.TABLE[self.chip].gyro_lsb_per_10dps

    # Hooks: what a chip does in its own way.

    def _reset(self) -> None:
        """Reset the part and wake it."""
        raise NotImplementedError

    def _rate_hz(self) -> int:
        """By the settings as they are read back."""
        raise NotImplementedError

    def acceleration(self, reading) -> None:
        """The latest, into array('h') `reading`; not from the FIFO."""
        raise NotImplementedError

    def temperature_cdeg(self) -> int:
        """Of the die, hundredths of a degree Celsius."""
        raise NotImplementedError

    def _restart_fifo(self) -> None:
        """Empty it, forget an earlier overflow, let it run."""
        raise NotImplementedError

    def stop(self) -> None:
        """Let nothing more into the FIFO."""
        raise NotImplementedError

    def _waiting(self) -> int:
        """Whole frames in the FIFO; or _lose(reason)."""
        raise NotImplementedError

    def _decode(self, frames: int, batch, at: int) -> bool:
        """The first frames of the buffer as samples into `batch` from index `at` on.  False: they are out of step."""
        raise NotImplementedError

    def _overflowed(self) -> bool:
        """Whether frames were lost since the FIFO was restarted.  OSError; asked once only, for that may clear it."""
        raise NotImplementedError

    def _motion_settings(self, threshold_mg: int) -> "tuple[tuple[int, int], ...]":
        """(register, value) for INT high on motion, in the order they are written."""
        raise NotImplementedError

    def motion_seen(self) -> bool:
        """Whether the part that arm_motion() has set met motion since it was last asked; asking takes INT low."""
        raise NotImplementedError

    def _which(self, identity: int, chip: int) -> int:
        """The part's code in wire.CHIPS, found once, when it is configured; `chip` as for the constructor."""
        return self.CHIPS[identity]

    # What all do alike.

    def configure(self) -> None:
        """Reset and wake the part, set ranges and rate, read all back."""
        self._identify()
        self._reset()
        for register, value in self.SETTINGS:
            self._write(register, value)
        self._first = True
        self._sleep_ms(self.START_MS)
        self.check()
        self.rate_hz = self._rate_hz()
        # The loop may stand still for so long, whenever it begins: the part may be 5 % fast, a drain just due.
        self.stall_ms = (self.FIFO_SAMPLES * 20_000 - 1) // (21 * self.rate_hz) - DRAIN_MS

    def check(self) -> None:
        """ImuError `imu_settings` if any setting is not as written: the part was reset, or is another one."""
        self._compare(self.SETTINGS)

    def one_g_error_pm(self, samples: int) -> "int | None":
        """How much longer than 1 g the mean acceleration is, in permille; None if the unit does not rest."""
        length = self._length_at_rest(samples, self.acc_lsb_per_g)
        return None if length is None else round(1000 * length / self.acc_lsb_per_g) - 1000

    def arm_motion(self, threshold_mg: int) -> bool:
        """Save power and wait: INT goes high, and stays so, once the acceleration changes by more than this.

        False: it is high again already, for the unit moves.  configure() makes the part ready for a run again.
        """
        self.stop()
        settings = self._motion_settings(threshold_mg)
        for register, value in settings:
            self._write(register, value)
            self._sleep_ms(_STEP_MS)
        self._compare(dict(settings).items())  # where one is written twice, the last counts
        self._sleep_ms(self.START_MS)
        self.motion_seen()  # what setting it up has stirred
        return not self.motion_seen()

    def start(self) -> None:
        """Begin with an empty FIFO.  The first frame is dropped: sample 0 is the second one taken after this."""
        self.lost_reason = None
        self._first = True
        self._restart_fifo()

    def drain(self, batch) -> int:
        """Fill array('h') `batch` with ax ay az gx gy gz of the samples waiting; returns how many.

        No more than fit; the rest comes with the next call.  0 with `lost_reason` set: samples were lost, the FIFO was
        emptied and the next sample is the first one taken since.
        """
        frames = min(self._waiting(), len(batch) // 6 + self._first)
        if not frames:
            return 0
        done = 0
        try:
            if self._first:
                self._i2c.readfrom_mem_into(self.address, self.FIFO_DATA, self._frames[0])
                self._first = False
                frames -= 1
            while done < frames:
                n = min(frames - done, _CHUNK)
                self._i2c.readfrom_mem_into(self.address, self.FIFO_DATA, self._frames[n - 1])
                if not self._decode(n, batch, 6 * done):
                    return self._lose("fifo_overflow" if self._overflowed() else "realign")
                done += n
            overflowed = self._overflowed()  # last, so that one between count and data is not missed
        except OSError:  # nobody knows how many bytes or which flag the chip has given away
            return self._lose("bus_reset")
        return self._lose("fifo_overflow") if overflowed else done

    def _lose(self, reason: str) -> int:
        self._restart_fifo()
        self._first = False  # it went with the rest
        self.lost_reason = reason
        return 0

    def _length_at_rest(self, samples: int, lsb_per_g: int) -> "float | None":
        """Of the mean acceleration, in counts; None if the unit does not rest."""
        reading = array("h", (0, 0, 0))
        total, least, most = [0, 0, 0], [32767] * 3, [-32768] * 3
        for _ in range(samples):
            self.acceleration(reading)
            for i in range(3):
                total[i] += reading[i]
                least[i] = min(least[i], reading[i])
                most[i] = max(most[i], reading[i])
            self._sleep_ms(_REST_MS)
        if max(most[i] - least[i] for i in range(3)) > lsb_per_g // _REST_SPREAD:
            return None
        return math.sqrt(sum((axis / samples) ** 2 for axis in total))

    def _identify(self) -> int:
        identity = self._read(self.WHO_AM_I)
        if identity not in self.CHIPS:
            raise unknown(self.address, self.WHO_AM_I, identity)
        return identity

    def _compare(self, settings) -> None:
        for register, value in settings:
            seen = self._read(register)
            if seen != value:
                self._refuse(register, seen, value)

    def _insist(self, register: int, value: int) -> None:
        """Write it until it reads back so: a reset leaves a part asleep and deaf for a while."""
        seen = -1
        for _ in range(_INSIST_TRIES):
            self._sleep_ms(_INSIST_MS)
            self._write(register, value)
            seen = self._read(register)
            if seen == value:
                return
        self._refuse(register, seen, value)

    def _refuse(self, register: int, seen: int, value: int) -> None:
        text = "%s register 0x%02x is 0x%02x, expected 0x%02x" % (self.NAME, register, seen, value)
        raise ImuError("imu_settings", register, seen, text)

    def _read(self, register: int) -> int:
        self._read_into(register, self._bytes[1])
        return self._buffer[0]

    def _read_into(self, register: int, view) -> None:
        code = 0
        for _ in range(_TRIES):
            try:
                self._i2c.readfrom_mem_into(self.address, register, view)
                return
            except OSError as error:
                code = error.args[0]
        raise ImuError("bus_fault", code, register, "I2C read at 0x%02x failed: error %d" % (register, code))

    def _write(self, register: int, value: int) -> None:
        code = 0
        for _ in range(_TRIES):
            try:
                self._i2c.writeto_mem(self.address, register, bytes((value,)))
                return
            except OSError as error:
                code = error.args[0]
        raise ImuError("bus_fault", code, register, "I2C write at 0x%02x failed: error %d" % (register, code))


def steps(threshold_mg: int, step_mg: int) -> int:
    """A threshold in the steps of an eight-bit register, never 0: that would be motion always."""
    return min(max(threshold_mg // step_mg, 1), 255)


def unknown(address: int, register: int, identity: int) -> ImuError:
    """The error for a part that answers this and is none the product knows."""
    if identity in (0x00, 0xFF):
        text = "0x%02x answers 0x%02x only: check power and pull-ups" % (address, identity)
        return ImuError("bus_fault", address, identity, text)
    text = "no known sensor at 0x%02x: register 0x%02x says 0x%02x" % (address, register, identity)
    return ImuError("imu_identity", address, identity, text)
