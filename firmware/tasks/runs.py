# SPDX-License-Identifier: MIT
"""When a run begins and ends, and what the runner or a host may do to its cues: the same for host, button and nobody.

    begins   by a host; by the button; by itself after `auto_start_strides` run strides, while no host is connected
    ends     by a host; by itself after `auto_stop_s` without a stride, unless a host began it; when the sensor fails

A run that goes on is never replaced by another: whoever wants to begin one is refused (BUSY), and may end it first.
Pain suspends cues over runs that begin by themselves, and over a reboot; a run that somebody begins lifts it.
"""

import asyncio
import gc

from drivers import ImuError
from kneecore import gesture, wire
from kneecore.patterns import OK, PAIN_MARKED
from kneecore.settings import Settings
from tasks.watch import Watch

HOST, BUTTON, AUTO = range(len(wire.ORIGINS))  # the same numbers in wire.ENDINGS
PAIN, MUTE, TAKEN_BACK, RESUME = (
    wire.MARKS.index(name) for name in ("pain", "mute", "pain_taken_back", "resume")
)
_TEND_MS = 1000
_TAKE_BACK_US = 1000 * gesture.TAKE_BACK_MS
_FAILED_REST_US = 60_000_000  # a sensor that failed the watch is tried again then: every try is told once
_WATCH_S = 12 * 3600  # then a new one, well before its pipeline's count of samples ends


class Busy(Exception):
    """A run is going on."""


class NotReady(Exception):
    """No sensor, no calibration, or one is under way, or the log takes no START record."""


