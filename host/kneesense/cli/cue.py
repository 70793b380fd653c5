# SPDX-License-Identifier: MIT
"""`kneesense cue`: what the unit cues, shown and set."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from kneecore import settings

from .. import cuesettings
from ..errors import InputError
from .consent import ScreenAnswers
from .options import Number, Whole
from .output import DEFAULT_STORE, Output, StoreFlags

Rule = Literal["cadence", "lean", "impact", "metronome", "off"]
BandSide = Literal["auto", "both", "more", "less"]
Mode = Literal["bandwidth", "step", "every", "summary"]


async def cue(
    *,
    unit: str | None = None,
    runner: str | None = None,
    rule: Rule | None = None,
    offset: Number | None = None,
    band: Number | None = None,
    beat_spm: Annotated[Number | None, Parameter(name="--beat")] = None,
    side: BandSide | None = None,
    mode: Mode | None = None,
    every: Whole | None = None,
    summary_s: Annotated[Whole | None, Parameter(name="--summary")] = None,
    baseline: Whole | None = None,
    screen_answers: ScreenAnswers = None,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Show what the unit cues, or set it: for every run from the next one on, also without this computer.

    A cue is a buzz at toe-off, when the strides say so.  Target = the runner's own baseline + offset, with a dead zone
    around it.  First the baseline is measured, about 3 minutes of steady running.

    What a stride's cue state says: off; suspended (after a pain mark); muted (for this run); refused (lean: the
    strapping is unknown, has slipped, or the baseline is another runner's); baseline and anchoring (measuring);
    faded (a programme's block without cues); holdoff (after a cue); armed.

    What never brings a cue: walking, a gap in the data, a stride of low confidence; for lean also a turn, a loose strap
    or an unsettled gyroscope; for impact a clipped one.

    Examples: kneesense cue; kneesense cue --rule cadence --offset 7.5; kneesense cue --rule lean --offset -2;
    kneesense cue --mode summary --summary 90; kneesense cue --rule off

    Parameters
    ----------
    unit
        Id of the unit. Default: the only paired one, or the runner's.
    runner
        Who wears it. Default: the runner the unit is paired with.
    rule
        What is watched: cadence, lean of the shank, axial impact, or metronome (a tick on each beat); off for none.
    offset
        Target over the baseline, in percent; for lean in degrees, more is more medial; 0 holds the present form.
    band
        Half width of the dead zone, in the offset's unit; 0: from the baseline's spread.
    beat_spm
        Tempo of the metronome in steps a minute; 0: baseline + offset.
    side
        What is asked for: auto (towards the offset), both, more only, less only.
    mode
        When out of the band: bandwidth (some of the last strides, then a pause), step (each stride),
        every (each so-manieth, see --every), summary (by the mean, see --summary).
    every
        Strides out of the band for one cue of --mode every.
    summary_s
        Seconds of running for one look of --mode summary, 60 to 120.
    baseline
        Steady run strides that make the baseline.
    screen_answers
        Answers of the safety screen before a runner's first cue, such as no,no,no,no,no. Asked for at a terminal.
    """
    from .. import coachsetup
    from ..ble import BleLink
    from ..device import Device
    from ..paths import store_file
    from ..store import Store
    from .consent import require, warn_of_change, warn_of_lean
    from .units import choose

    out = Output(flags.json)
    changes = _named(beat_spm, side, mode, every, summary_s, baseline)
    asked = bool(changes) or rule is not None or offset is not None or band is not None
    with Store(store_file(flags.store)) as store:
        paired = choose(store.units(), unit, runner)
        who = runner or paired.runner
        if rule is not None:  # a wrong value is told before anything is looked for
            changes |= cuesettings.target(rule, offset, band)
        if asked and rule != "off":
            require(store, who, screen_answers, out)
        async with Device(BleLink(paired.handle)) as device:
            found = cuesettings.CueSetup.of((await coachsetup.read(device)).settings)
            if asked and rule is None:
                if found.rule == "off" and (offset is not None or band is not None):
                    raise InputError("cues are off: of which rule is the offset or band?", "--rule cadence")
                changes |= cuesettings.target(found.rule, offset, band)
            for name, value in changes.items():
                await device.set(name, value)
            if asked:
                found = cuesettings.CueSetup.of((await coachsetup.read(device)).settings)
                warn_of_lean(store, who, found.rule, out)
                warn_of_change(store, who, out)
    out.record(found.to_json(), "\n".join(found.lines))
    out.record({"type": "summary", "changed": sorted(changes)})


def _named(
    beat_spm: float | None,
    side: BandSide | None,
    mode: Mode | None,
    every: int | None,
    summary_s: int | None,
    baseline: int | None,
) -> dict[str, int]:
    """Settings of every option that does not hang on the rule."""
    numbers = (
        ("metronome_cspm", beat_spm, "--beat"),
        ("cue_every", every, "--every"),
        ("cue_summary_s", summary_s, "--summary"),
        ("baseline_strides", baseline, "--baseline"),
    )
    chosen = {name: cuesettings.step(name, value, what) for name, value, what in numbers if value is not None}
    if side is not None:
        chosen["cue_side"] = cuesettings.SIDES.index(side)
    if mode is not None:
        chosen["cue_mode"] = cuesettings.MODES.index(mode)
    return {name: settings.checked(name, value) for name, value in chosen.items()}
