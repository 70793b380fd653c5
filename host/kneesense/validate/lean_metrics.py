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
from .found import pipeline_of
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

# of lean in degrees over 0 to 100 % of contact [101], and the contact's length
CANDIDATES: dict[str, Callable[[Floats, float], float]] = {
    "at contact": lambda lean, _: float(lean[0]),
    "mid-stance, mean of 20 to 40 %": lambda lean, _: float(lean[20:41].mean()),
    "mean of 40 to 60 %": lambda lean, _: float(lean[40:61].mean()),
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
    by_slip: float
    by_width: float
    by_late: float

    @property
    def noticed_deg(self) -> float | None:
        """Valgus that the mean of five strides tells from chance (1.96 SD)."""
        sd = self.sd if self.sd is not None else self.simulated_sd
        return self._as_valgus(1.96 * sd / math.sqrt(_DECIDED_OVER))

    @property
    def fooled_deg(self) -> float | None:
        """Valgus that slip, wider steps and a late toe-off together look like."""
        return self._as_valgus(math.hypot(self.by_slip, self.by_width, self.by_late))

    def _as_valgus(self, change: float) -> float | None:
        return change / abs(self.per_valgus_deg) if abs(self.per_valgus_deg) >= _BLIND else None


@dataclass(frozen=True)
class Study:
    """The comparison as a table."""

    candidates: tuple[Row, ...]
    real_runs: int

    about = (
        "SD from stride to stride on real runs and on simulated ones; ICC between simulated runners; change by 1 deg of"
        f" simulated valgus, by a strap that slips {SLIP_DEG:g} deg about the shank, by steps {100 * WIDER_M:g} cm"
        f" wider, by a toe-off found {1000 * LATE_S:g} ms late. Noticed: valgus that the mean of {_DECIDED_OVER}"
        " strides tells from chance. Fooled: valgus that slip, width and late toe-off together look like."
    )
    head = (
        "lean", "SD", "simulated", "ICC", "valgus", "slip", "width", "late", "noticed", "fooled",
    )  # fmt: skip

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Cells of the table, texts."""
        return [
            (row.name, *(_text(value) for value in (
                row.sd, row.simulated_sd, row.icc, row.per_valgus_deg, row.by_slip, row.by_width, row.by_late,
                row.noticed_deg, row.fooled_deg,
            )))
            for row in self.candidates
        ]  # fmt: skip


def study(real: Sequence[Trial], seed: int, progress: Callable[[str], None]) -> Study:
    """`real`: recordings of running."""
    measured = [_measured_real(trial) for trial in real]
    plain: list[dict[str, Floats]] = []
    changes: dict[str, list[dict[str, float]]] = {"valgus": [], "slip": [], "width": [], "late": []}
    for i, runner in enumerate(runners(_RUNNERS, seed)):
        progress(f"lean metrics: runner {i + 1}")
        base = _simulated(runner, i)
        plain.append(base)
        wider = np.degrees(WIDER_M / _LEG_M)
        for how, values in (
            ("valgus", _simulated(replace(runner, valgus_deg=runner.valgus_deg + VALGUS_DEG), i)),
            ("slip", _simulated(runner, i, SLIP_DEG)),
            ("width", _simulated(replace(runner, lean_deg=runner.lean_deg + float(wider)), i)),
            ("late", _simulated(runner, i, late_s=LATE_S)),
        ):
            changes[how].append({name: values[name].mean() - base[name].mean() for name in CANDIDATES})
    return Study(
        tuple(
            Row(
                name,
                _mean([values[name].std(ddof=1) for values in measured]),
                float(np.mean([values[name].std(ddof=1) for values in plain])),
                icc([values[name].tolist() for values in plain]),
                float(np.mean([change[name] for change in changes["valgus"]])) / VALGUS_DEG,
                _size([change[name] for change in changes["slip"]]),
                _size([change[name] for change in changes["width"]]),
                _size([change[name] for change in changes["late"]]),
            )
            for name in CANDIDATES
        ),
        len(real),
    )


def _measured_real(trial: Trial) -> dict[str, Floats]:
    recording = recordings.load(trial.path)
    return candidates(recording, selfcal.auto(recording, trial.truth["side"]).calibration)


def _simulated(runner: Runner, number: int, slip_deg: float = 0.0, late_s: float = 0.0) -> dict[str, Floats]:
    """`slip_deg`: how far the unit has turned about the shank since it was calibrated.  `late_s`: of toe-off."""
    made = simulate(runner, _SCRIPT, Sensor(strap=RIGID), seed=number)
    c, s = np.cos(np.radians(slip_deg)), np.sin(np.radians(slip_deg))
    about_shank = np.array(((c, 0, s), (0, 1, 0), (-s, 0, c)))
    turned = (about_shank @ np.array(made.calibration.rotation)).tolist()
    worn = replace(made.calibration, rotation=tuple(tuple(row) for row in turned))
    return candidates(made.recording, worn, late_s)


def candidates(recording: Recording, calibration: Calibration, late_s: float = 0.0) -> dict[str, Floats]:
    """Every candidate of every trusted running stride after the filter has settled."""
    found = pipeline_of(recording, calibration, lean=True)
    out: dict[str, list[float]] = {name: [] for name in CANDIDATES}
    for stride in found.strides:
        trusted = stride["gait"] == "run" and stride["confidence"] >= 60 and stride["contact_s"]
        if not trusted or stride["ic_s"] < recording.t_s[0] + _SETTLED_S:
            continue
        contact_s = stride["contact_s"] + late_s
        at_s = stride["ic_s"] + np.linspace(0, contact_s, _POINTS)
        lean = np.interp(at_s, found.samples_s, found.lean_deg)
        for name, of in CANDIDATES.items():
            out[name].append(of(lean, contact_s))
    return {name: np.array(values) for name, values in out.items()}


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _size(changes: Sequence[float]) -> float:
    """RMS over the runners: directions differ."""
    return float(np.sqrt(np.mean(np.square(changes))))


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
