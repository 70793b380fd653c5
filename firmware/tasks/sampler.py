# SPDX-License-Identifier: MIT
"""The tight loop: drain the sensor's FIFO, run the pipeline to each event in it, buzz and log what it decides.

Paced by a hardware timer through a ThreadSafeFlag: asyncio's own sleeps are rounded to 10 ms on the ESP32, and the FIFO
keeps the samples' time anyway.  A run is from start() to stop(); the sample index counts from its first sample.
"""

import asyncio
from array import array

from drivers import ImuError
from drivers.inertial import DRAIN_MS
from kneecore import told, wire
from kneecore.coach import Coach, Session
from kneecore.metronome import NO_BEAT, Metronome
from kneecore.pipeline import EV_CUE, EV_SLIP, EV_STRIDE, Pipeline
from kneecore.ticks import plus
from kneecore.version import VERSION
from tasks.pace import Pace
from tasks.raw import Raw

_SILENT_US = 100_000  # five drains without a sample: the chip has lost its power or its settings
_RATE_WARN_PM = 30  # parts are specified to 5 %; what is measured corrects the times
_RATE_FAULT_PM = 80  # beyond any part: the chip does not run as it was set up
_AHEAD_US = 120_000  # a beat waits in the motor for so long: a stall of 100 ms does not move it
_FAULT = wire.ENDINGS.index("fault")
_RETRY_MS = 1000  # between tries to bring a failed sensor back
_GIVE_UP_US = 60_000_000  # of such tries: then the run ends
_FROZEN_TRIES = 6  # each waits twice as long as the one before: a second, then up to a minute


def _nobody(what=None) -> None:
    pass


