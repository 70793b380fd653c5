# SPDX-License-Identifier: MIT
"""Bytes on the air: spelled out for a few frames, pinned for every record, and safe against garbage."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecore import wire

VECTORS = Path(__file__).parents[1] / "vectors" / "wire-v1.jsonl"
LINES = VECTORS.read_text().splitlines()
LIMITS = {"B": (0, 2**8 - 1), "b": (-(2**7), 2**7 - 1), "H": (0, 2**16 - 1), "h": (-(2**15), 2**15 - 1),
          "I": (0, 2**32 - 1), "i": (-(2**31), 2**31 - 1), "Q": (0, 2**64 - 1), "q": (-(2**63), 2**63 - 1)}  # fmt: skip


def spelled(*groups):
    return bytes.fromhex(" ".join(groups))


def values_of(vector):
    record = wire.BY_NAME[vector["record"]]
    letters = dict(wire.fields(record))
    return record, {
        name: bytes.fromhex(value) if letters[name] == "*" else value
        for name, value in vector["values"].items()
    }


def some_values(record):
    """A strategy for whatever fits the record's fields."""
    room = wire.MAX_PAYLOAD - record.size
    return st.fixed_dictionaries(
        {
            name: st.binary(max_size=room) if letter == "*" else st.integers(*LIMITS[letter])
            for name, letter in wire.fields(record)
        }
    )


# --- a few frames, byte by byte -------------------------------------------------------------------------------------


def test_the_smallest_command_is_nine_bytes():
    assert wire.frame(wire.HALT, {"token": 7}) == spelled(
        "a1",  # magic, major 1
        "45",  # halt
        "02",  # payload bytes
        "0700",  # token
        "9dab6a6b",  # crc32 of the five bytes before
    )


def test_a_gap_begins_with_the_key_of_every_logged_record():
    values = {"seq": 513, "boot": 7, "t_us": (3 << 32) + 123456, "at_x16": 65536, "samples": 25, "reason": 0}
    assert wire.frame(wire.GAP, values) == spelled(
        "a1 05 17",
        "01020000",  # seq 513
        "0700",  # boot
        "40e20100 03000000",  # t_us, 64 bits
        "00000100",  # at_x16: sample 4096
        "19000000",  # 25 samples
        "00",  # fifo_overflow
        "3633550a",
    )


def test_a_stride_is_50_bytes():
    stride = {
        "seq": 1, "boot": 2, "t_us": 3, "ic_x16": 123456, "stride_x16": 5680, "contact_x16": 1936, "pta_axial_mg": 7214,
        "pta_resultant_mg": 9630, "lean_ic_cdeg": -412, "lean_mid_cdeg": 187, "lean_min_cdeg": -455,
        "lean_max_cdeg": wire.UNKNOWN_I16, "lean_max_x16": 880, "gait": wire.GAITS.index("run"), "confidence": 93,
        "flags": wire.FLAG_CLIPPED | wire.FLAG_MISSING, "cue_state": wire.CUE_STATES.index("armed"),
        "lean_cue_cdeg": 190,
    }  # fmt: skip
    frame = wire.frame(wire.STRIDE, stride)
    assert frame[:-4] == spelled(
        "a1 03 2b",
        "01000000 0200 0300000000000000",
        "40e20100",  # ic: sample 7716
        "3016",  # stride: 355 samples
        "9007",  # contact: 121 samples
        "2e1c 9e25",  # peaks in mg
        "64fe bb00 39fe",  # lean at contact, mid-stance, least
        "0080",  # greatest: not measured
        "7003",  # 55 samples after contact
        "02 5d",  # run, 93 %
        "4100",  # clipped, metric_missing
        "02",  # armed
        "be00",  # lean a cue looks at
    )
    assert len(frame) == 50


