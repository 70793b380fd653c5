# SPDX-License-Identifier: MIT
"""DRV2605L haptic driver for eccentric and linear motors: pulses by its own waveform sequencer, never by RTP.

A pulse is one or two effects of the chip's library whose length is known, so the chip ends it by itself; a one-shot
timer clears GO when a shorter one is due to end, and starts the next pulse of a pattern.  With the playback interval
of 1 ms instead of 5 the library's alerts of 750 and 1000 ms last 150 and 200: when the timer never comes (hung
program), the pulse under way ends after 150, 200, 300, 350 or 400 ms, whichever is next, and no other follows.  A wait
before the first pulse is the sequencer's too, to the nearest 10 ms.

Ref: TI SLOS854D.  8.3.5.2 waveform sequencer; 8.5.1 and 8.5.6 auto-calibration; 8.5.2 equations 5, 6, 9 (voltages); 8.6
register map, of it 8.6.4 (wait), 8.6.5 (GO: clearing it cancels), 8.6.24 (playback interval); 11.2 list of effects.
EN is pulled down: the chip is off while the processor boots, resets or has lost its power.
"""

import math

from . import MotorError
from .motor import Motor

try:
    from micropython import const
except ImportError:  # CPython
    from kneecore._cpython import const  # type: ignore

ADDRESS = const(0x5A)
_STATUS = const(0x00)
_MODE = const(0x01)
_LIBRARY = const(0x03)
_SEQUENCE = const(0x04)
_GO = const(0x0C)
_RATED_VOLTAGE = const(0x16)
_OD_CLAMP = const(0x17)
_A_CAL_COMP = const(0x18)
_FEEDBACK = const(0x1A)
_CONTROL1 = const(0x1B)
_CONTROL2 = const(0x1C)
_CONTROL3 = const(0x1D)
_CONTROL5 = const(0x1F)

_DEVICE_ID = const(7)  # upper three bits of STATUS; 3 is the DRV2605, whose voltages are reckoned otherwise
_DIAG_RESULT, _OVER_TEMP, _OVER_CURRENT = const(8), const(2), const(1)
_INTERNAL_TRIGGER, _AUTO_CALIBRATE, _STANDBY = const(0x00), const(0x07), const(0x40)
_SLOTS = const(8)
_WAIT, _WAIT_MS, _WAITS_A_SLOT = const(0x80), const(10), const(127)
_EFFECTS = (
    (150, (15,)),
    (200, (16,)),
    (300, (15, 15)),
    (350, (15, 16)),
    (400, (16, 16)),
)  # ms at 1 ms a step
_INTERVAL_1_MS = const(0x10)

_TRIES = const(3)
_CALIBRATION_STEP_MS = const(50)
_CALIBRATION_STEPS = const(30)  # 1.2 s at most, 8.6.23

_SAMPLE_TIME_S = 300e-6  # CONTROL2 as it comes


def _settings(actuator):
    """(register, value) for a closed-loop linear or an open-loop eccentric motor."""
    if actuator.lra:
        half_period_ms = 500 / actuator.resonance_hz
        droop = math.sqrt(1 - (4 * _SAMPLE_TIME_S + 300e-6) * actuator.resonance_hz)
        own = (
            (_RATED_VOLTAGE, round(actuator.rated_mv * droop / 20.58)),  # equation 5
            (_OD_CLAMP, round(actuator.clamp_mv / 21.22)),  # equation 9
            (_FEEDBACK, 0xB6),  # linear, braking 4x, medium gain
            (_CONTROL1, 0x80 | round((half_period_ms - 0.5) / 0.1)),  # 8.6.20
        )
    else:
        own = (
            (_RATED_VOLTAGE, 0),  # unused in open loop
            (_OD_CLAMP, round(actuator.clamp_mv / 21.59)),  # equation 6
            (_FEEDBACK, 0x36),
            (_CONTROL1, 0x93),
        )
    return own + (
        (_LIBRARY, actuator.library),
        (_CONTROL2, 0xF5),
        (_CONTROL3, 0xA0),
        (_CONTROL5, 0x80 | _INTERVAL_1_MS),
    )


def _bus_fault(what: str, register: int, code: int) -> MotorError:
    text = "DRV2605L %s at 0x%02x failed: error %d" % (what, register, code)
    return MotorError("motor_fault", register, code, text)


