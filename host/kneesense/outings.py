# SPDX-License-Identifier: MIT
"""Which runs belong together: those of one runner's units that were worn at the same time.

`kneesense run` says so when it begins them.  Runs that units recorded by themselves are found by their overlap in UTC,
which is known as far as a computer has talked to both units since they were switched on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from .store import Run, Store

_SHARE = 0.5  # of the shorter run: two units are switched on and off within moments, two runs may just touch


@dataclass(frozen=True, slots=True)
class Span:
    """When a run was, in UTC microseconds, give or take `error_us`."""

    run: Run
    start_us: int
    end_us: int
    error_us: int

    def meets(self, other: Span) -> bool:
        """Whether both were worn at the same time, surely enough."""
        shared_us = min(self.end_us, other.end_us) - max(self.start_us, other.start_us)
        shared_us -= self.error_us + other.error_us
        shorter_us = min(self.end_us - self.start_us, other.end_us - other.start_us)
        return shared_us > 0 and shared_us >= _SHARE * shorter_us


def of(store: Store, run: Run) -> list[Run]:
    """The run and those of its outing, in the order in which they came here."""
    if run.outing is None:
        return [run]
    return [other for other in store.runs() if other.outing == run.outing]


def begin(store: Store, run: Run, outing: int | None) -> int:
    """Put a run into an outing, None: a new one; gives the outing."""
    key = run.id if outing is None else outing
    store.set_outing([run.id], key)
    return key


def join(store: Store) -> list[Run]:
    """Find outings by overlap in time among the runs that have none yet; gives the runs that got one."""
    joined: list[Run] = []
    for runs in _by_runner(store.runs()):
        if len({run.device for run in runs}) < 2 or all(run.outing is not None for run in runs):
            continue
        spans = sorted(filter(None, (_span(store, run) for run in runs)), key=lambda span: span.start_us)
        found = {span.run.id: span.run.outing for span in spans}
        for a, b in _meetings(spans):
            known = found[a.id] if found[a.id] is not None else found[b.id]
            outing = min(a.id, b.id) if known is None else known
            for run in (a, b):
                if found[run.id] is None:
                    found[run.id] = outing
                    store.set_outing([run.id], outing)
                    joined.append(run)
    return joined


def _meetings(spans: list[Span]) -> Iterator[tuple[Run, Run]]:
    """Pairs of runs of two units that were worn at the same time; `spans` by their start."""
    for i, a in enumerate(spans):
        for b in spans[i + 1 :]:
            if b.start_us >= a.end_us:
                break
            if a.run.device != b.run.device and a.meets(b):
                yield a.run, b.run


def _by_runner(runs: list[Run]) -> list[list[Run]]:
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.runner is not None:
            groups[run.runner].append(run)
    return list(groups.values())


def _span(store: Store, run: Run) -> Span | None:
    tie = store.tie(run.device, run.boot)
    if tie is None:
        return None
    start_us, end_us = store.run_span(run)
    return Span(run, tie.utc_us(start_us), tie.utc_us(end_us), max(map(tie.error_us, (start_us, end_us))))
