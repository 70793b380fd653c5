# SPDX-License-Identifier: MIT
"""A bare `kneesense` ends with where its user is, and the next step."""

import pytest
from fakeunit import CALIBRATION, FakeUnit

from kneecore import wire
from kneesense.store import Store, Unit

WALK = wire.STAGES.index("walk")


@pytest.fixture
def store(home):
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit("0a0b0c0d", "0c0d", "right", "lateral", "Ann"))
        yield store


def verdict(refused=0, stage=WALK):
    return FakeUnit().record(wire.VERDICT, CALIBRATION | {"stage": stage, "refused": refused})


def test_before_everything(tell):
    code, out, err = tell()
    assert (code, err) == (0, [])
    assert any("Commands" in line for line in out)
    assert out[-3] == "You are here: no unit is paired yet."
    assert all(
        command in " ".join(out[-2:]) for command in ("kneesense pair", "kneesense flash", "kneesense demo")
    )


def test_paired_and_not_calibrated(tell, store):
    assert tell()[1][-2:] == [
        "You are here: unit 0c0d is paired (Ann, right leg), not yet calibrated.",
        "Next: kneesense calibrate",
    ]
    store.add("0a0b0c0d", [verdict(refused=1)])
    assert tell()[1][-1] == "Next: kneesense calibrate"
    store.remember(Unit("0a0b0c0e", "0c0e", "left", "lateral", "Ann"))
    assert tell()[1][-1] == "Next: kneesense calibrate --unit 0c0d"


def test_calibrated(tell, store):
    store.add("0a0b0c0d", [verdict()])
    assert tell()[1][-2:] == [
        "You are here: paired and calibrated.",
        "Next: kneesense run; after every strapping on: kneesense calibrate",
    ]


def test_with_runs(tell, store):
    store.add("0a0b0c0d", [FakeUnit().record(wire.START, CALIBRATION | {"rate_hz": 500})])
    assert tell()[1][-2] == "You are here: 1 run recorded."


def test_a_store_that_cannot_be_read_keeps_the_help_from_nobody(tell, home):
    (home / "runs.sqlite").write_text("no store")
    code, out, err = tell()
    assert (code, err) == (0, [])
    assert any("Commands" in line for line in out)
    assert "You are here" not in "\n".join(out)


def test_help_says_nothing_of_it(tell, store):
    assert "You are here" not in "\n".join(tell("--help")[1])
