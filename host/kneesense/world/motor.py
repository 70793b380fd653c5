# SPDX-License-Identifier: MIT
"""The motor's line and the ESP32's pulse generators, in true time: once told they go on, whatever the program does.

Ref: MicroPython's ports/esp32/esp32_rmt.c, ESP-IDF's rmt_tx.c and gpio.c.  The pin belongs to the generator made last,
until the program makes it an output of its own or a generator is released, which frees the pin as well.  A generator
that lost the pin runs out unseen; releasing it before panics.  Times in microseconds of the world.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass

GENERATORS = 8
FOREVER_US = 1 << 62


@dataclass(frozen=True)
class Pulse:
    """High, or the motor driven, from `start_us` until `end_us`."""

    start_us: int
    end_us: int

    @property
    def ms(self) -> float:
        return (self.end_us - self.start_us) / 1000


class Line:
    """As an observer with a logic analyser sees it; `pulses` holds what is under way and still to come, too."""

    def __init__(self) -> None:
        self.pulses: list[Pulse] = []
        self.on_pulse: Callable[[Pulse], None] = lambda pulse: None
        self._ends: dict[int, int] = {}  # generator -> when it is done
        self._owner = -1
        self._made = 0

    def high(self, t_us: int) -> bool:
        return any(pulse.start_us <= t_us < pulse.end_us for pulse in self.pulses)

    def make(self, t_us: int) -> int:
        """A generator that gets the pin.  OSError: none is left."""
        if len(self._ends) >= GENERATORS:
            raise OSError(errno.ENOENT, "no pulse generator is free")
        self._made += 1
        self.rest(t_us)
        self._owner = self._made
        self._ends[self._made] = t_us
        return self._made

    def output(self, t_us: int, level: int) -> None:
        """The program takes the pin."""
        self._owner = -1
        self.rest(t_us)
        if level:
            self._add(t_us, FOREVER_US)

    def done_us(self, generator: int) -> int:
        """One that went with the power is done: its program may ask once more before it is gone, too."""
        return self._ends.get(generator, 0)

    def write(self, generator: int, t_us: int, durations_ns: list[int], levels: list[bool]) -> None:
        if generator == self._owner:
            self.drive(t_us, durations_ns, levels)
        self._ends[generator] = t_us + sum(durations_ns) // 1000

    def drive(self, t_us: int, durations_ns: list[int], levels: list[bool]) -> None:
        """What hardware has been told to do from now on."""
        at_ns = t_us * 1000
        for duration, level in zip(durations_ns, levels, strict=True):
            if level:
                self._add(at_ns // 1000, (at_ns + duration) // 1000)
            at_ns += duration

    def rest(self, t_us: int) -> None:
        """Nothing after `t_us` takes place: the pulse under way is cut, those that waited never come."""
        while self.pulses and self.pulses[-1].start_us >= t_us:
            self.pulses.pop()
        if self.pulses and self.pulses[-1].end_us > t_us:
            self.pulses[-1] = Pulse(self.pulses[-1].start_us, t_us)

    def release(self, generator: int, t_us: int) -> bool:
        """False: in mid-pulse, the chip panics."""
        if self.done_us(generator) > t_us:
            return False
        self._ends.pop(generator, None)
        self.output(t_us, 0)
        return True

    def reset(self, t_us: int) -> None:
        """The chip starts anew, or has lost its power: the pin floats, the pull-down takes the line low."""
        self._ends.clear()
        self.output(t_us, 0)

    def _add(self, start_us: int, end_us: int) -> None:
        if self.pulses and abs(self.pulses[-1].end_us - start_us) <= 1:
            self.pulses[-1] = Pulse(self.pulses[-1].start_us, end_us)
        else:
            self.pulses.append(Pulse(start_us, end_us))
            self.on_pulse(self.pulses[-1])
