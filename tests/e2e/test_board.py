# SPDX-License-Identifier: MIT
"""Motor and bus of the virtual board, driven by MicroPython programs."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

MOTOR = """
import sys
import time
from machine import Pin
from esp32 import RMT
from drivers.actuators import ACTUATORS
from drivers.motor import CLOCK_DIV, RmtMotor
low = lambda: Pin(25, Pin.OUT, value=0)
make_rmt = lambda pin: RMT(0, pin=pin, clock_div=CLOCK_DIV)
motor = RmtMotor(low, make_rmt, ACTUATORS["310-101"], 400, time.ticks_us)
"""


def test_a_pulse_has_the_length_asked_for(run_script: Callable[..., tuple]) -> None:
    out, board = run_script(MOTOR + "print(motor.pulse(80))\ntime.sleep(1)\nprint(motor.pulse(250))")
    assert out.split() == ["80", "250"]
    assert [pulse.ms for pulse in board.motor.pulses] == pytest.approx([80, 250], abs=0.1)


def test_no_pulse_is_longer_than_the_maximum(run_script: Callable[..., tuple]) -> None:
    out, board = run_script(MOTOR + "print(motor.pulse(60000))")
    assert int(out) == 400
    assert board.motor.pulses[0].ms <= 400


def test_a_pulse_during_a_pulse_is_left_out_not_queued(run_script: Callable[..., tuple]) -> None:
    out, board = run_script(MOTOR + "print(motor.pulse(100), motor.pulse(100))")
    assert out.split() == ["100", "0"]
    assert len(board.motor.pulses) == 1


def test_a_pulse_ends_although_the_program_dies_in_it(run_script: Callable[..., tuple]) -> None:
    out, board = run_script(MOTOR + "motor.pulse(300)\nraise RuntimeError('dead')")
    assert "RuntimeError" in out
    assert board.motor.pulses[0].ms == pytest.approx(300, abs=0.1)


def test_a_pulse_of_no_length_does_nothing(run_script: Callable[..., tuple]) -> None:
    out, board = run_script(MOTOR + "print(motor.pulse(0))")
    assert out.split() == ["0"]
    assert board.motor.pulses == []


class _Echo:
    def read(self, address: int, register: int, n: int) -> bytes:
        if address != 0x68:
            raise OSError(errno.ENODEV, "nobody")
        return bytes(range(register, register + n))

    def write(self, address: int, register: int, data: bytes) -> None:
        raise OSError(errno.ETIMEDOUT, "stuck")


def test_a_transfer_takes_its_time_on_the_bus(run_script: Callable[..., tuple]) -> None:
    out, _ = run_script(
        """
import time
from machine import I2C, Pin
bus = I2C(0, scl=Pin(22), sda=Pin(21), freq=400000)
start = time.ticks_us()
data = bus.readfrom_mem(0x68, 1, 117)
print(data[0], len(data), time.ticks_diff(time.ticks_us(), start) // 100)
for call in (lambda: bus.readfrom_mem(0x50, 0, 1), lambda: bus.writeto_mem(0x68, 0, b"x")):
    try:
        call()
    except OSError as error:
        print(error.errno)
print(bus.scan())
""",
        chips=[_Echo()],
    )
    assert out.split() == ["1", "117", "27", str(errno.ENODEV), str(errno.ETIMEDOUT), "[104]"]
