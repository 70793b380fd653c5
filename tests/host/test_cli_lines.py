# SPDX-License-Identifier: MIT
"""The text of records: it fits a terminal, numbers agree with words, dates are local for people."""

import time

import pytest

from kneecore import wire
from kneesense import times
from kneesense.cli import lines, output

STRIDE = {
    "type": "stride", "stride": 12345, "ic_s": 3725.04, "gait": "unsure", "cadence_spm": 165.25, "stride_s": 0.726,
    "contact_s": 0.2436, "pta_axial_g": 12.345, "lean_mid_deg": -12.34, "flags": [],
}  # fmt: skip
SUMMARY = {
    "type": "summary", "strides": 1, "cues": 1, "gaps": 1, "duration_s": 30.0, "run_s": 20.0, "walk_s": 5.0,
    "unsure_s": 2.0, "still_s": 2.0, "gap_s": 1.0, "mean_cadence_spm": 150.0, "log": None,
}  # fmt: skip


@pytest.mark.parametrize("count", range(len(wire.STRIDE_FLAGS) + 1))
def test_a_stride_fits_the_line_whatever_its_flags(count):
    for flags in (
        list(wire.STRIDE_FLAGS[:count]),
        list(wire.STRIDE_FLAGS[::-1][:count]),
        ["code_12"] * count,
    ):
        text = lines.line(STRIDE | {"flags": flags})
        assert len(text) <= output.COLUMNS
        assert text.startswith("12345 62:05.0 unsure 165.2 spm 0.244 s  12.3 g lean -12.3 deg")
        shown = text.split(" deg")[1].strip().split(",") if flags else []
        hidden = int(shown.pop()[1:]) if shown and shown[-1].startswith("+") else 0
        assert len(shown) + hidden == count


def test_unknown_values_are_dashes():
    unknown = dict.fromkeys(("cadence_spm", "contact_s", "pta_axial_g", "lean_mid_deg"))
    text = " ".join(lines.line(STRIDE | unknown).split())
    assert text == "12345 62:05.0 unsure - spm - s - g lean - deg"


def test_every_flag_has_its_words_in_the_help_of_show():
    from kneesense.cli.show import show

    for flag in wire.STRIDE_FLAGS:
        word = lines.line(STRIDE | {"flags": [flag]}).split()[-1]
        assert f"{word} (" in show.__doc__ or f"{word}," in show.__doc__, flag


def test_the_summary_tells_the_running_cadence_and_all_of_the_time():
    records = [STRIDE | {"gait": "run", "stride_s": 0.75}, STRIDE | {"gait": "walk", "stride_s": 1.2}]
    first, second = lines.summed_up(SUMMARY, records).splitlines()
    assert first == "1 stride in 0:30.0, running at 160.0 spm; 1 cue"
    assert second == "run 0:20.0, walk 0:05.0, unsure 0:02.0, still 0:02.0, 1 gap 0:01.0"
    assert lines.summed_up(SUMMARY | {"strides": 2, "cues": 0}, []).startswith("2 strides in 0:30.0; 0 cues")


def test_a_summary_says_where_flags_are_explained_when_there_are_any():
    plain, flagged = (STRIDE | {"gait": "run", "stride_s": 0.75, "flags": flags} for flags in ([], ["turn"]))
    assert "--help" not in lines.summed_up(SUMMARY, [plain])
    assert "kneesense show --help" in lines.summed_up(SUMMARY, [plain, flagged])


def test_long_lines_break_between_words_only(capsys):
    path = "/a/very/" + "long/" * 20 + "path.csv"
    output.Output(False).note(f"ok      strides: {'60 true contacts, ' * 6}\nlog: {path}")
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == f"log: {path}"
    assert all(len(line) <= output.COLUMNS for line in printed if path not in line)
    assert printed[1].startswith("        contacts")


def test_dates_are_utc_in_records_and_local_for_people(monkeypatch):
    assert times.utc(1_893_553_445_678_000) == "2030-01-02T03:04:05.678Z"
    assert times.utc_now().endswith("Z")
    monkeypatch.setenv("TZ", "Etc/GMT-3")  # three hours ahead
    time.tzset()
    try:
        assert times.local("2030-01-02T03:04:05.678Z") == "2030-01-02 06:04"
    finally:
        monkeypatch.undo()
        time.tzset()
    assert times.local(None) == "date unknown"
