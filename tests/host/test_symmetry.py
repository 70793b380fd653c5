# SPDX-License-Identifier: MIT
"""Left against right: found where it is, not found where it is not, and what is wrong between two units is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_records import keys

from kneesense import pairs, symmetry
from kneesense.symmetry import Contact, compare, finding

STRIDE_S = 0.7


def leg(n=200, begin_s=1000.0, stride_s=STRIDE_S, seed=1, gait="run", flags=(), jitter_s=0.0, **values):
    """Contacts at even intervals; each value is a mean, or (mean, sd)."""
    random = np.random.default_rng(seed)
    drawn = {
        name: random.normal(*value, n) if isinstance(value, tuple) else np.full(n, value)
        for name, value in {"contact_s": 0.25, "pta_axial_g": 5.0, "lean_range_deg": 6.0, **values}.items()
    }
    late = random.normal(0, jitter_s, n) if jitter_s else np.zeros(n)
    return [
        Contact(
            begin_s + stride_s * i + float(late[i]),
            {
                "gait": gait,
                "flags": list(flags),
                "stride_s": stride_s,
                **{k: float(v[i]) for k, v in drawn.items()},
            },
        )
        for i in range(n)
    ]


def metric(comparison, name):
    (found,) = [m for m in comparison.metrics if m.name == name]
    return found


def test_two_equal_legs_that_alternate_show_no_difference():
    c = compare(leg(), leg(begin_s=1000.35, seed=2), 0.01)
    assert (c.finding, c.matched, c.gait) == ("alternate", 200, "run")
    assert c.phase == pytest.approx(0.5)
    assert [m.name for m in c.metrics] == ["contact_s", "stride_s", "pta_axial_g", "lean_range_deg", "step_s"]
    assert all(m.difference == pytest.approx(0, abs=1e-9) and not m.clear for m in c.metrics)


def test_the_index_is_that_of_robinson():
    c = compare(leg(contact_s=0.28), leg(begin_s=1000.35, contact_s=0.22), 0.01)
    found = metric(c, "contact_s")
    assert found.index_percent == pytest.approx(100 * 0.06 / 0.25)
    assert found.difference == pytest.approx(0.06)
    assert found.clear


def test_a_metric_as_json_has_the_keys_of_the_contract():
    c = compare(leg(), leg(begin_s=1000.35), 0.01)
    assert all(set(pairs._metric(m)) == keys("symmetry") for m in c.metrics)


def test_a_difference_that_two_units_may_make_is_not_clear():
    contact = metric(compare(leg(contact_s=0.25), leg(begin_s=1000.35, contact_s=0.246), 0.01), "contact_s")
    assert contact.index_95 >= symmetry.UNIT_PERCENT["contact_s"]
    assert not contact.clear


def test_step_time_is_no_surer_than_the_clocks():
    surely, unsurely = (
        metric(compare(leg(), leg(begin_s=1000.38), error_s), "step_s") for error_s in (0.001, 0.05)
    )
    assert surely.left == pytest.approx(0.32)
    assert surely.right == pytest.approx(0.38)
    assert surely.clear
    assert not unsurely.clear
    assert unsurely.difference_95 >= 0.1


def test_lean_itself_is_not_compared():
    c = compare(leg(lean_mid_deg=2.0), leg(begin_s=1000.35, lean_mid_deg=8.0), 0.01)
    assert {"lean_mid_deg", "valgus_est_deg"}.isdisjoint(m.name for m in c.metrics)
    assert "lean_mid_deg" in symmetry.NOT_COMPARED


@pytest.mark.parametrize("lost", [slice(40, 90), slice(0, 1), slice(199, 200)])
def test_strides_are_matched_by_time_and_not_by_counting(lost):
    left = leg(contact_s=(0.25, 0.01), seed=3)
    right = [Contact(c.t_s + 0.35, {**c.record, "contact_s": c.record["contact_s"] - 0.02}) for c in left]
    del right[lost]
    c = compare(left, right, 0.01)
    assert c.matched == len(right)
    assert (c.left_alone, c.right_alone) == (200 - len(right), 0)
    found = metric(c, "contact_s")
    assert found.difference == pytest.approx(0.02)
    assert found.difference_95 < 0.01


def test_turns_and_a_loose_strap_are_left_out():
    left, right = leg(), leg(begin_s=1000.35)
    for i in range(0, 100, 2):
        left[i].record["flags"].append("turn")
        left[i].record["contact_s"] = 9.0
    right[151].record["flags"].append("strap_loose")
    right[151].record["contact_s"] = 9.0
    found = metric(compare(left, right, 0.01), "contact_s")
    assert found.strides == 149
    assert found.left == found.right == 0.25


def test_what_is_unknown_on_one_leg_is_left_out():
    left, right = leg(), leg(begin_s=1000.35)
    for contact in right[:120]:
        contact.record["pta_axial_g"] = None
    c = compare(left, right, 0.01)
    assert metric(c, "pta_axial_g").strides == 80
    assert metric(c, "contact_s").strides == 200


def test_of_few_strides_nothing_is_said():
    c = compare(leg(symmetry.LEAST - 1), leg(symmetry.LEAST - 1, begin_s=1000.35), 0.01)
    assert (c.finding, c.gait, list(c.metrics)) == ("alternate", None, [])
    c = compare(leg(5), leg(5, begin_s=1000.35), 0.01)
    assert (c.finding, c.phase) == ("few", None)
    assert symmetry.told(c) is None


def test_nothing_at_all_is_no_error():
    for left, right in (([], []), (leg(), []), ([], leg())):
        c = compare(left, right, 0.01)
        assert (c.finding, c.matched) == ("few", 0)
        assert (c.left_alone, c.right_alone) == (len(left), len(right))


def test_walking_is_compared_where_nobody_runs():
    c = compare(leg(gait="walk", stride_s=1.1), leg(gait="walk", stride_s=1.1, begin_s=1000.55), 0.01)
    assert c.gait == "walk"
    assert metric(c, "contact_s").strides == 200


@pytest.mark.parametrize(
    ("right", "found", "code"),
    [
        (leg(begin_s=1000.01, jitter_s=0.02), "coincide", "contacts_coincide"),
        (leg(begin_s=1000.69, jitter_s=0.02), "coincide", "contacts_coincide"),
        (leg(begin_s=1000.14, jitter_s=0.01), "shifted", "contacts_shifted"),
        (leg(begin_s=1000.0, stride_s=0.66), "unsteady", "contacts_unrelated"),
    ],
)
def test_two_units_that_do_not_alternate_are_told(right, found, code):
    c = compare(leg(jitter_s=0.02, seed=9), right, 0.01)
    assert c.finding == found
    assert symmetry.told(c)[0] == code
    if found != "shifted":
        assert list(c.metrics) == []


def test_with_clocks_that_are_not_sure_enough_nobody_is_accused():
    c = compare(leg(jitter_s=0.02), leg(begin_s=1000.02, jitter_s=0.02, seed=5), 0.2)
    assert symmetry.told(c)[0] == "clocks_unsure"


@given(st.floats(0.0, 1.0), st.floats(0.0, 0.06), st.integers(0, 2**20))
def test_a_phase_is_found_wherever_it_is(at, spread, seed):
    phases = (at + np.random.default_rng(seed).normal(0, spread, 60)) % 1.0
    found, phase, steadiness = finding(phases)
    assert abs((phase - at + 0.5) % 1.0 - 0.5) < 0.03
    assert steadiness > 0.85
    away = min(at, 1 - at)
    if away < 0.1:
        assert found == "coincide"
    if away > 0.35:
        assert found == "alternate"


def test_an_interval_of_95_percent_holds_the_truth_in_95_of_100_runs(monkeypatch):
    """Neighbouring strides resemble each other, as a runner's do; left alone that makes the interval too small."""
    monkeypatch.setitem(symmetry.UNIT_PERCENT, "contact_s", 0.0)
    random, held, runs = np.random.default_rng(4), 0, 400
    for _ in range(runs):
        noise = random.normal(0, 0.01, 320)
        for i in range(1, len(noise)):
            noise[i] += 0.5 * noise[i - 1]
        left = leg(300, contact_s=0.25)
        for contact, off in zip(left, noise[20:], strict=True):
            contact.record["contact_s"] += off
        held += not metric(compare(left, leg(300, begin_s=1000.35), 0.01), "contact_s").clear
    assert 0.92 <= held / runs <= 0.98
