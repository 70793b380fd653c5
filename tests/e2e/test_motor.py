# SPDX-License-Identifier: MIT
"""The motor cannot stick: true time of both builds' motors when the program hangs, dies, or loses its power or bus."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from pathlib import Path

import pytest

from kneesense.world import clock
from kneesense.world.air import Air
from kneesense.world.board import Board
from kneesense.world.chips import drv2605l
from kneesense.world.firmware import Process
from kneesense.world.motor import Pulse
from kneesense.world.peripheral import Peripheral

STATED_MS = 400  # pins.Build.max_ms: no pulse is longer, whatever happens
EN = 26

COMMON = """
import time
from machine import I2C, Pin, Timer
from drivers.actuators import ACTUATORS
"""
TRANSISTOR = (
    COMMON
    + """
from esp32 import RMT
from drivers.motor import CLOCK_DIV, RmtMotor
def make_rmt(pin):
    return RMT(0, pin=pin, clock_div=CLOCK_DIV)
motor = RmtMotor(lambda: Pin(25, Pin.OUT, value=0), make_rmt, ACTUATORS["310-101"], 400, time.ticks_us)
"""
)
DRIVER_CHIP = (
    COMMON
    + """
from drivers.drv2605l import Drv2605l
i2c = I2C(0, scl=Pin(22), sda=Pin(21), freq=400000)
enable = Pin(26, Pin.OUT, value=0)
motor = Drv2605l(
    i2c, enable, Timer(1), time.sleep_ms, ACTUATORS["C10-100"], 400, time.ticks_us, b"\\x0a\\x70\\xb6"
)
"""
)
both = pytest.mark.parametrize("build", [TRANSISTOR, DRIVER_CHIP], ids=["transistor", "drv2605l"])


def play(folder: Path, text: str, cut_ms: float = 0, bus_dies_ms: float = 0) -> tuple[list[Pulse], str]:
    """Run a program for 5 s of the world's time; pulses of its motor and what it printed.

    `cut_ms`: the supply fails so long after the first pulse has begun; `bus_dies_ms`: no write is heard from then on.
    """
    (folder / "program.py").write_text(text)
    pulses: list[Pulse] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        board = Board(bytes(6), {0: []}, Peripheral(Air()))
        chip = drv2605l.Drv2605l(lambda: round(loop.time() * 1e6), board.motor)
        board.chips[0].append(chip)
        board.on_pin[EN] = chip.enable
        begun = asyncio.Event()
        board.motor.on_pulse = lambda pulse: begun.set()
        with (folder / "console.txt").open("wb") as console:
            process = Process(board, folder, console, folder / "program.py")
            process.start()
            try:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(begun.wait(), 10)
                if bus_dies_ms:
                    await asyncio.sleep(bus_dies_ms / 1000)
                    chip.faults.write = lambda register: errno.ETIMEDOUT
                if cut_ms:
                    await asyncio.sleep(cut_ms / 1000)
                    board.power_lost(round(loop.time() * 1e6))
                    await process.stop()
                await asyncio.sleep(5)
            finally:
                await process.stop()
        pulses.extend(board.motor.pulses)

    clock.run(main, 1000.0)
    return pulses, (folder / "console.txt").read_text()


def lengths(pulses: list[Pulse]) -> list[float]:
    return [pulse.ms for pulse in pulses]


@both
@pytest.mark.parametrize("ms", [80, 250, 60_000])
def test_an_interpreter_that_freezes_in_mid_pulse(tmp_path: Path, build: str, ms: int) -> None:
    pulses, _ = play(tmp_path, build + f"motor.pulse({ms})\nwhile True: pass")
    own = {80: 150, 250: 300, 60_000: 400} if build is DRIVER_CHIP else {80: 80, 250: 250, 60_000: 400}
    assert lengths(pulses) == pytest.approx([own[ms]], abs=0.1)
    assert max(lengths(pulses)) <= STATED_MS + 0.1


@both
def test_an_interpreter_that_freezes_in_a_delay(tmp_path: Path, build: str) -> None:
    pulses, _ = play(tmp_path, build + "motor.play((80,), 1000)\nwhile True: pass")
    assert lengths(pulses) == pytest.approx([150 if build is DRIVER_CHIP else 80], abs=0.1)


@both
def test_an_exception_that_ends_the_program(tmp_path: Path, build: str) -> None:
    pulses, console = play(tmp_path, build + "motor.pulse(300)\nraise RuntimeError('dead')")
    assert "RuntimeError" in console
    assert lengths(pulses) == pytest.approx([300], abs=0.1)


@both
def test_a_supply_that_fails_in_mid_pulse(tmp_path: Path, build: str) -> None:
    pulses, _ = play(tmp_path, build + "motor.pulse(400)\ntime.sleep(9)", cut_ms=120)
    assert lengths(pulses) == pytest.approx([120], abs=1)


@both
def test_a_reset_in_mid_pulse(tmp_path: Path, build: str) -> None:
    program = "motor.pulse(400)\ntime.sleep_ms(50)\nimport machine\nmachine.reset()"
    pulses, _ = play(tmp_path, build + program)
    assert lengths(pulses) == pytest.approx([50], abs=1)


@both
def test_a_pulse_that_is_ended_early_and_another_right_after_it(tmp_path: Path, build: str) -> None:
    early = "motor.pulse(400)\ntime.sleep_ms(50)\nmotor.stop()\n"
    pulses, console = play(
        tmp_path, build + early + "time.sleep_ms(20)\nprint(motor.pulse(80))\ntime.sleep(2)"
    )
    assert console.split() == ["80"]
    assert lengths(pulses) == pytest.approx([50, 80], abs=1)


def test_a_bus_that_fails_before_the_stop_is_written(tmp_path: Path) -> None:
    program = "print(motor.pulse(80))\ntime.sleep(1)\nprint(enable.value())"
    pulses, console = play(tmp_path, DRIVER_CHIP + program, bus_dies_ms=30)
    assert console.split() == ["80", "0"]  # told in vain three times, the chip was switched off
    assert lengths(pulses) == pytest.approx([80], abs=2)


def test_a_generator_released_in_mid_pulse_would_panic(tmp_path: Path) -> None:
    pulses, console = play(tmp_path, TRANSISTOR + "motor.pulse(400)\nmotor._rmt.deinit()\nprint('alive')")
    assert "panic" in console
    assert "alive" not in console
    assert max(lengths(pulses), default=0) < 1


def test_the_reference_build_calibrates_its_linear_motor_at_the_first_boot_only(tmp_path: Path) -> None:
    program = "import pins\npins.BUILD = pins.BUILDS['reference']\nimport main\n"
    first, _ = play(tmp_path, program)
    second, console = play(tmp_path, program)
    assert lengths(first) == [700]
    assert second == []
    assert "no motor" not in console


def test_the_unit_goes_on_without_a_motor_that_does_not_answer(tmp_path: Path) -> None:
    program = (
        "import pins\npins.BUILD = pins.Build('drv2605l', 14, 'C10-100', 400, 'adc', 35, 32)\nimport main\n"
    )
    pulses, console = play(tmp_path, program)
    assert pulses == []
    assert "no motor: DRV2605L read at 0x00 failed" in console
    assert "Traceback" not in console
