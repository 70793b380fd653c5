# SPDX-License-Identifier: MIT
"""`kneesense runs`: the recorded runs."""

from __future__ import annotations

from .output import DEFAULT_STORE, Output, StoreFlags


def runs(*, runner: str | None = None, flags: StoreFlags = DEFAULT_STORE) -> None:
    """List the recorded runs, the oldest first: number, local time, runner, leg, length, strides, running cadence.

    "no end" marks a run whose end has not been fetched: it goes on, or kneesense sync fetches the rest.

    "+ 4" names the run of the other leg.  A * after the date: as you said it (kneesense date).

    Examples: kneesense runs; kneesense runs --runner Ann; kneesense runs --json

    Parameters
    ----------
    runner
        Whose runs. Default: everybody's.
    """
    from ..cadence import of_running
    from ..paths import store_file
    from ..store import Store
    from ..stored import StoredRun
    from ..times import between, local
    from .lines import clock, count, number

    out = Output(flags.json)
    file = store_file(flags.store)
    listed = 0
    if file.exists():
        with Store(file, read_only=True) as store:
            known = store.runs()
            for run in known:
                if runner not in (None, run.runner):
                    continue
                stored = StoredRun(store, run)
                start, summary = stored.start, stored.summary
                row = {
                    "type": "run",
                    "run": run.id,
                    "start_utc": start["start_utc"],
                    "utc_bounds": start["utc_bounds"],
                    "utc_source": start["utc_source"],
                    "runner": run.runner,
                    "device": run.device,
                    "side": start["side"],
                    "duration_s": summary["duration_s"],
                    "strides": summary["strides"],
                    "mean_cadence_spm": summary["mean_cadence_spm"],
                    "cues": summary["cues"],
                    "ended": stored.ended,
                    "outing": run.outing,
                }
                others = [
                    str(other.id)
                    for other in (known if run.outing else ())
                    if other.outing == run.outing and other.device != run.device
                ]
                beside = f" + {','.join(others)}" if others else ""
                said = "*" if start["utc_source"] == "user" else " "
                if start["start_utc"] is None and start["utc_bounds"]:
                    beside += f"\n{'':4} {between(start['utc_bounds'])}: kneesense date {run.id} WHEN"
                out.record(
                    row,
                    f"{run.id:>4} {local(start['start_utc']):<16}{said}{run.runner or '-':<10} {start['side']:<5}"
                    f" {clock(summary['duration_s']):>7} {count(summary['strides'], 'stride'):>12}"
                    f" {number(of_running(stored.records)):>5} spm{'' if stored.ended else ' no end'}{beside}",
                )
                listed += 1
    if not listed:
        out.note(f"no runs {f'of {runner} ' if runner else ''}in {file} yet: kneesense run records one")
    out.record({"type": "summary", "runs": listed, "log": str(file)})
