# SPDX-License-Identifier: MIT
"""The device log: whole wire frames, buffered and written to a ring of flash sectors.

An erase stops the whole chip for 45 ms, at worst 400 ms, a page of 256 bytes for 0.4 ms, at worst 3 ms (W25Q32JV, AC
characteristics; ESP-IDF, "Concurrency constraints for flash on SPI1").  So `append` only fills a buffer and `flush`
writes at a moment its caller picks; `tend` erases ahead while nothing is measured, and `flush` itself only when no
erased sector is left.  Only what a host has acknowledged is overwritten.  docs/decisions/0008.

`writeblocks` with an offset programs and erases nothing; `ioctl` 6 erases a sector (MicroPython's esp32_partition.c).
Not for flash that checks its pages itself: bits are cleared in pages that are programmed already.
"""

from drivers.ring import PART, Ring
from kneecore import sector, wire

_ERASE = 6  # of ioctl
_BUFFER = 1024
_DUE_US = 900_000
_MARKS = 16  # acknowledged sectors marked in one go
_DROPS = 256  # deleted in one go: a fifth of a second, at worst as long as the watchdog waits
STOCK_BYTES = 656 * 1024  # erased ahead: two hours of 90 strides a minute with a cue at every fifth
RAW_RESERVE_BYTES = 328 * 1024  # what raw samples leave for strides: one such hour
_ZEROS = bytes(PART)


class LogFull(Exception):
    """No room left, and nothing acknowledged that could make room."""


