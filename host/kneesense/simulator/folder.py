# SPDX-License-Identifier: MIT
"""Recordings with truth as files: NAME.csv.gz and NAME.truth.json (docs/simulator.md).

A file appears under its name only when it is whole, the truth last: where there is a truth there is its recording.
The same recording gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..recording import Recording
from .simulate import Simulated

_HEADER = "t_s,ax,ay,az,gx,gy,gz\n"
_ROW = "%.6f,%.4f,%.4f,%.4f,%.5f,%.5f,%.5f\n"  # finer than one count of any part


def write(folder: Path, name: str, simulated: Simulated, about: dict[str, Any]) -> Path:
    """The recording's path.  `about`: more keys for the truth.  InputError when it cannot be written."""
    path = folder / f"{name}.csv.gz"
    truth_path = folder / f"{name}.truth.json"
    truth = json.dumps({"schema": 1, **about, **simulated.truth()}, indent=1) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        truth_path.unlink(missing_ok=True)  # of another recording of this name
        _put(path, _csv(simulated.recording))
        _put(truth_path, truth.encode())
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror})", "choose a folder with space that is yours"
        ) from None
    return path


def _csv(recording: Recording) -> bytes:
    table = np.column_stack((recording.t_s, recording.acc, recording.gyro))
    text = _HEADER + (_ROW * len(table)) % tuple(table.ravel().tolist())
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0) as file:
        file.write(text.encode())
    return packed.getvalue()


def _put(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
