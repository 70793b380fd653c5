# SPDX-License-Identifier: MIT
"""Append-only log of wire frames in segment files, named after the first sequence number they hold.

A cut of power leaves at most a torn frame at the end of the newest segment; the reader skips it and the next boot
begins a new segment.  Small segments keep the file system's work per flush small and make "from here on" cheap.
"""

import io
import os

from kneecore import wire

SEGMENT_BYTES = 32 * 1024
CAPACITY_BYTES = 1_500_000
_CHUNK = 512


class LogFull(Exception):
    """No room left, and nothing acknowledged that could make room."""


class FileLog:
    def __init__(self, folder: str, capacity: int = CAPACITY_BYTES) -> None:
        self._folder = folder
        self._capacity = capacity
        self._file: "io.BufferedWriter | None" = None
        self._written = 0
        self.acked_seq = 0
        try:
            os.mkdir(folder)
        except OSError:
            pass
        self._segments = sorted(int(name[:-4]) for name in os.listdir(folder) if name.endswith(".bin"))
        self._bytes = sum(os.stat(self._path(first))[6] for first in self._segments)
        self.next_seq = 1
        if self._segments:
            self.next_seq = self._segments[-1]
            for _, frame in self._frames(self._segments[-1]):
                self.next_seq = _seq(frame) + 1

    @property
    def first_seq(self) -> int:
        """Oldest record kept; equals next_seq for an empty log."""
        return self._segments[0] if self._segments else self.next_seq

    def append(self, frame: bytes, last: bool = False) -> None:
        """Add the frame of record `next_seq`; durable after the next flush().

        LogFull when there is no room; the `last` word, that the log is full, has a place reserved.
        """
        if self._file is None or (self._written >= SEGMENT_BYTES and not last):
            self._begin_segment(last)
        assert self._file is not None
        self._file.write(frame)
        self._written += len(frame)
        self._bytes += len(frame)
        self.next_seq += 1

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Everything appended is durable afterwards; the next append begins a new segment."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self, from_seq: int, to_seq: int):
        """Yield the frames from_seq..to_seq that the log holds, oldest first."""
        self.flush()
        for i, first in enumerate(self._segments):
            after = self._segments[i + 1] if i + 1 < len(self._segments) else self.next_seq
            if after <= from_seq:
                continue
            for _, frame in self._frames(first):
                seq = _seq(frame)
                if seq > to_seq:
                    return
                if seq >= from_seq:
                    yield frame

    def acknowledge(self, seq: int) -> None:
        """The host holds everything up to `seq`: those segments may make room."""
        self.acked_seq = max(self.acked_seq, min(seq, self.next_seq - 1))

    def _begin_segment(self, last: bool) -> None:
        while self._bytes + SEGMENT_BYTES > self._capacity and len(self._segments) > 1:
            if self._segments[1] > self.acked_seq + 1:
                break
            self._drop_oldest()
        if self._bytes + SEGMENT_BYTES > self._capacity and not last:
            raise LogFull()
        self.close()
        if not self._segments or self._segments[-1] != self.next_seq:
            self._segments.append(self.next_seq)
        self._file = open(self._path(self.next_seq), "ab")
        self._written = 0

    def _drop_oldest(self) -> None:
        path = self._path(self._segments.pop(0))
        self._bytes -= os.stat(path)[6]
        os.remove(path)

    def _path(self, first: int) -> str:
        return "%s/%010d.bin" % (self._folder, first)

    def _frames(self, first: int):
        stream = wire.Stream()
        with open(self._path(first), "rb") as file:
            while True:
                chunk = file.read(_CHUNK)
                if not chunk:
                    break
                yield from stream.feed(chunk)
        yield from stream.finish()  # a record torn by a power cut may promise more bytes than the segment has


def _seq(frame: bytes) -> int:
    return frame[3] | frame[4] << 8 | frame[5] << 16 | frame[6] << 24
