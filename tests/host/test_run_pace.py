# SPDX-License-Identifier: MIT
"""Three clocks meet in a run, and none is taken for another: the chip counts, the unit times, a computer dates."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore import wire
from kneesense import pace
from kneesense.clock import Reading
from kneesense.frames import parse
from kneesense.records import RunRecords
from kneesense.store import Store
from kneesense.stored import StoredRun

DEVICE = "0a0b0c0d"
UTC_US = 1_767_225_600_000_000
S = 1_000_000
NOMINAL_HZ = 500


@dataclass
class Truth:
    """What really goes on, in true seconds since the first sample; and what each clock makes of it."""

    chip_hz: float = 500.0
    unit_ppm: float = 0.0
    """The unit's clock is too fast by that."""
    zero_us: int = 50 * S
    """Device time of the first sample; START was logged 40 ms before."""
    lasts_s: int = 620
    stop: bool = True

    def unit_us(self, true_s):
        return self.zero_us + round(true_s * (1 + self.unit_ppm / 1e6) * S)

    def utc_us(self, true_s):
        return UTC_US + round(true_s * S)

    def x16(self, true_s):
        return round(true_s * self.chip_hz * 16)

    @property
    def rate_mhz(self):
        """As the unit measures it: by its own clock."""
        return round(1000 * self.chip_hz / (1 + self.unit_ppm / 1e6))

    def frames(self):
        """A stride every 700 ms, with a mark at every tenth contact; PACE as the firmware writes it."""
        rows = [(-0.04, wire.START, {"rate_hz": NOMINAL_HZ})]
        rows += [
            (at, wire.PACE, {"at_x16": self.x16(at), "rate_mhz": self.rate_mhz})
            for at in (10.01, 310.0)
            if at < self.lasts_s
        ]
        for i in range(int((self.lasts_s - 2) / 0.7)):
            ic_s = 1 + 0.7 * i
            stride = {"ic_x16": self.x16(ic_s), "stride_x16": self.x16(0.7), "contact_x16": self.x16(0.25)}
            rows.append((ic_s + 0.8, wire.STRIDE, stride))
            if i % 10 == 0:
                rows.append((ic_s, wire.MARK, {}))
        if self.stop:
            samples = self.x16(self.lasts_s) // 16
            rows.append((self.lasts_s, wire.STOP, {"samples": samples, "rate_mhz": self.rate_mhz}))
        frames = []
        for seq, (at_s, record, values) in enumerate(sorted(rows, key=lambda row: row[0]), 1):
            filled = dict.fromkeys(record.names, 0) | values
            filled |= {"seq": seq, "boot": 1, "t_us": self.unit_us(at_s)}
            frames.append(parse(wire.frame(record, filled)))
        return frames


truths = st.builds(
    Truth,
    chip_hz=st.floats(475, 525),
    unit_ppm=st.floats(-100, 100),
    zero_us=st.integers(S, 10**11),
    lasts_s=st.sampled_from((30, 200, 620)),
    stop=st.booleans(),
)


@settings(max_examples=15, deadline=None)
@given(truths, st.floats(-0.5, 1.5), st.floats(-0.5, 1.5))
def test_seconds_are_the_units_dates_are_utc_and_samples_are_neither(
    tmp_path_factory, truth, read_at, again_at
):
    frames = truth.frames()
    asked = [part * truth.lasts_s for part in (read_at, again_at)]
    with Store(tmp_path_factory.mktemp("store") / "runs.sqlite") as store:
        store.add(DEVICE, frames)
        store.add_readings(
            DEVICE,
            1,
            [Reading(truth.unit_us(at), truth.utc_us(at), 5000) for at in asked if truth.unit_us(at) >= 0],
        )
        shown = StoredRun(store, store.runs()[0])
    fast = 1 + truth.unit_ppm / 1e6
    strides = [record for record in shown.records if record["type"] == "stride"]
    marks = [record for record in shown.records if record["type"] == "mark"]
    for i, stride in enumerate(strides):
        true_s = 1 + 0.7 * i
        assert stride["ic_s"] == pytest.approx(true_s * fast, abs=1e-3), "seconds since the first sample"
        assert stride["stride_s"] == pytest.approx(0.7 * fast, abs=2e-4)
        assert stride["cadence_spm"] == pytest.approx(120 / 0.7, abs=0.06)
        if i % 10 == 0:
            assert marks[i // 10]["t_s"] == pytest.approx(stride["ic_s"], abs=1e-3), (
                "one axis for both clocks"
            )
        date = shown.date
        t_us = date.zero_us + round(stride["ic_s"] * S)
        if date.tie is not None:
            assert abs(date.utc_us(t_us) - truth.utc_us(true_s)) <= date.tie.error_us(t_us) + 1000
    assert shown.start["rate_measured_hz"] == pytest.approx(truth.chip_hz / fast, abs=1e-3)
    assert shown.start["rate_hz"] == NOMINAL_HZ


@pytest.mark.parametrize("chip_hz", [475, 500, 525])
def test_a_live_run_goes_by_the_measured_rate_as_soon_as_the_unit_tells_it(chip_hz):
    truth = Truth(chip_hz)
    frames = truth.frames()
    live, known = RunRecords(), RunRecords(rate=pace.of(frames))
    told, right = ([reader.feed(f.name, f.values()) for f in frames] for reader in (live, known))
    paced = next(i for i, frame in enumerate(frames) if frame.name == "pace")
    assert told[paced + 1 :] == right[paced + 1 :]
    assert (told[paced] is None) == (chip_hz == NOMINAL_HZ), "what was told until now is to be corrected"
    if chip_hz != NOMINAL_HZ:
        assert told[paced]["message"] == f"sensor runs at {chip_hz}.00 Hz, not 500: times go by that"
        assert told[1] != right[1]


def test_a_run_cut_by_a_power_loss_has_the_last_rate_that_was_logged():
    frames = Truth(510, lasts_s=400, stop=False).frames()
    found = pace.of(frames)
    assert (found.rate_hz, found.measured) == (510.0, True)
    assert found.zero_us == pytest.approx(50 * S, abs=200), "a sixteenth of a sample"


def test_a_run_of_some_seconds_has_the_rate_it_was_set_to():
    truth = Truth(510, lasts_s=8, stop=False)
    assert pace.of(truth.frames()) == pace.RunPace(500.0, False, truth.unit_us(-0.04))


def test_an_older_firmware_tells_the_rate_at_the_end_only():
    frames = [frame for frame in Truth(510).frames() if frame.name != "pace"]
    found = pace.of(frames)
    assert (found.rate_hz, found.measured) == (510.0, True)
    assert pace.of(frames[:-1]).measured is False
