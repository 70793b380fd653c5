# SPDX-License-Identifier: MIT
"""One validation: the folder's recordings, the simulated runners, the studies, and the targets' verdict."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import __version__
from .. import recording as recordings
from . import checks, confidence, figures, lean_metrics, mounting, runners, simulator_checks
from .checks import Check
from .confidence import Curve
from .folder import Trial, trials
from .lean import vqf
from .mounting import Invariance
from .runners import Measured
from .sets import Result, judge

_CONFIDENCE_EVERY = 4  # of the runners, one in so many is spoilt as well
_MANY_JOBS = 12  # fewer are not worth starting processes for

Progress = Callable[[str, float], None]
"""What is being done, and the part of everything that is done, 0 to 1."""


@dataclass
class Report:
    """Everything measured, and whether every target is met."""

    folder: str
    runners: int
    seed: int
    results: list[Result]
    measured: list[Measured] = field(default_factory=list)
    invariance: Invariance | None = None
    curve: Curve | None = None
    study: lean_metrics.Study | None = None
    checks: list[Check] = field(default_factory=list)
    version: str = __version__

    @property
    def ok(self) -> bool:
        return all(check.ok is not False for check in self.checks)

    def summary(self) -> dict[str, Any]:
        """The last JSON record."""
        return {
            "type": "summary",
            "sets": {result.name: figures.of_set(result) for result in self.results},
            "simulator": figures.of_simulator(self.measured) if self.measured else {},
            "ok": self.ok,
        }


def validate(folder: Path, n: int, seed: int, progress: Progress) -> Report:
    """`n` simulated runners, none with 0.  InputError when the folder has no recording."""
    todo = trials(folder)
    jobs = runners.jobs(n, seed)
    done, total = 0, len(todo) + 4 * len(jobs) + (60 if n else 0)

    def told(text: str, weight: int = 1) -> None:
        nonlocal done
        progress(text, min(done / total, 1.0))
        done += weight

    results = judge(todo, told)
    report = Report(str(folder), n, seed, list(results.values()))
    running = _a_run(todo, results)
    if running:
        recording = replace(recordings.load(running.path), name=running.name)
        report.invariance = mounting.invariance(recording, running.truth["side"], lambda text: told(text, 0))
    if n:
        workers = os.cpu_count() or 1 if len(jobs) >= _MANY_JOBS else 1
        report.measured = list(runners.run(jobs, workers, lambda text: told(text, 4)))
        report.curve = confidence.curve(max(n // _CONFIDENCE_EVERY, 1), seed, lambda text: told(text, 1))
        report.study = lean_metrics.study(_runs(todo, results), seed, lambda text: told(text, 1))
    report.checks = [
        *checks.of_sets(report.results, vqf() is not None),
        *simulator_checks.of_simulator(report.measured),
        *checks.of_studies(report.invariance, report.curve),
    ]
    return report


def lean_study(folder: Path, seed: int, progress: Progress) -> lean_metrics.Study:
    """Only the comparison of lean metrics; its real runs are the treadmill runs among the folder's trials."""
    real = [t for t in trials(folder) if t.kind == "free" and t.name.startswith("treadmill_run")]
    return lean_metrics.study(real, seed, lambda text: progress(text, 0.5))


def _runs(todo: list[Trial], results: dict[str, Result]) -> list[Trial]:
    """Trials whose lean was compared with VQF: real running."""
    known = {(name, a.trial) for name, result in results.items() for a in result.agreements}
    return [trial for trial in todo if (trial.set_name, trial.name) in known]


def _a_run(todo: list[Trial], results: dict[str, Result]) -> Trial | None:
    runs = _runs(todo, results)
    return runs[0] if runs else None
