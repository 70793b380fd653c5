# SPDX-License-Identifier: MIT
"""Every integer the pipeline makes of one run: contacts, toe-offs, strides, cues, gaps, how the time divides.

Beside it lie `pipeline.bin`, int16 little-endian counts ax ay az gx gy gz sample by sample, and `pipeline.json`:
rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps, calibration (wire fields), settings, and gaps as [before which sample of
the file, how many are missing, index of the reason].
"""

import json
import sys
from array import array

from kneecore import wire
from kneecore.pipeline import EV_CONTACT, EV_CUE, EV_GAP, EV_STRIDE, EV_TOE_OFF, Pipeline
from kneecore.settings import Settings

STRIDE_FIELDS = list(wire.STRIDE.names[3:])
CUE_FIELDS = list(wire.CUE.names[3:])
CHUNK = 250  # samples a batch


def show(pipeline, event):
    print(event, pipeline.sample, pipeline.lean_cdeg(), pipeline.sagittal_rate(), pipeline.seen)
    if event & EV_GAP:
        print("gap", pipeline.gap_at_x16, pipeline.gap_length, pipeline.gap_reason)
    if event & EV_CONTACT:
        print("contact", pipeline.ic_x16)
    if event & EV_TOE_OFF:
        print("toe_off", pipeline.to_x16)
    if event & EV_STRIDE:
        print("stride", [getattr(pipeline.stride, name) for name in STRIDE_FIELDS])
    if event & EV_CUE:
        print("cue", [getattr(pipeline.cue, name) for name in CUE_FIELDS])


with open(sys.path[0] + "/pipeline.json") as file:
    run = json.load(file)
pipeline = Pipeline(
    run["rate_hz"],
    run["acc_lsb_per_g"],
    run["gyro_lsb_per_10dps"],
    run["calibration"],
    Settings(**run["settings"]),
)
gaps = run["gaps"]
batch = array("h", [0] * (6 * CHUNK))
read = 0
with open(sys.path[0] + "/pipeline.bin", "rb") as file:
    while True:
        count = file.readinto(batch) // 12
        if not count:
            break
        first = 0
        while first < count:
            last = count
            if gaps and gaps[0][0] < read + count:
                last = gaps[0][0] - read
            pipeline.take(batch, first, last - first)
            while True:
                event = pipeline.advance()
                if not event:
                    break
                show(pipeline, event)
            first = last
            if gaps and gaps[0][0] == read + first:
                show(pipeline, pipeline.gap(gaps[0][1], gaps[0][2]))
                gaps.pop(0)
        read += count
while True:
    event = pipeline.finish()
    if not event:
        break
    show(pipeline, event)
print("samples", pipeline.sample, "gap_samples", pipeline.gap_samples, "lean", pipeline.lean_cdeg())
print(
    "run",
    pipeline.run_x16,
    "walk",
    pipeline.walk_x16,
    "unsure",
    pipeline.unsure_x16,
    "still",
    pipeline.still_x16,
)
