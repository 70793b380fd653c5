# SPDX-License-Identifier: MIT
"""Bytes that wait for the radio: whole frames go in, packets of any size come out.

Its room is taken once.  A queue that grows would ask for kilobytes in one piece in the middle of a run, and after an
hour the heap may have none.
"""


class ByteQueue:
    def __init__(self, room: bytearray) -> None:
        self._ring = room
        self._first = 0  # of the bytes that wait
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, frame) -> bool:
        """False: it has no room for this one, and takes nothing of it."""
        ring = self._ring
        size, limit = len(frame), len(ring)
        if self._count + size > limit:
            return False
        at = (self._first + self._count) % limit
        part = min(size, limit - at)
        view = memoryview(frame)
        ring[at : at + part] = view[:part]
        if part < size:
            ring[: size - part] = view[part:]
        self._count += size
        return True

    def packet(self, size: int) -> bytes:
        """The next bytes, at most `size`; `gone` says that they went."""
        view = memoryview(self._ring)
        end = self._first + min(size, self._count)
        if end <= len(view):
            return bytes(view[self._first : end])
        return bytes(view[self._first :]) + bytes(view[: end - len(view)])

    def gone(self, size: int) -> None:
        self._first = (self._first + size) % len(self._ring)
        self._count -= size

    def clear(self) -> None:
        self._first = self._count = 0
