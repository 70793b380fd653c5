# SPDX-License-Identifier: MIT
"""Fuzzers of texts that people hand in: calibrations, prescriptions, settings, tracks, recordings, truth.

A text begins as one that the product itself has written or that its docs show, and is then spoilt: most damage leaves
it nearly right, which is where readers fall over.  What is refused must be refused with the product's own error, and
what is taken must be in the ranges that everything behind relies on.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable
from random import Random

import numpy as np

from kneecore import chips, programme, settings, wire

from .. import calibration, prescription_reader, recording, settingsfile, trackfile
from ..errors import KneesenseError
from ..validate import folder
from .found import Found, Target
from .texts import Folder, Given, spoilt

ROWS = 24  # of a recording
_CHIP = chips.find("mpu6050")
_CALIBRATION = calibration.Calibration(
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (0.01, -0.02, 0.0), 1.01, -1.5, "right", "medial",
    "mpu6050", "2026-01-02T03:04:05Z", 1.003,
).to_text()  # fmt: skip


def calibration_file() -> Target:
    """A calibration in JSON: what it takes goes to a unit, so it must fit the wire."""

    def once(random: Random) -> None:
        with contextlib.suppress(KneesenseError):
            taken = calibration.loads(spoilt(random, _CALIBRATION))
            wire.frame(wire.CALIBRATE, {"token": 0, **taken.to_wire()})
            if calibration.loads(taken.to_text()) != taken:
                raise Found("is not what was taken, when it is written and read again")

    return once


_PRESCRIPTION = """schema = 1
author = "Dr. A"
runner = "Ann"
note = "after the MRI"
[cue]
rule = "cadence"
mode = "summary"
side = "more"
every = 4
summary_s = 90
[target]
offset_pct = 7.5
band_pct = 2
[dose]
minutes = [15, 18, 21]
[fade]
with_s = [0, 60, 30]
without_s = [0, 30, 60]
[pain]
most = 2
back_within_min = 60
no_worse_next_morning = true
"""


def prescription_file() -> Target:
    """A prescription in TOML: what it takes goes to a unit, each setting in its range."""
    known = {setting.name: setting for setting in settings.TABLE}
    prescription_reader.loads(_PRESCRIPTION)

    def once(random: Random) -> None:
        with contextlib.suppress(KneesenseError):
            taken = prescription_reader.loads(spoilt(random, _PRESCRIPTION))
            for name, value in taken.settings.items():
                if not known[name].low <= value <= known[name].high:
                    raise Found(f"{name} = {value}")
            wire.frame(
                wire.PRESCRIBE,
                {"token": 0, "runner": 1, "next": 1, "sessions": programme.encode(taken.sessions)},
            )

    return once


def settings_file() -> Target:
    """Settings in TOML, likewise."""
    known = {setting.name: setting for setting in settings.TABLE}
    good = settingsfile.dumps({setting.name: setting.default for setting in settings.TABLE}, "a unit")

    def once(random: Random) -> None:
        with contextlib.suppress(KneesenseError):
            for name, value in settingsfile.loads(spoilt(random, good)).items():
                if not known[name].low <= value <= known[name].high:
                    raise Found(f"{name} = {value}")

    return once


_TRACKS = {
    "run.gpx": """<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="47.1" lon="8.5"><time>2026-01-02T03:04:05Z</time></trkpt>
<trkpt lat="47.2" lon="8.5"><time>2026-01-02T03:14:05.5+01:00</time></trkpt></trkseg></trk></gpx>""",
    "run.tcx": """<TrainingCenterDatabase><Activities><Activity><Lap StartTime="2026-01-02T03:04:05Z">
<TotalTimeSeconds>600</TotalTimeSeconds><DistanceMeters>1800.5</DistanceMeters><Track><Trackpoint>
<Time>2026-01-02T03:04:06Z</Time><DistanceMeters>3</DistanceMeters></Trackpoint></Track></Lap></Activity></Activities>
</TrainingCenterDatabase>""",
}


def track_file() -> Target:
    """A run by a watch or phone: way and time are numbers that a diary can keep."""
    place = Folder()

    def once(random: Random) -> None:
        name, good = random.choice(list(_TRACKS.items()))
        with contextlib.suppress(KneesenseError):
            track = trackfile.read(place.file(name, spoilt(random, good)))
            for value in (track.distance_m, track.start_us, track.duration_s):
                if value is not None and not abs(value) < 1 << 63:
                    raise Found(f"{track}")

    return once


def recording_file() -> Target:
    """A recording: what is taken are numbers whose times rise, in a span that fits into memory."""
    place = Folder()

    def once(random: Random) -> None:
        rows = [
            [0.002 * i, 0.1, 9.8, 0.3 * random.random(), 0.01, 0.0, 5.0 * random.random()]
            for i in range(random.choice((2, 5, ROWS)))
        ]
        text = "t_s,ax,ay,az,gx,gy,gz\n" + "".join(",".join(f"{x:.4f}" for x in row) + "\n" for row in rows)
        path = place.file("run.csv", spoilt(random, text) if random.random() < 0.95 else text)
        with contextlib.suppress(KneesenseError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numbers at the end of their range
            taken = recording.load(path)
            if not (
                np.isfinite(taken.acc).all()
                and np.isfinite(taken.gyro).all()
                and np.isfinite(taken.t_s).all()
            ):
                raise Found("a value that is no number is taken")
            if not (np.diff(taken.t_s) > 0).all():
                raise Found("times do not rise")
            made = recording.quantise(taken, 500, _CHIP)
            if sum(len(segment.counts) for segment in made.segments) % 6:
                raise Found("half a sample")

    return once


def truth_file() -> Target:
    """What `validate` is told of a recording: how the sensor sat, and when the feet met the ground."""
    given = Given("run.truth.json")
    good = json.dumps(
        {
            "side": "left",
            "strides": [{"ic_s": 1.5, "to_s": 1.75, "contact_s": 0.25}],
            "calibration": calibration.loads(_CALIBRATION).to_json(),
        }
    )

    def once(random: Random) -> None:
        given.data = spoilt(random, good).encode("utf-8", "surrogatepass")
        with contextlib.suppress(KneesenseError):
            truth = folder.truth_of(given)
            folder.Trial("", "run", given, "truth", truth).worn()

    return once


TARGETS: dict[str, Callable[[], Target]] = {
    "calibration_file": calibration_file,
    "prescription_file": prescription_file,
    "settings_file": settings_file,
    "track_file": track_file,
    "recording_file": recording_file,
    "truth_file": truth_file,
}
WORTH = {"recording_file": ROWS}
