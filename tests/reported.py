# SPDX-License-Identifier: MIT
"""A report held against the store it was made from: every number in it, and its first sentence.

Numbers are read from the page as a browser would; what they should be is worked out here from the store's records, not
by the report's own code.
"""

from __future__ import annotations

import math
from datetime import date
from html.parser import HTMLParser
from statistics import fmean, stdev
from typing import Any

from kneesense import diary, dose, hips, pairs
from kneesense.store import Store
from kneesense.stored import StoredRun


class Page(HTMLParser):
    """`numbers`: (key, value, text) of each; `unknown`: keys; `tags`, `text`, `first`: of the h1."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.numbers: list[tuple[str, float, str]] = []
        self.unknown: list[str] = []
        self.tags: list[str] = []
        self.text = self.first = ""
        self._open: list[str] = []
        self._number: tuple[str, float] | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.append(tag)
        self._open.append(tag)
        if tag == "data":
            self._number = (str(told["data-key"]), float(str(told["value"])))
        elif "data-key" in told:
            self.unknown.append(str(told["data-key"]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        self._number = None

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        text = data.replace("\u00a0", " ")
        self.text += text
        if "h1" in self._open:
            self.first += text
        if self._number is not None:
            self.numbers.append((*self._number, text))


def wrong(page: Page, store: Store, today: date) -> list[str]:
    """What in the page is not as the store has it."""
    found = []
    truth = _Truth(store, page, today)
    for key, value, text in page.numbers:
        wanted = truth.of(key)
        if wanted is None or not math.isclose(value, wanted, rel_tol=1e-9, abs_tol=1e-9):
            found.append(f"{key}: {value}, in the store {wanted}")
        shown = float(text.split()[0].replace(":", "")) if ":" not in text else None
        if shown is not None and not _rounds(text, value):
            found.append(f"{key}: {text} is not {value}")
    found += [
        f"{key}: not told, in the store {truth.of(key)}" for key in page.unknown if truth.of(key) is not None
    ]
    return found


def _rounds(text: str, value: float) -> bool:
    """Whether the text is the value, in the unit it names, to its last digit."""
    number, _, unit = text.partition(" ")
    for factor in {"%": (1, 100), "min": (1, 1 / 60), "km": (1 / 1000,)}.get(unit, (1,)):
        digits = len(number.partition(".")[2])
        if abs(float(number) - factor * value) <= 10**-digits:
            return True
    return False


class _Truth:
    def __init__(self, store: Store, page: Page, today: date) -> None:
        self.store, self.today = store, today
        self.runs = {run.id: StoredRun(store, run) for run in store.runs()}
        numbers = [int(key.split(".")[1]) for key, *_ in page.numbers if key.startswith("run.")]
        self.last = self.runs[numbers[0]]  # the one at a glance
        self.runner = self.last.run.runner
        self.entries = diary.entries(store, self.runner)
        first = store.programme(self.last.run.device)
        self.held = dose.held(store, self.last.run.device, self.runner, first[0]) if first else []
        self.counted = len({self.runs[n].run.outing or -n for n in numbers})

    def of(self, key: str) -> float | None:
        part, *rest = key.split(".")
        value: Any = getattr(self, "_" + part)(*rest)
        return None if value is None else float(value)

    def _strides(self, stored: StoredRun, name: str) -> list[float]:
        return [
            r[name]
            for r in stored.records
            if r["type"] == "stride" and r["gait"] == "run" and r[name] is not None
            if name == "cadence_spm" or r["confidence"] >= 60
        ]

    def _cadence(self, stored: StoredRun) -> float | None:
        lengths = [r["stride_s"] for r in stored.records if r["type"] == "stride" and r["gait"] == "run"]
        lengths = [length for length in lengths if length]
        return 120 * len(lengths) / sum(lengths) if lengths else None

    def _run(self, number: str, *rest: str) -> Any:
        stored = self.runs[int(number)]
        match rest:
            case ("cadence_spm",):
                return self._cadence(stored)
            case ("distance_m",):
                return next(e.distance_m for e in self.entries if e.run == int(number))
            case ("gap_s",):
                return sum(r["duration_s"] for r in stored.records if r["type"] == "gap")
            case (name,):
                return stored.summary[name]
            case ("mean", "cadence_spm"):
                return self._cadence(stored)
            case ("mean", name):
                values = self._strides(stored, name)
                return fmean(values) if values else None
            case ("flag", name):
                return sum(name in r["flags"] for r in stored.records if r["type"] == "stride")
            case ("sd", name):
                values = self._strides(stored, name)
                return stdev(values) if len(values) > 1 else None
            case ("n", name):
                return len(self._strides(stored, name))
            case ("band", metric, name):
                told = [r for r in stored.records if r["type"] == "session"] or [
                    r for r in stored.records if r["type"] == "cue" and r["metric"] == metric
                ][-1:]
                return told[0]["target" if name == "target" else "band"]
        return None

    def _baseline(self, name: str) -> Any:
        own = [r for r in self.last.records if r["type"] == "session"]
        rows = [*self.held, *own]
        known = [row["baseline"] for row in rows if row["metric"] == "cadence_spm" and row["baseline"]]
        return known[-1] if known else self._cadence(self.runs[min(self.runs)])

    def _headline(self, name: str) -> Any:
        entry = next((e for e in self.entries if e.run == self.last.run.id), None)
        ours = self._cadence(self.last)
        match name:
            case "runs":
                return self.counted
            case "change_percent":
                return 100 * (ours / self._baseline("spm") - 1) if ours else None
            case "cadence_spm":
                return ours
            case "pain":
                levels = (
                    [entry.pain[m] for m in ("after", "hour", "morning") if m in entry.pain] if entry else []
                )
                return max(levels, default=None)
        return self._next()

    _advice = _headline

    def _next(self) -> Any:
        """Of the rules of load.py in short: pain, 10 % over the longest, the programme's next session."""
        ran = [e for e in self.entries if e.ran and 0 <= (self.today - e.day).days <= 30]
        if ran[-1].pain_marked_s:
            return 60 * (ran[-1].pain_marked_s[0] // 60)
        measure = "distance_m" if all(e.distance_m for e in ran) else "duration_s"
        step = 100 if measure == "distance_m" else 60
        values = [e.distance_m if measure == "distance_m" else e.moving_s for e in ran]
        most = values[-1] // step * step - step if ran[-1].painful else max(values) * 11 // 10 // step * step
        planned = self._planned()
        if planned and (measure == "duration_s") and planned < most:
            return planned
        return most

    def _planned(self) -> int | None:
        if not self.held:
            return None
        _, packed = self.store.programme(self.last.run.device)
        following = self.held[-1]["session"] + self.held[-1]["complete"]
        minutes = packed[::3]
        return 60 * minutes[following - 1] if following <= len(minutes) else None

    def _programme(self, *rest: str) -> Any:
        if len(rest) == 2:
            number, name = int(rest[0]), rest[1]
            if name == "minutes":
                return self.store.programme(self.last.run.device)[1][3 * (number - 1)]
            return [row for row in self.held if row["session"] == number][-1][name]
        off = [row["off_in_band"] for row in self.held if row["complete"] and row["off_strides"]]
        on = [(row["on_in_band"] or 0, row["on_strides"]) for row in self.held]
        return {
            "done": len({row["session"] for row in self.held if row["complete"]}),
            "sessions": len(self.store.programme(self.last.run.device)[1]) // 3,
            "cues": sum(row["cues"] for row in self.held),
            "dose_in_band": round(sum(a * b for a, b in on) / sum(b for _, b in on), 4),
            "retention_in_band": off[-1] if off else None,
        }[rest[0]]

    def _load(self, name: str) -> Any:
        days = 30 if name == "longest_30_days_s" else 6
        ran = [e for e in self.entries if e.ran]
        if name == "untimed":
            return sum(not e.moving_s for e in ran if (self.today - e.day).days <= 56)
        values = [e.moving_s for e in ran if e.moving_s and (self.today - e.day).days <= days]
        return max(values) if days == 30 else sum(values)

    def _pain(self, *rest: str) -> Any:
        day, run, moment = rest
        entry = next(e for e in self.entries if e.day.isoformat() == day and (e.run or 0) == int(run))
        if moment.startswith("mark"):
            return entry.pain_marked_s[int(moment[4:])]
        return entry.pain.get(moment)

    def _hips(self, monday: str, name: str) -> Any:
        weeks = hips.weeks(hips.log(self.store, self.runner), self.today)
        return next(getattr(week, name) for week in weeks if week.monday.isoformat() == monday)

    def _symmetry(self, metric: str, name: str) -> Any:
        compared = pairs.of(self.store, self.last.run).comparison
        return next(getattr(m, name) for m in compared.metrics if m.name == metric)
