# SPDX-License-Identifier: MIT
"""What a report rests on, out of the store: runs, their means, baseline, programme, diary, hips.

Nothing here is rounded or worded.  Cadence is of all running, as `show` tells it; other means
are over running that is sure, as in dose.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from statistics import fmean, stdev

from kneecore import programme as sessions_table
from kneecore.programme import Plan

from .. import cadence, dose, hips, load, outings, outlook, pairs, programme_view, times
from ..advice import Finding
from ..diary import Entry
from ..outlook import Outlook
from ..records import Record
from ..store import Run, Store
from ..stored import StoredRun

SURE_PERCENT = 60  # confidence of strides that count for a mean, as in dose.py
LEAST_STRIDES = 30  # of running; of fewer a mean says little
METRICS = ("cadence_spm", "contact_s", "duty_factor", "pta_axial_g", "lean_mid_deg", "lean_range_deg")


@dataclass(frozen=True, slots=True)
class Mean:
    """Of one quantity over the running of a run."""

    mean: float
    sd: float | None
    strides: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """The cadence that others are compared with, and in words where it is from."""

    spm: float
    source: str
    run: int | None = None


class RunFacts:
    """One run."""

    def __init__(self, told: StoredRun) -> None:
        self.stored = told
        self.run = told.run
        self.records: Sequence[Record] = told.records
        self.start, self.summary = told.start, told.summary
        self.strides = [r for r in told.records if r["type"] == "stride"]
        self.cues = [r for r in told.records if r["type"] == "cue"]
        self.session = next((r for r in told.records if r["type"] == "session"), None)

    @cached_property
    def running(self) -> list[Record]:
        return [r for r in self.strides if r["gait"] == "run" and r["confidence"] >= SURE_PERCENT]

    @cached_property
    def means(self) -> Mapping[str, Mean]:
        found = {}
        for name in METRICS:
            strides = (
                self.running if name != "cadence_spm" else (r for r in self.strides if r["gait"] == "run")
            )
            values = [r[name] for r in strides if r[name] is not None]
            if values:
                mean = self.cadence_spm if name == "cadence_spm" else fmean(values)
                found[name] = Mean(mean or 0.0, stdev(values) if len(values) > 1 else None, len(values))
        return found

    @property
    def cadence_spm(self) -> float | None:
        """Of the running, as `runs` and `show` tell it."""
        return cadence.of_running(self.records)

    @property
    def enough(self) -> bool:
        """Whether there was so much running that its cadence can be compared."""
        return sum(1 for r in self.strides if r["gait"] == "run" and r["stride_s"]) >= LEAST_STRIDES

    def band(self, metric: str) -> tuple[float, float] | None:
        """(target, half width) of the cue that looked at that quantity; None without one."""
        for told in (self.session, *reversed(self.cues)):
            if told and told["metric"] == metric and told["target"] is not None:
                return told["target"], told["band"]
        return None


@dataclass(frozen=True)
class Programme:
    """Of the unit of the report's last run, or of that on the other leg."""

    rows: Sequence[Record]
    summary: Record
    following: Plan | None
    """The session that the next run will be."""


class Facts:
    """Of a runner's runs; the last of them is shown in full."""

    def __init__(self, store: Store, runs: Sequence[Run], today: date, since: date | None = None) -> None:
        self.store, self.today, self.since = store, today, since
        self.runs = [RunFacts(StoredRun(store, run)) for run in runs]
        self.runs.sort(key=lambda run: (run.start["start_utc"] or "", run.run.id))
        self.last = max(
            self._of_outing(self.runs[-1]), key=lambda run: (run.session is not None, len(run.cues))
        )
        self.runner = self.last.run.runner

    def _of_outing(self, run: RunFacts) -> list[RunFacts]:
        """Of two legs, those that are in the report."""
        key = run.run.outing
        return [run] if key is None else [other for other in self.runs if other.run.outing == key]

    @property
    def went_out(self) -> int:
        """How often the runner went out: two legs are one run."""
        return len({run.run.outing or -run.run.id for run in self.runs})

    @cached_property
    def pair(self) -> pairs.Pair | None:
        return pairs.of(self.store, self.last.run) if self.last.run.outing is not None else None

    @cached_property
    def newest(self) -> bool:
        """Whether the runner has no later run than the last one of the report."""
        day = self.entry.day if self.entry else None
        return day is not None and all(e.day <= day for e in self.entries if e.ran)

    @cached_property
    def baseline(self) -> Baseline | None:
        """The unit's own, of a programme or session with a cadence cue; else the runner's first run in the store."""
        rows = [*(self.programme.rows if self.programme else ()), self.last.session]
        told = [row for row in rows if row and row["metric"] == "cadence_spm" and row["baseline"]]
        if told:
            return Baseline(told[-1]["baseline"], "measured by the unit before its first cues")
        for run in sorted(self.store.runs(), key=lambda run: run.id):
            if (
                run.runner == self.runner
                and run.id < self.last.run.id
                and run.outing != (self.last.run.outing or 0)
            ):
                first = RunFacts(StoredRun(self.store, run))
                if first.enough and first.cadence_spm is not None:
                    return Baseline(first.cadence_spm, f"the first run here, number {run.id}", run.id)
        return None

    @property
    def change_percent(self) -> float | None:
        """Cadence of the last run over the baseline."""
        ours = self.last.cadence_spm
        if self.baseline is None or ours is None or not self.last.enough:
            return None
        return 100 * (ours / self.baseline.spm - 1)

    @cached_property
    def programme(self) -> Programme | None:
        own = self.last.run.device
        devices = [own, *(run.device for run in outings.of(self.store, self.last.run) if run.device != own)]
        device = next((device for device in devices if self.store.programme(device)), own)
        known = self.store.programme(device)
        if known is None or self.runner is None:
            return None
        first, packed = known
        sessions = sessions_table.decode(packed)
        held = dose.held(self.store, device, self.runner, first)
        if not sessions:
            return None
        following = programme_view.following(held)
        return Programme(
            programme_view.rows(sessions, held, following),
            programme_view.summary(sessions, held, following),
            sessions_table.plan(sessions, following),
        )

    @cached_property
    def _says(self) -> Outlook | None:
        """No longer than the programme's next session."""
        if self.runner is None:
            return None
        plan = self.programme.following if self.programme else None
        planned = plan and load.Limit(
            "duration_s", 60 * plan.minutes, f"session {plan.number} of the programme"
        )
        return outlook.of(self.store, self.runner, self.today, planned)

    @property
    def entries(self) -> list[Entry]:
        return self._says.entries if self._says else []

    @cached_property
    def entry(self) -> Entry | None:
        """The diary's, of the last run or its other leg."""
        legs = {run.id for run in outings.of(self.store, self.last.run)}
        return next((entry for entry in self.entries if entry.run in legs), None)

    @property
    def findings(self) -> list[Finding]:
        return self._says.findings if self._says else []

    @property
    def limit(self) -> load.Limit | None:
        """How long the next run may be."""
        return self._says.next_run if self._says else None

    @cached_property
    def hips(self) -> list[hips.Session]:
        return hips.log(self.store, self.runner) if self.runner else []


def gathered(store: Store, word: str | None, since_us: int | None, runner: str | None, now_us: int) -> Facts:
    """Of one run, or of a runner's runs since a moment."""
    from ..exports import chosen

    runs = chosen(store, word, since_us, runner)
    return Facts(store, runs, times.day(now_us), times.day(since_us) if since_us is not None else None)
