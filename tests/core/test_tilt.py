# SPDX-License-Identifier: MIT
"""The gravity filter: sign of lean per leg, agreement with its floating-point twin, mirror, and 31 bits."""

import math
from array import array
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as search
from hypothesis import strategies as st

from core.mounting import OBLIQUE, calibration
from core.smallint import SmallArray
from kneecore import mount, tilt
from kneesense import recording
from leaning import CHIP, data_sets_own

LEFT, RIGHT = mount.LEFT, mount.RIGHT
TAU_MS = 3000
UP = array("i", [0] * 3)  # not looked at


def run(samples, rate_hz=500, tau_ms=TAU_MS, side=LEFT):
    """Lean [cdeg] after each sample in common units; started from the first."""
    derived, state = tilt.derive(rate_hz, tau_ms, side), tilt.new_state()
    tilt.start(state, derived, samples[0])
    lean = []
    for sample in samples:
        tilt.step(state, derived, sample, 1, UP)
        lean.append(tilt.lean_cdeg(state, 0))
    return lean


def moving(seconds, rate_hz, seed=1):
    """Samples of a shank that swings and shakes at random, in common units: acceleration is not gravity alone."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate_hz)) / rate_hz

    def wave(size):
        return sum(
            size * rng.uniform(-1, 1) * np.sin(2 * np.pi * f * t + rng.uniform(0, 6))
            for f in (0.2, 1.4, 2.8, 9)
        )

    rows = [wave(1500), 1024 + wave(1500), wave(400), wave(1500), wave(1500), wave(6000)]
    return [array("i", row) for row in np.rint(np.column_stack(rows)).astype(int).tolist()]


def twin(samples, rate_hz, tau_ms):
    """The filter in floating point, lean [deg] of a left leg."""
    dt, wc = 1 / rate_hz, math.sqrt(2) * 1000 / tau_ms
    s, v, lean = np.array(samples[0][:3]) / np.linalg.norm(samples[0][:3]), np.zeros(3), []
    for sample in np.array(samples):
        d = np.radians(sample[3:] / 16) * dt
        s, v = (x - np.cross(d, x - np.cross(d, x) / 2) for x in (s, v))
        v = v + dt * (wc**2 * (sample[:3] / 1024 - s) - math.sqrt(2) * wc * v)
        s = s + dt * v
        lean.append(math.degrees(math.atan2(-s[2], math.hypot(s[0], s[1]))))
    return np.array(lean)


@pytest.mark.parametrize(("side", "knee_right", "expected"), [
    (LEFT, True, 1000), (LEFT, False, -1000), (RIGHT, True, -1000), (RIGHT, False, 1000),
])  # fmt: skip
def test_a_posed_leg_leans_positive_when_the_knee_is_medial(side, knee_right, expected):
    """The knee 10 degrees to the right of the ankle is medial on the left leg only.  Through an oblique mounting."""
    z = -math.sin(math.radians(10)) if knee_right else math.sin(math.radians(10))
    up = np.array([0.0, math.cos(math.radians(10)), z])
    counts = array("h", [round(2048 * c) for c in np.array(OBLIQUE).T @ up] + [0, 0, 0])
    sample = array("i", [0] * 6)
    mount.apply(mount.fold(calibration(OBLIQUE, side), 2048, 164), counts, 0, 1, sample)
    assert run([sample] * 100, side=side)[-1] == pytest.approx(expected, abs=3)


def test_neutral_is_subtracted():
    state = tilt.new_state()
    tilt.start(state, tilt.derive(500, TAU_MS, LEFT), array("i", [0, 1000, -200, 0, 0, 0]))
    assert tilt.lean_cdeg(state, 300) == tilt.lean_cdeg(state, 0) - 300


@pytest.mark.parametrize("rate_hz", [200, 416, 833])
@pytest.mark.parametrize("tau_ms", [500, 3000, 10000])
def test_follows_its_twin_in_floating_point(rate_hz, tau_ms):
    samples = moving(6, rate_hz)
    error = np.array(run(samples, rate_hz, tau_ms)) / 100 - twin(samples, rate_hz, tau_ms)
    assert np.ptp(twin(samples, rate_hz, tau_ms)) > 10  # degrees: there is something to follow
    assert np.abs(error).max() < 0.05


@pytest.mark.parametrize("rate_hz", [200, 416, 500, 833, 1000])
def test_a_still_leg_stays_where_it_is(rate_hz):
    lean = run([array("i", [100, 1000, -150, 0, 0, 0])] * (10 * rate_hz), rate_hz)
    assert set(lean[rate_hz:]) <= {lean[-1] - 1, lean[-1], lean[-1] + 1}


def test_a_rate_of_one_count_is_not_lost_to_rounding():
    """A constant rate w turns s away until s is pulled back as fast: lean = w tau, here 1/16 deg/s x 3 s."""
    lean = run([array("i", [0, 1024, 0, 1, 0, 0])] * 15000)
    assert lean[-1] == pytest.approx(100 * 3 / 16, abs=1)


def test_a_run_cut_in_two_goes_on_as_if_it_had_not_been():
    samples = moving(4, 500)
    derived, state = tilt.derive(500, TAU_MS, LEFT), tilt.new_state()
    tilt.start(state, derived, samples[0])
    for sample in samples[:900]:
        tilt.step(state, derived, sample, 1, UP)
    resumed = array("i", state)
    for sample in samples[900:]:
        tilt.step(resumed, derived, sample, 1, UP)
    assert tilt.lean_cdeg(resumed, 0) == run(samples)[-1]


def test_the_pull_is_summed_until_its_reader_sets_it_back():
    samples = moving(3, 500)
    derived, state = tilt.derive(500, TAU_MS, LEFT), tilt.new_state()
    tilt.start(state, derived, samples[0])
    pulls = []
    for sample in samples:
        tilt.step(state, derived, sample, 1, UP)
        pulls.append([(u + 128) >> 8 for u in state[3:6]])
        if len(pulls) == 700:
            state[tilt.PULL] = state[tilt.PULL + 1] = state[tilt.PULL + 2] = state[tilt.PULLED] = 0
    assert state[tilt.PULLED] == len(samples) - 700
    assert list(state[tilt.PULL : tilt.PULLED]) == np.sum(pulls[700:], axis=0).tolist()


def test_the_sum_of_the_pull_stands_still_before_it_leaves_31_bits():
    derived, state = tilt.derive(500, TAU_MS, LEFT), tilt.new_state()
    state[tilt.PULLED] = tilt.PULLED_MAX - 1
    for _ in range(3):
        tilt.step(state, derived, array("i", [2000, 1000, 0, 0, 0, 0]), 1, UP)
    assert state[tilt.PULLED] == tilt.PULLED_MAX
    once = list(state[tilt.PULL : tilt.PULLED])
    assert any(once)
    tilt.step(state, derived, array("i", [2000, 1000, 0, 0, 0, 0]), 1, UP)
    assert list(state[tilt.PULL : tilt.PULLED]) == once


def mirrored(sample):
    ax, ay, az, gx, gy, gz = sample
    return array("i", [ax, ay, -az, -gx, -gy, gz])


def test_a_mirrored_runner_leans_identically_on_the_other_leg():
    samples = moving(10, 500)
    assert run([mirrored(sample) for sample in samples], side=RIGHT) == run(samples, side=LEFT)


def test_a_mirror_that_forgets_the_gyro_or_the_side_is_seen():
    samples = moving(10, 500)
    true = np.array(run(samples, side=LEFT))
    forgot_gyro = [array("i", [*mirrored(sample)[:3], *sample[3:]]) for sample in samples]
    assert np.abs(np.array(run(forgot_gyro, side=RIGHT)) - true).max() > 100
    forgot_side = [mirrored(sample) for sample in samples]
    assert np.abs(np.array(run(forgot_side, side=LEFT)) - true).max() > 100


# 31 bits.  A step's intermediates grow with the state and the sample, so they are greatest at the corners of both.

S_MAX, U_MAX = 1 << 26, 1 << 24
PULLED = [tilt.PULLED_MAX * (1 << 16)] * 3 + [tilt.PULLED_MAX - 1]  # the sums of u at their largest
CONFIGURATIONS = [(200, 500), (200, 10000), (1000, 500), (1000, 10000), (500, 3000)]


def checked_step(state, derived, sample):
    """One step on checked integers; returns the state, which is again within its clamps."""
    state = SmallArray(state)
    tilt.step(state, SmallArray(derived), SmallArray(sample, bits=16), 1, UP)
    assert all(abs(s) <= S_MAX for s in state[:3])
    assert all(abs(u) <= U_MAX for u in state[3:6])
    return state


@pytest.mark.parametrize(("rate_hz", "tau_ms"), CONFIGURATIONS)
def test_every_corner_of_state_and_sample_stays_in_31_bits(rate_hz, tau_ms):
    derived = tilt.derive(rate_hz, tau_ms, RIGHT)
    carries = [(1 << derived[2]) - 1] * 3 + [(1 << derived[5]) - 1] * 3
    # x and y rates one sign each: turning the axes by half turns covers the rest
    for s, u in product(product((-S_MAX, S_MAX), repeat=3), product((-U_MAX, U_MAX), repeat=3)):
        for acc, wz in product(product((-32767, 32767), repeat=3), (-32767, 32767)):
            checked_step([*s, *u, *carries, *PULLED], derived, [*acc, 32767, 32767, wz])


@pytest.mark.parametrize(("rate_hz", "tau_ms"), CONFIGURATIONS)
@search(max_examples=300)
@given(data=st.data())
def test_any_state_and_sample_stay_in_31_bits(rate_hz, tau_ms, data):
    derived = tilt.derive(rate_hz, tau_ms, LEFT)

    def three(limit, low=None):
        return data.draw(st.tuples(*[st.integers(-limit if low is None else low, limit)] * 3))

    state = [*three(S_MAX), *three(U_MAX), *three((1 << derived[2]) - 1, 0), *three((1 << derived[5]) - 1, 0)]
    state += PULLED
    checked_step(state, derived, [*three(32767), *three(32767)])


@pytest.mark.parametrize(("rate_hz", "tau_ms"), CONFIGURATIONS)
def test_constant_alternating_and_burst_input_stays_in_31_bits(rate_hz, tau_ms):
    high, low = [32767] * 6, [-32767] * 6
    inputs = {
        "constant": [high] * 400,
        "alternating": [high, low] * 200,
        "burst after saturation": [high] * 200 + [low] * 20 + [[0] * 6] * 20 + [low] * 160,
    }
    for samples in inputs.values():
        state, derived = SmallArray([0] * tilt.STATE), tilt.derive(rate_hz, tau_ms, LEFT)
        tilt.start(state, SmallArray(derived), SmallArray(samples[0], bits=16))
        for sample in samples:
            state = checked_step(state, derived, sample)
            assert abs(tilt.lean_cdeg(state, 0)) <= 9001


@pytest.mark.parametrize("name", ["treadmill_run_comfortable", "treadmill_walk_fast"])
def test_a_recording_stays_in_31_bits(data, name):
    recorded = recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz")
    wire = data_sets_own(data).to_wire()
    (segment,) = recording.quantise(recorded, CHIP.rate_hz, CHIP).segments
    counts = segment.counts[: 10 * CHIP.rate_hz * mount.AXES]
    matrix = SmallArray(mount.fold(wire, CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps))
    derived = tilt.derive(CHIP.rate_hz, TAU_MS, RIGHT)
    state, sample = SmallArray([0] * tilt.STATE), SmallArray([0] * mount.AXES, bits=16)
    for offset in range(0, len(counts), mount.AXES):
        mount.apply(matrix, SmallArray(counts[offset : offset + mount.AXES], bits=16), 0, 1, sample)
        state = checked_step(state, derived, sample)
        tilt.lean_cdeg(state, 0)
