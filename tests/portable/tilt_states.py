# SPDX-License-Identifier: MIT
"""Calibration matrix and gravity filter on full-scale and random counts, at three rates and both scale sets."""

from array import array

from kneecore import mount, tilt

calibration = {"acc_scale_q14": 16225, "neutral_cdeg": -150, "side": mount.RIGHT}
for i, q14 in enumerate((13107, 0, 9830, 5898, 13107, -7864, -7864, 9830, 10486)):
    calibration["rotation_q14_%d" % i] = q14
for i, mdps in enumerate((1234, -32768, 77)):
    calibration["gyro_bias_mdps_%d" % i] = mdps

batch = array("h", [0] * 6)
sample = array("i", [0] * 6)
up = array("i", [0] * 3)


def random_counts(seed):
    """A linear congruence that stays in 31 bits."""
    for i in range(6):
        seed = (seed * 75 + 74) % 65537
        batch[i] = seed % 65536 - 32768
    return seed


for rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps in ((416, 1024, 143), (500, 2048, 164), (833, 1024, 143)):
    matrix = mount.fold(calibration, acc_lsb_per_g, gyro_lsb_per_10dps)
    print(list(matrix)[:-1])  # without fixed.SIGN, which differs
    derived = tilt.derive(rate_hz, 3000, mount.RIGHT)
    print(list(derived)[:-1])
    state = tilt.new_state()
    seed = 1
    for k in range(600):
        if k % 100 < 60:
            seed = random_counts(seed)
        else:
            for i in range(6):
                batch[i] = -32768 if (k >> i) & 1 else 32767
        mount.apply(matrix, batch, 0, 1, sample)
        if k == 0:
            tilt.start(state, derived, sample)
        tilt.step(state, derived, sample, 1, up)
        if k % 20 == 19:
            print(k, list(sample), list(state), list(up), tilt.lean_cdeg(state, calibration["neutral_cdeg"]))
