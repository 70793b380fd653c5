# SPDX-License-Identifier: MIT
"""Decoders against bytes nobody should send; and the fuzzer itself, which must notice a decoder that is wrong."""

import pytest

from kneecore import wire
from kneesense import calibration, espimage, repl
from kneesense import frames as log_frames
from kneesense.records import RunRecords
from kneesense.soak import fuzz, fuzz_files, fuzz_images, unitcode
from kneesense.soak.found import Found
from kneesense.soak.frames import sealed


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_no_crash_and_no_false_record(target):
    fuzz.run(target, 1000 if target in {**fuzz_files.TARGETS, **fuzz_images.TARGETS} else 3000, 1)


def spoil_check(monkeypatch):
    """A CRC that nobody looks at."""

    def check(data, at=0):
        left = len(data) - at
        if left < wire.HEAD:
            return 0
        size = data[at + 2] + wire.OVERHEAD
        return size if left >= size else 0

    monkeypatch.setattr(wire, "check", check)


def spoil_stream(monkeypatch):
    """Garbage ends the stream."""
    feed = wire.Stream.feed
    monkeypatch.setattr(wire.Stream, "feed", lambda self, chunk: [] if self.skipped else feed(self, chunk))


def spoil_parse(monkeypatch):
    """Every field is there."""
    monkeypatch.setattr(log_frames, "_LOGGED_CODES", range(0x100))


def spoil_records(monkeypatch):
    """A cut record is shown like any other."""
    monkeypatch.setattr(RunRecords, "feed", lambda self, name, values: self._make[name](values))


def spoil_trust(monkeypatch):
    """Everybody may do everything."""
    commands = unitcode.load("tasks.commands").Commands
    obey = commands.on_command
    monkeypatch.setattr(
        commands, "on_command", lambda self, code, frame, trusted: obey(self, code, frame, True)
    )


def spoil_answers(monkeypatch):
    """Errors of the settings are not told from others."""
    monkeypatch.setattr(unitcode.load("tasks.control").Control, "_status_of", lambda self, error: wire.FAILED)


def spoil_checksum(monkeypatch):
    monkeypatch.setattr(unitcode.load("tasks.state"), "_checksum", lambda text: "")


def spoil_calibration(monkeypatch):
    """Numbers of any size are a mounting."""
    monkeypatch.setattr(calibration.mount, "problem", lambda values: "")


def spoil_image(monkeypatch):
    """Nobody compares the hash."""
    monkeypatch.setattr(espimage, "_part_checked", lambda what, part: None)


def spoil_repl(monkeypatch):
    """What comes is taken for what was asked for."""
    ask = repl.Repl.ask
    monkeypatch.setattr(
        repl.Repl, "ask", lambda self, code, kind, *more, **options: ask(self, code, object, *more)
    )


@pytest.mark.parametrize(
    ("target", "spoil"),
    [
        ("calibration_file", spoil_calibration),
        ("micropython_image", spoil_image),
        ("serial_board", spoil_repl),
        ("imported_file", spoil_check),
        ("notifications", spoil_check),
        ("commands", spoil_trust),
        ("commands", spoil_answers),
        ("log_ring", spoil_check),
        ("kept_files", spoil_checksum),
        ("whole_frames", spoil_check),
        ("whole_frames", spoil_stream),
        ("log_frame", spoil_parse),
        ("run_records", spoil_records),
    ],
)
def test_a_decoder_that_is_wrong_is_found(monkeypatch, target, spoil):
    spoil(monkeypatch)
    with pytest.raises(Found, match=rf"^{target}, seed 1, frame \d+: "):
        fuzz.run(target, 3000, 1)


def test_a_record_that_is_cut_short_is_told_and_not_shown():
    body = wire.payload(wire.GAP, dict.fromkeys(wire.GAP.names, 0))
    values = wire.parse(wire.GAP, body[:-3])
    assert RunRecords().feed("gap", values) == {
        "type": "warning",
        "t_s": None,
        "code": "cut_record",
        "message": "a gap record is cut short and not shown",
    }


@pytest.mark.parametrize(("trusted", "status"), [(True, wire.UNKNOWN_COMMAND), (False, wire.REFUSED)])
def test_a_command_of_a_later_version_is_answered_and_one_without_a_token_is_not(trusted, status):
    around = unitcode.Surroundings()
    with around.lent():
        unit = unitcode.Unit()
        unit.radio.on_command(0x5F, sealed(0x5F, b"\x07\x01later"), trusted)
        unit.radio.on_command(0x5F, sealed(0x5F, b"\x07"), trusted)
        unit.radio.on_command(0x3F, sealed(0x3F, b"\x07\x01later"), trusted)
    (reply,) = unit.radio.replies
    told = wire.decode(reply)[1]
    assert (told["token"], told["command"], told["status"]) == (0x107, 0x5F, status)
