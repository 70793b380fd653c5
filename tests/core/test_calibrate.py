# SPDX-License-Identifier: MIT
"""The two stages of a calibration: built legs of known mounting, recordings, 31 bits, however it is worn."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from core.mounting import calibration
from core.runs import CHIP, counts, modelled, play
from core.smallint import SmallArray
from kneecore import axes, calibrate, mount, wire
from kneecore.settings import Settings
from kneecore.standing import Still
from kneecore.walking import Walk
from kneesense import recording
from kneesense.simulator import Phase, alignments, skewed
from leaning import data_sets_own

STAND, WALK, RUN = Phase("still", 7), Phase("walk", 20, 112), Phase("run", 20, 166)
SCALES = CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps
UP = [0, 16384, 0]


def names(refused: int) -> tuple[str, ...]:
    return tuple(name for i, name in enumerate(wire.REFUSALS) if refused >> i & 1)


def turned(samples: array[int], turn: np.ndarray) -> array[int]:
    """The counts of a sensor whose axes are turned."""
    both = np.array(samples, float).reshape(-1, 2, 3) @ turn.T
    return array("h", np.clip(np.rint(both), -32768, 32767).astype("<i2").tobytes())


def feed(stage: Still | Walk, samples: array[int]) -> bool:
    return any(stage.step(samples, offset) for offset in range(0, len(samples), 6))


def stand(samples: array[int], rate_hz: int = 500, **settings: int) -> Still:
    stage = Still(rate_hz, *SCALES, Settings(**settings))
    feed(stage, samples)
    return stage


def walk(samples: array[int], up=UP, bias=(0, 0, 0), rate_hz: int = 500, **settings: int) -> Walk:
    stage = Walk(rate_hz, *SCALES, Settings(**settings), up, bias)
    feed(stage, samples)
    return stage


def off_deg(rotation_q14: list[int], true: np.ndarray) -> float:
    """Angle between a rotation found and the true one."""
    error = np.array(rotation_q14).reshape(3, 3) / 16384 @ true.T
    return float(np.degrees(np.arccos(np.clip((np.trace(error) - 1) / 2, -1, 1))))


def still_counts(force_g=(0, 1, 0), rate_dps=(0, 0, 0), seconds=30, rate_hz=500) -> array[int]:
    n = seconds * rate_hz
    return counts(np.tile(force_g, (n, 1)), np.tile(rate_dps, (n, 1)))


def with_one_axis_stuck(axis: int) -> array[int]:
    rows = np.array(still_counts()).reshape(-1, 6)
    rows[:, axis] = rows[0, axis]
    return array("h", rows.astype("<i2").tobytes())


# --- standing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [416, 500, 833])
def test_standing_gives_up_bias_and_scale(rate_hz: int) -> None:
    stage = stand(still_counts((0.6 * 1.03, 0.8 * 1.03, 0), (0.9, -1.4, 0.5), rate_hz=rate_hz), rate_hz)
    assert names(stage.refused) == ()
    assert stage.still_s == 5
    assert np.array(stage.up_q14) / 16384 == pytest.approx([0.6, 0.8, 0], abs=0.001)
    assert stage.bias_mdps == pytest.approx([900, -1400, 500], abs=20)
    assert stage.acc_scale_q14 / 16384 == pytest.approx(1 / 1.03, abs=0.001)
    assert stage.one_g_pm == pytest.approx(30, abs=1)


def test_the_sway_of_the_leg_is_no_bias() -> None:
    t_s = np.arange(0, 6, 1 / 500)
    angle = np.radians(
        0.4 * t_s
    )  # the knee goes to the right: about -x; gravity turns the other way in the sensor
    force = np.column_stack((0 * t_s, np.cos(angle), -np.sin(angle)))
    rate = np.tile((0.4 + 1.0, 0, 0), (len(t_s), 1))
    # a frame turning by w sees a still vector turn by -w
    assert np.allclose(
        np.gradient(force, axis=0)[10] * 500, -np.cross([np.radians(0.4), 0, 0], force[10]), atol=1e-4
    )
    assert stand(counts(force, rate)).bias_mdps == pytest.approx([1000, 0, 0], abs=30)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (lambda: modelled([WALK])[1], "moved"),
        (lambda: still_counts((0, 1.2, 0)), "one_g"),
        (lambda: still_counts(rate_dps=(0, 27, 0)), "gyro_bias"),
        (lambda: array("h", [0, 2048, 0, 5, 5, 5] * 15000), "frozen"),
        (lambda: with_one_axis_stuck(0), "frozen"),
        (lambda: with_one_axis_stuck(4), "frozen"),
    ],
)
def test_what_is_no_standing_is_refused(samples, reason: str) -> None:
    assert names(stand(samples()).refused) == (reason,)


def test_moving_first_costs_only_time() -> None:
    samples = modelled([Phase("walk", 6, 112), Phase("still", 10)])[1]
    assert names(stand(samples).refused) == ()


def test_lost_samples_begin_the_standing_anew() -> None:
    stage = Still(500, *SCALES, Settings())
    samples = still_counts(seconds=4)
    assert not feed(stage, samples)
    stage.lost()
    assert not feed(stage, samples)
    assert feed(stage, samples)


# --- walking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("rate_hz", [416, 500, 833])
def test_walking_gives_right_and_forward(side: str, rate_hz: int) -> None:
    stage = walk(modelled([WALK], rate_hz, side=side)[1], rate_hz=rate_hz)
    assert names(stage.refused) == ()
    assert stage.strides == 10
    assert off_deg(stage.rotation_q14, np.eye(3)) < 3
    assert stage.sign_pm >= 1200
    assert stage.axis_pm >= 600


def test_running_is_refused() -> None:
    assert "running" in names(walk(modelled([RUN])[1]).refused)


def swinging(forward_dps: float, back_dps: float, seconds: float = 20) -> array[int]:
    """A leg that swings once a second, up and down at the rates given, without any impact."""
    t_s = np.arange(0, seconds, 1 / 500)
    wave = np.sin(2 * np.pi * t_s)
    rate = np.where(wave > 0, forward_dps, back_dps) * wave
    return counts(np.tile((0, 1, 0), (len(t_s), 1)), np.column_stack((0 * t_s, 0 * t_s, rate)))


def test_steps_on_the_spot_have_no_direction() -> None:
    stage = walk(swinging(300, 290))
    assert "direction" in names(stage.refused)
    assert stage.sign_pm < 1200


def test_too_few_strides_are_refused() -> None:
    samples = modelled([Phase("walk", 6, 112), Phase("still", 40)])[1]
    assert names(walk(samples).refused) == ("few_strides",)


def test_a_leg_that_swings_about_everything_is_refused() -> None:
    t_s = np.arange(0, 40, 1 / 500)
    rate = np.column_stack([300 * np.sin(2 * np.pi * (hz * t_s)) for hz in (0.83, 0.71, 0.97)])
    stage = walk(counts(np.tile((0, 1, 0), (len(t_s), 1)), rate))
    assert stage.refused


def test_standing_crooked_is_refused() -> None:
    tilt = np.radians(20)
    stage = walk(
        modelled([WALK])[1], up=axes.unit_q14(0, round(16384 * np.cos(tilt)), round(16384 * np.sin(tilt)))
    )
    assert "disagree" in names(stage.refused)


@pytest.mark.parametrize(
    "name", ["treadmill_walk_normal", "treadmill_walk_fast", "multispeed_overground_walking"]
)
def test_recorded_walks_agree_with_the_data_sets_own_axes(data, name: str) -> None:
    """Up is theirs; the axis to the right differs by as much as it does between walks."""
    own = data_sets_own(data)
    up = [round(16384 * c) for c in own.rotation[1]]
    bias = [round(1000 * np.degrees(b)) for b in own.gyro_bias_rad_s]
    stage = walk(samples_of(data, name), up, bias)
    assert names(stage.refused) == ()
    assert off_deg(stage.rotation_q14, np.array(own.rotation)) < 3


@pytest.mark.parametrize("name", ["treadmill_run_slow", "treadmill_run_comfortable"])
def test_recorded_runs_are_refused(data, name: str) -> None:
    up = [round(16384 * c) for c in data_sets_own(data).rotation[1]]
    assert "running" in names(walk(samples_of(data, name), up).refused)


def samples_of(data, name: str) -> array[int]:
    (segment,) = recording.quantise(
        recording.load(data / "nmsdyn_s0040" / f"{name}.csv.gz"), CHIP.rate_hz, CHIP
    ).segments
    return segment.counts


# --- however it is worn ---------------------------------------------------------------------------------------------


def turns() -> list[np.ndarray]:
    random = np.random.default_rng(5)
    return [turn for plain in alignments() for turn in (plain, skewed(plain, 30.0, random))]


def calibrated(still: array[int], walked: array[int], turn: np.ndarray) -> dict[str, int]:
    standing = stand(turned(still, turn), calibrate_still_s=2)
    walking = walk(turned(walked, turn), standing.up_q14, standing.bias_mdps)
    assert names(standing.refused | walking.refused) == ()
    return calibrate.fields(
        walking.rotation_q14, standing.bias_mdps, standing.acc_scale_q14, mount.RIGHT, 0, 1
    )


def test_any_of_48_mountings_is_found_alike(data) -> None:
    """Recorded standing and walking, turned: less than 0.3 deg from each other."""
    still, walked = samples_of(data, "static_calibration"), samples_of(data, "treadmill_walk_normal")
    base = calibrated(still, walked, np.eye(3))
    assert len(turns()) == 48
    for turn in turns():
        found = calibrated(still, walked, turn)
        assert mount.problem(found) == ""
        relative = [found[f"rotation_q14_{i}"] for i in range(9)]
        true = np.array([base[f"rotation_q14_{i}"] for i in range(9)]).reshape(3, 3) / 16384 @ turn.T
        assert off_deg(relative, true) < 0.3


def test_metrics_of_a_run_do_not_depend_on_the_mounting(data) -> None:
    """The same strides, contacts within 4 ms and lean within 0.3 deg, at every fifth of the mountings."""
    still, walked = samples_of(data, "static_calibration"), samples_of(data, "treadmill_walk_normal")
    run = samples_of(data, "treadmill_run_slow")[: 6 * 500 * 25]
    base = play(run, mounting=calibrated(still, walked, np.eye(3))).strides
    assert len(base) > 15
    for turn in turns()[::5]:
        found = play(turned(run, turn), mounting=calibrated(still, walked, turn)).strides
        assert [s["ic_x16"] for s in found] == pytest.approx([s["ic_x16"] for s in base], abs=32)
        for name in ("lean_ic_cdeg", "lean_mid_cdeg", "lean_min_cdeg", "lean_max_cdeg"):
            assert [s[name] for s in found] == pytest.approx([s[name] for s in base], abs=30)


def rotated(degrees_about_up: float) -> list[int]:
    c, s = np.cos(np.radians(degrees_about_up)), np.sin(np.radians(degrees_about_up))
    return [round(16384 * v) for v in (c, 0, -s, 0, 1, 0, s, 0, c)]


LID, TOP = (0, 0, 1), (0, 1, 0)


@pytest.mark.parametrize(
    ("about_up", "side", "face", "refused"),
    [
        (0, "left", "medial", ()),  # the lid looks to the right
        (0, "right", "lateral", ()),
        (0, "right", "medial", ("side",)),
        (0, "left", "lateral", ("side",)),
        (180, "right", "medial", ()),
        (180, "left", "medial", ("side",)),
        (50, "left", "medial", ()),  # askew on the tibia
        (0, "right", "unknown", ()),
        (85, "right", "medial", ()),  # forward: nothing to check it by
    ],
)
def test_the_leg_is_checked_by_where_the_lid_looks(about_up, side, face, refused) -> None:
    found = calibrate.side_refused(rotated(about_up), wire.SIDES.index(side), wire.FACES.index(face), LID)
    assert names(found) == refused


def test_upside_down_and_unchecked_are_told() -> None:
    medial = wire.FACES.index("medial")
    assert calibrate.cautions(rotated(0), medial, LID, TOP) == 0
    assert calibrate.cautions(rotated(0), medial, LID, (0, -1, 0)) == wire.caution("upside_down")
    assert calibrate.cautions(rotated(88), medial, LID, TOP) == wire.caution("side_unchecked")
    assert calibrate.cautions(rotated(0), 0, LID, TOP) == wire.caution("side_unchecked")


@pytest.mark.parametrize(("side", "sign"), [(mount.LEFT, 1), (mount.RIGHT, -1)])
def test_a_new_zero_is_the_lean_of_standing(side: int, sign: int) -> None:
    lean = np.radians(4)
    up = [0, round(16384 * np.cos(lean)), round(-16384 * np.sin(lean))]
    assert calibrate.neutral_cdeg(calibration(side=side), up) == pytest.approx(sign * 400, abs=2)
    assert calibrate.neutral_cdeg(calibration(side=side), [16384, 0, 0]) is None


# --- 31 bits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["high", "low", "alternating", "random"])
def test_any_input_stays_within_31_bits(pattern: str) -> None:
    n = 250 * 42
    random = np.random.default_rng(1)
    values = {
        "high": np.full((n, 6), 32767),
        "low": np.full((n, 6), -32768),
        "alternating": np.where(np.arange(n)[:, None] // 40 % 2, 32767, -32768) * np.ones((1, 6), int),
        "random": random.integers(-32768, 32768, (n, 6)),
    }[pattern]
    samples = SmallArray(values.ravel().tolist(), bits=16)
    for stage in (
        Still(250, *SCALES, Settings()),
        Walk(250, *SCALES, Settings(), axes.unit_q14(1, 1, 1), [25000, -25000, 25000]),
    ):
        for name, value in vars(stage).items():
            if isinstance(value, array):
                setattr(stage, name, SmallArray(value))
        feed(stage, samples)


@pytest.mark.parametrize(
    "vector", [(1, 0, 0), (3, -4, 12), (1 << 29, -1, 5), (-(1 << 29), 1 << 29, 1 << 29), (0, 0, 0)]
)
def test_unit_vectors(vector) -> None:
    found = np.array(axes.unit_q14(*vector)) / 16384
    length = np.linalg.norm(vector)
    assert found == pytest.approx(np.array(vector) / (length or 1), abs=2e-4)


@pytest.mark.parametrize("degrees", range(0, 180, 7))
def test_the_longer_axis_of_a_covariance(degrees: int) -> None:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    long, short = 9e8, 1e8
    pp, qq, pq = (
        round(v) for v in (long * c * c + short * s * s, long * s * s + short * c * c, (long - short) * c * s)
    )
    cos, sin, part_pm = axes.principal(pp, qq, pq)
    assert abs(cos * c + sin * s) / 16384 == pytest.approx(1, abs=1e-4)
    assert part_pm == pytest.approx(900, abs=2)
