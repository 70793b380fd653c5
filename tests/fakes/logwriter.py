# SPDX-License-Identifier: MIT
"""A boot of the unit that writes its log, and an account of what it was promised, to be compared after a power cut."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from drivers.flashlog import FlashLog, LogFull
from fakes.flash import Device
from kneecore import sector, wire
from kneesense import logimage

SIZE = 512  # of a sector


def frame(seq: int, boot: int) -> bytes:
    """Of a size between 30 and 200 bytes, by its number."""
    key = {"seq": seq, "boot": boot, "t_us": seq}
    if seq % 5:
        return wire.frame(wire.GAP, key | {"at_x16": boot, "samples": 1, "reason": 0})
    counts = bytes((seq * i) & 0xFF for i in range(seq * 7 % 170))
    return wire.frame(wire.RAW, key | {"sample": 0, "counts": counts})


def last_word(seq: int, boot: int) -> bytes:
    values = {"seq": seq, "boot": boot, "t_us": seq, "notice": wire.NOTICES.index("log_full"), "a": 0, "b": 0}
    return wire.frame(wire.NOTICE, values)


@dataclass
class Kept:
    """What the log promises: `durable` by number; `offered` may be there; from `needed` on nothing may be missing."""

    durable: dict[int, bytes] = field(default_factory=dict)
    offered: dict[int, bytes] = field(default_factory=dict)
    needed: int = 1
    boot: int = 0

    def copy(self) -> Kept:
        return Kept(dict(self.durable), dict(self.offered), self.needed, self.boot)


class Writer:
    """A boot of the unit: appends, flushes, is acknowledged, and keeps account of what it was promised."""

    def __init__(self, device: Device, kept: Kept) -> None:
        self.kept = kept
        kept.boot += 1
        self.log = FlashLog(device, device.clock)
        self.told_full = self.log.told_full

    def append(self) -> None:
        log, kept = self.log, self.kept
        made = frame(log.next_seq, kept.boot)
        try:
            kept.offered[log.next_seq] = made
            log.append(made)
            self.told_full = False
        except LogFull:
            del kept.offered[log.next_seq]
            self.say_full()

    def say_full(self) -> None:
        log, kept = self.log, self.kept
        if self.told_full:
            return
        self.told_full = True
        seq = log.next_seq
        word = last_word(seq, kept.boot)
        kept.offered[seq] = word
        try:
            log.append(word, True)
        except LogFull:
            del kept.offered[seq]
            return
        self._durable()

    def flush(self) -> None:
        self.log.flush()
        self._durable()

    def acknowledge(self, seq: int) -> None:
        """A host acknowledges what it has, which may be more than what is durable."""
        self.kept.needed = max(self.kept.needed, min(seq, self.log.next_seq - 1) + 1)
        self.log.acknowledge(seq)

    def _durable(self) -> None:
        self.kept.durable.update(self.kept.offered)
        self.kept.offered.clear()


def held(log: FlashLog) -> list[bytes]:
    return [found for found in log.read(0, 1 << 31) if found]


def fill(log: FlashLog) -> None:
    """Until it takes no more."""
    with contextlib.suppress(LogFull):
        while True:
            log.append(frame(log.next_seq, 1))
    log.flush()


def numbers(frames: list[bytes]) -> list[int]:
    return [sector.seq(found) for found in frames]


def check(device: Device, kept: Kept) -> FlashLog:
    """Boots and compares; what was only offered and is there counts as durable from now on."""
    log = FlashLog(device, device.clock)
    found = held(log)
    assert numbers(found) == list(range(log.first_seq, log.next_seq)), "once and in order"
    assert log.next_seq > max(kept.durable, default=0), "a number would be used again"
    assert log.first_seq <= kept.needed, "a record that no host holds is missing"
    assert log.acked_seq < kept.needed
    promised = kept.durable | kept.offered
    by_number = dict(zip(numbers(found), found, strict=True))
    assert all(promised[seq] == frame for seq, frame in by_number.items())
    audited = logimage.frames(bytes(device.nor.cells), device.nor.sector)
    assert [frame for frame in audited if sector.seq(frame) >= log.first_seq] == found
    assert log.damage is None, "a torn record is not a damaged one"
    kept.durable = by_number
    kept.offered = {}
    kept.needed = min(kept.needed, log.next_seq)  # a host may have more of the last boot than the unit
    return log


def boot(device: Device) -> FlashLog:
    return FlashLog(device, device.clock)


def append(log: FlashLog, count: int) -> None:
    for _ in range(count):
        log.append(frame(log.next_seq, 1))
    log.flush()


def found(device: Device) -> list[int]:
    """Numbers that are there after a power cut."""
    return numbers(held(boot(device)))


def place_of(device: Device, seq: int, size: int = SIZE) -> int:
    """Where the frame of that number begins in the cells."""
    for record in logimage.frames(bytes(device.nor.cells), size):
        if sector.seq(record) == seq:
            return bytes(device.nor.cells).index(record)
    raise AssertionError(f"{seq} is not there")
