# SPDX-License-Identifier: MIT
"""Compares what was recorded with what happened: truth of the runner, log of the unit, store of the host.

Nothing here is counted by whoever received it: contacts are matched with the runner's own, records with the bytes in
the unit's flash, pulses with the motor line as a logic analyser would show it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..frames import LogFrame
from ..simulator import TrueStride
from .motor import Pulse

TOLERANCE_S = 0.05  # a contact found within this of a true one is that one


@dataclass(frozen=True)
class Check:
    """One claim of the demo and whether it held."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Contacts:
    """How the contacts found compare with the true ones."""

    truth: int
    missed: int
    doubled: int
    false: int
    mean_error_ms: float | None
    """Found minus true, over those matched; None if none were."""


@dataclass(frozen=True)
class Copies:
    """How the records stored compare with those in the unit's log."""

    lost: int
    altered: int


def contacts(true_s: Sequence[float], found_s: Sequence[float]) -> Contacts:
    """Match each contact found with the nearest true one, within the tolerance; times on the run's clock."""
    hits: Counter[int] = Counter()
    errors = []
    for found in found_s:
        near = min(range(len(true_s)), key=lambda i: abs(true_s[i] - found), default=None)
        if near is not None and abs(true_s[near] - found) <= TOLERANCE_S:
            hits[near] += 1
            errors.append(found - true_s[near])
    return Contacts(
        truth=len(true_s),
        missed=len(true_s) - len(hits),
        doubled=sum(count - 1 for count in hits.values()),
        false=len(found_s) - sum(hits.values()),
        mean_error_ms=1000 * sum(errors) / len(errors) if errors else None,
    )


def copies(logged: Sequence[LogFrame], stored: Sequence[LogFrame]) -> Copies:
    """Records of the log that the store lacks, and those it has with other bytes."""
    by_key = {record.key: record.frame for record in stored}
    missing = [record for record in logged if record.key not in by_key]
    altered = [record for record in logged if by_key.get(record.key, record.frame) != record.frame]
    return Copies(len(missing), len(altered))


@dataclass(frozen=True)
class Buzz:
    """A motor pulse of the run, against the true stride in which it came."""

    at_s: float
    """Start of the pulse on the run's clock."""
    after_toe_off_s: float
    """From the true toe-off before it to the motor command, the wait in the FIFO and its drain included."""
    before_contact_s: float | None
    """From the end of the pulse to the next true contact; None if there was none."""


def buzzes(pulses: Sequence[Pulse], strides: Sequence[TrueStride], start_us: float) -> list[Buzz]:
    """Pulses in world time, strides on the run's clock, which began at `start_us` of the world."""
    toe_offs = [stride.to_s for stride in strides if stride.to_s is not None]
    starts = [stride.ic_s for stride in strides]
    found = []
    for pulse in pulses:
        at_s = (pulse.start_us - start_us) / 1e6
        end_s = (pulse.end_us - start_us) / 1e6
        before = bisect_right(toe_offs, at_s)
        if before == 0:
            continue
        after = bisect_right(starts, at_s)
        next_s = starts[after] - end_s if after < len(starts) else None
        found.append(Buzz(at_s, at_s - toe_offs[before - 1], next_s))
    return found


def numbering(records: Sequence[LogFrame]) -> bool:
    """Whether the sequence numbers of consecutive records follow without hole or repeat."""
    return all(b.seq == a.seq + 1 for a, b in pairwise(records))
