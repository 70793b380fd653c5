# SPDX-License-Identifier: MIT
"""What of the store ties units' clocks to UTC: readings of this computer's clock, anchors in the logs, a user's word.

Readings are kept, not what was fitted to them: every later one makes earlier runs of the same boot surer too.
"""

from __future__ import annotations

from collections.abc import Iterable

from kneecore import wire

from .clock import Reading, fastest
from .frames import LogFrame, parse
from .storefile import StoreFile
from .tie import Tie, fit
from .times import is_date

_ON_THE_WAY_US = 5_000_000  # a command that takes longer has failed
_DRIFT_PART = 5000  # the largest drift as a part: DRIFT_LIMIT_PPM


class StoreClock(StoreFile):
    """Readings and ties."""

    def add_readings(self, device: str, boot: int, readings: Iterable[Reading]) -> None:
        """Keep readings of a boot, the surest of each minute."""
        with self._transaction():
            kept = fastest({*self.readings(device, boot), *readings})
            self._write("DELETE FROM reading WHERE (device, boot) = (?, ?)", device, boot)
            for reading in kept:
                self._write("INSERT INTO reading VALUES (?, ?, ?, ?, ?)", device, boot, *reading)

    def tie(self, device: str, boot: int) -> Tie | None:
        """A boot's time to UTC, by readings of this computer and by what any has told the unit; None without one."""
        anchors = self._rows(
            f"SELECT frame FROM event WHERE device = ? AND boot = ? AND code = {wire.ANCHOR.code}",
            device,
            boot,
        )
        told = [anchor_reading(record) for (frame,) in anchors if (record := parse(frame))]
        known = (r for r in (*self.readings(device, boot), *told) if r and is_date(r.utc_us))
        return fit(fastest(known))

    def around(self, device: str, boot: int, first_us: int, last_us: int) -> tuple[int | None, int | None]:
        """The earliest and latest UTC of device time `first_us` in a boot without a tie that has logged to `last_us`.

        It lies after all that an earlier boot is known to have logged, and before the start of a later one; the time
        that the boots between have run is to be added.
        """
        return self._after(device, boot, first_us), self._before(device, boot, last_us - first_us)

    def _after(self, device: str, boot: int, since_us: int) -> int | None:
        for before in reversed([other for other in self._boots(device) if other < boot]):
            if tie := self.tie(device, before):
                return tie.bounds_us(self._lasted_us(device, before))[0] + _at_least(since_us)
            since_us += self._lasted_us(device, before)
        return None

    def _before(self, device: str, boot: int, until_us: int) -> int | None:
        for after in (other for other in self._boots(device) if other > boot):
            if tie := self.tie(device, after):
                return tie.bounds_us(0)[1] - _at_least(until_us)
            until_us += self._lasted_us(device, after)
        return None

    def _boots(self, device: str) -> list[int]:
        """Those of which anything is known."""
        rows = self._rows(
            "SELECT boot FROM event WHERE device = ? UNION SELECT boot FROM reading WHERE device = ? ORDER BY boot",
            *(device, device),
        )
        return [boot for (boot,) in rows]

    def _lasted_us(self, device: str, boot: int) -> int:
        """How long a boot is known to have lasted."""
        row = self._row(
            "SELECT frame FROM event WHERE (device, boot) = (?, ?) ORDER BY seq DESC LIMIT 1", device, boot
        )
        last = parse(row[0]) if row else None
        read_us = [reading.t_us for reading in self.readings(device, boot)]
        return max([last.t_us if last else 0, *read_us])

    def said(self, run: int) -> int | None:
        """UTC of the start of a run, by its id, as the user has said."""
        row = self._row("SELECT utc_us FROM said WHERE run = ?", run)
        return int(row[0]) if row else None

    def say(self, run: int, utc_us: int | None) -> None:
        """Keep when a run began, as the user says; None: forget it.  What was measured stays as it is."""
        with self._transaction():
            self._write("DELETE FROM said WHERE run = ?", run)
            if utc_us is not None:
                self._write("INSERT INTO said VALUES (?, ?)", run, utc_us)

    def readings(self, device: str, boot: int) -> list[Reading]:
        """Of this computer's clock, in a boot."""
        rows = self._rows(
            "SELECT t_us, utc_us, error_us FROM reading WHERE (device, boot) = (?, ?)", device, boot
        )
        return [Reading(*row) for row in rows]


def anchor_reading(anchor: LogFrame) -> Reading | None:
    """What an ANCHOR record says; None if it is cut."""
    values = anchor.values()
    if values["utc_us"] is None:
        return None
    if values["error_us"]:
        return Reading(values["at_us"], values["utc_us"], values["error_us"])
    half_us = _ON_THE_WAY_US // 2  # told before it was logged, nobody knows by how much
    return Reading(anchor.t_us, values["utc_us"] + half_us, half_us)


def _at_least(us: int) -> int:
    """Of UTC, in so much of a unit's time."""
    return us - us // _DRIFT_PART
