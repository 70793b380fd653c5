# SPDX-License-Identifier: MIT
"""`kneesense calibrate`: teach a unit how it sits on the leg."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ..errors import InputError
from .options import Wait
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..verdict import Verdict

Side = Literal["left", "right"]
Face = Literal["medial", "lateral", "unknown"]
Stage = Literal["still", "walk", "all"]


async def calibrate(
    *,
    unit: str | None = None,
    runner: str | None = None,
    side: Side | None = None,
    face: Face | None = None,
    stage: Stage = "all",
    rezero: Annotated[bool, Parameter(negative=())] = False,
    countdown_s: Annotated[Wait, Parameter(name="--countdown")] = 3.0,
    repeat: bool = True,
    save: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> int:
    """Teach a unit how it sits on the leg: stand still for 5 s, then walk 10 strides.

    The unit measures and judges by itself and keeps what it accepts; `kneesense run` uses it from then on.  Calibrate
    after every strapping on.  A short buzz means accepted, a long one refused: at a terminal the step can be done
    again, else exit code 1, with the reason and the next step.

    The link may break while you walk: the unit goes on, its verdict is fetched when you are back.

    Examples: kneesense calibrate; kneesense calibrate --side left --face medial --save me.json;
    kneesense calibrate --stage walk; kneesense calibrate --rezero

    Parameters
    ----------
    unit
        Id of the unit. Default: the only paired one, or the runner's.
    runner
        Who wears it. Default: the runner the unit is paired with.
    side
        The leg it is worn on now. Default: as paired.
    face
        The side of the shin bone it sits on: medial (inner) or lateral (outer); lets the unit check the leg.
    stage
        Repeat one stage only; walk builds on the last accepted still since the unit was switched on.
    rezero
        Only take the lean of standing now for zero; the strap must not have moved since the calibration.
    countdown_s
        Seconds before each stage.
    repeat
        At a terminal, offer a refused stage again.
    save
        Also write the calibration to this file.
    overwrite
        The file to write may replace an existing one.
    """
    from .. import outfile
    from ..paths import store_file
    from ..store import Store
    from .course import Course
    from .units import choose

    if rezero and stage != "all":
        raise InputError("--rezero is a stage of its own", "leave out --stage")
    if save is not None and stage == "still":
        raise InputError("standing still alone makes no calibration to save", "leave out --save")
    if save is not None:
        outfile.check(save, overwrite=overwrite)
    out = Output(flags.json)
    stages = ("rezero",) if rezero else ("still", "walk") if stage == "all" else (stage,)
    with Store(store_file(flags.store)) as store:
        paired = choose(store.units(), unit, runner)
        worn = replace(paired, side=side or paired.side, face=face or paired.face)
        course = Course(worn, stages, countdown_s, store, out, repeat)
        verdict = await course.run()
        if verdict.accepted and course.worn != paired:
            store.remember(course.worn)
    if save is not None and verdict.calibration is not None:
        verdict.calibration.save(save, overwrite=overwrite)
    code = 0 if verdict.accepted else 1
    out.record(
        {
            "type": "summary",
            "accepted": verdict.accepted,
            "exit_code": code,
            "file": str(save) if save else None,
        },
        _closing(verdict, save),
    )
    return code


def _closing(verdict: Verdict, save: Path | None) -> str:
    if not verdict.accepted:
        return f"Next: {verdict.next_step}"
    if verdict.stage == "still":
        return "Next: kneesense calibrate --stage walk"
    return (f"saved to {save}\n" if save else "") + "Next: kneesense run"
