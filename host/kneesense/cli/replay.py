# SPDX-License-Identifier: MIT
"""`kneesense replay`: the unit's own signal processing on a recording."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ..errors import InputError
from .options import Whole
from .output import DEFAULT_FLAGS, Flags, Output

if TYPE_CHECKING:
    from ..calibration import Calibration
    from ..recording import Recording

Side = Literal["left", "right"]


def replay(
    file: Path,
    /,
    *,
    side: Side | None = None,
    calibration: str = "auto",
    still: Path | None = None,
    rate: Whole | None = None,
    samples: Path | None = None,
    save_calibration: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    flags: Flags = DEFAULT_FLAGS,
) -> None:
    """Run the unit's own signal processing on a recording: the strides the unit would have logged.

    The store keeps what units have logged, so nothing is kept of a replay: --json gives it all.

    Examples: kneesense replay run.csv.gz --side right; kneesense replay run.csv --calibration me.json --json;
    kneesense replay run.csv --side right --save-calibration me.json

    Parameters
    ----------
    file
        Recording: CSV (or .csv.gz) with t_s, ax, ay, az [m/s^2], gx, gy, gz [rad/s].
    side
        The leg it was worn on: cannot be told from the data. Not needed with a calibration file.
    calibration
        Calibration file, or auto: from the recording itself.
    still
        Recording of the same strapping at rest, for auto.
    rate
        Samples per second the pipeline runs at, 200 to 1000. Default: the chip's.
    samples
        CSV (or .csv.gz) to write: t_s, lean_deg, sagittal_dps, flags of every sample.
    save_calibration
        JSON file to write: the calibration used, for `--calibration` of run and replay.
    overwrite
        Files to write may replace existing ones.
    """
    from kneecore import chips
    from kneecore.settings import Settings

    from .. import outfile
    from .. import recording as recordings
    from ..pace import RunPace
    from ..player import Run, play
    from ..records import RunRecords
    from ..replay import SampleRows, told
    from ..selfcal import TooFewStrides
    from .lines import count, line, summed_up

    out = Output(flags.json)
    read = (file, *([still] if still else ()), *([Path(calibration)] if calibration != "auto" else ()))
    for target in (samples, save_calibration):
        if target:
            outfile.check(target, read, overwrite)
    if samples and save_calibration and samples.absolute() == save_calibration.absolute():
        raise InputError("--samples and --save-calibration name the same file", "choose two names")
    recording = recordings.load(file)
    for warning in recording.warnings:
        out.warn("recording", warning)
    try:
        used = _calibration(out, recording, side, calibration, still)
    except TooFewStrides as error:
        if save_calibration:
            raise
        out.warn("no_strides", str(error))
        length_s = float(recording.t_s[-1] - recording.t_s[0]) if len(recording.t_s) else 0.0
        summary = RunRecords().summary(log=None, duration_s=length_s)
        if samples:
            chip = chips.find("mpu6050")
            quantised = recordings.quantise(recording, chip.rate_hz if rate is None else rate, chip)
            with outfile.writing(samples, read, overwrite) as target_file:
                SampleRows(target_file, quantised).write_times(quantised)
        out.record(summary, summed_up(summary, ()))
        return
    if save_calibration:
        used.save(save_calibration, read, overwrite)
    chip = chips.find(used.chip)
    quantised = recordings.quantise(recording, chip.rate_hz if rate is None else rate, chip, used.clock_ratio)
    wanted = Run(quantised, chip, used.to_wire(), Settings())
    with ExitStack() as stack:
        watch = None
        if samples:
            target_file = stack.enter_context(outfile.writing(samples, read, overwrite))
            watch = SampleRows(target_file, quantised).write
        played = play(wanted, watch=watch)
    source = {"recording": str(file), "calibration": calibration, "engine": played.engine}
    run = RunRecords(
        {"source": source},
        t0_s=quantised.t0_s,
        rate=RunPace(quantised.true_hz, quantised.true_hz != quantised.rate_hz),
    )
    strides = []
    for name, fields in told(wanted, played):
        record = run.feed(name, fields)
        if record:
            if record["type"] == "stride":
                strides.append(record)
            started = f"{used.side} leg, {quantised.rate_hz} Hz: {file}"
            out.record(record, started if name == "start" else line(record))
    clipped = sum(stride["clipped"] for stride in strides)
    if clipped:
        text = f"{count(clipped, 'stride')} at the end of the sensor's range: impacts withheld"
        out.warn("clipped", text)
    summary = run.summary(log=None)
    if not summary["strides"]:
        out.warn("no_strides", f"{file}: no strides in {summary['duration_s']:.1f} s")
    out.record(summary, summed_up(summary, strides))


def _calibration(
    out: Output, recording: Recording, side: Side | None, choice: str, still: Path | None
) -> Calibration:
    """From the file named, or from the recording itself."""
    from .. import calibration as calibrations
    from .. import recording as recordings
    from .. import selfcal

    if choice != "auto":
        if still:
            raise InputError("--still is for --calibration auto", "leave one of them out")
        used = calibrations.load(choice)
        if side and side != used.side:
            raise InputError(
                f"{choice} is of a {used.side} leg, not {side}", "leave --side out, or calibrate anew"
            )
        return used
    if side is None:
        raise InputError("the leg cannot be told from a recording", "add --side left or --side right")
    found = selfcal.auto(recording, side, still=recordings.load(still) if still else None)
    for warning in found.warnings:
        out.warn("calibration", warning)
    return found.calibration
