# SPDX-License-Identifier: MIT
"""`run`, `runs` and `show` on the command line, against a unit behind a faked Bluetooth stack."""

import asyncio
import os
import signal
import time
import urllib.request

import pytest

from kneecore import wire
from kneecore.settings import INDEX
from kneesense import ble, clock
from kneesense.calibration import Calibration
from kneesense.store import Store, Unit


@pytest.fixture
def paired(home, stack):
    """A paired unit that logs some strides as soon as a run begins."""
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
        store.set_screening("Ann", "2026-01-02T03:04:05Z", "no,no,no,no,no")
    unit = stack.unit
    begin = unit._run

    def run(values):
        seq = begin(values)
        unit.strides(5)
        unit.record(
            wire.CUE,
            {"rule": 1, "direction": 1, "value": 16000, "target": 17000, "band": 340, "pulse_ms": 120},
        )
        unit.record(wire.MARK, {"kind": 0})
        return seq

    unit._run = run
    with clock.replaced(unit.moment):
        yield unit


def test_a_run_is_shown_stride_by_stride_and_summed_up(tell, paired):
    code, out, err = tell("run", "--duration", 0.3)
    assert (code, err) == (0, [])
    text = "\n".join(out)
    assert text.count(" g lean ") == 5
    assert "CUE    increase cadence: 160.0, target 170.0 +- 3.4; 120 ms" in text
    assert "mark: pain" in text
    assert "5 strides in 1:00.0" in text
    assert not paired.running


def test_a_run_as_json(tell_json, paired, home):
    code, records, _ = tell_json("run", "--duration", 0.3)
    assert code == 0
    assert [record["type"] for record in records] == [
        "link",
        "start",
        *["stride"] * 5,
        "cue",
        "mark",
        "alert",
        "summary",
    ]
    assert (records[1]["runner"], records[1]["side"], records[1]["run"]) == ("Ann", "right", 1)
    assert records[1]["start_utc"].startswith("20")
    assert [record["stride"] for record in records[2:7]] == [1, 2, 3, 4, 5]
    assert records[-1]["strides"] == 5
    assert records[-1]["log"] == str(home / "runs.sqlite")


def test_a_run_with_its_page(tell_json, paired):
    code, records, _ = tell_json("run", "--web", "--duration", 0.3)
    assert code == 0
    assert [records[0]["type"], records[1]["type"], records[-1]["strides"]] == ["web", "link", 5]
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(records[0]["url"], timeout=5)  # it went with the run


def interrupt(pressed):
    """Ctrl-C; `pressed` gets the time."""
    pressed.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_the_run_cleanly_within_two_seconds(tell, paired):
    begin = paired._run

    def run(values):
        asyncio.get_running_loop().call_later(0.2, interrupt, pressed)
        return begin(values)

    pressed = []
    paired._run = run
    before = signal.getsignal(signal.SIGINT)
    code, out, err = tell("run")
    assert (code, err) == (0, [])
    assert time.monotonic() - pressed[0] < 2
    assert not paired.running
    assert "5 strides" in "\n".join(out)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_ends_within_two_seconds_when_nothing_answers_any_more(tell, paired, stack):
    begin = paired._run

    def run(values):
        paired.silent = {"hello", "halt", "ack", "fetch"}
        stack.hang = {"disconnect"}
        asyncio.get_running_loop().call_later(0.2, interrupt, pressed)
        return begin(values)

    pressed = []
    paired._run = run
    code, out, err = tell("run")
    assert time.monotonic() - pressed[0] < 2.2
    assert code == 1
    assert "--attach" in err[-1]
    assert "5 strides" in "\n".join(out)


def test_show_gives_the_records_of_the_live_run(tell_json, paired):
    live = tell_json("run", "--duration", 0.3)[1]
    shown = tell_json("show", "last")[1]
    assert shown[1:] == [record for record in live[2:] if record["type"] != "alert"]
    assert shown[0]["run"] == 1
    assert tell_json("show", "1")[1] == shown


def test_runs_lists_them(tell, tell_json, paired):
    for _ in range(2):
        tell("run", "--duration", 0.3)
    code, records, _ = tell_json("runs")
    assert code == 0
    assert [(r["run"], r["runner"], r["strides"], r["ended"]) for r in records[:-1]] == [
        (1, "Ann", 5, True),
        (2, "Ann", 5, True),
    ]
    assert records[-1]["runs"] == 2
    assert "5 strides" in tell("runs")[1][0]


NUMBER = {name: i for i, name in enumerate(INDEX)}


def test_without_cue_options_the_unit_keeps_its_own(tell, paired):
    paired.settings = {0: 2, 1: -77, 7: 9}
    assert tell("run", "--duration", 0.2)[0] == 0
    assert paired.settings == {0: 2, 1: -77, 7: 9}


