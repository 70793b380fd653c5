# SPDX-License-Identifier: MIT
"""The report: its first sentence is right, every number is the store's, it is whole without script, net or markup of a
runner's."""

import re
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storedruns import NEW_YEAR_US, Recorder
from therapy import weeks

from kneecore import wire
from kneesense import diary, times
from kneesense.report import facts, page
from kneesense.report.markup import number, tag
from kneesense.store import Store
from reported import Page, wrong

DAY_US = 86_400_000_000


@pytest.fixture
def store(home):
    with Store(home / "runs.sqlite") as store:
        yield store


@pytest.fixture(scope="module")
def treated(tmp_path_factory):
    """Eight sessions in a few minutes each."""
    with Store(tmp_path_factory.mktemp("weeks") / "runs.sqlite") as store:
        weeks(store, sessions=8, speed=5)
        yield store


def made(store, now_us, word="last", since_us=None, runner="Ann"):
    gathered = facts.gathered(store, word, since_us, runner, now_us)
    return Page(page.html(gathered, times.utc(now_us)))


LAST_US = times.meant("2027-03-15T12:00Z")


def test_of_a_programme_of_eight_sessions_the_sentence_is_right_and_every_number_is_the_stores(treated):
    run = [r for r in treated.runs() if r.device.endswith("0d")][-1]
    told = made(treated, LAST_US, str(run.id))
    assert wrong(told, treated, times.day(LAST_US)) == []
    keys = {key for key, *_ in told.numbers}
    for part in ("headline", "baseline", "run", "programme", "load", "pain", "hips", "symmetry", "advice"):
        assert any(key.startswith(part + ".") for key in keys), part
    change = next(value for key, value, _ in told.numbers if key == "headline.change_percent")
    assert (
        told.first
        == f"Cadence +{change:.0f} % over baseline, knee 1/10, next run at most {told.first.split()[-2]} km."
    )
    assert 3 < change < 8, "the runner was made so"


def test_the_runs_since_a_day_are_a_row_each(treated):
    told = made(treated, LAST_US, None, times.meant("2027-03-05T00:00Z"))
    assert wrong(told, treated, times.day(LAST_US)) == []
    assert told.first.startswith("After 6 runs since 2027-03-05: cadence +")


def test_the_other_leg_has_the_same_programme(treated):
    left = next(r for r in treated.runs() if r.device.endswith("0e"))
    told = made(treated, LAST_US, str(left.id))
    assert "8 of 8 sessions done" in told.text
    assert f"run {left.id}, " in told.text
    assert told.first.startswith("Cadence +"), "against the unit's own baseline"


def test_a_number_that_is_not_the_stores_is_found(treated):
    now = facts.gathered(treated, "8", None, "Ann", LAST_US)
    html = page.html(now, times.utc(LAST_US))
    spoilt = html.replace(f'value="{now.last.summary["strides"]}"', 'value="1"', 1)
    assert spoilt != html
    assert len(wrong(Page(spoilt), treated, times.day(LAST_US))) == 2, "and its text no longer fits"


def test_it_needs_no_script_no_net_and_no_other_file(treated):
    html = page.html(facts.gathered(treated, "8", None, "Ann", LAST_US), times.utc(LAST_US))
    told = Page(html)
    assert not {"script", "link", "img", "iframe", "object"} & set(told.tags)
    assert re.findall(r"(?:src|href)=|url\(|@import", html) == []
    assert set(re.findall(r"https?://[^\"' <]+", html)) == {"http://www.w3.org/2000/svg"}
    assert len(html) < 200_000
    assert 'lang="en"' in html
    assert html.count('role="img"') == html.count("<title>") - 1 == told.tags.count("svg")
    assert told.tags.count("h1") == 1


NAMES = ["<script>alert(1)</script>", "Ann & 'Bea' \"C\"", "</title><b>", "\u202eoof", "{x}", "%s"]


@pytest.mark.parametrize("name", NAMES)
def test_a_runners_name_stays_a_name(store, name):
    run = Recorder(store, runner=name).run(40)
    diary.write(store, name, date(2027, 1, 1), run=run, values={"places": ("shin",)}, pain={"after": 1})
    told = made(store, NEW_YEAR_US + DAY_US, runner=name)
    assert name in told.text
    assert not {"script", "b"} & set(told.tags)


