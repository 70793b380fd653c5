# SPDX-License-Identifier: MIT
"""A short soak with a fixed seed; and soaks with something sabotaged, which their audit must find."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kneecore import wire
from kneesense.cli import app
from kneesense.soak import audit, fuzz, fuzzers, hour
from kneesense.soak.faults import TABLE
from kneesense.soak.found import Found
from kneesense.soak.hour import Hour
from kneesense.store import Store
from kneesense.world import clock
from kneesense.world.motor import Pulse


def soaked(folder: Path, seconds: float, *faults: tuple[float, str], rests: bool = False) -> Hour:
    """A soak with these faults at these times; not judged yet."""

    async def main() -> Hour:
        played = Hour(folder, 1, seconds / 60)
        played.room.rests = rests
        await played.play([(at_s, TABLE[name]) for at_s, name in faults])
        return played

    return clock.run(main, 1e6)


def test_two_minutes_with_one_fault_after_another_lose_nothing(tmp_path: Path) -> None:
    outcome = hour.run(3, 2, 25, folder=tmp_path)
    assert list(outcome.findings()) == []
    assert outcome.ok
    assert len(outcome.faults) == 25
    assert outcome.strides.found > 80


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Hour:
    """With one boot that ends and one program that is killed."""
    return soaked(tmp_path_factory.mktemp("soak"), 32, (14, "brownout"), (22, "host_killed"))


def test_the_soak_that_is_sabotaged_below_is_in_order(quiet: Hour) -> None:
    outcome = quiet.judge()
    assert list(outcome.findings()) == []
    assert (outcome.boots, outcome.runs, outcome.kills) == (2, 2, 1)
    assert outcome.strides.found > 25


def drop(db: sqlite3.Connection, code: int) -> None:
    db.execute(
        "DELETE FROM event WHERE (boot, seq) = (SELECT boot, seq FROM event WHERE code = ? LIMIT 1)", (code,)
    )


def alter(db: sqlite3.Connection, code: int) -> None:
    """One byte, and the checksum made right again."""
    boot, seq, frame = db.execute(
        "SELECT boot, seq, frame FROM event WHERE code = ? LIMIT 1", (code,)
    ).fetchone()
    record, values = wire.decode(frame)
    assert record is not None
    changed = wire.frame(record, {**values, "confidence": values["confidence"] ^ 1})
    db.execute("UPDATE event SET frame = ? WHERE boot = ? AND seq = ?", (changed, boot, seq))


def spoil(db: sqlite3.Connection, code: int) -> None:
    """One byte."""
    boot, seq, frame = db.execute(
        "SELECT boot, seq, frame FROM event WHERE code = ? LIMIT 1", (code,)
    ).fetchone()
    changed = frame[:-1] + bytes([frame[-1] ^ 1])
    db.execute("UPDATE event SET frame = ? WHERE boot = ? AND seq = ?", (changed, boot, seq))


def double(db: sqlite3.Connection, code: int) -> None:
    db.execute("INSERT INTO event SELECT device, boot, seq + 100000, code, frame FROM event WHERE code = ? LIMIT 1",
               (code,))  # fmt: skip


def invent(db: sqlite3.Connection, code: int) -> None:
    device, frame = db.execute("SELECT device, frame FROM event WHERE code = ? LIMIT 1", (code,)).fetchone()
    record, values = wire.decode(frame)
    assert record is not None
    made_up = wire.frame(record, {**values, "seq": 90000})
    db.execute("INSERT INTO event VALUES (?, ?, 90000, ?, ?)", (device, values["boot"], code, made_up))


@pytest.mark.parametrize(
    ("sabotage", "counts"),
    [
        (drop, {"lost": 2}),  # the record, and the contact
        (alter, {"altered": 1}),
        (spoil, {"altered": 1}),
        (double, {"duplicated": 2}),  # likewise
        (invent, {"altered": 1, "duplicated": 1}),  # the record, and the contact
    ],
)
def test_a_store_that_is_not_the_unit_s_log_is_found(
    quiet: Hour, tmp_path: Path, sabotage: Callable[[sqlite3.Connection, int], None], counts: dict[str, int]
) -> None:
    copy = tmp_path / "runs.sqlite"
    with closing(sqlite3.connect(quiet.room.store)) as db:
        db.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        sabotage(db, wire.STRIDE.code)
    outcome = quiet.judge(copy)
    assert not outcome.ok
    summary = outcome.summary()
    assert {name: summary[name] for name in ("lost", "duplicated", "altered") if summary[name]} == counts


def test_what_the_unit_itself_has_lost_is_found(quiet: Hour, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [key for key, frame in quiet.room.witness.logged.items() if frame[1] == wire.STRIDE.code]
    logged = {key: frame for key, frame in quiet.room.witness.logged.items() if key != keys[8]}
    monkeypatch.setattr(quiet.room.witness, "logged", logged)
    assert quiet.judge().records.holes == [(keys[8][0], keys[8][1] + 1)]


def test_a_boot_that_does_not_say_why_it_began_is_found(quiet: Hour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet.room.witness.boots[2], "cause", 3)
    assert quiet.judge().boots_not_told == ["boot 2 begins with boot, cause 1"]


def test_a_time_that_falls_is_found(quiet: Hour, tmp_path: Path) -> None:
    with Store(quiet.room.store) as store:
        stored = store.records(quiet.room.unit.board.unit_id.hex())
    assert audit.backwards(stored) == []
    swapped = [*stored[:5], replace(stored[5], t_us=1), *stored[6:]]
    assert len(audit.backwards(swapped)) == 1


def test_a_boot_and_a_kill_without_a_fault_are_found(quiet: Hour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "faults", [])
    found = quiet.judge().unexplained
    assert sum(text.startswith("end of boot 1 at ") for text in found) == 1
    assert sum(text.startswith("kill of the program at ") for text in found) == 1


def test_a_motor_that_is_on_for_too_long_is_found(quiet: Hour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet.room.unit.board.motor, "pulses", [Pulse(0, 400_001)])
    assert not quiet.judge().ok


def test_samples_that_no_gap_tells_are_found(quiet: Hour, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the chip had been faster than what was recorded."""
    monkeypatch.setattr(quiet.room.chip, "rate_error", 0.02)
    assert quiet.judge().untold > 0


