# SPDX-License-Identifier: MIT
"""Which number of a stance's lean should a lean cue watch?  Candidates compared by what would disturb it.

A cue compares strides with the runner's own baseline of the same strapping.  So a good one scatters little from stride
to stride (measured on real runs), follows valgus (simulated), and stays when the strap slips, the steps widen or
toe-off is found late.

Limits: how valgus enters the lean, most in the middle of stance and none at contact, is the simulator's assumption; one
runner is real.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .. import recording as recordings
from .. import selfcal
from ..calibration import Calibration
from ..recording import Recording
from ..simulator import RIGID, Phase, Runner, Sensor, runners, simulate
from ..table import Floats
from .folder import Trial
from .found import Found, pipeline_of
from .stats import icc

VALGUS_DEG = 2.0
SLIP_DEG = 5.0
WIDER_M = 0.02
LATE_S = 0.02
_LEG_M = 0.9
_BLIND = 0.05  # change per degree below which a number does not see valgus
_RUNNERS = 8
_SCRIPT = (Phase("still", 3), Phase("run", 40), Phase("still", 3))
_SETTLED_S = 10.0
_POINTS = 101  # of a stance, one per cent of contact apart
_DECIDED_OVER = 5  # strides, as cue_n

Stances = list[tuple[Floats, float]]
"""Lean in degrees over 0 to 100 % of contact [101], and the contact's length in s."""

# Valgus of 1 deg for a part of the stance only, where its shape is not taken from the simulator: centre and half width,
# per cent of contact
BUMPS = {"early": (25, 15), "late": (50, 15)}

# of lean in degrees over 0 to 100 % of contact [101], and the contact's length
CANDIDATES: dict[str, Callable[[Floats, float], float]] = {
    "at contact": lambda lean, _: float(lean[0]),
    "mid-stance, mean of 20 to 40 %": lambda lean, _: float(lean[20:41].mean()),
    "mean of 40 to 60 %": lambda lean, _: float(lean[40:61].mean()),
    "mean of 20 to 60 %": lambda lean, _: float(lean[20:61].mean()),
    "mean of 0 to 60 %": lambda lean, _: float(lean[:61].mean()),
    "least of 0 to 60 %": lambda lean, _: float(lean[:61].min()),
    "greatest of 0 to 60 %": lambda lean, _: float(lean[:61].max()),
    "range of 0 to 60 %": lambda lean, _: float(np.ptp(lean[:61])),
    "mid-stance less contact": lambda lean, _: float(lean[20:41].mean() - lean[0]),
    "greatest less contact": lambda lean, _: float(lean[:61].max() - lean[0]),
    "fastest change, deg/s": lambda lean, s: float(np.abs(np.diff(lean[:61:5])).max() / (0.05 * s)),
}


@dataclass(frozen=True)
class Row:
    """One candidate, in its own unit (deg, or deg/s)."""

    name: str
    sd: float | None  # stride to stride on real runs, the mean of their SDs
    simulated_sd: float
    icc: float | None  # between simulated runners
    per_valgus_deg: float
    early: float
    late: float
    by_slip: float
    by_width: float
    by_late_toe_off: float

    @property
    def noticed_deg(self) -> float | None:
        """Valgus that the mean of five strides tells from chance (1.96 SD)."""
        sd = self.sd if self.sd is not None else self.simulated_sd
        return self._as_valgus(1.96 * sd / math.sqrt(_DECIDED_OVER))

    @property
    def fooled_deg(self) -> float | None:
        """Valgus that slip, wider steps and a late toe-off together look like."""
        return self._as_valgus(math.hypot(self.by_slip, self.by_width, self.by_late_toe_off))

    @property
    def worst_deg(self) -> float | None:
        """As `noticed_deg`, for valgus that comes only early or only late in stance, whichever is harder to see."""
        sd = self.sd if self.sd is not None else self.simulated_sd
        least = min(abs(self.early), abs(self.late))
        return 1.96 * sd / math.sqrt(_DECIDED_OVER) / least if least >= _BLIND else None

    def _as_valgus(self, change: float) -> float | None:
        return change / abs(self.per_valgus_deg) if abs(self.per_valgus_deg) >= _BLIND else None


