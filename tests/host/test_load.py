# SPDX-License-Identifier: MIT
"""Load: the study's table at its edges, silence where nothing is known, and what is said when ours is by time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesense import load
from kneesense.diary import Entry
from kneesense.load import Limit, Longest

TODAY = date(2030, 6, 30)
metres = st.integers(1, 200_000)


def run(days_ago, km=None, minutes=None, **values):
    return Entry(
        runner="Ann",
        day=TODAY - timedelta(days=days_ago),
        distance_m=None if km is None else round(1000 * km),
        duration_s=None if minutes is None else round(60 * minutes),
        **values,
    )


OLD = run(60, 5, 30)  # the diary is older than 30 days, and this run is not among them


def codes(found):
    return [finding.code for finding in found]


# --- the table -------------------------------------------------------------------------------------------------------

# Frandsen and others 2025, Results: state of a session -> hazard rate ratio (95 % CI); the reference has none.
TABLE = [
    ("regression, or up to 10 %", (1, 5_000, 10_000, 11_000), None, None),
    ("small, >10 % to 30 %", (11_001, 12_000, 13_000), "1.64", "1.31 to 2.05"),
    ("moderate, >30 % to 100 %", (13_001, 17_000, 20_000), "1.52", "1.16 to 2.00"),
    ("large, >100 %", (20_001, 100_000), "2.28", "1.50 to 3.48"),
]


@pytest.mark.parametrize(("state", "sessions", "ratio", "interval"), TABLE)
def test_the_table_of_the_study(state, sessions, ratio, interval):
    for session in sessions:
        row = load.band(session, 10_000)
        assert (row.rate_ratio, row.interval) == (ratio, interval) if row else ratio is None


@pytest.mark.parametrize(("percent", "below"), [(10, None), (30, "small"), (100, "moderate")])
@given(hundreds=st.integers(1, 10_000))
def test_the_edges_are_exact(percent, below, hundreds):
    """Whole metres: 10 % over a multiple of 100 m is a whole number, and one metre more is over it."""
    edge = hundreds * (100 + percent)
    row = load.band(edge, 100 * hundreds)
    assert (row and row.name) == below
    assert load.band(edge + 1, 100 * hundreds).over_percent == percent


@given(metres, metres, metres)
def test_a_longer_session_is_never_in_a_lower_band_and_a_longer_longest_never_in_a_higher_one(a, b, longest):
    def over(session, most):
        row = load.band(session, most)
        return row.over_percent if row else 0

    short, far = sorted((a, b))
    assert over(short, longest) <= over(far, longest)
    assert over(longest, far) <= over(longest, short)


@given(metres, metres, st.integers(1, 1000))
def test_the_unit_of_length_changes_nothing(session, longest, scale):
    assert load.band(session, longest) == load.band(scale * session, scale * longest)


# --- one session against the 30 days before it -----------------------------------------------------------------------


def test_a_jump_by_distance_is_told_with_its_figures_and_its_source():
    (found,) = load.session([OLD, run(20, 10), run(0, 11.5)])
    assert (found.code, found.level) == ("session_small", load.ADVICE)
    assert "11.5 km is 15 % over" in found.message
    assert "10.0 km" in found.message
    assert "1.64 times the rate" in found.message
    assert "by time" not in found.message
    assert "5,205 runners" in found.why
    assert "1.31 to 2.05" in found.why


def test_by_time_it_says_so():
    (found,) = load.session([OLD, run(20, None, 40), run(0, None, 60)])
    assert found.code == "session_moderate"
    assert "ours is by time, the study by distance" in found.message


def test_one_run_without_a_distance_makes_it_go_by_time():
    """A run whose distance nobody wrote down may have been the longest."""
    (found,) = load.session([OLD, run(20, 10, 50), run(10, None, 90), run(0, 12, 100)])
    assert found.code == "session_small"
    assert "by time" in found.message


def test_neither_for_all_is_said():
    assert codes(load.session([OLD, run(20, 10), run(10, None, 90), run(0, 12, 100)])) == ["not_comparable"]


@pytest.mark.parametrize(("days_ago", "told"), [(30, []), (31, ["first_in_30_days"]), (1, []), (0, [])])
def test_the_window_is_the_30_days_before(days_ago, told):
    runs = [run(90, 3), run(days_ago, 10), run(0, 10)]
    assert codes(load.session(runs)) == told


@pytest.mark.parametrize(("days_ago", "silent"), [(29, True), (30, False), (31, False)])
def test_without_history_it_is_silent_and_says_so(days_ago, silent):
    """A diary that began less than 30 days ago does not know what came before."""
    found = load.session([run(days_ago, 5), run(5, 5), run(0, 50)])
    assert (codes(found) == ["no_history"]) == silent
    if silent:
        assert found[0].level == load.ASK
        assert "longest run in the last 30 days?" in found[0].why


def test_the_runner_s_answer_is_history_enough():
    answer = Longest(TODAY - timedelta(days=3), distance_m=20_000)
    assert load.session([run(0, 22)], answer) == []
    assert codes(load.session([run(0, 22.001)], answer)) == ["session_small"]
    assert codes(load.session([run(0, None, 60)], answer)) == ["not_comparable"]


def test_an_answer_counts_for_30_days():
    for days, told in ((30, ["session_large"]), (31, ["no_history"])):
        assert codes(load.session([run(0, 22)], Longest(TODAY - timedelta(days=days), 5_000))) == told


def test_the_longest_of_answer_and_runs_counts():
    answer = Longest(TODAY - timedelta(days=3), distance_m=8_000)
    assert codes(load.session([run(2, 20), run(0, 22)], answer)) == []


def test_an_answer_of_none_is_no_run_to_compare_with():
    assert codes(load.session([run(0, 5)], Longest(TODAY, distance_m=0))) == ["first_in_30_days"]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 40)), min_size=1, max_size=12), st.integers(1, 60)
)
def test_whatever_the_history_at_most_one_thing_is_said_of_a_session(history, km):
    runs = sorted((run(days, far) for days, far in history), key=lambda entry: entry.day)
    found = load.session([*runs, run(0, km)])
    assert len(found) <= 1
    if found and found[0].code.startswith("session_"):
        window = [entry.distance_m for entry in runs if (TODAY - entry.day).days <= 30]
        assert 10 * 1000 * km > 11 * max(window)


# --- the next run ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "limit"),
    [
        ([run(3, 10), run(1, 8)], ("distance_m", 11_000)),
        ([run(3, 10, 60), run(1, None, 45)], ("duration_s", 66 * 60)),
        ([run(3, 10), run(1, 8, pain={"after": 1})], ("distance_m", 7_900)),
        ([run(3, 10), run(1, 8.05, pain={"morning": 1})], ("distance_m", 7_900)),
        ([run(1, None, 45, pain={"hour": 2})], ("duration_s", 44 * 60)),
        ([run(1, 8, 45, pain_marked_s=(25 * 60 + 40, 1800))], ("duration_s", 25 * 60)),
        ([run(1, 8, 45, pain_marked_s=(20,))], ("distance_m", 7_900)),
        ([run(1, 8, pain={"after": 0})], ("distance_m", 8_800)),
        ([run(31, 8)], None),
        ([], None),
        ([run(1, surface="road", run=1, pain={"after": 3})], None),
        ([run(1, 8, signs=("limping",))], None),
        ([run(9, 8, signs=("locking",)), run(1, 8)], None),
        ([run(2, 8), run(0, signs=("swelling",))], None),
        ([run(2, 8), run(0, pain={"after": 2})], ("distance_m", 7_900)),
        ([run(3, pain={"after": 2}), run(2, 8)], ("distance_m", 8_800)),
        ([run(1, 8, signs=())], ("distance_m", 8_800)),
    ],
)
def test_how_long_the_next_run_may_be(runs, limit):
    found = load.next_run(runs, TODAY)
    assert (found and (found.measure, found.most)) == limit


def test_standing_still_is_no_load():
    stood = run(1, None, 45, still_s=20 * 60)
    assert stood.moving_s == 25 * 60
    assert load.next_run([stood], TODAY) == load.next_run([run(1, None, 25)], TODAY)
    assert load.session([run(31, None, 20), run(3, None, 25), stood]) == []


@given(metres, st.integers(1, 10))
def test_after_pain_the_next_run_is_shorter(distance_m, level):
    found = load.next_run([run(0, distance_m / 1000, pain={"after": level})], TODAY)
    assert found is None or found.most <= distance_m - 100


@given(metres)
def test_without_pain_the_next_run_is_in_no_band(distance_m):
    found = load.next_run([run(0, distance_m / 1000)], TODAY)
    assert found is None or load.band(found.most, distance_m) is None


def test_a_limit_in_words():
    assert Limit("duration_s", 1500, "").text == "at most 25 min"
    assert Limit("distance_m", 7_950, "").text == "at most 7.9 km"


# --- surface, hills, shoes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (["road", "gravel"], "trail", ["surface_change"]),
        (["road", "gravel"], "road", []),
        ([None, None], "trail", []),
        (["road"], None, []),
        ([], "road", []),
    ],
)
def test_a_surface_of_none_of_the_last_30_days(before, now, told):
    runs = [
        run(40, 5, surface=now),
        *(run(9, 5, surface=surface) for surface in before),
        run(0, 5, surface=now),
    ]
    assert codes(load.surface(runs)) == told


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (["flat", "rolling"], "hilly", ["hill_jump"]),
        (["flat", "hilly"], "rolling", []),
        (["flat"], "flat", []),
        ([None], "steep", []),
        (["steep"], None, []),
    ],
)
def test_more_hills_than_in_the_last_30_days(before, now, told):
    runs = [*(run(9, 5, hills=hills) for hills in before), run(0, 5, hills=now)]
    assert codes(load.hills(runs)) == told


@pytest.mark.parametrize(("before", "told"), [(False, ["stairs"]), (True, []), (None, [])])
def test_the_first_stairs(before, told):
    assert codes(load.hills([run(9, 5, stairs=before), run(0, 5, stairs=True)])) == told


@pytest.mark.parametrize(
    ("metres", "told"),
    [
        (499_999, []),
        (500_000, []),
        (500_001, ["shoe_wearing"]),
        (800_000, ["shoe_wearing"]),
        (800_001, ["shoe_worn"]),
    ],
)
def test_shoes_past_500_and_800_km(metres, told):
    runs = [run(1, 5, shoe="blue"), run(0, 5, shoe="blue")]
    assert codes(load.shoe(runs[-1], runs, {"blue": (metres, True)})) == told


def test_kilometres_that_are_not_all_known_are_at_least_so_many():
    this = run(0, 5, shoe="blue")
    (found,) = load.shoe(this, [this], {"blue": (600_000, False)})
    assert found.message == "blue: at least 600.0 km: past 500 km"


def test_new_shoes():
    old, new, again = run(2, 5, shoe="red"), run(1, 5, shoe="blue"), run(0, 5, shoe="blue")
    assert codes(load.shoe(new, [old, new], {"blue": (5_000, True)})) == ["shoe_new"]
    assert load.shoe(new, [old, new], {"blue": (205_000, True)}) == [], "worn before the diary began"
    assert load.shoe(again, [old, new, again], {"blue": (10_000, True)}) == []
    assert load.shoe(new, [new], {"blue": (5_000, True)}) == [], "the first pair that is written down"


# --- all of it -------------------------------------------------------------------------------------------------------


def test_the_most_urgent_comes_first_and_everything_has_a_reason():
    runs = [
        OLD,
        run(9, 5, surface="road", pain={"after": 1}),
        run(4, 5, pain={"after": 2}),
        run(0, 20, surface="trail", pain={"after": 3}, signs=("swelling",)),
    ]
    found = load.findings(runs, TODAY)
    assert codes(found)[:2] == ["red_flag", "assess_runs"]
    assert {"session_large", "pain_rising", "surface_change", "pain"} <= set(codes(found))
    assert "next_run" not in codes(found)
    assert [finding.rank for finding in found] == sorted(finding.rank for finding in found)
    assert all(finding.message and finding.why for finding in found)


def test_an_empty_diary_says_nothing():
    assert load.findings([], TODAY) == []


def test_what_is_written_of_later_days_is_not_yet():
    assert load.findings([run(-1, 5, signs=("swelling",))], TODAY) == []


def test_a_run_long_ago_is_no_news():
    assert load.findings([run(90, 5), run(31, 50)], TODAY) == []