def test_a_program_that_never_comes_back_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hour, "RECOVERY_S", 12.0)
    outcome = soaked(tmp_path, 30, (15, "link_dropped"), rests=True).judge()
    assert len(outcome.hangs) == 1
    assert "before: link_dropped" in outcome.hangs[0]
    assert not outcome.ok


def test_the_same_seed_gives_the_same_bytes(quiet: Hour, tmp_path: Path) -> None:
    again = soaked(tmp_path, 32, (14, "brownout"), (22, "host_killed"))
    with (
        closing(sqlite3.connect(quiet.room.store)) as one,
        closing(sqlite3.connect(again.room.store)) as other,
    ):
        everything = "SELECT * FROM event ORDER BY boot, seq"
        assert one.execute(everything).fetchall() == other.execute(everything).fetchall()
    assert again.room.witness.said == quiet.room.witness.said


def test_the_same_seed_gives_the_same_faults_and_another_seed_others() -> None:
    kinds = tuple(TABLE)
    assert hour.timetable(1, 600, 100, kinds) == hour.timetable(1, 600, 100, kinds)
    assert hour.timetable(1, 600, 100, kinds) != hour.timetable(2, 600, 100, kinds)
    assert {fault.name for _, fault in hour.timetable(1, 600, 100, kinds)} == set(kinds)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    code = app.run(["soak", *arguments, "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_command_s_last_line_sums_up(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, lines = told(
        capsys,
        "--minutes",
        "0.5",
        "--faults",
        "2",
        "--kinds",
        "link_dropped",
        "--keep",
        str(tmp_path / "kept"),
    )
    assert code == 0
    (summary,) = lines
    assert [summary[name] for name in ("lost", "duplicated", "altered", "hangs", "faults")] == [0, 0, 0, 0, 2]
    assert summary["kinds"] == {"link_dropped": 2}
    assert (tmp_path / "kept" / "home" / "runs.sqlite").exists()


def test_the_command_lists_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = told(capsys, "--list")
    assert code == 0
    assert [line["name"] for line in lines] == list(TABLE)


def test_the_command_fuzzes_every_decoder_on_all_cores(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = told(capsys, "--fuzz", "80")
    assert code == 0
    assert {line["decoder"]: line["frames"] for line in lines[:-1]} == dict.fromkeys(fuzz.TARGETS, 80)
    assert lines[-1]["found"] == 0


def test_what_a_fuzzer_finds_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def finds(name: str, count: int, seed: int) -> None:
        raise Found("on purpose")

    monkeypatch.setattr(fuzz, "run", finds)
    frames, _, found = fuzzers.portion("stream", 10, 1)
    assert (frames, found) == (0, "on purpose")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--minutes", "0.4"),
        ("--faults", "-1"),
        ("--fuzz", "-1"),
        ("--kinds", "link_dropped,nonsense"),
        ("--keep", "."),
    ],
)
def test_the_command_refuses_what_cannot_be(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert told(capsys, *arguments)[0] == 2
