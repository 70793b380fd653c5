# SPDX-License-Identifier: MIT
"""Distance and time out of GPX, TCX and FIT files; what is broken is told, what is not in them is not made up."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneesense import times, trackfile
from kneesense.errors import ExtraMissing, InputError

START = "2030-03-17T17:46:40Z"
START_US = 1_900_000_000_000_000
DEGREE_M = math.pi * 6_371_008.8 / 180


def gpx(segments, namespace="http://www.topografix.com/GPX/1/1", timed=True):
    """Points 100 m apart on a meridian, one a half minute."""
    count = 0
    text = ""
    for points in segments:
        text += "<trkseg>"
        for _ in range(points):
            time = f"<time>{times.utc(START_US + 30_000_000 * count)}</time>" if timed else ""
            text += f'<trkpt lat="{50 + 100 * count / DEGREE_M:.9f}" lon="7.1"><ele>90</ele>{time}</trkpt>'
            count += 1
        text += "</trkseg>"
    return f'<?xml version="1.0"?><gpx xmlns="{namespace}" version="1.1"><trk>{text}</trk></gpx>'


def tcx(laps, points=()):
    track = "".join(
        f"<Trackpoint><Time>{time}</Time><DistanceMeters>{far}</DistanceMeters></Trackpoint>"
        for time, far in points
    )
    body = "".join(
        f'<Lap StartTime="{START}"><TotalTimeSeconds>{seconds}</TotalTimeSeconds>'
        f"<DistanceMeters>{metres}</DistanceMeters><Track>{track}</Track></Lap>"
        for seconds, metres in laps
    )
    name = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    activity = f'<Activity Sport="Running"><Id>{START}</Id>{body}</Activity>'
    return f'<TrainingCenterDatabase xmlns="{name}">{activity}</TrainingCenterDatabase>'


@pytest.fixture
def read(tmp_path):
    def read(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return trackfile.read(path)

    return read


def test_a_gpx_track_is_as_long_as_its_points_are_apart(read):
    track = read("run.gpx", gpx([11]))
    assert track == trackfile.Track("gpx", 1000, START_US, 300)


def test_a_pause_between_segments_is_no_way(read):
    assert read("run.gpx", gpx([6, 6])).distance_m == 1000


def test_the_version_of_gpx_does_not_matter(read):
    assert read("run.GPX", gpx([11], "http://www.topografix.com/GPX/1/0")).distance_m == 1000


def test_a_gpx_without_times_has_a_distance(read):
    assert read("run.gpx", gpx([11], timed=False)) == trackfile.Track("gpx", 1000, None, None)


def test_a_quarter_of_the_equator():
    assert trackfile._apart_m((0.0, 0.0), (0.0, 90.0)) == pytest.approx(math.pi / 2 * 6_371_008.8)


def test_a_tcx_run_is_the_sum_of_its_laps(read):
    points = [(START, 0), ("2030-03-17T17:56:40.000Z", 2500)]
    assert read("run.tcx", tcx([(300, 1250.4), (300, 1250.4)], points)) == trackfile.Track(
        "tcx", 2501, START_US, 600
    )


def test_a_tcx_whose_laps_say_0_is_as_long_as_its_last_point(read):
    assert (
        read("run.tcx", tcx([(600, 0)], [(START, 0), ("2030-03-17T17:56:40+00:00", 2500)])).distance_m == 2500
    )


def test_a_treadmill_has_a_time_and_no_distance(read):
    assert read("run.tcx", tcx([(600, 0)])) == trackfile.Track("tcx", None, START_US, 600)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("run.gpx", "", "is no XML"),
        ("run.gpx", gpx([3])[:-20], "is no XML"),
        ("run.gpx", "<gpx/>", "no track"),
        ("run.gpx", '<gpx><trk><trkseg><trkpt lat="x" lon="1"/><trkpt lat="2" lon="1"/></trkseg></trk></gpx>', "float"),
        ("run.gpx", '<!DOCTYPE a [<!ENTITY b "c">]><gpx>&b;</gpx>', "XML definitions"),
        ("run.gpx", gpx([3]).replace("2030-03-17T17:46:40.000Z", "17.3.2030 18:46"), "Invalid isoformat"),
        ("run.tcx", "<a/>", "no lap"),
        ("run.tcx", tcx([(600, "far")]), "float"),
        ("run.fit", b"", "no session"),
        ("run.fit", b"\x0e\x20" + bytes(40), "FIT"),
        ("run.kml", "<kml/>", "neither"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_told(read, name, content, what):
    with pytest.raises(InputError, match=what) as caught:
        read(name, content)
    assert name in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        trackfile.read(tmp_path / "run.gpx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_definitions_are_refused_in_every_encoding(read, encoding):
    bomb = f"<?xml version='1.0' encoding='{encoding}'?><!DOCTYPE a [<!ENTITY b 'c'>]>{gpx([3])[21:]}"
    with pytest.raises(InputError, match="XML definitions"):
        read("run.gpx", bomb.encode(encoding))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.tcx", tcx([("inf", 5)])),
        ("run.tcx", tcx([(60, "inf")])),
        ("run.tcx", tcx([(60, "nan")])),
        ("run.tcx", tcx([(60, "-500")])),
        ("run.tcx", tcx([("-60", 500)])),
        ("run.tcx", tcx([(60, "1e30")])),
        ("run.tcx", tcx([("1e30", 5)])),
        ("run.tcx", tcx([(60, 5)]).replace("2030", "9999")),
        ("run.gpx", gpx([3]).replace('lat="50.0', 'lat="nan" x="', 1)),
        ("run.gpx", gpx([3]).replace("2030-03-17T17:46:40.000Z", "0001-01-01T00:00:00+14:00")),
        ("run.gpx", gpx([3]).replace("2030-03-17T17:46:40.000Z", "2029-03-17T17:46:40.000Z")),
        ("run.gpx", '<?xml version="1.0" encoding="foo"?><gpx/>'),
    ],
)
def test_numbers_that_no_run_has_are_refused(read, name, content):
    with pytest.raises(InputError) as caught:
        read(name, content)
    assert name in str(caught.value)


def test_a_fit_session_farther_than_anybody_runs_is_refused(read):
    with pytest.raises(InputError, match="500 km"):
        read("run.fit", fit(1_900_000_000 - 631_065_600, 2_700_000, 50_000_100))


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("files")
    for name in ("a.gpx", "a.tcx", "a.fit"):
        (folder / name).write_bytes(content)
        with pytest.raises(InputError):
            trackfile.read(folder / name)


def fit(start_s, elapsed_ms, distance_cm):
    """A FIT file with one session message: start_time (2), total_elapsed_time (7), total_distance (9)."""
    definition = struct.pack("<BBBHB", 0x40, 0, 0, 18, 3) + bytes((2, 4, 0x86, 7, 4, 0x86, 9, 4, 0x86))
    body = definition + b"\x00" + struct.pack("<III", start_s, elapsed_ms, distance_cm)
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    head += struct.pack("<H", crc(head))
    return head + body + struct.pack("<H", crc(head + body))


def crc(data):
    """CRC-16 of the FIT protocol, polynomial 0xA001 reflected."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value


def test_a_fit_session(read):
    pytest.importorskip("fitdecode", reason="needs the extra fit")
    content = fit(1_900_000_000 - 631_065_600, 2_700_000, 840_050)
    assert read("run.fit", content) == trackfile.Track("fit", 8400, START_US, 2700)


def test_a_fit_file_without_its_distance(read):
    pytest.importorskip("fitdecode", reason="needs the extra fit")
    content = fit(1_900_000_000 - 631_065_600, 2_700_000, 0xFFFFFFFF)  # the format's "not there"
    assert read("run.fit", content) == trackfile.Track("fit", None, START_US, 2700)


@given(st.data())
def test_a_changed_byte_of_a_fit_file_is_told(tmp_path_factory, data):
    """By a checksum, or by what cannot be."""
    content = bytearray(fit(1_268_934_400, 2_700_000, 840_050))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("files") / "a.fit"
    path.write_bytes(content)
    with pytest.raises(InputError):
        trackfile.read(path)


def test_fit_without_its_reader_names_the_extra(read, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fitdecode", None)
    with pytest.raises(ExtraMissing) as caught:
        read("run.fit", b"")
    assert "[fit]" in caught.value.advice