def test_codes_of_meaning_keep_their_numbers():
    assert wire.SIDES[:3] == ("unknown", "left", "right")
    assert wire.FACES[:3] == ("unknown", "medial", "lateral")
    assert wire.GAITS[:3] == ("unsure", "walk", "run")
    assert wire.DIRECTIONS[:3] == ("none", "increase", "decrease")
    assert wire.STATUSES[:7] == (
        "ok", "refused", "busy", "bad_value", "bad_state", "unknown_command", "failed",
    )  # fmt: skip
    assert wire.GAP_REASONS[:8] == (
        "fifo_overflow", "realign", "bus_reset", "frozen", "nan", "time_jump", "reboot", "log_full",
    )  # fmt: skip
    flags = (wire.FLAG_CLIPPED, wire.FLAG_GAP_BEFORE, wire.FLAG_BACKDATED, wire.FLAG_TURN, wire.FLAG_STRAP_LOOSE,
             wire.FLAG_BIAS, wire.FLAG_MISSING, wire.FLAG_SHAKEN)  # fmt: skip
    assert flags == (1, 2, 4, 8, 16, 32, 64, 128)
    assert len(flags) == len(wire.STRIDE_FLAGS)


# --- every record ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["record"])
def test_golden_vector(line):
    vector = json.loads(line)
    record, values = values_of(vector)
    frame = bytes.fromhex(vector["frame"])
    found, decoded = wire.decode(frame)
    assert wire.check(frame) == len(frame)
    assert found is record
    later = {name: None for name in record.names if name not in values}  # fields younger than the vector
    assert decoded == values | later
    if not later:
        assert wire.frame(record, values) == frame


def test_every_record_has_a_golden_vector():
    assert {json.loads(line)["record"] for line in LINES} == set(wire.BY_NAME)


def test_the_vectors_of_the_last_release_are_still_the_first_ones():
    git = ["git", "-C", str(VECTORS.parent)]
    tag = subprocess.run([*git, "describe", "--tags", "--abbrev=0"], capture_output=True, text=True)
    if tag.returncode:
        pytest.skip("no release tag in this checkout")
    old = subprocess.run(
        [*git, "show", f"{tag.stdout.strip()}:./{VECTORS.name}"], capture_output=True, text=True
    )
    assert LINES[: len(old.stdout.splitlines())] == old.stdout.splitlines()


def test_logged_records_begin_with_seq_boot_and_time():
    for record in wire.LOGGED:
        assert wire.fields(record)[:3] == (("seq", "I"), ("boot", "H"), ("t_us", "Q")), record.name
        assert 0x01 <= record.code <= 0x3F


def test_commands_begin_with_a_token():
    for record in (*wire.COMMANDS, wire.REPLY, wire.FETCHED):
        assert wire.fields(record)[0] == ("token", "H"), record.name


def test_no_field_name_is_used_twice_in_a_record():
    for record in wire.BY_CODE.values():
        names = list(record.names)
        assert len(set(names)) == len(names), record.name


@given(st.sampled_from(list(wire.BY_CODE.values())).flatmap(lambda r: st.tuples(st.just(r), some_values(r))))
def test_what_is_packed_is_what_is_read(case):
    record, values = case
    frame = wire.frame(record, values)
    assert len(frame) <= wire.MAX_FRAME
    assert wire.decode(frame) == (record, values)


@pytest.mark.parametrize("letter", LIMITS)
def test_a_value_that_does_not_fit_is_refused_by_name(letter):
    record = next((r for r in wire.BY_CODE.values() if letter in dict(wire.fields(r)).values()), None)
    if record is None:
        assert letter == "b"  # no record has one yet
        return
    field = next(name for name, found in wire.fields(record) if found == letter)
    low, high = LIMITS[letter]
    values = {name: b"" if found == "*" else 0 for name, found in wire.fields(record)}
    for value in (low, high):
        assert wire.frame(record, values | {field: value})
    for value in (low - 1, high + 1):
        with pytest.raises(wire.WireError, match=rf"{record.name}\.{field} = {value} "):
            wire.frame(record, values | {field: value})


