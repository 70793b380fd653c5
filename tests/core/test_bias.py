# SPDX-License-Identifier: MIT
"""Gyro bias found in motion and at rest, through the whole pipeline: lean must not feel it."""

from __future__ import annotations

from array import array
from dataclasses import replace

import numpy as np
import pytest

from core.mounting import OBLIQUE, calibration
from core.runs import CHIP, counts, modelled, play
from core.smallint import SmallArray
from kneecore import mount
from kneecore.bias import UNIT, Bias
from kneecore.pipeline import Pipeline
from kneecore.settings import Settings
from kneesense import recording
from kneesense.simulator import Phase
from leaning import data_sets_own

SETTLED_S = 10
COUNTS_PER_DPS = CHIP.gyro_lsb_per_10dps / 10


def biased(samples: array[int], bias_dps: np.ndarray) -> array[int]:
    """`bias_dps` [3] or [n, 3], in the sensor's axes."""
    values = np.array(samples, float).reshape(-1, 6)
    values[:, 3:] += bias_dps * COUNTS_PER_DPS
    return array("h", np.clip(np.rint(values), -32768, 32767).astype("<i2").tobytes())


def leans(samples: array[int], fields: dict[str, int], rate_hz: int = 500) -> np.ndarray:
    """Lean of every sample, degrees."""
    pipeline = Pipeline(rate_hz, CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps, fields, Settings())
    lean = []
    for offset in range(0, len(samples), 6):
        pipeline.step(samples, offset)
        lean.append(pipeline.lean_cdeg())
    return np.array(lean) / 100


def mean_lean(outcome) -> float:
    return float(np.mean([s["lean_mid_cdeg"] for s in outcome.strides if s["stride_x16"]])) / 100


def fields_of(own, bias=(0.0, 0.0, 0.0)) -> dict[str, int]:
    return replace(own, gyro_bias_rad_s=tuple(bias)).to_wire()


