# SPDX-License-Identifier: MIT
"""Which trials a folder holds, and what each can be judged by: told from the files themselves (docs/data.md).

A folder of recordings, or a folder of such folders.  In the order of what decides:

    no gx, gy, gz                 refused
    ref_qw ref_qx ref_qy ref_qz   orientation   inclination against an optical reference
    side and cycle columns        cycles        each cycle repeated; events.csv: side, cycle, ic_s, to_s
    NAME.truth.json               truth         as the simulator writes it
    a row in events.csv           events        one stance each: trial, side, ic_s, to_s
    anything else                 free          no reference: counted, and lean against VQF
"""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from .. import calibration
from ..calibration import Calibration
from ..errors import InputError

LAYOUT = "one folder per source, one .csv or .csv.gz per trial, as docs/data.md says"

# Trials of the public nms-dyn folder in which nobody walks or runs, and the two its short ones are calibrated from: the
# same strapping at rest and in an easy walk, as guided calibration takes them.
NO_GAIT = ("static_calibration", "air_squats", "calf_raises")
STILL, WALK = "static_calibration", "treadmill_walk_normal"

_REFERENCE = {"ref_qw", "ref_qx", "ref_qy", "ref_qz"}


@dataclass(frozen=True)
class Trial:
    """One recording.  `truth`: the keys of docs/simulator.md, as far as known."""

    source: str
    name: str
    path: Path
    kind: str
    truth: dict[str, Any] = field(default_factory=dict)

    @property
    def set_name(self) -> str:
        return f"{self.source}/{self.kind}"

    def mate(self, name: str) -> Path | None:
        """Another recording of the same folder."""
        places = [self.path.parent / f"{name}{ending}" for ending in (".csv", ".csv.gz")]
        return next((place for place in places if place.exists()), None)

    def worn(self) -> Calibration | None:
        """How the sensor truly sat, if the truth tells."""
        given = self.truth.get("calibration")
        if given is None:
            return None
        return calibration.from_json(given, f"{self.path}: calibration in its truth file")


def trials(folder: Path) -> list[Trial]:
    """All trials in and directly below `folder`; InputError when there is none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder", LAYOUT)
    found = [
        trial
        for place in (folder, *sorted(path for path in folder.iterdir() if path.is_dir()))
        for trial in _trials_in(place)
    ]
    if not found:
        raise InputError(f"{folder}: no recording in it", LAYOUT)
    return found


def columns(path: Path, names: tuple[str, ...]) -> list[list[str]]:
    """Cells of the named columns, one list for each."""
    with _open(path) as file:
        rows = list(csv.DictReader(file))
    return [[row[name] for row in rows] for name in names]


def _trials_in(folder: Path) -> list[Trial]:
    events = _events(folder / "events.csv")
    out = []
    for path in sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")]):
        if path.name == "events.csv":
            continue
        header = _header(path)
        if not {"t_s", "ax"} <= header:
            continue
        name = path.name.removesuffix(".gz").removesuffix(".csv")
        kind, truth = _kind(folder, name, header, events)
        out.append(Trial(folder.name, name, path, kind, truth))
    return out


def _kind(
    folder: Path, name: str, header: set[str], events: list[dict[str, str]]
) -> tuple[str, dict[str, Any]]:
    if not {"gx", "gy", "gz"} & header:
        return "refused", {}
    if header >= _REFERENCE:
        return "orientation", {}
    if {"side", "cycle"} <= header:
        return "cycles", {"events": events}
    truth = folder / f"{name}.truth.json"
    if truth.exists():
        return "truth", truth_of(truth)
    side = {"side": _side(events[0].get("side", "")) if events else "right"}
    mine = [event for event in events if event.get("trial") == name]
    if mine:
        strides = [stance_of(event) for event in mine]
        return "events", side | {"strides": strides}
    return "free", side | ({"strides": []} if name in NO_GAIT else {})


def stance_of(event: dict[str, str]) -> dict[str, float]:
    """A row of events.csv as a true stride."""
    ic_s, to_s = float(event["ic_s"]), float(event["to_s"])
    return {"ic_s": ic_s, "to_s": to_s, "contact_s": to_s - ic_s}


def _side(letter: str) -> str:
    return "left" if letter.upper().startswith("L") else "right"


def _events(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with _open(path) as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, 2):
        for key in ("ic_s", "to_s"):
            try:
                float(row.get(key) or "")
            except ValueError:
                raise InputError(f"{path}: line {number}: no number in {key}", LAYOUT) from None
    return rows


def truth_of(path: Path) -> dict[str, Any]:
    """What a truth file says.  InputError if it is none."""
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
        sides = truth["side"] in ("left", "right")
        times = all(isinstance(stride["ic_s"], int | float) for stride in truth.get("strides") or [])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: not a truth file ({error!r})", "docs/simulator.md has its keys") from None
    if not (sides and times):
        raise InputError(
            f"{path}: side must be left or right, every ic_s a number", "docs/simulator.md has its keys"
        )
    return dict(truth)


def _header(path: Path) -> set[str]:
    try:
        with _open(path) as file:
            return {name.strip() for name in next(csv.reader(file), [])}
    except (OSError, EOFError, ValueError, csv.Error):
        return {"t_s", "ax", "gx"}  # unreadable: loading it tells why


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")
