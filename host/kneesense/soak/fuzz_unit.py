# SPDX-License-Identifier: MIT
"""Fuzzers of what only the unit decodes: commands, its log in flash after damage, the small files it keeps.

The log is read by the host's auditor, too, and both must give nothing that was not written.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from kneecore import settings, wire

from .. import logimage
from . import frames
from .found import Found, Target
from .unitcode import FLASH_SECTOR, Partition, Surroundings, Unit, load

LOG_RECORDS = 40


def commands() -> Target:
    """Control: one answer at most, never an exception, and nothing done for whom is not trusted."""
    around = Surroundings()
    with around.lent():
        unit = Unit()

    def once(random: Random) -> None:
        frame = _command(random) if random.random() < 0.6 else frames.valid(random)
        frame = frames.nonsense(random) if random.random() < 0.2 else frame
        trusted = random.random() < 0.8
        unit.radio.replies.clear()
        with around.lent():
            before = None if trusted else (unit.state(), dict(around.files))
            unit.radio.on_command(frame[1], frame, trusted)
            if before is not None and before != (unit.state(), around.files):
                raise Found(f"done for a stranger: {frame.hex()}")
            _read_out(unit, random)
            for setting in settings.TABLE:
                if not setting.low <= unit.settings.get(setting.name) <= setting.high:
                    raise Found(f"{setting.name} = {unit.settings.get(setting.name)} after {frame.hex()}")
        _check_replies(unit.radio.replies, frame, trusted)

    return once


def _read_out(unit: Unit, random: Random) -> None:
    """Some of what a fetch has begun to send, or all of it."""
    sent, unit.radio.fetched = unit.radio.fetched, None
    if sent is not None:
        for i, frame in enumerate(sent):
            if frame is not None and wire.check(frame) != len(frame):
                raise Found(f"sent and no frame: {bytes(frame).hex()}")
            if random.random() < 0.02 or i > 1000:
                break


def _check_replies(replies: list[bytes], frame: bytes, trusted: bool) -> None:
    record, told = wire.decode(frame)
    if record is None and 0x40 <= frame[1] < 0x60:
        told = wire.parse(wire.HALT, wire.body_of(frame))
    token = told.get("token")
    if len(replies) != (token is not None):
        raise Found(f"{len(replies)} answers to {frame.hex()}")
    for reply in replies:
        record, values = wire.decode(reply)
        if record is not wire.REPLY or (values["token"], values["command"]) != (token, frame[1]):
            raise Found(f"answer {reply.hex()} to {frame.hex()}")
        if not trusted and values["status"] != wire.REFUSED:
            raise Found(f"not refused: {frame.hex()}")
        if values["status"] == wire.FAILED:
            raise Found(f"an exception inside: {frame.hex()}")


def _command(random: Random) -> bytes:
    """Values that get past the first checks more often."""
    record = random.choice(wire.COMMANDS)
    values = frames.values(random, record)
    for name, letter in wire.fields(record):
        if letter != "*" and random.random() < 0.8:
            values[name] = random.randint(0, 12)
    if record is wire.CALIBRATE and random.random() < 0.8:
        values |= _good_calibration()
    if record is wire.PRESCRIBE and random.random() < 0.8:
        values["sessions"] = random.choice((b"", bytes((1, 0, 0)), bytes((20, 6, 6, 30, 0, 0))))
    return wire.frame(record, values)


def _good_calibration() -> dict[str, int]:
    values = {f"rotation_q14_{i}": 16384 * (i % 4 == 0) for i in range(9)}
    values |= {f"gyro_bias_mdps_{i}": 0 for i in range(3)}
    return values | {"acc_scale_q14": 16384, "neutral_cdeg": 0, "side": 2, "face": 0, "chip": 1}


def log_ring() -> Target:
    """The unit's log and the auditor after flipped bits, bytes of nonsense, lost sectors: only what was written."""
    flashlog = load("drivers.flashlog")
    images = [written_log(Random(f"log {seed}")) for seed in range(8)]

    def once(random: Random) -> None:
        image, written = random.choice(images)
        cells = bytearray(image)
        for _ in range(random.choice((1, 1, 2, 10))):
            _damage(random, cells)
        if strange := [
            frame for frame in logimage.frames(bytes(cells), FLASH_SECTOR) if frame not in written
        ]:
            raise Found(f"the auditor reads what nobody wrote: {strange[0].hex()}")
        log = flashlog.FlashLog(Partition(bytes(cells)), _Still())
        read = [frame for frame in log.read(0, (1 << 32) - 1) if frame is not None]
        if strange := [frame for frame in read if bytes(frame) not in written]:
            raise Found(f"the log reads what nobody wrote: {bytes(strange[0]).hex()}")
        if len(set(read)) != len(read):
            raise Found("a record is read twice")
        number = log.next_seq
        try:
            log.append(_mark(number))
            log.flush()
        except flashlog.LogFull:
            return
        if _mark(number) not in log.read(number, number):
            raise Found(f"record {number} was logged and is not read")

    return once