class Sampler:
    """`free_bus` clears the sensor's bus, whoever holds it; `alive()` is told at every turn."""

    def __init__(self, imu, free_bus, voice, journal, clock, timer) -> None:
        self._imu = imu
        self._free_bus = free_bus
        self._voice = voice
        self._journal = journal
        self._clock = clock
        self.alive = _nobody
        self._batch = array("h", bytes(2 * 6 * imu.FIFO_SAMPLES))
        self._flag = asyncio.ThreadSafeFlag()
        self._wake = self._flag.set  # a bound method made once
        self._pipeline: "Pipeline | None" = None
        self._metronome = Metronome()
        self._raw = Raw(journal)
        self.on_slip = _nobody  # told when the strap has slipped
        self.on_end = _nobody  # told the coach when its run is over, before the STOP record
        self.watcher = (
            None  # takes the samples while no run is on: take(batch, count) -> over, lost(), failed()
        )
        self._pace = Pace(imu.rate_hz, 0)
        self._strides = 0
        self._shaking_us = 0  # the pipeline knows that the motor shakes the unit until then
        self._stride_us = 0  # when the last stride was told, or the run began
        self._rate_told = False
        self.failing = False  # the sensor does not answer in the run
        self._frozen_tries = 0  # to bring one back that repeats itself, since the last stride
        self._timer = timer  # kept, so that nobody collects it
        timer.init(mode=timer.PERIODIC, period=DRAIN_MS, callback=self._tick)

    @property
    def rate_hz(self) -> int:
        return self._imu.rate_hz

    @property
    def running(self) -> bool:
        return self._pipeline is not None

    @property
    def coach(self) -> "Coach | None":
        return self._pipeline.coach if self._pipeline else None

    @property
    def sample(self) -> int:
        """Of the run."""
        return self._pipeline.sample if self._pipeline else 0

    @property
    def since_stride_s(self) -> int:
        """How long there has been no stride in this run, also because the sensor is gone."""
        return (self._clock.us() - self._stride_us) // 1_000_000

    def _tick(self, timer) -> None:
        self._wake()

    def pipeline(self, calibration, settings, session: "Session | None" = None) -> Pipeline:
        imu = self._imu
        return Pipeline(
            imu.rate_hz, imu.acc_lsb_per_g, imu.gyro_lsb_per_10dps, calibration, settings, session
        )

    def start(self, calibration, settings, session: Session, origin: int) -> int:
        """Begin a run: write the START record, then start the FIFO.

        Returns the record's number, 0 if it could not be logged and so nothing was begun.  ImuError if the sensor
        cannot be used.
        """
        pipeline = self.pipeline(calibration, settings, session)
        self.wake_imu()
        imu = self._imu
        values = dict(calibration)
        values.update({
            "rate_hz": imu.rate_hz,
            "acc_lsb_per_g": imu.acc_lsb_per_g,
            "gyro_lsb_per_10dps": imu.gyro_lsb_per_10dps,
            "fw_major": VERSION[0],
            "fw_minor": VERSION[1],
            "fw_patch": VERSION[2],
            "strap_session": session.strap_session,
            "runner": session.runner,
            "origin": origin,
            "session": session.plan.number if session.plan else 0,
        })  # fmt: skip
        seq = self._journal.record(wire.START, values)
        if seq:
            imu.start()  # after the log's work: the FIFO would fill meanwhile
            self._pace = Pace(imu.rate_hz, self._clock.us())
            self._strides = self._frozen_tries = 0
            self._stride_us = self._clock.us()
            self._rate_told = False
            self._raw.begin(settings.raw_record)
            self._pipeline = pipeline
        return seq

    def wake_imu(self) -> None:
        """Ready to be started.  ImuError if it cannot be."""
        try:
            self._imu.check()
        except ImuError:  # it has lost its settings since; a sensor that is gone raises here
            self._free_bus()
            self._imu.configure()

    def watch(self, watcher) -> None:
        """Let it take the samples from now on.  ImuError."""
        self.wake_imu()
        self._imu.start()
        self.watcher = watcher

    def rest(self) -> None:
        """Nobody takes the samples any more."""
        self.watcher = None
        try:
            self._imu.stop()
        except ImuError:
            pass  # whoever uses it next will hear of it

    def stop(self, ending: int) -> int:
        """End the run: what the FIFO still holds is used, the open stride closed, the STOP record written."""
        pipeline = self._pipeline
        if pipeline is None:
            return 0
        try:
            self._drain(pipeline)
        except ImuError as error:
            self._journal.notice(error.notice, error.a, error.b)
            self._note_gap(pipeline, "bus_reset")
        try:
            self._imu.stop()
        except ImuError:
            pass  # whoever uses it next will hear of it
        self._pipeline = None
        self._raw.end()
        self._metronome.tempo(0, 0)
        while True:
            event = pipeline.finish()
            if not event:
                break
            self._handle(pipeline, event)
        self.on_end(pipeline.coach)
        values = dict(zip(told.FIELDS["end"], told.at_end(pipeline)))
        values.update({"strides": self._strides, "rate_mhz": self._pace.rate_mhz, "ending": ending})
        seq = self._journal.record(wire.STOP, values)
        self._journal.flush()
        return seq

    async def run(self) -> None:
        while True:
            await self._flag.wait()
            self.alive()
            if not self._turn():
                await self._revive()

    def _turn(self) -> bool:
        """False: the sensor has failed in a run."""
        pipeline = self._pipeline
        if pipeline is None:
            if self.watcher is not None:
                self._watch(self.watcher)
            return True
        try:
            self._drain(pipeline)
            self._journal.drained()
            if self._pace.to_tell:
                self._tell_rate()
        except ImuError as error:
            print("sensor failed:", error)
            self._journal.notice(error.notice, error.a, error.b)
            return False
        return True

    def _watch(self, watcher) -> None:
        batch = self._batch
        try:
            count = self._imu.drain(batch)
        except ImuError as error:
            self._journal.notice(error.notice, error.a, error.b)
            watcher.failed()
            return
        if watcher.take(batch, count):
            return
        if self._imu.lost_reason is not None:
            self._imu.lost_reason = None
            watcher.lost()

    async def _revive(self) -> None:
        """Set the sensor up anew, again and again for a minute; what was missed becomes a gap, or the run ends."""
        self.failing = True
        since_us = self._clock.us()
        while self._pipeline is not None:
            if self._clock.us() - since_us > _GIVE_UP_US:
                self.stop(_FAULT)
                break
            self.alive()
            try:
                self._free_bus()
                self._imu.configure()
                self._imu.start()
            except ImuError:
                await asyncio.sleep_ms(_RETRY_MS)
                continue
            self._note_gap(self._pipeline, "bus_reset", 1)
            break
        self.failing = False

    def _drain(self, pipeline) -> None:
        batch = self._batch
        now_us = self._clock.us()  # before reading them, which takes longer than a sample
        count = self._imu.drain(batch)
        shaking_us = self._voice.shaking_until_us
        if shaking_us != self._shaking_us:
            self._shaking_us = shaking_us
            pipeline.shaking(self._pace.at_x16(shaking_us) >> 4)
        self._pace.drained(count, now_us)
        sample = pipeline.sample
        pipeline.take(batch, 0, count)
        while True:
            event = pipeline.advance()
            if not event:
                break
            self._handle(pipeline, event)
        self._beat(pipeline.coach.beat_cspm, self._clock.us())
        self._raw.take(batch, count, sample)
        if self._imu.lost_reason is not None:
            self._note_gap(pipeline, self._imu.lost_reason)
            self._imu.lost_reason = None
        elif self._pace.silent_us(now_us) > _SILENT_US:
            self._imu.check()
            raise ImuError("imu_settings", 0, 0, "the sensor gives no samples")
        elif pipeline.frozen_for > self._imu.rate_hz << self._frozen_tries:
            self._frozen_tries = min(self._frozen_tries + 1, _FROZEN_TRIES)
            raise ImuError("imu_frozen", pipeline.frozen_for, 0, "the sensor repeats itself")

    def _tell_rate(self) -> None:
        pace = self._pace
        pace.told()
        self._journal.record(wire.PACE, {"at_x16": pace.at_x16(self._clock.us()), "rate_mhz": pace.rate_mhz})
        if not self._rate_told:
            self._rate_told = True
            self._check_rate()

    def _check_rate(self) -> None:
        """Is the chip as fast as it was set up to be?"""
        rate_mhz = self._pace.rate_mhz
        off_pm = abs(rate_mhz - self._imu.rate_hz * 1000) // self._imu.rate_hz
        if off_pm > _RATE_WARN_PM:
            self._journal.notice("rate_off", rate_mhz, self._imu.rate_hz * 1000)
        if off_pm > _RATE_FAULT_PM:
            self.stop(_FAULT)

    def _handle(self, pipeline, event: int) -> None:
        if event & EV_CUE:  # first the motor, then the paperwork
            self._voice.cue(pipeline.cue)
            pipeline.cue.command_x16 = self._pace.at_x16(self._clock.us())
        if event & EV_SLIP:
            self.slipped(pipeline.slip)
        if event & EV_STRIDE:
            self._frozen_tries = 0
            self._strides += 1
            self._stride_us = self._clock.us()
        for name, values in told.of_event(pipeline, event):
            self._journal.record(wire.BY_NAME[name], dict(zip(told.FIELDS[name], values)))

    def slipped(self, slip) -> None:
        self._journal.notice("strap_slip", slip.sideways_cdeg, slip.sagittal_cdeg)
        self.on_slip()

    def _beat(self, cspm: int, now_us: int) -> None:
        ticks = plus(0, now_us)
        self._metronome.tempo(ticks, cspm)
        left_us = self._metronome.due(ticks, _AHEAD_US)
        if left_us != NO_BEAT:
            self._voice.beat(left_us // 1000)

    def _note_gap(self, pipeline, reason: str, dropped: int = 0) -> None:
        """The FIFO was thrown away and has started anew; so many of the first frames will be dropped."""
        lost = self._pace.lost(self._clock.us(), dropped)
        self._handle(pipeline, pipeline.gap(lost, wire.GAP_REASONS.index(reason)))