@given(st.text(), st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_is_read_back_as_it_was_written(text, attribute, value):
    told = Page(str(tag("p", text, number(value, attribute, "{:.3g}"), class_=attribute)))
    assert (
        told.text.startswith(text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " "))
        or "\r" in text
        or "\x00" in text
    )
    assert [n[1] for n in told.numbers] == [value]


def one(store, *arguments, **options):
    """The page of a runner with one run, some time after it."""
    Recorder(store).run(*arguments, **options)
    told = made(store, NEW_YEAR_US + DAY_US)
    assert wrong(told, store, date(2027, 1, 2)) == []
    return told


def test_a_first_run_alone_has_no_baseline_and_says_so(store):
    assert one(store, 200).first == "Cadence 171 steps/min, knee not asked, next run at most 2 min."


@pytest.mark.parametrize("strides", [0, 1])
def test_a_run_without_running_is_a_report_too(store, strides):
    told = one(store, strides, each={"gait": 1})
    assert told.first.startswith("No running recorded, knee not asked")
    assert "No running stride was recorded." in told.text


def test_nothing_measured_is_a_dash_and_never_a_zero(store):
    unknown = {"pta_axial_mg": wire.UNKNOWN_U16, "contact_x16": 0, "lean_mid_cdeg": wire.UNKNOWN_I16}
    told = one(store, 200, each=unknown, ended=False)
    assert not {"run.1.mean.pta_axial_g", "run.1.mean.contact_s"} & {key for key, *_ in told.numbers}
    assert "run.1.run_s" in told.unknown
    assert "its end has not been fetched yet" in told.text


def test_what_is_wrong_with_strides_is_counted(store):
    loose = {n: {"flags": wire.FLAG_STRAP_LOOSE | wire.FLAG_TURN} for n in range(5)}
    told = one(store, 200, more=loose | {9: {"flags": wire.FLAG_CLIPPED, "pta_axial_mg": wire.UNKNOWN_U16}})
    counts = {key: value for key, value, _ in told.numbers if ".flag." in key}
    assert counts == {"run.1.flag.clipped": 1, "run.1.flag.strap_loose": 5, "run.1.flag.turn": 5}
    assert "do not trust their lean" in told.text


def test_a_run_without_a_date_has_a_report_without_a_next_run(store):
    Recorder(store).run(200, start_us=None)
    told = made(store, NEW_YEAR_US)
    assert told.first == "Cadence 171 steps/min, knee not asked."
    assert "date unknown" in told.text


def test_the_first_run_is_the_baseline_where_the_unit_has_none(store):
    recorder = Recorder(store)
    recorder.run(200, stride_x16=6000)  # 160 a minute
    recorder.run(200, start_us=NEW_YEAR_US + DAY_US, stride_x16=5600)
    told = made(store, NEW_YEAR_US + 2 * DAY_US)
    assert told.first.startswith("Cadence +7 % over baseline")
    assert "Baseline: the first run here, number 1." in told.text
    slower = made(store, NEW_YEAR_US + 2 * DAY_US, "1")
    assert slower.first == "Cadence 160 steps/min, knee not asked.", (
        "of an earlier run nothing follows for the next"
    )


@pytest.mark.parametrize(
    ("stride_x16", "told"), [(6400, "Cadence -12 % against baseline"), (5610, "Cadence as at baseline")]
)
def test_less_than_the_baseline_is_not_over_it(store, stride_x16, told):
    recorder = Recorder(store)
    recorder.run(200)
    recorder.run(200, start_us=NEW_YEAR_US + DAY_US, stride_x16=stride_x16)
    assert made(store, NEW_YEAR_US + 2 * DAY_US).first.startswith(told)


def test_a_red_flag_stands_where_the_next_run_would(store):
    run = Recorder(store).run(900)
    diary.write(store, "Ann", date(2027, 1, 1), run=run, values={"signs": ("locking",)}, pain={"after": 6})
    told = made(store, NEW_YEAR_US + DAY_US)
    assert told.first.startswith(
        "Cadence 171 steps/min, knee 6/10; the knee locks or catches: stop running and see"
    )
    assert "next run" not in told.first


