# SPDX-License-Identifier: MIT
"""Anything in any order: appended, flushed, acknowledged, erased ahead, deleted, cut, booted again, a bit flipped."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fakes.flash import Device, PowerCut
from fakes.logwriter import Kept, Writer, check, held, numbers
from kneecore import sector

COUNTS = st.integers(1, 12)


class LogMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.device = Device(sectors=5, size=512)
        self.kept = Kept()
        self.writer = Writer(self.device, self.kept)

    @rule(count=COUNTS, flushed=st.booleans())
    def append(self, count: int, flushed: bool) -> None:
        for _ in range(count):
            self.writer.append()
        if flushed:
            self.writer.flush()

    @rule(behind=st.integers(0, 20))
    def acknowledge(self, behind: int) -> None:
        self.writer.acknowledge(self.writer.log.next_seq - 1 - behind)

    @rule(count=COUNTS)
    def tend(self, count: int) -> None:
        for _ in range(count):
            self.writer.log.tend()

    @rule()
    def boot(self) -> None:
        check(self.device, self.kept)
        self.writer = Writer(self.device, self.kept)

    @rule(steps=st.integers(0, 700), count=COUNTS, tended=st.booleans(), ahead=st.booleans())
    def cut(self, steps: int, count: int, tended: bool, ahead: bool) -> None:
        """In the middle of whatever these do."""
        self.device.left = steps
        try:
            for _ in range(count):
                if tended:
                    self.writer.log.tend()
                self.writer.append()
                if not ahead:
                    self.writer.flush()
        except PowerCut:
            pass
        self.device.left = None
        self.boot()

    @rule(behind=st.integers(0, 30))
    def delete(self, behind: int) -> None:
        writer, kept = self.writer, self.kept
        to_seq = writer.log.next_seq - 1 - behind
        writer.flush()
        writer.log.erase(to_seq)
        kept.durable = {seq: frame for seq, frame in kept.durable.items() if seq > to_seq}
        kept.needed = max(kept.needed, to_seq + 1)
        writer.told_full = writer.log.told_full

    @rule(data=st.data())
    def flip(self, data: st.DataObject) -> None:
        """In a record that others follow; then mended, for the account has no place for holes."""
        log = self.writer.log
        log.flush()
        frames = held(log)[:-1]
        if not frames:
            return
        frame = data.draw(st.sampled_from(frames))
        at = bytes(self.device.nor.cells).index(frame) + data.draw(st.integers(0, len(frame) - 1))
        self.device.nor.flip(at)
        got = numbers(held(log))
        assert got == [n for n in range(log.first_seq, log.next_seq) if n != sector.seq(frame)]
        assert log.damage is not None
        first, count = log.damage
        assert first <= sector.seq(frame) < first + count, "a boot may take deleted ones for damaged"
        log.damage = None
        self.device.nor.flip(at)

    @invariant()
    def everything_is_read_once_in_order(self) -> None:
        log = self.writer.log
        assert numbers(held(log)) == list(range(log.first_seq, log.next_seq))
        assert log.erased_bytes + log.used_bytes <= log.capacity_bytes


LogMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestLog = LogMachine.TestCase
