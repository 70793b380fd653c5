# SPDX-License-Identifier: MIT
"""Sessions, blocks, dose and what comes next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecore import programme, wire
from kneecore.programme import DEFAULT, Plan, ProgrammeError, Progress, Tally

RATE_HZ = 500
STRIDE_X16 = 16 * 350  # 0.7 s


def run(progress, seconds, in_blocks=True):
    """What `cueing` was after each stride."""
    seen = []
    for _ in range(round(seconds / 0.7)):
        progress.ran(STRIDE_X16, in_blocks)
        seen.append(progress.cueing)
    return seen


def test_the_default_grows_from_15_to_30_minutes_and_fades_from_the_fifth_session_on():
    minutes = [row[0] for row in DEFAULT]
    assert (len(DEFAULT), minutes[0], minutes[-1]) == (8, 15, 30)
    assert minutes == sorted(minutes)
    assert all(off_s == 0 for _, _, off_s in DEFAULT[:4])
    shares = [on_s / (on_s + off_s) for _, on_s, off_s in DEFAULT[4:]]
    assert shares == sorted(shares, reverse=True)
    assert 0 < shares[-1] < shares[0] < 1


@given(
    st.lists(
        st.tuples(
            st.integers(1, 255),
            st.integers(0, 255).map(lambda n: 10 * n),
            st.integers(0, 255).map(lambda n: 10 * n),
        ),
        max_size=programme.LONGEST,
    )
)
def test_three_bytes_a_session_and_back(sessions):
    data = programme.encode(sessions)
    assert len(data) == 3 * len(sessions)
    assert programme.decode(data) == tuple(sessions)
    prescription = {"token": 0, "runner": 1, "next": 1, "sessions": data}
    assert wire.decode(wire.frame(wire.PRESCRIBE, prescription))[1]["sessions"] == data


@pytest.mark.parametrize(
    ("sessions", "words"),
    [
        ([(0, 0, 0)], "session 1: 0 minutes"),
        ([(15, 0, 0), (256, 0, 0)], "session 2: 256 minutes"),
        ([(15, 15, 10)], "must be tens"),
        ([(15, 2560, 10)], "up to 2550"),
        ([(15, 0, 0)] * 81, "81 sessions"),
    ],
)
def test_what_cannot_be_encoded_is_named(sessions, words):
    with pytest.raises(ProgrammeError, match=words):
        programme.encode(sessions)


@pytest.mark.parametrize("data", [b"\x0f", b"\x0f\0\0\0\0\0", bytes(243)])
def test_bytes_that_are_no_programme(data):
    with pytest.raises(ProgrammeError):
        programme.decode(data)


def test_the_session_of_a_number():
    assert programme.plan(DEFAULT, 5) == Plan(5, 24, 120, 60)
    assert [programme.plan(DEFAULT, number) for number in (0, 9)] == [None, None]
    assert programme.plan((), 1) is None


def test_cues_throughout_until_the_minutes_are_run():
    progress = Progress(Plan(1, 15, 0, 0), RATE_HZ)
    assert all(run(progress, 15 * 60 - 2))
    assert not any(run(progress, 60)[4:])


def test_blocks_alternate_in_running_time_and_begin_with_the_target():
    progress = Progress(Plan(5, 24, 120, 60), RATE_HZ)
    assert all(run(progress, 200, in_blocks=False))
    seen = run(progress, 900)
    for block in range(5):
        assert all(seen[round((180 * block + 2) / 0.7) : round((180 * block + 118) / 0.7)])
        assert not any(seen[round((180 * block + 122) / 0.7) : round((180 * block + 178) / 0.7)])


@pytest.mark.parametrize(("minutes", "complete"), [(15.9, False), (16.1, True), (25, True)])
def test_four_fifths_complete_a_session(minutes, complete):
    progress = Progress(Plan(3, 20, 0, 0), RATE_HZ)
    run(progress, 60 * minutes)
    assert progress.complete is complete
    assert progress.following == (4 if complete else 3)


def test_dose_and_retention_are_the_fields_of_a_session_record():
    progress = Progress(Plan(8, 30, 30, 150), RATE_HZ)
    for _ in range(2000):
        progress.ran(STRIDE_X16, True)
        progress.count(17000 if progress.cueing else 16500, progress.cueing)
    progress.cues = 12
    values = progress.values(1, 16000, 17200, 320)
    _, told = wire.decode(wire.frame(wire.SESSION, {"seq": 1, "boot": 1, "t_us": 1, **values}))
    assert told["session"] == 8
    assert told["complete"] == 0
    assert told["planned_s"] == 1800
    assert told["run_s"] == 1400
    assert told["cues"] == 12
    assert (told["on_mean"], told["off_mean"]) == (17000, 16500)
    assert told["on_strides"] == told["on_in_band"] == pytest.approx(240 / 0.7, abs=10)
    assert told["off_strides"] == pytest.approx(1160 / 0.7, abs=10)
    assert told["off_in_band"] == 0
    assert (told["rule"], told["baseline"], told["target"], told["band"]) == (1, 16000, 17200, 320)


def test_strides_after_the_last_minute_count_for_nothing():
    progress = Progress(Plan(1, 1, 0, 0), RATE_HZ)
    run(progress, 61)
    progress.count(16000, True)
    assert progress.on.strides == progress.off.strides == 0


@given(st.lists(st.integers(-9000, 48000), min_size=1, max_size=200))
def test_the_mean_of_a_tally(values):
    tally = Tally()
    for value in values:
        tally.add(value, value > 0)
    assert tally.mean == sum(values) // len(values)
    assert tally.in_band == sum(value > 0 for value in values)


def test_the_mean_of_the_longest_session():
    tally = Tally()
    for _ in range(70_000):
        tally.add(-32767, False)
    assert (tally.strides, tally.mean) == (65535, -32767)
    assert Tally().mean == 0
