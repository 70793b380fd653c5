# SPDX-License-Identifier: MIT
"""One leg of a live view: records of docs/contract.md folded into what a display shows.  Pure: time is an argument.

Only a stride heard live, a moment ago, is shown as the runner's present state.  What is older, or came later from the
unit's log, is history and counted as such.  Unknown is None.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .cuesettings import NUMBERS
from .cuewatch import Aim

Values = Mapping[str, Any]
State = dict[str, Any]

STALE_S = 4.0  # a slow walker's stride is 1.5 s, records are committed every 0.5 s
BREAK_S = 3.0  # strides so far apart are not joined by a line
HISTORY_S = 300.0
_ROWS = 2 * round(HISTORY_S)  # strides of one leg; the fastest runner has less than two a second
_MEAN_OF = 4  # strides: a single one jumps by more than a runner can read
_TIES = 8
_SHOWN = ("cadence_spm", "contact_s", "pta_axial_g", "lean_mid_deg", "lean_cue_deg")
PLOTTED = {"cadence_spm": "cadence", "lean_mid_deg": "lean", "contact_s": "contact", "pta_axial_g": "impact"}


class Seen(NamedTuple):
    """A stride, at `t_s` on the run's clock."""

    t_s: float
    late: bool
    """Not heard when it happened."""
    stride: Values


