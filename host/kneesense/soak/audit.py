# SPDX-License-Identifier: MIT
"""Judges a soak: the runner's truth, what the unit said and logged, and what the host's store has, record by record.

What is missing is either explained by what the unit itself has told (a gap, the end of a boot) or it is lost.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from kneecore import wire

from ..frames import LogFrame, parse
from ..store import Key
from ..world import audit
from .witness import Boot, WatchedChip, Witness

DURABLE_S = 2.0  # what is older than this at the end of a boot is on the flash
_TO_START_S = 0.5  # from the START record to the first sample, at most
# Around what was not sampled: the stride that was open before, and what the detector needs to find the rhythm again.
_BEFORE_S, _AFTER_S = 1.2, 2.5
_EDGE_SAMPLES = 24  # what the begin and the end of a run, or of a gap, leave in the FIFO


@dataclass
class Records:
    """The store against the unit."""

    logged: int = 0
    stored: int = 0
    undurable: int = 0
    """Heard live in the last seconds of a boot that took them with it."""
    lost: list[Key] = field(default_factory=list)
    duplicated: list[Key] = field(default_factory=list)
    altered: list[Key] = field(default_factory=list)
    invented: list[Key] = field(default_factory=list)
    spoilt: list[Key] = field(default_factory=list)
    """Taken away by a fault of the flash before they were fetched."""
    holes: list[Key] = field(default_factory=list)
    """Numbers missing in the unit's own log come before these."""


def records(store: Path, witness: Witness) -> Records:
    """Every record of the store, by its own bytes, against those on the flash and on the air."""
    found = Records()
    with sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT boot, seq, frame FROM event ORDER BY boot, seq").fetchall()
    by_key: dict[Key, bytes] = {}
    for boot, seq, frame in rows:
        record = parse(frame) if wire.check(frame) == len(frame) else None
        if record is None:
            found.altered.append((boot, seq))
            by_key[boot, seq] = frame
            continue
        if record.key in by_key:
            found.duplicated.append(record.key)
        elif record.key != (boot, seq):
            found.altered.append((boot, seq))
        by_key.setdefault(record.key, frame)
    found.logged, found.stored = len(witness.logged), len(by_key)
    missing = [key for key in witness.logged if key not in by_key]
    found.lost = [key for key in missing if key not in witness.spoilt]
    found.spoilt = [key for key in missing if key in witness.spoilt]
    for key, frame in by_key.items():
        true = witness.logged.get(key)
        if true is None:
            if _undurable(key, frame, witness):
                found.undurable += 1
            elif key not in found.altered:
                found.invented.append(key)
        elif true != frame and key not in found.altered:
            found.altered.append(key)
    found.altered += [key for key in witness.altered if key not in found.altered]
    found.holes = _holes(witness)
    return found


def _holes(witness: Witness) -> list[Key]:
    """Numbers go on from boot to boot; only those of spoilt records at the end of one are used again by the next."""
    keys = sorted(witness.logged)
    found = []
    for a, b in pairwise(keys):
        if b[1] == a[1] + 1:
            continue
        used_again = {key for key in keys if key[0] == a[0] and key[1] >= b[1]}
        if a[0] == b[0] or not used_again or used_again - witness.spoilt:
            found.append(b)
    return found


def _undurable(key: Key, frame: bytes, witness: Witness) -> bool:
    """Whether the unit said it, and went down before it had to be on the flash."""
    boot = witness.boots.get(key[0])
    record = parse(frame)
    if boot is None or boot.ended_us is None or record is None or witness.said.get(key) != frame:
        return False
    return boot.begun_us + record.t_us >= boot.ended_us - DURABLE_S * 1e6


def with_spoilt(stored: Sequence[LogFrame], witness: Witness) -> list[LogFrame]:
    """Records stored, and those that a fault of the flash has taken away: they had been made."""
    keys = {record.key for record in stored}
    spoilt = [parse(witness.logged[key]) for key in witness.spoilt - keys]
    return sorted([*stored, *filter(None, spoilt)], key=lambda record: record.key)


def backwards(stored: Sequence[LogFrame]) -> list[str]:
    """Records made before the one of the number before, by the unit's own clock."""
    return [
        f"boot {b.boot}, number {b.seq}: {a.t_us - b.t_us} us before number {a.seq}"
        for a, b in pairwise(stored)
        if a.boot == b.boot and b.t_us < a.t_us
    ]


def boots_not_told(stored: Sequence[LogFrame], witness: Witness) -> list[str]:
    """Boots whose first record does not say that they began and why: what was lost before would not be shown."""
    found = []
    seen: set[int] = set()
    for record in stored:
        if record.boot in seen:
            continue
        seen.add(record.boot)
        boot = witness.boots.get(record.boot)
        told = record.values().get("cause") if record.code == wire.BOOT.code else None
        spoilt = any(key[0] == record.boot and key < record.key for key in witness.spoilt)
        if boot is None or (told != boot.cause and not spoilt):
            found.append(f"boot {record.boot} begins with {record.name}, cause {told}")
    return found


