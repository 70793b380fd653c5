# SPDX-License-Identifier: MIT
"""`kneesense calibrate`: teach a unit how it sits on the leg."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from kneecore import settings

from ..errors import InputError
from .options import Wait
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..answers import Progress
    from ..device import Device
    from ..store import Store, Unit
    from ..verdict import Verdict

Side = Literal["left", "right"]
Face = Literal["medial", "lateral", "unknown"]
Stage = Literal["still", "walk", "all"]

_TOLD = {
    "still": "Stand still on both feet, knees straight, until the unit buzzes.",
    "walk": "Walk straight on at an easy pace, at least {strides} strides, until the unit buzzes.",
    "rezero": "Stand as you want the lean to count as zero, and keep still until the unit buzzes.",
}


async def calibrate(
    *,
    unit: str | None = None,
    runner: str | None = None,
    side: Side | None = None,
    face: Face | None = None,
    stage: Stage = "all",
    rezero: Annotated[bool, Parameter(negative=())] = False,
    countdown_s: Annotated[Wait, Parameter(name="--countdown")] = 3.0,
    save: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> int:
    """Teach a unit how it sits on the leg: stand still for 5 s, then walk 10 strides.

    The unit measures and judges by itself and keeps what it accepts; `kneesense run` uses it from then on.  Calibrate
    after every strapping on.  A long buzz and exit code 1 mean refused, with the reason and the next step.

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
    save
        Also write the calibration to this file.
    overwrite
        The file to write may replace an existing one.
    """
    from .. import outfile
    from ..ble import BleLink
    from ..device import Device
    from ..paths import store_file
    from ..store import Store
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
        async with Device(BleLink(worn.handle)) as device:
            verdict = await _through(device, worn, stages, countdown_s, store, out)
        if verdict.accepted and worn != paired:
            store.remember(worn)
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


async def _through(
    device: Device, worn: Unit, stages: tuple[str, ...], countdown_s: float, store: Store, out: Output
) -> Verdict:
    """The stages in their order, up to the first that is refused; the last verdict."""
    from .. import guide

    strides = await device.get("calibrate_strides") if "walk" in stages else 0
    for name in stages:
        out.note(_TOLD[name].format(strides=strides))
        await _count_down(countdown_s, out)
        with _bar(out, name, strides or 1) as show:
            verdict = await guide.stage(device, name, worn.side, worn.face, store, show)
        out.record(verdict.to_json(), told(verdict))
        if not verdict.accepted:
            break
    return verdict


async def _count_down(seconds: float, out: Output) -> None:
    while seconds > 0:
        if out.console.is_terminal:
            out.note(f"  in {seconds:.0f} s")
        await asyncio.sleep(min(1.0, seconds))
        seconds -= 1.0


@contextmanager
def _bar(out: Output, name: str, strides: int) -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal, nothing elsewhere.  Gives the function that moves it."""
    from rich.progress import Progress as Bar

    bar = Bar(console=out.console, transient=True, disable=not out.console.is_terminal)
    total = strides if name == "walk" else settings.find("calibrate_still_s").default
    with bar:
        task = bar.add_task(name, total=total)

        def show(progress: Progress) -> None:
            bar.update(task, completed=progress.strides if name == "walk" else progress.still_s)

        yield show


def told(verdict: Verdict) -> str:
    """A verdict in words: accepted or refused, and by what."""
    v = verdict.to_json()
    if not verdict.accepted:
        return "refused: " + "; ".join(verdict.messages)
    if verdict.stage == "walk":
        measured = (
            f"{v['strides']} strides, {100 * v['axis_share']:.0f} % of the rotation on one axis,"
            f" swing {v['sign_ratio']:.1f} times the way back"
        )
    else:
        measured = f"spread {v['spread_dps']:.1f} deg/s, 1 g off by {100 * v['one_g_error']:+.1f} %"
    if verdict.stage == "rezero" and verdict.calibration:
        measured += f", zero is now at {verdict.calibration.neutral_deg:+.1f} deg"
    return "\n".join([f"accepted: {measured}", *(f"note: {message}" for message in verdict.messages)])


def _closing(verdict: Verdict, save: Path | None) -> str:
    if not verdict.accepted:
        return f"Next: {verdict.next_step}"
    if verdict.stage == "still":
        return "Next: kneesense calibrate --stage walk"
    return (f"saved to {save}\n" if save else "") + "Next: kneesense run"
