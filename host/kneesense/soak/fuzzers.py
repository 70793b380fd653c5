# SPDX-License-Identifier: MIT
"""All fuzzers on all cores: many frames for each decoder, in portions, so that progress is seen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context

from . import fuzz
from .found import Found

_PORTION = 20_000


@dataclass
class Fuzzed:
    """One decoder's result."""

    decoder: str
    frames: int = 0
    seconds: float = 0.0
    """Of one core."""
    found: list[str] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0


def portion(decoder: str, count: int, seed: int) -> tuple[int, float, str]:
    """(frames done, seconds of this core, what was found)."""
    begun_s = time.process_time()
    try:
        fuzz.run(decoder, count, seed)
    except Found as found:
        return 0, time.process_time() - begun_s, str(found)
    return count, time.process_time() - begun_s, ""


def run(
    decoders: Sequence[str], count: int, seed: int, on_progress: Callable[[int], None] = lambda frames: None
) -> list[Fuzzed]:
    """`count` frames for each decoder; `on_progress` is told of every portion of frames."""
    results = {name: Fuzzed(name) for name in decoders}
    sizes = [min(_PORTION, count - at) for at in range(0, count, _PORTION)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        work = {
            pool.submit(portion, name, size, 1000 * seed + i): (name, size)
            for i, size in enumerate(sizes)
            for name in decoders
        }
        for job in as_completed(work):
            name, size = work[job]
            frames, seconds, found = job.result()
            result = results[name]
            result.frames += frames
            result.seconds += seconds
            result.found += [found] if found else []
            on_progress(size)
    return list(results.values())
