# SPDX-License-Identifier: MIT
"""Power of the virtual board: cell and charger, ADC, causes of a reset, deep sleep and what ends it, biting watchdog.

Ref: MicroPython's ports/esp32: modmachine.c (numbers of causes; a brownout is told as power_on, a panic as reset),
machine_wdt.c (the task watchdog, set anew by every WDT()), machine_rtc.c (RTC memory outlives all but a loss of power);
ESP-IDF's esp_adc_cal_esp32.c (reference voltage of 1100 mV, 11 dB).
"""

from __future__ import annotations

import asyncio
import errno
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .firmware import Process

if TYPE_CHECKING:
    from .board import Board

POWER_ON, HARD_RESET, WATCHDOG, DEEP_SLEEP, SOFT_RESET = (
    1,
    2,
    3,
    4,
    5,
)  # as machine.reset_cause() numbers them
BY_EXT0, BY_EXT1, BY_TIMER = 2, 3, 4  # as machine.wake_reason()

_COUNTS = 4096
_UV_PER_COUNT = 1100 * 196602 * 1000 // (_COUNTS * 65536)
_OFFSET_MV = 142
_LOOK_S = 0.05  # how often a sleeping chip's sensor is asked for its interrupt


def _no_noise() -> int:
    return 0


@dataclass
class Battery:
    """Its voltage at the terminals; `noise()` is added to what the ADC sees of the cell, `counts` replaces it."""

    mv: int = 3900
    charging: bool = False
    noise: Callable[[], int] = _no_noise
    counts: int | None = None

    def adc_uv(self) -> int:
        """As ADC.read_uv() tells it of half the cell."""
        counts = self.counts
        if counts is None:
            uv = (self.mv + self.noise()) * 500 - 1000 * _OFFSET_MV
            counts = min(max(uv // _UV_PER_COUNT, 0), _COUNTS - 1)
        return counts * _UV_PER_COUNT + 1000 * _OFFSET_MV


@dataclass
class Sleep:
    """What the program asked for when it went to sleep."""

    since_us: int
    timer_ms: int | None
    ext0: tuple[int, int] | None  # pin, level
    ext1: tuple[list[int], int] | None  # pins, 1: any is high, 0: all are low

    def woken_by(self, level: Callable[[int], int]) -> int:
        if self.ext0 and level(self.ext0[0]) == self.ext0[1]:
            return BY_EXT0
        if self.ext1:
            levels = [level(pin) for pin in self.ext1[0]]
            if any(levels) if self.ext1[1] else not any(levels):
                return BY_EXT1
        return 0


@dataclass
class Power:
    """`on_end(cause, wake)` is told when the program has to end and the next one to begin."""

    board: Board
    battery: Battery = field(default_factory=Battery)
    on_end: Callable[[int, int], None] | None = None
    cause: int = POWER_ON
    wake: int = 0
    watchdog_ms: int = 0
    fed_us: list[int] = field(default_factory=list)
    reset_requested: bool = False
    slept: list[Sleep] = field(default_factory=list)
    asleep: bool = False
    _memory: bytes = b""
    _ext0: tuple[int, int] | None = None
    _ext1: tuple[list[int], int] | None = None
    _bite: asyncio.TimerHandle | None = None

    def request(self, process: Process, op: str, args: list[Any]) -> Any:
        return getattr(self, "_" + op)(process, *args)

    def lost(self) -> None:
        """The battery is out."""
        self._memory = b""

    def ended(self) -> None:
        """The program is over: nothing of it is left in the chip."""
        if self._bite:
            self._bite.cancel()
            self._bite = None
        self._ext0 = self._ext1 = None

    def _cause(self, process: Process) -> int:
        return self.cause

    def _wake_reason(self, process: Process) -> int:
        return self.wake

    def _reset(self, process: Process, cause: int = HARD_RESET) -> Any:
        self.reset_requested = True
        if cause != SOFT_RESET:  # after that one the pins stay as they are
            self.board.power_lost(process.t_us)
        return self._end(cause)

    def _end(self, cause: int, wake: int = 0) -> Any:
        if self.on_end is None:
            return None
        self.on_end(cause, wake)
        return asyncio.get_running_loop().create_future()  # nobody is there any more to hear the answer

    def _wdt(self, process: Process, timeout_ms: int | None) -> None:
        if timeout_ms is not None:
            if timeout_ms <= 0:
                raise OSError(errno.EINVAL, "WDT timeout too short")
            self.watchdog_ms = timeout_ms
        self.fed_us.append(process.t_us)
        if self._bite:
            self._bite.cancel()
        at_s = (process.t_us + 1000 * self.watchdog_ms) / 1e6
        self._bite = asyncio.get_running_loop().call_at(at_s, self._bites, process)

    def _bites(self, process: Process) -> None:
        self._bite = None
        self.board.power_lost(process.t_us)
        self._end(WATCHDOG)

    def _ext(self, process: Process, number: int, pins: list[int] | None, level: int) -> None:
        if number == 0:
            self._ext0 = (pins[0], level) if pins else None
        else:
            self._ext1 = (pins, level) if pins else None

    def _deepsleep(self, process: Process, timer_ms: int | None) -> Any:
        sleep = Sleep(process.t_us, timer_ms, self._ext0, self._ext1)
        self.slept.append(sleep)
        self.board.power_lost(process.t_us)
        return self._end(DEEP_SLEEP)

    async def sleep(self) -> int:
        """Until something ends it; returns what.  The sensor is asked now and then, the button tells by itself."""
        sleep = self.slept[-1]
        loop = asyncio.get_running_loop()
        until_s = math.inf if sleep.timer_ms is None else loop.time() + sleep.timer_ms / 1000
        pressed = asyncio.Event()
        self.board.button.on_level = pressed.set
        self.asleep = True
        try:
            while not (woken := sleep.woken_by(self.board.pin_level)):
                look_s = min(until_s, loop.time() + _LOOK_S) if sleep.ext0 else until_s
                pressed.clear()
                try:
                    async with asyncio.timeout_at(None if look_s == math.inf else look_s):
                        await pressed.wait()
                except TimeoutError:
                    if loop.time() >= until_s:
                        return BY_TIMER
            return woken
        finally:
            self.asleep = False
            self.board.button.on_level = lambda: None

    def _rtc_memory(self, process: Process, data: str | None) -> str:
        if data is not None:
            self._memory = bytes.fromhex(data)
        return self._memory.hex()

    def _adc(self, process: Process, pin: int) -> int:
        return self.battery.adc_uv()
