# SPDX-License-Identifier: MIT
"""`kneesense show`: one recorded run, stride by stride."""

from __future__ import annotations

from ..errors import NothingFound
from .output import DEFAULT_STORE, Output, StoreFlags


def show(run: str = "last", /, *, flags: StoreFlags = DEFAULT_STORE) -> None:
    """Show one recorded run: every stride, cue, gap and mark, then its summary.

    A stride: number, time of contact, gait, cadence, contact time, peak acceleration along the shank, lean in
    mid-stance, flags; a cue stands before the stride it came in.  Flags: clipped (impact withheld), gap (samples
    missing before), late (counted once the gait was sure), turn, loose (strap), bias (of the gyro, not yet known),
    miss (a value is missing), motor (it shook the unit: impact withheld).  Times are by the sensor's rate as measured
    over the run.  The text's cadence is that of the running, `mean_cadence_spm` in JSON that of all strides.

    Examples: kneesense show last; kneesense show 3 --json

    Parameters
    ----------
    run
        Number of the run as `kneesense runs` shows it, or `last`.
    """
    from ..paths import store_file
    from ..store import Store
    from ..stored import StoredRun, find
    from .lines import line, summed_up

    out = Output(flags.json)
    file = store_file(flags.store)
    if not file.exists():
        raise NothingFound(f"there are no runs in {file} yet", "kneesense run records one")
    with Store(file, read_only=True) as store:
        stored = StoredRun(store, find(store, run))
        for record in stored.records:
            out.record(record, line(record))
        out.record(stored.summary, summed_up(stored.summary, stored.records))
