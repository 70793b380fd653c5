# SPDX-License-Identifier: MIT
"""The power is cut at every byte of a session that wraps the ring, and again in the boot after it.

What flush() had made durable is there once, in order, with its own bytes; the numbers go on.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fakes.flash import ERASE_STEPS, Device, PowerCut
from fakes.logwriter import Kept, Writer, append, boot, check, held, numbers
from kneecore import wire

SECTORS, SIZE = 8, 512
ACTIONS, FULL_FROM, FULL_TO = 330, 120, 190


@dataclass
class Operation:
    """One of the flash, with the cells before it and what was promised then."""

    cells: bytes
    kept: Kept
    act: Callable[[Device], object]
    steps: int

    def cut(self, done: int) -> tuple[Device, Kept]:
        """After so many of its steps."""
        device = Device(SECTORS, SIZE, seed=done)
        device.nor.cells[:] = self.cells
        device.left = done
        with pytest.raises(PowerCut):
            self.act(device)
        device.left = None
        return device, self.kept.copy()


class Taped(Device):
    def __init__(self, kept: Kept) -> None:
        super().__init__(SECTORS, SIZE)
        self.kept = kept
        self.operations: list[Operation] = []

    def writeblocks(self, block: int, buf, offset: int) -> None:
        data = bytes(buf)
        self._tape(lambda device: device.writeblocks(block, data, offset), len(data))
        super().writeblocks(block, buf, offset)

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            self._tape(lambda device: device.ioctl(op, arg), ERASE_STEPS)
        return super().ioctl(op, arg)

    def _tape(self, act: Callable[[Device], object], steps: int) -> None:
        self.operations.append(Operation(bytes(self.nor.cells), self.kept.copy(), act, steps))


def session(seed: int) -> list[Operation]:
    """Some of everything, more than two times round the ring; once the log is full for a while."""
    kept = Kept()
    device = Taped(kept)
    writer = Writer(device, kept)
    draw = random.Random(seed)
    for i in range(ACTIONS):
        writer.append()
        if draw.random() < 0.4:
            writer.flush()
        if draw.random() < 0.15 and not FULL_FROM < i < FULL_TO:
            writer.acknowledge(writer.log.next_seq - 1 - draw.randrange(6))
        if draw.random() < (0.3 if i < FULL_FROM else 0.05):
            writer.log.tend()
        if i % 16 == 0:
            assert numbers(held(writer.log)) == list(range(writer.log.first_seq, writer.log.next_seq))
    assert device.nor.erases > 2 * SECTORS
    assert sum(logged[1] == wire.NOTICE.code for logged in kept.durable.values()) == 1
    return device.operations


def test_a_cut_at_every_byte_of_a_session_that_wraps_and_again_in_the_next_boot() -> None:
    cuts = 0
    for operation in session(seed=1):
        for done in range(operation.steps):
            device, kept = operation.cut(done)
            check(device, kept)
            cuts += 1
            if cuts % 6:
                continue
            device.left = cuts // 6 % 97
            with contextlib.suppress(PowerCut):
                writer = Writer(device, kept)
                for _ in range(4):
                    writer.append()
                    writer.flush()
                    writer.log.tend()
            device.left = None
            check(device, kept)
            writer = Writer(device, kept)
            writer.append()
            writer.flush()
            check(device, kept)
    assert cuts > 10_000


def test_a_minute_of_running_cut_at_every_byte_of_its_last_pages_and_with_a_flipped_bit() -> None:
    """Field reports A40: opens, loses at most what was cut, goes on behind it, tells of the flip."""
    device = Device(3, 4096)
    append(boot(device), 95)
    whole = bytes(device.nor.cells)
    frames = held(boot(device))
    end = whole.index(frames[-1]) + len(frames[-1])
    ends = [whole.index(frame) + len(frame) for frame in frames]
    for cut in range(end - 4 * 256, end + 1):
        device.nor.cells[:] = whole[:cut] + b"\xff" * (len(whole) - cut)
        log = boot(device)
        left = sum(at <= cut for at in ends)
        assert numbers(held(log)) == list(range(1, left + 1))
        append(log, 2)
        assert numbers(held(boot(device))) == list(range(1, left + 3))
    device.nor.cells[:] = whole
    device.nor.flip(ends[40] + 20, 3)
    log = boot(device)
    assert numbers(held(log)) == [seq for seq in range(1, 96) if seq != 42]
    assert log.damage == (42, 1)
