# SPDX-License-Identifier: MIT
"""Vibration motors: what all of them do, and the one on a transistor, driven by the ESP32's RMT peripheral.

No program here switches a motor on and leaves it to the program to switch it off: whatever is started ends in hardware,
also when the program hangs (docs/decisions/0006).

What the pulse generator asks for (MicroPython's ports/esp32/esp32_rmt.c; ESP-IDF's rmt_tx.c, gpio.c; first ESP32):
  * a part lasts 32767 ticks at most, and 126 parts lie in the channel's own memory: more would need an interrupt to
    refill it, and without that play the old ones again;
  * releasing a channel in mid-pulse waits for its end with interrupts off, or panics.  So a pattern is ended early by
    taking the pin from the generator, which runs out unseen; the next one comes from another channel, and what is
    spent is released together with that one, once both are done: releasing also frees the pin;
  * the generator stands still in light sleep, with the line as it is: never sleep while `busy`.
"""

CLOCK_DIV = 255
LONGEST_MS = 2500  # of what is asked for in one go, its delay included
_TICKS_PER_S = 80_000_000 // CLOCK_DIV
_PART_TICKS = 32767  # about 104 ms
_PARTS = 126


class Motor:
    """Plays patterns: milliseconds on, off, on, ...; see kneecore.patterns.

    `actuator` as in drivers.actuators; `now_us()` is the clock of `shaking_until_us`, before which the unit may feel
    itself shake.  No pulse is longer than `max_ms`, whoever asks; `rise_ms` passes until one is felt.  A subclass has
    `busy()`, `_begin(parts, delay_ms)`, whether it has begun, and `_end()`, whether that is confirmed.
    """

    works = True

    def __init__(self, actuator, max_ms: int, now_us) -> None:
        self.rise_ms: int = actuator.rise_ms
        self.max_ms = max_ms
        self.shaking_until_us = 0
        self._fall_us = 1000 * actuator.fall_ms
        self._now_us = now_us

    def pulse(self, ms: int) -> int:
        """One pulse, now.  Returns its length in ms, 0 if it was refused."""
        return self.play((ms,))

    def play(self, pattern_ms, delay_ms: int = 0) -> int:
        """Begin a pattern after a delay, each pulse cut to `max_ms`.  Returns the ms until its end.

        0: refused, as another is under way, or this one is empty or longer than LONGEST_MS; it is never queued.
        """
        parts = [ms if i & 1 else min(ms, self.max_ms) for i, ms in enumerate(pattern_ms)]
        until_ms = delay_ms + sum(parts)
        if not parts or min(parts) <= 0 or delay_ms < 0 or until_ms > LONGEST_MS or self.busy():
            return 0
        if not self._begin(parts, delay_ms):
            return 0
        self.shaking_until_us = self._now_us() + 1000 * until_ms + self._fall_us
        return until_ms

    def stop(self) -> bool:
        """Off at once, also what waits.  False: its driver did not answer and was switched off for that."""
        if not self.busy():
            return True
        confirmed = self._end()
        self.shaking_until_us = min(self.shaking_until_us, self._now_us() + self._fall_us)
        return confirmed

    def fault(self) -> int:
        """What its driver has met since it was last asked; 0: nothing, or it has no way to tell."""
        return 0

    def busy(self) -> bool:
        raise NotImplementedError

    def _begin(self, parts, delay_ms: int) -> bool:
        raise NotImplementedError

    def _end(self) -> bool:
        raise NotImplementedError


class RmtMotor(Motor):
    """On a transistor; a whole pattern with its delay is one write.

    `low()` makes the pin an output at 0 and returns it, `make_rmt(pin)` gives the pin to a generator of CLOCK_DIV.
    """

    def __init__(self, low, make_rmt, actuator, max_ms: int, now_us) -> None:
        super().__init__(actuator, max_ms, now_us)
        self._low = low
        self._make_rmt = make_rmt
        self._rmt = make_rmt(low())
        self._taken = False  # the line is not the generator's any more
        self._spent: "list" = []  # generators that lost the line in mid-pulse

    def busy(self) -> bool:
        return not self._taken and not self._rmt.wait_done(timeout=0)

    def _begin(self, parts, delay_ms: int) -> bool:
        durations: "list[int]" = []
        levels: "list[bool]" = []
        level = False
        for ms in [delay_ms] + parts:
            left = ms * _TICKS_PER_S // 1000
            while left > 0:
                durations.append(min(left, _PART_TICKS))
                levels.append(level)
                left -= durations[-1]
            level = not level
        if len(durations) > _PARTS or not self._hold_line():
            return False
        self._rmt.write_pulses(durations, levels)
        return True

    def _end(self) -> bool:
        self._low()
        self._taken = True
        return True

    def _hold_line(self) -> bool:
        """Have a generator that is at rest and holds the line; False while none can be had."""
        if not self._taken and not self._spent:
            return True
        if self._rmt is not None and self._taken:
            self._spent.append(self._rmt)
            self._rmt = None
        if all(rmt.wait_done(timeout=0) for rmt in self._spent):
            if self._rmt is not None:
                self._spent.append(self._rmt)
            while self._spent:
                self._spent.pop().deinit()
            self._rmt = None
            self._taken = True
        elif not self._taken:
            return True
        try:
            self._rmt = self._make_rmt(self._low())
        except OSError:  # every channel runs out unseen
            return False
        self._taken = False
        return True


class NoMotor(Motor):
    """In the place of one whose driver failed: refuses everything."""

    works = False

    def busy(self) -> bool:
        return False

    def _begin(self, parts, delay_ms: int) -> bool:
        return False

    def _end(self) -> bool:
        return True
