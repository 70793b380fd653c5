# SPDX-License-Identifier: MIT
"""`kneesense run`: record a run live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from kneecore import settings, wire

from ..errors import InputError
from .output import DEFAULT_FLAGS, Flags, Output

Cue = Literal["cadence", "off"]


async def run(
    *,
    unit: str | None = None,
    runner: str | None = None,
    cue: Cue = "cadence",
    offset_pct: Annotated[float | None, Parameter(name="--offset")] = None,
    band_pct: Annotated[float | None, Parameter(name="--band")] = None,
    baseline: int | None = None,
    calibration: Path | None = None,
    duration_s: Annotated[float | None, Parameter(name="--duration")] = None,
    attach: Annotated[bool, Parameter(negative=())] = False,
    end: Annotated[bool, Parameter(negative=())] = False,
    flags: Flags = DEFAULT_FLAGS,
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
        Rule of the vibration cue.
    offset_pct
        Target cadence over the baseline, in percent; 0 holds the present one. Default 7.5.
    band_pct
        Half width of the dead zone around the target, in percent. Default: from the spread of the baseline.
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
    values = _settings(cue, offset_pct, band_pct, baseline)
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
        "cadence_offset_pm": None if offset_pct is None else round(10 * offset_pct),
        "cadence_band_pm": None if band_pct is None else round(10 * band_pct),
        "baseline_strides": baseline,
    }
    try:
        return {
            name: settings.find(name).default if value is None else settings.checked(name, value)
            for name, value in chosen.items()
        }
    except settings.SettingError as error:
        raise InputError(str(error)) from None


def _calibration(file: Path, side: str) -> dict[str, int]:
    from .. import calibration

    loaded = calibration.load(file)
    if loaded.side != side:
        raise InputError(
            f"{file} is for the {loaded.side} leg, the unit is paired for the {side} one",
            "choose the other file, or pair the unit again with --side",
        )
    return loaded.to_wire()
