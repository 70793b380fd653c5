# SPDX-License-Identifier: MIT
"""The tight loop: drain the sensor's FIFO, run the pipeline to each event in it, buzz and log what it decides.

Paced by a hardware timer through a ThreadSafeFlag: asyncio's own sleeps are rounded to 10 ms on the ESP32, and the FIFO
keeps the samples' time anyway.  A run is from start() to stop(); the sample index counts from its first sample.
"""

import asyncio
from array import array

from drivers import ImuError
from kneecore import told, wire
from kneecore.pipeline import EV_CUE, EV_GAP, EV_SLIP, EV_STRIDE, Pipeline
from tasks.pace import Pace

DRAIN_MS = 20  # an eighth of what the FIFO holds, and part of the cue's latency
_SILENT_US = 100_000  # five drains without a sample: the chip has lost its power or its settings
_RATE_WARN_PM = 30  # parts are specified to 5 %; what is measured corrects the times
_RATE_FAULT_PM = 80  # beyond any part: the chip does not run as it was set up
_HOST = wire.ORIGINS.index("host")
_RETRY_MS = 1000  # between tries to bring a failed sensor back


def _nobody() -> None:
    pass


class Sampler:
    """`free_bus` clears the sensor's bus, whoever holds it."""

    def __init__(self, imu, free_bus, motor, journal, clock, timer) -> None:
        self._imu = imu
        self._free_bus = free_bus
        self._motor = motor
        self._journal = journal
        self._clock = clock
        self._batch = array("h", bytes(2 * 6 * imu.FIFO_SAMPLES))
        self._flag = asyncio.ThreadSafeFlag()
        self._wake = self._flag.set  # a bound method made once
        self._pipeline: "Pipeline | None" = None
        # Takes the samples while no run is on: step(batch, offset) -> over, lost(), failed()
        self.on_slip = _nobody  # told when the strap has slipped
        self.watcher = None
        self._pace = Pace(imu.rate_hz, 0)
        self._strides = 0
        self._rate_told = False
        timer.init(mode=timer.PERIODIC, period=DRAIN_MS, callback=self._tick)

    @property
    def running(self) -> bool:
        return self._pipeline is not None

    def _tick(self, timer) -> None:
        self._wake()

    def start(self, calibration, settings, version, strap_session: int, runner: int = 0) -> int:
        """Begin a run: write the START record, then start the FIFO.

        Returns the record's number, 0 if it could not be logged and so nothing was begun.  ImuError if the sensor
        cannot be used.
        """
        imu = self._imu
        pipeline = Pipeline(imu.rate_hz, imu.acc_lsb_per_g, imu.gyro_lsb_per_10dps, calibration, settings)
        try:
            imu.check()
        except ImuError:  # it has lost its settings since; a sensor that is gone raises here
            self._free_bus()
            imu.configure()
        self._strides = 0
        self._rate_told = False
        values = dict(calibration)
        values.update({
            "rate_hz": imu.rate_hz,
            "acc_lsb_per_g": imu.acc_lsb_per_g,
            "gyro_lsb_per_10dps": imu.gyro_lsb_per_10dps,
            "fw_major": version[0],
            "fw_minor": version[1],
            "fw_patch": version[2],
            "strap_session": strap_session,
            "runner": runner,
            "origin": _HOST,
            "session": 0,
        })  # fmt: skip
        seq = self._journal.record(wire.START, values)
        if seq:
            imu.start()  # after the log's work: the FIFO would fill meanwhile
            self._pace = Pace(imu.rate_hz, self._clock.us())
            self._pipeline = pipeline
        return seq

    def stop(self) -> int:
        """End the run: what the FIFO still holds is used, the open stride closed, the STOP record written."""
        pipeline = self._pipeline
        if pipeline is None:
            return 0
        try:
            self._drain(pipeline)
            self._imu.stop()
        except ImuError as error:
            self._journal.notice(error.notice, error.a, error.b)
        self._pipeline = None
        while True:
            event = pipeline.finish()
            if not event:
                break
            self._handle(pipeline, event)
        return self._journal.record(
            wire.STOP,
            {
                "samples": pipeline.sample,
                "gap_samples": pipeline.gap_samples,
                "run_x16": pipeline.run_x16,
                "walk_x16": pipeline.walk_x16,
                "unsure_x16": pipeline.unsure_x16,
                "still_x16": pipeline.still_x16,
                "strides": self._strides,
                "rate_mhz": self._pace.rate_mhz,
                "ending": _HOST,
            },
        )

    async def run(self) -> None:
        while True:
            await self._flag.wait()
            if self._pipeline is None:
                if self.watcher is not None:
                    self._watch(self.watcher)
                continue
            try:
                self._drain(self._pipeline)
                if self._pace.measured and not self._rate_told:
                    self._check_rate()
            except ImuError as error:
                print("sensor failed:", error)
                self._journal.notice(error.notice, error.a, error.b)
                await self._revive()

    def _watch(self, watcher) -> None:
        batch = self._batch
        try:
            count = self._imu.drain(batch)
        except ImuError as error:
            self._journal.notice(error.notice, error.a, error.b)
            watcher.failed()
            return
        for i in range(count):
            if watcher.step(batch, 6 * i):
                return
        if self._imu.lost_reason is not None:
            self._imu.lost_reason = None
            watcher.lost()

    async def _revive(self) -> None:
        """Set the sensor up anew, again and again while the run lasts; what was missed becomes a gap."""
        while self._pipeline is not None:
            try:
                self._free_bus()
                self._imu.configure()
                self._imu.start()
            except ImuError:
                await asyncio.sleep_ms(_RETRY_MS)
                continue
            self._note_gap(self._pipeline, "bus_reset")
            return

    def _drain(self, pipeline) -> None:
        batch = self._batch
        count = self._imu.drain(batch)
        now_us = self._clock.us()
        self._pace.drained(count, now_us)
        pipeline.take(batch, 0, count)
        while True:
            event = pipeline.advance()
            if not event:
                break
            self._handle(pipeline, event)
        if self._imu.lost_reason is not None:
            self._note_gap(pipeline, self._imu.lost_reason)
            self._imu.lost_reason = None
        elif self._pace.silent_us(now_us) > _SILENT_US:
            self._imu.check()
            raise ImuError("imu_settings", 0, 0, "the sensor gives no samples")

    def _check_rate(self) -> None:
        """Once it is measured: is the chip as fast as it was set up to be?"""
        self._rate_told = True
        rate_mhz = self._pace.rate_mhz
        off_pm = abs(rate_mhz - self._imu.rate_hz * 1000) // self._imu.rate_hz
        if off_pm > _RATE_WARN_PM:
            self._journal.notice("rate_off", rate_mhz, self._imu.rate_hz * 1000)
        if off_pm > _RATE_FAULT_PM:
            self.stop()

    def _handle(self, pipeline, event: int) -> None:
        if event & EV_CUE:
            self._cue(pipeline.cue)
        if event & EV_SLIP:
            slip = pipeline.slip
            self._journal.notice("strap_slip", slip.sideways_cdeg, slip.sagittal_cdeg)
            self.on_slip()
        if event & EV_GAP:
            gap = {
                "at_x16": pipeline.gap_at_x16,
                "samples": pipeline.gap_length,
                "reason": pipeline.gap_reason,
            }
            self._journal.record(wire.GAP, gap)
        if event & EV_STRIDE:
            self._strides += 1
            self._journal.record(
                wire.STRIDE, {name: getattr(pipeline.stride, name) for name in told.FIELDS["stride"]}
            )

    def _cue(self, cue) -> None:
        cue.pulse_ms = self._motor.pulse(cue.pulse_ms)  # first the motor, then the paperwork
        cue.rise_ms = self._motor.rise_ms
        cue.command_x16 = self._pace.at_x16(self._clock.us())
        self._journal.record(wire.CUE, {name: getattr(cue, name) for name in told.FIELDS["cue"]})

    def _note_gap(self, pipeline, reason: str) -> None:
        """The FIFO was thrown away and has started anew."""
        lost = self._pace.lost(self._clock.us())
        self._handle(pipeline, pipeline.gap(lost, wire.GAP_REASONS.index(reason)))