class FlashLog(Ring):
    """`clock`: with us()."""

    missing = False

    def __init__(self, device, clock) -> None:
        super().__init__(device)
        self._clock = clock
        self._limit = self._size - sector.SPARE
        self._at = self._end  # `_end` is after what is buffered
        self._buffer = bytearray(_BUFFER)
        self._fill = 0
        self._buffer_seq = self.next_seq  # first number that is not on flash
        self._split = -1  # what is buffered from here on goes to the next sector
        self._split_seq = 0  # its first number
        self._since_us = 0  # when the oldest of it was appended
        self.worst_ms = 0  # the slowest flash operation seen
        self.damaged = 0  # records lost to flipped bits, told since the boot

    def append(self, frame: bytes, last: bool = False) -> None:
        """Add the frame of record `next_seq`; durable after the next flush().

        LogFull when there is no room; the `last` word, that the log is full, has a place reserved.
        """
        if last:
            self._append_last(frame)
            return
        size = len(frame)
        if self._end + size > self._limit:
            self._begin()
        if self._fill + size > _BUFFER:
            self.flush()
        if not self._fill:
            self._since_us = self._clock.us()
        self._buffer[self._fill : self._fill + size] = frame
        self._fill += size
        self._end += size
        self.next_seq += 1
        self.told_full = False

    def _begin(self) -> None:
        """What is appended from now on goes to a new sector, which flush() opens."""
        if self._split >= 0:
            self.flush()
        if not self._free and not self._reclaimable:
            raise LogFull()
        self._split = self._fill
        self._split_seq = self.next_seq
        self._end = sector.DATA

    def _append_last(self, frame: bytes) -> None:
        self.flush()
        if not self._head or len(frame) > sector.SPARE or not self._is_blank(self._place, self._limit):
            raise LogFull()
        self._program(self._place, self._size - len(frame), frame)
        self.next_seq += 1
        self._buffer_seq = self.next_seq
        self._at = self._end = self._size
        self.told_full = True

    @property
    def due(self) -> bool:
        """Something has waited to be flushed, or there is much of it."""
        if not self._fill:
            return False
        return self._fill > _BUFFER // 2 or self._clock.us() - self._since_us >= _DUE_US

    def flush(self) -> None:
        """Everything appended is durable afterwards.  Erases a sector if it needs one and none is ready."""
        split = self._split
        if split < 0:
            self._write(0, self._fill)
        else:
            self._write(0, split)
            self._open(self._split_seq)
            self._write(split, self._fill)
            self._split = -1
        self._fill = 0
        self._buffer_seq = self.next_seq
        self._mark()

    close = flush

    def _write(self, first: int, end: int) -> None:
        if end > first:
            self._program(self._place, self._at, memoryview(self._buffer)[first:end])
            self._at += end - first

    def _open(self, first_seq: int) -> None:
        """Begin the next sector."""
        place = (self._place + 1) % self._sectors
        proven = self._ready and self._is_ready(place) and self._is_blank(place, len(sector.ERASED))
        self._ready = max(0, self._ready - 1)
        if not proven:
            if not self._free:
                self._drop_oldest()
            self._clear(place)
        self._program(place, 0, sector.header(self._head + 1, first_seq))
        self._head += 1
        self._place = place
        self._at = sector.DATA

    def _clear(self, place: int) -> None:
        """Erase, and prove by a mark that the erase went to its end."""
        self._program(place, 0, sector.GIVEN_UP)
        begun_us = self._clock.us()
        self._device.ioctl(_ERASE, place)
        self._took(begun_us)
        self._program(place, 0, sector.ERASED)

    def _program(self, place: int, at: int, data) -> None:
        begun_us = self._clock.us()
        self._device.writeblocks(place, data, at)
        self._took(begun_us)

    def _took(self, begun_us: int) -> None:
        self.worst_ms = max(self.worst_ms, (self._clock.us() - begun_us + 999) // 1000)

    # Making room

    @property
    def _reclaimable(self) -> int:
        """Sectors that a host holds."""
        self._acked = self._find(self.acked_seq + 1)
        return self._acked - self._oldest

    def _drop_oldest(self) -> None:
        self._program(self._where(self._oldest), 0, sector.GIVEN_UP)
        self._oldest += 1
        self._acked = max(self._acked, self._oldest)
        self._marked = max(self._marked, self._oldest)
        self.first_seq = max(self.first_seq, self._seq_from(self._oldest))

    def acknowledge(self, seq: int) -> None:
        """A host holds everything up to `seq`: those sectors may make room."""
        seq = min(seq, self.next_seq - 1)
        if seq > self.acked_seq:
            self.acked_seq = seq
            self._acked = self._find(seq + 1)

    def _mark(self) -> None:
        """Note on flash what a host holds, so that it is known after a boot."""
        for _ in range(_MARKS):
            if self._marked >= self._acked:
                break
            self._program(self._where(self._marked), sector.ACKED, sector.IS_ACKED)
            self._marked += 1

    def tend(self) -> bool:
        """One step of what keeps erases out of a run; at most one erase.  False: nothing to do."""
        self._mark()
        if self._free == self._ready:
            stock = min(STOCK_BYTES // self._size, self._sectors // 2)
            if self._ready >= stock or not self._reclaimable:
                return False
            self._drop_oldest()
        self._clear((self._place + 1 + self._ready) % self._sectors)
        self._ready += 1
        return True

    def erase(self, to_seq: int) -> None:
        """Delete the records up to that one: unreadable at once, their sectors erased by tend().  Numbering goes on.

        At most `_DROPS` sectors at a time: whoever wants more gone asks again as long as `first_seq` is not beyond it.
        """
        self.flush()
        to_seq = min(to_seq, self.next_seq - 1)
        if to_seq < self.first_seq:
            return
        if to_seq == self.next_seq - 1 and self._seq_from(self._head) <= to_seq:
            self._open(self.next_seq)  # a sector that keeps the number, before the others go
            self._end = sector.DATA
            self.told_full = False
        generation = self._find(to_seq + 1)
        for _ in range(min(_DROPS, generation - self._oldest)):
            self._drop_oldest()
        if self._oldest < generation:
            return
        end = sector.DATA
        for at, frame in self._frames(generation):
            if frame is not None:
                end = at + len(frame)
                if sector.seq(frame) > to_seq:
                    end = at
                    break
        self._strike_out(generation, sector.DATA, end)
        self.first_seq = to_seq + 1
        self.acknowledge(to_seq)

    def strike(self) -> None:
        """`damage` has been told, in a record: count it, and let no reader find it again."""
        self.flush()
        if self.damage is None:
            return
        self.damaged += self.damage[1]
        generation = self._damage_at[0]
        if generation >= self._oldest:
            self._strike_out(*self._damage_at)
        self.damage = None
        for _ in self._frames(generation):
            pass  # another in the same sector was passed over until this one was told

    def _strike_out(self, generation: int, at: int, end: int) -> None:
        place = self._where(generation)
        while at < end:
            size = min(PART, end - at)
            self._program(place, at, memoryview(_ZEROS)[:size])
            at += size

    def read(self, from_seq: int, to_seq: int):
        """Yield the frames from_seq..to_seq that the log holds, oldest first, and None now and then.

        None says: nothing yet, let others work.  Records may be appended and sectors dropped meanwhile.
        """
        seq = max(from_seq, self.first_seq)
        end = min(to_seq + 1, self.next_seq)
        while seq < end:
            flushed = min(end, self._buffer_seq)
            if seq >= flushed:
                yield self._buffered(seq)
                seq += 1
                continue
            for frame in self._held(seq, flushed):
                yield frame
            seq = flushed

    def _buffered(self, seq: int) -> bytes:
        at = 0
        for _ in range(seq - self._buffer_seq):
            at += wire.OVERHEAD + self._buffer[at + 2]
        return bytes(self._buffer[at : at + wire.OVERHEAD + self._buffer[at + 2]])

    # How full it is

    @property
    def capacity_bytes(self) -> int:
        return self._sectors * self._size

    @property
    def used_bytes(self) -> int:
        return self._bytes_from(self._oldest)

    @property
    def unfetched_bytes(self) -> int:
        return 0 if self.acked_seq >= self.next_seq - 1 else self._bytes_from(self._acked)

    @property
    def erased_bytes(self) -> int:
        """What a run can take without an erase."""
        return self._ready * self._size

    def _bytes_from(self, generation: int) -> int:
        return (self._head - generation) * self._size + self._end if self._head else 0

    @property
    def room_for_raw(self) -> bool:
        """Whether more is left than the reserve for strides."""
        left = (self._free + self._acked - self._oldest) * self._size
        return left > min(RAW_RESERVE_BYTES, self.capacity_bytes // 4)
