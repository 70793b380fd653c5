# SPDX-License-Identifier: MIT
"""Small things kept over a reboot: settings, calibration, boot counter.  Written whole to a new file, then renamed."""

import json
import os


def load(path: str, default):
    """The kept value; `default` when there is none, or it cannot be read, or is of another type than `default`."""
    try:
        with open(path) as file:
            value = json.load(file)
    except (OSError, ValueError):
        return default
    return value if default is None or isinstance(value, type(default)) else default


def save(path: str, value) -> None:
    new = path + ".new"
    with open(new, "w") as file:
        json.dump(value, file)
        file.flush()
    os.rename(new, path)
