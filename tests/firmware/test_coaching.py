# SPDX-License-Identifier: MIT
"""What coaching keeps, through power cuts at every moment of a session's end; watchdog and voice with fakes."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from drivers.flashlog import FlashLog, LogFull
from fakes.flash import Device, PowerCut
from kneecore import programme, wire
from kneecore.baseline import Kept
from kneecore.coach import Session
from kneecore.rules import CADENCE, LEAN
from tasks import state
from tasks.coaching import Coaching
from tasks.journal import Journal
from tasks.voice import Voice
from tasks.watchdog import Watchdog

RUNNER, OTHER, SIDE = 7, 8, 2
SESSIONS = programme.encode([(1, 0, 0), (2, 10, 20)])


class Clock:
    now_us = 1000

    def us(self) -> int:
        return self.now_us


class Unit:
    """Files in a folder, the log in a flash; every `boot` reads them anew, so what was not flushed is gone."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.device = Device()
        self.boots = 0
        monkeypatch.chdir(folder)
        self.boot()

    def boot(self) -> Coaching:
        self.boots += 1
        self.log = FlashLog(self.device, Clock())
        self.coaching = Coaching(Journal(self.log, Clock(), self.boots), self.log)
        self.coaching.recover()
        return self.coaching

    def logged(self) -> list[dict[str, Any]]:
        frames = self.log.read(1, self.log.next_seq - 1)
        records = [wire.decode(frame) for frame in frames if frame is not None]
        return [values for record, values in records if record is wire.SESSION]


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    unit = Unit(tmp_path, monkeypatch)
    unit.coaching.prescribe(RUNNER, 1, SESSIONS)
    return unit


class Coach:
    """A run of a session, `run_s` long."""

    kept = None

    def __init__(self, session: Session, run_s: int) -> None:
        assert session.plan is not None
        self.progress = programme.Progress(session.plan, 500)
        for _ in range(run_s):
            self.progress.ran(16 * 500, True)

    def session(self) -> dict[str, int]:
        return self.progress.values(CADENCE, 16000, 17200, 300)


def begin(coaching: Coaching, runner: int = RUNNER, rule: int = CADENCE, strap: int = 1) -> Session:
    return coaching.session(rule, runner, SIDE, strap)


def number(coaching: Coaching) -> int:
    plan = begin(coaching).plan
    return plan.number if plan else 0


