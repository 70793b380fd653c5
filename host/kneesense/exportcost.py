# SPDX-License-Identifier: MIT
"""What it costs to write a run of 90 minutes as FIT, and what a library for it takes (see bench.py)."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from kneecore import wire

from . import fitfile
from .frames import LogFrame, parse
from .samplecost import Skip
from .store import Run, Store
from .stored import StoredRun

_RATE_HZ, _STRIDE_X16 = 500, 5600  # 171.43 steps a minute
_STRIDES = 90 * 60 * 16 * _RATE_HZ // _STRIDE_X16
_START_US = 1_798_761_600_000_000
_TIMES = 3


def ours() -> list[float]:
    """Seconds from the store to the file's bytes."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "runs.sqlite") as store:
        run = _recorded(store)
        return [_timed(store, run) for _ in range(_TIMES)]


def _timed(store: Store, run: Run) -> float:
    start = time.perf_counter()
    fitfile.encoded(StoredRun(store, run))
    return time.perf_counter() - start


def _recorded(store: Store) -> Run:
    frames: list[LogFrame] = []

    def record(kind: wire.Record, t_us: int, **values: int) -> None:
        key = {"seq": len(frames) + 1, "boot": 1, "t_us": t_us}
        frame = parse(wire.frame(kind, {**dict.fromkeys(kind.names, 0), **values, **key}))
        assert frame is not None
        frames.append(frame)

    record(wire.ANCHOR, 1, utc_us=_START_US, at_us=1, error_us=1)
    record(wire.START, 2, rate_hz=_RATE_HZ, acc_lsb_per_g=2048, gyro_lsb_per_10dps=164)
    for number in range(_STRIDES):
        at = number * _STRIDE_X16
        record(
            wire.STRIDE, 2 + at * 1_000_000 // (16 * _RATE_HZ), ic_x16=at, stride_x16=_STRIDE_X16,
            contact_x16=2000 + number % 90, pta_axial_mg=5000, pta_resultant_mg=6000, lean_mid_cdeg=number % 300,
            gait=2, confidence=90,
        )  # fmt: skip
    samples = _STRIDES * _STRIDE_X16 // 16
    record(wire.STOP, 2 + samples * 1_000_000 // _RATE_HZ, samples=samples, rate_mhz=1000 * _RATE_HZ)
    store.add("0a0b0c0d", frames)
    return store.runs()[0]


def fit_tool() -> list[float]:
    """The same number of records by fit-tool: native fields alone, without our own."""
    try:
        from fit_tool.fit_file_builder import FitFileBuilder
        from fit_tool.profile.messages.record_message import RecordMessage
    except ImportError:
        raise Skip("fit-tool is not installed: pip install fit-tool") from None

    seconds = []
    for _ in range(_TIMES):
        start = time.perf_counter()
        builder = FitFileBuilder(auto_define=True)
        for second in range(90 * 60):
            message = RecordMessage()
            message.timestamp = _START_US // 1000 + 1000 * second
            message.cadence, message.fractional_cadence = 85, 0.71875
            message.stance_time, message.stance_time_percent = 250.0, 35.71
            builder.add(message)
        builder.build().to_bytes()
        seconds.append(time.perf_counter() - start)
    return seconds
