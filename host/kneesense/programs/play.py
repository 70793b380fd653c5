# SPDX-License-Identifier: MIT
# Plays a run through the pipeline in MicroPython, where its loops over samples are machine code.  Arguments: a file of
# int16 counts, a JSON file (see kneesense/player.py).  Prints a record a line, its name and its values; `end` is last.
import json
import sys
from array import array

from kneecore import told
from kneecore.pipeline import Pipeline
from kneecore.settings import Settings

BATCH = 4000  # samples read at once


def show(pipeline, event):
    for name, values in told.of_event(pipeline, event):
        print(name, *values)


def play(pipeline, segments, counts):
    batch = array("h", bytes(12 * BATCH))
    view = memoryview(batch)
    for samples, lost, reason in segments:
        if lost:
            show(pipeline, pipeline.gap(lost, reason))
        while samples:
            count = min(samples, BATCH)
            counts.readinto(view[: 6 * count])
            samples -= count
            pipeline.take(batch, 0, count)
            while True:
                event = pipeline.advance()
                if not event:
                    break
                show(pipeline, event)
    while True:
        event = pipeline.finish()
        if not event:
            break
        show(pipeline, event)
    print("end", *told.at_end(pipeline))


def main(counts, run):
    with open(run) as file:
        run = json.load(file)
    settings = Settings(**run["settings"])
    pipeline = Pipeline(
        run["rate_hz"], run["acc_lsb_per_g"], run["gyro_lsb_per_10dps"], run["calibration"], settings
    )
    with open(counts, "rb") as file:
        play(pipeline, run["segments"], file)


main(*sys.argv[1:])
