# SPDX-License-Identifier: MIT
"""Every record of the unit passes here: numbered, timed, framed, logged, then offered to the radio.

The log is the truth and the radio best effort, so the frame is in the log before anybody else sees it.

Writing to flash stops the whole chip.  In a run it happens right after the sensor's FIFO was drained: the sampler calls
`drained`.  When nobody does, this task writes, and erases ahead.
"""

import asyncio

from drivers.flashlog import LogFull
from kneecore import wire

_LAST_SEQ = 0xFFFFFFFF  # 5 years of raw recording without a pause
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
        self._last_us = (
            -1
        )  # of the last record: times rise strictly, so that they order the records of a boot
        self.failed: "str | None" = None  # text of the first failure; logging has stopped, cues go on

    def record(self, record, values) -> int:
        """Log one record; `values` needs no key.  Returns its sequence number, 0 when the log cannot take it."""
        values["seq"] = seq = self._number()
        values["boot"] = self.boot
        values["t_us"] = self._time_us()
        frame = wire.frame(record, values)
        if not self._append(frame):
            return 0
        self.listener(frame)
        return seq

    @property
    def room_for_raw(self) -> bool:
        return self.failed is None and self._log.room_for_raw

    def record_raw(self, raw, sample: int) -> None:
        """Log a kneecore.rawrecord.RawRecord.  Nobody is told: a listener would have to copy it, and fetches it."""
        self._append(raw.frame(self._number(), self.boot, self._time_us(), sample))

    def _number(self) -> int:
        """Of the next record; 0 once the log takes none."""
        seq = self._log.next_seq
        if seq > _LAST_SEQ:
            self._stop_logging("the numbers of records are used up")
        return 0 if self.failed is not None else seq

    def _time_us(self) -> int:
        """Of the next record."""
        now_us = self._clock.us()
        if now_us <= self._last_us:
            now_us = self._last_us + 1
        self._last_us = now_us
        return now_us

    def _append(self, frame) -> bool:
        """False: the log has not taken it."""
        if self.failed is not None:
            return False
        try:
            self._log.append(frame)
        except LogFull:
            self._tell_full()
            return False
        except OSError as error:
            self._stop_logging("log failed: %s" % error)
            return False
        self._full = False
        return True

    @property
    def full(self) -> bool:
        """The log takes no record until a host has fetched some."""
        return self._full

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

    def close(self) -> None:
        """Everything is durable, and nothing under way: the unit is about to lose its power."""
        self._write(self._log.close)

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
        seq = min(self._log.next_seq, _LAST_SEQ)
        notice = wire.NOTICES.index(name)
        return {"seq": seq, "boot": self.boot, "t_us": self._time_us(), "notice": notice, "a": 0, "b": 0}
