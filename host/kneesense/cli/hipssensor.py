# SPDX-License-Identifier: MIT
"""`kneesense hips reps` and `screen`: what a unit on the shank tells of an exercise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ..errors import InputError, NothingFound
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..calibration import Calibration
    from ..hipreps import Rep
    from ..recording import Recording

Flag = Annotated[bool, Parameter(negative=())]
Record = dict[str, Any]

_WORDS = {"lean_change_deg": "lean, upright to deep", "lean_range_deg": "range of lean", "depth_deg": "depth"}


def reps(
    what: str,
    /,
    *,
    exercise: str = "squat",
    calibration: Path | None = None,
    keep: Flag = False,
    side: str | None = None,
    runner: str | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Count the repetitions of an exercise with the unit on the shank: depth and lean of each.

    Of a run recorded with kneesense run --raw, or of a recording.  Lean is told where a calibration says which way is
    forward: a run has it, a file has it beside it as NAME.json or by --calibration.  Lean is positive inward and is
    the shank's, no angle of the knee.

    Examples: kneesense hips reps last --exercise single_leg_squat --keep; kneesense hips reps squats.csv

    Parameters
    ----------
    what
        Number of a run, `last`, or a recording (.csv, .csv.gz).
    exercise
        squat, single_leg_squat, step_up_side or calf_raise.
    calibration
        Of the recording.
    keep
        Write them down as a set of the programme.
    side
        With --keep of a file without a calibration: left or right.
    runner
        Whose. Default: the only runner.
    """
    from .. import hipreps, hips
    from ..paths import store_file
    from ..store import Store
    from . import who

    out = Output(flags.json)
    exercise, kind = _kind(exercise)
    recording, worn = _samples(what, calibration, runner, flags, out)
    found = hipreps.count(recording, kind, worn)
    for number, rep in enumerate(found, 1):
        out.record(_rep_record(number, rep, kind), _rep_line(number, rep, kind))
    on = worn.side if worn else side
    session = None
    if keep and found:
        if exercise not in hips.BY_NAME:
            raise InputError(f"{exercise} is not in the programme", f"of {', '.join(hips.BY_NAME)}")
        if on not in ("left", "right"):
            raise InputError("which leg?", "--side left or --side right")
        with Store(store_file(flags.store)) as store:
            name = who.chosen(store, runner, out)
            done = [hips.Set(exercise, on, len(found), None)]
            session = hips.keep(store, name, who.today(), done, note="counted by the unit")
    size = _mean([rep.size for rep in found])
    change = _mean([rep.lean_change_deg for rep in found if rep.lean_change_deg is not None])
    told = f"{len(found)} repetition{'' if len(found) == 1 else 's'}"
    if size is not None:
        told += f", mean {'depth' if kind == hipreps.TILT else 'height'} {size:.1f} {hipreps.UNITS[kind]}"
    if change is not None:
        told += f", lean changes by {change:+.1f} deg on the way down"
    out.record(
        {
            "type": "summary",
            "reps": len(found),
            "exercise": exercise,
            "side": on,
            "mean_size": _rounded(size),
            "unit": hipreps.UNITS[kind],
            "mean_lean_change_deg": _rounded(change),
            "session": session,
        },
        told + (f"; session {session} is written down" if session else ""),
    )


