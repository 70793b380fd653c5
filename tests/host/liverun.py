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
AWAY_S = 7.0  # how long the link was lost
BATTERY = {"type": "battery", "t_s": 1.0, "code": "battery", "message": "", "mv": 3900}
AIM = Aim("cadence", "cadence_spm", "spm", 165.81, 3.31)


def lost_s(records):
    """When the link was lost, on the run's clock: it is told a little after the last stride."""
    before = records[: next(i for i, record in enumerate(records) if record.get("code") == "lost")]
    return max(r["ic_s"] + r["stride_s"] + DELAY_S for r in before if r["type"] == "stride") + 0.1


LOST_S = lost_s(RECORDS)
BACK_S = LOST_S + AWAY_S


def heard(records=RECORDS):
    """(seconds on the run's clock when it is heard, record, whether it came late), in order."""
    at_s, lost, back_s = 0.0, False, lost_s(records) + AWAY_S
    for record in records:
        kind = record["type"]
        if kind == "link":
            lost = record["code"] == "lost"
            at_s = back_s - AWAY_S if lost else back_s if at_s else 0.0
        elif kind == "stride":
            at_s = max(at_s, back_s - 0.1 if lost else record["ic_s"] + (record["stride_s"] or 0.7) + DELAY_S)
        elif kind == "cue":
            at_s = max(at_s, record["t_s"] + DELAY_S)
        yield at_s, record, lost and kind == "stride"
        if kind == "start":
            yield at_s, BATTERY | {"percent": 66, "charging": False}, False


def play(view, records, until_s, began_s, unit, side):
    """Feed a view up to that second of the run, which began at `began_s`."""
    for at_s, record, late in heard(records):
        if at_s > until_s or record["type"] == "summary":
            break
        if record["type"] == "start":
            record = record | {"side": side}
        view.feed(record, began_s + at_s, unit, late=late)
        state = record.get("cue_state")
        if state == "baseline":
            view.aimed(unit, None, "your usual form, 10 steady run strides")
        elif state:
            view.aimed(unit, AIM, "target 165.8 +- 3.3 spm" if state == "armed" else "a pause after a cue")


def played(until_s, side="right", view=None, unit=UNIT):
    """(view, what its clock shows) of the recorded run at that moment."""
    view = view or LiveView([(unit, side)], "Ann")
    play(view, RECORDS, until_s, SINCE_S, unit, side)
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
