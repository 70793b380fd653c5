# SPDX-License-Identifier: MIT
"""The unit as a whole, as its power and its lamp see it: is it in use, does it move, what is it doing."""

from array import array

from drivers import ImuError
from kneecore import wire
from kneecore.patterns import LOW_BATTERY

_WAKE_MG = 100  # change of acceleration that ends deep sleep: a step, not the street
_STILL = 16  # a sixteenth of g between two looks a second apart: less is rest
_BATTERY = wire.ENDINGS.index("battery")


class Body:
    """`imu`: None without a sensor."""

    def __init__(self, imu, runs, calibrator, voice, journal, radio, health, clock) -> None:
        self._imu = imu
        self._runs = runs
        self._calibrator = calibrator
        self._voice = voice
        self._journal = journal
        self._radio = radio
        self._health = health
        self._clock = clock
        self._reading = array("h", (0, 0, 0))
        self._last = array("h", (0, 0, 0))

    @property
    def busy(self) -> bool:
        return self._runs.running or self._calibrator.busy

    @property
    def strap_session(self) -> int:
        return self._calibrator.strap_session

    @property
    def quiet(self) -> bool:
        """No motor pulls the battery's voltage down."""
        return self._clock.us() >= self._voice.shaking_until_us

    def moved(self) -> bool:
        """Since last asked."""
        if self._imu is None:
            return False
        reading, last = self._reading, self._last
        try:
            self._imu.acceleration(reading)
        except ImuError:
            return False
        still = self._imu.acc_lsb_per_g // _STILL
        moved = any(abs(reading[i] - last[i]) > still for i in range(3))
        self._reading, self._last = last, reading
        return moved

    def end(self) -> None:
        """The battery is empty."""
        self._runs.stop(_BATTERY)
        self._voice.say(LOW_BATTERY)

    def arm(self) -> bool:
        """The sensor saves power from now on; whether it can tell of motion."""
        if self._imu is None:
            return False
        try:
            return self._imu.arm_motion(_WAKE_MG)
        except ImuError as error:
            print("no motion wake:", error)
            return False

    def state(self) -> str:
        """A name of lamp.TABLE."""
        if self._imu is None or self._journal.failed is not None:
            return "fault"
        if self._health.battery_low:
            return "battery_low"
        if self._calibrator.busy:
            return "calibrating"
        if self._runs.running:
            return "run"
        return "connected" if self._radio.connected else "advertising"
