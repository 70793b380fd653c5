# SPDX-License-Identifier: MIT
"""Small things kept over a reboot: settings, calibration, boot counter.  Written whole to a new file, then renamed.

The first line is JSON, the second its checksum: the file system checks its own structures, not what is in a file, and
nobody who uses a value looks again whether it is one.  A file without a second line was made by hand and is taken.
"""

import json
import os
from binascii import crc32


def load(path: str, default):
    """The kept value; `default` when there is none, or it is damaged, or is of another type than `default`."""
    try:
        with open(path) as file:
            text, _, told = file.read().partition("\n")
        if told and told != _checksum(text):
            return default
        value = json.loads(text)
    except (OSError, ValueError):
        return default
    return value if default is None or isinstance(value, type(default)) else default


def save(path: str, value) -> None:
    new = path + ".new"
    text = json.dumps(value)
    with open(new, "w") as file:
        file.write(text + "\n" + _checksum(text))
        file.flush()
    os.rename(new, path)


def _checksum(text: str) -> str:
    return "%08x" % (crc32(text.encode()) & 0xFFFFFFFF)
