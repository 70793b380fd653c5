# SPDX-License-Identifier: MIT
"""A recorded run for the live views, to any moment: `kneesense demo --json --duration 40`, its link lost once."""

from __future__ import annotations

import json
from pathlib import Path

from kneesense.cuewatch import Aim
from kneesense.liveorders import Answer
from kneesense.liveview import LiveView

FILE = Path(__file__).parents[1] / "vectors" / "live-run.jsonl"
RECORDS = [json.loads(line) for line in FILE.read_text().splitlines()]
UNIT = "0a0b0c0d"
SINCE_S = 5000.0  # the host's steady clock when the run began
DELAY_S = 0.3  # until a record is heard
LOST_S, BACK_S = 16.5, 23.5  # the link, on the run's clock
BATTERY = {"type": "battery", "t_s": 1.0, "code": "battery", "message": "", "mv": 3900} | {
    "percent": 66,
    "charging": False,
}


def heard():
    """(seconds on the run's clock when it is heard, record, whether it came late), in order."""
    at_s, lost = 0.0, False
    for record in RECORDS:
        kind = record["type"]
        if kind == "link":
            lost = record["code"] == "lost"
            at_s = max(at_s, LOST_S if lost else BACK_S if at_s else 0.0)
        elif kind == "stride":
            at_s = max(at_s, BACK_S - 0.1 if lost else record["ic_s"] + (record["stride_s"] or 0.7) + DELAY_S)
        elif kind == "cue":
            at_s = max(at_s, record["t_s"] + DELAY_S)
        yield at_s, record, lost and kind == "stride"
        if kind == "start":
            yield at_s, BATTERY, False


def played(until_s, side="right", view=None, unit=UNIT):
    """(view, what its clock shows) of the run at that moment."""
    view = view or LiveView([(unit, side)], "Ann")
    for at_s, record, late in heard():
        if at_s > until_s or record["type"] == "summary":
            break
        view.feed(
            record if record["type"] != "start" else record | {"side": side}, SINCE_S + at_s, unit, late=late
        )
        if record.get("cue_state") == "armed":
            view.aimed(unit, Aim("cadence", "cadence_spm", "spm", 165.81, 3.31), "target 165.8 +- 3.3 spm")
        elif record.get("cue_state") == "baseline":
            view.aimed(unit, None, "your usual form, 10 steady run strides")
    return view, SINCE_S + until_s


class Marks:
    """Takes what a view asks for; `asked` has it.  The unit answers with the record of the mark, as it does."""

    def __init__(self, view, now_s):
        self.asked = []
        self.stopped = 0
        self._view = view
        self._now_s = now_s

    async def mark(self, kind):
        self.asked.append(kind)
        self.feed({"type": "mark", "t_s": 30.0, "kind": kind})
        return Answer(True, "done: " + kind)

    def feed(self, record):
        self._view.feed(record, self._now_s, UNIT)

    def stop(self):
        self.stopped += 1
