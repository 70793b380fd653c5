# SPDX-License-Identifier: MIT
# What a sample costs in MicroPython.  Arguments: file of int16 counts, JSON file (rate_hz, acc_lsb_per_g,
# gyro_lsb_per_10dps, calibration), repeats.  Prints lines of a name and figures: microseconds a sample of the whole
# step in bursts of the FIFO, of each of its loops, and of a floating-point Mahony filter; bytes of heap a sample.
import gc
import json
import sys
import time
from array import array

from mahony import Mahony

from kneecore import fixed, guard, mount, strike, tally, tilt
from kneecore.pipeline import Pipeline
from kneecore.settings import Settings

BURST = 10  # 20 ms at 500 Hz
STAGES = ("guard", "mount", "strike", "tilt", "tally", "lean")


def pipeline_of(run):
    scales = run["acc_lsb_per_g"], run["gyro_lsb_per_10dps"]
    return Pipeline(run["rate_hz"], scales[0], scales[1], run["calibration"], Settings())


def play(pipeline, batch, samples):
    first = 0
    while first < samples:
        pipeline.take(batch, first, BURST)
        while pipeline.advance():
            pass
        first += BURST


def mahony(filter, batch, samples):
    at = 0
    while at < 6 * samples:
        filter.update(batch[at], batch[at + 1], batch[at + 2], batch[at + 3], batch[at + 4], batch[at + 5])
        at += 6


class Stages:
    """Each loop over all the bursts by itself, on what the ones before it made of the same burst."""

    def __init__(self, run):
        self.guard = guard.new_state(run["rate_hz"], run["acc_lsb_per_g"])
        self.matrix = mount.fold(run["calibration"], run["acc_lsb_per_g"], run["gyro_lsb_per_10dps"])
        self.strike = strike.Strike(run["rate_hz"], 100)
        self.derived = tilt.derive(run["rate_hz"], 3000, mount.RIGHT)
        self.gravity = tilt.new_state()
        self.tally = tally.new_state(run["rate_hz"], 2 * run["rate_hz"], -1)
        self.seen = array("i", bytes(4 * BURST))
        self.six = array("i", bytes(4 * 6 * BURST))
        self.up = array("i", bytes(4 * 3 * BURST))
        self.leans = array("h", bytes(2 * BURST))
        self.spent_us = [0] * len(STAGES)

    def burst(self, batch, first):
        ticks = [time.ticks_us()]
        guard.scan(self.guard, batch, 6 * first, BURST, self.seen)
        ticks.append(time.ticks_us())
        mount.apply(self.matrix, batch, 6 * first, BURST, self.six)
        ticks.append(time.ticks_us())
        strike.scan(self.strike.state, self.six, BURST, first)
        ticks.append(time.ticks_us())
        tilt.step(self.gravity, self.derived, self.six, BURST, self.up)
        ticks.append(time.ticks_us())
        tally.add(self.tally, self.six, self.up, self.seen, 0, BURST, first)
        ticks.append(time.ticks_us())
        fixed.elevations_cdeg(self.up, 0, BURST, 0, fixed.TURNS_X256, self.leans, 0)
        ticks.append(time.ticks_us())
        for i in range(len(STAGES)):
            self.spent_us[i] += time.ticks_diff(ticks[i + 1], ticks[i])


def timed(work, *arguments):
    gc.collect()
    start = time.ticks_us()
    work(*arguments)
    return time.ticks_diff(time.ticks_us(), start)


def grown(work, *arguments):
    """Bytes taken from the heap, those given back at once included."""
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    work(*arguments)
    taken = gc.mem_alloc() - before
    gc.enable()
    return taken


def main(counts, run, repeats):
    with open(counts, "rb") as file:
        batch = array("h", file.read())
    with open(run) as file:
        run = json.load(file)
    samples = len(batch) // 6 // BURST * BURST
    scales = 1 / run["acc_lsb_per_g"], 10 / run["gyro_lsb_per_10dps"]
    for _ in range(int(repeats)):
        print("step_us", timed(play, pipeline_of(run), batch, samples) / samples)
        stages = Stages(run)
        for first in range(0, samples, BURST):
            stages.burst(batch, first)
        for name, spent_us in zip(STAGES, stages.spent_us):
            print(name + "_us", spent_us / samples)
        print("mahony_us", timed(mahony, Mahony(run["rate_hz"], *scales), batch, samples) / samples)
    warm = pipeline_of(run)
    play(warm, batch, samples)
    few = 20 * BURST  # the collector is off: a float filter takes 3 KB a sample
    print("step_bytes", grown(play, warm, batch, few) / few)
    print("mahony_bytes", grown(mahony, Mahony(run["rate_hz"], *scales), batch, few) / few)


main(*sys.argv[1:])