@pytest.mark.parametrize("name", ["treadmill_run_slow", "treadmill_run_comfortable"])
def test_lean_of_a_recorded_run_with_its_bias_left_in(data, name: str) -> None:
    """Within 0.5 deg RMS of the offline filter with it taken out, once the filter has settled."""
    vqf = pytest.importorskip("vqf", reason="no vqf: pip install 'kneesense[analysis]'")
    own = data_sets_own(data)
    recorded = recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz")
    quantised = recording.quantise(recorded, CHIP.rate_hz, CHIP)
    (segment,) = quantised.segments
    rotation = np.array(own.rotation)
    gyro, acc = (recorded.gyro - own.gyro_bias_rad_s) @ rotation.T, recorded.acc @ rotation.T
    peer = vqf.offlineVQF(np.ascontiguousarray(gyro), np.ascontiguousarray(acc), None, 1 / recorded.rate_hz)
    w, x, y, z = peer["quat6D"].T
    side, up = 1 - 2 * (x * x + y * y), np.hypot(2 * (x * z - w * y), 2 * (y * z + w * x))
    reference = np.degrees(np.arctan2(side, up))
    t_s = quantised.t0_s + np.arange(len(segment.counts) // 6) / CHIP.rate_hz
    found = np.interp(recorded.t_s, t_s, leans(segment.counts, fields_of(own)))
    error = (found - reference)[recorded.t_s > SETTLED_S]
    assert np.sqrt(np.mean(error**2)) <= 0.5


@pytest.mark.parametrize(("axis", "side"), [(0, "left"), (1, "right"), (2, "left")])
def test_a_bias_that_grows_over_a_run_moves_its_mean_lean_little(axis: int, side: str) -> None:
    """3 deg/s in 20 min, as a sensor that warms up on the leg; the first 5 min of it, at twice that pace."""
    rate_hz = 200
    _, samples = modelled([Phase("still", 2), Phase("run", 300, 166)], rate_hz, side=side)
    fields = calibration(OBLIQUE, side=mount.LEFT if side == "left" else mount.RIGHT)
    turned = np.array(samples, float).reshape(-1, 2, 3) @ np.array(OBLIQUE)
    samples = array("h", np.clip(np.rint(turned), -32768, 32767).astype("<i2").tobytes())
    ramp = np.zeros((len(samples) // 6, 3))
    ramp[:, axis] = np.linspace(0, 1.5, len(ramp))
    base, found = play(samples, rate_hz, fields), play(biased(samples, ramp), rate_hz, fields)
    assert len(found.strides) == len(base.strides)
    assert abs(mean_lean(found) - mean_lean(base)) <= 0.5
    ranges = [
        np.mean([s["lean_max_cdeg"] - s["lean_min_cdeg"] for s in o.strides if s["stride_x16"]])
        for o in (base, found)
    ]
    assert ranges[1] == pytest.approx(ranges[0], rel=0.05)


def test_a_standing_pause_gives_the_whole_bias_at_once() -> None:
    rate_hz = 250
    _, samples = modelled([Phase("still", 8), Phase("run", 15, 166)], rate_hz)
    fields = calibration(side=mount.RIGHT)
    wrong = biased(samples, np.array((2.0, -3.0, 1.0)))
    # from the fifth second on: its own error, 2 deg/s x tau = 6 deg, is gone after a few tau
    settled = slice(17 * rate_hz, 23 * rate_hz)
    off = leans(wrong, fields, rate_hz)[settled] - leans(samples, fields, rate_hz)[settled]
    assert np.abs(off).mean() < 0.5


def test_mirrored_runs_track_alike() -> None:
    rate_hz = 250
    _, left = modelled([Phase("still", 7), Phase("run", 12, 166)], rate_hz, side="left")
    left = biased(left, np.array((1.0, 0.5, -0.7)))
    mirrored = np.array(left).reshape(-1, 6) * (1, 1, -1, -1, -1, 1)
    right = array("h", np.clip(mirrored, -32768, 32767).astype("<i2").tobytes())
    found = [
        leans(left, calibration(side=mount.LEFT), rate_hz),
        leans(right, calibration(side=mount.RIGHT), rate_hz),
    ]
    assert (found[0] == found[1]).all()


def test_a_gyro_that_turns_is_no_bias() -> None:
    matrix = mount.fold(calibration(), CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps)
    before = list(matrix)
    Bias(500, 3000, 1, matrix).rest([0, 0, round(30 * COUNTS_PER_DPS * 16)])
    assert list(matrix) == before
    Bias(500, 3000, 1, matrix).rest([0, 0, round(3 * COUNTS_PER_DPS * 16)])
    assert matrix[4 * 5 + 3] == pytest.approx(-3 * UNIT, rel=0.01)


@pytest.mark.parametrize("rate_hz", [200, 500, 1000])
@pytest.mark.parametrize("pull", [-(1 << 16), 1 << 16])
def test_any_pull_stays_bounded_and_within_31_bits(rate_hz: int, pull: int) -> None:
    matrix = SmallArray(mount.fold(calibration(), CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps))
    bias = Bias(rate_hz, 10000, -1, matrix)
    last = 0
    for samples in (1, 8191, 500) * 30:
        bias.stride(matrix[0] * 0 + pull * samples, matrix[0] * 0 - pull * samples, samples)
        for offset in (4 * 3 + 3, 4 * 5 + 3):
            assert abs(matrix[offset]) <= 6 * UNIT
        assert abs(matrix[4 * 5 + 3] - last) <= UNIT // 2
        last = matrix[4 * 5 + 3]


def test_counts_of_a_sensor_at_rest_are_no_stride() -> None:
    """Standing with a known bias taken out stays level."""
    n = 250 * 20
    samples = counts(np.tile((0, 1, 0), (n, 1)), np.tile((0.9, -1.4, 0.5), (n, 1)))
    fields = calibration(side=mount.LEFT, bias_mdps=(900, -1400, 500))
    assert np.abs(leans(samples, fields, 250)[2500:]).max() < 0.3
