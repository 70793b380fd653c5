# SPDX-License-Identifier: MIT
"""A stored run as TCX: laps, a trackpoint a second with running cadence, nothing that was not measured.

The schema demands distance and calories of a lap, which no shank sensor measures: they are 0 there, and nowhere else.

Ref: Garmin, TrainingCenterDatabase/v2 and ActivityExtension/v2 (order of elements, RunCadence of one leg).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from . import cadence, stints, times
from .errors import InputError
from .stints import Stint
from .stored import StoredRun

NAMESPACE = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
_MOST_STEPS = 65535  # what the schema lets a lap have
EXTENSION = "http://www.garmin.com/xmlschemas/ActivityExtension/v2"


def encoded(stored: StoredRun) -> bytes:
    """The file.  InputError for a run of which nobody knows when it was."""
    start_us = stored.date.start_us
    if start_us is None:
        number = stored.run.id
        raise InputError(
            f"run {number}: nobody knows when it was, and a TCX file has to say",
            f"kneesense date {number} WHEN",
        )
    root = Xml.Element(f"{{{NAMESPACE}}}TrainingCenterDatabase")
    activity = _add(_add(root, "Activities"), "Activity", Sport="Running")
    _add(activity, "Id", times.utc(start_us))
    duration_s = stored.summary["duration_s"] or 0.0
    strides = [r for r in stored.records if r["type"] == "stride"]
    for stint in stints.of(stored.records, duration_s):
        own = [r for r in strides if stint.begin_s <= r["ic_s"] <= stint.end_s]
        _lap(activity, stored, stint, own)
    _add(activity, "Notes", f"kneesense, {stored.start['side']} leg: distance and calories were not measured")
    Xml.register_namespace("", NAMESPACE)
    Xml.register_namespace("ext", EXTENSION)
    Xml.indent(root, " ")
    return bytes(Xml.tostring(root, "utf-8", xml_declaration=True)) + b"\n"


def _lap(activity: Xml.Element, stored: StoredRun, stint: Stint, strides: Sequence[dict[str, Any]]) -> None:
    lap = _add(activity, "Lap", StartTime=_at(stored, stint.begin_s))
    _add(lap, "TotalTimeSeconds", f"{stint.length_s:.3f}")
    _add(lap, "DistanceMeters", "0.0")
    _add(lap, "Calories", "0")
    _add(lap, "Intensity", "Active")
    _add(lap, "TriggerMethod", "Manual")
    by_second = {_at(stored, r["ic_s"])[:19]: r for r in strides if r["stride_s"]}
    if by_second:
        track = _add(lap, "Track")
        for record in by_second.values():
            _point(track, stored, record)
    mean = cadence.to_tcx(cadence.of_running(strides))
    extension = _extended(_add(lap, "Extensions"), "LX")
    if mean is not None:
        _extended(extension, "AvgRunCadence", str(mean))
    if 2 * len(strides) <= _MOST_STEPS:
        _extended(extension, "Steps", str(2 * len(strides)))


def _point(track: Xml.Element, stored: StoredRun, record: dict[str, Any]) -> None:
    point = _add(track, "Trackpoint")
    _add(point, "Time", _at(stored, record["ic_s"]))
    value = cadence.to_tcx(record["cadence_spm"])
    if value is not None:
        _extended(_extended(_add(point, "Extensions"), "TPX"), "RunCadence", str(value))


def _at(stored: StoredRun, t_s: float) -> str:
    us = stored.utc_us(t_s)
    assert us is not None
    return times.utc(us)


def _add(parent: Xml.Element, name: str, text: str | None = None, **attributes: str) -> Xml.Element:
    element = Xml.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    element.text = text
    return element


def _extended(parent: Xml.Element, name: str, text: str | None = None) -> Xml.Element:
    element = Xml.SubElement(parent, f"{{{EXTENSION}}}{name}")
    element.text = text
    return element
