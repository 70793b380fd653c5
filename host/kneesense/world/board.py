# SPDX-License-Identifier: MIT
"""The unit's circuit board: I2C bus with its chips, motor on a finite pulse generator, pins, radio, power.

Times are the virtual clock's, in microseconds.  An I2C transfer takes as long as the bus needs; computing takes none.
What resets the chip is told to `power`, which ends the program; who owns the board begins the next one (unit.py).
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import Any, Protocol

from .firmware import Later, Process
from .flash import Flash
from .motor import Line
from .power import Power
from .serialline import SerialLine

# As in the firmware's pins.py
BUTTON_PIN, MOTOR_PIN, LED_PIN, IMU_INT_PIN, CELL_PIN, CHARGE_PIN = 27, 25, 13, 33, 35, 32
CPU_HZ_AT_BOOT = 160_000_000


class Chip(Protocol):
    """A part on the bus, at register level."""

    def read(self, address: int, register: int, n: int) -> bytes: ...

    def write(self, address: int, register: int, data: bytes) -> None: ...


class Radio(Protocol):
    def request(self, process: Process, op: str, args: list[Any]) -> Any: ...

    def process_ended(self) -> None: ...


def _now_us() -> int:
    """The world's time, from which a `Later` counts; the program's own may be a little ahead."""
    return round(asyncio.get_running_loop().time() * 1e6)


class Button:
    """To ground, with a pull-up: low while it is pressed.  Its contact bounces at both ends of a press."""

    FALLING, RISING = 2, 1  # edges, as machine.Pin numbers them
    _BOUNCE_S = (0.0008, 0.0007, 0.0021, 0.0009, 0.0043)  # after each of an odd number of edges

    def __init__(self) -> None:
        self.level = 1
        self.on_edge: Callable[[int], None] = lambda edge: None
        self.on_level: Callable[[], None] = lambda: None  # the wake-up logic of a sleeping chip

    async def press(self, seconds: float) -> None:
        await self._bounce()
        await asyncio.sleep(seconds)
        await self._bounce()

    async def _bounce(self) -> None:
        for pause_s in self._BOUNCE_S:
            self.level = 1 - self.level
            self.on_edge(self.RISING if self.level else self.FALLING)
            self.on_level()
            await asyncio.sleep(pause_s)


class Board:
    """Answers the firmware's requests.  `chips` maps a bus number to the parts on it, tried in order."""

    motor_delay_us = 0  # fault: the motor starts this much after it was told to
    held_clocks = 0  # fault: a part holds the bus's data line low until it has seen so many clocks

    def __init__(
        self,
        unit_id: bytes,
        chips: dict[int, list[Chip]],
        radio: Radio | None = None,
        flash: Flash | None = None,
    ) -> None:
        self.unit_id = unit_id
        self.chips = chips
        self.radio = radio
        self.flash = flash
        self.motor = Line()
        self.button = Button()
        self.line: SerialLine | None = None
        self.power = Power(self)
        self.cpu_hz = CPU_HZ_AT_BOOT
        self.led_us: list[tuple[int, int]] = []  # when its level changed, and to what
        self.on_pin: dict[
            int, Callable[[int], None]
        ] = {}  # parts whose pin hangs on an output, by its number
        self.on_request: Callable[[Process, str, list[Any]], None] = lambda process, op, args: None
        self._bus_hz: dict[int, int] = {}
        self._levels: dict[int, int] = {}

    def request(self, process: Process, op: str, args: list[Any]) -> Any:
        self.on_request(process, op, args)
        if op.startswith("ble_"):
            if self.radio is None:
                raise OSError(errno.ENODEV, "no radio on this board")
            return self.radio.request(process, op[4:], args)
        return getattr(self, "_" + op)(process, *args)

    def process_ended(self) -> None:
        if self.radio:
            self.radio.process_ended()

    def power_lost(self, t_us: int) -> None:
        """Supply, reset or deep sleep: outputs float, and what hangs on them is pulled down."""
        if self.flash:
            self.flash.power_lost(t_us)
        self.motor.reset(t_us)
        self._light(t_us, 0)
        self._levels.clear()
        self.button.on_edge = lambda edge: None
        self.cpu_hz = CPU_HZ_AT_BOOT
        for told in self.on_pin.values():
            told(0)

    def pin_level(self, number: int) -> int:
        """Of an input, as something outside drives it."""
        if number == BUTTON_PIN:
            return self.button.level
        if number == CHARGE_PIN:
            return 0 if self.power.battery.charging else 1
        if number == IMU_INT_PIN:
            return int(
                any(getattr(chip, "interrupt", False) for chips in self.chips.values() for chip in chips)
            )
        return 0 if self.held_clocks else self._levels.get(number, 0)

    def _freq(self, process: Process, hz: int | None) -> int:
        if hz is not None:
            self.cpu_hz = hz
        return self.cpu_hz

    def _unique_id(self, process: Process) -> str:
        return self.unit_id.hex()

    def _serial(self, process: Process, raw: bool | None) -> bool:
        """Whether the raw prompt is on; `raw` switches it."""
        if self.line is None:
            return False
        if raw is not None:
            self.line.raw = raw
        return self.line.raw

    def _power(self, process: Process, op: str, args: list[Any]) -> Any:
        """Resets, sleep, watchdog, RTC memory and ADC."""
        return self.power.request(process, op, args)

    def _pin(self, process: Process, number: int, mode: int, pull: int, value: int | None) -> None:
        if value is not None:
            self._output(process, number, value)

    def _output(self, process: Process, number: int, level: int) -> None:
        self._levels[number] = level
        if number == MOTOR_PIN:
            self.motor.output(process.t_us, level)
        if number == LED_PIN:
            self._light(process.t_us, level)
        if number in self.on_pin:
            self.on_pin[number](level)

    def _light(self, t_us: int, level: int) -> None:
        if level != (self.led_us[-1][1] if self.led_us else 0):
            self.led_us.append((t_us, level))

    def _pin_irq(self, process: Process, number: int, trigger: int) -> None:
        def tell(edge: int) -> None:
            if trigger & edge:
                process.interrupt("pin", number)

        if number == BUTTON_PIN:
            self.button.on_edge = tell

    def _pin_value(self, process: Process, number: int, level: int | None) -> int:
        if level is not None:
            if level and not self._levels.get(number, 0) and self.held_clocks:
                self.held_clocks -= 1
            self._output(process, number, level)
        return self.pin_level(number)

    def _partitions(self, process: Process) -> list[tuple[int, int, int, int, str]]:
        table = self.flash.table if self.flash else []
        return [(p.type, p.subtype, p.offset, p.size, p.name) for p in table]

    def _flash_read(self, process: Process, address: int, size: int) -> bytes:
        return self._cells.read(address, size)

    def _flash_program(self, process: Process, address: int, data: bytes) -> Later:
        return Later(self._cells.program(address, data, _now_us()))

    def _flash_erase(self, process: Process, address: int) -> Later:
        return Later(self._cells.erase(address, _now_us()))

    @property
    def _cells(self) -> Flash:
        if self.flash is None:
            raise OSError(errno.ENODEV, "no flash on this board")
        return self.flash

    def _i2c(self, process: Process, bus: int, scl: int, sda: int, hz: int) -> None:
        self._bus_hz[bus] = hz

    def _i2c_scan(self, process: Process, bus: int) -> list[int]:
        found = []
        for address in range(0x08, 0x78):
            try:
                self._transfer(bus, lambda chip, a=address: chip.read(a, 0, 1))  # type: ignore[misc]
            except OSError:
                continue
            found.append(address)
        return found

    def _i2c_read(self, process: Process, bus: int, address: int, register: int, n: int) -> Later:
        data = self._transfer(bus, lambda chip: chip.read(address, register, n))
        return self._bus_time(bus, 3 + n, data)

    def _i2c_write(self, process: Process, bus: int, address: int, register: int, data: bytes) -> Later:
        self._transfer(bus, lambda chip: chip.write(address, register, data))
        return self._bus_time(bus, 2 + len(data), None)

    def _transfer(self, bus: int, use: Callable[[Chip], Any]) -> Any:
        if self.held_clocks:
            raise OSError(errno.ETIMEDOUT, "the data line is held low")
        for chip in self.chips.get(bus, []):
            try:
                return use(chip)
            except OSError as error:
                if error.errno != errno.ENODEV:
                    raise
        raise OSError(errno.ENODEV, "no answer on the bus")

    def _bus_time(self, bus: int, n_bytes: int, value: Any) -> Later:
        return Later(9 * n_bytes / self._bus_hz[bus], value)  # eight bits and the acknowledge

    def _rmt(self, process: Process, pin: int) -> int:
        if pin != MOTOR_PIN:
            raise OSError(errno.EINVAL, "nothing else is on a pulse generator")
        return self.motor.make(process.t_us)

    def _rmt_write(
        self, process: Process, generator: int, durations_ns: list[int], levels: list[bool]
    ) -> Any:
        wait_us = max(0, self.motor.done_us(generator) - process.t_us)  # blocks until the earlier one is done
        self.motor.write(generator, process.t_us + wait_us + self.motor_delay_us, durations_ns, levels)
        return Later(wait_us / 1e6) if wait_us else None

    def _rmt_done(self, process: Process, generator: int, timeout_ms: int) -> Any:
        left_us = self.motor.done_us(generator) - process.t_us
        if left_us <= 0 or timeout_ms == 0:
            return left_us <= 0
        return Later(min(left_us / 1e6, timeout_ms / 1e3), left_us <= timeout_ms * 1000)

    def _rmt_release(self, process: Process, generator: int) -> bool:
        return self.motor.release(generator, process.t_us)
