# SPDX-License-Identifier: MIT
"""What came of a soak: counts, and every single thing that is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import audit
from .faults import Fault

MOTOR_LIMIT_MS = 400.0


@dataclass
class Done:
    """A fault that took place."""

    fault: Fault
    number: int
    begun_s: float
    ended_s: float = 0.0
    recovered_s: float | None = None
    took_s: float = 0.0
    """From when neither this fault nor another was there any more, until something newer was stored."""


@dataclass
class Outcome:
    seed: int
    minutes: float
    records: audit.Records
    strides: audit.Strides
    faults: list[Done]
    hangs: list[str]
    unexplained: list[str]
    """Costs of no fault that was there."""
    boots_not_told: list[str]
    backwards: list[str]
    """Records whose time is before that of an earlier one."""
    problems: list[str]
    """Of the store file, and of a watchdog that did not bite."""
    untold: int
    """Samples lost that no gap tells."""
    motor_ms: float
    """The longest pulse."""
    pulses: int
    boots: int
    runs: int
    gaps: int
    kills: int
    killed_at_work: int
    """Of them, in the middle of a statement of the database."""

    def findings(self) -> Iterator[tuple[str, str]]:
        """(kind, text) of all that is wrong."""
        keys = {
            "record lost": self.records.lost,
            "hole in the numbers before": self.records.holes,
            "record twice": self.records.duplicated,
            "record altered": self.records.altered,
            "record that the unit never logged": self.records.invented,
        }
        for kind, found in keys.items():
            for boot, seq in found:
                yield kind, f"boot {boot}, number {seq}"
        for t_s in self.strides.lost_s:
            yield "contact lost", f"at {t_s:.2f} s"
        if self.strides.false or self.strides.doubled:
            yield "contacts", f"{self.strides.false} false, {self.strides.doubled} doubled"
        if self.untold:
            yield "samples", f"{self.untold} lost and not told"
        if self.motor_ms > MOTOR_LIMIT_MS:
            yield "motor", f"on for {self.motor_ms:.0f} ms, limit {MOTOR_LIMIT_MS:.0f}"
        for text in self.hangs:
            yield "hang", text
        for text in self.boots_not_told:
            yield "boot", text
        for text in self.backwards:
            yield "time", text
        for text in self.problems:
            yield "problem", text
        for text in self.unexplained:
            yield "cost of no fault", text

    def text(self) -> str:
        """The summary for people."""
        strides, records = self.strides, self.records
        missed = ", ".join(f"{n} {why}" for why, n in sorted(strides.missed.items())) or "none"
        return (
            f"{len(self.faults)} faults, {self.kills} kills of the host, {self.boots} boots, {self.runs} runs;"
            f" {records.stored} records stored of {records.logged} logged, {strides.found} of {strides.true}"
            f" contacts, explained: {missed}; {self.pulses} pulses, the longest {self.motor_ms:.0f} ms;"
            f" seed {self.seed}"
        )

    @property
    def lost(self) -> int:
        return len(self.records.lost) + len(self.records.holes) + len(self.strides.lost_s)

    @property
    def duplicated(self) -> int:
        return len(self.records.duplicated) + self.strides.doubled

    @property
    def altered(self) -> int:
        return (
            len(self.records.altered) + len(self.records.invented) + len(self.problems) + self.strides.false
        )

    @property
    def ok(self) -> bool:
        return next(self.findings(), None) is None

    def summary(self) -> dict[str, Any]:
        """The last line."""
        kinds = Counter(done.fault.name for done in self.faults)
        slowest: dict[str, float] = {}
        for done in self.faults:
            slowest[done.fault.name] = max(slowest.get(done.fault.name, 0.0), round(done.took_s, 1))
        return {
            "type": "summary",
            "lost": self.lost,
            "duplicated": self.duplicated,
            "altered": self.altered,
            "hangs": len(self.hangs),
            "faults": len(self.faults),
            "unexplained": len(self.unexplained),
            "untold_samples": self.untold,
            "kinds": dict(sorted(kinds.items())),
            "slowest_recovery_s": dict(sorted(slowest.items())),
            "records": {
                "logged": self.records.logged,
                "stored": self.records.stored,
                "undurable": self.records.undurable,
                "spoilt": len(self.records.spoilt),
                "lost": len(self.records.lost),
                "invented": len(self.records.invented),
                "holes": len(self.records.holes),
            },
            "strides": {
                "true": self.strides.true,
                "found": self.strides.found,
                "missed": dict(sorted(self.strides.missed.items())),
                "lost": len(self.strides.lost_s),
                "false": self.strides.false,
                "doubled": self.strides.doubled,
            },
            "host_kills": self.kills,
            "host_killed_at_work": self.killed_at_work,
            "boots": self.boots,
            "runs": self.runs,
            "gaps": self.gaps,
            "motor_pulses": self.pulses,
            "motor_longest_ms": round(self.motor_ms, 1),
            "minutes": self.minutes,
            "seed": self.seed,
        }
