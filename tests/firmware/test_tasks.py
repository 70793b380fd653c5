# SPDX-License-Identifier: MIT
"""Journal and kept state, on CPython with parts put in their place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.filelog import FileLog, LogFull
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


def test_what_was_recorded_is_on_flash_within_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited_ms = []

    async def sleep_ms(ms: int) -> None:
        waited_ms.append(ms)
        if len(waited_ms) == 2:
            raise KeyboardInterrupt  # after one turn of the loop

    monkeypatch.setattr(asyncio, "sleep_ms", sleep_ms, raising=False)
    log = FileLog(str(tmp_path))
    journal = Journal(log, Clock(), boot=1)
    journal.record(wire.MARK, {"kind": 1})
    (segment,) = tmp_path.glob("*.bin")
    assert segment.read_bytes() == b""  # this interpreter's files are buffered, as littlefs is
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(journal.run())
    assert len(segment.read_bytes()) == len(
        wire.frame(wire.MARK, {"seq": 1, "boot": 1, "t_us": 1, "kind": 1})
    )
    assert waited_ms[0] <= 2000
    log.close()


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
