# SPDX-License-Identifier: MIT
"""Runs in a store as a unit would have logged them, with every number chosen by the test."""

from __future__ import annotations

from fakeunit import CALIBRATION

from kneecore import wire
from kneesense.frames import LogFrame, parse
from kneesense.store import Run, Store

DEVICE = "0a0b0c0d"
RATE_HZ = 500
NEW_YEAR_US = 1_798_761_600_000_000  # 2027-01-01T00:00:00Z
SPM_171_43 = 5600  # stride_x16 of 171.43 steps a minute at 500 Hz


class Recorder:
    """One boot of a unit after the other; `runs` are in the store."""

    def __init__(self, store: Store, device: str = DEVICE, side: str = "right", runner: str = "Ann") -> None:
        self.store, self.device, self.side, self.runner = store, device, side, runner
        self.boot, self.seq, self.t_us = 0, 0, 0

    def record(self, record: wire.Record, values: dict[str, int], t_us: int | None = None) -> LogFrame:
        self.seq += 1
        self.t_us = t_us if t_us is not None else self.t_us
        filled = dict.fromkeys(record.names, 0) | values
        frame = wire.frame(record, filled | {"seq": self.seq, "boot": self.boot, "t_us": self.t_us})
        logged = parse(frame)
        assert logged is not None
        self._frames.append(logged)
        return logged

    def run(
        self,
        strides: int = 20,
        start_us: int | None = NEW_YEAR_US,
        stride_x16: int = SPM_171_43,
        pause_after: dict[int, float] | None = None,
        more: dict[int, dict[str, int]] | None = None,
        each: dict[str, int] | None = None,
        also: tuple[tuple[wire.Record, float, dict[str, int]], ...] = (),
        session: dict[str, int] | None = None,
        raw: tuple[bytes, ...] = (),
        ended: bool = True,
        begin_s: float = 1.0,
    ) -> Run:
        """Contacts from `begin_s` on; `pause_after` a stride so many seconds; `more`: fields of single strides."""
        self.boot += 1
        self.t_us = 1_000_000
        self._frames: list[LogFrame] = []
        self.record(wire.BOOT, {"cause": 1})
        if start_us is not None:
            anchor = {"utc_us": start_us, "at_us": self.t_us, "error_us": 1000}
            self.record(wire.ANCHOR, anchor)
        start = {"rate_hz": RATE_HZ, "acc_lsb_per_g": 2048, "gyro_lsb_per_10dps": 164, "fw_minor": 1}
        calibration = CALIBRATION | {"side": wire.SIDES.index(self.side)}
        number = self.store.runner_number(self.runner)
        first = self.record(
            wire.START,
            {**start, **calibration, "runner": number, "session": (session or {}).get("session", 0)},
        )
        zero_us = self.t_us
        for i, counts in enumerate(raw):
            self.record(wire.RAW, {"sample": 19 * i, "counts": counts})
        at = round(16 * RATE_HZ * begin_s)
        events = sorted(also, key=lambda each: each[1])
        for number in range(strides):
            while events and events[0][1] <= at / 16 / RATE_HZ:
                kind, t_s, values = events.pop(0)
                self.record(kind, values, zero_us + round(t_s * 1e6))
            values = {
                "ic_x16": at,
                "stride_x16": stride_x16,
                "contact_x16": 2000,
                "gait": 2,
                "confidence": 90,
            }
            values |= {"pta_axial_mg": 5000 + number, "pta_resultant_mg": 6000, "lean_ic_cdeg": 100}
            values |= {"lean_mid_cdeg": 150 + number % 50, "lean_min_cdeg": -200, "lean_max_cdeg": 300}
            values |= (each or {}) | (more or {}).get(number, {})
            end = at + (values["stride_x16"] or stride_x16)
            self.record(wire.STRIDE, values, zero_us + round(end / 16 / RATE_HZ * 1e6) + 20_000)
            at = end + round((pause_after or {}).get(number, 0.0) * 16 * RATE_HZ)
        for kind, t_s, values in events:
            self.record(kind, values, zero_us + round(t_s * 1e6))
        end_us = zero_us + round((at / 16 / RATE_HZ + 1) * 1e6)
        if session:
            self.record(wire.SESSION, session, end_us)
        if ended:
            samples = at // 16 + RATE_HZ
            stop = {"samples": samples, "run_x16": at - 16 * RATE_HZ, "still_x16": 32 * RATE_HZ}
            self.record(
                wire.STOP, {**stop, "strides": strides, "rate_mhz": 1000 * RATE_HZ, "ending": 2}, end_us
            )
        self.store.add(self.device, self._frames, runner=self.runner)
        return next(run for run in self.store.runs() if (run.device, run.start) == (self.device, first.key))
