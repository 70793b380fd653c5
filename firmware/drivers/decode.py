# SPDX-License-Identifier: MIT
"""Bytes as sensors send them, to an array of signed 16-bit counts.  Allocates nothing."""

try:
    import micropython
    from micropython import const
except ImportError:  # CPython
    from kneecore import _cpython as micropython  # type: ignore
    from kneecore._cpython import const, ptr8, ptr16  # type: ignore

NO_SLOT = const(-1)
OUT_OF_STEP = const(-2)


@micropython.native
def big_endian(source, words, target, at):
    """The first `words` two-byte words of `source`, high byte first, into array('h') `target` from index `at` on."""
    i = 0
    for k in range(at, at + words):
        target[k] = (((source[i] << 8) | source[i + 1]) ^ 0x8000) - 0x8000
        i += 2


@micropython.native
def little_endian(source, words, target, at):
    """The same, low byte first."""
    i = 0
    for k in range(at, at + words):
        target[k] = ((source[i] | (source[i + 1] << 8)) ^ 0x8000) - 0x8000
        i += 2


@micropython.viper
def tagged(source: ptr8, pairs: int, target: ptr16, at: int, slot: int) -> int:
    """Pairs of a FIFO of tagged 7-byte words, as samples ax ay az gx gy gz into `target` from index `at` on.

    The two words of a pair, gyroscope (1) and accelerometer (2) in either order, carry the same number of their time
    slot, those of the next pair one more.  `slot` is that of the pair before, NO_SLOT if none was.  Returns that of the
    last pair; OUT_OF_STEP, and the samples mean nothing, if a word is missing, another sensor's, or has a damaged tag.
    """
    i = 0
    k = at
    for _ in range(pairs):
        first = int(source[i])
        number = first >> 1 & 3
        # Sensors 1 and 2 have one bit, so with an even number of bits in all, bits 2 to 0 are 1, 2, 4 or 7.
        if first ^ int(source[i + 7]) != 0x18 or not 0x96 >> (first & 7) & 1:
            return OUT_OF_STEP
        if slot >= 0 and number != slot + 1 & 3:
            return OUT_OF_STEP
        slot = number
        if first >> 3 == 1:
            gyro = i + 1
            acc = i + 8
        elif first >> 3 == 2:
            gyro = i + 8
            acc = i + 1
        else:
            return OUT_OF_STEP
        for _ in range(3):
            target[k] = ((int(source[acc]) | int(source[acc + 1]) << 8) ^ 0x8000) - 0x8000
            target[k + 3] = ((int(source[gyro]) | int(source[gyro + 1]) << 8) ^ 0x8000) - 0x8000
            acc += 2
            gyro += 2
            k += 1
        k += 3
        i += 14
    return slot


@micropython.viper
def packets(source: ptr8, count: int, target: ptr16, at: int) -> bool:
    """FIFO packets of 16 bytes with a header, high byte first, as samples into `target` from index `at` on.

    False, and the samples mean nothing, if a header is not that of accelerometer and gyroscope or a value is the code
    of an invalid sample, -32768.  The least value that such a part gives otherwise, -32766, stands for all below it,
    so it is made -32768, the mark of a value cut off.
    """
    i = 0
    k = at
    for _ in range(count):
        if int(source[i]) & 0xFC != 0x68:
            return False
        i += 1
        for _ in range(6):
            value = ((int(source[i]) << 8 | int(source[i + 1])) ^ 0x8000) - 0x8000
            if value <= -32766:
                if value == -32768:
                    return False
                value = -32768
            target[k] = value
            k += 1
            i += 2
        i += 3
    return True
