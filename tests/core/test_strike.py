# SPDX-License-Identifier: MIT
"""Contacts and toe-offs: the rule on hand-made signals, times against truth, any rate, and what is no contact."""

import csv
import gzip
import statistics

import numpy as np
import pytest

from core.runs import G, modelled
from kneecore.strike import CONTACT, OPENED, TOE_OFF, Strike
from kneesense.simulator import Phase

DPS, ONE_G = 16, 1024
RATES_HZ = (200, 250, 416, 500, 833, 1000)
RUNS_SPM = (140, 165, 190)
WALKS_SPM = (80, 100, 125)


def found(sagittal_dps, forward_g, axial_g, rate_hz=500):
    """[(event, seconds it is for, seconds it was told at)] of signals in common units."""
    strike = Strike(rate_hz, 100)
    events = []
    rows = np.rint(np.column_stack((sagittal_dps * DPS, forward_g * ONE_G, axial_g * ONE_G))).astype(int)
    for now, row in enumerate(rows.tolist()):
        event = strike.step(now, *row)
        if event in (CONTACT, TOE_OFF):
            x16 = strike.ic_x16 if event == CONTACT else strike.to_x16
            events.append((event, x16 / 16 / rate_hz, now / rate_hz))
    return events


def of_counts(samples, rate_hz):
    """The same of a run's counts, whose axes are the shank's."""
    rows = np.array(samples, float).reshape(-1, 6)
    return found(rows[:, 5] / 16.4, rows[:, 0] / 2048, rows[:, 1] / 2048, rate_hz)


def one_swing(peak_dps=300, braking_g=2.0):
    """A second at 500 Hz: a half sine of 0.3 s that crosses zero at 0.4 s, braking from 0.44 to 0.46 s."""
    t = np.arange(500) / 500
    swing = peak_dps * np.sin(np.pi * (t - 0.1) / 0.3) * ((t > 0.1) & (t < 0.55))
    forward = np.interp(t, (0.44, 0.46), (-1.0, braking_g - 1.0))
    return swing, forward, np.ones(500)


def test_a_swing_and_its_braking_are_one_contact_24_ms_before_the_steepest_rise():
    events = found(*one_swing())
    assert [event for event, _, _ in events] == [CONTACT]
    assert events[0][1] == pytest.approx(0.45 - 0.024, abs=0.004)


@pytest.mark.parametrize(
    ("peak_dps", "braking_g", "why"),
    [
        (300, 0.2, "no braking"),
        (90, 2.0, "no swing"),
        (110, 2.0, "a sweep of under 15 deg above the threshold"),
    ],
)
def test_no_contact(peak_dps, braking_g, why):
    swing, forward, axial = one_swing(peak_dps, braking_g)
    if "sweep" in why:
        swing[:150] = 0
    assert found(swing, forward, axial) == [], why


def test_a_second_swing_within_half_a_stride_is_no_contact():
    def contacts(*begins_s):
        parts = [one_swing() for _ in begins_s]
        length = int(max(begins_s) * 500) + 500
        out = [np.zeros(length), np.full(length, -1.0), np.ones(length)]
        for begin_s, part in zip(begins_s, parts, strict=True):
            at = int(begin_s * 500)
            for total, values in zip(out, part, strict=True):
                total[at + 50 : at + 275] = values[50:275]
        return sum(event == CONTACT for event, _, _ in found(*out))

    assert contacts(0, 1, 2) == 3
    assert contacts(0, 1, 1.42) == 2


def swings(begins_s, change=lambda number, forward, t: None):
    """Signals with a swing of `one_swing` at each time; `change` may alter the forward acceleration of one."""
    length = int(max(begins_s) * 500) + 500
    out = [np.zeros(length), np.full(length, -1.0), np.ones(length)]
    for number, begin_s in enumerate(begins_s):
        part = one_swing(braking_g=5.0)
        change(number, part[1], np.arange(500) / 500)
        at = int(begin_s * 500)
        for total, values in zip(out, part, strict=True):
            total[at + 50 : at + 275] = values[50:275]
    return out


def test_a_stride_that_was_missed_does_not_have_the_next_ones_missed():
    contacts = [s for event, s, _ in found(*swings([0, 1, 2, 4, 5, 6, 7])) if event == CONTACT]
    assert np.diff(contacts) == pytest.approx([1, 1, 2, 1, 1, 1], abs=0.01)