class Runs:
    """`sampler`: None without a sensor.  `connected()`: whether a host is."""

    def __init__(self, sampler, calibrator, settings, coaching, journal, clock, voice, connected) -> None:
        self._sampler = sampler
        self._calibrator = calibrator
        self._settings = settings
        self._coaching = coaching
        self._journal = journal
        self._clock = clock
        self._voice = voice
        self._connected = connected
        self._origin = HOST
        self._closed = False  # the session's record is written
        self._pain_us = -_TAKE_BACK_US
        self._auto_stopped_us = -1
        self._watch: "Watch | None" = None
        self._no_watch_until_us = 0
        if sampler:
            sampler.on_end = self._ended

    @property
    def running(self) -> bool:
        return self._sampler is not None and self._sampler.running

    @property
    def ready(self) -> bool:
        """A run could begin now."""
        calibrator = self._calibrator
        return (
            self._sampler is not None
            and not self._sampler.running
            and calibrator.calibration is not None
            and not calibrator.busy
        )

    @property
    def place(self) -> int:
        """Where the button is pressed, for gesture.py."""
        since_ms = -1
        if self._auto_stopped_us >= 0:
            since_ms = (self._clock.us() - self._auto_stopped_us) // 1000
        return gesture.place(self.running, since_ms)

    def start(self, origin: int, runner: int) -> int:
        """Begin a run.  Number of its START record; Busy, NotReady, ImuError."""
        if self.running:
            raise Busy()
        if not self.ready:
            raise NotReady()
        coaching, calibrator, settings = self._coaching, self._calibrator, self._settings
        if origin != AUTO:
            coaching.suspend(False)
        if runner:
            coaching.set_runner(runner)
        coaching.recover()
        self._end_watch()
        gc.collect()  # what went before, so that the new pipeline finds room in one piece
        calibration = calibrator.calibration
        strap_session = calibrator.strap_session
        session = coaching.session(settings.get("cue_rule"), runner, calibration["side"], strap_session)
        seq = self._sampler.start(calibration, settings, session, origin)
        if not seq:
            raise NotReady()
        self._origin = origin
        self._closed = False
        self._auto_stopped_us = -1
        return seq

    def start_alone(self, origin: int) -> bool:
        """Without a host, for the runner that the unit knows.  False if it cannot be."""
        try:
            self.start(origin, self._coaching.runner)
        except ImuError as error:
            self._journal.notice(error.notice, error.a, error.b)
            return False
        except (Busy, NotReady):
            return False
        self._voice.say(OK)
        return True

    def stop(self, ending: int) -> int:
        """Number of the STOP record; 0 without a run."""
        return self._sampler.stop(ending) if self._sampler else 0

    def pain(self) -> bool:
        self._voice.say(PAIN_MARKED)
        self._pain_us = self._clock.us()
        coach = self._coach
        if coach:
            coach.pain(self._sampler.sample)
        self._coaching.suspend(True)
        return self._mark(PAIN)

    def take_back(self) -> bool:
        """The pain mark was a mistake.  False: it is final."""
        coach = self._coach
        if coach:
            taken = coach.take_back(self._sampler.sample)
        else:
            taken = self._coaching.suspended and self._clock.us() - self._pain_us <= _TAKE_BACK_US
        if not taken:
            return False
        self._coaching.suspend(False)
        return self._mark(TAKEN_BACK)

    def mute(self) -> bool:
        coach = self._coach
        if coach is None:
            return False
        coach.mute()
        return self._mark(MUTE)

    def resume(self) -> bool:
        """Cues again, after a mute or pain."""
        if self._coach:
            self._coach.resume()
        self._coaching.suspend(False)
        return self._mark(RESUME)

    async def run(self) -> None:
        while True:
            await asyncio.sleep_ms(_TEND_MS)
            self.tend()

    def tend(self) -> None:
        """What happens by itself, looked at once a second."""
        fault = self._voice.fault()
        if fault:
            self._journal.notice("motor_fault", 0, fault)
        coach = self._coach
        if coach is None:
            self._tend_watch()
            return
        self._coaching.keep(coach)
        progress = coach.progress
        if progress and progress.run_s >= progress.planned_s:
            self._close(coach)
        if self._origin != HOST and self._sampler.since_stride_s >= self._settings.get("auto_stop_s"):
            self.stop(AUTO)
            self._auto_stopped_us = self._clock.us()

    @property
    def _coach(self):
        return self._sampler.coach if self._sampler else None

    def _mark(self, kind: int) -> bool:
        self._journal.record(wire.MARK, {"kind": kind})
        return True

    def _ended(self, coach) -> None:
        """A run is over, whoever ended it."""
        self._coaching.keep(coach)
        if coach.progress:
            self._close(coach)

    def _close(self, coach) -> None:
        """Once a run: as soon as its minutes are run, so that a unit switched off afterwards has counted it."""
        if not self._closed:
            self._closed = True
            self._coaching.close(coach)

    def _tend_watch(self) -> None:
        sampler = self._sampler
        strides = self._settings.get("auto_start_strides")
        wanted = self.ready and strides and not self._connected()
        watch = self._watch
        if watch:
            if watch.broken:
                self._no_watch_until_us = self._clock.us() + _FAILED_REST_US
            over = watch.broken or watch.samples >= _WATCH_S * sampler.rate_hz
            if watch.running and wanted:
                if not self.start_alone(AUTO):
                    self._no_watch_until_us = self._clock.us() + _FAILED_REST_US
            elif over or not wanted or sampler.watcher is not watch:
                self._end_watch()
        elif wanted and sampler.watcher is None and self._clock.us() >= self._no_watch_until_us:
            self._begin_watch(strides)

    def _begin_watch(self, strides: int) -> None:
        sampler = self._sampler
        pipeline = sampler.pipeline(self._calibrator.calibration, Settings(cue_rule=0))
        watch = Watch(pipeline, strides, sampler.slipped)
        try:
            sampler.watch(watch)
        except ImuError as error:
            self._journal.notice(error.notice, error.a, error.b)
            self._no_watch_until_us = self._clock.us() + _FAILED_REST_US
            return
        self._watch = watch

    def _end_watch(self) -> None:
        """Let go of the samples, unless a calibration has taken them over."""
        if self._watch is not None and self._sampler.watcher is self._watch:
            self._sampler.rest()
        self._watch = None
