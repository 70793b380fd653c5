# SPDX-License-Identifier: MIT
"""The whole pipeline on the runner model: what it finds, what breaks it, what must not change it."""

import json
from array import array
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as search
from hypothesis import strategies as st

from core.mounting import calibration
from core.runs import counts, modelled, parts_x16, play
from interpreters import CPYTHON, MICROPYTHONS, missing, run
from kneecore import mount, wire
from kneesense.simulator import Phase

RATE_HZ = 500
STEADY = (Phase("still", 3), Phase("run", 60, 165), Phase("still", 4))
FROZEN = wire.GAP_REASONS.index("frozen")
OVERFLOW = wire.GAP_REASONS.index("fifo_overflow")


@pytest.fixture(scope="module")
def steady():
    """(model, counts, outcome) of a minute's steady run."""
    model, samples = modelled(STEADY, RATE_HZ)
    return model, samples, play(samples)


def table(samples):
    return np.array(samples, np.int64).reshape(-1, 6)


def packed(rows):
    return array("h", np.clip(np.rint(rows), -32768, 32767).astype("<i2").tobytes())


def test_every_contact_of_a_run_has_one_record(steady):
    model, _, outcome = steady
    assert len(outcome.strides) == len(model.strides)
    errors = np.array(outcome.ic_s()) - [true.ic_s for true in model.strides]
    assert abs(errors).max() < 0.02
    assert outcome.gaits().count("run") >= len(model.strides) - 1


def test_strides_follow_each_other_and_the_last_has_no_length(steady):
    strides = steady[2].strides
    for this, following in pairwise(strides):
        assert this["ic_x16"] + this["stride_x16"] == following["ic_x16"]
    assert strides[-1]["stride_x16"] == 0


def test_the_first_strides_are_told_late_and_say_so(steady):
    outcome = steady[2]
    assert outcome.flagged("backdated") == [True, True] + [False] * (len(outcome.strides) - 2)
    locked_ic_x16, _ = outcome.contacts[0]
    assert locked_ic_x16 == outcome.strides[2]["ic_x16"]


@pytest.mark.parametrize(("gait", "spm"), [("walk", 90), ("walk", 120), ("run", 150), ("run", 190)])
def test_runs_are_runs_and_walks_are_walks(gait, spm):
    model, samples = modelled([Phase("still", 2), Phase(gait, 20, spm), Phase("still", 3)])
    outcome = play(samples)
    assert len(outcome.strides) == len(model.strides)
    other = {"run": "walk", "walk": "run"}[gait]
    assert other not in outcome.gaits()
    assert outcome.gaits().count(gait) >= len(model.strides) - 1
    assert outcome.cadence_spm() == pytest.approx(spm, rel=0.02)


def test_lean_of_each_stride_against_the_model(steady):
    model, _, outcome = steady
    errors = []
    for true, found in list(zip(model.strides, outcome.strides, strict=True))[12:-1]:
        fields = ("lean_ic", "lean_mid", "lean_min", "lean_max")
        errors.append([found[name + "_cdeg"] / 100 - getattr(true, name + "_deg") for name in fields])
    assert abs(np.mean(errors, axis=0)).max() < 0.5
    assert np.std(errors, axis=0).max() < 0.7


def test_stopping_closes_the_last_stride_within_3_s(steady):
    model, samples, _ = steady
    last_s = model.strides[-1].ic_s
    until = int((last_s + 3) * RATE_HZ) * 6
    outcome = play(samples[:until])
    assert outcome.strides[-1]["stride_x16"] == 0
    assert not outcome.pipeline.finish()
    assert len(outcome.strides) == len(model.strides)


def test_standing_has_no_strides_and_is_still():
    _, samples = modelled([Phase("still", 20)])
    outcome = play(samples)
    assert outcome.strides == outcome.gaps == []
    assert outcome.pipeline.still_x16 == outcome.pipeline.sample * 16


def test_one_or_two_steps_are_no_gait():
    force = np.tile((0.0, 1.0, 0.0), (5000, 1))
    rate = np.zeros((5000, 3))
    for begin in (1000, 1400):
        t = np.arange(150) / 500
        rate[begin : begin + 150, 2] = 300 * np.sin(np.pi * t / 0.3)
        force[begin + 170 :, 0] += 2
        force[begin + 230 :, 0] -= 2
    assert play(counts(force, rate)).strides == []