def test_a_cue_named_sets_its_offset_and_band_whole(tell, paired):
    paired.settings = {1: -77, 7: 9}  # of an earlier run
    named = ("run", "--duration", 0.2, "--cue")
    assert tell(*named, "cadence", "--offset", 5, "--band", 2.5, "--baseline", 30)[0] == 0
    assert paired.settings == {0: 1, 1: 50, 2: 25, 7: 30}
    assert tell(*named, "cadence")[0] == 0
    assert paired.settings == {0: 1, 1: 75, 2: 0, 7: 30}
    assert tell(*named, "lean", "--offset", -2.5, "--band", 1.25)[0] == 0
    lean = {NUMBER["lean_offset_cdeg"]: -250, NUMBER["lean_band_cdeg"]: 125}
    assert paired.settings == {0: 2, 1: 75, 2: 0, 7: 30} | lean
    assert tell(*named, "off")[0] == 0
    assert paired.settings[0] == 0


def test_the_runners_number_goes_with_the_run(tell, tell_json, paired, home):
    tell("run", "--duration", 0.1)
    with Store(home / "runs.sqlite") as store:
        numbers = [store.runner_number(name) for name in ("Ann", "Bob")]
        store.set_screening("Bob", "2026-01-02T03:04:05Z", "no,no,no,no,no")
    tell("run", "--duration", 0.1, "--runner", "Bob")
    starts = [record.values()["runner"] for record in paired.log if record.code == wire.START.code]
    assert starts == numbers
    assert [run["runner"] for run in tell_json("runs")[1][:-1]] == ["Ann", "Bob"]


def test_why_no_cue_comes_is_told_when_it_changes(tell, paired):
    begin = paired._run

    def run(values):
        seq = begin(values)
        for state in (0, 1, 1, 5):
            paired.stride(cue_state=state)
        return seq

    paired._run = run
    out = tell("run", "--duration", 0.3)[1]
    assert [line.split(" cue ", 1)[1] for line in out if " cue " in line] == [
        "off: kneesense cue --rule cadence switches it on",
        "baseline: your usual form, 250 steady run strides",
        "suspended: pain was marked, no more cues in this run",
    ]


def test_pain_is_answered_with_stop_or_what_is_prescribed(tell_json, paired, home):
    (alert,) = [r for r in tell_json("run", "--duration", 0.2)[1] if r["type"] == "alert"]
    assert (alert["code"], alert["message"]) == ("pain", "pain: stop the activity; no more cues in this run")
    with Store(home / "runs.sqlite") as store:
        store.set_prescription("Ann", GRADED)
    (alert,) = [r for r in tell_json("run", "--duration", 0.2)[1] if r["type"] == "alert"]
    assert "at most 2/10" in alert["message"]
    assert "60 min and is no worse next morning" in alert["message"]


GRADED = """schema = 1
author = "a physical therapist"
[cue]
rule = "cadence"
[pain]
most = 2
back_within_min = 60
no_worse_next_morning = true
"""


@pytest.fixture
def unscreened(paired, home):
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Cid"))
    return paired


def test_without_a_safety_screen_a_run_is_recorded_with_cues_off(tell_json, unscreened):
    code, records, err = tell_json("run", "--duration", 0.2)
    assert code == 0
    assert records[0]["code"] == "cues_withheld"
    assert "the safety screen of Cid is not answered" in err[0]
    assert unscreened.settings[0] == 0


@pytest.mark.parametrize("rule", ["cadence", "lean", "impact", "metronome"])
def test_cues_asked_for_without_a_safety_screen_are_refused(tell, unscreened, stack, rule):
    code, out, err = tell("run", "--cue", rule)
    assert (code, out, len(err)) == (2, [], 1)
    assert "--screen-answers" in err[0]
    assert stack.options == []


def test_cues_stay_off_after_a_yes_and_the_runner_is_sent_to_see_someone(tell, unscreened):
    code, _, err = tell("run", "--cue", "cadence", "--screen-answers", "no,no,yes,no,no")
    assert code == 2
    assert "locking" in err[0]
    assert "see a physical therapist or physician" in err[0]
    code, _, err = tell("run", "--duration", 0.2)
    assert (code, unscreened.settings[0]) == (0, 0)
    assert "locking" in err[0]
    assert tell("run", "--duration", 0.2, "--cue", "off")[::2] == (0, [])


def test_answers_are_kept(tell, unscreened):
    assert tell("run", "--cue", "cadence", "--duration", 0.1, "--screen-answers", "no,no,no,no,no")[0] == 0
    assert tell("run", "--cue", "cadence", "--duration", 0.1)[0] == 0


def test_an_older_firmware_that_lacks_settings_is_run_with_all_the_same(tell, paired):
    paired.refuses = {"get": wire.BAD_VALUE}
    code, out, err = tell("run", "--duration", 0.2)
    assert (code, err) == (0, [])
    assert "5 strides" in "\n".join(out)


def test_a_cue_beside_a_prescription_says_so(tell, paired, home):
    with Store(home / "runs.sqlite") as store:
        store.set_prescription("Ann", GRADED)
    assert "may differ from the prescription" in tell("run", "--duration", 0.1, "--cue", "off")[2][0]
    assert tell("run", "--duration", 0.1)[2] == []


