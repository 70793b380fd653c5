# SPDX-License-Identifier: MIT
"""Every decoder of the product against frames nobody should send: no crash, no hang, no false record.

Each target takes a source of random numbers and does one frame's worth of work.  An exception other than the decoder's
own is a crash; a record that comes out and was not put in is a false one.  Both sides' decoders are here: what the unit
decodes (kneecore, `programme`) runs as the same source.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from kneecore import gatt, programme, wire

from .. import answers, ble, logfile
from ..errors import KneesenseError
from ..frames import parse
from ..records import RunRecords
from . import frames, fuzz_files, fuzz_images, fuzz_lines, fuzz_unit
from .found import Found, Target


def stream() -> Target:
    """wire.Stream: whole frames out of a stream of good and bad ones, cut anywhere."""
    decoder = wire.Stream()

    def once(random: Random) -> None:
        sent = [frames.any_frame(random) for _ in range(2)]
        data = b"".join(sent)
        cut = random.randint(0, len(data))
        for _, frame in decoder.feed(data[:cut]) + decoder.feed(data[cut:]):
            if wire.check(frame) != len(frame):
                raise Found(f"no frame: {frame.hex()}")
        if len(decoder._data) > wire.MAX_FRAME:
            raise Found(f"{len(decoder._data)} bytes are kept, more than a frame")

    return once


def whole_frames() -> Target:
    """The same decoder must not lose what stands between garbage, once the garbage has ended."""

    def once(random: Random) -> None:
        wanted = [frames.valid(random), frames.valid(random)]
        garbage = frames.spoilt(random)
        decoder = wire.Stream()
        got = decoder.feed(garbage + b"".join(wanted)) + decoder.finish()
        if [frame for _, frame in got][-2:] != wanted and not _goes_on(garbage, wanted[0]):
            raise Found(f"lost behind garbage: {b''.join(wanted).hex()}")

    return once


def _goes_on(garbage: bytes, frame: bytes) -> bool:
    """Whether a cut frame has by chance got the very bytes that were cut off: one time in 256 the last one."""
    whole = garbage + frame
    return any(wire.check(whole, at) > len(garbage) - at for at in range(len(garbage)))


def decode() -> Target:
    """wire.decode of any frame with a right CRC: a dict, with None for what is cut off."""

    def once(random: Random) -> None:
        frame = frames.nonsense(random)
        record, found = wire.decode(frame)
        if record is not None and set(found) != set(record.names):
            raise Found(f"fields of {record.name}: {frame.hex()}")

    return once


def log_frame() -> Target:
    """The host's view of a logged record."""

    def once(random: Random) -> None:
        frame = random.choice((frames.valid, frames.nonsense))(random)
        found = parse(frame)
        if found is not None:
            if found.frame != frame or not 0x01 <= found.code < 0x40:
                raise Found(f"not a log record: {frame.hex()}")
            found.values()

    return once


def run_records() -> Target:
    """Records of a run to JSON: any values, unknown codes, missing fields."""
    state = [RunRecords()]

    def once(random: Random) -> None:
        if random.random() < 0.01:
            state[0] = RunRecords()
        found = parse(random.choice((frames.valid, frames.nonsense))(random))
        if found is not None:
            with contextlib.suppress(KneesenseError):
                state[0].feed(found.name, found.values())
                state[0].summary(None)

    return once


def unit_answers() -> Target:
    """Data of a unit's answers."""
    decoders: list[Callable[[bytes], object]] = [
        answers.unit_info,
        lambda data: answers.health(data, 0),
        answers.progress,
        answers.plan,
        answers.i32,
    ]

    def once(random: Random) -> None:
        record = random.choice((wire.UNIT, wire.HEALTH, wire.STAGE, wire.PLAN))
        body = wire.payload(record, frames.values(random, record))
        data = random.choice((body, body[: random.randint(0, len(body))], random.randbytes(60)))
        with contextlib.suppress(KneesenseError):
            random.choice(decoders)(data)

    return once


