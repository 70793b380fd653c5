# SPDX-License-Identifier: MIT
"""Weeks of a runner in a store, made up: programme, cues, both legs, diary, hips.  For the report's test and picture.

python tests/host/therapy.py STORE      writes such a store
"""

from __future__ import annotations

import math
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random

from storedruns import RATE_HZ, Recorder

from kneecore import programme, wire
from kneesense import diary, hips, times
from kneesense.store import Run, Store

DAY_US = 86_400_000_000
BASE_SPM = 164.0
LEFT = "0a0b0c0e"


def weeks(store: Store, sessions: int = 5, speed: float = 1.0, runner: str = "Ann") -> list[Run]:
    """`sessions` of the default programme, two days apart; `speed` shortens them.  The last has a unit on each leg."""
    random = Random(7)
    right = Recorder(store, runner=runner)
    begin_us = times.meant("2027-03-01T07:10Z")
    table = [(max(1, round(m / speed)), on, off) for m, on, off in programme.DEFAULT]
    store.set_programme(right.device, (1, 1), programme.encode(table))
    runs = []
    for number in range(1, sessions + 1):
        start_us = begin_us + (number - 1) * 2 * DAY_US
        run = _session(right, number, table[number - 1], start_us, random)
        runs.append(run)
        pain = {"before": 1, "after": (3, 0, 0, 0, 2, 0, 0, 1)[number - 1], "hour": 0, "morning": 0}
        written = {
            "distance_m": round(2400 * table[number - 1][0] / 15 * speed),
            "surface": "gravel",
            "hills": "flat",
        }
        diary.write(store, runner, times.day(start_us), run=run, pain=pain, values=written)
    left = Recorder(store, LEFT, "left", runner)
    other = _session(left, 0, table[sessions - 1], start_us, Random(8), late_s=0.355, like=sessions)
    store.set_outing([runs[-1].id, other.id], runs[-1].id)
    last = times.day(start_us)
    store.set_longest(runner, (last - timedelta(days=9)).isoformat(), None, 24 * 60)
    for back in (1, 3, 6, 8, 10):
        _hips(store, runner, last - timedelta(days=back))
    return runs


def _session(
    recorder: Recorder,
    number: int,
    planned: tuple[int, int, int],
    start_us: int,
    random: Random,
    late_s: float = 0.0,
    like: int = 0,
) -> Run:
    """A runner who slows down a little between cues.  Number 0: the other leg in the session `like`."""
    minutes, on_s, off_s = planned
    target = round(107.5 * BASE_SPM)
    strides, also, more = 0, [], {}
    t_s, cues, counts = 1.0 + late_s, 0, {"on": [0, 0, 0.0], "off": [0, 0, 0.0]}
    learnt = 0.062 * (1 - math.exp(-(number or like) / 2.5))
    pace = Random(number or like)
    while t_s - late_s < 60 * minutes:
        faded = bool(off_s) and number > 0 and (t_s % (on_s + off_s)) > on_s
        spm = BASE_SPM * (1 + learnt + 0.02 * math.sin((t_s - late_s) / 55)) + pace.gauss(0, 1.4)
        at = round(16 * RATE_HZ * 120 / spm)
        block = counts["off" if faded else "on"]
        block[0] += 1
        block[1] += spm > 0.97 * target / 100
        block[2] += spm
        if not faded and spm < 0.965 * target / 100 and strides % 9 == 0 and number:
            cues += 1
            x16 = round(t_s * 16 * RATE_HZ)
            values = {
                "ic_x16": x16,
                "to_x16": x16 + 1900,
                "command_x16": x16 + 2100,
                "rule": 1,
                "direction": 1,
            }
            values |= {
                "value": round(100 * spm),
                "target": target,
                "band": round(0.03 * target),
                "pulse_ms": 120,
            }
            also.append((wire.CUE, t_s, values))
        more[strides] = {
            "stride_x16": at,
            "contact_x16": round(random.gauss(2000 if number else 2090, 60)),
            "pta_axial_mg": round(random.gauss(5200 - 90 * number, 420)),
            "lean_mid_cdeg": round(random.gauss(260, 55)),
            "lean_min_cdeg": round(random.gauss(-180, 30)),
            "lean_max_cdeg": round(random.gauss(420, 40)),
            "cue_state": wire.CUE_STATES.index("faded" if faded else "armed") if number else 0,
        }
        t_s += at / 16 / RATE_HZ
        strides += 1
    anchor = {
        "utc_us": start_us + round(t_s * 1e6),
        "at_us": 1_000_000 + round(t_s * 1e6),
        "error_us": 1000,
    }
    also.append((wire.ANCHOR, t_s, anchor))
    session = None
    if number:
        session = {
            "session": number,
            "complete": 1,
            "planned_s": 60 * minutes,
            "run_s": 60 * minutes - 2,
            "cues": cues,
        }
        for name, (n, inside, total) in counts.items():
            mean = round(100 * total / n) if n else 0
            session |= {f"{name}_strides": n, f"{name}_in_band": inside, f"{name}_mean": mean}
        session |= {
            "rule": 1,
            "baseline": round(100 * BASE_SPM),
            "target": target,
            "band": round(0.03 * target),
        }
        also.append((wire.GAP, 50.0, {"at_x16": 50 * 16 * RATE_HZ, "samples": 400, "reason": 0}))
    return recorder.run(
        strides,
        start_us,
        more=more,
        also=tuple(also),
        session=session,
        begin_s=1.0 + late_s,
    )


def _hips(store: Store, runner: str, day: date) -> None:
    sets = [
        hips.Set(exercise.name, side, exercise.reps, exercise.hold_s)
        for exercise in hips.EXERCISES
        for side in exercise.sides
    ]
    hips.keep(store, runner, day, sets, warm_up=True, stretched=True)


if __name__ == "__main__":
    with Store(Path(sys.argv[1])) as made:
        weeks(made)
