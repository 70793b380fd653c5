# SPDX-License-Identifier: MIT
"""Samples to RAW records, built in one buffer: the frame is the one that wire.frame would make, byte for byte.

Samples come as the driver decodes them, array('h') of six words each; putting them in takes nothing from the heap.
"""

import struct

from . import wire

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]
    from ._cpython import ptr8, ptr16

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

_AXES = 6
_SAMPLE_BYTES = 2 * _AXES
_COUNTS_AT = wire.HEAD + wire.RAW.size


class RawRecord:
    """`count` samples so far, at most wire.RAW_SAMPLES."""

    def __init__(self) -> None:
        self.count = 0
        empty = dict.fromkeys(wire.RAW.names, 0)
        empty["counts"] = bytes(_SAMPLE_BYTES * wire.RAW_SAMPLES)  # type: ignore[assignment]
        self._buffer = bytearray(wire.frame(wire.RAW, empty))

    @property
    def full(self) -> bool:
        return self.count == wire.RAW_SAMPLES

    def put(self, batch: "array[int]", first: int, count: int) -> int:
        """Take samples of `batch` from its `first` on, as many of `count` as there is room for; returns how many."""
        count = min(count, wire.RAW_SAMPLES - self.count)
        at = _COUNTS_AT + _SAMPLE_BYTES * self.count
        _copy(batch, _AXES * first, _AXES * count, self._buffer, at)
        self.count += count
        return count

    def frame(self, seq: int, boot: int, t_us: int, sample: int) -> "bytes | bytearray":
        """The frame of what is in it, `sample` being the index of the first; it is empty then.

        Of a full record the frame is the buffer itself: it holds until the next `put`.
        """
        buffer = self._buffer
        struct.pack_into(wire.RAW.layout, buffer, wire.HEAD, seq, boot, t_us, sample)
        size = wire.seal(buffer, wire.RAW.size + _SAMPLE_BYTES * self.count)
        self.count = 0
        return buffer if size == len(buffer) else bytes(memoryview(buffer)[:size])


@micropython.viper
def _copy(batch: ptr16, at: int, words: int, buffer: ptr8, to: int) -> object:  # type: ignore[return]
    """Words to bytes, the low one first."""
    end = at + words
    while at < end:
        word = batch[at]
        buffer[to] = word & 0xFF
        buffer[to + 1] = (word >> 8) & 0xFF
        at += 1
        to += 2