def test_a_weak_rise_at_the_end_of_the_swing_is_not_taken_for_the_contact():
    def weak_first(number, forward, t):
        if number == 3:
            forward += np.interp(t, (0.42, 0.43, 0.432, 0.438), (0.0, 0.7, 0.7, -0.8)) * (t < 0.44)

    contacts = [s for event, s, _ in found(*swings([0, 1, 2, 3, 4], weak_first)) if event == CONTACT]
    assert np.diff(contacts) == pytest.approx([1, 1, 1, 1], abs=0.006)


def test_the_window_is_told_when_it_opens():
    strike = Strike(500, 100)
    swing, forward, _ = one_swing()
    told = [strike.step(i, int(swing[i] * DPS), int(forward[i] * ONE_G), ONE_G) for i in range(500)]
    assert [event for event in told if event] == [OPENED, CONTACT]
    assert told.index(OPENED) / 500 == pytest.approx(0.4, abs=0.003)


def errors_ms(model, events):
    """(contact errors, toe-off errors, how long after the true toe-off it was told), matched to the nearest."""
    contacts = [s for event, s, _ in events if event == CONTACT]
    toe_offs = [(s, told) for event, s, told in events if event == TOE_OFF]
    ic = [1000 * (min(contacts, key=lambda s: abs(s - true.ic_s)) - true.ic_s) for true in model.strides]
    to, told_after = [], []
    for true in model.strides:
        if true.to_s is not None:
            s, told = min(toe_offs, key=lambda pair: abs(pair[0] - true.to_s))
            to.append(1000 * (s - true.to_s))
            told_after.append(1000 * (told - true.to_s))
    return ic, to, told_after


@pytest.mark.parametrize(
    ("gait", "spm"), [("run", spm) for spm in RUNS_SPM] + [("walk", spm) for spm in WALKS_SPM]
)
def test_every_contact_of_the_model_once_and_in_time(gait, spm):
    model, samples = modelled([Phase("still", 2), Phase(gait, 20, spm)])
    events = of_counts(samples, 500)
    assert sum(event == CONTACT for event, _, _ in events) == len(model.strides)
    ic, to, told_after = errors_ms(model, events)
    assert max(map(abs, ic)) < 15
    assert abs(statistics.mean(ic)) < 8
    assert statistics.stdev(ic) < 4
    assert abs(statistics.mean(to)) < 12
    assert max(told_after) < 75  # 20 ms in the FIFO and 5 to spare make 100


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize(("gait", "spm"), [("run", 165), ("walk", 105)])
def test_the_rate_does_not_matter(gait, spm, rate_hz):
    script = [Phase("still", 2), Phase(gait, 12, spm)]

    def times(hz):
        events = of_counts(modelled(script, hz, noise=False)[1], hz)
        return [[s for event, s, _ in events if event == kind] for kind in (CONTACT, TOE_OFF)]

    for at_this, at_500 in zip(times(rate_hz), times(500), strict=True):
        assert len(at_this) == len(at_500) > 5
        errors = [abs(a - b) for a, b in zip(at_this, at_500, strict=True)]
        assert max(errors[1:]) < 0.006  # the first step, from standing, brakes twice


def rows(path):
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def stances(data):
    """(contact, toe-off, told after toe-off) errors in ms of each running stance, its cycle run four times over."""
    folder = data / "footnet_run_virtual"
    true = {(e["side"], e["cycle"]): e for e in rows(folder / "events.csv")}
    cycles = {}
    for row in rows(folder / "cycles.csv.gz"):
        cycles.setdefault((row["side"], row["cycle"]), []).append(row)
    out = []
    for key, cycle in cycles.items():
        t = np.array([float(r["t_s"]) for r in cycle])
        grid = np.arange(0, min(0.65, t[-1]), 0.002)
        gz, ax, ay = (np.interp(grid, t, [float(r[name]) for r in cycle]) for name in ("gz", "ax", "ay"))
        tiled = [np.tile(values, 4) for values in (np.degrees(gz), ax / G, ay / G)]
        events = found(*tiled)
        third = 2 * len(grid) / 500
        ic_s, to_s = third + float(true[key]["ic_s"]), third + float(true[key]["to_s"])
        contacts = [s for event, s, _ in events if event == CONTACT]
        s, told = min(((s, t) for e, s, t in events if e == TOE_OFF), key=lambda pair: abs(pair[0] - to_s))
        nearest = min(contacts, key=lambda s: abs(s - ic_s))
        out.append((len(contacts), 1000 * (nearest - ic_s), 1000 * (s - to_s), 1000 * (told - to_s)))
    return np.array(out)


