# SPDX-License-Identifier: MIT
"""Alerts: the right words once, then quiet; delivery is known."""

import pytest
from fakeunit import FakeUnit

from kneecore import wire
from kneesense.alerts import Alert, Alerts
from kneesense.bus import Arrival, News
from kneesense.store import Unit


class Ear:
    def __init__(self, works=True):
        self.works = works
        self.heard: list[Alert] = []

    def deliver(self, alert):
        self.heard.append(alert)
        return self.works


@pytest.fixture
def fake():
    return FakeUnit()


def fed(alerts, *records):
    for record in records:
        alerts.see(Arrival(record, backfilled=False))


def codes(ear):
    return [alert.code for alert in ear.heard]


def test_every_notice_of_the_wire_has_words(fake):
    for code, name in enumerate(wire.NOTICES):
        ear = Ear()
        fed(Alerts([ear]), fake.record(wire.NOTICE, {"notice": code}))
        assert codes(ear) == [name]
        assert f"'{name}'" not in ear.heard[0].message


def test_a_notice_of_a_later_version_is_shown(fake):
    ear = Ear()
    fed(Alerts([ear]), fake.record(wire.NOTICE, {"notice": 200}))
    assert ear.heard == [Alert(None, "code 200", "the unit reports 'code 200'")]


def test_an_alert_bears_the_time_of_the_run(fake):
    ear = Ear()
    fake._run({"utc_us": 0})
    start = fake.log[-1]
    fed(Alerts([ear]), start, fake.record(wire.GAP, {"samples": 40, "reason": 0}))
    assert ear.heard == [Alert(0.35, "data_gap", "40 samples were lost (fifo_overflow)")]


def test_the_same_alert_is_held_for_a_minute_and_then_counted(fake):
    ear, clock = Ear(), [0.0]
    alerts = Alerts([ear], now=lambda: clock[0])
    for second in (0, 10, 59.9, 60.0, 61):
        clock[0] = second
        alerts.see(News("link", "lost", "out of range"))
    assert [alert.message for alert in ear.heard] == [
        "no connection to the unit: out of range",
        "no connection to the unit: out of range (and 2 times since it was last told)",
    ]


def test_other_news_of_the_link_is_no_alert():
    ear = Ear()
    Alerts([ear]).see(News("link", "connected", "connected"))
    assert ear.heard == []


def test_a_strap_is_loose_when_three_of_five_strides_say_so(fake):
    ear = Ear()
    alerts = Alerts([ear])
    loose, firm = {"flags": wire.FLAG_STRAP_LOOSE}, {"flags": wire.FLAG_CLIPPED}
    for flags in (loose, firm, firm, loose, firm, firm, firm):
        fed(alerts, fake.stride(**flags))
    assert ear.heard == []
    for flags in (loose, firm, loose, loose):
        fed(alerts, fake.stride(**flags))
    assert codes(ear) == ["strap_loose"]


@pytest.mark.parametrize(
    ("side", "face", "told"),
    [
        ("right", "lateral", []),  # as the fake unit is calibrated
        ("right", "unknown", []),
        ("left", "lateral", ["side_mismatch"]),
        ("left", "medial", ["side_mismatch", "face_mismatch"]),
    ],
)
def test_a_calibration_for_another_place_is_told(fake, side, face, told):
    ear = Ear()
    fake._run({"utc_us": 0})
    fed(Alerts([ear], Unit("0a0b0c0d", "0c0d", side, face, "Ann")), fake.log[-1])
    assert codes(ear) == told


def test_an_alert_that_reaches_nobody_is_counted(fake):
    deaf, ear = Ear(works=False), Ear()
    alerts = Alerts([deaf, ear])
    alerts.see(News("link", "lost", "out of range"))
    assert alerts.undelivered == 1
    assert codes(ear) == ["sensor_lost"]
