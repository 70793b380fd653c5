# SPDX-License-Identifier: MIT
"""Which program of this computer talks to a unit: a lock for each, which the system lets go when a program ends.

A unit takes one connection.  A second program would look for it in vain and could not say why.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from kneecore import gatt

from .errors import InUse
from .paths import home

if os.name == "nt":
    import msvcrt

    _FAR = 1 << 20  # a locked byte cannot be read there: one behind the number

    def _lock(file: IO[str]) -> None:
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Hold:
    """On the unit of that id, name or address; `take` before connecting, `release` after."""

    def __init__(self, unit: str) -> None:
        self._unit = unit.lower().removeprefix(gatt.NAME_PREFIX)
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises InUse when another program has it.  Without a folder to write to there is no lock and no harm."""
        self.release()
        try:
            file = self._path().open("a+", encoding="ascii")
        except OSError:
            return
        try:
            _lock(file)
        except OSError:
            with file:
                file.seek(0)
                raise InUse(self._unit, file.read(20).strip()) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()

    def _path(self) -> Path:
        folder = home() / "in-use"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / f"{self._unit.replace(':', '-')}.lock"
