# SPDX-License-Identifier: MIT
"""What a display shows of a run: live only what is live, the rest with its age or as history; unknown is None."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liverun import BACK_S, LOST_S, RECORDS, SINCE_S, UNIT, played

from kneecore import wire
from kneesense.cuewatch import Aim
from kneesense.liveleg import HISTORY_S, STALE_S
from kneesense.liveview import LiveView
from kneesense.records import RATE_MEASURED

NUMBERS = ("cadence_spm", "lean_mid_deg", "contact_s", "pta_axial_g", "gait")
STRIDE = next(record for record in RECORDS if record["type"] == "stride" and record["gait"] == "run")
START = next(record for record in RECORDS if record["type"] == "start")
AIM = Aim("cadence", "cadence_spm", "spm", 170.0, 3.0)


def leg(view, now_s):
    return view.state(now_s)["legs"][0]


def stride(t_s=0.0, **values):
    return (
        STRIDE
        | {"ic_s": t_s, "stride_s": 0.7, "cadence_spm": 171.4, "cue_state": "armed", "flags": []}
        | values
    )


def link(code):
    return {"type": "link", "t_s": None, "code": code, "message": "the link: " + code}


def mark(kind):
    return {"type": "mark", "t_s": 1.0, "kind": kind}


def alert(code, message="the strap is loose"):
    return {"type": "alert", "t_s": None, "code": code, "message": message}


@pytest.fixture
def view():
    """Connected, in a run, nothing measured."""
    made = LiveView([(UNIT, "right")], "Ann")
    made.feed(link("connected"), 99.0, UNIT)
    made.feed(START, 100.0, UNIT)
    return made


def test_before_anything_is_heard_all_is_unknown():
    state = LiveView([(UNIT, "left")]).state(5.0)
    shown = state["legs"][0]
    assert (shown["fresh"], shown["fresh_text"]) == ("waiting", "not connected yet")
    assert [shown[name] for name in (*NUMBERS, "aim", "battery", "cue_state")] == [None] * 8
    assert state["elapsed_s"] is None
    assert set(state["offers"].values()) == {None}


def test_the_recorded_run_in_the_middle_of_its_running():
    view, now_s = played(15.0)
    shown = leg(view, now_s)
    assert (shown["fresh"], shown["fresh_text"], shown["gait"]) == ("live", "running", "run")
    assert shown["cadence_spm"] == pytest.approx(166, abs=1)
    assert (shown["strides"], shown["late"], shown["cues"]) == (
        15,
        2,
        0,
    )  # the first two were told back-dated
    assert shown["battery"] == {"percent": 66, "mv": 3900, "charging": False, "low": False}
    assert (shown["aim"]["place"], shown["aim"]["place_text"]) == ("in", "in the band")
    assert shown["cue_text"] == "armed"
    assert view.state(now_s)["elapsed_s"] == pytest.approx(15, abs=1)


def test_numbers_are_means_of_the_last_four_strides_of_one_gait(view):
    for i, cadence in enumerate((100, 160, 170, 180, 190)):
        view.feed(stride(i, cadence_spm=cadence, gait="run"), 101.0 + i, UNIT)
    assert leg(view, 105.0)["cadence_spm"] == 175
    view.feed(stride(6, cadence_spm=110, gait="walk"), 106.0, UNIT)
    assert leg(view, 106.0)["cadence_spm"] == 110


def test_what_a_stride_does_not_know_is_unknown_and_not_nought(view):
    view.feed(stride(1, cadence_spm=None, contact_s=None, pta_axial_g=None, lean_mid_deg=None), 102.0, UNIT)
    shown = leg(view, 102.0)
    assert shown["fresh"] == "live"
    assert [shown[name] for name in NUMBERS] == [None] * 4 + ["run"]
    assert shown["history"]["contact"] == [None]


def test_a_stride_too_old_is_not_shown_but_its_age_is(view):
    view.feed(stride(1), 102.0, UNIT)
    assert leg(view, 102.0 + STALE_S)["fresh"] == "live"
    shown = leg(view, 112.0)
    assert (shown["fresh"], shown["fresh_text"]) == ("stale", "no stride for 10 s, was 171")
    assert [shown[name] for name in NUMBERS] == [None] * 5


def test_a_lost_link_is_told_with_its_age_and_hides_the_numbers():
    view, now_s = played(LOST_S + 2)
    shown = leg(view, now_s)
    assert shown["fresh"] == "lost"
    assert shown["fresh_text"] == "connection lost for 2 s"
    assert shown["cue_text"] == "not known, the unit goes on by itself"
    assert [shown[name] for name in NUMBERS] == [None] * 5
    assert view.state(now_s)["elapsed_s"] == pytest.approx(LOST_S + 2, abs=1)  # the run goes on


def test_strides_fetched_from_the_log_are_history_and_never_live():
    view, now_s = played(BACK_S)
    shown = leg(view, now_s)
    assert (shown["fresh"], shown["fresh_text"]) == ("waiting", "connected, no stride yet")
    assert shown["cadence_spm"] is None
    assert shown["late"] == 2 + 9
    assert shown["history"]["late"].count(True) == 2 + 9
    view, now_s = played(BACK_S + 1.5)
    assert leg(view, now_s)["fresh"] == "live"


def test_a_stride_that_comes_late_over_a_good_link_changes_no_number(view):
    view.feed(stride(1, cadence_spm=100), 102.0, UNIT, late=True)
    view.feed(stride(2, cadence_spm=100, flags=["backdated"]), 102.0, UNIT)
    assert (leg(view, 102.0)["fresh"], leg(view, 102.0)["cadence_spm"]) == ("waiting", None)
    view.feed(stride(4), 105.0, UNIT)
    view.feed(stride(3, cadence_spm=100), 106.0, UNIT, late=True)
    shown = leg(view, 110.0)
    assert (shown["fresh_text"], shown["strides"], shown["late"]) == ("no stride for 5 s, was 171", 4, 3)
    assert leg(view, 106.0)["cadence_spm"] == 171.4


def test_no_mean_reaches_back_across_a_lost_link(view):
    view.feed(stride(1, cadence_spm=150), 102.0, UNIT)
    view.feed(link("lost"), 103.0, UNIT)
    view.feed(link("connected"), 104.0, UNIT)
    view.feed(stride(5, cadence_spm=170), 106.0, UNIT)
    assert leg(view, 106.0)["cadence_spm"] == 170


def test_a_back_filled_cue_is_counted_but_did_not_buzz_now(view):
    cue = next(record for record in RECORDS if record["type"] == "cue")
    view.feed(cue, 110.0, UNIT, late=True)
    assert (leg(view, 110.0)["cues"], leg(view, 110.0)["cued_s"]) == (1, None)
    view.feed(cue, 111.0, UNIT)
    assert (leg(view, 112.0)["cues"], leg(view, 112.0)["cued_s"]) == (2, 1.0)


def test_a_cue_says_target_and_band_where_nothing_else_does(view):
    view.feed(next(record for record in RECORDS if record["type"] == "cue"), 110.0, UNIT)
    aim = leg(view, 110.0)["aim"]
    assert (aim["metric"], aim["target"], aim["band"], aim["place"]) == (
        "cadence_spm",
        165.81,
        3.31,
        "unknown",
    )


@pytest.mark.parametrize(
    ("cadence", "place", "text", "at"),
    [
        (170, "in", "in the band", 0.5),
        (173, "in", "in the band", 0.5 + 1 / 6),
        (175, "above", "2.0 spm above the band", 0.5 + 5 / 18),
        (160, "below", "7.0 spm below the band", 0.0),
    ],
)
def test_where_the_runner_is_against_the_band(view, cadence, place, text, at):
    view.feed(stride(1, cadence_spm=cadence), 102.0, UNIT)
    view.aimed(UNIT, AIM, "")
    aim = leg(view, 102.0)["aim"]
    assert (aim["place"], aim["place_text"]) == (place, text)
    assert aim["at"] == pytest.approx(at)
    assert (aim["low"], aim["high"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))


def test_while_walking_nobody_is_below_the_band(view):
    view.feed(stride(1, cadence_spm=110, gait="walk"), 102.0, UNIT)
    view.aimed(UNIT, AIM, "not running")
    assert leg(view, 102.0)["aim"]["place"] == "unknown"
    assert leg(view, 102.0)["cue_text"] == "armed: not running"


def test_why_no_cue_comes_goes_with_the_state_it_explains(view):
    view.feed(stride(1, cue_state="baseline"), 102.0, UNIT)
    view.aimed(UNIT, None, "your usual form, 250 steady run strides")
    assert leg(view, 102.0)["cue_text"] == "baseline: your usual form, 250 steady run strides"
    view.feed(mark("mute"), 102.5, UNIT)
    assert leg(view, 102.5)["cue_text"] == "muted"


def test_the_line_of_the_history_breaks_where_strides_are_missing(view):
    for t_s in (1, 2, 9, 10):
        view.feed(stride(t_s), 101.0 + t_s, UNIT)
    assert leg(view, 111.0)["history"]["cadence"] == [171.4, 171.4, None, 171.4, 171.4]


def test_the_history_is_of_the_last_minutes_and_moves_on_without_strides(view):
    for t_s in (1, 2):
        view.feed(stride(t_s), 100.0 + t_s + 0.7, UNIT)
    assert leg(view, 102.7)["history"]["ago_s"] == [-1.7, -0.7]
    assert leg(view, 162.7)["history"]["ago_s"] == [-61.7, -60.7]
    assert leg(view, 101.5 + HISTORY_S)["history"]["ago_s"] == [-HISTORY_S + 0.5]


def test_a_run_begun_anew_starts_from_nothing(view):
    view.feed(stride(1), 102.0, UNIT)
    view.feed(mark("mute"), 102.0, UNIT)
    view.feed(START, 103.0, UNIT)
    shown = leg(view, 103.0)
    assert (shown["strides"], shown["fresh"], shown["history"]["ago_s"]) == (0, "waiting", [])
    assert view.state(104.0)["elapsed_s"] == 1.0


def offers(view, now_s):
    return view.state(now_s)["offers"]


def test_a_pain_mark_can_be_taken_back_for_ten_seconds_but_not_by_a_second_tap(view):
    view.feed(stride(1), 102.0, UNIT)
    assert offers(view, 102.0) == {"mark": "note", "pain": "pain", "mute": "mute"}
    view.feed(mark("pain"), 103.0, UNIT)
    assert [offers(view, 103.0 + s)["pain"] for s in (0.5, 2, 9, 11)] == [
        None,
        "pain_taken_back",
        "pain_taken_back",
        "pain",
    ]
    view.feed(mark("pain_taken_back"), 106.0, UNIT)
    assert offers(view, 106.0) == {"mark": "note", "pain": "pain", "mute": "mute"}


def test_cues_on_is_never_offered_after_pain_for_it_would_lift_that_too(view):
    view.feed(stride(1), 102.0, UNIT)
    view.feed(mark("mute"), 103.0, UNIT)
    assert offers(view, 103.0)["mute"] == "resume"
    view.feed(mark("pain"), 104.0, UNIT)
    assert offers(view, 130.0)["mute"] is None
    view.feed(stride(30, cue_state="suspended"), 131.0, UNIT)
    assert offers(view, 131.0)["mute"] is None


def test_where_no_cue_is_set_there_is_nothing_to_mute(view):
    view.feed(stride(1, cue_state="off"), 102.0, UNIT)
    assert offers(view, 102.0)["mute"] is None


def test_nothing_is_offered_that_cannot_reach_a_unit(view):
    view.feed(link("lost"), 103.0, UNIT)
    assert set(offers(view, 103.0).values()) == {None}
    view.feed(link("connected"), 104.0, UNIT)
    assert offers(view, 104.0)["pain"] == "pain"
    view.end()
    assert set(offers(view, 104.0).values()) == {None}


def test_every_mark_that_is_offered_is_one_of_the_wire():
    assert {"note", "pain", "pain_taken_back", "mute", "resume"} <= set(wire.MARKS)


def test_a_warning_and_its_alert_are_told_once_and_large_for_a_while(view):
    view.feed(alert("strap_loose") | {"type": "warning"}, 110.0, UNIT)
    view.feed(alert("strap_loose"), 111.0, UNIT)
    state = view.state(113.0)
    assert [(n["text"], n["age_s"]) for n in state["notices"] if n["kind"] == "alert"] == [
        ("the strap is loose", 2.0)
    ]
    assert state["alert"]["text"] == "the strap is loose"
    assert view.state(150.0)["alert"] is None
    assert view.state(150.0)["notices"][0]["text"] == "the strap is loose"


def test_how_times_are_measured_is_no_alert(view):
    view.feed(alert(RATE_MEASURED) | {"type": "warning"}, 110.0, UNIT)
    assert view.state(110.0)["alert"] is None


def test_the_alert_of_a_pain_mark_goes_when_that_is_taken_back(view):
    view.feed(mark("pain"), 110.0, UNIT)
    view.feed(alert("pain", "pain: stop the activity"), 110.0, UNIT)
    assert view.state(112.0)["alert"]["code"] == "pain"
    view.feed(mark("pain_taken_back"), 113.0, UNIT)
    assert view.state(113.0)["alert"] is None


def test_the_end_hides_what_was_live():
    view, now_s = played(45.0)
    assert leg(view, now_s)["fresh"] == "live"
    view.feed(RECORDS[-1], now_s, UNIT)
    state = view.state(now_s)
    assert (state["over"], state["legs"][0]["fresh"], state["legs"][0]["cadence_spm"]) == (True, "over", None)
    assert state["elapsed_s"] == RECORDS[-1]["duration_s"]


def test_a_run_that_is_only_left_alone_is_not_called_over():
    view, now_s = played(15.0)
    view.feed(link("left"), now_s, UNIT)
    view.feed(RECORDS[-1], now_s, UNIT)
    assert leg(view, now_s)["fresh_text"] == "no longer followed"
    assert view.state(now_s)["notices"][0]["text"] == "the link: left"


def test_one_leg_lost_leaves_the_other_live():
    view = LiveView([("a", "left"), ("b", "right")], "Ann")
    played(15.0, "left", view, "a")
    _, now_s = played(15.0, "right", view, "b")
    view.feed(link("lost"), now_s, "b")
    left, right = view.state(now_s)["legs"]
    assert (left["side"], left["fresh"], right["side"], right["fresh"]) == ("left", "live", "right", "lost")
    assert offers(view, now_s)["pain"] == "pain"
    assert view.state(now_s)["notices"][0]["side"] == "right"
    view.feed(RECORDS[-1] | {"type": "leg"}, now_s, "a")
    assert not view.state(now_s)["over"]


@given(
    st.lists(st.tuples(st.integers(0, len(RECORDS) - 1), st.floats(0, 30), st.booleans()), max_size=60),
    st.floats(0, 100),
)
def test_whatever_comes_in_whatever_order_only_the_live_is_shown_as_live(events, wait_s):
    view, now_s = LiveView([(UNIT, "right")]), SINCE_S
    extra = [mark(kind) for kind in wire.MARKS] + [link("lost"), link("connected"), alert("pain")]
    for index, after_s, late in events:
        now_s += after_s
        record = ([*RECORDS, *extra])[(index * 7) % (len(RECORDS) + len(extra))]
        view.feed(record, now_s, UNIT, late=late)
        view.aimed(UNIT, AIM if index % 3 else None, "")
    state = json.loads(json.dumps(view.state(now_s + wait_s), allow_nan=False))
    shown = state["legs"][0]
    if shown["fresh"] != "live":
        assert [shown[name] for name in NUMBERS] == [None] * 5
        assert shown["aim"] is None or shown["aim"]["at"] is None
    if wait_s > STALE_S:
        assert shown["fresh"] != "live"
    assert 0 <= shown["late"] <= shown["strides"]
    if shown["aim"] and shown["aim"]["at"] is not None:
        assert 0 <= shown["aim"]["at"] <= 1
    assert shown["history"]["ago_s"] == sorted(shown["history"]["ago_s"])
    assert len({len(column) for column in shown["history"].values()}) == 1
