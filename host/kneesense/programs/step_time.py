# SPDX-License-Identifier: MIT
# Times the pipeline in MicroPython.  Arguments: file of int16 counts, rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps,
# repeats; the calibration comes as "name=value" after them.  Prints microseconds per sample, one line a repeat.
import sys
import time
from array import array

from kneecore.pipeline import Pipeline
from kneecore.settings import Settings


def main(path, rate_hz, acc_lsb, gyro_lsb, repeats, *calibration):
    with open(path, "rb") as file:
        batch = array("h", file.read())
    mount = {name: int(value) for name, value in (pair.split("=") for pair in calibration)}
    n = len(batch) // 6
    for _ in range(int(repeats)):
        pipeline = Pipeline(int(rate_hz), int(acc_lsb), int(gyro_lsb), mount, Settings())
        step = pipeline.step
        start = time.ticks_us()
        for offset in range(0, 6 * n, 6):
            step(batch, offset)
        print(time.ticks_diff(time.ticks_us(), start) / n)


main(*sys.argv[1:])