def advertisement() -> Target:
    """Manufacturer data and name of whoever advertises; and what a unit does advertise is read as what it is."""

    def once(random: Random) -> None:
        own, version = random.randbytes(random.randint(0, 6)), random.randrange(256)
        said = dict(_items(gatt.advertisement(version, own)))
        company = int.from_bytes(said[0xFF][:2], "little")
        if ble.identity(None, {company: said[0xFF][2:]}) != ((own.hex(), version) if own else (None, None)):
            raise Found(f"identity of {own.hex()}, version {version}")
        makers = {random.choice((gatt.COMPANY, 0x004C)): random.randbytes(random.randint(0, 29))}
        name = random.choice((None, gatt.NAME_PREFIX, gatt.NAME_PREFIX + random.randbytes(3).hex(), "\udcff"))
        unit, major = ble.identity(name, makers)
        if unit is not None and not isinstance(unit, str):
            raise Found(f"identity {unit!r}")
        if major is not None and not 0 <= major <= 255:
            raise Found(f"major {major}")
        ble.is_unit(name, (str(random.random()), gatt.SERVICE.upper()))

    return once


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, content) of each part of an advertisement."""
    while data:
        yield data[1], data[2 : 1 + data[0]]
        data = data[1 + data[0] :]


def sessions() -> Target:
    """A programme's table of sessions, decoded by unit and host."""

    def once(random: Random) -> None:
        data = random.randbytes(random.randint(0, 60))
        with contextlib.suppress(programme.ProgrammeError):
            found = programme.decode(data)
            if programme.encode(found) != data:
                raise Found(f"sessions are not what was sent: {data.hex()}")

    return once


def log_file() -> Target:
    """A log in a file, cut, damaged, or never one."""
    path = Path("log.klog")

    def once(random: Random) -> None:
        written = [frames.valid(random) for _ in range(random.randint(0, 3))]
        records = {frame for frame in written if parse(frame) is not None}
        head = logfile.header(
            random.randbytes(random.randint(1, 16)).hex(), random.choice((None, "", "Ann", "\n"))
        )
        data = bytearray(head + b"".join(written))
        for _ in range(random.randint(0, 2)):
            at = random.randrange(len(data))
            data[at : at + random.randint(0, 4)] = random.randbytes(random.randint(0, 4))
        if random.random() < 0.1:
            data = bytearray(logfile.MAGIC + random.randbytes(60))
        logfile.is_log(bytes(data))
        with contextlib.suppress(KneesenseError):
            found = logfile.read(path, bytes(data))
            _, whole, _ = logfile.intact(path, bytes(data))
            for record in [*found.records, *whole]:
                if record.frame not in records:
                    raise Found(f"nobody wrote {record.frame.hex()}")

    return once


TARGETS: dict[str, Callable[[], Target]] = {
    "stream": stream,
    "whole_frames": whole_frames,
    "decode": decode,
    "log_frame": log_frame,
    "run_records": run_records,
    "unit_answers": unit_answers,
    "advertisement": advertisement,
    "sessions": sessions,
    "log_file": log_file,
    **fuzz_unit.TARGETS,
    **fuzz_files.TARGETS,
    **fuzz_images.TARGETS,
    **fuzz_lines.TARGETS,
}
WORTH = {
    "log_ring": fuzz_unit.LOG_RECORDS,
    **fuzz_files.WORTH,
    **fuzz_images.WORTH,
    **fuzz_lines.WORTH,
}  # frames that one turn of a fuzzer decodes


def run(name: str, count: int, seed: int, alive: Callable[[], None] = lambda: None) -> None:
    """So many frames for one decoder.  Found tells seed and number of the one it fell over."""
    random = Random(f"{name} {seed}")
    once = TARGETS[name]()
    for i in range(0, count, WORTH.get(name, 1)):
        if not i % 1000:
            alive()
        try:
            once(random)
        except Exception as error:
            raise Found(f"{name}, seed {seed}, frame {i}: {type(error).__name__}: {error}") from error
