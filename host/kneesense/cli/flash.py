# SPDX-License-Identifier: MIT
"""`kneesense flash`: a board from the shop, or a broken unit, to a unit that runs."""

from __future__ import annotations

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
    image: Path | None = None,
    sha256: str | None = None,
    port: str | None = None,
    yes: Annotated[bool, Parameter(negative=())] = False,
    firmware: bool = True,
    flags: Flags = DEFAULT_FLAGS,
) -> None:
    """Put MicroPython, the partition table and the firmware on a board, over its USB cable.

    Image, chip and size of the flash are checked before anything is erased. What the unit has kept, its pairings and
    settings, is erased; its log is not, if the table was the same. The board is done only when it has said its version.

    Without --image MicroPython is downloaded once, over https from micropython.org, after you were asked. Only the very
    file whose SHA-256 this program carries is taken; the site publishes none, it is the one that several projects have
    written down of theirs.

    Examples: kneesense flash; kneesense flash --yes --port PORT; kneesense flash --image ESP32_GENERIC.bin

    Parameters
    ----------
    image
        MicroPython for the ESP32, a file for offset 0x1000. Both hashes that it carries must be right. Default: the
        official one, from the cache or the network.
    sha256
        The hash that the file must have, from where it was published.
    port
        Serial port of the board. Default: the only one that can be a unit.
    yes
        Do not ask before downloading and erasing.
    firmware
        Deploy the firmware too.
    """
    from .. import espimage, flasher, ports
    from ..deploy import deploy as put
    from ..errors import InputError
    from ..world.firmware import firmware_dir
    from .progress import bars

    out = Output(flags.json)
    if sha256 and image is None:
        raise InputError("--sha256 is for --image", "the official image is checked in any case")
    content = b"" if image is None else _read(image)
    if image is not None:
        espimage.checked(content, sha256)
    device = ports.choose(ports.listed(), port)
    if image is None:
        content = _official(yes, out)
        espimage.checked(content)
    extra = _SOCKET if "://" in device else ()
    board = flasher.identify(device, extra)
    flasher.fit(board)
    out.note(f"{board.chip} with {board.flash_mb} MB of flash at {device}, {board.mac}; the image is whole")
    if not yes:
        question = f"Erase pairings, settings and program of the board at {device}?"
        _ask(question, "nothing is erased without consent", "--yes")
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
        f"MicroPython is written (at {baud} baud); "
        + (
            f"the unit started and runs {version}. Next: kneesense pair"
            if version
            else "whether it starts was not looked at: kneesense doctor --restart"
        ),
    )


def _read(image: Path) -> bytes:
    from ..errors import InputError

    try:
        return image.read_bytes()
    except OSError as error:
        raise InputError(f"{image}: {error.strerror}") from None


def _official(yes: bool, out: Output) -> bytes:
    """From the cache, else on consent from the network."""
    from .. import officialimage
    from .progress import bar

    image = officialimage.OFFICIAL
    content = officialimage.kept()
    if content is None:
        if not yes:
            what = f"MicroPython {image.version}, {image.size / 1e6:.1f} MB"
            question = f"Download {what}, from {officialimage.BASE}?"
            _ask(question, "nothing is downloaded without consent", "--yes, or --image FILE")
        with bar(out, "downloading") as told:
            content = officialimage.fetch(told)
    out.note(f"MicroPython {image.version}: {officialimage.place()}, SHA-256 {image.sha256}")
    return content


def _ask(question: str, refused: str, advice: str) -> None:
    from ..errors import InputError
    from .asking import agreed, at_terminal

    if not at_terminal():
        raise InputError(refused, advice)
    if not agreed(question, False, advice):
        raise InputError(refused, f"answer y, or {advice}")


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
