# SPDX-License-Identifier: MIT
"""A record of a unit's log as the host keeps it: the raw frame and its key, decoded only when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kneecore import wire

_LOGGED_CODES = range(0x01, 0x40)  # commands and answers lie above
# Fields that an older unit does not send.
_LATER = {
    "strap_session", "runner", "origin", "session", "ending", "lean_cue_cdeg", "rise_ms", "at_us", "error_us"
}  # fmt: skip
_BOOTS = 1 << 16
_KEY = wire.Record(
    "key", 0, wire.ANCHOR.names[:3], wire.ANCHOR.layout[:4], 0
)  # every logged record begins with it


@dataclass(frozen=True, slots=True)
class LogFrame:
    """One logged record.  A code this version does not know is kept like any other."""

    boot: int
    seq: int
    t_us: int
    """Device time since that boot."""
    code: int
    frame: bytes

    @property
    def key(self) -> tuple[int, int]:
        """(boot, seq): the order of a unit's log."""
        return self.boot, self.seq

    @property
    def name(self) -> str:
        """The record's name in wire.py; `unknown_0x..` for a code added later."""
        record = wire.BY_CODE.get(self.code)
        return record.name if record else f"unknown_{self.code:#04x}"

    def values(self) -> dict[str, Any]:
        """Every field by its wire name; None where an older unit did not send it, nothing for an unknown code."""
        return wire.decode(self.frame)[1]


def is_cut(values: Mapping[str, Any]) -> bool:
    """Whether a record ends before a field that every version sends."""
    return any(value is None and field not in _LATER for field, value in values.items())


def later(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a record of a unit's log comes after another, by their keys.

    Boots are counted in 16 bits and wrap; numbers never do: at the last of 32 bits a unit stops logging.
    """
    ahead = (one[0] - other[0]) % _BOOTS
    return 0 < ahead < _BOOTS // 2 or (ahead == 0 and one[1] > other[1])


def parse(frame: bytes) -> LogFrame | None:
    """A whole, checked frame to its record; None for a command, an answer, or one too short to have a key."""
    if frame[1] not in _LOGGED_CODES:
        return None
    key = wire.parse(_KEY, wire.body_of(frame))
    if key["t_us"] is None:
        return None
    return LogFrame(key["boot"], key["seq"], key["t_us"], frame[1], frame)
