# SPDX-License-Identifier: MIT
"""Alerts: the right words once, then quiet; delivery is known."""

import pytest

from kneesense.alerts import Alert, Alerts
from kneesense.prescription import STOP
from kneesense.store import Unit

LOST = {"type": "link", "t_s": None, "code": "lost", "message": "out of range"}
MENDED = LOST | {"code": "connected"}
WARNING = {"type": "warning", "t_s": 1.5, "code": "bus_fault", "message": "the bus failed"}
LOOSE = {"type": "stride", "flags": ["clipped", "strap_loose"]}
FIRM = {"type": "stride", "flags": ["clipped"]}


class Ear:
    def __init__(self, works=True):
        self.works = works
        self.heard: list[Alert] = []

    def deliver(self, alert):
        self.heard.append(alert)
        return self.works


@pytest.fixture
def ear():
    return Ear()


def codes(ear):
    return [alert.code for alert in ear.heard]


def test_a_warning_of_the_unit_is_an_alert(ear):
    Alerts([ear]).see(WARNING)
    assert ear.heard == [Alert(1.5, "bus_fault", "the bus failed")]


def test_how_a_run_was_timed_is_no_alert(ear):
    Alerts([ear]).see(WARNING | {"code": "rate_measured"})
    assert ear.heard == []


def test_pain_is_answered_with_the_default_or_the_prescribed_advice(ear):
    pain = {"type": "mark", "t_s": 61.0, "kind": "pain"}
    Alerts([ear]).see(pain)
    Alerts([ear], on_pain="as prescribed").see(pain)
    assert [alert.message for alert in ear.heard] == [f"pain: {STOP}", "pain: as prescribed"]
    assert "stop the activity" in STOP


def test_a_link_that_mends_at_once_is_no_alert_and_one_that_does_not_is(ear):
    alerts = Alerts([ear])
    for record in (LOST, MENDED, LOST, MENDED):
        alerts.see(record)
    assert ear.heard == []
    alerts.see(LOST)
    alerts.see(LOST)
    assert ear.heard == [Alert(None, "sensor_lost", "no connection to the unit: out of range")]


def test_the_same_alert_is_held_for_a_minute_and_then_counted(ear):
    clock = [0.0]
    alerts = Alerts([ear], now=lambda: clock[0])
    for second in (0, 10, 59.9, 60.0, 61):
        clock[0] = second
        alerts.see(WARNING)
    assert [alert.message for alert in ear.heard] == [
        "the bus failed",
        "the bus failed (and 2 times since it was last told)",
    ]


def test_one_kind_of_alert_does_not_hold_another_back(ear):
    alerts = Alerts([ear], now=lambda: 0.0)
    alerts.see(WARNING)
    alerts.see(WARNING | {"code": "log_full"})
    assert codes(ear) == ["bus_fault", "log_full"]


@pytest.mark.parametrize(
    "record",
    [MENDED, FIRM, {"type": "cue"}, {"type": "gap"}, {"type": "mark", "kind": "sync"}, {"type": "summary"}],
)
def test_what_is_as_it_should_be_is_no_alert(ear, record):
    Alerts([ear]).see(record)
    assert ear.heard == []


def test_a_strap_is_loose_when_three_of_five_strides_say_so(ear):
    alerts = Alerts([ear])
    for record in (LOOSE, FIRM, FIRM, LOOSE, FIRM, FIRM, FIRM):
        alerts.see(record)
    assert ear.heard == []
    for record in (LOOSE, FIRM, LOOSE, LOOSE):
        alerts.see(record)
    assert codes(ear) == ["strap_loose"]


@pytest.mark.parametrize(
    ("side", "face", "told"),
    [
        ("right", "lateral", []),
        ("right", "unknown", []),
        ("left", "lateral", ["side_mismatch"]),
        ("left", "medial", ["side_mismatch", "face_mismatch"]),
    ],
)
def test_a_calibration_for_another_place_is_told(ear, side, face, told):
    alerts = Alerts([ear], Unit("0a0b0c0d", "0c0d", side, face, "Ann"))
    alerts.see({"type": "start", "side": "right", "face": "lateral"})
    assert codes(ear) == told


@pytest.mark.parametrize(("face", "worn"), [("lateral", True), ("unknown", False)])
def test_a_known_face_says_which_leg_a_unit_is_really_on(ear, face, worn):
    alerts = Alerts([ear], Unit("0a0b0c0d", "0c0d", "left", "lateral", "Ann"))
    alerts.see({"type": "start", "side": "right", "face": face})
    (alert,) = ear.heard
    assert ("it is worn on the right leg" in alert.message) == worn
    assert "--side right" in alert.message


def test_an_alert_that_reaches_nobody_is_counted(ear):
    alerts = Alerts([Ear(works=False), ear])
    alerts.see(WARNING)
    assert alerts.undelivered == 1
    assert codes(ear) == ["bus_fault"]
