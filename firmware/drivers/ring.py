# SPDX-License-Identifier: MIT
"""A ring of flash sectors: where it begins and ends, which records lie where, and what of them is damaged.

Sectors are used in the order of their places and again from the front; `kneecore/sector.py` has the layout of one.  The
newest is the head.  Behind it lie those that are ready (erased ahead), then those to be erased, then the oldest
records.  Nothing is kept in RAM for each sector: a number is found by binary search over the headers.
`device` is a block device with the interface of MicroPython's esp32.Partition (ports/esp32/esp32_partition.c).

Limit: a record whose bits flip at the very end of the head before a boot is taken for one that a power cut tore.
"""

from kneecore import sector

_COUNT, _SIZE = 4, 5  # of ioctl
PART = 512  # bytes read at a time: holds the longest frame
_ERASED, _STRUCK = b"\xff", b"\0"


class Ring:
    """Generations `_oldest` to `_head` are in use, none if `_oldest` is greater; `_place` is the head's."""

    def __init__(self, device) -> None:
        self._device = device
        self._sectors = device.ioctl(_COUNT, 0)
        self._size = device.ioctl(_SIZE, 0)
        self._part = bytearray(PART)
        # (first number, count) found missing, not yet told and struck out
        self.damage: "tuple[int, int] | None" = None
        self._damage_at = (0, 0, 0)  # generation, from, to
        self._ready = 0
        self.first_seq = 0
        self.next_seq = 1
        self._find_ends()
        self._at = self._size  # of the head, where the next byte is programmed
        self._end, newest = self._end_of_head()
        self.told_full = sector.says_full(newest)  # the newest record says that the log is full
        while self._ready < self._free and self._is_ready(self._place + 1 + self._ready):
            self._ready += 1
        self.first_seq = self._first_held()
        # the first generation that no host holds, and the first not marked so
        self._acked = self._marked = self._first_unmarked()
        self.acked_seq = self._seq_from(self._acked) - 1

    def _find_ends(self) -> None:
        self._head = 0
        self._place = self._sectors - 1
        self._oldest = 1
        for place in range(self._sectors):
            found = self._read_header(place)
            if found is None:
                continue
            if not self._head or found[0] < self._oldest:
                self._oldest = found[0]
            if found[0] > self._head:
                self._head = found[0]
                self._place = place
        self._oldest = max(self._oldest, self._head - self._sectors + 1)

    def _end_of_head(self):
        """(where the next frame goes, the newest frame).  A head that does not end clean takes no more.

        What a cut program operation has left may read as erased and not be.
        """
        if not self._head:
            return self._size, b""
        end = sector.DATA
        newest = b""
        self.next_seq = self._seq_from(self._head)
        for at, frame in self._frames(self._head):
            if frame is not None:
                end = at + len(frame)
                newest = frame
                self.next_seq = sector.seq(frame) + 1
        return end if self._is_blank(self._place, end) else self._size, newest

    def _first_held(self) -> int:
        for _, frame in self._frames(self._oldest):
            if frame is not None:
                return sector.seq(frame)
        return self._seq_from(self._oldest)

    def _first_unmarked(self) -> int:
        low, high = self._oldest, self._head
        while low < high:
            middle = (low + high) // 2
            self._read_header(self._where(middle))
            if sector.acked(self._part):
                low = middle + 1
            else:
                high = middle
        return low

    @property
    def _used(self) -> int:
        return self._head - self._oldest + 1

    @property
    def _free(self) -> int:
        return self._sectors - self._used

    def _where(self, generation: int) -> int:
        return (self._place - (self._head - generation)) % self._sectors

    def _read(self, place: int, at: int, size: int) -> None:
        self._device.readblocks(place % self._sectors, memoryview(self._part)[:size], at)

    def _read_header(self, place: int):
        self._read(place, 0, sector.DATA)
        return sector.read_header(self._part)

    def _is_ready(self, place: int) -> bool:
        self._read(place, 0, sector.DATA)
        return self._part[: len(sector.ERASED)] == sector.ERASED

    def _is_blank(self, place: int, at: int) -> bool:
        """Whether that sector reads as erased from there to its end."""
        return self._holds_only(place, at, self._size, False)

    def _holds_only(self, place: int, at: int, end: int, struck: bool) -> bool:
        """Only erased bytes there, or `struck` out ones too."""
        while at < end:
            size = min(PART, end - at)
            self._read(place, at, size)
            left = size - self._part.count(_ERASED, 0, size)
            if left and not (struck and left == self._part.count(_STRUCK, 0, size)):
                return False
            at += size
        return True

    def _seq_from(self, generation: int) -> int:
        """The first number of that sector.  If its header is beyond reading: the next one's."""
        while self._oldest <= generation <= self._head:
            found = self._read_header(self._where(generation))
            if found is not None and found[0] == generation:
                return found[1]
            generation += 1
        return self.next_seq

    def _find(self, seq: int) -> int:
        """The generation that holds that number, or would."""
        low, high = self._oldest, self._head
        while low < high:
            middle = (low + high + 1) // 2
            if self._seq_from(middle) <= seq:
                low = middle
            else:
                high = middle - 1
        return low

    def _frames(self, generation: int):
        """Yield (place in the sector, frame) of each it holds, and (0, None) after every part of it."""
        if not self._oldest <= generation <= self._head:
            return
        expected = max(self.first_seq, self._seq_from(generation))  # what was deleted is not missing
        end = at = sector.DATA
        while generation >= self._oldest:  # it may be dropped meanwhile
            # What is still to be written to the head must not be read as blank now and be passed over when it is there.
            stop = self._at if generation == self._head else self._size
            if at >= stop:
                break
            size = min(PART, stop - at)
            self._read(self._where(generation), at, size)
            frames, used = sector.frames(self._part, size, at + size < stop)
            for start, frame in frames:
                number = sector.seq(frame)
                self._compare(generation, end, at + start, expected, number)
                expected = number + 1
                end = at + start + len(frame)
                yield at + start, frame
            at += used
            yield 0, None
        if self._oldest <= generation < self._head:
            self._compare(generation, end, self._size, expected, self._seq_from(generation + 1))

    def _compare(self, generation: int, at: int, end: int, expected: int, number: int) -> None:
        """Records from `expected` on are missing before `number`: damaged, unless they are struck out."""
        if self.damage or expected >= number or at == end:
            return
        if not self._holds_only(self._where(generation), at, end, True):
            self.damage = (expected, number - expected)
            self._damage_at = (generation, at, end)

    def _held(self, from_seq: int, end_seq: int):
        """Yield the frames from `from_seq` to before `end_seq` that are on flash, and None now and then."""
        generation = self._find(from_seq)
        while generation <= self._head:
            for _, frame in self._frames(generation):
                if frame is None:
                    yield None
                    continue
                number = sector.seq(frame)
                if number >= end_seq:
                    return
                if number >= from_seq:
                    yield frame
            generation = max(generation + 1, self._oldest)
