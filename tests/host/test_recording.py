# SPDX-License-Identifier: MIT
"""Recordings: every way a file can be bad, what becomes of rows and gaps, and what quantising yields."""

import gzip

import numpy as np
import pytest

from kneecore import chips
from kneesense import recording
from kneesense.errors import InputError

CHIP = chips.find("mpu6050")
HEADER = "t_s,ax,ay,az,gx,gy,gz"


def rows(count=500, rate_hz=250, acc=9.81, gyro=0.1):
    """Lines of a sensor at rest but for a constant rate; ax counts the rows, so that a swap would show."""
    return [f"{i / rate_hz:.4f},{i / 1e4},{acc},0,{gyro},0,0" for i in range(count)]


@pytest.fixture
def write(tmp_path):
    def write(*lines, name="run.csv", end="\n"):
        path = tmp_path / name
        path.write_bytes((end.join(lines) + end).encode())
        return path

    return write


def refused(path):
    """The message of the refusal, with its advice; it names the file and ends with exit code 2."""
    with pytest.raises(InputError) as caught:
        recording.load(path)
    assert caught.value.exit_code == 2
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return f"{caught.value} | {caught.value.advice}"


def test_columns_are_found_by_name_in_any_order(write):
    loaded = recording.load(write("gz,gx,gy,t_s,az,ay,ax", "6,4,5,0,3,2,1"))
    assert loaded.t_s.tolist() == [0]
    assert loaded.acc.tolist() == [[1, 2, 3]]
    assert loaded.gyro.tolist() == [[4, 5, 6]]
    assert loaded.warnings == ()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_compressed_byte_order_mark_and_line_ends_make_no_difference(write, end):
    plain = recording.load(write(HEADER, *rows()))
    marked = write("\ufeff" + HEADER, *rows(), "", name="marked.csv", end=end)
    packed = marked.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(marked.read_bytes()))
    for path in (marked, packed):
        loaded = recording.load(path)
        assert np.array_equal(loaded.acc, plain.acc)
        assert np.array_equal(loaded.t_s, plain.t_s)
        assert loaded.warnings == ()


def test_a_header_alone_is_a_recording_of_nothing(write):
    loaded = recording.load(write(HEADER))
    assert len(loaded.t_s) == 0
    assert loaded.rate_hz == 0
    assert recording.quantise(loaded, 500, CHIP).samples == 0


