# SPDX-License-Identifier: MIT
"""What a connection to a unit must offer, whatever carries it: four methods.

A link moves bytes and knows nothing of records.  Every method of an implementation has its own deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Protocol

from kneecore import gatt

from .errors import LinkLost


class Channel(StrEnum):
    """The three notifying characteristics; the value is the UUID."""

    CONTROL = gatt.CONTROL
    EVENTS = gatt.EVENTS
    LOG = gatt.LOG


class Link(Protocol):
    """One connection to one unit, used once: open, then write and receive, then close."""

    async def open(self) -> None:
        """Connect and subscribe to every channel.  Raises a KneesenseError within a bounded time."""

    async def write(self, frame: bytes) -> None:
        """Hand one command frame to the unit.  Raises LinkLost."""

    async def receive(self) -> tuple[Channel, bytes]:
        """The next notification, however a frame was cut; raises LinkLost after the last one of a lost link."""

    async def close(self) -> None:
        """Disconnect; never raises, never waits for long, may be called in any state."""


@asynccontextmanager
async def deadline(seconds: float, step: str) -> AsyncIterator[None]:
    """Bound one step of the conversation: LinkLost names the step that took too long."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise LinkLost(f"{step}: nothing heard for {seconds:g} s") from None