def test_running_stances_on_a_force_plate(stances):
    contacts, ic, to, told_after = stances.T
    assert len(contacts) == 54
    assert (contacts == 4).all()
    assert abs(ic.mean()) <= 5
    assert ic.std(ddof=1) <= 4
    assert abs(to.mean()) <= 5
    assert to.std(ddof=1) <= 10
    assert told_after.max() <= 75


@pytest.fixture(scope="module")
def plate_walks(data):
    """The same of the walks over a force plate."""
    from kneesense import recording
    from leaning import data_sets_own

    folder = data / "nmsdyn_s0040"
    own = data_sets_own(data)
    axes, bias = np.array(own.rotation), np.array(own.gyro_bias_rad_s)
    out = []
    for true in rows(folder / "events.csv"):
        recorded = recording.load(folder / f"{true['trial']}.csv.gz")
        grid = np.arange(recorded.t_s[0], recorded.t_s[-1], 0.002)
        turned = np.hstack((recorded.acc @ axes.T / G, np.degrees((recorded.gyro - bias) @ axes.T)))
        x, y, _, _, _, rate = (np.interp(grid, recorded.t_s, column) for column in turned.T)
        ic_s, to_s = float(true["ic_s"]), float(true["to_s"])
        events = found(rate, x, y)
        contacts = [s for event, s, _ in events if event == CONTACT and abs(s - ic_s) < 0.4]
        s, told = min(((s, t) for e, s, t in events if e == TOE_OFF), key=lambda pair: abs(pair[0] - to_s))
        errors = [1000 * (contacts[0] - ic_s), 1000 * (s - to_s), 1000 * (told - to_s)] if contacts else []
        out.append((len(contacts), *errors))
    return np.array(out)


def test_walking_contacts_on_a_force_plate(plate_walks):
    contacts, ic, to, told_after = plate_walks.T
    assert contacts.tolist() == [1] * 7
    assert abs(ic.mean()) <= 5
    assert ic.std(ddof=1) <= 6
    assert abs(to.mean()) <= 5
    assert to.std(ddof=1) <= 10
    assert told_after.max() <= 75


def cycling(rpm, seconds=30, rate_hz=500, seed=1):
    """A shank that rocks +-22 deg over a pedal: no impact anywhere."""
    t = np.arange(seconds * rate_hz) / rate_hz
    pedal = 2 * np.pi * rpm / 60
    tilt = np.radians(22) * np.sin(pedal * t)
    shake = np.random.default_rng(seed).normal(0, 0.03, (2, len(t)))
    centripetal = 0.1 * pedal**2 / G
    forward = -np.sin(tilt) + centripetal * np.cos(pedal * t) + shake[0]
    axial = np.cos(tilt) + centripetal * np.sin(pedal * t) + shake[1]
    return 22 * pedal * np.cos(pedal * t), forward, axial


@pytest.mark.parametrize("rpm", [60, 90, 110])
def test_cycling_has_no_contacts(rpm):
    sagittal, *_ = signals = cycling(rpm)
    assert sagittal.max() > 100  # enough for a swing
    assert found(*signals) == []


def test_taps_while_sitting_are_no_contacts():
    random = np.random.default_rng(2)
    ring = np.exp(-np.arange(100) / 500 / 0.02) * np.sin(2 * np.pi * 25 * np.arange(100) / 500)
    signals = [random.normal(0, noise, 180 * 500) for noise in (1.0, 0.004, 0.004)]
    signals[2] += 1.0
    for at in random.integers(0, 180 * 500 - 100, 250):
        for values, size in zip(
            signals, (random.uniform(-150, 150), *random.uniform(-1.5, 1.5, 2)), strict=True
        ):
            values[at : at + 100] += size * ring
    assert found(*signals) == []
