# SPDX-License-Identifier: MIT
"""What is said with the motor, and who said it: a message outranks what buzzes, nothing else interrupts.

A cue or a beat that comes while the motor is busy is left out.  A host's buzz ends with its link; a cue does not.
"""

from kneecore.pulse import PAUSE_MS

BEAT_MS = 60


class Voice:
    """Lengths in ms.  What the motor grants is returned: 0 when it is busy."""

    def __init__(self, motor, clock) -> None:
        self._motor = motor
        self._clock = clock
        self._host_until_us = 0  # a host's buzz goes on until then
        self.failed = not motor.works  # or has met a fault since the boot

    def say(self, pattern) -> int:
        """A message to the runner, at once, but felt apart from what it outranks."""
        pause_ms = PAUSE_MS if self._clock.us() < self._motor.shaking_until_us else 0
        self.stop()
        return self._motor.play(pattern, pause_ms)

    def cue(self, cue) -> None:
        """Buzz first; then the cue's fields tell what came of it."""
        if cue.pulses == 1:
            cue.pulse_ms = self._motor.pulse(cue.pulse_ms)
        elif not self._motor.play((cue.pulse_ms, PAUSE_MS, cue.pulse_ms)):
            cue.pulse_ms = 0
        cue.rise_ms = self._motor.rise_ms

    def beat(self, delay_ms: int) -> None:
        """The delay is the motor hardware's to keep, so a stall of the program does not move the beat."""
        self._motor.play((BEAT_MS,), delay_ms)

    def host(self, pattern) -> int:
        granted_ms = self._motor.play(pattern)
        if granted_ms:
            self._host_until_us = self._clock.us() + 1000 * granted_ms
        return granted_ms

    def link_changed(self) -> None:
        if self._clock.us() < self._host_until_us:
            self.stop()

    @property
    def shaking_until_us(self) -> int:
        """The unit may feel its own motor until then."""
        return self._motor.shaking_until_us

    def fault(self) -> int:
        """What the motor's driver has met since it was last asked, 0 nothing: see Drv2605l.fault."""
        fault = self._motor.fault()
        if fault:
            self.failed = True
        return fault

    def stop(self) -> None:
        self._host_until_us = 0
        self._motor.stop()