class Drv2605l(Motor):
    """`enable` is the EN pin, `timer` a machine.Timer of its own.

    The constructor finds and sets the part, MotorError if that fails; it calibrates a linear motor, which shakes for
    half a second then, unless given the `calibrated` of an earlier time.
    """

    def __init__(self, i2c, enable, timer, sleep_ms, actuator, max_ms: int, now_us, calibrated=b"") -> None:
        super().__init__(actuator, min(max_ms, _EFFECTS[-1][0]), now_us)
        self._i2c = i2c
        self._enable = enable
        self._timer = timer
        self._sleep_ms = sleep_ms
        self._linear = actuator.lra
        self._settings = _settings(actuator)
        self.calibrated = calibrated  # A_CAL_COMP, A_CAL_BEMF, FEEDBACK
        self._left_ms: "list[int]" = []  # of the pattern: pause, pulse, pause, pulse, ...
        self._next = self._advance  # a bound method made once
        self._under_way = False
        self._pausing = False
        self._off = True
        self.configure()

    def configure(self) -> None:
        """Set the part anew, as after a lost supply."""
        self._enable.value(1)
        self._sleep_ms(1)  # 250 us, 7.6
        status = self._read(_STATUS)
        if status >> 5 != _DEVICE_ID:
            raise MotorError("motor_fault", _STATUS, status, "no DRV2605L at 0x5a: STATUS is 0x%02x" % status)
        self._write(_MODE, _INTERNAL_TRIGGER)
        for register, value in self._settings:
            self._write(register, value)
            seen = self._read(register)
            if seen != value:
                text = "DRV2605L register 0x%02x is 0x%02x, expected 0x%02x" % (register, seen, value)
                raise MotorError("motor_fault", register, seen, text)
        if self._linear and not self.calibrated:
            self._calibrate()
        if self.calibrated:
            self._write(_A_CAL_COMP, *self.calibrated)
        self._write(_MODE, _STANDBY)
        self._off = False

    def fault(self) -> int:
        """What the chip has met since it was last asked: 1 over-current (it has cut the drive), 2 over-temperature."""
        if self._off:
            return 0
        try:
            return self._read(_STATUS) & (_OVER_TEMP | _OVER_CURRENT)
        except MotorError:
            return 0  # whoever plays next will hear of it

    def busy(self) -> bool:
        return self._under_way

    def _begin(self, parts, delay_ms: int) -> bool:
        self._left_ms = parts[1:]
        return self._fire(parts[0], delay_ms)

    def _fire(self, pulse_ms: int, delay_ms: int) -> bool:
        effects = next(effects for length_ms, effects in _EFFECTS if length_ms >= pulse_ms)
        waits = (delay_ms + _WAIT_MS // 2) // _WAIT_MS
        end_ms = waits * _WAIT_MS + pulse_ms
        slots = []
        while waits:
            slots.append(_WAIT | min(waits, _WAITS_A_SLOT))
            waits -= slots[-1] & _WAITS_A_SLOT
        slots += effects
        slots += [0] * (_SLOTS - len(slots))
        try:
            if self._off:
                self.configure()
            self._write(_MODE, _INTERNAL_TRIGGER)
            self._write(_SEQUENCE, *slots)
            self._write(_GO, 1)
        except MotorError:
            self._end()  # GO may have been heard although the bus failed
            return False
        self._under_way = True
        self._pausing = False
        self._timer.init(mode=self._timer.ONE_SHOT, period=end_ms, callback=self._next)
        return True

    def _advance(self, timer) -> None:
        """The pulse or the pause that the timer was set for is over."""
        if not self._under_way:
            return  # stopped while this call was waiting to be made
        if self._pausing:
            self._fire(self._left_ms.pop(0), 0)
        elif self._left_ms and self._silence():
            self._pausing = True
            timer.init(mode=timer.ONE_SHOT, period=self._left_ms.pop(0), callback=self._next)
        else:
            self._end()

    def _end(self) -> bool:
        self._timer.deinit()
        self._left_ms = []
        self._under_way = False
        return self._silence()

    def _silence(self) -> bool:
        """Clear GO until it reads back clear.  False: the part cannot be told and was switched off by its EN pin."""
        for _ in range(_TRIES):
            try:
                self._i2c.writeto_mem(ADDRESS, _GO, b"\x00")
                if not self._i2c.readfrom_mem(ADDRESS, _GO, 1)[0] & 1:
                    self._i2c.writeto_mem(ADDRESS, _MODE, bytes((_STANDBY,)))
                    return True
            except OSError:
                pass
        self._enable.value(0)
        self._off = True
        return False

    def _calibrate(self) -> None:
        """Measure the actuator's back-EMF; it shakes for about a second (8.5.6)."""
        self._write(_MODE, _AUTO_CALIBRATE)
        self._write(_GO, 1)
        for _ in range(_CALIBRATION_STEPS):
            self._sleep_ms(_CALIBRATION_STEP_MS)
            if not self._read(_GO) & 1:
                break
        else:
            self._silence()
            raise MotorError("motor_fault", _GO, 1, "the DRV2605L's calibration does not end")
        status = self._read(_STATUS)
        if status & _DIAG_RESULT:
            text = "the DRV2605L's calibration failed: is a linear motor on it?"
            raise MotorError("motor_fault", _STATUS, status, text)
        self.calibrated = self._i2c.readfrom_mem(ADDRESS, _A_CAL_COMP, 3)

    def _read(self, register: int) -> int:
        for _ in range(_TRIES):
            try:
                return self._i2c.readfrom_mem(ADDRESS, register, 1)[0]
            except OSError as error:
                code = error.args[0]
        raise _bus_fault("read", register, code)

    def _write(self, register: int, *values: int) -> None:
        for _ in range(_TRIES):
            try:
                self._i2c.writeto_mem(ADDRESS, register, bytes(values))
                return
            except OSError as error:
                code = error.args[0]
        raise _bus_fault("write", register, code)