@pytest.mark.parametrize(
    ("run_s", "signs", "level"), [(900, ("locking",), 6), (900, ("limping",), 0), (60, (), 3)]
)
def test_a_programme_is_no_way_around_a_stop(store, run_s, signs, level):
    recorder = Recorder(store)
    run = recorder.run(round(run_s / 0.7))
    store.set_programme(recorder.device, (1, 1), bytes((15, 0, 0)))
    diary.write(store, "Ann", date(2027, 1, 1), run=run, values={"signs": signs}, pain={"after": level})
    assert "next run at most" not in made(store, NEW_YEAR_US + DAY_US).text


def test_a_programme_limits_a_run_that_nothing_else_does(store):
    recorder = Recorder(store)
    recorder.run(1000)
    store.set_programme(recorder.device, (1, 1), bytes((10, 0, 0)))
    assert made(store, NEW_YEAR_US + DAY_US).first.endswith("next run at most 10 min.")


def test_a_pain_mark_is_in_the_sentence_and_in_the_drawing(store):
    told = one(store, 300, also=((wire.MARK, 120.0, {"kind": 0}),))
    assert "pain marked in the run, next run at most 2 min" in told.first
    assert "1:59" in told.text or "2:00" in told.text


def test_a_run_whose_time_nobody_knows_is_not_silently_missing_from_the_load(store):
    Recorder(store).run(900)
    diary.write(store, "Ann", date(2027, 1, 2), values={"distance_m": 9000})
    told = made(store, NEW_YEAR_US + 2 * DAY_US)
    assert "runs without a time, which are not in it: 1" in told.text
    assert wrong(told, store, date(2027, 1, 3)) == []


def test_a_run_over_the_end_of_daylight_saving_has_both_offsets(store, zone):
    zone("Europe/Berlin")
    start_us = times.meant("2026-10-25T00:30Z")
    Recorder(store).run(3000, start_us=start_us)
    assert "2026-10-25 02:30 +02:00 to 02:05 +01:00" in made(store, start_us + DAY_US).text


def test_west_of_greenwich_too(store, zone):
    zone("America/New_York")
    start_us = times.meant("2026-11-01T05:30Z")
    Recorder(store).run(3000, start_us=start_us)
    assert "2026-11-01 01:30 -04:00 to 01:05 -05:00, right leg" in made(store, start_us + DAY_US).text


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.lists(
        st.fixed_dictionaries(
            {
                "stride_x16": st.integers(0, 20_000),
                "contact_x16": st.integers(0, 9000),
                "gait": st.integers(0, 3),
                "confidence": st.integers(0, 100),
                "lean_mid_cdeg": st.integers(-32768, 32767),
                "pta_axial_mg": st.integers(0, 65535),
                "cue_state": st.integers(0, 10),
            }
        ),
        max_size=30,
    )
)
def test_any_strides_make_a_report_whose_numbers_are_the_stores(tmp_path_factory, fields):
    with Store(tmp_path_factory.mktemp("any") / "runs.sqlite") as store:
        Recorder(store).run(len(fields), more=dict(enumerate(fields)))
        told = made(store, NEW_YEAR_US + DAY_US)
        assert [line for line in wrong(told, store, date(2027, 1, 2)) if "next_run" not in line] == []


# --- the command


def test_the_command_writes_the_page_and_tells_the_sentence(tell, tell_json, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Recorder(store).run(200)
    code, out, _ = tell("report")
    assert code == 0
    assert out[-1] == "report: report.html"
    assert Page((tmp_path / "report.html").read_text()).first == " ".join(" ".join(out[:-1]).split())
    assert tell("report")[0] == 2, "an existing file stays"
    code, records, _ = tell_json("report", "last", "--overwrite")
    assert (code, records[-1]["runs"], records[-1]["runner"]) == (0, [1], "Ann")


WRONG = [
    (("1", "--since", "2027-01-01"), 2, "either one run or --since"),
    (("--since", "2027-01-01"), 2, "--runner NAME"),
    (("9",), 3, "no run 9"),
    (("--since", "2030-01-01", "--runner", "Ann"), 3, "no runs of Ann since"),
]


@pytest.mark.parametrize(("arguments", "code", "told"), WRONG)
def test_what_cannot_be_is_told(tell, store, tmp_path, monkeypatch, arguments, code, told):
    monkeypatch.chdir(tmp_path)
    Recorder(store).run(3)
    Recorder(store, "0a0b0c0e", runner="Bea").run(3)
    found, _, err = tell("report", *arguments)
    assert found == code
    assert told in err[0]
    assert not (tmp_path / "report.html").exists()