def test_lean_is_warned_of_once_for_each_runner(tell, paired):
    lean = ("run", "--cue", "lean", "--duration", 0.1)
    assert "have someone watch you" in tell(*lean)[2][0]
    assert tell(*lean)[2] == []
    answers = ("--screen-answers", "no,no,no,no,no")
    assert "cross-over" in tell(*lean, "--runner", "Bob", *answers)[2][0]


def test_a_calibration_is_pushed(tell, paired, tmp_path):
    identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    made = Calibration(identity, (0.0, 0.0, 0.0), 1.0, 1.25, "right", "lateral", "mpu6050", "")
    made.save(tmp_path / "me.json")
    assert tell("run", "--duration", 0.2, "--calibration", tmp_path / "me.json")[0] == 0
    assert paired.calibration["neutral_cdeg"] == 125
    Calibration(identity, (0.0, 0.0, 0.0), 1.0, 1.25, "left", "lateral", "mpu6050", "").save(
        tmp_path / "other.json"
    )
    code, _, err = tell("run", "--calibration", tmp_path / "other.json")
    assert code == 2
    assert "for the left leg, the unit is paired for the right one" in err[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--cue", "cadence", "--offset", 50), "--offset 50: must be -20 to 20 %"),
        (("--cue", "lean", "--offset", 12), "--offset 12: must be -10 to 10 deg"),
        (("--cue", "lean", "--offset", "nan"), "--offset nan: must be a number"),
        (("--cue", "lean", "--offset", "inf"), "--offset inf: must be a number"),
        (("--cue", "cadence", "--band", -1), "--band -1: must be 0 to 20 %"),
        (("--cue", "off", "--band", 1), "there is no offset and no band"),
        (("--offset", 5), "name it: --cue"),
        (("--baseline", 1), "--baseline 1: must be 5 to 2000 strides"),
        (("--baseline", 7.5), "--baseline 7.5: must be a whole number"),
        (("--screen-answers", "no"), "does not answer the safety screen"),
        (("--duration", "nan"), "--duration nan: must be more than 0"),
        (("--duration", 0), "--duration 0: must be more than 0"),
        (("--duration", -4), "--duration -4: must be more than 0"),
        (("--attach", "--baseline", 30, "--cue", "off"), "leave out --cue --baseline"),
        (("--attach", "--calibration", "no.json"), "leave out --calibration"),
        (("--attach", "--end", "--duration", 5), "leave out --duration"),
        (("--calibration", "no.json"), "no such file"),
        (("--unit", "beef"), "no paired unit for beef"),
        (("--cue", "sway"), "sway"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_looked_for(tell, paired, stack, arguments, words):
    code, out, err = tell("run", *arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert words in err[0]
    assert stack.options == []


def test_a_run_needs_a_paired_unit(tell, stack):
    code, _, err = tell("run")
    assert code == 3
    assert "kneesense pair UNIT" in err[0]


def test_the_unit_of_several_is_named_by_its_runner_or_id(tell, paired, home):
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("ffff", "beef", "left", "lateral", "Bea"))
    code, _, err = tell("run")
    assert code == 2
    assert "0c0d (Ann, right), beef (Bea, left)" in err[0]
    assert tell("run", "--runner", "Ann", "--duration", 0.1)[0] == 0
    assert tell("run", "--unit", "0C0D", "--duration", 0.1)[0] == 0


def test_a_unit_that_is_not_there_exits_3(tell, paired, stack, monkeypatch):
    find = ble.find
    monkeypatch.setattr(ble, "find", lambda unit, seconds: find(unit, 0.01))
    stack.in_range = {}
    code, out, err = tell("run")
    assert (code, out, len(err)) == (3, [], 1)


def test_attach_follows_a_run_that_another_host_began(tell_json, paired):
    paired._run({"utc_us": 0})
    code, records, _ = tell_json("run", "--attach", "--duration", 0.2)
    assert code == 0
    assert [record["type"] for record in records].count("stride") == 5
    assert paired.running
    assert "run" not in paired.commands


def test_attach_with_no_run_ever_is_success(tell_json, paired):
    code, records, _ = tell_json("run", "--attach")
    assert code == 0
    assert records[-1]["strides"] == 0


def test_a_unit_lost_at_the_end_is_told_and_what_came_is_kept(tell_json, paired, stack, monkeypatch):
    monkeypatch.setattr("kneesense.cli.live.TIME_OVER_S", 0.1)
    paired.silent = {"halt"}
    code, records, err = tell_json("run", "--duration", 0.3)
    assert code == 1
    assert "not_ended" in [record.get("code") for record in records]
    assert records[-1]["strides"] == 5
    assert any("--attach" in line for line in err)


def test_show_and_runs_with_nothing_recorded(tell, tell_json):
    code, _, err = tell("show", "last")
    assert code == 3
    assert "no runs" in err[0]
    code, records, _ = tell_json("runs")
    assert code == 0
    assert records[-1]["runs"] == 0


def test_show_of_a_run_that_is_not_there(tell, paired):
    tell("run", "--duration", 0.1)
    code, _, err = tell("show", "9")
    assert code == 3
    assert "no run 9" in err[0]