class _Still:
    def us(self) -> int:
        return 0


def _mark(seq: int) -> bytes:
    return wire.frame(wire.MARK, {"seq": seq, "boot": 9, "t_us": 5, "kind": 1})


def written_log(random: Random, sector: int = FLASH_SECTOR) -> tuple[bytes, set[bytes]]:
    """(cells, frames) of a log that some records went to, and that a host has fetched a part of."""
    partition = Partition(sector=sector)
    log = load("drivers.flashlog").FlashLog(partition, _Still())
    written = set()
    for _ in range(random.choice((LOG_RECORDS // 4, LOG_RECORDS, 4 * LOG_RECORDS))):
        record = random.choice((wire.STRIDE, wire.MARK, wire.ANCHOR, wire.RAW))
        values = frames.values(random, record) | {"seq": log.next_seq, "boot": 1}
        if record is wire.RAW:
            values["counts"] = values["counts"][:100]
        frame = wire.frame(record, values)
        log.append(frame)
        written.add(frame)
        if random.random() < 0.3:
            log.flush()
            log.acknowledge(log.next_seq - 1)
    log.flush()
    return bytes(partition.nor.cells), written


def _damage(random: Random, cells: bytearray) -> None:
    at = random.randrange(len(cells))
    sector = at // FLASH_SECTOR * FLASH_SECTOR
    kind = random.randrange(4)
    if kind == 0:
        cells[at] ^= 1 << random.randrange(8)
    elif kind == 1:
        cells[at : at + 20] = random.randbytes(min(20, len(cells) - at))
    elif kind == 2:
        cells[at : sector + FLASH_SECTOR] = b"\xff" * (sector + FLASH_SECTOR - at)
    else:
        cells[sector : sector + 40] = random.randbytes(40)


def kept_files() -> Target:
    """What the unit keeps over a reboot, spoilt: whoever reads it has the old value or none, and starts."""
    around = Surroundings()
    door, boots, state = load("tasks.door"), load("tasks.boots"), load("tasks.state")
    with around.lent():
        unit = Unit()
        unit.calibrator.push(_good_calibration())
        unit.coaching.prescribe(3, 1, bytes((1, 0, 0)))
        door.save_bonds([(1, bytes(7), b"{}"), (2, bytes(7), b"{}")])
        state.save("boot.json", [5, 0])
        state.save("session.json", 4)
        state.save("imu.json", 3)
        state.save("motor.json", [7, 8, 9])
        state.save("settings.json", {"cue_m": 3, "battery_stop_mv": 3350})
    good = dict(around.files)
    readers: dict[str, Callable[[], object]] = {
        "bonds.json": door.load_bonds,
        "boot.json": lambda: boots.begin(1, 0, 3900).number,
        "calibration.json": lambda: unit.new_calibrator().calibration,
        "coaching.json": lambda: unit.new_coaching().plan(1),
        "session.json": lambda: state.load("session.json", 0),
        "imu.json": lambda: state.load("imu.json", 0),
        "motor.json": lambda: bytes(state.load("motor.json", [])),
        "settings.json": lambda: vars(load("tasks.control").kept_settings()),
    }
    values: dict[str, tuple[object, object]] = {}
    with around.lent():
        for name, read in readers.items():
            around.files = dict(good)
            kept = read()
            around.files = {}
            values[name] = (kept, read())

    def once(random: Random) -> None:
        name = random.choice(list(readers))
        around.files = {name: _spoilt_text(random, good[name])}
        with around.lent():
            found = readers[name]()
        if found not in values[name]:
            raise Found(f"{name}: {found}")

    return once


def _spoilt_text(random: Random, text: str) -> str:
    """A flipped bit, an end cut off, bytes put in, or bytes of nonsense."""
    data = bytearray(text.encode())
    at = random.randrange(len(data))
    kind = random.randrange(4)
    if kind == 0:
        data[at] ^= 1 << random.randrange(7)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        data[at:at] = random.randbytes(3)
    else:
        data[at : at + 8] = random.randbytes(8)
    return data.decode("latin-1")


TARGETS: dict[str, Callable[[], Target]] = {
    "commands": commands,
    "log_ring": log_ring,
    "kept_files": kept_files,
}
