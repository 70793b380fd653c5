# SPDX-License-Identifier: MIT
"""The numbers of a stride, on signals whose answer is known by construction."""

import math
from array import array

import pytest

from kneecore import tally, wire
from kneecore.guard import CLIPPED
from kneecore.rhythm import STRIDE_MAX_MS
from kneecore.settings import Settings
from kneecore.stride import IRREGULAR_PENALTY, PENALTIES, Meter, Stride

RATE_HZ = 500
ONE_G = 1 << 24
OPENED, IC, TO, END = 1000, 1010, 1160, 1400  # samples; contact is 150 samples


def feed(tallied, meter, now, acceleration, yaw=0, clipped=0):
    """One sample; `yaw`: rate about the vertical, deg/s."""
    sample = array("i", (*acceleration, 0, yaw * 16, 0))
    tally.add(tallied, sample, array("i", (0, ONE_G, 0)), array("i", [CLIPPED if clipped else 0]), 0, 1, now)
    if now == meter.peak_until:
        meter.peak()


def measured(
    lean_cdeg=lambda i: 0,
    axial=lambda i: 1024,
    clipped=lambda i: 0,
    yaw=lambda i: 0,
    rate_hz=RATE_HZ,
    shaken=(),
):
    """A stride from IC to END of the given signals, functions of the sample."""
    tallied = tally.new_state(rate_hz, STRIDE_MAX_MS * rate_hz // 1000, 1)
    meter, stride, following = Meter(rate_hz, 3000, tallied), Stride(), Stride()
    stride.begin(IC * 16, 0)
    following.begin(END * 16, 0)
    for from_and_until in shaken:
        meter.shaking(*from_and_until)
    for now in range(OPENED - 20, END):
        if now == OPENED:
            meter.open(now)
        if now == END - 10:
            meter.open(now)
        if now == IC + 20:  # it is found later than it happened
            meter.contact(stride)
        if now == TO + 10:
            meter.toe_off(TO * 16)
        feed(tallied, meter, now, (0, axial(now), 0), yaw(now), clipped(now))
        if meter.recording:
            radians = math.radians(lean_cdeg(now) / 100)
            up = array("i", (0, round(ONE_G * math.cos(radians)), round(ONE_G * math.sin(radians))))
            meter.keep_lean(up, 0, 1, 0)
    meter.contact(following)
    stride.judge()
    return stride


def test_lean_of_a_ramp():
    stride = measured(lean_cdeg=lambda i: 10 * (i - IC))
    assert stride.contact_x16 == 150 * 16
    assert stride.lean_ic_cdeg == 0
    assert stride.lean_mid_cdeg == pytest.approx(10 * 45, abs=10)  # 30 % of 150 samples
    assert stride.lean_min_cdeg == 0
    assert stride.lean_max_cdeg == 10 * 90  # at 60 %
    assert stride.lean_max_x16 == 90 * 16


def test_the_greatest_lean_may_be_at_contact():
    stride = measured(lean_cdeg=lambda i: -5 * (i - IC))
    assert stride.lean_max_cdeg == 0
    assert stride.lean_max_x16 == 0
    assert stride.lean_min_cdeg == -5 * 90


def test_peak_from_before_contact_to_90_ms_after_it_in_mg():
    peaks = {OPENED + 1: 3000, IC + 45: 5120, IC + 46: 9000, OPENED - 1: 9000}
    stride = measured(axial=lambda i: peaks.get(i, 1024))
    assert stride.pta_axial_mg == 5000
    assert stride.pta_resultant_mg == pytest.approx(5000, abs=4)


def test_full_scale_stays_within_the_wire():
    tallied = tally.new_state(RATE_HZ, 0, 1)
    meter, stride = Meter(RATE_HZ, 3000, tallied), Stride()
    meter.open(0)
    stride.begin(0, 0)
    meter.contact(stride)
    for now in range(200):
        feed(tallied, meter, now, (32767, 32767, -32767))
    assert stride.pta_axial_mg == 31999
    assert stride.pta_resultant_mg == pytest.approx(31999 * 3**0.5, abs=10)
    assert stride.pta_resultant_mg < wire.UNKNOWN_U16


@pytest.mark.parametrize(
    ("sample", "is_clipped"),
    [(OPENED + 1, True), (END - 12, True), (END - 1, False), (OPENED - 1, False), (IC + 40, True)],
)
def test_a_clipped_sample_anywhere_withholds_the_impact(sample, is_clipped):
    stride = measured(clipped=lambda i: int(i == sample))
    assert bool(stride.flags & wire.FLAG_CLIPPED) is is_clipped
    assert (stride.pta_axial_mg == wire.UNKNOWN_U16) is is_clipped
    assert (stride.pta_resultant_mg == wire.UNKNOWN_U16) is is_clipped
    assert stride.axial_mg == 1000


@pytest.mark.parametrize(
    ("shaken", "withheld"),
    [
        ([], False),
        ([(900, 995)], False),
        ([(900, 1005)], True),
        ([(1040, 1100)], True),
        ([(1080, 1200)], False),
        ([(900, 1200), (950, 960)], False),  # stopped early
    ],
)
def test_an_impact_that_the_own_motor_shook_is_withheld(shaken, withheld):
    """From the zero crossing before contact to 90 ms after it."""
    stride = measured(shaken=shaken)
    assert bool(stride.flags & wire.FLAG_SHAKEN) is withheld
    assert (stride.pta_axial_mg == wire.UNKNOWN_U16) is withheld
    assert (stride.pta_resultant_mg == wire.UNKNOWN_U16) is withheld
    assert stride.axial_mg == 1000  # good enough to tell running from walking
    assert stride.confidence == 100


def test_one_odd_stride_is_no_turn():
    for yaw in (0, 90, -90):
        assert not measured(yaw=lambda i, yaw=yaw: yaw).flags & wire.FLAG_TURN


@pytest.mark.parametrize(("duty_pm", "possible"), [(100, False), (200, True), (750, True), (900, False)])
def test_a_contact_of_an_impossible_duty_factor_is_withheld(duty_pm, possible):
    stride = measured(lean_cdeg=lambda i: 100)
    stride.end(stride.contact_x16 * 1000 // duty_pm)
    stride.judge()
    assert bool(stride.contact_x16) is possible
    assert (stride.lean_mid_cdeg == pytest.approx(100, abs=1)) is possible
    assert bool(stride.flags & wire.FLAG_MISSING) is not possible


def test_what_was_not_seen_is_unknown():
    stride = Stride()
    stride.begin(160, wire.FLAG_GAP_BEFORE)
    stride.judge()
    assert stride.contact_x16 == stride.stride_x16 == 0
    assert stride.pta_axial_mg == stride.pta_resultant_mg == wire.UNKNOWN_U16
    assert stride.lean_ic_cdeg == stride.lean_mid_cdeg == stride.lean_max_cdeg == wire.UNKNOWN_I16
    assert stride.flags == wire.FLAG_GAP_BEFORE | wire.FLAG_MISSING


@pytest.mark.parametrize(("flag", "penalty"), PENALTIES)
def test_each_flag_costs_its_penalty(flag, penalty):
    stride = Stride()
    stride.begin(0, flag)
    stride.contact_x16 = stride.axial_mg = 1000
    stride.judge()
    assert stride.confidence == 100 - penalty


def test_confidence_never_falls_below_zero():
    stride = Stride()
    stride.begin(0, sum(flag for flag, _ in PENALTIES))
    stride.regular = False
    stride.judge()
    assert stride.confidence == 0


@pytest.mark.parametrize("flag", [wire.FLAG_CLIPPED, wire.FLAG_STRAP_LOOSE, wire.FLAG_MISSING])
def test_what_spoils_a_number_is_below_what_cues_need(flag):
    assert Settings().confidence_min > 100 - dict(PENALTIES)[flag]


def test_an_odd_length_is_below_what_cues_need():
    assert Settings().confidence_min > 100 - IRREGULAR_PENALTY


def test_the_fields_are_those_of_the_wire():
    assert set(wire.STRIDE.names[3:]) <= set(vars(Stride()))
