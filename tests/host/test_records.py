# SPDX-License-Identifier: MIT
"""Wire records to the contract's JSON: units, unknowns, codes, and exactly the keys that the contract names."""

import json
import re
from pathlib import Path

import pytest

from core.mounting import calibration
from kneecore import mount, wire
from kneesense.codes import bit_names, named
from kneesense.pace import RunPace
from kneesense.records import RunRecords

CONTRACT = Path(__file__).parents[2] / "docs" / "contract.md"
RATE_HZ = 500


def keys(kind):
    """Keys of a record type, as docs/contract.md lists them."""
    rows = re.findall(r"^\| ([a-z_, ]+) \| (.+) \|$", CONTRACT.read_text(), re.MULTILINE)
    (text,) = [text for kinds, text in rows if kind in kinds.split(", ")]
    return {"type", *text.split(";")[0].split(", ")}


def fields(record, **values):
    """Every field of a wire record, 0 unless given."""
    return dict.fromkeys(record.names, 0) | values


START = fields(
    wire.START,
    t_us=5_000_000,
    rate_hz=RATE_HZ,
    **calibration(side=mount.RIGHT) | {"face": 1, "chip": 1},
    fw_minor=3,
    fw_patch=1,
)
STRIDE = fields(
    wire.STRIDE,
    seq=9,
    boot=2,
    ic_x16=8000,
    stride_x16=6000,
    contact_x16=2400,
    pta_axial_mg=3456,
    pta_resultant_mg=5000,
    lean_ic_cdeg=-120,
    lean_mid_cdeg=-345,
    lean_min_cdeg=-900,
    lean_max_cdeg=-100,
    lean_max_x16=80,
    gait=2,
    confidence=94,
)
CUE = fields(
    wire.CUE,
    ic_x16=14000,
    to_x16=16400,
    command_x16=16720,
    rule=1,
    direction=1,
    value=15000,
    target=16000,
    band=320,
    pulse_ms=120,
    rise_ms=None,
)
STOP = fields(
    wire.STOP,
    samples=10_000,
    gap_samples=500,
    run_x16=96_000,
    walk_x16=16_000,
    unsure_x16=8_000,
    still_x16=32_000,
    strides=2,
)


@pytest.fixture
def run():
    run = RunRecords()
    run.feed("start", START)
    return run


def test_every_type_has_exactly_the_keys_of_the_contract(run):
    records = [
        run.feed("start", START),
        run.feed("stride", STRIDE),
        run.feed("cue", CUE),
        run.feed("gap", fields(wire.GAP)),
        run.feed("mark", fields(wire.MARK)),
        run.feed("notice", fields(wire.NOTICE, notice=1)),
        run.summary(log=None),
    ]
    for record in records:
        assert set(record) == keys(record["type"]), record["type"]
        json.dumps(record, allow_nan=False)


def test_start_tells_who_what_and_with_which_calibration():
    about = {"run": 4, "runner": "Ann", "start_utc": "2030-01-02T03:04:05Z", "source": "demo"}
    start = RunRecords(about).feed("start", START)
    assert (start["run"], start["runner"], start["source"]) == (4, "Ann", "demo")
    assert (start["side"], start["face"], start["chip"], start["rate_hz"]) == (
        "right",
        "medial",
        "mpu6050",
        500,
    )
    assert start["calibration"]["rotation"][0] == (1, 0, 0)
    assert start["versions"]["firmware"] == "0.3.1"
    assert start["utc_bounds"] is None


def test_a_stride_in_seconds_g_and_degrees(run):
    stride = run.feed("stride", STRIDE)
    assert (stride["stride"], stride["seq"], stride["boot"]) == (1, 9, 2)
    assert (stride["ic_s"], stride["to_s"]) == (1.0, 1.3)
    assert (stride["stride_s"], stride["contact_s"], stride["duty_factor"]) == (0.75, 0.3, 0.4)
    assert stride["cadence_spm"] == 160
    assert (stride["pta_axial_g"], stride["pta_resultant_g"]) == (3.456, 5.0)
    assert (stride["lean_ic_deg"], stride["lean_mid_deg"]) == (-1.2, -3.45)
    assert (stride["lean_range_deg"], stride["lean_max_time_ms"]) == (8.0, 10.0)
    assert (stride["gait"], stride["side"], stride["confidence"]) == ("run", "right", 94)
    assert stride["clipped"] is False
    assert stride["flags"] == []
    assert (stride["valgus_est_deg"], stride["valgus_source"]) == (-6.9, "model")


