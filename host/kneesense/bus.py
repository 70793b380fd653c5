# SPDX-License-Identifier: MIT
"""Hands what a session learns to everybody who shows it: lines, alerts, live views."""

from __future__ import annotations

from dataclasses import dataclass

from .frames import LogFrame
from .inbox import Inbox


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record that is now committed.  Each comes once, in log order."""

    record: LogFrame
    backfilled: bool
    """Fetched from the log, not heard live."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened on the host's side of the link."""

    kind: str
    """`link` or `warning`."""
    code: str
    message: str


Update = Arrival | News


class Bus:
    """One writer, any number of readers; a reader that falls far behind loses the oldest updates."""

    def __init__(self) -> None:
        self._readers: list[Inbox[Update]] = []

    def subscribe(self) -> Inbox[Update]:
        """Everything posted from now on."""
        reader: Inbox[Update] = Inbox(65536)
        self._readers.append(reader)
        return reader

    def post(self, update: Update) -> None:
        """To every reader."""
        for reader in self._readers:
            reader.put(update)

    def close(self) -> None:
        """Let every reader end after what it still has."""
        for reader in self._readers:
            reader.close()
