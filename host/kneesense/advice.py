# SPDX-License-Identifier: MIT
"""What a rule on the diary has found: how urgent it is, in words, why, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .diary import Entry

STOP, ASSESS, ADVICE, HINT, NOTE, ASK = LEVELS = ("stop", "assess", "advice", "hint", "note", "ask")
"""Stop running and see someone; book an assessment; do this; may be seen in; good to know; a question to answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `code` is its stable name in JSON."""

    code: str
    level: str
    message: str
    why: str
    """The reason or the source, in words."""
    runs: tuple[Entry, ...] = ()
    """The entries it rests on."""

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return LEVELS.index(self.level)

    @property
    def record(self) -> dict[str, Any]:
        """As in docs/contract.md."""
        return {
            "type": "advice",
            "code": self.code,
            "level": self.level,
            "message": self.message,
            "why": self.why,
            "days": [entry.day.isoformat() for entry in self.runs],
        }