def test_unknown_is_null_and_never_zero(run):
    stride = run.feed(
        "stride",
        STRIDE
        | {
            "stride_x16": 0,
            "contact_x16": 0,
            "lean_max_x16": 0,
            "flags": wire.FLAG_CLIPPED | wire.FLAG_MISSING,
        }
        | dict.fromkeys(("pta_axial_mg", "pta_resultant_mg"), wire.UNKNOWN_U16)
        | {f"lean_{name}_cdeg": wire.UNKNOWN_I16 for name in ("ic", "mid", "min", "max", "cue")},
    )
    unknown = {name for name, value in stride.items() if value is None}
    known = {
        "type",
        "stride",
        "seq",
        "boot",
        "side",
        "gait",
        "ic_s",
        "clipped",
        "confidence",
        "flags",
        "cue_state",
    }
    assert unknown == keys("stride") - known
    assert stride["clipped"] is True
    assert stride["flags"] == ["clipped", "metric_missing"]


def test_strides_are_numbered_and_a_cue_names_the_one_under_way(run):
    assert run.feed("stride", STRIDE)["stride"] == 1
    cue = run.feed("cue", CUE)
    assert cue["stride"] == 2
    assert run.feed("stride", STRIDE | {"ic_x16": 14000})["stride"] == 2
    assert run.feed("cue", CUE)["stride"] == 2


def test_a_cue_in_steps_per_minute_and_milliseconds(run):
    cue = run.feed("cue", CUE)
    assert (cue["value"], cue["target"], cue["band"]) == (150, 160, 3.2)
    assert (cue["rule"], cue["metric"], cue["direction"]) == ("cadence", "cadence_spm", "increase")
    assert (cue["t_s"], cue["latency_ms"], cue["felt_ms"]) == (2.09, 40.0, None)
    assert run.feed("cue", CUE | {"rise_ms": 30})["felt_ms"] == 70


@pytest.mark.parametrize(
    ("rule", "metric", "value", "target", "band"),
    [
        ("lean", "lean_cue_deg", -150.0, 160.0, 3.2),
        ("impact", "pta_axial_g", -15.0, 16.0, 0.32),
    ],
)
def test_a_cue_is_in_the_unit_of_its_rule(run, rule, metric, value, target, band):
    cue = run.feed("cue", CUE | {"rule": wire.RULES.index(rule), "value": -15000, "direction": 2})
    assert (cue["rule"], cue["metric"], cue["direction"]) == (rule, metric, "decrease")
    assert (cue["value"], cue["target"], cue["band"]) == (value, target, band)


def test_a_cue_of_a_rule_added_later_is_shown_as_it_is(run):
    cue = run.feed("cue", CUE | {"rule": 9})
    assert (cue["rule"], cue["metric"], cue["value"]) == ("code_9", None, 15000)


def test_the_state_of_the_cue_stands_with_every_stride(run):
    stride = run.feed("stride", STRIDE | {"cue_state": 8, "lean_cue_cdeg": 215})
    assert (stride["cue_state"], stride["lean_cue_deg"]) == ("faded", 2.15)
    older = run.feed("stride", STRIDE | {"cue_state": 2, "lean_cue_cdeg": None})
    assert (older["cue_state"], older["lean_cue_deg"]) == ("armed", None)


SESSION = fields(
    wire.SESSION,
    t_us=65_000_000,
    session=5,
    complete=1,
    planned_s=1440,
    run_s=1400,
    cues=12,
    on_strides=800,
    on_in_band=600,
    on_mean=17200,
    off_strides=400,
    off_in_band=280,
    off_mean=17000,
    rule=1,
    baseline=16400,
    target=17630,
    band=650,
)


def test_a_session_tells_dose_and_retention(run):
    session = run.feed("session", SESSION)
    assert set(session) == keys("session")
    assert (session["t_s"], session["session"], session["complete"]) == (60.0, 5, True)
    assert (session["on_in_band"], session["off_in_band"]) == (0.75, 0.7)
    assert (session["on_mean"], session["off_mean"], session["target"]) == (172.0, 170.0, 176.3)


def test_a_session_without_a_stride_or_a_baseline_claims_nothing(run):
    session = run.feed("session", fields(wire.SESSION, session=1, rule=2))
    assert session["complete"] is False
    unknown = {name for name, value in session.items() if value is None}
    assert unknown == {"on_in_band", "on_mean", "off_in_band", "off_mean", "baseline", "target", "band"}


