# SPDX-License-Identifier: MIT
"""Fuzzers of bytes that are kept: an image to be flashed, a log in a file or a flash, a store that holds nonsense."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from random import Random
from zlib import crc32

from kneecore import wire

from .. import bundle, espimage, hips, logfile, logimage, logimport, outlook, partitions
from ..errors import KneesenseError
from ..frames import LogFrame, parse
from ..rawsamples import of_run
from ..stored import StoredRun
from . import frames
from .found import Found, Target
from .fuzz_unit import written_log
from .texts import Folder, spoilt

RECORDS = 40  # of a store
_DAY = date(2026, 1, 30)


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


def imported_file() -> Target:
    """`import`: a log whose first line is right and says nonsense, sectors of a flash, anything at all."""
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
            log = logimport.read(Path("log"), data, random.choice((None, "0a0b")), "Ann")
            if any(record.frame not in known for record in log.records):
                raise Found("a record that nobody wrote is imported")

    return once


_ABOUT = """{"format": "kneesense-bundle", "schema": 1, "runner": "Ann", "screening": ["2026-01-02T03:04:05Z", "no"],
"prescription": "schema = 1\\nauthor = \\"A\\"\\n[cue]\\nrule = \\"cadence\\"",
"units": [{"device": "0a0b", "side": "left", "face": "medial"}],
"programmes": [{"device": "0a0b", "boot": 1, "seq": 3, "sessions": "140606"}],
"runs": [{"device": "0a0b", "boot": 1, "seq": 1, "said_utc_us": 1769000000000000, "outing": 1}],
"readings": [{"device": "0a0b", "boot": 1, "t_us": 5, "utc_us": 1769000000000000, "error_us": 9}],
"written": {"diary": [{"day": "2026-01-21", "run": ["0a0b", 1, 1], "start_us": 1769000000000000, "distance_m": 8400,
"duration_s": null, "stairs": 1, "sleep_min": 450, "warm_up": 0, "stretched": null, "source": "said", "surface": "road",
"shoe": "blue", "hills": "flat", "leg": "left", "places": "shin,hip", "aggravators": "stairs", "signs": "", "note": "x",
"pain": {"after": 3, "morning": 0}}], "shoes": [{"name": "blue", "before_m": 0, "retired_day": "2026-02-01"}],
"longest": {"day": "2026-01-01", "distance_m": 12000, "duration_s": null},
"hips": [{"day": "2026-01-22", "start_us": null, "warm_up": 1, "stretched": 0, "note": null,
"sets": [{"exercise": "bridge", "side": "left", "reps": 10, "hold_s": null}]}]}}"""


def imported_bundle() -> Target:
    """A bundle whose words about its runs are spoilt, or whose bytes are: it is refused, or goes into a store."""
    place = Folder()
    log = logfile.header("0a0b", "Ann") + b"".join(record.frame for record in _run(Random("bundle")).values())

    def packed(about: str) -> bytearray:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as file:
            file.writestr("about.json", about.encode("utf-8", "surrogatepass"))
            file.writestr("logs/0a0b.kneelog", log)
        return bytearray(whole.getvalue())

    bundle.read(Path("runs.zip"), bytes(packed(_ABOUT)))  # else nothing would be tried

    def once(random: Random) -> None:
        data = packed(spoilt(random, _ABOUT) if random.random() < 0.9 else _ABOUT)
        if random.random() < 0.2:
            at = random.randrange(len(data))
            data[at : at + 2] = random.randbytes(random.randint(0, 3))
        with contextlib.suppress(KneesenseError):
            found = bundle.read(Path("runs.zip"), bytes(data))
            with place.store() as store:
                bundle.add(store, found)
                for run in store.runs():
                    StoredRun(store, run)
                for runner in store.runners():
                    outlook.of(store, runner, _DAY)
                    hips.log(store, runner)

    return once


def store_of_nonsense() -> Target:
    """Records with a right checksum and wrong values, stored and shown: all are kept, and a run can be looked at."""
    place = Folder()

    def once(random: Random) -> None:
        wanted = _run(random)
        with place.store() as store:
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
    "micropython_image": micropython_image,
    "imported_file": imported_file,
    "imported_bundle": imported_bundle,
    "store_of_nonsense": store_of_nonsense,
}
WORTH = {"imported_bundle": RECORDS, "store_of_nonsense": RECORDS}
