# SPDX-License-Identifier: MIT
"""The statistics of `validate` on hand-made numbers, and its command line on small folders."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser

import numpy as np
import pytest

import kneesense
from kneesense import recording
from kneesense.errors import InputError
from kneesense.simulator import Phase, Runner, Sensor, simulate
from kneesense.validate import (
    checks,
    confidence,
    figures,
    folder,
    found,
    lean,
    markup,
    plots,
    simulator_checks,
    stats,
)
from kneesense.validate.compare import Tally, compare

SCRIPT = (Phase("still", 4), Phase("walk", 14), Phase("still", 2))


# Statistics


def test_spread_of_hand_made_errors():
    got = stats.spread([1.0, 3.0, -1.0, 1.0])
    assert (got.n, got.bias, got.worst) == (4, 1.0, 3.0)
    assert got.sd == pytest.approx((8 / 3) ** 0.5)
    assert got.rms == pytest.approx(3**0.5)
    assert got.limits == pytest.approx((1 - 1.96 * got.sd, 1 + 1.96 * got.sd))
    assert stats.spread([]) is None


def test_leave_one_out_takes_the_mean_of_the_others():
    assert stats.leave_one_out([0.0, 3.0, 6.0]).tolist() == [-4.5, 0.0, 4.5]
    assert stats.leave_one_out([5.0]).tolist() == []


def test_match_pairs_the_nearest_and_uses_each_once():
    pairs = stats.match(np.array([1.0, 1.1, 3.0, 9.0]), np.array([1.08, 3.3, 5.0]), within_s=0.2)
    assert pairs == [(1, 0)]
    assert stats.match(np.array([1.0, 1.3]), np.array([1.1, 1.2]), 0.15) == [(0, 0), (1, 1)]


@pytest.mark.parametrize(
    ("counts", "f1"), [((8, 0, 0), 1.0), ((8, 1, 3), 0.8), ((0, 2, 0), 0.0), ((0, 0, 0), None)]
)
def test_f1(counts, f1):
    assert stats.f1(*counts) == f1


def test_icc_is_one_between_constant_groups_and_nothing_within_noise():
    assert stats.icc([[1, 1, 1], [2, 2, 2], [5, 5, 5]]) == pytest.approx(1.0)
    assert stats.icc([[1, 3], [3, 1], [1, 3]]) < 0
    assert stats.icc([[1, 2]]) is None


def test_correlation_needs_two_that_vary():
    x = np.arange(5.0)
    assert stats.correlation(x, 3 - 2 * x) == pytest.approx(-1)
    assert stats.correlation(x, np.ones(5)) is None


# Found against true


def stride(ic_s, **values):
    return {"ic_s": ic_s, "gait": "run", "flags": [], "confidence": 100, **values}


def test_compare_counts_and_measures():
    true = [{"ic_s": 1.0, "contact_s": 0.25}, {"ic_s": 2.0, "contact_s": None}, {"ic_s": 3.0}]
    records = [stride(1.01, contact_s=0.27), stride(2.6, contact_s=0.2), stride(2.99, contact_s=0.2)]
    tally = compare(records, true, ["a", "a", "b"], "someone")
    assert (tally.n_true, tally.missed, tally.false) == (3, {"a": 1}, {"b": 1})
    assert tally.errors("ic_ms") == pytest.approx([10, -10])
    assert tally.errors("contact_ms") == pytest.approx([20])
    assert tally.cells() == ["a", "b"]
    assert tally.of("b").f1() == pytest.approx(2 / 3)


def test_only_the_window_is_judged():
    tally = compare([stride(1.0), stride(5.0)], [{"ic_s": 1.0}], ["a"], "someone", window=(0.5, 1.5))
    assert (tally.n_missed, tally.n_false) == (0, 0)


def test_the_constant_is_the_mean_of_the_truth():
    true = [{"ic_s": float(i), "lean_mid_deg": lean_deg} for i, lean_deg in enumerate((1.0, 2.0, 6.0))]
    tally = compare([stride(t["ic_s"], lean_mid_deg=2.0) for t in true], true, ["a"] * 3, "someone")
    constant = tally.constant("lean_mid_deg")
    assert constant.bias == pytest.approx(0)
    assert constant.sd == pytest.approx(np.std([1, 2, 6], ddof=1))


def test_odd_intervals():
    assert found.intervals_off([0, 1, 2, 3, 4.3, 5.3]) == 1
    assert found.intervals_off([]) == 0


def test_the_pedometer_counts_peaks_over_2_g_once_a_stride():
    t_s = np.arange(0, 4, 0.002)
    acc = np.zeros((len(t_s), 3))
    acc[:, 1] = 9.81
    for at_s in (1.0, 1.1, 2.0, 3.0):
        acc[np.abs(t_s - at_s) < 0.01, 1] = 30.0
    times = found.pedometer(recording.Recording("x", t_s, acc, np.zeros_like(acc), {}, ()))
    assert times == pytest.approx([0.992, 1.992, 2.992], abs=0.003)


# Lean


def test_up_of_a_quarter_turn_about_x_is_y():
    half = np.sqrt(0.5)
    assert lean.up(np.array([[half, half, 0, 0]]))[0] == pytest.approx([0, 1, 0])


@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_a_stance_is_compared_with_the_knee_medial_of_the_ankle(side, sign):
    t_s = np.arange(0, 2, 0.01)
    knee_right_deg = np.sin(5 * t_s)
    same = found.Found([], [], t_s, sign * knee_right_deg + 3)
    got = lean.stance("x", same, side, t_s, knee_right_deg, 0.5, 1.5)
    assert got.r == pytest.approx(1)
    assert got.offset_deg == pytest.approx(3)
    assert np.abs(got.error_deg).max() < 1e-9
    other = {"left": "right", "right": "left"}[side]
    assert lean.stance("x", same, other, t_s, knee_right_deg, 0.5, 1.5).r == pytest.approx(-1)


# Verdicts


def tally_of(errors_ms, cell="run 3 m/s"):
    true = [{"ic_s": float(i), "contact_s": 0.25, "gait": "run"} for i in range(len(errors_ms))]
    records = [stride(i + error / 1000, contact_s=0.25) for i, error in enumerate(errors_ms)]
    return compare(records, true, [cell] * len(true), "someone")


def test_a_figure_without_a_target_is_not_counted():
    lines = [
        checks.Check("a", True, "1", "1"), checks.Check("b", False, "2", "1"), checks.Check("c", None, "no vqf", "1"),
        checks.Check("d", None, "4"),
    ]  # fmt: skip
    assert [line.state for line in lines] == ["holds", "missed", "skipped", "info"]
    assert checks.verdict(lines) == "1 of 2 targets hold, 1 missed, 1 skipped"


@pytest.mark.parametrize(("bias_ms", "ok"), [(4.0, True), (6.0, False), (-6.0, False)])
def test_a_strike_time_out_of_bounds_is_a_missed_target(bias_ms, ok):
    (timing, _) = simulator_checks._timing("running", [tally_of([bias_ms - 1, bias_ms, bias_ms + 1])])
    assert timing.ok is ok
    assert "SD <= 4 ms" in timing.target


def test_sd_within_a_runner_does_not_see_the_offset_between_runners():
    both = Tally()
    for group, offset in (("one", 5.0), ("other", -5.0)):
        true = [{"ic_s": float(i), "lean_mid_deg": 0.0} for i in range(4)]
        found_leans = [offset + 1, offset - 1, offset + 1, offset - 1]
        records = [stride(t["ic_s"], lean_mid_deg=value) for t, value in zip(true, found_leans, strict=True)]
        both.add(compare(records, true, ["a"] * 4, group))
    assert figures.within_sd(both, "lean_mid_deg") == pytest.approx(1.0)
    assert both.spread("lean_mid_deg").sd > 5


def curve_of(*values):
    metrics = dict.fromkeys(confidence.ERRORS)
    bins = [
        confidence.Bin(low, high, 50, dict.fromkeys(metrics, value))
        for (low, high), value in zip(confidence.BINS, values, strict=True)
    ]
    return confidence.Curve(tuple(bins), {})


@pytest.mark.parametrize(
    ("values", "predicts"),
    [((4, 5, 1), True), ((1, 3, 4), False), ((None, 2, 1), True), ((1, None, None), False)],
)
def test_confidence_predicts_when_the_least_trusted_are_worse(values, predicts):
    assert curve_of(*values).predicts is predicts


def test_unknown_figures_are_null_in_the_summary():
    values = figures.of_cell(Tally())
    assert values["n"] == 0
    assert values["f1"] is values["ic_sd_ms"] is None
    json.dumps(values, allow_nan=False)


# Plots


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-37, 1250), (-0.02, 0.013), (5, 6.1)])
def test_ticks_are_few_round_and_inside(low, high):
    values = plots.ticks(low, high)
    assert 3 <= len(values) <= 11
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in values)


def test_a_histogram_has_every_value_in_it():
    svg = plots.histogram("errors", np.array([0.0, 0.0, 1.0, 2.0, 50.0]), "ms")
    assert svg.startswith("<svg")
    assert "errors" in svg
    assert svg.count("<rect") == 7


def test_a_column_in_which_nothing_is_known_is_left_out():
    html = markup.table(("who", "lean", "peak"), [("a", "-", "1"), ("b", "-", "-")])
    assert "lean" not in html
    assert html.count("<td class=n>") == 2 - html.count("<td>")


# Folders and the command line


def write(place, name, made, **truth):
    r = made.recording
    rows = np.column_stack((r.t_s, r.acc, r.gyro))
    with gzip.open(place / f"{name}.csv.gz", "wt") as file:
        np.savetxt(file, rows, "%.5f", ",", header="t_s,ax,ay,az,gx,gy,gz", comments="")
    (place / f"{name}.truth.json").write_text(json.dumps(made.truth() | truth))


@pytest.fixture(scope="module")
def walked():
    return simulate(Runner(), SCRIPT, Sensor(), seed=3)


@pytest.fixture
def place(tmp_path, walked):
    """A user's own folder: a walk and a stand with truth, and a recording without a gyro."""
    mine = tmp_path / "mine"
    mine.mkdir()
    write(mine, "walk", walked)
    write(mine, "stand", simulate(Runner(), (Phase("still", 8),), Sensor(), seed=4))
    (mine / "ankle.csv").write_text("t_s,ax,ay,az\n0,0,9.8,0\n0.01,0,9.8,0\n")
    return mine