def test_one_row_is_one_sample(write):
    quantised = recording.quantise(recording.load(write(HEADER, "5,0,9.80665,0,0,0,0")), 500, CHIP)
    assert quantised.t0_s == 5
    assert [segment.counts.tolist() for segment in quantised.segments] == [[0, 2048, 0, 0, 0, 0]]


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "empty file"),
    (b" \n\n", "empty file"),
    (b"\x00" * 64, "not a text file"),
    (b"\x1f\x8b broken", "cannot be read"),
    (gzip.compress(b"t_s,ax\n" * 999, mtime=0)[:-20], "cannot be read"),
    ("t_s,ax".encode("utf-16"), "not a text file"),
    (b"\x89PNG\r\n\x1a\n\xff\xfe", "not a text file"),
    (b't_s,ax,ay,az,gx,gy,gz\n"' + b"1" * 200_000, "not a CSV"),
])  # fmt: skip
def test_what_is_no_text_table_is_refused(tmp_path, content, reason):
    path = tmp_path / "run.csv"
    path.write_bytes(content)
    assert reason in refused(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "no such file" in refused(tmp_path / "none.csv")
    assert "is a folder" in refused(tmp_path)


@pytest.mark.parametrize(("unit", "per_s"), [("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
@pytest.mark.parametrize("rate_hz", [50, 500, 1000])
def test_times_in_another_unit_are_refused_naming_it(write, unit, per_s, rate_hz):
    rows = [f"{i * per_s / rate_hz:.0f},0,9.8,0,0,0,0" for i in range(200)]
    message = refused(write(HEADER, *rows))
    assert f"looks like {unit}" in message
    assert f"{per_s / rate_hz:g} a row" in message


def test_a_few_rows_far_apart_are_not_judged(write):
    assert len(recording.load(write(HEADER, "0,0,9.8,0,0,0,0", "2,0,9.8,0,0,0,0")).t_s) == 2


@pytest.mark.parametrize("last", ["4000", "1e18", "1e308"])
def test_rows_over_days_are_refused_before_memory_is_asked_for_them(write, last):
    with pytest.raises(InputError, match="rows over"):
        recording.load(write(HEADER, "0,0,9.8,0,0,0,0", f"{last},0,9.8,0,0,0,0"))


@pytest.mark.parametrize(("header", "reason"), [
    ("t_s,Ax,ay,az,gx,gy,gz", "column 'Ax' is not 'ax'"),
    ("t_s,ax_g,ay,az,gx,gy,gz", "column 'ax_g' is not 'ax'"),
    ("t_s,ax,ay,az,gx_dps,gy,gz", "column 'gx_dps' is not 'gx'"),
    ("t_s,ax,ay,az,gx [deg/s],gy,gz", "column 'gx [deg/s]' is not 'gx'"),
    ("t_ms,ax,ay,az,gx,gy,gz", "column 't_ms' is not 't_s'"),
    ("t,ax,ay,az,gx,gy,gz", "column 't' is not 't_s'"),
    ("t_s,ax,ay,az,gx,gy,gz,AX", "column 'AX' is not 'ax'"),
    ("t_s,ax,ay,az,gx,gy,gz,ax", "column 'ax' stands there twice"),
    ("t_s,ax,ay,az", "no gyroscope"),
    ("t_s,ax,ay,az,gx,gy", "no column gz"),
    ("time,ax,ay,az,gx,gy,gz", "no column t_s"),
    ("t_s;ax;ay;az;gx;gy;gz", "line 1: columns are not separated by commas"),
    ("t_s\tax\tay\taz\tgx\tgy\tgz", "line 1: columns are not separated by commas"),
    ("0,1,2,3,4,5,6", "line 1: numbers, no header"),
])  # fmt: skip
def test_a_header_that_is_not_exactly_ours_is_refused(write, header, reason):
    assert reason in refused(write(header, ",".join("0" * len(header.split(",")))))


@pytest.mark.parametrize(("row", "reason"), [
    ("0.004,abc,0,0,0,0,0", "line 3: 'abc' is not a number"),
    ('0.004,"1,5",0,0,0,0,0', "line 3: '1,5' is not a number | use a decimal point"),
    ("0,004,1,0,0,0,0,0", "line 3: 8 cells, the header has 7"),
    ("0.004,1,0", "line 3: 3 cells, the header has 7"),
])  # fmt: skip
def test_a_bad_row_is_refused_with_its_line(write, row, reason):
    assert reason in refused(write(HEADER, "0,1,9,0,0,0,0", row))


def test_unsorted_times_are_refused_with_the_line(write):
    lines = rows(20)
    lines[7], lines[8] = lines[8], lines[7]
    assert "line 10: t_s goes from 0.032 to 0.028" in refused(write(HEADER, *lines))
    lines = rows(20)
    lines[8] = lines[7].replace("9.81", "9.80")
    assert "line 10: t_s goes from 0.028 to 0.028" in refused(write(HEADER, *lines))


def test_times_that_restart_per_group_are_refused_naming_the_columns(write):
    lines = [f"{side},{cycle},{row},7" for side in "RL" for cycle in (1, 2) for row in rows(20)]
    message = refused(write("side,cycle," + HEADER + ",subject", *lines))
    assert "line 22: t_s restarts per side, cycle |" in message


def test_other_columns_are_ignored_with_one_warning_but_those_of_a_thigh_are_known(write):
    loaded = recording.load(write(HEADER + ",thigh_ax,mx,note", *(row + ",1,2,good" for row in rows())))
    assert [warning.split(": ", 1)[1] for warning in loaded.warnings] == ["ignored columns: mx, note"]


def test_rows_with_missing_values_are_dropped_counted_and_become_a_gap(write):
    lines = rows(500)
    lines[100] = "0.4000,nan,9.81,0,0,0,0"
    lines[101] = "0.4040,,9.81,0,0,0,0"
    loaded = recording.load(write(HEADER + ",note", *(row + "," for row in lines)))
    assert len(loaded.t_s) == 498
    assert loaded.gaps == {100: "nan"}
    assert "2 rows with missing values dropped, first line 102" in loaded.warnings[1]

    first, second = recording.quantise(loaded, 500, CHIP).segments
    assert (first.start, first.lost, len(first.counts) // 6) == (0, 0, 199)  # to row 99, at 0.396 s
    assert (second.start, second.lost, second.reason) == (204, 5, "nan")  # from row 102, at 0.408 s


def test_duplicated_rows_are_dropped_and_counted_without_a_gap(write):
    lines = rows(500)
    loaded = recording.load(write(HEADER, *lines[:200], lines[199], lines[199], *lines[200:]))
    assert len(loaded.t_s) == 500
    assert loaded.gaps == {}
    assert "2 duplicated rows dropped" in loaded.warnings[0]


def test_a_time_jump_is_a_gap_that_keeps_the_sample_count_with_the_time(write):
    lines = rows(500)
    loaded = recording.load(write(HEADER, *lines[:100], *lines[350:]))
    assert loaded.gaps == {100: "time_jump"}
    quantised = recording.quantise(loaded, 500, CHIP)
    first, second = quantised.segments
    assert second.start == 700  # row 350 at 1.4 s
    assert second.lost == 700 - len(first.counts) // 6
    assert quantised.samples == 999


def test_a_gap_between_two_samples_of_the_new_rate_loses_none(write):
    lines = rows(2000, rate_hz=1000)
    loaded = recording.load(
        write(HEADER, *lines[:501], *lines[502:])
    )  # row 501 lies between samples at 500 Hz
    assert loaded.gaps == {501: "time_jump"}
    assert [segment.lost for segment in recording.quantise(loaded, 500, CHIP).segments] == [0]


@pytest.mark.parametrize(("acc", "gyro", "reason"), [
    (1.0, 0.1, "it looks like g: multiply ax, ay, az by 9.80665"),
    (1000, 0.1, "it looks like mg: multiply ax, ay, az by 0.00980665"),
    (9810, 0.1, "it looks like mm/s^2: multiply ax, ay, az by 0.001"),
    (0, 0.1, "ax, ay, az must be in m/s^2"),
    (9.81, 300, "it looks like deg/s: multiply gx, gy, gz by 0.0174533"),
])  # fmt: skip
def test_a_wrong_unit_is_refused_with_the_likely_factor(write, acc, gyro, reason):
    assert reason in refused(write(HEADER, *rows(acc=acc, gyro=gyro)))


def test_a_slow_recording_is_taken_with_a_warning(write):
    loaded = recording.load(write(HEADER, *rows(100, rate_hz=50)))
    assert "50 Hz is too slow" in loaded.warnings[0]


def test_quantising_interpolates_scales_rounds_and_saturates(write):
    g = recording.G
    path = write(HEADER, f"1,{g},0,{-17 * g},0,0,0", f"1.004,{2 * g},0,{17 * g},{np.radians(100)},0,-40")
    quantised = recording.quantise(recording.load(path), 500, CHIP)
    assert (quantised.t0_s, quantised.rate_hz, quantised.samples) == (1, 500, 3)
    assert quantised.segments[0].counts.tolist() == [
        2048, 0, -32768, 0, 0, 0,
        3072, 0, 0, 820, 0, -18793,
        4096, 0, 32767, 1640, 0, -32768,
    ]  # fmt: skip


@pytest.mark.parametrize("rate_hz", [0, 199, 1001])
def test_a_rate_the_filters_are_not_made_for_is_refused(write, rate_hz):
    with pytest.raises(InputError, match="200 to 1000"):
        recording.quantise(recording.load(write(HEADER, *rows())), rate_hz, CHIP)


def test_the_recordings_at_hand_load_whole(data):
    for path in sorted((data / "nmsdyn_s0040").glob("*.csv.gz")):
        loaded = recording.load(path)
        assert loaded.gaps == {}
        assert loaded.rate_hz == pytest.approx(250, rel=1e-3)


def test_the_data_sets_that_are_no_recording_are_refused(data):
    assert "no gyroscope" in refused(data / "adept_ankle_run" / "left_ankle.csv.gz")
    assert "t_s restarts per side, cycle" in refused(data / "footnet_run_virtual" / "cycles.csv.gz")
