# SPDX-License-Identifier: MIT
"""The DRV2605L's driver on the part's stand-in: settings, calibration, pulses in true time, stops not heard."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest

from drivers import MotorError
from drivers.actuators import ACTUATORS
from drivers.drv2605l import Drv2605l
from fakes.i2c import Desk as Bus
from kneecore import patterns
from kneesense.world.chips import drv2605l as chip
from kneesense.world.motor import Line

LRA, ERM = "C10-100", "310-101"
CALIBRATED = b"\x0a\x70\xb6"
OWN_LENGTHS_MS = (150, 200, 300, 350, 400)  # at which the chip ends a pulse that nobody ends


class Enable:
    def __init__(self, part: chip.Drv2605l) -> None:
        self.part = part
        self.level = 0

    def value(self, level: int) -> None:
        self.level = level
        self.part.enable(level)


class Timer:
    """One shot; `Desk.run` lets it happen."""

    ONE_SHOT = 0

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.due: tuple[int, Callable[[Any], None]] | None = None

    def init(self, *, mode: int, period: int, callback: Callable[[Any], None]) -> None:
        assert mode == self.ONE_SHOT
        self.due = (self.desk.bus.now_us + 1000 * period, callback)

    def deinit(self) -> None:
        self.due = None


class Desk:
    def __init__(self, faults: chip.Faults | None = None) -> None:
        self.bus = Bus()
        self.line = Line()
        self.part = chip.Drv2605l(self.bus.clock, self.line, faults)
        self.bus.chips = [self.part]
        self.enable = Enable(self.part)
        self.timer = Timer(self)

    def motor(self, actuator: str = LRA, calibrated: bytes = CALIBRATED) -> Drv2605l:
        return Drv2605l(
            self.bus,
            self.enable,
            self.timer,
            self.bus.sleep_ms,
            ACTUATORS[actuator],
            400,
            self.bus.clock,
            calibrated,
        )

    def run(self, ms: int) -> None:
        """Time passes, the program runs."""
        until_us = self.bus.now_us + 1000 * ms
        while self.timer.due and self.timer.due[0] <= until_us:
            self.bus.now_us, callback = self.timer.due
            self.timer.due = None
            callback(self.timer)
        self.bus.now_us = until_us

    def freeze(self, ms: int) -> None:
        """Time passes, the program hangs: no timer is served."""
        self.bus.now_us += 1000 * ms

    def pulses_ms(self, since_us: int = 0) -> list[tuple[float, float]]:
        """(begin after `since_us`, length)."""
        return [((p.start_us - since_us) / 1000, p.ms) for p in self.line.pulses if p.start_us >= since_us]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def register(desk: Desk, number: int) -> int:
    return desk.part.read(chip.ADDRESS, number, 1)[0]


def test_a_linear_motors_voltages_follow_from_its_own(desk: Desk) -> None:
    desk.motor()
    assert register(desk, 0x16) == 83  # 2.0 V x sqrt(1 - 1.5 ms x 175 Hz) / 20.58 mV, equation 5
    assert register(desk, 0x17) == 133  # 2.83 V / 21.22 mV, equation 9
    assert register(desk, 0x1B) & 0x1F == 24  # half a period is 2.86 ms = 0.5 + 24 x 0.1
    assert register(desk, 0x1A) & 0x80
    assert register(desk, 0x03) == 6


def test_an_eccentric_motor_is_driven_in_open_loop_and_never_calibrated(desk: Desk) -> None:
    motor = desk.motor(ERM, b"")
    assert register(desk, 0x17) == 139  # 3.0 V / 21.59 mV, equation 6
    assert not register(desk, 0x1A) & 0x80
    assert register(desk, 0x1D) & 0x20
    assert (motor.calibrated, desk.line.pulses) == (b"", [])


def test_a_linear_motor_is_calibrated_once_and_then_remembers(desk: Desk) -> None:
    found = desk.motor(calibrated=b"").calibrated
    assert [ms for _, ms in desk.pulses_ms()] == [700]
    again = Desk()
    assert again.motor(calibrated=found).calibrated == found == CALIBRATED
    assert again.line.pulses == []
    assert again.part.read(chip.ADDRESS, chip.A_CAL_COMP, 3) == found


def test_a_calibration_that_fails_is_told() -> None:
    with pytest.raises(MotorError, match="is a linear motor on it"):
        Desk(chip.Faults(calibration_fails=True)).motor(calibrated=b"")


def test_another_part_is_told(desk: Desk) -> None:
    desk.part.read = lambda address, number, n: b"\x60" * n  # type: ignore[method-assign]  # a DRV2605
    with pytest.raises(MotorError, match="STATUS is 0x60"):
        desk.motor()


def test_none_at_all_is_told(desk: Desk) -> None:
    desk.bus.chips = []
    with pytest.raises(MotorError, match=f"error {errno.ENODEV}"):
        desk.motor()


@pytest.mark.parametrize("ms", [20, 80, 149, 150, 151, 200, 250, 350, 399, 400, 5000])
def test_a_pulse_has_the_length_asked_for_up_to_the_maximum(desk: Desk, ms: int) -> None:
    motor = desk.motor()
    assert motor.pulse(ms) == min(ms, 400)
    assert motor.busy()
    desk.run(1000)
    assert [length for _, length in desk.pulses_ms()] == [min(ms, 400)]
    assert not motor.busy()
    assert register(desk, chip.MODE) == 0x40  # standby


@pytest.mark.parametrize("parts", patterns.PATTERNS, ids=patterns.NAMES)
def test_every_pattern_is_driven_as_written(desk: Desk, parts: tuple[int, ...]) -> None:
    motor = desk.motor()
    start_us = desk.bus.now_us
    assert motor.play(parts) == sum(parts)
    desk.run(3000)
    expected = [(sum(parts[:i]), parts[i]) for i in range(0, len(parts), 2)]
    assert desk.pulses_ms(start_us) == expected


def test_a_delay_waits_in_the_chip_to_the_nearest_10_ms(desk: Desk) -> None:
    motor = desk.motor()
    start_us = desk.bus.now_us
    assert motor.play((80,), 1394) == 1474
    desk.freeze(1394)
    assert desk.pulses_ms(start_us) == [(1390, 150)]  # without a word from the program
    motor.stop()
    assert [ms for _, ms in desk.pulses_ms(start_us)] == [4]


@pytest.mark.parametrize("ms", range(20, 401, 10))
def test_a_program_that_hangs_in_a_pulse_leaves_its_end_to_the_chip(desk: Desk, ms: int) -> None:
    desk.motor().pulse(ms)
    desk.freeze(60_000)
    assert [length for _, length in desk.pulses_ms()] == [min(own for own in OWN_LENGTHS_MS if own >= ms)]


def test_a_program_that_hangs_in_a_pattern_leaves_the_rest_out(desk: Desk) -> None:
    desk.motor().play(patterns.OTHER_WAY)
    desk.freeze(60_000)
    assert [length for _, length in desk.pulses_ms()] == [150]


def test_stopping_ends_a_pulse_and_all_that_waits(desk: Desk) -> None:
    motor = desk.motor()
    motor.play(patterns.ATTENTION)
    desk.run(250)
    assert motor.stop()
    desk.run(2000)
    assert [length for _, length in desk.pulses_ms()] == [100, 30]
    assert motor.pulse(80) == 80


def test_a_stop_that_the_bus_loses_is_tried_again(desk: Desk) -> None:
    motor = desk.motor()
    motor.pulse(400)
    lost = iter([errno.EIO, errno.ETIMEDOUT])
    desk.part.faults.write = lambda register: next(lost, 0) if register == chip.GO else 0
    desk.run(100)
    assert motor.stop()
    assert [length for _, length in desk.pulses_ms()] == [100]
    assert desk.enable.level == 1


@pytest.mark.parametrize(
    "fault", [{"write": lambda register: errno.ETIMEDOUT}, {"deaf_to_go": True}], ids=["bus", "deaf"]
)
def test_a_part_that_does_not_stop_loses_its_enable_pin_and_comes_back(
    desk: Desk, fault: dict[str, Any]
) -> None:
    motor = desk.motor()
    motor.pulse(400)
    desk.run(100)
    for name, value in fault.items():
        setattr(desk.part.faults, name, value)
    assert not motor.stop()
    assert desk.enable.level == 0
    desk.freeze(1000)
    assert [length for _, length in desk.pulses_ms()] == [100]
    desk.part.faults = chip.Faults()
    assert motor.pulse(80) == 80
    desk.run(1000)
    assert [length for _, length in desk.pulses_ms()] == [100, 80]


def test_a_start_that_the_bus_loses_is_refused_and_drives_nothing(desk: Desk) -> None:
    motor = desk.motor()
    desk.part.faults.write = lambda register: errno.EIO if register == chip.GO else 0
    assert motor.pulse(80) == 0
    assert not motor.busy()
    assert desk.line.pulses == []


def test_another_during_one_is_refused(desk: Desk) -> None:
    motor = desk.motor()
    assert (motor.pulse(100), motor.pulse(100), motor.play((80, 60, 80))) == (100, 0, 0)


def test_what_the_chip_warns_of_is_told_once_and_over_current_has_ended_the_pulse(desk: Desk) -> None:
    motor = desk.motor()
    motor.pulse(400)
    desk.run(50)
    desk.part.warn(1)
    assert (motor.fault(), motor.fault()) == (1, 0)
    desk.part.warn(2)
    assert motor.fault() == 2
    assert [length for _, length in desk.pulses_ms()] == [50]


def test_real_time_playback_is_nothing_that_the_stand_in_knows(desk: Desk) -> None:
    desk.motor()
    with pytest.raises(AssertionError, match="without an end"):
        desk.part.write(chip.ADDRESS, chip.MODE, b"\x05")
