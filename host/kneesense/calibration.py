# SPDX-License-Identifier: MIT
"""One calibration in its three forms: floats for people, JSON on disk, the integers both firmware and replay use.

Everything downstream works from `to_wire()`, so that a pushed calibration and a replayed one are the same to the bit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from kneecore import chips, mount, wire

from . import outfile
from .codes import named
from .errors import InputError

_ONE_Q14 = 16384
_MAKE = "make one with: kneesense replay FILE --side right --save-calibration OUT.json"
_CLOCK_LIMIT = 0.1  # parts are specified to 5 %
_MOST = 10_000.0  # beyond anything that the wire holds
_GYRO_BIAS_LIMIT = math.radians(32.767)  # what fits the wire; chips are specified to 20 deg/s or less


@dataclass(frozen=True)
class Calibration:
    """How a unit sits on a leg.  The constructor refuses, as InputError, what is no mounting."""

    rotation: tuple[tuple[float, ...], ...]  # 3 rows of 3, sensor to segment: forward, up, right
    gyro_bias_rad_s: tuple[float, ...]  # sensor axes
    acc_scale: float  # multiplies raw acceleration
    neutral_deg: float  # lean that counts as zero
    side: str
    face: str
    chip: str
    made_utc: str  # ISO 8601; "" unknown
    clock_ratio: float = 1.0  # how fast the sensor's own clock runs against true time, as measured over a run

    def __post_init__(self) -> None:
        for name, allowed in (("side", wire.SIDES), ("face", wire.FACES)):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"calibration: {name} '{getattr(self, name)}' is none of {', '.join(allowed)}"
                )
        try:
            chips.find(self.chip)
        except ValueError as error:
            raise InputError(f"calibration: {error}") from None
        for number in (*sum(self.rotation, ()), *self.gyro_bias_rad_s, self.acc_scale, self.neutral_deg):
            if not abs(number) <= _MOST:
                raise InputError("calibration: a number of it is far out of any range")
        if max(abs(bias) for bias in self.gyro_bias_rad_s) > _GYRO_BIAS_LIMIT:
            raise InputError("calibration: gyro bias above 32 deg/s", "was the sensor still?")
        if abs(self.clock_ratio - 1) > _CLOCK_LIMIT:
            raise InputError(
                f"calibration: clock_ratio {self.clock_ratio:g}: no sensor's clock is so far off"
            )
        problem = mount.problem(self.to_wire())
        if problem:
            raise InputError(f"calibration: {problem}")

    def to_wire(self) -> dict[str, int]:
        """The calibration fields of START and CALIBRATE."""
        values = {f"rotation_q14_{i}": round(self.rotation[i // 3][i % 3] * _ONE_Q14) for i in range(9)}
        for i, bias in enumerate(self.gyro_bias_rad_s):
            values[f"gyro_bias_mdps_{i}"] = round(math.degrees(bias) * 1000)
        return values | {
            "acc_scale_q14": round(self.acc_scale * _ONE_Q14),
            "neutral_cdeg": round(self.neutral_deg * 100),
            "side": wire.SIDES.index(self.side),
            "face": wire.FACES.index(self.face),
            "chip": wire.CHIPS.index(self.chip),
        }

    @classmethod
    def from_wire(cls, values: Mapping[str, int], made_utc: str = "") -> Calibration:
        """Of a START or VERDICT record, to the resolution of the wire."""
        return cls(**described(values, made_utc))

    def to_json(self) -> dict[str, Any]:
        """As written to disk and into the JSON of a run's start; a clock that was not measured is left out."""
        values = asdict(self)
        if self.clock_ratio == 1:
            del values["clock_ratio"]
        return values

    def to_text(self) -> str:
        """The JSON file's content."""
        return json.dumps(self.to_json(), indent=1) + "\n"

    def save(self, path: Path, inputs: tuple[Path, ...] = (), overwrite: bool = False) -> None:
        """Write the JSON file.  InputError and KneesenseError as outfile.writing."""
        with outfile.writing(path, inputs, overwrite) as file:
            file.write(self.to_text())


def described(values: Mapping[str, int], made_utc: str = "") -> dict[str, Any]:
    """The fields of a Calibration out of a START or VERDICT record, not judged: codes may be of a later version."""
    q14 = [values[f"rotation_q14_{i}"] / _ONE_Q14 for i in range(9)]
    return {
        "rotation": (tuple(q14[0:3]), tuple(q14[3:6]), tuple(q14[6:9])),
        "gyro_bias_rad_s": tuple(math.radians(values[f"gyro_bias_mdps_{i}"] / 1000) for i in range(3)),
        "acc_scale": values["acc_scale_q14"] / _ONE_Q14,
        "neutral_deg": values["neutral_cdeg"] / 100,
        "side": named(wire.SIDES, values["side"]),
        "face": named(wire.FACES, values["face"]),
        "chip": named(wire.CHIPS, values["chip"]),
        "made_utc": made_utc,
    }


def load(path: str | Path) -> Calibration:
    """Read a calibration JSON.  InputError if it cannot be read, has another shape, or is no mounting."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", "choose another file") from None
    except ValueError as error:
        raise InputError(f"{path}: not a calibration JSON ({error})", _MAKE) from None
    return loads(text, str(path))


def loads(text: str, whose: str = "calibration") -> Calibration:
    """The same from its text; `whose` begins every error."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{whose}: not a calibration JSON ({error})", _MAKE) from None
    return from_json(values, whose)


def from_json(values: Any, whose: str) -> Calibration:
    """The same from what `to_json` gives."""
    names = [field.name for field in fields(Calibration) if field.default is MISSING]
    missing = [name for name in names if name not in values] if isinstance(values, dict) else names
    if missing:
        message = f"{whose}: not a calibration of this product: no {', '.join(missing)}"
        raise InputError(message, _MAKE)
    try:
        return Calibration(
            rotation=tuple(_vector(row) for row in _three(values["rotation"])),
            gyro_bias_rad_s=_vector(values["gyro_bias_rad_s"]),
            acc_scale=_finite(values["acc_scale"]),
            neutral_deg=_finite(values["neutral_deg"]),
            clock_ratio=_finite(values.get("clock_ratio", 1.0)),
            **{name: str(values[name]) for name in ("side", "face", "chip", "made_utc")},
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{whose}: {error}") from None
    except InputError as error:
        raise InputError(f"{whose}: {error}", error.advice) from None


def _finite(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not finite")
    return float(value)


def _three(values: Any) -> list[Any]:
    if not isinstance(values, list) or len(values) != 3:
        raise ValueError("rotation must be 3x3, gyro_bias_rad_s must have 3 numbers")
    return values


def _vector(values: Any) -> tuple[float, ...]:
    return tuple(_finite(value) for value in _three(values))
