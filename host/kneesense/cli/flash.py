# SPDX-License-Identifier: MIT
"""`kneesense flash`: a board from the shop, or a broken unit, to a unit that runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from .output import DEFAULT_FLAGS, Flags, Output

if TYPE_CHECKING:
    from ..repl import Repl

_AWAY_S = 2.0
_TRIES = 3  # of the first prompt: MicroPython makes its file system first
_SOCKET = ("--before", "no-reset", "--after", "no-reset")  # has no lines for a reset


def flash(
    *,
    image: Path,
    sha256: str | None = None,
    port: str | None = None,
    yes: Annotated[bool, Parameter(negative=())] = False,
    firmware: bool = True,
    flags: Flags = DEFAULT_FLAGS,
) -> None:
    """Put MicroPython, the partition table and the firmware on a board, over its USB cable.

    Image, chip and size of the flash are checked before anything is erased. What the unit has kept, its pairings and
    settings, is erased; its log is not, if the table was the same. Take ESP32_GENERIC from micropython.org.

    Example: kneesense flash --image ESP32_GENERIC.bin

    Parameters
    ----------
    image
        MicroPython for the ESP32, a file for offset 0x1000. Both hashes that it carries must be right.
    sha256
        The hash that the file must have, from where it was published.
    port
        Serial port of the board. Default: the only one that can be a unit.
    yes
        Do not ask.
    firmware
        Deploy the firmware too.
    """
    from .. import espimage, flasher, ports
    from ..deploy import deploy as put
    from ..errors import InputError
    from ..world.firmware import firmware_dir
    from .progress import bars

    out = Output(flags.json)
    try:
        content = image.read_bytes()
    except OSError as error:
        raise InputError(f"{image}: {error.strerror}") from None
    espimage.checked(content, sha256)
    device = ports.choose(ports.listed(), port)
    extra = _SOCKET if "://" in device else ()
    board = flasher.identify(device, extra)
    flasher.fit(board)
    out.note(f"{board.chip} with {board.flash_mb} MB of flash at {device}, {board.mac}; the image is whole")
    if not yes:
        _ask(f"Erase pairings, settings and program of the board at {device}? [y/N] ")
    with bars(out) as add:
        baud = flasher.write(device, board, content, add("MicroPython"), extra)
        done = None
        if firmware:
            repl = _opened(lambda: ports.choose(ports.listed(), port))
            try:
                done = put(repl, firmware_dir(), add("firmware"))
            finally:
                repl.close()
    version = done.version if done else None
    for line in done.dead if done else ():
        out.warn("part", f"the unit says: {line} (kneesense doctor)")
    out.record(
        {
            "type": "summary",
            "port": device,
            "chip": board.chip,
            "flash_mb": board.flash_mb,
            "mac": board.mac,
            "baud": baud,
            "firmware": version,
        },
        f"MicroPython is on the board (at {baud} baud)"
        + (f"; the unit started and runs {version}. Next: kneesense scan" if version else ""),
    )


def _ask(question: str) -> None:
    from ..errors import InputError

    if not sys.stdin.isatty():
        raise InputError("nothing is erased without consent", "--yes")
    print(question, end="", file=sys.stderr, flush=True)
    if input().strip().lower() not in ("y", "yes"):
        raise InputError("nothing was erased", "answer y, or --yes")


def _opened(device: Callable[[], str]) -> Repl:
    """A prompt of the new MicroPython: its port may be away for a while, come back by another name, and the first boot
    takes its time."""
    import time

    from ..errors import NoPrompt, NothingFound, SerialFailed
    from ..repl import Repl, open_line

    for left in reversed(range(_TRIES)):
        try:
            repl = Repl(open_line(device()))
        except (SerialFailed, NothingFound):
            if not left:
                raise
            time.sleep(_AWAY_S)
            continue
        try:
            repl.enter()
        except (NoPrompt, SerialFailed):
            repl.close()
            if not left:
                raise
            continue
        return repl
    raise AssertionError("no try left")