@pytest.mark.parametrize("cut", range(0, 4001, 500))
def test_a_run_cut_anywhere_keeps_its_accounts(steady, cut):
    samples = steady[1][: 6 * cut]
    pipeline = play(samples).pipeline
    assert sum(parts_x16(pipeline).values()) == pipeline.sample * 16 == cut * 16
    assert min(parts_x16(pipeline).values()) >= 0


# What it sees does not depend on the side, apart from the sign that the side stands for.


def test_a_mirrored_run_on_the_other_leg_gives_identical_records(steady):
    _, samples, outcome = steady
    mirrored = packed(table(samples) * (1, 1, -1, -1, -1, 1))
    other = play(mirrored, mounting=calibration(side=mount.LEFT))
    assert other.strides == outcome.strides
    assert other.cues == outcome.cues
    assert parts_x16(other.pipeline) == parts_x16(outcome.pipeline)


def test_the_wrong_side_turns_lean_around(steady):
    _, samples, outcome = steady
    wrong = play(samples, mounting=calibration(side=mount.LEFT))
    lean, turned = ([s["lean_mid_cdeg"] for s in run.strides[:-1]] for run in (outcome, wrong))
    assert max(abs(a + b) for a, b in zip(lean, turned, strict=True)) <= 2
    assert abs(np.mean(lean)) > 50


def test_a_mirror_that_forgets_the_gyro_is_seen(steady):
    _, samples, outcome = steady
    forgotten = packed(table(samples) * (1, 1, -1, 1, 1, 1))
    other = play(forgotten, mounting=calibration(side=mount.LEFT))
    lean, wrong = ([s["lean_min_cdeg"] for s in run.strides] for run in (outcome, other))
    assert max(abs(a - b) for a, b in zip(lean, wrong, strict=True)) > 50


# Gaps break strides and are told.


def test_a_gap_is_told_breaks_its_stride_and_nothing_else(steady):
    _, samples, outcome = steady
    at = 15_000
    gapped = play(samples[: 6 * at] + samples[6 * (at + 100) :], gaps={at: (100, OVERFLOW)})
    assert gapped.gaps == [(at * 16, 100, OVERFLOW)]
    assert gapped.pipeline.sample == outcome.pipeline.sample
    assert parts_x16(gapped.pipeline)["gap"] == 1600
    before = [s for s in outcome.strides if s["ic_x16"] + s["stride_x16"] < at * 16]
    assert gapped.strides[: len(before)] == before
    broken = gapped.strides[len(before)]
    assert broken["stride_x16"] == 0
    assert broken["ic_x16"] < at * 16
    assert gapped.flagged("gap_before").index(True) == len(before) + 1
    assert len(gapped.strides) >= len(outcome.strides) - 1
    assert [s["ic_x16"] for s in gapped.strides[-30:]] == [s["ic_x16"] for s in outcome.strides[-30:]]


@pytest.mark.parametrize("value", [0, 777])
def test_frozen_data_are_a_gap_and_no_rest(steady, value):
    _, samples, outcome = steady
    rows = table(samples)
    rows[15_000:15_500] = value
    frozen = play(packed(rows))
    ((at_x16, length, reason),) = frozen.gaps
    assert reason == FROZEN
    assert at_x16 == 15_000 * 16
    assert length == 500
    parts, before = parts_x16(frozen.pipeline), parts_x16(outcome.pipeline)
    assert parts["gap"] == 500 * 16
    assert parts["still"] == pytest.approx(
        before["still"], abs=10 * 16
    )  # the bias tracked before differs a little
    assert len(outcome.strides) - 3 <= len(frozen.strides) <= len(outcome.strides)


