# SPDX-License-Identifier: MIT
"""How the unit is, as a host asks for it: wire.HEALTH, put together when asked.

Whoever knows more fills it in: cause and count of failed boots, battery, safe mode.  What nobody has is told as
unknown, never guessed.
"""

import gc

from drivers import ImuError
from kneecore import wire

_U16 = 0xFFFF


class Health:
    def __init__(self, log, journal, imu, sampler, voice) -> None:
        self._log = log
        self._journal = journal
        self._imu = imu
        self._sampler = sampler
        self._voice = voice
        self.cause = 0  # of wire.RESETS
        self.failed = 0  # boots before this one that failed
        self.safe_mode = False
        self.battery_mv = 0  # 0: unknown
        self.percent = 0xFF  # 0xFF: unknown
        self.charging = 0  # of wire.CHARGING
        self.battery_low = False
        self._swept_free = 0

    def values(self):
        """Fields of wire.HEALTH."""
        log = self._log
        return {
            "troubles": self._troubles(),
            "cause": self.cause,
            "failed": self.failed,
            "battery_mv": self.battery_mv,
            "percent": self.percent,
            "charging": self.charging,
            "temperature_cdeg": self._temperature_cdeg(),
            "log_capacity": log.capacity_bytes,
            "log_used": log.used_bytes,
            "log_unfetched": log.unfetched_bytes,
            "log_erased": log.erased_bytes,
            "log_damaged": min(log.damaged, _U16),
            "heap_free": self._heap_free(),
            "flash_worst_ms": min(log.worst_ms, _U16),
        }

    def sweep(self) -> None:
        gc.collect()
        self._swept_free = gc.mem_free()

    def _heap_free(self) -> int:
        """When it was last swept: what is only not yet swept up is no lack, and sweeping takes a run's time."""
        if self._sampler is None or not self._sampler.running:
            self.sweep()
        return self._swept_free

    def _troubles(self) -> int:
        wrong = {
            "sensor": self._imu is None or self._sampler.failing,
            "motor": self._voice.failed,
            "log": self._journal.failed is not None or self._log.missing,
            "log_full": self._journal.full,
            "battery_low": self.battery_low,
            "safe_mode": self.safe_mode,
        }
        return sum(1 << bit for bit, name in enumerate(wire.TROUBLES) if wrong[name])

    def _temperature_cdeg(self) -> int:
        """Of the sensor's die."""
        if self._imu is None:
            return wire.UNKNOWN_I16
        try:
            return self._imu.temperature_cdeg()
        except ImuError:
            return wire.UNKNOWN_I16
