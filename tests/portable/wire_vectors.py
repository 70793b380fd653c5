# SPDX-License-Identifier: MIT
"""Packs and reads every golden vector; the streams get them cut into odd pieces with garbage between."""

import binascii
import json
import sys

from kneecore import wire

frames = []
with open(sys.path[0] + "/wire-v1.jsonl") as lines:
    for line in lines:
        vector = json.loads(line)
        record = wire.BY_NAME[vector["record"]]
        values = vector["values"]
        for name, letter in wire.fields(record):
            if letter == "*":
                values[name] = binascii.unhexlify(values[name])
        complete = all(name in values for name in record.names)  # else older than the last of them
        frame = wire.frame(record, values) if complete else binascii.unhexlify(vector["frame"])
        frames.append(frame)
        found, decoded = wire.decode(frame)
        print(found.name, str(binascii.hexlify(frame), "ascii"))
        print([decoded[name] for name in record.names])

stream = wire.Stream()
data = b"\xa1\x01\x02garbage".join(frames)
for at in range(0, len(data), 97):
    for code, frame in stream.feed(data[at : at + 97]):
        print(code, len(frame))
print("skipped", stream.skipped)

# One beyond either end: MicroPython's struct would cut it silently, CPython's raises.
for letter in "BbHhIiQq":
    low, high = wire._RANGES[letter]
    for code in sorted(wire.BY_CODE):
        record = wire.BY_CODE[code]
        for name, found in wire.fields(record):
            if found == letter:
                values = {field: b"" if kind == "*" else 0 for field, kind in wire.fields(record)}
                for value in (low - 1, high + 1):
                    values[name] = value
                    try:
                        wire.frame(record, values)
                        print("packed")
                    except wire.WireError as error:
                        print(error)
