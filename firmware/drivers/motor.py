# SPDX-License-Identifier: MIT
"""The motor's line, high only in finite pulses of the ESP32's RMT peripheral: a transistor's gate, or a trigger.

A whole pattern is one write.  The generator counts it down in hardware and leaves the line low, so a hung or crashed
program cannot keep the motor on.  A program never sets the line high.

What the hardware asks for (MicroPython's ports/esp32/esp32_rmt.c and ESP-IDF's rmt_tx.c, gpio.c, on the first ESP32):
  * a part lasts 32767 ticks at most, and 126 parts lie in the channel's own memory: more would need an interrupt to
    refill it, and without that play the old ones again;
  * releasing a channel in mid-pulse waits for its end with interrupts off, or panics.  So a pattern is ended early by
    taking the pin from the generator, which runs out unseen; the next one comes from another channel, and what is
    spent is released together with that one, once both are done: releasing also frees the pin;
  * the generator stands still in light sleep, with the line as it is: never sleep while `busy`.
"""

CLOCK_DIV = 255
LONGEST_MS = 2000  # of a write, its delay included
_TICKS_PER_S = 80_000_000 // CLOCK_DIV
_PART_TICKS = 32767  # about 104 ms
_PARTS = 126


class Motor:
    """Plays patterns: milliseconds on, off, on, ...; see kneecore.patterns.

    `low()` makes the pin an output at 0 and returns it, `make_rmt(pin)` gives the pin to a generator of CLOCK_DIV,
    `now_us()` is the clock of `shaking_from_us` and `shaking_until_us`: between them the motor moves the sensor.
    """

    def __init__(self, low, make_rmt, actuator, max_ms: int, now_us) -> None:
        self.rise_ms: int = actuator.rise_ms
        self.max_ms = max_ms  # no pulse is longer, whoever asks
        self.shaking_from_us = self.shaking_until_us = 0
        self._fall_us = 1000 * actuator.fall_ms
        self._low = low
        self._make_rmt = make_rmt
        self._now_us = now_us
        self._rmt = make_rmt(low())
        self._taken = False  # the line is not the generator's any more
        self._spent: "list" = []  # generators that lost the line in mid-pulse

    def pulse(self, ms: int) -> int:
        """One pulse.  Returns its length in ms, 0 if it was refused."""
        return self.play((ms,))

    def play(self, pattern, delay_ms: int = 0) -> int:
        """Begin a pattern after a delay, each pulse cut to `max_ms`.  Returns how many ms it takes, 0 if refused.

        Refused: while another runs, and what is longer than LONGEST_MS, finer than the generator's memory, or empty.
        """
        if self.busy():
            return 0
        parts: "list[int]" = []
        levels: "list[bool]" = []
        total_ms = 0
        self._add(parts, levels, delay_ms, False)
        for i, ms in enumerate(pattern):
            on = i % 2 == 0
            if on:
                ms = min(ms, self.max_ms)
            total_ms += ms
            self._add(parts, levels, ms, on)
        if total_ms <= 0 or delay_ms + total_ms > LONGEST_MS or len(parts) > _PARTS or not self._hold_line():
            return 0
        self._rmt.write_pulses(parts, levels)
        self.shaking_from_us = self._now_us() + 1000 * delay_ms
        self.shaking_until_us = self.shaking_from_us + 1000 * total_ms + self._fall_us
        return total_ms

    def busy(self) -> bool:
        return not self._taken and not self._rmt.wait_done(timeout=0)

    def stop(self) -> None:
        """Off at once; a pattern can be played right after it."""
        if not self.busy():
            return
        self._low()
        self._taken = True
        now_us = self._now_us()
        self.shaking_from_us = min(self.shaking_from_us, now_us)
        self.shaking_until_us = min(self.shaking_until_us, now_us + self._fall_us)

    def _hold_line(self) -> bool:
        """Have a generator that is at rest and holds the line; False while none can be had."""
        if self._taken:
            self._spent.append(self._rmt)
        elif not self._spent:
            return True
        if all(rmt.wait_done(timeout=0) for rmt in self._spent):
            for rmt in self._spent:
                rmt.deinit()
            self._spent.clear()
            if not self._taken:
                self._rmt.deinit()
        elif not self._taken:
            return True
        return self._new_rmt()

    def _new_rmt(self) -> bool:
        try:
            self._rmt = self._make_rmt(self._low())
        except OSError:  # every channel runs out unseen
            self._spent.pop()
            return False
        self._taken = False
        return True

    def _add(self, parts, levels, ms: int, level: bool) -> None:
        left = ms * _TICKS_PER_S // 1000
        while left > 0:
            parts.append(min(left, _PART_TICKS))
            levels.append(level)
            left -= parts[-1]
