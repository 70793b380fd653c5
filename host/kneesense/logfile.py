# SPDX-License-Identifier: MIT
"""A unit's log in a file: one line that says whose it is, then the frames as the unit logged them.

docs/protocol.md has the format.  Frames find themselves again behind damaged bytes, so what is whole is read and the
rest is counted.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from kneecore import wire

from .errors import UPDATE_HOST, InputError
from .frames import LogFrame, parse

MAGIC = b"kneesense-log "
VERSION = 1
_HEADER = re.compile(rb"kneesense-log (\d+) (\{.*\}) ([0-9a-f]{8})")
_HEADER_MAX = 1000  # bytes looked through for the end of the line
_UNIT_ID = re.compile(r"(?:[0-9a-f]{2}){1,16}")


@dataclass(frozen=True)
class LogFile:
    """What a file holds."""

    unit: str
    """Hex unit id."""
    runner: str | None
    """Whom the unit was paired with when it was fetched."""
    records: list[LogFrame]
    damaged_bytes: int | None
    """That belong to no whole record; None where empty and damaged cannot be told apart."""

    @property
    def missing(self) -> int:
        """Numbers between the first and the last that no record has: damaged, or deleted on the unit."""
        numbers = {record.seq for record in self.records}
        return max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0


def header(unit: str, runner: str | None) -> bytes:
    """The first line of a file."""
    said = json.dumps({"unit": unit, "runner": runner}).encode()
    return b"%s%d %s %08x\n" % (MAGIC, VERSION, said, crc32(said))


def is_log(data: bytes) -> bool:
    """Whether these are the first bytes of such a file."""
    return data.startswith(MAGIC)


def read(path: Path, data: bytes) -> LogFile:
    """The content of the file `path`.  InputError if its first line is not whole or of a later version."""
    unit, runner, begin = _header(path, data)
    records, damaged = records_of(data[begin:])
    return LogFile(unit, runner, records, damaged)


def intact(path: Path, data: bytes) -> tuple[str, list[LogFrame], int]:
    """(unit, records, length) of the file up to where it is cut or damaged.  InputError as `read`."""
    unit, _, at = _header(path, data)
    records = []
    while (size := wire.check(data, at)) > 0 and (record := parse(data[at : at + size])):
        records.append(record)
        at += size
    return unit, records, at


def records_of(data: bytes) -> tuple[list[LogFrame], int]:
    """(whole records, bytes that belong to none)."""
    stream = wire.Stream()
    frames = [frame for _, frame in [*stream.feed(data), *stream.finish()]]
    records = [record for frame in frames if (record := parse(frame)) is not None]
    return records, len(data) - sum(len(record.frame) for record in records)


def is_unit_id(text: str) -> bool:
    return _UNIT_ID.fullmatch(text) is not None


def _header(path: Path, data: bytes) -> tuple[str, str | None, int]:
    """(unit, runner, where the frames begin)."""
    end = data.find(b"\n", 0, _HEADER_MAX)
    match = _HEADER.fullmatch(data[:end]) if end > 0 else None
    if match and int(match[1]) > VERSION:
        raise InputError(f"{path}: a log file of version {int(match[1])}", UPDATE_HOST)
    if match is None or int(match[3], 16) != crc32(match[2]):
        raise InputError(f"{path}: its first line, which says whose log it is, is damaged", "fetch it again")
    try:
        said = json.loads(match[2])
    except (ValueError, RecursionError):
        said = {}
    unit, runner = str(said.get("unit")), said.get("runner")
    if not is_unit_id(unit) or not isinstance(runner, str | None):
        raise InputError(f"{path}: its first line names no unit", "fetch it again")
    return unit, runner, end + 1
