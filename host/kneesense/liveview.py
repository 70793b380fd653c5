# SPDX-License-Identifier: MIT
"""The state of a run for a display: records of docs/contract.md in, one plain mapping out.  Pure: time is an argument.

Web page and terminal show the same mapping, words included; it is made of what JSON has.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from .cuewatch import Aim
from .liveleg import LiveLeg
from .records import RATE_MEASURED

Values = Mapping[str, Any]
State = dict[str, Any]

TAKE_BACK_S = 10.0  # the unit's own limit
_SURE_S = 1.5  # before a pain mark can be taken back: a second tap by mistake is none
_ALERT_S = 30.0  # an alert is shown large so long
_NOTICES = 6
_TOLD = {"alert": "alert", "warning": "alert", "error": "alert", "mark": "mark", "gap": "gap", "link": "link"}
MARKS = {"note": "marked", "pain": "pain marked", "pain_taken_back": "pain mark taken back"} | {
    "mute": "cues are muted",
    "resume": "cues are on again",
}


class LiveView:
    """`legs`: (unit, side) of each unit of the run.  `version` counts the changes."""

    def __init__(self, legs: Sequence[tuple[str, str]], runner: str | None = None) -> None:
        self.version = 0
        self._legs = {unit: LiveLeg(unit, side) for unit, side in legs}
        self._runner = runner
        self._notices: deque[State] = deque(maxlen=_NOTICES)
        self._summary: Values | None = None
        self._over = False

    def feed(self, record: Values, now_s: float, unit: str | None = None, *, late: bool = False) -> None:
        """One record of a unit, or of none of them; `late`: fetched from the unit's log, not heard live."""
        self.version += 1
        leg = self._legs.get(unit) if unit else None
        if leg is not None:
            leg.feed(record, now_s, late)
        self._tell(record, now_s, leg, late)
        if record["type"] == "summary" and (unit is None or len(self._legs) == 1):
            self._summary, self._over = record, True

    def aimed(self, unit: str, aim: Aim | None, why: str | None) -> None:
        """Of the cue engine, after a stride: see cuewatch."""
        self._legs[unit].aimed(aim, why or "")

    def end(self) -> None:
        """Nothing follows."""
        self.version += 1
        self._over = True

    def state(self, now_s: float) -> State:
        elapsed = [s for leg in self._legs.values() if (s := leg.elapsed_s(now_s)) is not None]
        summary = self._summary or {}
        return {
            "over": self._over,
            "runner": self._runner,
            "elapsed_s": summary.get("duration_s") or max(elapsed, default=None),
            "legs": [leg.state(now_s, self._over) for leg in self._legs.values()],
            "offers": self.offers(now_s),
            "notices": [self._aged(notice, now_s) for notice in reversed(self._notices)],
            "alert": self._alert(now_s),
        }

    def offers(self, now_s: float) -> dict[str, str | None]:
        """Which mark, of wire.MARKS, each button sends now; None: it has no sense."""
        there = [leg for leg in self._legs.values() if leg.begun and leg.connected]
        if self._over or not there:
            return {"mark": None, "pain": None, "mute": None}
        return {"mark": "note", "pain": self._pain(there, now_s), "mute": _mute(there)}

    def _pain(self, there: Sequence[LiveLeg], now_s: float) -> str | None:
        heard = [leg.pain_heard_s for leg in there if leg.pain_heard_s is not None]
        since_s = now_s - max(heard) if heard else TAKE_BACK_S
        if since_s >= TAKE_BACK_S:
            return "pain"
        return "pain_taken_back" if since_s >= _SURE_S else None

    def _tell(self, record: Values, now_s: float, leg: LiveLeg | None, late: bool) -> None:
        """Keep what a person should read; the same again, as a warning and then an alert, is told once."""
        kind = _TOLD.get(record["type"])
        if kind is None or record.get("code") == RATE_MEASURED:
            return
        side = leg.side if leg and len(self._legs) > 1 else None
        text = _words(record)
        notice = {"kind": kind, "code": record.get("code"), "text": text, "side": side, "late": late}
        same = [n for n in self._notices if (n["kind"], n["text"], n["side"]) == (kind, text, side)]
        for earlier in same:
            self._notices.remove(earlier)
        self._notices.append(notice | {"heard_s": now_s})

    def _aged(self, notice: State, now_s: float) -> State:
        shown = {name: value for name, value in notice.items() if name != "heard_s"}
        return shown | {"age_s": round(now_s - notice["heard_s"], 1)}

    def _alert(self, now_s: float) -> State | None:
        """The newest one that nobody may miss."""
        for notice in reversed(self._notices):
            past = notice["code"] == "pain" and not any(leg.suspended for leg in self._legs.values())
            if notice["kind"] == "alert" and not past and now_s - notice["heard_s"] < _ALERT_S:
                return self._aged(notice, now_s)
        return None


def _mute(there: Sequence[LiveLeg]) -> str | None:
    """`resume` would also lift a pain mark, so it is not offered after one."""
    states = {leg.cue_state for leg in there}
    if any(leg.suspended for leg in there) or states <= {"off", None}:
        return None
    return "resume" if all(leg.muted for leg in there) else "mute"


def _words(record: Values) -> str:
    if record["type"] == "mark":
        return MARKS.get(record["kind"], f"mark: {record['kind']}")
    if record["type"] == "gap":
        length = "a moment" if record["duration_s"] is None else f"{record['duration_s']:.2f} s"
        return f"gap of {length}: {record['reason']}".replace("_", " ")
    return str(record["message"])
