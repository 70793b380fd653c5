# SPDX-License-Identifier: MIT
"""`kneesense show`: one recorded run, stride by stride."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ..errors import InputError, NothingFound
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..store import Run, Store


def show(
    run: str = "last",
    /,
    *,
    runner: str | None = None,
    recording: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> None:
    """Show one recorded run: every stride, cue, gap and mark, then its summary.

    A stride: number, time of contact, gait, cadence, contact time, peak acceleration along the shank, lean in
    mid-stance, flags; a cue stands before the stride it came in.  Flags: clipped (impact withheld), gap (samples
    missing before), late (counted once the gait was sure), turn, loose (strap), bias (of the gyro, not yet known),
    miss (a value is missing), motor (it shook the unit: impact withheld).  Times are by the sensor's rate as measured
    over the run.  The text's cadence is that of the running, `mean_cadence_spm` in JSON that of all strides.

    Of a run with a unit on each leg this leg's strides are shown, then both legs are compared.

    Of a run whose samples were recorded (the unit's setting raw_record), --recording writes them as a recording, and
    beside it its calibration: kneesense replay gives the same strides from them.

    Examples: kneesense show last; kneesense show last --runner Ann; kneesense show 3 --json;
    kneesense show 3 --recording run.csv.gz

    Parameters
    ----------
    run
        Number of the run as `kneesense runs` shows it, or `last`.
    runner
        Whose runs. Default: everybody's.
    recording
        CSV (or .csv.gz) to write: t_s, ax, ay, az [m/s^2], gx, gy, gz [rad/s] of every sample. Its calibration goes
        into a .json of the same name.
    overwrite
        Files to write may replace existing ones.
    """
    from ..paths import store_file
    from ..store import Store
    from ..stored import StoredRun, find
    from .legs import show_pair
    from .lines import line, summed_up

    out = Output(flags.json)
    if overwrite and recording is None:
        raise InputError("--overwrite is for --recording", "leave it out, or name a file")
    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(f"there are no runs in {file} yet", "kneesense run records one")
    with Store(file, read_only=True) as store:
        stored = StoredRun(store, find(store, run, runner))
        written = _written(store, stored.run, recording, overwrite, out) if recording else {}
        for record in stored.records:
            out.record(record, line(record))
        if stored.run.outing is not None:
            from .. import pairs

            if (pair := pairs.of(store, stored.run)) is not None:
                show_pair(pair, out)
        out.record(stored.summary | written, summed_up(stored.summary, stored.records))
        if recording:
            chosen = f"kneesense replay {recording} --calibration {written['calibration']}"
            out.note(f"{written['samples']} samples: {recording}\nNext: {chosen}")


def _written(store: Store, run: Run, recording: Path, overwrite: bool, out: Output) -> dict[str, Any]:
    """Write the run's samples and calibration; what was written."""
    from .. import outfile, rawsamples
    from ..times import utc_now

    beside = recording.with_name(recording.name.removesuffix(".gz").removesuffix(".csv") + ".json")
    for path in (recording, beside):
        outfile.check(path, (store.file,), overwrite)
    samples = rawsamples.of_run(store, run)
    with outfile.writing(recording, (store.file,), overwrite) as file:
        samples.write(file)
    samples.calibration(utc_now()).save(beside, (store.file,), overwrite)
    if samples.missing:
        seconds = samples.missing / samples.true_hz
        out.warn("samples_missing", f"{seconds:.1f} s of the run's samples were not recorded or not fetched")
    return {
        "recording": str(recording),
        "calibration": str(beside),
        "samples": samples.count,
        "samples_missing": samples.missing,
        "true_hz": round(samples.true_hz, 3),
    }
