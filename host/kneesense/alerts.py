# SPDX-License-Identifier: MIT
"""What a runner must hear of at once, each kind at most once a minute; whether it was delivered is known.

Rules look at the records of docs/contract.md one by one.  The haptic cue is the unit's own affair and needs no host.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from . import battery
from .prescription import STOP
from .records import RATE_MEASURED
from .store import Unit

QUIET_S = 60.0
_LOOSE, _LOOSE_OF = 3, 5  # strap alert when so many of the last strides say so


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
    """Feeds records through the rules, and what they find to the sinks.

    `unit`: what is remembered of it.  `on_pain`: what to do on pain, as it is prescribed.
    """

    def __init__(
        self,
        sinks: Sequence[Sink],
        unit: Unit | None = None,
        *,
        on_pain: str = STOP,
        quiet_s: float = QUIET_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.undelivered = 0
        self._sinks = sinks
        self._unit = unit
        self._on_pain = on_pain
        self._quiet_s = quiet_s
        self._now = now
        self._told_at: dict[str, float] = {}
        self._held: Counter[str] = Counter()
        self._loose: deque[bool] = deque(maxlen=_LOOSE_OF)
        self._losses = 0
        self._battery = battery.LEVELS  # those not yet told

    def see(self, record: Mapping[str, Any]) -> None:
        """Judge one record."""
        for code, message in self._judge(record):
            self._raise(Alert(record.get("t_s"), code, message))

    def _judge(self, record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        kind = record["type"]
        if kind == "start":
            self._loose.clear()
            self._battery = battery.LEVELS
            yield from self._misplaced(record)
        elif kind == "stride":
            self._loose.append("strap_loose" in record["flags"])
            if sum(self._loose) >= _LOOSE:
                yield "strap_loose", "the strap is loose: tighten it"
        elif kind == "mark" and record["kind"] == "pain":
            yield "pain", f"pain: {self._on_pain}"
        elif kind == "warning" and record["code"] != RATE_MEASURED:  # that one says how a run was timed
            yield record["code"], record["message"]
        elif kind == "battery":
            yield from self._emptier(record)
        elif kind == "boot" and record["code"] == "restarted":
            yield "restarted", record["message"]
        elif kind == "link":
            self._losses = self._losses + 1 if record["code"] == "lost" else 0
            if self._losses > 1:  # one that mends at once needs nobody's attention
                yield "sensor_lost", f"no connection to the unit: {record['message']}"

    def _emptier(self, record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Once for each level that the battery falls below."""
        if record["code"] != "battery_low":
            return
        left = tuple(level for level in self._battery if record["percent"] >= level)
        if left != self._battery:
            self._battery = left
            yield "battery_low", f"{record['message']}: charge the unit after this run"

    def _misplaced(self, start: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The calibration was made for another place than the one the unit was paired for."""
        if self._unit is None:
            return
        for what, paired in (("side", self._unit.side), ("face", self._unit.face)):
            calibrated = start[what]
            if "unknown" not in (calibrated, paired) and calibrated != paired:
                yield f"{what}_mismatch", self._mismatch(what, calibrated, paired, start["face"])

    def _mismatch(self, what: str, calibrated: str, paired: str, face: str) -> str:
        """A calibration with a known face was checked: the unit's lid looked to the side of that leg."""
        noun = {"side": "leg", "face": "face of the shin"}[what]
        message = f"the unit is calibrated for the {calibrated} {noun} but paired for the {paired} one"
        if what == "side" and face != "unknown":
            message += f", and by its {face} face it is worn on the {calibrated} leg"
        return f"{message}: calibrate it where it is worn, or pair it again with --{what} {calibrated}"

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
