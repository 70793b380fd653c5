# SPDX-License-Identifier: MIT
"""One validation: the folder's recordings, the simulated runners, the studies, and the targets' verdict."""

from __future__ import annotations

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
from .pool import processes
from .runners import Measured
from .sets import Result, judge

_CONFIDENCE_EVERY = 4  # of the runners, one in so many is spoilt as well
_STUDIES = 3  # mounting, lean metrics, confidence

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

    def about(self) -> dict[str, Any]:
        """The first JSON record."""
        return {"type": "about", "version": self.version, "runners": self.runners, "seed": self.seed}

    def summary(self) -> dict[str, Any]:
        """The last JSON record."""
        simulator = figures.of_simulator(self.measured) if self.measured else {}
        if self.curve:
            simulator["confidence"] = figures.of_curve(self.curve)
        return {
            "type": "summary",
            "sets": {result.name: figures.of_set(result) for result in self.results},
            "simulator": simulator,
            "ok": self.ok,
        }


def validate(folder: Path, n: int, seed: int, progress: Progress) -> Report:
    """`n` simulated runners, none with 0.  InputError when the folder has no recording.

    Runners are measured in processes of their own while the recordings are judged here.
    """
    todo = trials(folder)
    jobs = runners.jobs(n, seed)
    done, total = 0, len(todo) + len(jobs) + _STUDIES

    def told(text: str) -> None:
        nonlocal done
        progress(text, min(done / total, 1.0))
        done += 1

    report = Report(str(folder), n, seed, [])
    if n:
        with processes() as pool:
            spoilt = max(n // _CONFIDENCE_EVERY, 1)
            curve = pool.submit(confidence.curve, spoilt, seed, _untold)  # the longest first
            measured = pool.map(runners.measure, jobs)
            real = _recordings(report, todo, told)
            told("lean metrics")
            report.study = lean_metrics.study(real, seed, _untold)
            for job, one in zip(jobs, measured, strict=True):
                told(job.name)
                report.measured.append(one)
            told("confidence")
            report.curve = curve.result()
    else:
        _recordings(report, todo, told)
    report.checks = [
        *checks.of_sets(report.results, vqf() is not None),
        *simulator_checks.of_simulator(report.measured),
        *checks.of_studies(report.invariance, report.curve),
    ]
    return report


def _recordings(report: Report, todo: list[Trial], told: Callable[[str], None]) -> list[Trial]:
    """Judges the folder's trials; those that are runs, of which the first also tries the mountings."""
    results = judge(todo, told)
    report.results = list(results.values())
    known = {(name, a.trial) for name, result in results.items() for a in result.agreements}
    real = [trial for trial in todo if (trial.set_name, trial.name) in known]
    if real:
        told("mounting")
        recording = replace(recordings.load(real[0].path), name=real[0].name)
        report.invariance = mounting.invariance(recording, real[0].truth["side"], _untold)
    return real


def _untold(_: str) -> None:
    """Progress of what runs beside something else."""


def lean_study(folder: Path, seed: int, progress: Progress) -> lean_metrics.Study:
    """Only the comparison of lean metrics; its real runs are the treadmill runs among the folder's trials."""
    real = [t for t in trials(folder) if t.kind == "free" and t.name.startswith("treadmill_run")]
    return lean_metrics.study(real, seed, lambda text: progress(text, 0.5))
