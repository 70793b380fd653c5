# SPDX-License-Identifier: MIT
"""The samples of one run in seconds: the chip's rate as the unit measured it, and the device time of sample 0.

Three clocks meet in a run.  The chip counts samples; the unit measures the chip's rate against its own clock and logs
which sample lies where (PACE); `tie` joins the unit's clock to UTC.  Seconds of a run are always the unit's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kneecore import wire

from .frames import LogFrame, is_cut

_MEASURED_S = 10  # the firmware measures so long before it trusts the rate


@dataclass(frozen=True, slots=True)
class RunPace:
    """Sample k was taken at device time zero_us + k / rate_hz."""

    rate_hz: float
    measured: bool
    """Else it is the rate the chip was set to."""
    zero_us: int = 0
    """0 where there is no unit's clock, as in a recording."""


def of(frames: Sequence[LogFrame]) -> RunPace:
    """Of a run's records, START first; a rate of 0 where neither it nor another tells one.

    A run that a power cut ended has the last rate that was logged.  Without a PACE record (older firmware, the first 10
    seconds) sample 0 is taken to be at START, which is logged just before.
    """
    nominal_hz = frames[0].values()["rate_hz"] or 0
    rate_mhz, measured, zero_us = 1000 * nominal_hz, False, frames[0].t_us
    for frame in frames:
        if frame.code not in (wire.PACE.code, wire.STOP.code) or is_cut(values := frame.values()):
            continue
        if frame.code == wire.PACE.code:
            zero = sample_zero_us(values)
            if zero is None:
                continue
            if not measured:
                zero_us = zero
            rate_mhz, measured = values["rate_mhz"], True
        elif values["rate_mhz"]:
            rate_mhz = values["rate_mhz"]
            measured = measured or values["samples"] >= _MEASURED_S * nominal_hz
    return RunPace(rate_mhz / 1000, measured, zero_us)


def sample_zero_us(pace: Mapping[str, int]) -> int | None:
    """Device time of the run's sample 0, by a PACE record; None from one that makes no sense."""
    if not pace["rate_mhz"]:
        return None
    return pace["t_us"] - pace["at_x16"] * 1_000_000_000 // (16 * pace["rate_mhz"])
