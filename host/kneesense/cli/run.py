# SPDX-License-Identifier: MIT
"""`kneesense run`: record a run live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from kneecore import settings, wire

from ..errors import InputError
from .options import Number, Seconds, Whole
from .output import DEFAULT_STORE, Output, StoreFlags

Cue = Literal["cadence", "off"]


async def run(
    *,
    unit: str | None = None,
    runner: str | None = None,
    cue: Cue | None = None,
    offset_pct: Annotated[Number | None, Parameter(name="--offset")] = None,
    band_pct: Annotated[Number | None, Parameter(name="--band")] = None,
    baseline: Whole | None = None,
    calibration: Path | None = None,
    duration_s: Annotated[Seconds | None, Parameter(name="--duration")] = None,
    attach: Annotated[bool, Parameter(negative=())] = False,
    end: Annotated[bool, Parameter(negative=())] = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> int:
    """Record a run live: every stride, cues on the leg, alerts here.  Ctrl-C ends it.

    The unit records by itself: after a lost link or a killed program nothing is missing, see --attach.
    Control of a unit is not yet secured: anyone in radio range can connect to it and command it.

    Examples: kneesense run --calibration me.json; kneesense run --offset 5 --duration 1800; kneesense run --attach

    Parameters
    ----------
    unit
        Id of the unit. Default: the only paired one, or the runner's.
    runner
        Who runs. Default: the runner the unit is paired with.
    cue
        Rule of the vibration cue. Default: cadence.
    offset_pct
        Target cadence over the baseline, in percent, -20 to 20; 0 holds the present one. Default 7.5.
    band_pct
        Half width of the dead zone around the target, in percent. Default 0: from the baseline's spread.
    baseline
        Steady run strides that make the baseline. Default 250, about 3 minutes.
    calibration
        Calibration file of this strapping. Default: the one the unit has.
    duration_s
        End the run after so many seconds.
    attach
        Neither start nor stop a run: fetch what is missing and follow what runs.
    end
        With --attach: end the run that goes on, after fetching all of it.
    """
    from ..alerts import Alerts
    from ..ble import BleLink
    from ..paths import store_file
    from ..session import Plan, Session
    from ..store import Store
    from .live import AlertLine, Follower
    from .units import choose

    out = Output(flags.json)
    if end and not attach:
        raise InputError(
            "--end ends a run that goes on without this computer", "kneesense run --attach --end"
        )
    if end and duration_s is not None:
        raise InputError("--end ends the run at once", "leave out --duration")
    given = {
        "cue": cue,
        "offset": offset_pct,
        "band": band_pct,
        "baseline": baseline,
        "calibration": calibration,
    }
    named = " ".join(f"--{name}" for name, value in given.items() if value is not None)
    if attach and named:
        raise InputError(f"{named}: --attach changes nothing of a run", f"leave out {named}")
    values = _settings(cue or "cadence", offset_pct, band_pct, baseline)
    with Store(store_file(flags.store)) as store:
        paired = choose(store.units(), unit, runner)
        fields = _calibration(calibration, paired.side) if calibration else None
        plan = Plan(values, fields, runner, attach, end)
        session = Session(lambda: BleLink(paired.handle), store, plan, unit_id=paired.device)
        return await Follower(session, store, out, Alerts([AlertLine(out)], paired)).run(duration_s)


def _settings(
    cue: Cue, offset_pct: float | None, band_pct: float | None, baseline: int | None
) -> dict[str, int]:
    """All of the cue's settings, also those not named: the unit may still have others from an earlier run."""
    chosen = {
        "cue_rule": wire.RULES.index(cue),
        "cadence_offset_pm": _scaled("--offset", "cadence_offset_pm", offset_pct, 10, "percent"),
        "cadence_band_pm": _scaled("--band", "cadence_band_pm", band_pct, 10, "percent"),
        "baseline_strides": _scaled("--baseline", "baseline_strides", baseline, 1, "strides"),
    }
    return {name: settings.find(name).default if value is None else value for name, value in chosen.items()}


def _scaled(option: str, name: str, value: float | None, factor: int, unit: str) -> int | None:
    """A setting from an option in the user's unit, of which one is `factor` of the setting's."""
    if value is None:
        return None
    setting = settings.find(name)
    if not setting.low <= factor * value <= setting.high:
        low, high = setting.low / factor, setting.high / factor
        raise InputError(f"{option} {value:g}: must be {low:g} to {high:g} {unit}")
    return round(factor * value)


def _calibration(file: Path, side: str) -> dict[str, int]:
    from .. import calibration

    loaded = calibration.load(file)
    if loaded.side != side:
        raise InputError(
            f"{file} is for the {loaded.side} leg, the unit is paired for the {side} one",
            "choose the other file, or pair the unit again with --side",
        )
    return loaded.to_wire()
