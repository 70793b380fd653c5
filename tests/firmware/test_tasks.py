# SPDX-License-Identifier: MIT
"""Journal and kept state, on CPython with parts put in their place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from drivers.flashlog import FlashLog, LogFull
from fakes.flash import Device
from fakes.logwriter import fill, held
from kneecore import wire
from tasks import state
from tasks.journal import Journal


class Log:
    def __init__(self, error: Exception | None = None) -> None:
        self.next_seq = 7
        self.told_full = False
        self.frames: list[bytes] = []
        self.error = error

    def append(self, frame: bytes, last: bool = False) -> None:
        if self.error and not last:
            raise self.error
        self.frames.append(frame)
        self.next_seq += 1


class Clock:
    def us(self) -> int:
        return 123


def test_a_record_is_logged_before_it_is_offered() -> None:
    log, heard = Log(), []
    journal = Journal(log, Clock(), boot=3)
    journal.listener = lambda frame: heard.append((frame, len(log.frames)))
    assert journal.record(wire.MARK, {"kind": 1}) == 7
    assert heard == [(log.frames[0], 1)]
    assert wire.decode(log.frames[0])[1] == {"seq": 7, "boot": 3, "t_us": 123, "kind": 1}


def test_a_full_log_says_so_once_and_goes_on_when_there_is_room() -> None:
    log = Log(LogFull())
    journal = Journal(log, Clock(), boot=1)
    assert [journal.record(wire.MARK, {"kind": 1}) for _ in range(3)] == [0, 0, 0]
    log.error = None
    assert journal.record(wire.MARK, {"kind": 1}) == 8
    notice, mark = (wire.decode(frame)[1] for frame in log.frames)
    assert (wire.NOTICES[notice["notice"]], notice["seq"], mark["seq"]) == ("log_full", 7, 8)


def test_a_log_that_cannot_be_written_stops_logging_and_nothing_else() -> None:
    heard: list[bytes] = []
    journal = Journal(Log(OSError(28, "no space")), Clock(), boot=1)
    journal.listener = heard.append
    assert journal.record(wire.MARK, {"kind": 1}) == 0
    assert journal.record(wire.MARK, {"kind": 1}) == 0
    assert journal.failed
    (told,) = (wire.decode(frame)[1] for frame in heard)
    assert wire.NOTICES[told["notice"]] == "log_failed"


class Turns:
    """Lets a task make so many turns of its loop, a second each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, device: Device) -> None:
        self.device = device
        self.before_each = lambda: None
        monkeypatch.setattr(asyncio, "sleep_ms", self._sleep_ms, raising=False)

    def make(self, count: int, task: Callable[[], Coroutine[None, None, None]]) -> None:
        self._left = count
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(task())

    async def _sleep_ms(self, ms: int) -> None:
        assert ms <= 1000
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1
        self.device.clock.now_us += 1000 * ms
        self.before_each()


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    return Turns(monkeypatch, Device())


def journal_of(device: Device) -> tuple[Journal, FlashLog]:
    log = FlashLog(device, device.clock)
    return Journal(log, device.clock, boot=1), log


def durable(device: Device) -> list[bytes]:
    return held(FlashLog(device, device.clock))


def test_without_a_run_the_journal_s_task_writes_within_a_second(turns: Turns) -> None:
    journal, _ = journal_of(turns.device)
    journal.record(wire.MARK, {"kind": 1})
    assert durable(turns.device) == []
    turns.make(1, journal.run)
    assert len(durable(turns.device)) == 1


def test_in_a_run_flash_is_written_only_when_the_sensor_was_drained(turns: Turns) -> None:
    journal, _ = journal_of(turns.device)
    drained = [0]

    def drain() -> None:
        before = turns.device.steps
        journal.drained()
        drained[0] += turns.device.steps - before

    turns.before_each = lambda: [journal.record(wire.MARK, {"kind": 1}), drain()]
    turns.make(1, journal.run)
    turns.device.steps = drained[0] = 0
    turns.make(60, journal.run)
    assert turns.device.steps == drained[0] > 60 * 20
    turns.before_each = lambda: None
    turns.make(3, journal.run)
    assert turns.device.steps > drained[0], "the run is over, or its sensor is gone"
    assert len(durable(turns.device)) == 61


def test_erasing_ahead_waits_for_the_end_of_a_run(turns: Turns) -> None:
    journal, log = journal_of(turns.device)
    turns.before_each = journal.drained
    turns.make(5, journal.run)
    assert log.erased_bytes <= 512
    turns.before_each = lambda: None
    turns.make(5, journal.run)
    assert log.erased_bytes >= 4 * 512


def test_damage_is_told_once_in_the_log_and_over_the_air(turns: Turns) -> None:
    journal, log = journal_of(turns.device)
    for _ in range(30):
        journal.record(wire.MARK, {"kind": 1})
    journal.flush()
    turns.device.nor.flip(turns.device.nor.cells.index(held(log)[6]) + 8)
    for _ in range(2):
        journal, log = journal_of(turns.device)
        held(log)
        turns.make(2, journal.run)
        held(log)
        turns.make(2, journal.run)
    notices = [wire.decode(frame)[1] for frame in durable(turns.device) if frame[1] == wire.NOTICE.code]
    assert [(wire.NOTICES[n["notice"]], n["a"], n["b"]) for n in notices] == [("log_damaged", 7, 1)]


def test_damage_in_a_full_log_is_told_when_there_is_room(turns: Turns) -> None:
    journal, log = journal_of(turns.device)
    fill(log)
    turns.device.nor.flip(turns.device.nor.cells.index(held(log)[6]) + 8)
    held(log)
    turns.make(2, journal.run)
    assert log.damage == (7, 1)
    log.acknowledge(log.next_seq - 1)
    turns.make(2, journal.run)
    assert log.damage is None
    assert log.damaged == 1


def test_a_last_word_that_has_no_place_is_not_told() -> None:
    class Spoilt(Log):
        def append(self, frame: bytes, last: bool = False) -> None:
            raise LogFull

    heard: list[bytes] = []
    journal = Journal(Spoilt(), Clock(), boot=1)
    journal.listener = heard.append
    assert journal.record(wire.MARK, {"kind": 1}) == 0
    assert heard == []


def test_a_value_that_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(wire.WireError, match=r"mark\.kind"):
        Journal(Log(), Clock(), boot=1).record(wire.MARK, {"kind": 256})


def test_kept_state_survives_a_write_that_was_cut(tmp_path: Path) -> None:
    path = str(tmp_path / "settings.json")
    state.save(path, {"a": 1})
    Path(path + ".new").write_text('{"a": ')
    assert state.load(path, None) == {"a": 1}
    Path(path).write_text("{half")
    assert state.load(path, "default") == "default"


@pytest.mark.parametrize("value", [[5, 0], {"cue_m": 3}, 12345])
def test_a_kept_file_with_a_flipped_bit_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    monkeypatch.chdir(tmp_path)
    state.save("kept.json", value)
    assert state.load("kept.json", None) == value
    whole = Path("kept.json").read_bytes()
    for at in range(len(whole)):
        for bit in range(8):
            spoilt = bytearray(whole)
            spoilt[at] ^= 1 << bit
            Path("kept.json").write_bytes(spoilt)
            assert state.load("kept.json", None) is None, spoilt


def test_a_kept_file_made_by_hand_needs_no_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("[5, 0]", "[5, 0]\n"):
        Path("kept.json").write_text(text)
        assert state.load("kept.json", None) == [5, 0]