def test_only_a_complete_session_goes_on_to_the_next(unit: Unit) -> None:
    for run_s, following in ((40, 1), (60, 2), (120, 0)):
        unit.coaching.close(Coach(begin(unit.coaching), run_s))
        assert number(unit.boot()) == following
    assert [s["complete"] for s in unit.logged()] == [0, 1, 1]
    assert begin(unit.coaching, OTHER).plan is None


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_power_cut_at_any_write_neither_loses_nor_repeats_a_session(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    writes = [0]

    def dying(act):
        def wrapped(*args):
            writes[0] += 1
            if writes[0] == cut:
                raise PowerCut
            value = act(*args)
            writes[0] += 1
            if writes[0] == cut:
                raise PowerCut
            return value

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(state, "save", dying(state.save))
        patch.setattr(unit.log, "append", dying(unit.log.append))
        patch.setattr(unit.log, "flush", dying(unit.log.flush))
        with contextlib.suppress(PowerCut):
            unit.coaching.close(Coach(begin(unit.coaching), 60))
    unit.boot()
    done = [s["session"] for s in unit.logged()]
    assert (number(unit.coaching), done) == ((1, []) if cut == 1 else (2, [1]))
    unit.boot()
    assert len(unit.logged()) == len(done), "nor does a second boot log it again"


def test_a_record_that_a_full_log_refused_comes_before_the_next_run(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(frame: bytes, last: bool = False) -> None:
        raise LogFull

    with monkeypatch.context() as patch:
        patch.setattr(unit.log, "append", lambda frame, last=False: None if last else full(frame))
        unit.coaching.close(Coach(begin(unit.coaching), 60))
    assert unit.logged() == []
    unit.coaching.recover()
    assert [s["session"] for s in unit.logged()] == [1]


class Measured:
    def __init__(self, kept: Kept, progress: object = None) -> None:
        self.kept, self.progress = kept, progress


def test_a_programme_s_baseline_is_kept_and_begins_anew_with_a_new_programme(unit: Unit) -> None:
    kept = Kept(CADENCE, RUNNER, SIDE, 1, 16000, 150)
    unit.coaching.keep(Measured(kept))
    assert begin(unit.coaching).kept is None, "a run without a programme measures its own"
    unit.coaching.keep(Measured(kept, progress=object()))
    assert begin(unit.boot()).kept == kept
    assert unit.coaching.plan(CADENCE)["baseline"] == 16000
    unit.coaching.prescribe(RUNNER, 2, SESSIONS)
    assert begin(unit.coaching).kept == kept
    unit.coaching.prescribe(RUNNER, 1, SESSIONS)
    assert begin(unit.coaching).kept is None


def test_another_runner_s_lean_is_refused_until_the_unit_is_strapped_on_anew(unit: Unit) -> None:
    kept = Kept(LEAN, OTHER, SIDE, 3, 200, 90)
    unit.coaching.keep(Measured(kept))
    assert begin(unit.coaching, rule=LEAN, strap=3).kept == kept
    assert begin(unit.coaching, rule=LEAN, strap=4).kept is None
    assert begin(unit.coaching, OTHER, LEAN, strap=4).kept == kept


@pytest.mark.parametrize("following", [0, 4])
def test_a_session_that_is_none_is_refused(unit: Unit, following: int) -> None:
    with pytest.raises(programme.ProgrammeError):
        unit.coaching.prescribe(RUNNER, following, SESSIONS)


def test_the_longest_programme_fits_in_an_answer(unit: Unit) -> None:
    sessions = programme.encode([(1, 0, 0)] * programme.LONGEST)
    unit.coaching.prescribe(RUNNER, 1, sessions)
    data = wire.payload(wire.PLAN, unit.coaching.plan(CADENCE))
    wire.frame(wire.REPLY, {"token": 1, "command": 1, "status": 0, "t_us": 0, "data": data})


def test_the_watchdog_is_fed_only_when_all_have_given_a_sign() -> None:
    class Wdt:
        fed = 0

        def feed(self) -> None:
            self.fed += 1

    wdt = Wdt()
    watchdog = Watchdog(wdt, ["journal", "sampler"])
    for _ in range(100):
        watchdog.sign("sampler")
    assert wdt.fed == 0
    watchdog.sign("journal")
    assert wdt.fed == 1
    watchdog.sign("journal")
    watchdog.sign("journal")
    assert wdt.fed == 1


class Motor:
    rise_ms = 60

    works = True

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.delays_ms: list[int] = []
        self.busy = False
        self.shaking_until_us = 0

    def play(self, pattern: tuple[int, ...], delay_ms: int = 0) -> int:
        self.told.append(pattern)
        self.delays_ms.append(delay_ms)
        return 0 if self.busy else sum(pattern)

    def pulse(self, ms: int) -> int:
        return self.play((ms,))

    def stop(self) -> None:
        self.told.append("stop")
        self.busy = False


def test_a_message_interrupts_and_a_lost_link_ends_a_host_s_buzz_only() -> None:
    motor, clock = Motor(), Clock()
    voice = Voice(motor, clock)
    assert voice.host((300,)) == 300
    clock.now_us += 100_000
    voice.link_changed()
    voice.link_changed()
    assert motor.told == [(300,), "stop"]
    voice.host((300,))
    voice.say((400,))
    voice.link_changed()
    assert motor.told[2:] == [(300,), "stop", (400,)]


def test_a_message_is_felt_apart_from_what_it_outranks() -> None:
    """Else the two would be one pulse, longer than any may be."""
    motor, clock = Motor(), Clock()
    voice = Voice(motor, clock)
    voice.say((100,))
    motor.shaking_until_us = clock.now_us + 1000
    voice.say((400,))
    clock.now_us += 1000
    voice.say((400,))
    assert motor.delays_ms == [0, 60, 0]


@pytest.mark.parametrize(("pulses", "told"), [(1, (80,)), (2, (80, 60, 80))])
@pytest.mark.parametrize("busy", [False, True])
def test_a_cue_tells_what_came_of_it(pulses: int, told: tuple[int, ...], busy: bool) -> None:
    class Cue:
        pulse_ms, rise_ms = 80, 0

    motor, cue = Motor(), Cue()
    cue.pulses = pulses
    motor.busy = busy
    Voice(motor, Clock()).cue(cue)
    assert motor.told == [told]
    assert (cue.pulse_ms, cue.rise_ms) == (0 if busy else 80, 60)
