# SPDX-License-Identifier: MIT
"""Deep sleep of the ESP32, what ends it, and a few numbers that outlast it.

Ref: MicroPython's ports/esp32: modesp32.c (ext0: one pin at a level; ext1: pins that are all low), modmachine.c,
machine_rtc.c (RTC memory is kept over resets and sleep, not over a loss of power).  The chip's own pull-ups are off in
deep sleep: button and sensor's interrupt have theirs on the board.
"""

import struct
import time

import esp32
import machine

_NOTE = "<4sBBHI"
_MAGIC = b"knee"
_NO_WAKE = 0
_WAKES = {machine.EXT0_WAKE: 1, machine.EXT1_WAKE: 2, machine.TIMER_WAKE: 3}  # as in wire.WAKES


def wake() -> int:
    """What ended the sleep before this boot, of wire.WAKES; 0 if there was none."""
    if machine.reset_cause() != machine.DEEPSLEEP_RESET:
        return _NO_WAKE
    return _WAKES.get(machine.wake_reason(), _NO_WAKE)


class Sleeper:
    """`motion` is high while the sensor tells of motion, `button` low while pressed.

    `naps` counts boots in a row that found the cell flat, `wakes` those that motion caused right after going to sleep;
    `strap_session` is what it was before sleeping, 0 if the unit has not slept.
    """

    def __init__(self, motion, button) -> None:
        self._motion = motion
        self._button = button
        self.naps = self.wakes = self.strap_session = self._since_s = 0
        self.slept_s = -1  # how long, -1 unknown
        note = machine.RTC().memory()
        if len(note) == struct.calcsize(_NOTE) and note[:4] == _MAGIC:
            _, self.naps, self.wakes, session, self._since_s = struct.unpack(_NOTE, note)
            if machine.reset_cause() == machine.DEEPSLEEP_RESET:
                self.slept_s = time.time() - self._since_s
                self.strap_session = session

    @property
    def moving(self) -> bool:
        return bool(self._motion.value())

    def keep(self) -> None:
        """The numbers, for the next boot."""
        counts = (min(self.naps, 255), min(self.wakes, 255), self.strap_session)
        machine.RTC().memory(struct.pack(_NOTE, _MAGIC, *counts, self._since_s))

    def sleep(self, motion: bool, timer_s: int) -> None:
        """Until the button, `timer_s` (0: not) or, if `motion`, the sensor ends it.  Nothing comes after this."""
        self._since_s = time.time()
        self.keep()
        esp32.wake_on_ext0(self._motion if motion else None, esp32.WAKEUP_ANY_HIGH)
        esp32.wake_on_ext1((self._button,), esp32.WAKEUP_ALL_LOW)
        if timer_s:
            machine.deepsleep(timer_s * 1000)
        machine.deepsleep()
