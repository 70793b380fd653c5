# SPDX-License-Identifier: MIT
"""Fuzzers of files that people hand in, and of a store that holds nonsense.

A file begins as one that the product itself has written or that its docs show, and is then spoilt: most damage leaves
it nearly right, which is where readers fall over.  What is refused must be refused with the product's own error, and
what is taken must be what the file says, in the ranges that everything behind relies on.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import warnings
import weakref
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from zlib import crc32

import numpy as np

from kneecore import chips, programme, settings, wire

from .. import calibration, espimage, logfile, logimage, logimport, partitions, prescription_reader, recording
from ..errors import KneesenseError
from ..frames import LogFrame, parse
from ..rawsamples import of_run
from ..store import Store
from ..stored import StoredRun
from ..validate import folder
from . import frames
from .found import Found, Target
from .fuzz_unit import written_log

ROWS = 24  # of a recording
RECORDS = 40  # of a store
_CHIP = chips.find("mpu6050")
_ODD_NUMBERS = (
    "0",
    "-1",
    "1e308",
    "-1e308",
    "1e400",
    "nan",
    "-inf",
    "9" * 400,
    "0x1F",
    "1_0",
    "",
    " ",
    "1,5",
    "true",
)
_ODD_TEXTS = (
    '""',
    '"\\u0000"',
    "null",
    "[]",
    "{}",
    "[[[[[]]]]]",
    "[" * 3000,
    '"' + "x" * 2000,
    "\ufeff",
    "#",
    "=",
    "\n\n",
)


def spoilt(random: Random, text: str) -> str:
    """A number replaced by an odd one, or a piece cut out, doubled, moved, flipped or replaced."""
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.randint(0, 12))
        kind = random.randrange(7)
        if kind <= 1:
            at, end = _number_at(text, at)
            piece = random.choice(_ODD_NUMBERS)
        elif kind == 2:
            piece = random.choice(_ODD_TEXTS)
        elif kind == 3:
            piece = ""
        elif kind == 4:
            piece = text[at:end] * 2
        elif kind == 5:
            other = random.randrange(len(text) + 1)
            piece = text[other : other + random.randint(0, 30)]
        else:
            piece = "".join(
                chr(random.choice((random.randrange(128), random.randrange(0xD800)))) for _ in range(3)
            )
        text = text[:at] + piece + text[end:]
    return text


def _number_at(text: str, at: int) -> tuple[int, int]:
    """The piece that holds the first number from there on."""
    while at < len(text) and text[at] not in "0123456789":
        at += 1
    end = at
    while end < len(text) and text[end] in "0123456789.e-":
        end += 1
    return at, end


class _Folder:
    """Of one fuzzer; goes with it."""

    def __init__(self) -> None:
        self.path = Path(mkdtemp())
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        return path


_CALIBRATION = calibration.Calibration(
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (0.01, -0.02, 0.0), 1.01, -1.5, "right", "medial",
    "mpu6050", "2026-01-02T03:04:05Z", 1.003,
).to_text()  # fmt: skip


def calibration_file() -> Target:
    """What it takes goes to a unit, so it must fit the wire."""

    def once(random: Random) -> None:
        with contextlib.suppress(KneesenseError):
            taken = calibration.loads(spoilt(random, _CALIBRATION))
            wire.frame(wire.CALIBRATE, {"token": 0, **taken.to_wire()})
            if calibration.loads(taken.to_text()) != taken:
                raise Found("is not what was taken, when it is written and read again")

    return once


_PRESCRIPTION = """schema = 1
author = "Dr. A"
runner = "Ann"
note = "after the MRI"
[cue]
rule = "cadence"
mode = "summary"
side = "more"
every = 4
summary_s = 90
[target]
offset_pct = 7.5
band_pct = 2
[dose]
minutes = [15, 18, 21]
[fade]
with_s = [0, 60, 30]
without_s = [0, 30, 60]
[pain]
most = 2
back_within_min = 60
no_worse_next_morning = true
"""


def prescription_file() -> Target:
    """What it takes goes to a unit as settings."""
    known = {setting.name: setting for setting in settings.TABLE}
    prescription_reader.loads(_PRESCRIPTION)

    def once(random: Random) -> None:
        with contextlib.suppress(KneesenseError):
            taken = prescription_reader.loads(spoilt(random, _PRESCRIPTION))
            for name, value in taken.settings.items():
                if not known[name].low <= value <= known[name].high:
                    raise Found(f"{name} = {value}")
            wire.frame(
                wire.PRESCRIBE,
                {"token": 0, "runner": 1, "next": 1, "sessions": programme.encode(taken.sessions)},
            )

    return once


def recording_file() -> Target:
    """A recording: its rows are those written, in order, or it is refused."""
    place = _Folder()

    def once(random: Random) -> None:
        rows = [
            [0.002 * i, 0.1, 9.8, 0.3 * random.random(), 0.01, 0.0, 5.0 * random.random()]
            for i in range(ROWS)
        ]
        text = "t_s,ax,ay,az,gx,gy,gz\n" + "".join(",".join(f"{x:.4f}" for x in row) + "\n" for row in rows)
        path = place.file("run.csv", spoilt(random, text) if random.random() < 0.95 else text)
        with contextlib.suppress(KneesenseError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numbers at the end of their range
            taken = recording.load(path)
            if not (
                np.isfinite(taken.acc).all()
                and np.isfinite(taken.gyro).all()
                and np.isfinite(taken.t_s).all()
            ):
                raise Found("a value that is no number is taken")
            if not (np.diff(taken.t_s) > 0).all():
                raise Found("times do not rise")
            made = recording.quantise(taken, 500, _CHIP)
            if sum(len(segment.counts) for segment in made.segments) % 6:
                raise Found("half a sample")

    return once


def truth_file() -> Target:
    """What `validate` is told of a recording: how the sensor sat, and when the feet met the ground."""
    given = _Given("run.truth.json")
    good = json.dumps(
        {
            "side": "left",
            "strides": [{"ic_s": 1.5, "to_s": 1.75, "contact_s": 0.25}],
            "calibration": calibration.loads(_CALIBRATION).to_json(),
        }
    )

    def once(random: Random) -> None:
        given.data = spoilt(random, good).encode("utf-8", "surrogatepass")
        with contextlib.suppress(KneesenseError):
            truth = folder.truth_of(given)
            folder.Trial("", "run", given, "truth", truth).worn()

    return once


def micropython_image() -> Target:
    """An image to be flashed: cut, flipped or of something else, it is refused before anything is erased."""
    good = _image()

    def once(random: Random) -> None:
        data = bytearray(good)
        program_at = 0x10000 - espimage.OFFSET
        starts = (0, program_at)
        hashed = [(at, at + 64) for at in starts]
        for _ in range(random.randint(1, 3)):
            at = random.choice(starts) + random.randrange(100)
            if random.random() < 0.2:
                del data[at:]
            elif at < len(data):
                data[at : at + random.choice((1, 4))] = random.randbytes(random.choice((1, 4)))
        try:
            espimage.checked(bytes(data))
        except KneesenseError:
            return
        if any(data[at:end] != good[at:end] for at, end in hashed):
            raise Found("a damaged image is taken")
        espimage.with_table(bytes(data), random.choice(partitions.SIZES_MB))

    return once


def _image() -> bytes:
    """The smallest that is whole: one segment in bootloader and program."""
    head = bytearray(24)
    head[0], head[1], head[23] = 0xE9, 1, 1
    part = bytes(head) + (0x3F400020).to_bytes(4, "little") + (16).to_bytes(4, "little") + bytes(range(16))
    part = part.ljust((len(part) // 16 + 1) * 16, b"\0")
    part += sha256(part).digest()
    return part.ljust(0x10000 - espimage.OFFSET, b"\xff") + part


class _Given(type(Path())):  # type: ignore[misc]
    """A file that is not on the disk."""

    data = b""

    def read_bytes(self) -> bytes:
        return self.data

    def read_text(self, *options: object, **more: object) -> str:
        return self.data.decode()


def imported_file() -> Target:
    """`import`: a log whose first line is right and says nonsense, sectors of a flash, anything at all."""
    given = _Given("log")
    flash, known = written_log(Random("flash"), logimage.SECTOR)

    def once(random: Random) -> None:
        kind = random.randrange(12)
        if kind >= 2:
            said = spoilt(random, json.dumps({"unit": "0a0b", "runner": "Ann"})).encode(
                "utf-8", "surrogatepass"
            )
            data = b"%s1 %s %08x\n" % (logfile.MAGIC, said, crc32(said))
        elif kind == 1:
            cells = bytearray(flash)
            for _ in range(random.choice((1, 3))):
                at = random.randrange(len(cells))
                cells[at : at + 8] = random.randbytes(8)
            data = bytes(cells[random.choice((0, 0, 16)) :])
        else:
            data = random.randbytes(random.randint(0, 200))
        with contextlib.suppress(KneesenseError):
            given.data = data
            log = logimport.read(given, random.choice((None, "0a0b")), "Ann")
            if any(record.frame not in known for record in log.records):
                raise Found("a record that nobody wrote is imported")

    return once


def store_of_nonsense() -> Target:
    """Records with a right checksum and wrong values, stored and shown: all are kept, and a run can be looked at."""
    place = _Folder()
    number = [0]

    def once(random: Random) -> None:
        number[0] += 1
        path = place.path / f"{number[0]}.sqlite"
        wanted = _run(random)
        with Store(path) as store:
            store.add("0a0b", wanted.values(), runner=random.choice((None, "Ann")))
            if {record.key: record.frame for record in store.records("0a0b")} != {
                key: record.frame for key, record in wanted.items()
            }:
                raise Found("what is stored is not what was given")
            for run in store.runs():
                with contextlib.suppress(KneesenseError):
                    json.dumps(StoredRun(store, run).summary, allow_nan=False)
                with contextlib.suppress(KneesenseError):
                    of_run(store, run)
        for file in place.path.glob(f"{number[0]}.sqlite*"):
            file.unlink()

    return once


def _run(random: Random) -> dict[tuple[int, int], LogFrame]:
    """A run as a later version or a damaged program might log it: any fields, records cut short or longer."""
    found: dict[tuple[int, int], LogFrame] = {}
    t_us = 0
    for seq in range(RECORDS):
        record = wire.START if seq == 1 else random.choice(wire.LOGGED)
        values = frames.values(random, record)
        t_us += random.choice((0, 1000, 350_000, 1 << 40))
        values |= {"seq": seq, "boot": 1, "t_us": min(t_us, (1 << 64) - 1)}
        if record is wire.RAW:
            values["counts"] = values["counts"][:60]
        body = wire.payload(record, values)
        if random.random() < 0.1:
            body = (body + b"later")[: random.randint(14, len(body) + 5)]
        logged = parse(frames.sealed(record.code, body))
        if logged is not None:
            found[logged.key] = logged
    return found


TARGETS: dict[str, Callable[[], Target]] = {
    "calibration_file": calibration_file,
    "prescription_file": prescription_file,
    "recording_file": recording_file,
    "truth_file": truth_file,
    "micropython_image": micropython_image,
    "imported_file": imported_file,
    "store_of_nonsense": store_of_nonsense,
}
WORTH = {"recording_file": ROWS, "store_of_nonsense": RECORDS}
