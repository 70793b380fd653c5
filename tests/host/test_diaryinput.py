# SPDX-License-Identifier: MIT
"""What people type: exact, a comma as a point, nothing that may be two things; and what the questions of a run are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesense import diaryinput, diarywords
from kneesense.errors import InputError


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("8.4", 8400), ("8,4", 8400), ("8.4 km", 8400), ("8,45km", 8450), ("8400 m", 8400), ("0", 0),
        ("5 mi", 8047), ("3.1 miles", 4989), ("1 mile", 1609), ("8.400", 8400), ("10", 10_000), ("0.1", 100),
    ],
)  # fmt: skip
def test_a_distance(text, metres):
    assert diaryinput.distance_m(text) == metres


@pytest.mark.parametrize(
    "text", ["", "far", "8,400", "1.2.3", "-5", "8 kg", "501", "1e3", "٨", "8.4 km h", "nan", "inf"]
)
def test_what_is_no_distance_or_may_be_two_is_refused(text):
    with pytest.raises(InputError) as caught:
        diaryinput.distance_m(text)
    assert "8.4" in caught.value.advice


@given(st.integers(0, 500_000))
def test_metres_come_back_from_kilometres_with_either_sign(metres):
    """No float in between, in no locale."""
    km = f"{metres // 1000}.{metres % 1000:03}"
    assert diaryinput.distance_m(km) == metres
    assert diaryinput.distance_m(f"{metres} m") == metres
    if not km.endswith("0"):
        return
    assert diaryinput.distance_m(km[:-1].replace(".", ",")) == metres


@pytest.mark.parametrize(
    ("text", "seconds"), [("45", 2700), ("45 min", 2700), ("45:30", 2730), ("1:05:30", 3930), ("0:00:01", 1)]
)
def test_a_time(text, seconds):
    assert diaryinput.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "1:60", "1:2:3:4", "-5", "4.5", "49:00:00", "an hour", "²"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InputError):
        diaryinput.seconds(text)


@pytest.mark.parametrize(
    ("text", "minutes"), [("7.5", 450), ("7,5 h", 450), ("7:30", 450), ("0", 0), ("24", 1440)]
)
def test_sleep(text, minutes):
    assert diaryinput.sleep_min(text) == minutes


@pytest.mark.parametrize("text", ["", "25", "7:60", "good", "-1"])
def test_what_is_no_sleep_is_refused(text):
    with pytest.raises(InputError):
        diaryinput.sleep_min(text)


@pytest.mark.parametrize("level", range(11))
def test_a_level_is_0_to_10(level):
    assert diaryinput.level(str(level)) == diaryinput.level(f" {level}/10 ") == level


@pytest.mark.parametrize("text", ["", "11", "-1", "2.5", "2-3", "bad", "²"])
def test_other_levels_are_refused(text):
    with pytest.raises(InputError):
        diaryinput.level(text)


def test_names_come_in_the_order_of_their_definition_and_none_is_none():
    assert diarywords.names("hip, Above-Kneecap", diarywords.PLACES, "--where") == ("above_kneecap", "hip")
    assert diarywords.names("none", diarywords.PLACES, "--where") == ()
    with pytest.raises(InputError, match="--where toe: not known") as caught:
        diarywords.names("shin,toe", diarywords.PLACES, "--where")
    assert "above_kneecap" in caught.value.advice


def test_of_a_choice_one_is_wanted():
    assert diarywords.name("Trail", diarywords.SURFACES, "--surface") == "trail"
    for text in ("trail,road", "none", "moon"):
        with pytest.raises(InputError):
            diarywords.name(text, diarywords.SURFACES, "--surface")


def test_every_question_has_a_flag_and_every_moment_is_asked_for():
    from kneesense.cli.diaryflags import Said

    flags = {question.flag for question in diaryinput.QUESTIONS}
    assert flags == {"--" + name.replace("_", "-") for name in Said.__dataclass_fields__}
    assert {q.key for q in diaryinput.QUESTIONS if q.pain} == set(diarywords.MOMENTS)
