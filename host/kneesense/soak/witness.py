# SPDX-License-Identifier: MIT
"""What really happened on the unit, seen from outside: boots, starts of the sensor, what it said and what it logged.

Nothing here comes from the host or from an answer of the unit: records on the air are taken from the notifications as
the firmware hands them to its radio, those logged are read from the flash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kneecore import wire

from .. import logimage
from ..frames import parse
from ..store import Key
from ..world.chips.mpu6050 import Mpu6050
from ..world.firmware import Process
from ..world.unit import VirtualUnit


class WatchedChip(Mpu6050):
    """Notes when samples began to go into the FIFO: the time of the second one, in microseconds."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.starts_us: list[float] = []
        super().__init__(*args, **options)

    def _fifo_started(self) -> None:
        super()._fifo_started()
        if self._nominal_hz():
            self.starts_us.append(self._grid_us + (self._taken + 1) * self._period_us)


@dataclass
class Boot:
    begun_us: int
    ended_us: int | None = None
    """The last that was heard of it."""
    cause: int = 0
    """As the chip tells it."""


@dataclass
class Witness:
    unit: VirtualUnit
    boots: dict[int, Boot] = field(default_factory=dict)
    """By number.  One that did not live to write its number is not here."""
    said: dict[Key, bytes] = field(default_factory=dict)
    logged: dict[Key, bytes] = field(default_factory=dict)
    """All that was ever on the flash."""
    altered: list[Key] = field(default_factory=list)
    """Records that later had other bytes there."""
    spoilt: set[Key] = field(default_factory=set)
    """Records that a fault of the flash has taken away."""
    _seen: dict[int, bytes] = field(default_factory=dict)
    _process: Process | None = None
    _begun_us: int = 0
    _cause: int = 0
    _heard_us: int = 0
    _streams: dict[int, wire.Stream] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.unit.board.on_request = self._on_request

    @property
    def boot(self) -> int:
        """Number of the boot that goes on, as it wrote it."""
        try:
            return int(self.unit.kept("boot.json")[0])
        except (OSError, ValueError, LookupError):
            return 0

    def begun_us(self, boot: int) -> int | None:
        """World time at which that boot's own time began."""
        known = self.boots.get(boot)
        if known is not None:
            return known.begun_us
        return self._begun_us if boot == self.boot else None

    def look(self) -> None:
        """Read the flash: the sectors that have changed since the last look."""
        image = self.unit.log_image.read_bytes()
        for at in range(0, len(image), logimage.SECTOR):
            cells = image[at : at + logimage.SECTOR]
            if cells == self._seen.get(at):
                continue
            self._seen[at] = cells
            for frame in logimage.frames(cells):
                record = parse(frame)
                if record is not None and self.logged.setdefault(record.key, frame) != frame:
                    self.altered.append(record.key)

    def note_spoilt(self, before: list[bytes]) -> None:
        """What was on the flash before and no longer is."""
        gone = set(before) - set(self.unit.log_frames())
        self.spoilt |= {record.key for frame in gone if (record := parse(frame)) is not None}

    def close(self) -> None:
        """The boot that went on is over."""
        self.look()
        if self._process is not None:
            self.boots.setdefault(self.boot, Boot(self._begun_us, self._heard_us, self._cause))
        self._process = None

    def _on_request(self, process: Process, op: str, args: list[Any]) -> None:
        if process is not self._process:  # before the new one has written anything
            self.close()
            self._process = process
            self._begun_us = process.t_us
            self._cause = self.unit.board.power.cause
            self._streams = {}
        self._heard_us = process.t_us
        if op == "ble_notify" and args[2] is not None:
            stream = self._streams.setdefault(args[1], wire.Stream())
            for _, frame in stream.feed(bytes.fromhex(args[2])):
                record = parse(frame)
                if record is not None:
                    self.said.setdefault(record.key, frame)