class LiveLeg:
    """Feed the records of one unit in log order, `now_s` on any steady clock."""

    def __init__(self, unit: str, side: str) -> None:
        self.unit = unit
        self.side = side
        self.begun = False
        self.connected = False
        self.muted = False
        self.suspended = False
        self.cue_state: str | None = None
        self.pain_heard_s: float | None = None
        self._link, self._link_text, self._link_s = "waiting", "not connected yet", 0.0
        self._battery: State | None = None
        self._why = ""
        self._takes: dict[str, Callable[[Values, float, bool], None]] = {
            "start": self._start,
            "stride": self._stride,
            "cue": self._cue,
            "gap": self._gap,
            "mark": self._mark,
            "link": self._linked,
            "battery": self._charged,
        }
        self._reset()

    def _reset(self) -> None:
        """A run begins."""
        self._strides = self._late = self._cues = self._gaps = 0
        self._gait: str | None = None
        self._heard_s: float | None = None
        self._recent: deque[Values] = deque(maxlen=_MEAN_OF)
        self._history: deque[Seen] = deque(maxlen=_ROWS)
        self._zeros_s: deque[float] = deque(maxlen=_TIES)  # when second 0 of the run was, by now_s
        self._latest_s = 0.0
        self._cued_s: float | None = None
        self._aim: Aim | None = None
        self.muted = self.suspended = False
        self.cue_state = self.pain_heard_s = None

    def feed(self, record: Values, now_s: float, late: bool) -> None:
        """One record; `late`: fetched from the unit's log."""
        take = self._takes.get(record["type"])
        if take is not None:
            take(record, now_s, late)

    def aimed(self, aim: Aim | None, why: str) -> None:
        """What the cue engine looks at after the last stride, and why it brings no cue."""
        self._aim, self._why = aim or self._aim, why

    def elapsed_s(self, now_s: float) -> float | None:
        """Of the run; None before it is known to go on."""
        if not self.begun:
            return None
        return max(self._latest_s, now_s - min(self._zeros_s)) if self._zeros_s else self._latest_s

    def state(self, now_s: float, over: bool) -> State:
        fresh, text = self._freshness(now_s, over)
        live = fresh == "live"
        numbers = {name: self._mean(name) if live else None for name in _SHOWN}
        return {
            "unit": self.unit,
            "side": self.side,
            "fresh": fresh,
            "fresh_text": text,
            "link": self._link,
            "link_text": self._link_text,
            "gait": self._gait if live else None,
            **numbers,
            "aim": self._aim_state(numbers) if self._aim else None,
            "cue_state": self.cue_state,
            "cue_text": self._cue_text(fresh),
            "cued_s": None if self._cued_s is None else round(now_s - self._cued_s, 1),
            "strides": self._strides,
            "late": self._late,
            "cues": self._cues,
            "gaps": self._gaps,
            "battery": self._battery,
            "history": self._columns(now_s),
        }

    def _start(self, record: Values, now_s: float, late: bool) -> None:
        self._reset()
        self.begun = True
        if record["side"] in ("left", "right"):
            self.side = record["side"]
        if not late:
            self._zeros_s.append(now_s)

    def _stride(self, record: Values, now_s: float, late: bool) -> None:
        late = late or "backdated" in record["flags"]
        self._strides += 1
        self._late += late
        self._history.append(Seen(record["ic_s"], late, record))
        self._tied(record["ic_s"] + (record["stride_s"] or 0.0), now_s, late)
        if self.cue_state != record["cue_state"]:
            self._why = ""
        self.cue_state = record["cue_state"]
        self.suspended = self.cue_state == "suspended"
        if self.cue_state not in ("off", "suspended"):  # these hide whether it is muted
            self.muted = self.cue_state == "muted"
        if late:
            return
        if record["gait"] != self._gait:
            self._recent.clear()
        self._gait = record["gait"]
        self._recent.append(record)
        self._heard_s = now_s

    def _cue(self, record: Values, now_s: float, late: bool) -> None:
        self._cues += 1
        if record["rule"] in NUMBERS:
            number = NUMBERS[record["rule"]]
            self._aim = Aim(record["rule"], number.metric, number.unit, record["target"], record["band"])
        self._tied(record["t_s"], now_s, late)
        if not late:
            self._cued_s = now_s

    def _gap(self, record: Values, now_s: float, late: bool) -> None:
        self._gaps += 1

    def _mark(self, record: Values, now_s: float, late: bool) -> None:
        kind = record["kind"]
        if kind == "pain":
            self.suspended = True
            self.pain_heard_s = None if late else now_s
        elif kind in ("pain_taken_back", "resume"):
            self.suspended = False
            self.pain_heard_s = None
        if kind in ("mute", "resume"):
            self.muted = kind == "mute"

    def _linked(self, record: Values, now_s: float, late: bool) -> None:
        self._link = record["code"] if record["code"] in ("connected", "left") else "lost"
        self._link_text, self._link_s = record["message"], now_s
        self.connected = self._link == "connected"
        self._recent.clear()
        self._heard_s = None if self.connected else self._heard_s

    def _charged(self, record: Values, now_s: float, late: bool) -> None:
        self._battery = {name: record[name] for name in ("percent", "mv", "charging")} | {
            "low": record["code"] == "battery_low"
        }

    def _tied(self, t_s: float, now_s: float, late: bool) -> None:
        """A moment of the run, heard a little later: the least delay of the last ones is the nearest to the truth."""
        self._latest_s = max(self._latest_s, t_s)
        if not late:
            self._zeros_s.append(now_s - t_s)

    def _freshness(self, now_s: float, over: bool) -> tuple[str, str]:
        if over:
            return "over", "no longer followed" if self._link == "left" else "the run is over"
        if self._link == "lost":
            return "lost", f"connection lost for {_age(now_s - self._link_s)}"
        if not self.connected:
            return "waiting", self._link_text
        if self._heard_s is None:
            return "waiting", "connected, no stride yet"
        age_s = now_s - self._heard_s
        if age_s > STALE_S:
            was = self._mean("cadence_spm")
            return "stale", f"no stride for {_age(age_s)}" + ("" if was is None else f", was {was:.0f}")
        return "live", {"run": "running", "walk": "walking"}.get(self._gait or "", "unsure whether running")

    def _mean(self, name: str) -> float | None:
        known = [stride[name] for stride in self._recent if stride[name] is not None]
        return sum(known) / len(known) if known else None

    def _aim_state(self, numbers: Values) -> State:
        """Where the runner is against target and band; `at`, `low` and `high` are places on a bar, 0 to 1."""
        aim = self._aim
        assert aim is not None
        value = numbers.get(aim.metric) if self._gait == "run" else None
        reach = 3 * aim.band or 0.1 * abs(aim.target) or 1.0
        place, text, at = "unknown", "not known while not running", None
        if value is not None:
            at = min(1.0, max(0.0, 0.5 + (value - aim.target) / (2 * reach)))
            off = value - aim.target
            place = "in" if abs(off) <= aim.band else "above" if off > 0 else "below"
            by = f"{abs(off) - aim.band:.1f} {aim.unit}"
            text = "in the band" if place == "in" else f"{by} {place} the band"
        return {
            **aim._asdict(),
            "value": value,
            "place": place,
            "place_text": text,
            "at": at,
            "low": 0.5 - aim.band / (2 * reach),
            "high": 0.5 + aim.band / (2 * reach),
        }

    def _cue_text(self, fresh: str) -> str:
        """Its state, as the last stride told it, and why none comes."""
        if fresh == "over":
            return ""
        if fresh == "lost":
            return "not known, the unit goes on by itself"
        state = "suspended" if self.suspended else "muted" if self.muted else self.cue_state
        if state is None:
            return ""
        explains = self._why and state == self.cue_state
        told = explains and not self._why.startswith("target ")  # `aim` has it
        return f"{state}: {self._why}" if told else state

    def _columns(self, now_s: float) -> State:
        """The last minutes as columns; a row of None where strides are far apart."""
        end_s = self.elapsed_s(now_s) or 0.0
        recent = (seen for seen in self._history if end_s - seen.t_s <= HISTORY_S)
        rows = sorted(recent, key=lambda seen: seen.t_s)
        columns: dict[str, list[Any]] = {"ago_s": [], "late": []} | {name: [] for name in PLOTTED.values()}
        before_s: float | None = None
        for t_s, late, stride in rows:
            if before_s is not None and t_s - before_s > BREAK_S:
                _add(columns, before_s - end_s + 0.01, None, {})
            _add(columns, t_s - end_s, late, stride)
            before_s = t_s
        return columns


def _add(columns: dict[str, list[Any]], ago_s: float, late: bool | None, stride: Values) -> None:
    columns["ago_s"].append(round(ago_s, 2))
    columns["late"].append(late)
    for key, name in PLOTTED.items():
        columns[name].append(stride.get(key))


def _age(seconds: float) -> str:
    """`12 s`, `3 min`."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