@dataclass(frozen=True)
class Study:
    """The comparison as a table."""

    candidates: tuple[Row, ...]
    real_runs: int

    about = (
        "SD from stride to stride on real runs and on simulated ones; ICC between simulated runners. Change by 1 deg"
        " of simulated valgus, and by 1 deg that comes only at 25 or at 50 % of contact; by a strap that slips"
        f" {SLIP_DEG:g} deg about the shank, by steps {100 * WIDER_M:g} cm wider, by a toe-off"
        f" {1000 * LATE_S:g} ms late. Noticed: valgus that the mean of {_DECIDED_OVER} strides tells from chance;"
        " harder: the same for valgus only at 25 or only at 50 %. Fooled: valgus that slip, width and late toe-off"
        " together look like."
    )
    head = (
        "lean", "SD", "simulated", "ICC", "valgus", "at 25 %", "at 50 %", "slip", "width", "toe-off", "noticed",
        "harder", "fooled",
    )  # fmt: skip

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Cells of the table, texts."""
        return [
            (row.name, *(_text(value) for value in (
                row.sd, row.simulated_sd, row.icc, row.per_valgus_deg, row.early, row.late, row.by_slip,
                row.by_width, row.by_late_toe_off, row.noticed_deg, row.worst_deg, row.fooled_deg,
            )))
            for row in self.candidates
        ]  # fmt: skip


def study(real: Sequence[Trial], seed: int, progress: Callable[[str], None]) -> Study:
    """`real`: recordings of running."""
    measured = [_real(trial) for trial in real]
    plain: list[Stances] = []
    changes: dict[str, list[dict[str, float]]] = {"valgus": [], "slip": [], "width": [], "toe-off": []}
    wider_deg = float(np.degrees(WIDER_M / _LEG_M))
    for i, runner in enumerate(runners(_RUNNERS, seed)):
        progress(f"lean metrics: runner {i + 1}")
        made, worn = _simulated_run(runner, i)
        found = pipeline_of(made, worn, lean=True)
        base, toe_off_later = (stances_of(made, found, late_s) for late_s in (0.0, LATE_S))
        plain.append(base)
        for how, changed in (
            ("valgus", _simulated(replace(runner, valgus_deg=runner.valgus_deg + VALGUS_DEG), i)),
            ("slip", _simulated(runner, i, slip_deg=SLIP_DEG)),
            ("width", _simulated(replace(runner, lean_deg=runner.lean_deg + wider_deg), i)),
            ("toe-off", toe_off_later),
        ):
            changes[how].append({name: _mean_of(name, changed) - _mean_of(name, base) for name in CANDIDATES})
    stances = [stance for run in measured or plain for stance in run]
    rows = []
    for name in CANDIDATES:
        simulated = [_values(name, run) for run in plain]
        early, late = (
            _mean_of(name, _with_bump(stances, *at)) - _mean_of(name, stances) for at in BUMPS.values()
        )
        row = Row(
            name,
            float(np.mean([_values(name, run).std(ddof=1) for run in measured])) if measured else None,
            float(np.mean([values.std(ddof=1) for values in simulated])),
            icc([values.tolist() for values in simulated]),
            float(np.mean([change[name] for change in changes["valgus"]])) / VALGUS_DEG,
            early,
            late,
            *(_size([change[name] for change in changes[how]]) for how in ("slip", "width", "toe-off")),
        )
        rows.append(row)
    return Study(tuple(rows), len(real))


def _real(trial: Trial) -> Stances:
    recording = recordings.load(trial.path)
    worn = selfcal.auto(recording, trial.truth["side"]).calibration
    return stances_of(recording, pipeline_of(recording, worn, lean=True))


def _simulated(runner: Runner, number: int, slip_deg: float = 0.0) -> Stances:
    made, worn = _simulated_run(runner, number, slip_deg)
    return stances_of(made, pipeline_of(made, worn, lean=True))


def _simulated_run(runner: Runner, number: int, slip_deg: float = 0.0) -> tuple[Recording, Calibration]:
    """`slip_deg`: how far the unit has turned about the shank since it was calibrated."""
    made = simulate(runner, _SCRIPT, Sensor(strap=RIGID), seed=number)
    c, s = np.cos(np.radians(slip_deg)), np.sin(np.radians(slip_deg))
    about_shank = np.array(((c, 0, s), (0, 1, 0), (-s, 0, c)))
    turned = (about_shank @ np.array(made.calibration.rotation)).tolist()
    worn = replace(made.calibration, rotation=tuple(tuple(row) for row in turned))
    return made.recording, worn


def stances_of(recording: Recording, found: Found, late_s: float = 0.0) -> Stances:
    """Of every trusted running stride after the filter has settled.  `late_s`: later toe-off."""
    out = []
    for stride in found.strides:
        trusted = stride["gait"] == "run" and stride["confidence"] >= 60 and stride["contact_s"]
        if not trusted or stride["ic_s"] < recording.t_s[0] + _SETTLED_S:
            continue
        contact_s = stride["contact_s"] + late_s
        at_s = stride["ic_s"] + np.linspace(0, contact_s, _POINTS)
        out.append((np.interp(at_s, found.samples_s, found.lean_deg), contact_s))
    return out


def _with_bump(stances: Stances, centre: int, half_width: int) -> Stances:
    """A raised cosine of 1 deg."""
    far = np.clip((np.arange(_POINTS) - centre) / half_width, -1, 1)
    bump = (1 + np.cos(np.pi * far)) / 2
    return [(lean + bump, contact_s) for lean, contact_s in stances]


def _values(name: str, stances: Stances) -> Floats:
    return np.array([CANDIDATES[name](lean, contact_s) for lean, contact_s in stances])


def _mean_of(name: str, stances: Stances) -> float:
    return float(_values(name, stances).mean())


def _size(changes: Sequence[float]) -> float:
    """RMS over the runners: directions differ."""
    return float(np.sqrt(np.mean(np.square(changes))))


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