@pytest.mark.parametrize("channel", [0, 3])
def test_an_axis_that_sticks_is_a_gap_although_the_others_live_and_no_rest(steady, channel):
    _, samples, outcome = steady
    rows = table(samples)
    rows[15_000:17_500, channel] = 0
    stuck = play(packed(rows))
    ((at_x16, length, reason),) = stuck.gaps
    assert reason == FROZEN
    assert (at_x16 >> 4, length) == (15_000 + RATE_HZ * 4 // 10, 2_500 - RATE_HZ * 4 // 10)
    in_it = [s for s in stuck.strides if at_x16 < s["ic_x16"] < at_x16 + 16 * length]
    assert in_it == []
    lean, base = ([s["lean_mid_cdeg"] for s in run.strides[-20:-1]] for run in (stuck, outcome))
    assert np.mean(lean) == pytest.approx(np.mean(base), abs=50)
    assert parts_x16(stuck.pipeline)["still"] <= parts_x16(outcome.pipeline)["still"] + 160


def test_a_sensor_that_freezes_for_good_is_one_gap_at_the_end(steady):
    samples = steady[1]
    rows = table(samples)
    rows[15_000:] = rows[15_000]
    frozen = play(packed(rows))
    assert [(at >> 4, length) for at, length, _ in frozen.gaps] == [(15_000, len(rows) - 15_000)]


def test_a_gap_in_frozen_data_is_one_gap():
    _, samples = modelled([Phase("still", 4)])
    rows = table(samples)
    rows[500:1000] = 0
    outcome = play(packed(rows), gaps={900: (50, OVERFLOW)})
    assert [(at >> 4, length) for at, length, _ in outcome.gaps] == [(500, 450), (950, 100)]


@cache
def short_run():
    """Counts of a walk and a run at 200 Hz, 19.5 s."""
    return modelled([Phase("still", 2), Phase("walk", 6, 110), Phase("run", 6, 165), Phase("still", 4)], 200)[
        1
    ]


@search(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(0, 3890), st.integers(1, 3000)), max_size=5),
    st.lists(
        st.tuples(st.integers(0, 3890), st.integers(1, 400), st.sets(st.integers(0, 5), min_size=1)),
        max_size=3,
    ),
)
def test_time_is_accounted_for_to_the_sixteenth_with_any_gaps_and_freezes(gaps, freezes):
    rows = table(short_run())
    for at, length, channels in freezes:
        for channel in channels:
            rows[at : at + length, channel] = rows[at, channel]
    outcome = play(packed(rows), 200, gaps={at: (length, OVERFLOW) for at, length in gaps})
    parts = parts_x16(outcome.pipeline)
    lost = sum(length for at, length in dict(gaps).items() if at < len(rows))
    assert sum(parts.values()) == outcome.pipeline.sample * 16 == (len(rows) + lost) * 16
    assert min(parts.values()) >= 0
    assert sum(length for _, length, _ in outcome.gaps) * 16 == parts["gap"]
    assert [s["ic_x16"] for s in outcome.strides] == sorted({s["ic_x16"] for s in outcome.strides})


# Cues


SLOWED = (
    Phase("still", 3),
    Phase("run", 30, 165),
    Phase("run", 25, 148),
    Phase("run", 25, 165),
    Phase("still", 3),
)


@pytest.fixture(scope="module")
def slowed():
    model, samples = modelled(SLOWED, RATE_HZ)
    return model, play(samples, baseline_strides=20, cadence_offset_pm=0)


def test_cues_come_while_the_cadence_is_low_and_only_then(slowed):
    model, outcome = slowed
    times = [outcome.seconds(cue["command_x16"]) for cue in outcome.cues]
    assert times
    slow = [true.ic_s for true in model.strides if true.stride_s and true.stride_s > 2 * 60 / 156]
    assert min(times) > min(slow)
    assert max(times) < max(slow) + 10 * 0.73
    assert {wire.DIRECTIONS[cue["direction"]] for cue in outcome.cues} == {"increase"}


def test_a_cue_comes_within_75_ms_of_the_true_toe_off(slowed):
    model, outcome = slowed
    true_s = [true.to_s for true in model.strides if true.to_s]
    for cue in outcome.cues:
        command_s = outcome.seconds(cue["command_x16"])
        late_s = command_s - min(true_s, key=lambda s: abs(s - command_s))
        assert -0.02 < late_s < 0.075
        contact = next(t.ic_s for t in model.strides if t.ic_s > command_s)
        assert command_s + cue["pulse_ms"] / 1000 < contact - 0.05


def test_the_state_of_the_cue_stands_in_every_stride(slowed):
    states = [wire.CUE_STATES[stride["cue_state"]] for stride in slowed[1].strides]
    assert states[:19] == ["baseline"] * 19
    assert {"armed", "holdoff"} <= set(states[20:])
    assert "baseline" not in states[30:]


def test_walk_breaks_have_no_cues():
    script = [Phase("still", 2), *(Phase("run", 25, 165), Phase("walk", 15, 110)) * 4]
    _, samples = modelled(script)
    assert play(samples, baseline_strides=20, cadence_offset_pm=0).cues == []


# Changes of the input that must not change the answer: BASE is the steady run.


def test_a_range_of_2_g_keeps_the_cadence_and_withholds_the_impact(steady):
    _, samples, outcome = steady
    clipped = play(packed(np.hstack((table(samples)[:, :3].clip(-4096, 4096), table(samples)[:, 3:]))))
    assert clipped.cadence_spm() == pytest.approx(outcome.cadence_spm(), rel=0.01)
    assert all(clipped.flagged("clipped"))
    assert {s["pta_axial_mg"] for s in clipped.strides} == {wire.UNKNOWN_U16}
    assert not any(outcome.flagged("clipped"))


