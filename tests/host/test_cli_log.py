# SPDX-License-Identifier: MIT
"""`fetch-log` on the command line, against a unit behind a faked Bluetooth stack, and the file it writes."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from fakeunit import UTC_US
from hypothesis import given
from hypothesis import strategies as st

from kneecore import wire
from kneesense import clock, logfetch, logfile
from kneesense.errors import InputError
from kneesense.store import Store, Unit

UNIT = "0a0b0c0d"


@pytest.fixture
def paired(home, stack, monkeypatch):
    monkeypatch.setattr(logfetch, "CHUNK", 10)
    monkeypatch.setattr(logfetch, "RETRY_S", 0.01)
    with Store(home / "runs.sqlite") as store:
        store.remember(Unit(UNIT, "0c0d", "right", "lateral", "Ann"))
    unit = stack.unit
    unit._run({"utc_us": UTC_US})
    unit.strides(30)
    unit._halt({})
    with clock.replaced(unit.moment):
        yield unit


@pytest.fixture
def file(tmp_path):
    return tmp_path / "log" / "ann.kneelog"


def held(file):
    return logfile.read(file, file.read_bytes())


# --- fetch-log ------------------------------------------------------------------------------------------------------


def test_the_file_holds_the_log_and_says_whose_it_is(tell, tell_json, paired, file):
    file.parent.mkdir()
    code, out, err = tell("fetch-log", "--out", file)
    assert (code, err) == (0, [])
    assert out[-1] == f"Next: kneesense import {file}"
    log = held(file)
    assert (log.unit, log.runner, log.damaged_bytes) == (UNIT, "Ann", 0)
    assert log.records == paired.log, "with the time of day, asked for first"
    assert list(file.parent.iterdir()) == [file]
    assert "ack" not in paired.commands, "a file is no store"
    code, records, _ = tell_json("fetch-log", "--out", file, "--overwrite")
    assert code == 0
    assert records == [
        {
            "type": "summary", "file": str(file), "unit": UNIT, "records": len(paired.log), "resumed": 0,
            "first_seq": 1, "last_seq": len(paired.log), "bytes": file.stat().st_size,
        }
    ]  # fmt: skip


def test_an_empty_log_is_a_file_without_records(tell, paired, file, monkeypatch):
    paired.log.clear()
    monkeypatch.setattr(paired, "_time", lambda values: None)
    file.parent.mkdir()
    assert tell("fetch-log", "--out", file)[0] == 0
    assert held(file).records == []


def test_a_lost_link_in_the_middle_is_gone_on_with(tell, paired, file):
    file.parent.mkdir()
    paired.drop_link_after_fetched = 7
    assert tell("fetch-log", "--out", file)[0] == 0
    assert held(file).records == paired.log


def test_records_lost_on_the_way_are_fetched_again(tell, paired, file):
    file.parent.mkdir()
    paired.lose_fetched = 3
    assert tell("fetch-log", "--out", file)[0] == 0
    assert held(file).records == paired.log


def stopped_after(paired, chunks):
    """The unit falls silent for good after so many transfers."""
    send = paired._send_log

    def sending(values):
        nonlocal chunks
        chunks -= 1
        if chunks < 0:
            paired.unreachable = True
            paired.drop_link()
        else:
            send(values)

    paired._send_log = sending
    return send


def test_a_try_that_ended_early_has_no_file_and_the_next_one_goes_on(tell, tell_json, paired, file):
    file.parent.mkdir()
    send = stopped_after(paired, 2)
    code, _, err = tell("fetch-log", "--out", file)
    assert (code, len(err)) == (1, 1)
    part = file.with_name("ann.kneelog.part")
    assert list(file.parent.iterdir()) == [part]
    with part.open("ab") as torn:
        torn.write(paired.log[20].frame[:9])  # a kill in the middle of a write
    paired._send_log, paired.unreachable = send, False
    asked = len(paired.commands)
    code, records, _ = tell_json("fetch-log", "--out", file)
    assert (code, records[-1]["resumed"], records[-1]["records"]) == (0, 20, len(paired.log))
    assert held(file).records == paired.log
    assert held(file).damaged_bytes == 0
    assert list(file.parent.iterdir()) == [file]
    assert paired.commands[asked:].count("fetch") == 3, "one to compare, the two that were missing"


def test_a_log_that_was_erased_meanwhile_is_begun_anew(tell_json, paired, file):
    file.parent.mkdir()
    send = stopped_after(paired, 2)
    tell_json("fetch-log", "--out", file)
    paired._send_log, paired.unreachable = send, False
    paired.log.clear()
    paired.strides(5)
    records = tell_json("fetch-log", "--out", file)[1]
    assert (records[-1]["resumed"], records[-1]["records"]) == (0, 6)
    assert held(file).records == paired.log


def test_a_unit_that_restarts_in_the_middle_loses_no_record_to_numbers_used_again(tell, paired, file):
    file.parent.mkdir()
    send, left = paired._send_log, [2]

    def sending(values):
        left[0] -= 1
        if left[0]:
            send(values)
            return
        paired.reboot(unwritten=30)  # records that had been fetched from its buffer
        paired.strides(30)
        paired._send_log = send

    paired._send_log = sending
    assert tell("fetch-log", "--out", file)[0] == 0
    assert {r.key for r in held(file).records} >= {r.key for r in paired.log[:-1]}


def test_ctrl_c_keeps_what_was_fetched_and_says_so(tell, paired, file):
    file.parent.mkdir()
    send = paired._send_log

    def sending(values):
        if values["from_seq"] > 20:
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        else:
            send(values)

    paired._send_log = sending
    code, out, _ = tell("fetch-log", "--out", file)
    assert (code, out) == (130, ["stopped: the same command goes on where it stopped"])
    assert not file.exists()
    assert logfile.intact(file, file.with_name("ann.kneelog.part").read_bytes())[1] == paired.log[:20]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--out is missing"),
        (("--out", "exists"), "exists: choose another name, or --overwrite"),
        (("--out", "nowhere/log"), "cannot be written"),
        (("--out", "."), "is a folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_told(tell, paired, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exists").touch()
    code, _, err = tell("fetch-log", *arguments)
    assert (code in (1, 2), len(err)) == (True, 1)
    assert words in err[0]


def test_what_another_unit_has_begun_is_not_gone_on_with(tell, paired, file):
    file.parent.mkdir()
    part = file.with_name("ann.kneelog.part")
    part.write_bytes(logfile.header("ffffffff", None))
    code, _, err = tell("fetch-log", "--out", file)
    assert (code, "is of unit ffffffff: remove it" in err[0]) == (2, True)
    part.write_bytes(b"notes")
    assert tell("fetch-log", "--out", file)[0] == 2
    assert part.read_bytes() == b"notes"


# --- the file -------------------------------------------------------------------------------------------------------


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.none(),
    st.binary(min_size=1, max_size=16),
)
def test_the_first_line_is_read_as_it_was_written(tmp_path_factory, runner, unit):
    path = tmp_path_factory.getbasetemp() / "x"
    log = logfile.read(path, logfile.header(unit.hex(), runner))
    assert (log.unit, log.runner, log.records) == (unit.hex(), runner, [])


def test_the_line_in_the_documentation_is_one():
    page = Path(__file__).parents[2] / "docs" / "protocol.md"
    (line,) = [text for text in page.read_text().splitlines() if text.startswith("    kneesense-log ")]
    log = logfile.read(page, line.strip().encode() + b"\n")
    assert (log.unit, log.runner) == ("240ac4000001", "Ann")


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_flipped_byte_costs_one_record_or_is_told(tmp_path_factory, at, flip):
    path = tmp_path_factory.getbasetemp() / "x"
    frames = [wire.frame(wire.MARK, {"seq": seq, "boot": 1, "t_us": seq, "kind": 0}) for seq in range(1, 9)]
    head = logfile.header(UNIT, "Ann")
    data = bytearray(head + b"".join(frames))
    data[at % len(data)] ^= flip
    if at % len(data) < len(head):
        with pytest.raises(InputError):
            logfile.read(path, bytes(data))
        return
    log = logfile.read(path, bytes(data))
    assert len(log.records) == 7
    assert log.damaged_bytes == len(frames[0])
