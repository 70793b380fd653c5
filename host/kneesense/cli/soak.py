# SPDX-License-Identifier: MIT
"""`kneesense soak`: an hour of running with one fault after another, and bytes nobody should send."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ..errors import ExtraMissing, InputError
from .options import Number, Whole
from .output import DEFAULT_FLAGS, Flags, Output

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..soak.outcome import Outcome

MINUTES, FAULTS = 60.0, 500


def soak(
    *,
    minutes: Number = MINUTES,
    faults: Whole = FAULTS,
    seed: Whole = 1,
    kinds: str | None = None,
    keep: Path | None = None,
    fuzz: Whole = 0,
    listing: Annotated[bool, Parameter(name="--list", negative=())] = False,
    flags: Flags = DEFAULT_FLAGS,
) -> int:
    """An hour of a simulated run with faults at random moments, then an audit of every record and stride.

    The unit's own firmware in MicroPython, a virtual radio and this host, whose process is really killed. What the
    runner did, what the unit logged and what the host stored are compared record by record. The same seed gives the
    same faults and the same result. Exit code 1 when anything was lost, doubled, altered, or did not come back.

    Examples: kneesense soak; kneesense soak --minutes 5 --faults 60 --kinds host_killed,power_cut;
    kneesense soak --list; kneesense soak --fuzz 1000000

    Parameters
    ----------
    minutes
        Of the simulated run.
    faults
        How many, at random moments.
    seed
        Another number, other faults and another runner.
    kinds
        Only these kinds of faults, separated by commas.
    keep
        New folder that keeps the unit's flash, the store and what both printed.
    fuzz
        Instead of a run: so many spoilt and nonsensical frames for each decoder, on all cores.
    listing
        Only list the kinds of faults, and what each may cost.
    """
    if not 0.5 <= minutes <= 24 * 60:
        raise InputError(f"--minutes {minutes:g}: must be 0.5 to 1440")
    if not 0 <= faults <= 100_000:
        raise InputError(f"--faults {faults}: must be 0 to 100000")
    if fuzz < 0:
        raise InputError(f"--fuzz {fuzz}: must be 0 or more")
    out = Output(flags.json)
    if fuzz:
        return _fuzz(out, fuzz, seed)
    try:
        from ..soak.faults import TABLE
    except ImportError as error:
        raise ExtraMissing("demo", f"the virtual world needs the package '{error.name}'") from None
    if listing:
        for fault in TABLE.values():
            out.record(fault.record(), fault.line())
        return 0
    from ..world.firmware import micropython

    micropython()
    chosen = kinds.split(",") if kinds else list(TABLE)
    for name in chosen:
        if name not in TABLE:
            raise InputError(f"--kinds {name}: no such kind", "kneesense soak --list")
    if keep is not None and keep.exists():
        raise InputError(f"{keep}: is there already", "name a new folder")
    return _soak(out, minutes, faults, seed, chosen, keep)


def _soak(out: Output, minutes: float, faults: int, seed: int, kinds: list[str], keep: Path | None) -> int:
    from ..soak import hour

    if keep is not None:
        keep.mkdir(parents=True)
    begun_s = time.monotonic()
    with _progress(out, "{task.completed:.0f} of {task.total:.0f} faults, {task.fields[said]}") as progress:
        task = progress.add_task("soak", total=faults, said="starting")

        def told(done: int, now_s: float) -> None:
            speed = now_s / max(0.001, time.monotonic() - begun_s)
            said = f"{now_s // 60:.0f}:{now_s % 60:02.0f} of {minutes:g}:00, {speed:.1f} times true time"
            progress.update(task, completed=done, said=said)

        outcome = hour.run(seed, minutes, faults, kinds, told, keep)
    _tell(out, outcome, time.monotonic() - begun_s)
    return 0 if outcome.ok else 1


def _tell(out: Output, outcome: Outcome, took_s: float) -> None:
    for name, found in outcome.findings():
        out.record({"type": "finding", "kind": name, "message": found}, f"FAILED  {name}: {found}")
    summary = outcome.summary()
    speed = 60 * outcome.minutes / took_s
    verdict = "nothing lost" if outcome.ok else "NOT IN ORDER"
    out.note(f"{outcome.minutes:g} minutes in {took_s:.0f} s, {speed:.1f} times true time")
    out.record({**summary, "speed": round(speed, 2)}, f"{verdict}: {outcome.text()}")


def _fuzz(out: Output, count: int, seed: int) -> int:
    from ..soak import fuzz, fuzzers

    with _progress(out, "{task.completed:,.0f} of {task.total:,.0f} frames") as progress:
        task = progress.add_task("fuzz", total=count * len(fuzz.TARGETS))
        results = fuzzers.run(tuple(fuzz.TARGETS), count, seed, lambda n: progress.advance(task, n))
    for result in results:
        values = {"type": "fuzz", "decoder": result.decoder, "ok": not result.found, "frames": result.frames}
        values |= {"per_s": round(result.per_s), "found": result.found}
        detail = f"{result.decoder}: {result.frames} frames, {result.per_s:.0f} a second on one core"
        out.record(values, f"{'FAILED' if result.found else 'ok':7} {detail}")
        for text in result.found:
            out.note(f"        {text}")
    found = sum(len(result.found) for result in results)
    frames = sum(result.frames for result in results)
    out.record(
        {"type": "summary", "decoders": len(results), "frames": frames, "found": found},
        f"{frames} frames for {len(results)} decoders, {found} findings",
    )
    return 1 if found else 0


def _progress(out: Output, text: str) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(BarColumn(), TextColumn(text), console=out.console, transient=True)
