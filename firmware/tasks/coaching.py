# SPDX-License-Identifier: MIT
"""What coaching keeps over a reboot: runner, baselines, programme, and cues suspended after pain.  One file.

A session that is over takes three steps: the file gets the progress, the SESSION record and the number it will have in
the log; the record is logged; the file forgets it.  If the power is cut between two of them, the next boot looks for
the record under that number and logs it only when it is not there.  So it is neither lost nor counted twice.
"""

from kneecore import programme, wire
from kneecore.coach import Session
from kneecore.rules import LEAN, OFF
from tasks import state

COACHING_FILE = "coaching.json"


def _nothing() -> "dict":
    return {
        "runner": 0,  # the last one that was told
        "suspended": False,
        "baselines": {},  # baseline.Kept as a list, by the number of its rule (a text, as JSON has it)
        "whose": 0,  # runner of the programme
        "next": 0,
        "sessions": "",  # of the programme, as on the wire, in hex
        "unlogged": None,  # fields of a SESSION record
        "unlogged_seq": 0,
    }


class Coaching:
    def __init__(self, journal, log) -> None:
        self._journal = journal
        self._log = log
        self._kept = _nothing()
        self._kept.update(state.load(COACHING_FILE, {}))

    @property
    def runner(self) -> int:
        return self._kept["runner"]

    @property
    def suspended(self) -> bool:
        return self._kept["suspended"]

    def set_runner(self, runner: int) -> None:
        self._change("runner", runner)

    def suspend(self, suspended: bool) -> None:
        self._change("suspended", suspended)

    def session(self, rule: int, runner: int, side: int, strap_session: int) -> Session:
        """What a run begins with."""
        baseline = self._baseline(rule)
        if baseline and baseline[1:3] != [runner, side] and baseline[3] != strap_session:
            baseline = None  # another runner's or leg's, and the unit was strapped on anew since
        plan = None
        if rule != OFF and runner == self._kept["whose"]:
            plan = programme.plan(programme.decode(self._sessions()), self._kept["next"])
        return Session(runner, strap_session, baseline, plan, False, self.suspended)

    def keep(self, coach) -> None:
        """Its baseline: lean's always, another rule's for a programme only, as else every run measures its own."""
        found = coach.kept
        if found is None or (found.rule != LEAN and not coach.progress):
            return
        if list(found) != self._baseline(found.rule):
            self._kept["baselines"][str(found.rule)] = list(found)
            self._save()

    def close(self, coach) -> None:
        """A session is over; the next run is the next one if it was long enough, else the same again."""
        self._kept["next"] = coach.progress.following
        self._kept["unlogged"] = coach.session()
        self._log_session()

    def recover(self) -> None:
        """Log the SESSION record that a power cut, or a full log, has left."""
        if self._kept["unlogged"] is None:
            return
        seq = self._kept["unlogged_seq"]
        for frame in self._log.read(seq, seq):
            if frame is not None and wire.decode(frame)[0] is wire.SESSION:
                self._change("unlogged", None)
                return
        self._log_session()

    def prescribe(self, runner: int, following: int, sessions: bytes) -> None:
        """A programme from its session `following` on; from the first on with a new baseline.  ProgrammeError."""
        count = len(programme.decode(sessions))
        if count and not 1 <= following <= count + 1:
            raise programme.ProgrammeError("session %d of %d" % (following, count))
        kept = self._kept
        kept["runner"] = kept["whose"] = runner
        kept["next"] = following
        kept["sessions"] = sessions.hex()
        if following <= 1:
            lean = self._baseline(LEAN)
            kept["baselines"] = {str(LEAN): lean} if lean else {}
        self._save()

    def plan(self, rule: int):
        """Fields of wire.PLAN."""
        whose = self._kept["whose"]
        baseline = self._baseline(rule)
        mean, sd = baseline[4:] if baseline and baseline[1] == whose else (0, 0)
        return {
            "runner": whose, "next": self._kept["next"], "baseline": mean, "sd": sd, "sessions": self._sessions(),
        }  # fmt: skip

    def _baseline(self, rule: int):
        return self._kept["baselines"].get(str(rule))

    def _sessions(self) -> bytes:
        return bytes.fromhex(self._kept["sessions"])

    def _log_session(self) -> None:
        self._kept["unlogged_seq"] = self._log.next_seq
        self._save()
        if self._journal.record(wire.SESSION, dict(self._kept["unlogged"])):
            self._journal.flush()
            self._change("unlogged", None)

    def _change(self, name: str, value) -> None:
        if self._kept[name] != value:
            self._kept[name] = value
            self._save()

    def _save(self) -> None:
        """A run goes on although the flash does not take it."""
        try:
            state.save(COACHING_FILE, self._kept)
        except OSError as error:
            print("coaching not kept:", error)
            self._journal.notice("error")
