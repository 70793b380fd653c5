# SPDX-License-Identifier: MIT
"""What a runner must hear of at once, each kind at most once a minute; whether it was delivered is known.

Rules look at one update at a time.  The haptic cue is the unit's own affair and needs none of this.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kneecore import wire

from .bus import Arrival, News, Update
from .frames import LogFrame
from .store import Unit

QUIET_S = 60.0
_LOOSE, _LOOSE_OF = 3, 5  # strap alert when so many of the last strides say so

_NOTICES = {
    "error": "the unit reports an internal error",
    "imu_missing": "the unit finds no motion sensor: check its wiring",
    "imu_identity": "the motion sensor is not the chip the unit expects",
    "imu_one_g": "the motion sensor does not measure 1 g at rest: do not trust this run",
    "imu_settings": "the motion sensor lost its settings and was set up again",
    "bus_fault": "the motion sensor stopped answering and was reset",
    "log_failed": "the unit cannot write its log; cues go on",
    "task_failed": "a part of the unit's program failed and was restarted",
    "log_full": "the unit's log is full; cues go on, nothing more is recorded",
    "rate_off": "the motion sensor's rate is off: times and cadence are not to be trusted",
    "motor_limit": "a vibration was cut to its maximum",
    "host_clock": "this computer's clock has jumped",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """`t_s`: on the run's clock; None when it is not tied to it."""

    t_s: float | None
    code: str
    message: str


class Sink(Protocol):
    """A way to reach the runner."""

    def deliver(self, alert: Alert) -> bool:
        """Show it; True when that worked."""


class Alerts:
    """Feeds updates through the rules and what they find to the sinks.  `unit`: what is remembered of the unit."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        unit: Unit | None = None,
        *,
        quiet_s: float = QUIET_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.undelivered = 0
        self._sinks = sinks
        self._unit = unit
        self._quiet_s = quiet_s
        self._now = now
        self._told_at: dict[str, float] = {}
        self._held: Counter[str] = Counter()
        self._loose: deque[bool] = deque(maxlen=_LOOSE_OF)
        self._start_us: int | None = None

    def see(self, update: Update) -> None:
        """Judge one update."""
        if isinstance(update, News):
            if update.code == "lost":
                self._raise(Alert(None, "sensor_lost", f"no connection to the unit: {update.message}"))
            return
        for code, message in self._judge(update):
            self._raise(Alert(self._t_s(update.record), code, message))

    def _judge(self, arrival: Arrival) -> Iterator[tuple[str, str]]:
        record = arrival.record
        if record.code not in (wire.START.code, wire.STRIDE.code, wire.GAP.code, wire.NOTICE.code):
            return
        values = record.values()
        if None in values.values():
            return  # cut short
        if record.code == wire.START.code:
            self._start_us = record.t_us
            self._loose.clear()
            yield from self._misplaced(values)
        elif record.code == wire.STRIDE.code:
            self._loose.append(bool(values["flags"] & wire.FLAG_STRAP_LOOSE))
            if sum(self._loose) >= _LOOSE:
                yield "strap_loose", "the strap is loose: tighten it"
        elif record.code == wire.GAP.code:
            yield (
                "data_gap",
                f"{values['samples']} samples were lost ({_name(wire.GAP_REASONS, values['reason'])})",
            )
        else:
            name = _name(wire.NOTICES, values["notice"])
            yield name, _NOTICES.get(name, f"the unit reports '{name}'")

    def _misplaced(self, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The calibration was made for another place than the one the unit was paired for."""
        if self._unit is None:
            return
        for what, names, paired in (
            ("side", wire.SIDES, self._unit.side),
            ("face", wire.FACES, self._unit.face),
        ):
            calibrated = _name(names, values[what])
            if "unknown" not in (calibrated, paired) and calibrated != paired:
                yield (
                    f"{what}_mismatch",
                    f"the unit is calibrated for {what} {calibrated} but paired for {paired}",
                )

    def _raise(self, alert: Alert) -> None:
        """Deliver, unless the same was told a moment ago."""
        now = self._now()
        told_at = self._told_at.get(alert.code)
        if told_at is not None and now - told_at < self._quiet_s:
            self._held[alert.code] += 1
            return
        self._told_at[alert.code] = now
        held = self._held.pop(alert.code, 0)
        if held:
            alert = Alert(alert.t_s, alert.code, f"{alert.message} (and {held} times since it was last told)")
        for sink in self._sinks:
            if not sink.deliver(alert):
                self.undelivered += 1

    def _t_s(self, record: LogFrame) -> float | None:
        return None if self._start_us is None else (record.t_us - self._start_us) / 1e6


def _name(names: Sequence[str], code: int) -> str:
    return names[code] if code < len(names) else f"code {code}"
