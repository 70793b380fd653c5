# SPDX-License-Identifier: MIT
"""Append-only log of wire frames in segment files, named after the first sequence number they hold.

A cut of power leaves at most a torn frame at the end of the newest segment; the reader skips it and the next boot
begins a new segment.  Segments make "from here on" cheap and can be dropped whole when a host has fetched them.
"""

import io
import os

from kneecore import wire

SEGMENT_BYTES = 32 * 1024
CAPACITY_BYTES = 1_500_000
_CHUNK = 512
_FOR_STRIDES = 400_000


class LogFull(Exception):
    """No room left, and nothing acknowledged that could make room."""


class FileLog:
    def __init__(self, folder: str, capacity: int = CAPACITY_BYTES) -> None:
        self._folder = folder
        self._capacity = capacity
        self._file: "io.BufferedWriter | None" = None
        self._written = 0
        self._reading = 0  # first number of the segment the last transfer is in, which is not dropped
        self.acked_seq = 0
        self.damaged = 0  # neither is known of files
        self.worst_ms = 0
        self.told_full = False  # the newest record already says that the log is full
        try:
            os.mkdir(folder)
        except OSError:
            pass
        self._segments = sorted(int(name[:-4]) for name in os.listdir(folder) if _is_segment(name))
        self._bytes = sum(os.stat(self._path(first))[6] for first in self._segments)
        self.next_seq = 1
        if self._segments:
            self.next_seq = self._segments[-1]
            for frame in self._frames(self._segments[-1]):
                if frame is not None:
                    self.next_seq = _seq(frame) + 1
                    self.told_full = _says_full(frame)

    @property
    def first_seq(self) -> int:
        """Oldest record kept; equals next_seq for an empty log."""
        return self._segments[0] if self._segments else self.next_seq

    @property
    def capacity_bytes(self) -> int:
        return self._capacity

    @property
    def used_bytes(self) -> int:
        return self._bytes

    @property
    def unfetched_bytes(self) -> int:
        """Of the segments that hold a record not acknowledged."""
        sizes = [os.stat(self._path(first))[6] for first in self._segments]
        return sum(
            size for first, size in zip(self._segments, sizes) if self._after_last(first) > self.acked_seq + 1
        )

    @property
    def erased_bytes(self) -> int:
        """Ready to be written."""
        return max(0, self._capacity - self._bytes)

    @property
    def room_for_raw(self) -> bool:
        """False: what room is left is for strides."""
        return self._bytes + _FOR_STRIDES <= self._capacity

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
        self.told_full = last
        if last:
            self.close()  # what follows must find room first

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Everything appended is durable afterwards; the next append begins a new segment."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self, from_seq: int, to_seq: int):
        """Yield the frames from_seq..to_seq that the log holds, oldest first, and None now and then.

        None says: nothing yet, let others work.  Records may be appended and segments dropped meanwhile.
        """
        self.flush()
        first = 0
        for candidate in self._segments:  # the last one that begins at or before from_seq
            if candidate <= from_seq or not first:
                first = candidate
        while first and first <= to_seq:
            self._reading = first
            for frame in self._frames(first):
                if frame is None:
                    yield None
                elif from_seq <= _seq(frame) <= to_seq:
                    yield frame
            first = self._after(first)
        self._reading = 0

    def _after(self, first: int) -> int:
        for candidate in self._segments:
            if candidate > first:
                return candidate
        return 0

    def acknowledge(self, seq: int) -> None:
        """The host holds everything up to `seq`: those segments may make room."""
        self.acked_seq = max(self.acked_seq, min(seq, self.next_seq - 1))

    def erase(self, to_seq: int) -> None:
        """Drop what was recorded up to `to_seq`, in whole segments; the one that a transfer is in stays."""
        self.close()
        while self._segments and self._segments[0] != self._reading:
            if self._after_last(self._segments[0]) > to_seq + 1:
                break
            self._drop_oldest()
        if not self._segments:  # an empty one keeps the number
            self._segments.append(self.next_seq)
            open(self._path(self.next_seq), "ab").close()

    def _after_last(self, first: int) -> int:
        """The number behind the last record of a segment."""
        return self._after(first) or self.next_seq

    def _begin_segment(self, last: bool) -> None:
        while self._bytes + SEGMENT_BYTES > self._capacity and len(self._segments) > 1:
            if self._segments[1] > self.acked_seq + 1 or self._segments[0] == self._reading:
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
        """Frames of a segment; None after every chunk."""
        stream = wire.Stream()
        with open(self._path(first), "rb") as file:
            while True:
                chunk = file.read(_CHUNK)
                if not chunk:
                    break
                for _, frame in stream.feed(chunk):
                    yield frame
                yield None
        for _, frame in stream.finish():  # a record torn by a power cut may promise more bytes than there are
            yield frame


def _is_segment(name: str) -> bool:
    return len(name) == 14 and name.endswith(".bin") and name[:10].isdigit()


def _says_full(frame: bytes) -> bool:
    record, values = wire.decode(frame)
    return record is wire.NOTICE and values["notice"] == wire.NOTICES.index("log_full")


def _seq(frame: bytes) -> int:
    return frame[3] | frame[4] << 8 | frame[5] << 16 | frame[6] << 24