SET_KEYS = {
    "n", "f1", "missed", "false", "ic_bias_ms", "ic_sd_ms", "contact_bias_ms", "contact_sd_ms", "lean_rms_deg",
    "lean_sd_deg", "lean_r", "trivial",
}  # fmt: skip
TRIVIAL_KEYS = {"f1", "missed", "false", "ic_bias_ms", "ic_sd_ms", "contact_sd_ms", "lean_sd_deg"}


class Page(HTMLParser):
    """Open tags that must be closed, and whatever would be fetched."""

    VOID = ("meta", "path", "rect", "circle", "br")
    OPTIONAL = ("tr", "th", "td", "thead", "tbody", "p")

    def __init__(self, text):
        super().__init__()
        self.open, self.fetched, self.unlabelled = [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.fetched += [value for name, value in attributes if name in ("src", "href")]
        self.unlabelled += tag == "svg" and not named.get("aria-label")
        if tag not in self.VOID + self.OPTIONAL:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID + self.OPTIONAL:
            assert self.open.pop() == tag


def test_a_folder_of_ones_own_from_end_to_end(tell_json, place, walked):
    page = place.parent / "report.html"
    code, records, err = tell_json("validate", place, "--runners", 0, "--report", page)
    assert code == 0, records
    assert records[0] == {"type": "about", "version": kneesense.__version__, "runners": 0, "seed": 1}
    summary = records[-1]
    assert list(summary) == ["type", "sets", "simulator", "ok"]
    assert summary["simulator"] == {}
    for values in summary["sets"].values():
        assert values.keys() >= SET_KEYS
        assert values["trivial"].keys() >= TRIVIAL_KEYS
    assert summary["sets"]["mine/refused"]["f1"] is None
    assert summary["ok"] is True
    assert summary["sets"]["mine/truth"]["n"] == len(walked.strides)
    assert summary["sets"]["mine/truth"]["missed"] == summary["sets"]["mine/truth"]["false"] == 0
    assert abs(summary["sets"]["mine/truth"]["ic_bias_ms"]) < 8
    assert "no gyroscope" in summary["sets"]["mine/refused"]["refused"]["ankle"]
    assert any("no gyroscope" in line for line in err)
    assert {r["ok"] for r in records if r["type"] == "check"} == {True}
    parsed = Page(page.read_text())
    assert parsed.open == []
    assert parsed.fetched == []
    assert parsed.unlabelled == 0
    assert "mine/truth" in page.read_text()
    assert [p.name for p in page.parent.glob("*.part")] == []


def test_a_missed_target_is_exit_code_1(tell_json, place, walked):
    extra = [*walked.truth()["strides"], {"ic_s": 1.0}]
    (place / "walk.truth.json").write_text(json.dumps(walked.truth() | {"strides": extra}))
    code, records, _ = tell_json("validate", place, "--runners", 0)
    assert code == 1
    assert records[-1]["ok"] is False
    assert [r["name"] for r in records if r["type"] == "check" and not r["ok"]] == [
        "mine/truth: strikes found"
    ]


def test_a_recording_of_known_truth_that_is_refused_is_a_miss(tell_json, place):
    (place / "stand.csv.gz").unlink()
    (place / "stand.csv").write_text("t_s,ax,ay,az,gx,gy,gz\n0,0,9.8,0,x,0,0\n")
    code, records, _ = tell_json("validate", place, "--runners", 0)
    assert code == 1
    (missed,) = [r for r in records if r["type"] == "check" and not r["ok"]]
    assert missed["name"] == "mine/truth: recordings used"
    assert missed["detail"].startswith("1 of 2; stand: ")
    assert "'x' is not a number" in missed["detail"]


@pytest.mark.parametrize(
    "content", ["", "{}", '{"side": "both"}', '{"side": "left", "strides": [{"ic_s": "x"}]}']
)
def test_a_truth_that_cannot_be_used_is_named(place, content):
    (place / "walk.truth.json").write_text(content)
    with pytest.raises(InputError, match=re.escape("walk.truth.json")):
        folder.trials(place)


def test_a_folder_with_nothing_in_it_says_what_it_expects(tell, tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        code, _, err = tell("validate", path)
        assert code == 2
        assert "docs/data.md" in err[-1]


def test_a_report_is_replaced_only_when_told_so(tell, place):
    page = place.parent / "report.html"
    page.write_text("mine")
    code, _, err = tell("validate", place, "--runners", 0, "--report", page)
    assert code == 2
    assert "--overwrite" in err[-1]
    assert page.read_text() == "mine"
    code, out, _ = tell("validate", place, "--runners", 0, "--report", page, "--overwrite")
    assert code == 0
    assert "How right the numbers are" in page.read_text()
    assert out[-1] == "1 of 1 targets hold, 0 missed"


def gone(group, within_s):
    """Whether the processes of a group end in time."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_ctrl_c_ends_at_once_and_leaves_nothing(place):
    page = place.parent / "report.html"
    command = [sys.executable, "-m", "kneesense", "validate", place, "--runners", "40", "--report", page]
    started = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        started.communicate(timeout=5)
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does
    _, err = started.communicate(timeout=20)
    assert started.returncode == 130
    assert err == ""
    assert list(page.parent.glob("report.html*")) == []
    assert gone(started.pid, within_s=10)


def test_a_report_that_cannot_be_written_is_told_before_the_work(tell, place):
    code, _, err = tell("validate", place, "--report", place / "absent" / "x.html")
    assert code == 2
    assert "no such folder" in err[-1]