def screen(
    *,
    left: str,
    right: str,
    left_calibration: Path | None = None,
    right_calibration: Path | None = None,
    runner: str | None = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Compare single-leg squats of both legs: depth, range of lean, how far the shank leans inward on the way down.

    Differs: more than repetitions scatter and two strappings differ by anyhow.  It says that, not why; no diagnosis.

    Examples: kneesense hips screen --left 12 --right 13; kneesense hips screen --left left.csv --right right.csv

    Parameters
    ----------
    left
        Run (recorded with kneesense run --raw) or recording of the left leg.
    right
        The same of the right leg.
    left_calibration
        Of the left recording. Default: the .json beside it.
    right_calibration
        Of the right recording.
    runner
        Whose runs. Default: the only runner.
    """
    from .. import hipreps, hipscreen

    out = Output(flags.json)
    found = []
    for side, what, calibration in (("left", left, left_calibration), ("right", right, right_calibration)):
        recording, worn = _samples(what, calibration, runner, flags, out)
        if worn is not None and worn.side != side:
            raise InputError(f"--{side} {what}: was recorded on the {worn.side} leg", "swap them")
        found.append(hipreps.count(recording, hipreps.TILT, worn))
    measures = hipscreen.compare(*found)
    for measure in measures:
        record = {
            "type": "screen",
            "metric": measure.metric,
            "left": _rounded(measure.left),
            "right": _rounded(measure.right),
            "difference": _rounded(measure.difference),
            "difference_95": _rounded(measure.difference_95),
            "reps_left": measure.reps_left,
            "reps_right": measure.reps_right,
            "differs": measure.differs,
        }
        words = _WORDS[measure.metric]
        out.record(
            record,
            f"  {words:<22} L {measure.left:5.1f}  R {measure.right:5.1f} deg"
            f"  {measure.difference:+5.1f} +- {measure.difference_95:.1f}{'  differs' if measure.differs else ''}",
        )
    differs = [measure.metric for measure in measures if measure.differs]
    out.record(
        {"type": "summary", "reps_left": len(found[0]), "reps_right": len(found[1]), "differs": differs},
        "a difference between strapped legs, no diagnosis" if differs else "no difference that can be told",
    )


def _kind(exercise: str) -> tuple[str, str]:
    """(name, kind of hipreps.py) of what a user calls it."""
    from ..hips import COUNTED

    name = exercise.strip().lower().replace("-", "_")
    kind = COUNTED.get(name)
    if kind is None:
        raise InputError(f"{exercise}: cannot be counted by a unit on the shank", f"of {', '.join(COUNTED)}")
    return name, kind


def _samples(
    what: str, calibration: Path | None, runner: str | None, flags: StoreFlags, out: Output
) -> tuple[Recording, Calibration | None]:
    """Of a file, else of a run in the store."""
    from .. import calibration as calibrations
    from .. import rawsamples, recording
    from ..paths import store_file
    from ..store import Store
    from ..stored import find
    from ..times import utc_now

    path = Path(what)
    if path.suffix in (".csv", ".gz") or path.is_file():
        loaded = recording.load(path)
        for warning in loaded.warnings:
            out.warn("recording", warning)
        beside = path.with_name(path.name.removesuffix(".gz").removesuffix(".csv") + ".json")
        if calibration is None and not beside.is_file():
            out.warn("no_calibration", f"{path}: no calibration, so lean is not told")
            return loaded, None
        return loaded, calibrations.load(calibration or beside)
    if calibration is not None:
        raise InputError("a calibration of a run", "the run has its own: leave it out")
    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(
            f"{what}: no such file, and there are no runs in {file} yet", "kneesense run --raw"
        )
    with Store(file, read_only=True) as store:
        samples = rawsamples.of_run(store, find(store, what, runner))
    return samples.recording(f"run {what}"), samples.calibration(utc_now())


def _rep_record(number: int, rep: Rep, kind: str) -> Record:
    from ..hipreps import UNITS

    return {
        "type": "rep",
        "rep": number,
        "start_s": round(rep.start_s, 3),
        "deepest_s": round(rep.deepest_s, 3),
        "end_s": round(rep.end_s, 3),
        "size": _rounded(rep.size),
        "unit": UNITS[kind],
        "lean_before_deg": _rounded(rep.lean_before_deg),
        "lean_deep_deg": _rounded(rep.lean_deep_deg),
        "lean_change_deg": _rounded(rep.lean_change_deg),
        "lean_range_deg": _rounded(rep.lean_range_deg),
    }


def _rep_line(number: int, rep: Rep, kind: str) -> str:
    from ..hipreps import UNITS

    lean = ""
    if rep.lean_change_deg is not None and rep.lean_range_deg is not None:
        lean = f"  lean {rep.lean_change_deg:+5.1f} deg on the way down, range {rep.lean_range_deg:.1f}"
    return f"{number:>4} {rep.start_s:7.1f} to {rep.end_s:.1f} s  {rep.size:5.1f} {UNITS[kind]}{lean}"


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
