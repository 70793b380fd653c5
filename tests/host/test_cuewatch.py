# SPDX-License-Identifier: MIT
"""Why no cue comes, told from a unit's records by the unit's own engine."""

import pytest
from fakeunit import FakeUnit

from core.coached import RATE_HZ, SECOND_X16
from kneecore import coach, wire
from kneecore.programme import DEFAULT, encode
from kneecore.settings import Settings
from kneesense.answers import UnitPlan
from kneesense.coachsetup import CoachSetup, read
from kneesense.cuewatch import CueWatch
from kneesense.device import Device

RUN, WALK = 2, 1
KEPT = "by a baseline kept on the unit"


class Watched:
    """A unit's records as they are logged, and what the watch makes of each."""

    def __init__(self, plan=None, session=0, **settings):
        settings = Settings(**{"baseline_strides": 5, "cue_holdoff_strides": 5} | settings)
        self.watch = CueWatch(CoachSetup(settings, plan or UnitPlan()))
        start = {"rate_hz": RATE_HZ, "side": 2, "runner": 7, "strap_session": 3, "session": session}
        assert self.watch.feed("start", start) is None

    def stride(self, state, spm=160.0, **values):
        fields = dict.fromkeys(wire.STRIDE.names, 0)
        fields |= {
            "stride_x16": round(120 / spm * SECOND_X16),
            "gait": RUN,
            "confidence": 90,
            "cue_state": state,
        }
        return self.watch.feed("stride", fields | values)

    def ready(self):
        for _ in range(5):
            assert "5 steady run strides" in self.stride(coach.BASELINE)
        return self

    def mark(self, kind):
        assert self.watch.feed("mark", {"kind": wire.MARKS.index(kind)}) is None


def test_the_target_is_told_once_the_baseline_is_known():
    watched = Watched().ready()
    assert watched.stride(coach.ARMED) == "target 172.0 +- 3.2 spm"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"gait": WALK}, "not running"),
        ({"gait": 0}, "not surely running"),
        ({"stride_x16": 0}, "the stride is not complete"),
        ({"confidence": 59}, "confidence is below 60 %"),
    ],
)
def test_a_stride_that_does_not_count_says_why(values, why):
    watched = Watched().ready()
    assert watched.stride(coach.ARMED, **values) == why


def test_a_flag_that_bars_lean_is_named():
    watched = Watched(cue_rule=2)
    for _ in range(5):
        watched.stride(coach.BASELINE, lean_cue_cdeg=200)
    flags = wire.FLAG_TURN | wire.FLAG_STRAP_LOOSE | wire.FLAG_CLIPPED
    assert watched.stride(coach.ARMED, flags=flags) == "strides with turn and strap_loose do not count"
    assert "target 2.0 +- 1.0 deg" in watched.stride(coach.ARMED, lean_cue_cdeg=200)


@pytest.mark.parametrize("state", range(len(wire.CUE_STATES)))
def test_every_state_of_the_unit_has_words(state):
    why = Watched().stride(state)
    assert why
    assert "{" not in why
    assert len(f"       12:34.5 cue {wire.CUE_STATES[state]}: {why}") < 80


def test_a_state_of_a_later_firmware_is_no_error():
    assert Watched().stride(len(wire.CUE_STATES)) == "of a later firmware"


def test_the_units_own_numbers_count_after_a_cue():
    watched = Watched().ready()
    watched.watch.feed("cue", {"target": 17500, "band": 400})
    for _ in range(5):
        assert watched.stride(coach.HOLDOFF) == "a pause of 5 strides after a cue"
    watched.stride(coach.ARMED)
    assert "target 175.0 +- 4.0 spm" in watched.stride(coach.ARMED)


def test_where_the_unit_knows_more_only_its_state_is_told():
    watched = Watched()  # a baseline kept from the first session, say
    assert watched.stride(coach.ARMED) == KEPT


def test_marks_change_what_is_followed():
    watched = Watched().ready()
    watched.mark("mute")
    assert watched.stride(coach.ARMED) == KEPT
    watched.mark("resume")
    assert "target" in watched.stride(coach.ARMED)
    watched.mark("pain")
    assert watched.stride(coach.ARMED) == KEPT
    watched.mark("pain_taken_back")
    assert "target" in watched.stride(coach.ARMED)
    watched.mark("sync")
    assert "target" in watched.stride(coach.ARMED)


def test_a_programmes_kept_baseline_is_known_from_the_unit():
    plan = UnitPlan(runner=7, following=2, baseline=16000, sd=100, sessions=DEFAULT)
    assert "target 172.0 +- 3.2 spm" in Watched(plan, session=2).stride(coach.ARMED)
    assert Watched(plan, session=0).stride(coach.ARMED) == KEPT  # a run outside of it measures its own
    other = UnitPlan(runner=8, following=2, baseline=16000, sd=100, sessions=DEFAULT)
    assert Watched(other, session=2).stride(coach.ARMED) == KEPT


async def test_the_unit_is_asked_for_its_settings_and_its_programme():
    unit = FakeUnit()
    unit.settings = {0: 2, 7: 30}
    unit.plan = {"runner": 7, "next": 3, "baseline": 250, "sd": 80, "sessions": encode(DEFAULT)}
    async with Device(unit.link()) as device:
        setup = await read(device)
    assert (setup.settings.cue_rule, setup.settings.baseline_strides, setup.settings.cue_m) == (2, 30, 3)
    assert setup.plan == UnitPlan(7, 3, 250, 80, DEFAULT)


async def test_a_firmware_without_programmes_has_none():
    unit = FakeUnit()
    unit.refuses = {"read_plan": wire.UNKNOWN_COMMAND}
    async with Device(unit.link()) as device:
        assert (await read(device)).plan == UnitPlan()
    unit.refuses = {"read_plan": wire.FAILED}
    async with Device(unit.link()) as device:
        with pytest.raises(Exception, match="'failed' to read_plan"):
            await read(device)