def test_a_payload_over_255_bytes_is_refused():
    with pytest.raises(wire.WireError, match="reply payload of 256 bytes"):
        wire.frame(wire.REPLY, {"token": 1, "command": 2, "status": 0, "t_us": 0, "data": bytes(244)})


# --- versions -------------------------------------------------------------------------------------------------------


def test_a_field_an_older_peer_does_not_know_is_none():
    body = wire.payload(wire.HELLO, {"token": 1, "major": 1, "minor": 0})
    assert wire.parse(wire.HELLO, body[:3]) == {"token": 1, "major": 1, "minor": None}


def test_bytes_a_newer_peer_added_are_ignored():
    body = wire.payload(wire.HALT, {"token": 1})
    assert wire.parse(wire.HALT, body + b"new") == {"token": 1}


def test_an_unknown_code_is_a_whole_frame_without_a_record():
    frame = raw_frame(0x3F, b"later")
    assert wire.Stream().feed(frame) == [(0x3F, frame)]
    assert wire.decode(frame) == (None, {})


def test_another_major_is_no_frame():
    frame = bytearray(wire.frame(wire.HALT, {"token": 1}))
    frame[0] += 1
    assert wire.check(frame) == -1


def raw_frame(code, body):
    """A frame built without the table, as a later version might."""
    from zlib import crc32

    head = bytes((0xA1, code, len(body))) + body
    return head + crc32(head).to_bytes(4, "little")


# --- streams --------------------------------------------------------------------------------------------------------

HALTS = [wire.frame(wire.HALT, {"token": token}) for token in range(4)]


@given(st.lists(st.integers(1, 40), min_size=1))
def test_frames_come_out_whatever_the_packets(sizes):
    stream, data, out = wire.Stream(), b"".join(HALTS) * 3, []
    for size in [*sizes, len(data)]:
        out += stream.feed(data[:size])
        data = data[size:]
    assert [frame for _, frame in out] == HALTS * 3
    assert stream.skipped == 0


# Behind a cut frame 30 more follow: a length read from the wrong byte may ask for up to 255 bytes before it fails.


@pytest.mark.parametrize("cut", range(len(HALTS[1])))
def test_a_frame_cut_at_any_byte_is_not_decoded_and_costs_no_other(cut):
    stream = wire.Stream()
    out = stream.feed(HALTS[0] + HALTS[1][:cut] + HALTS[2] * 30)
    assert [frame for _, frame in out] == [HALTS[0]] + [HALTS[2]] * 30
    assert stream.skipped == cut


@given(st.binary(max_size=300), st.integers(0, 8))
def test_garbage_is_skipped_and_never_becomes_a_record(garbage, at):
    stream = wire.Stream()
    out = stream.feed(garbage[:at]) + stream.feed(garbage[at:])
    assert out == []
    assert stream.skipped <= len(garbage)


@given(st.integers(0, len(HALTS[1]) * 8 - 1))
def test_a_flipped_bit_loses_that_frame_only(bit):
    damaged = bytearray(HALTS[1])
    damaged[bit // 8] ^= 1 << bit % 8
    stream = wire.Stream()
    out = stream.feed(HALTS[0] + bytes(damaged) + HALTS[2] * 30)
    frames = [frame for _, frame in out]
    assert frames[0] == HALTS[0]
    assert HALTS[1] not in frames
    assert frames[1:] == [HALTS[2]] * 30


def test_reset_forgets_a_cut_frame_and_counts_it():
    stream = wire.Stream()
    assert stream.feed(HALTS[0][:5]) == []
    stream.reset()
    assert stream.feed(HALTS[1]) == [(wire.HALT.code, HALTS[1])]
    assert stream.skipped == 5


@given(st.integers(0, 19))
def test_at_the_end_of_a_file_a_cut_frame_hides_none_behind_it(cut):
    whole = wire.frame(wire.MARK, {"seq": 1, "boot": 1, "t_us": 1, "kind": 0})
    stream = wire.Stream()
    assert stream.feed(whole[:cut] + whole) + stream.finish() == [(wire.MARK.code, whole)]
    assert stream.skipped == cut