def retimed(samples, factor, amplitude=1.0):
    """The run `factor` times as long, resampled; `amplitude` about the mean of each axis."""
    rows = table(samples).astype(float)
    grid = np.arange(0, len(rows) - 1, 1 / factor)
    slow = np.column_stack([np.interp(grid, np.arange(len(rows)), column) for column in rows.T])
    mean = slow.mean(axis=0)
    return packed(mean + amplitude * (slow - mean))


@pytest.mark.parametrize(("factor", "amplitude"), [(1.35, 0.6), (0.72, 1.0)], ids=["slow jog", "sprint"])
def test_a_slow_jog_and_a_sprint_have_the_strides_of_the_run(steady, factor, amplitude):
    _, samples, outcome = steady
    other = play(retimed(samples, factor, amplitude))
    # the step off from standing, 148 deg/s in the run, may become too slow for a swing
    assert len(outcome.strides) - (amplitude < 1) <= len(other.strides) <= len(outcome.strides)
    assert other.cadence_spm() == pytest.approx(outcome.cadence_spm() / factor, rel=0.01)


def test_strides_that_alternate_by_12_percent_are_all_found(steady):
    model, samples, outcome = steady
    rows = table(samples).astype(float)
    t = np.arange(len(rows)) / RATE_HZ
    starts = np.array([true.ic_s for true in model.strides])
    speed = np.where(np.searchsorted(starts, t) % 2, 0.88, 1.12)
    warped = np.concatenate(([0.0], np.cumsum(speed[1:] / RATE_HZ)))
    grid = np.arange(0, warped[-1], 1 / RATE_HZ)
    other = play(packed(np.column_stack([np.interp(grid, warped, column) for column in rows.T])))
    assert len(other.strides) == len(outcome.strides)


@pytest.mark.parametrize(("size_g", "flagged"), [(0.6, False), (2.0, True)])
def test_a_ringing_strap_adds_no_strides_and_costs_confidence(steady, size_g, flagged):
    model, samples, outcome = steady
    rows = table(samples).astype(float)
    ring = (
        size_g * 2048 * np.exp(-np.arange(150) / 500 / 0.06) * np.sin(2 * np.pi * 18 * np.arange(150) / 500)
    )
    for true in model.strides[:-1]:
        at = int((true.ic_s + 0.09) * RATE_HZ)
        rows[at : at + 150, :3] += ring[:, None]
    loose = play(packed(rows))
    assert abs(len(loose.strides) - len(outcome.strides)) <= 1
    assert any(loose.flagged("strap_loose")) is flagged
    assert not any(outcome.flagged("strap_loose"))
    lower, base = (np.mean([s["confidence"] for s in run.strides]) for run in (loose, outcome))
    assert lower < base


# The same integers everywhere


@pytest.mark.parametrize("interpreter", MICROPYTHONS)
@pytest.mark.parametrize("rate_hz", [208, 416])
def test_the_same_integers_on_every_interpreter(interpreter, rate_hz, tmp_path):
    if reason := missing(interpreter):
        pytest.skip(reason)
    script = Path(__file__).parents[1] / "portable" / "pipeline_digest.py"
    _, samples = modelled(
        [Phase("still", 1), Phase("run", 20, 165), Phase("run", 8, 145), Phase("walk", 8, 110)], rate_hz
    )
    rows = table(samples)
    rows[2 * rate_hz : 2 * rate_hz + 150] = 5  # the filter has settled again after 9 s
    (tmp_path / "pipeline.bin").write_bytes(packed(rows).tobytes())
    description = {
        "rate_hz": rate_hz,
        "acc_lsb_per_g": 2048,
        "gyro_lsb_per_10dps": 164,
        "calibration": calibration(side=mount.RIGHT),
        "settings": {"baseline_strides": 10, "cadence_offset_pm": 0},
        "gaps": [[30 * rate_hz, 20, OVERFLOW]],
    }
    (tmp_path / "pipeline.json").write_text(json.dumps(description))
    expected = run(CPYTHON, script, tmp_path).splitlines()
    kinds = {line.split()[0] for line in expected}
    assert {"contact", "toe_off", "stride", "cue", "gap", "samples", "run"} <= kinds
    assert run(interpreter, script, tmp_path).splitlines() == expected
