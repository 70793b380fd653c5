# SPDX-License-Identifier: MIT
"""How far and how long a run was, out of a GPX, TCX or FIT file of a watch or phone; nothing else is read from it.

GPX: points of each segment joined on a sphere of 6,371,008.8 m (mean radius of WGS 84); between segments nothing is
added, a pause is no way.  TCX: the laps' DistanceMeters, where they are 0 the last point's.  FIT: the session's
total_distance, by fitdecode.  A file without a distance, as of a treadmill, still has its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from xml.etree import ElementTree

from .diaryinput import FARTHEST_M, LONGEST_S
from .errors import ExtraMissing, InputError
from .times import END_UTC_US

_EARTH_M = 6_371_008.8
_MOST = 1e7  # metres or seconds
_MOST_BYTES = 100_000_000
_KINDS = {".gpx": "gpx", ".tcx": "tcx", ".fit": "fit"}
_WANTED = "a GPX, TCX or FIT file of one run"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Track:
    """One run by somebody else's clock and ruler."""

    kind: str
    """gpx, tcx or fit."""
    distance_m: int | None
    start_us: int | None
    """UTC since 1970."""
    duration_s: int | None
    """From its first to its last moment, pauses included."""

    def __post_init__(self) -> None:
        """ValueError for what no run can be."""
        if self.distance_m is not None and not 0 < self.distance_m <= FARTHEST_M:
            raise ValueError(f"{self.distance_m} m are no run (at most {FARTHEST_M // 1000} km)")
        if self.duration_s is not None and not 0 < self.duration_s <= LONGEST_S:
            raise ValueError(f"{self.duration_s} s are no run (at most {LONGEST_S // 3600} hours)")
        if self.start_us is not None and not 0 <= self.start_us < END_UTC_US:
            raise ValueError("its date is none of a run")


class _Undefined(ElementTree.TreeBuilder):
    """Takes no definitions, in whatever encoding: no such file needs one, and one can blow up."""

    def doctype(self, name: str, pubid: str, system: str) -> None:
        raise ValueError("holds XML definitions")


def read(path: Path) -> Track:
    """InputError names the file and what is wrong with it; ExtraMissing for FIT without its reader."""
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{path}: neither .gpx, .tcx nor .fit", _WANTED)
    try:
        data = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", _WANTED) from error
    if data is None:
        raise InputError(f"{path}: larger than {_MOST_BYTES // 1_000_000} MB", _WANTED)
    if kind == "fit":
        return _fit(path, data)
    try:
        root = ElementTree.fromstring(data, ElementTree.XMLParser(target=_Undefined()))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InputError(f"{path}: is no XML: {error}", _WANTED) from error
    try:
        return _gpx(path, root) if kind == "gpx" else _tcx(path, root)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{path}: {error}", _WANTED) from error


def _gpx(path: Path, root: ElementTree.Element) -> Track:
    segments = [
        [
            (float(point.attrib["lat"]), float(point.attrib["lon"]))
            for point in _all(segment, "trkpt")
            if _placed(point)
        ]
        for segment in _all(root, "trkseg")
    ]
    points = [point for segment in _all(root, "trkseg") for point in _all(segment, "trkpt")]
    if not points:
        raise InputError(f"{path}: no track in it", _WANTED)
    metres = sum(_apart_m(a, b) for segment in segments for a, b in pairwise(segment))
    return _track("gpx", metres, _times(points, "time"))


def _tcx(path: Path, root: ElementTree.Element) -> Track:
    laps = _all(root, "Lap")
    if not laps:
        raise InputError(f"{path}: no lap in it", _WANTED)
    metres = sum(_amount(text) for lap in laps if (text := _text(lap, "DistanceMeters")) is not None)
    points = [point for lap in laps for point in _all(lap, "Trackpoint")]
    if not metres:
        metres = max(
            (_amount(text) for point in points if (text := _text(point, "DistanceMeters"))), default=0.0
        )
    times = _times(points, "Time") or [
        _moment(lap.attrib["StartTime"]) for lap in laps if "StartTime" in lap.attrib
    ]
    track = _track("tcx", metres, times)
    if track.duration_s is None and times:
        total = sum(_amount(text) for lap in laps if (text := _text(lap, "TotalTimeSeconds")) is not None)
        return Track("tcx", track.distance_m, track.start_us, round(total) or None)
    return track


def _fit(path: Path, data: bytes) -> Track:
    try:
        import fitdecode
    except ImportError as error:
        raise ExtraMissing("fit", "reading a FIT file needs the extra 'fit'") from error
    metres, starts, ends = 0.0, [], []
    strict, strictly = fitdecode.CrcCheck.RAISE, fitdecode.ErrorHandling.RAISE
    try:
        with fitdecode.FitReader(data, check_crc=strict, error_handling=strictly) as reader:
            for frame in reader:
                if frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.name == "session":
                    start = frame.get_value("start_time", fallback=None)
                    if isinstance(start, datetime):
                        starts.append(start)
                        ends.append(
                            start.timestamp() + (frame.get_value("total_elapsed_time", fallback=0) or 0)
                        )
                    metres += frame.get_value("total_distance", fallback=0) or 0
    except Exception as error:  # whatever another's decoder raises, the file is the reason
        raise InputError(f"{path}: is no FIT file, or a damaged one: {error}", _WANTED) from error
    if not starts:
        raise InputError(f"{path}: no session in it", _WANTED)
    start_us = round(min(start.timestamp() for start in starts) * 1e6)
    try:
        return Track("fit", round(metres) or None, start_us, round(max(ends) - start_us / 1e6) or None)
    except ValueError as error:
        raise InputError(f"{path}: {error}", _WANTED) from error


def _track(kind: str, metres: float, times: list[int]) -> Track:
    start_us, end_us = min(times, default=None), max(times, default=None)
    length_s = None if start_us is None or end_us is None else (end_us - start_us) // 1_000_000
    return Track(kind, round(metres) or None, start_us, length_s or None)


def _all(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Of that name in any namespace: writers differ in it."""
    return element.findall(f".//{{*}}{name}")


def _text(element: ElementTree.Element, name: str) -> str | None:
    found = element.find(f"{{*}}{name}")
    return None if found is None else found.text


def _times(points: Iterable[ElementTree.Element], name: str) -> list[int]:
    return [_moment(text) for point in points if (text := _text(point, name))]


def _amount(text: str) -> float:
    """Of metres or seconds."""
    found = float(text)
    if not 0 <= found < _MOST:
        raise ValueError(f"{text} is no way or time of a run")
    return found


def _moment(text: str) -> int:
    """Microseconds since 1970; a time without a zone is UTC, as both formats demand."""
    given = datetime.fromisoformat(text.strip())
    moment = given.replace(tzinfo=UTC) if given.tzinfo is None else given
    return round(moment.timestamp() * 1e6)


def _placed(point: ElementTree.Element) -> bool:
    return {"lat", "lon"} <= set(point.attrib)


def _apart_m(a: Point, b: Point) -> float:
    """Great circle by the haversine."""
    (lat_a, lon_a), (lat_b, lon_b) = ((radians(lat), radians(lon)) for lat, lon in (a, b))
    h = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(h)))
