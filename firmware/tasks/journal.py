# SPDX-License-Identifier: MIT
"""Every record of the unit passes here: numbered, timed, framed, logged, then offered to the radio.

The log is the truth and the radio best effort, so the frame is in the log before anybody else sees it.

Writing to flash stops the whole chip.  In a run it happens right after the sensor's FIFO was drained: the sampler calls
`drained`.  When nobody does, this task writes, and erases ahead.
"""

import asyncio

from drivers.flashlog import LogFull
from kneecore import wire

_FLUSH_MS = 1000  # durable means: read back after a power cut, due within 2 s


def _nobody(frame: bytes) -> None:
    pass


def _unwatched() -> None:
    pass


class Journal:
    def __init__(self, log, clock, boot: int) -> None:
        self._log = log
        self._clock = clock
        self.boot = boot
        self.listener = _nobody  # told of every frame logged
        self.alive = _unwatched  # told at every turn
        self._full = log.told_full
        self._in_run = False  # somebody has called `drained` since the last turn
        self.failed: "str | None" = None  # text of the first failure; logging has stopped, cues go on

    def record(self, record, values) -> int:
        """Log one record; `values` needs no key.  Returns its sequence number, 0 when the log cannot take it."""
        values["seq"] = seq = self._log.next_seq
        values["boot"] = self.boot
        values.setdefault("t_us", self._clock.us())
        frame = wire.frame(record, values)
        if self.failed is not None:
            return 0
        try:
            self._log.append(frame)
        except LogFull:
            self._tell_full()
            return 0
        except OSError as error:
            self._stop_logging("log failed: %s" % error)
            return 0
        self._full = False
        self.listener(frame)
        return seq

    def _tell_full(self) -> None:
        """Once, in the place reserved for it.  Records go on when a host has fetched and acknowledged some."""
        if self._full:
            return
        self._full = True
        frame = wire.frame(wire.NOTICE, self._notice("log_full"))
        try:
            self._log.append(frame, True)
        except LogFull:
            return  # a power cut has spoilt the place
        except OSError as error:
            self._stop_logging("log failed: %s" % error)
            return
        self.listener(frame)

    def notice(self, name: str, a: int = 0, b: int = 0) -> int:
        return self.record(wire.NOTICE, {"notice": wire.NOTICES.index(name), "a": a, "b": b})

    async def run(self) -> None:
        while True:
            self.alive()
            await asyncio.sleep_ms(_FLUSH_MS)
            self._clock.us()
            if not self._in_run:
                self._write(self._log.flush)
                self._write(self._log.tend)
                self._tell_damage()
            self._in_run = False

    def drained(self) -> None:
        """In a run, when the sensor can wait: write what is due."""
        self._in_run = True
        if self._log.due:
            self.flush()

    def flush(self) -> None:
        """What was recorded is durable afterwards."""
        self._write(self._log.flush)

    def _write(self, act) -> None:
        if self.failed is not None:
            return
        try:
            act()
        except OSError as error:
            self._stop_logging("log failed: %s" % error)

    def _tell_damage(self) -> None:
        """Records that a reader of the log found spoilt: told once, then struck out."""
        damage = self._log.damage
        if damage and self.notice("log_damaged", *damage):
            self._write(self._log.strike)

    def _stop_logging(self, why: str) -> None:
        if self.failed is None:
            self.failed = why
            print(why)
            self.listener(wire.frame(wire.NOTICE, self._notice("log_failed")))  # the air is all that is left

    def _notice(self, name: str):
        values = {"seq": self._log.next_seq, "boot": self.boot, "t_us": self._clock.us(), "a": 0, "b": 0}
        values["notice"] = wire.NOTICES.index(name)
        return values