@dataclass(frozen=True)
class Span:
    """Of world time, in seconds."""

    from_s: float
    to_s: float
    why: str


@dataclass
class Run:
    """One run as recorded, on the world's clock."""

    boot: int
    zero_s: float
    end_s: float
    stop: dict[str, Any] | None
    contacts_s: list[float]
    gaps: list[Span]


@dataclass
class Strides:
    true: int = 0
    found: int = 0
    doubled: int = 0
    false: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    """By what explains it."""
    lost_s: list[float] = field(default_factory=list)
    """Contacts that nothing explains."""


def runs(stored: Sequence[LogFrame], witness: Witness, chip: WatchedChip) -> list[Run]:
    """Every run of the store, in order."""
    found = []
    starts = chip.starts_us
    for i, record in enumerate(stored):
        boot = witness.boots.get(record.boot)
        if record.code != wire.START.code or boot is None:
            continue
        at_us = boot.begun_us + record.t_us
        first = bisect_left(starts, at_us - 1000)
        if first == len(starts) or starts[first] > at_us + _TO_START_S * 1e6:
            continue  # it ended before its first sample
        found.append(_run(stored[i + 1 :], record.boot, boot, chip, first))
    return found


def _run(after: Iterable[LogFrame], number: int, boot: Boot, chip: WatchedChip, first: int) -> Run:
    zero_us = chip.starts_us[first]
    rate = chip.rate_hz

    def at_s(x16: int) -> float:
        return zero_us / 1e6 + x16 / (16 * rate)

    run = Run(number, zero_us / 1e6, (boot.ended_us or 0) / 1e6, None, [], [])
    for record in after:
        if record.boot != number or record.code == wire.START.code:
            break
        values = record.values()
        if record.code == wire.STRIDE.code:
            run.contacts_s.append(at_s(values["ic_x16"]))
        elif record.code == wire.GAP.code:
            end_x16 = values["at_x16"] + 16 * values["samples"]
            run.gaps.append(Span(at_s(values["at_x16"]), at_s(end_x16), "gap"))
        elif record.code == wire.STOP.code:
            run.stop = values
            run.end_s = (boot.begun_us + record.t_us) / 1e6
            break
    return run


def untold(found: Sequence[Run], rate_hz: float) -> int:
    """Samples that are missing in runs that have a STOP, beyond what the gaps tell and what is lost at edges."""
    missing = 0
    for run in found:
        if run.stop is not None:
            due = (run.end_s - run.zero_s) * rate_hz
            missing += max(0, round(due) - run.stop["samples"] - _EDGE_SAMPLES * (1 + len(run.gaps)))
    return missing


def strides(found: Sequence[Run], true_s: Sequence[float], until_s: float) -> Strides:
    """Every true contact up to `until_s` of the world against those recorded."""
    judged = Strides()
    contacts = sorted(t for run in found for t in run.contacts_s)
    excused = _excused(found)
    hits: Counter[int] = Counter()
    for t in contacts:
        near = _nearest(true_s, t)
        if near is None or abs(true_s[near] - t) > audit.TOLERANCE_S:
            judged.false += 1
        else:
            hits[near] += 1
    judged.doubled = sum(count - 1 for count in hits.values())
    for i, t in enumerate(true_s):
        if t > until_s:
            break
        judged.true += 1
        if hits[i]:
            judged.found += 1
            continue
        why = next((span.why for span in excused if span.from_s <= t <= span.to_s), None)
        if why is None:
            judged.lost_s.append(t)
        else:
            judged.missed[why] += 1
    return judged


def _excused(found: Sequence[Run]) -> list[Span]:
    """Where a contact need not have been found, and why."""
    spans = []
    last_s = 0.0
    for run in found:
        spans.append(Span(last_s, run.zero_s + _AFTER_S, "no run"))
        spans += [Span(gap.from_s - _BEFORE_S, gap.to_s + _AFTER_S, gap.why) for gap in run.gaps]
        if run.stop is None:
            spans.append(Span(run.end_s - DURABLE_S - _BEFORE_S, run.end_s, "end of a boot"))
            last_s = run.end_s
        else:
            last_s = run.end_s - _BEFORE_S
    spans.append(Span(last_s, float("inf"), "no run"))
    return spans


def _nearest(times: Sequence[float], t: float) -> int | None:
    at = bisect_right(times, t)
    near = [i for i in (at - 1, at) if 0 <= i < len(times)]
    return min(near, key=lambda i: abs(times[i] - t), default=None)
