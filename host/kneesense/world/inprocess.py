# SPDX-License-Identifier: MIT
"""A unit inside this program, for computers that have no desktop MicroPython or no virtual radio.

Real: the unit's signal processing and cue engine (kneecore, on CPython), the wire and its log's numbering, and all of
the host: session, store, back-fill, checks.  Left out: drivers, tasks and the interpreter of the firmware, its log in
flash, its own calibration (the host's is used, from the same walk), Bluetooth, the time that anything takes.
"""

from __future__ import annotations

import array
import asyncio
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from kneecore import settings, told, wire
from kneecore.pipeline import EV_CUE, EV_STRIDE, Pipeline
from kneecore.version import VERSION

from ..errors import LinkLost
from ..frames import LogFrame, parse
from ..inbox import Inbox
from ..link import Channel
from ..session import Plan, Session
from ..store import Store, Unit
from ..verdict import Verdict
from .feed import Feed
from .motor import Pulse
from .outcome import RUNNER, SETTINGS, Outcome, TrueLatency, recorded, true_latency_ms
from .scenario import CHIP, Scenario

_DRAIN_S = 0.020  # as the firmware's timer
_LONGEST_MS = 400  # of a pulse


class CoreUnit:
    """Answers the commands that a recorded run needs; an outcome.Witness of itself."""

    def __init__(self, feed: Feed) -> None:
        self.unit_id = secrets.token_bytes(6)
        self.start_us: float | None = None
        self.produced = 0
        self.overflowed: int | None = None  # nothing is between the runner and the pipeline
        self.pulses: list[Pulse] = []
        self.away = False
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._settings = settings.Settings()
        self._calibration: dict[str, int] | None = None
        self._log: list[LogFrame] = []
        self._acked = 0
        self._strides = 0
        self._pipeline: Pipeline | None = None
        self._draining: asyncio.Task[None] | None = None
        self.link: CoreLink | None = None

    def log_frames(self) -> list[bytes]:
        return [record.frame for record in self._log]

    async def leave_range(self, seconds: float) -> None:
        self.away = True
        if self.link is not None:
            self.link.lose("the unit went out of range")
        await asyncio.sleep(seconds)
        self.away = False

    # --- commands -----------------------------------------------------------------------------------------------------

    def take(self, frame: bytes) -> None:
        """One command frame of the host, and its answer."""
        command, values = wire.decode(frame)
        if command is None or self.link is None:
            return
        act: Callable[[Mapping[str, int]], bytes] | None = getattr(self, f"_on_{command.name}", None)
        status, data = (wire.UNKNOWN_COMMAND, b"") if act is None else (wire.OK, act(values))
        answer = {"token": values["token"], "command": command.code, "status": status, "t_us": self._t_us()}
        self.link.notify(Channel.CONTROL, wire.frame(wire.REPLY, {**answer, "data": data}))
        if command is wire.FETCH:
            wanted = [r for r in self._log if values["from_seq"] <= r.seq <= values["to_seq"]]
            for record in wanted:
                self.link.notify(Channel.LOG, record.frame)
            end = {"token": values["token"], "sent": len(wanted)}
            self.link.notify(Channel.LOG, wire.frame(wire.FETCHED, end))

    def _on_hello(self, values: Mapping[str, int]) -> bytes:
        major, minor, patch = VERSION
        about: dict[str, int | bytes] = {
            "major": wire.MAJOR,
            "minor": wire.MINOR,
            "fw_major": major,
            "fw_minor": minor,
            "fw_patch": patch,
            "boot": 1,
            "next_seq": len(self._log) + 1,
            "first_seq": 1,
            "acked_seq": self._acked,
            "running": int(self._pipeline is not None),
            "chip": wire.CHIPS.index(CHIP.name),
            "rate_hz": CHIP.rate_hz,
            "unit_id": self.unit_id,
        }
        return wire.payload(wire.UNIT, about)

    def _on_set(self, values: Mapping[str, int]) -> bytes:
        self._settings.set(values["setting"], values["value"])
        return values["value"].to_bytes(4, "little", signed=True)

    def _on_calibrate(self, values: Mapping[str, int]) -> bytes:
        self._calibration = {name: values[name] for name in wire.CALIBRATE.names[1:]}
        return b""

    def _on_time(self, values: Mapping[str, int]) -> bytes:
        self._record(wire.ANCHOR, {name: values[name] for name in ("utc_us", "at_us", "error_us")})
        return b""

    def _on_ack(self, values: Mapping[str, int]) -> bytes:
        self._acked = values["seq"]
        return b""

    def _on_fetch(self, values: Mapping[str, int]) -> bytes:
        return b""  # what is wanted follows the answer

    def _on_run(self, values: Mapping[str, int]) -> bytes:
        assert self._calibration is not None
        scales = (CHIP.rate_hz, CHIP.acc_lsb_per_g, CHIP.gyro_lsb_per_10dps)
        self._pipeline = Pipeline(*scales, self._calibration, self._settings)
        self._on_time(values)
        names = ("rate_hz", "acc_lsb_per_g", "gyro_lsb_per_10dps", "fw_major", "fw_minor", "fw_patch")
        start = dict(zip(names, (*scales, *VERSION), strict=True)) | {"runner": values["runner"]}
        seq = self._record(wire.START, start | self._calibration)
        self.start_us = self._t_us()
        self._draining = self._loop.create_task(self._drain())
        return seq.to_bytes(4, "little")

    def _on_halt(self, values: Mapping[str, int]) -> bytes:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is None or self._draining is None:
            return (0).to_bytes(4, "little")
        self._draining.cancel()
        self._process(pipeline)
        while event := pipeline.finish():
            self._handle(pipeline, event)
        end = dict(zip(told.FIELDS["end"], told.at_end(pipeline), strict=True))
        end |= {"strides": self._strides, "rate_mhz": 1000 * CHIP.rate_hz}
        return self._record(wire.STOP, end).to_bytes(4, "little")

    # --- the run ------------------------------------------------------------------------------------------------------

    def _t_us(self) -> int:
        return round(self._loop.time() * 1e6)

    async def _drain(self) -> None:
        while self._pipeline is not None:
            await asyncio.sleep(_DRAIN_S)
            self._process(self._pipeline)

    def _process(self, pipeline: Pipeline) -> None:
        """The samples since the last time, to the last event in them."""
        assert self.start_us is not None
        first = pipeline.sample
        count = int((self._t_us() - self.start_us) * CHIP.rate_hz / 1e6) + 1 - first
        if count <= 0:
            return
        times_s = (first + np.arange(count)) / CHIP.rate_hz
        batch = array.array("h", self._feed.block(first, times_s).astype(np.int16).tobytes())
        self.produced += count
        pipeline.take(batch, 0, count)
        while event := pipeline.advance():
            self._handle(pipeline, event)

    def _handle(self, pipeline: Pipeline, event: int) -> None:
        if event & EV_CUE:
            cue, t_us = pipeline.cue, self._t_us()
            cue.pulse_ms = min(cue.pulse_ms, _LONGEST_MS)
            self.pulses.append(Pulse(t_us, t_us + 1000 * cue.pulse_ms))
            cue.command_x16 = round((t_us - (self.start_us or 0)) * CHIP.rate_hz * 16 / 1e6)
            pipeline.shaking(pipeline.sample + cue.pulse_ms * CHIP.rate_hz // 1000)
        self._strides += bool(event & EV_STRIDE)
        for name, values in told.of_event(pipeline, event):
            self._record(wire.BY_NAME[name], dict(zip(told.FIELDS[name], values, strict=True)))

    def _record(self, record: wire.Record, values: Mapping[str, int]) -> int:
        """Number it, log it, tell whoever listens."""
        seq = len(self._log) + 1
        key = {"seq": seq, "boot": 1, "t_us": self._t_us()}
        frame = wire.frame(record, dict.fromkeys(record.names, 0) | dict(values) | key)
        logged = parse(frame)
        assert logged is not None
        self._log.append(logged)
        if self.link is not None:
            self.link.notify(Channel.EVENTS, frame)
        return seq


class CoreLink:
    """One connection to a CoreUnit: what is written is taken at once."""

    def __init__(self, unit: CoreUnit) -> None:
        self._unit = unit
        self._inbox: Inbox[tuple[Channel, bytes]] = Inbox(100_000)

    async def open(self) -> None:
        if self._unit.away:
            raise LinkLost("the unit is out of range")
        self._unit.link = self

    async def write(self, frame: bytes) -> None:
        if self._unit.link is not self:
            raise LinkLost("not connected")
        self._unit.take(frame)

    async def receive(self) -> tuple[Channel, bytes]:
        return await self._inbox.get()

    async def close(self) -> None:
        self.lose("the link was closed")

    def notify(self, channel: Channel, frame: bytes) -> None:
        self._inbox.put((channel, frame))

    def lose(self, why: str) -> None:
        if self._unit.link is self:
            self._unit.link = None
            self._inbox.close(LinkLost(why))


async def play(
    scenario: Scenario,
    folder: Path,
    store: Store,
    on_session: Callable[[Session, TrueLatency], None],
    on_verdict: Callable[[Verdict], None] = lambda verdict: None,
) -> Outcome:
    """As demo.play, with this unit, which keeps no files: run, lose the link for a while, end, audit."""
    unit, outcome, worn = CoreUnit(scenario.feed), Outcome(), scenario.calibration
    store.remember(Unit(unit.unit_id.hex(), unit.unit_id[-3:].hex(), worn.side, worn.face, RUNNER))
    plan = Plan(settings=SETTINGS, calibration=worn.to_wire(), runner=RUNNER)
    session = Session(lambda: CoreLink(unit), store, plan, unit_id=unit.unit_id.hex())
    on_session(session, lambda n: true_latency_ms(scenario, unit, n))
    await recorded(outcome, scenario, unit, unit.leave_range, session, store)
    return outcome