def test_a_start_names_who_began_it_the_strapping_and_the_session(run):
    start = run.feed("start", START | {"origin": 2, "strap_session": 3, "session": 5})
    assert (start["origin"], start["strap_session"], start["session"]) == ("auto", 3, 5)
    older = run.feed("start", START | {"origin": None, "strap_session": 0, "session": None})
    assert (older["origin"], older["strap_session"], older["session"]) == (None, None, None)


def test_gaps_and_marks_on_the_clock_of_the_run(run):
    gap = run.feed("gap", fields(wire.GAP, at_x16=16_000, samples=250, reason=3))
    assert gap == {"type": "gap", "t_s": 2.0, "duration_s": 0.5, "reason": "frozen"}
    mark = run.feed("mark", fields(wire.MARK, t_us=7_500_000, kind=0))
    assert mark == {"type": "mark", "t_s": 2.5, "kind": "pain"}


def test_a_notice_is_a_warning_in_words(run):
    warning = run.feed(
        "notice", fields(wire.NOTICE, t_us=6_000_000, notice=wire.NOTICES.index("rate_off"), a=3)
    )
    assert (warning["type"], warning["code"], warning["t_s"]) == ("warning", "rate_off", 1.0)
    assert "rate" in warning["message"]


def test_every_notice_has_words(run):
    for code, name in enumerate(wire.NOTICES):
        assert run.feed("notice", fields(wire.NOTICE, notice=code))["message"] != name


def test_times_follow_the_rate_that_was_measured_and_the_start_that_is_given():
    run = RunRecords(t0_s=10.0, rate=RunPace(505.0, True))
    run.feed("start", START)
    assert run.feed("stride", STRIDE)["ic_s"] == pytest.approx(10 + 500 / 505, abs=1e-4)


def test_codes_added_later_are_shown(run):
    assert named(wire.GAITS, 7) == "code_7"
    assert named(wire.GAITS, None) is None
    assert bit_names(wire.STRIDE_FLAGS, 1 << 12 | 1) == ["clipped", "code_12"]
    assert run.feed("gap", fields(wire.GAP, reason=99))["reason"] == "code_99"
    assert run.feed("anchor", fields(wire.ANCHOR)) is None
    assert run.feed("unknown_0x3e", {}) is None
    start = RunRecords().feed("start", START | {"side": 7, "face": 8, "chip": 99})
    assert (start["side"], start["face"], start["chip"]) == ("code_7", "code_8", "code_99")
    assert start["calibration"]["chip"] == "code_99"
    json.dumps(start, allow_nan=False)


def test_a_rate_that_was_measured_differently_is_told(run):
    for unseen in (500_000, 499_926, 500_250):
        assert run.feed("stop", STOP | {"rate_mhz": unseen}) is None
    told = run.feed("stop", STOP | {"rate_mhz": 499_500})
    assert (told["type"], told["code"]) == ("warning", "rate_measured")
    assert "499.50 Hz, not 500" in told["message"]


def test_the_summary_divides_the_time(run):
    run.feed("stride", STRIDE)
    run.feed("stride", STRIDE | {"ic_x16": 14000, "stride_x16": 6400})
    run.feed("stride", STRIDE | {"ic_x16": 20400, "stride_x16": 0})
    run.feed("cue", CUE)
    run.feed("gap", fields(wire.GAP))
    assert run.feed("stop", STOP) is None
    summary = run.summary(log="runs.sqlite")
    assert (summary["strides"], summary["cues"], summary["gaps"]) == (3, 1, 1)
    assert summary["mean_cadence_spm"] == pytest.approx(120 / ((0.75 + 0.8) / 2), abs=0.01)
    parts = [summary[name] for name in ("run_s", "walk_s", "unsure_s", "still_s", "gap_s")]
    assert parts == [12, 2, 1, 4, 1]
    assert sum(parts) == summary["duration_s"] == 20
    assert summary["log"] == "runs.sqlite"


def test_a_run_without_strides_or_end_has_no_numbers_made_up(run):
    summary = run.summary(log=None)
    assert summary["strides"] == 0
    assert summary["mean_cadence_spm"] is summary["duration_s"] is summary["run_s"] is None
    assert RunRecords().summary(log=None, duration_s=1.5)["duration_s"] == 1.5
