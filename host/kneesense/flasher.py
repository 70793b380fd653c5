# SPDX-License-Identifier: MIT
"""MicroPython and the partition table onto a board, by esptool: a program of its own (GPL), run, never imported.

Nothing is erased before image, chip and flash size are right.  A speed that fails gives way to a slower one.
Its texts are those of esptool 5.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import espimage, partitions
from .errors import ExtraMissing, FlashFailed

BAUDS = (460800, 115200)
_HOLD_BOOT = "hold the BOOT button, press reset, let go of BOOT, and try again"
_HINTS = (
    (
        "Lost connection",
        "it went away in the middle: plug it in, with another cable, and again: it is not broken",
    ),
    ("Wrong boot mode", _HOLD_BOOT),
    ("No serial data received", f"{_HOLD_BOOT}; or a cable for charging only, or another device"),
    ("Permission denied", "kneesense doctor"),
    ("port is busy", "close the program that has the port open; kneesense doctor"),
    ("Failed to connect", _HOLD_BOOT),
)
_NOT_THERE = "Could not open"
_CHIP = re.compile(r"Connected to (\S+) on")
_SHOWN = re.compile(r"Writing at 0x[0-9a-f]+ .*?([\d.]+)%")
_BLANK = b"\xff" * 2 * partitions.SECTOR  # both copies of what littlefs begins with: an empty one is made

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Board:
    """What answers at a port."""

    chip: str
    flash_mb: int
    mac: str


def identify(port: str, extra: tuple[str, ...] = ()) -> Board:
    """Ask the chip; writes nothing."""
    try:
        text = _run(port, BAUDS[-1], ["flash-id"], extra)
    except FlashFailed as failed:
        other = _CHIP.search(failed.said)
        if other and other[1] != "ESP32":
            fit(Board(other[1], 0, ""))
        raise
    chip = _CHIP.search(text)
    size = re.search(r"Detected flash size: (\d{1,6})(MB|KB)", text)
    mac = re.search(r"^MAC:\s+(\S+)", text, re.M)
    if not chip or not size:
        raise FlashFailed(
            f"{port}: esptool did not say chip and flash size: {text.strip()[-200:]}", _HOLD_BOOT
        )
    return Board(chip[1], int(size[1]) if size[2] == "MB" else 0, mac[1] if mac else "")


def fit(board: Board) -> None:
    """Raises FlashFailed for a board that cannot be a unit."""
    if board.chip != "ESP32":
        raise FlashFailed(
            f"the chip is an {board.chip}, a unit has an ESP32", "nothing was written; another board"
        )
    if board.flash_mb not in partitions.SIZES_MB:
        sizes = ", ".join(map(str, partitions.SIZES_MB))
        raise FlashFailed(
            f"the board has {board.flash_mb} MB of flash, a unit {sizes}", "nothing was written"
        )


def write(
    port: str, board: Board, image: bytes, told: Told = lambda done, total: None, extra: tuple[str, ...] = ()
) -> int:
    """An image that was checked, to a board that fits.  The speed at which it went."""
    espimage.checked(image)
    fit(board)
    (vfs,) = [p for p in partitions.table(board.flash_mb) if p.name == "vfs"]
    with tempfile.TemporaryDirectory() as folder:
        whole, blank = Path(folder, "image.bin"), Path(folder, "blank.bin")
        whole.write_bytes(espimage.with_table(image, board.flash_mb))
        blank.write_bytes(_BLANK)
        pieces = [hex(espimage.OFFSET), str(whole), hex(vfs.offset), str(blank)]
        failures = []
        for baud in BAUDS:
            try:
                _run(port, baud, ["write-flash", "--flash-size", f"{board.flash_mb}MB", *pieces], extra, told)
                return baud
            except FlashFailed as failed:
                failures.append(failed)
    raise failures[0] if _NOT_THERE in failures[-1].said else failures[-1]


def _run(
    port: str, baud: int, command: list[str], extra: tuple[str, ...], told: Told = lambda done, total: None
) -> str:
    if importlib.util.find_spec("esptool") is None:
        raise ExtraMissing("flash")
    argv = [sys.executable, "-u", "-m", "esptool", "--port", port, "--baud", str(baud), *extra, *command]
    said = ""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        assert program.stdout
        for line in program.stdout:
            said += line
            if shown := _SHOWN.search(line):
                told(round(float(shown[1])), 100)
    if program.returncode:
        raise FlashFailed(*explained(said), said)
    return said


def explained(said: str) -> tuple[str, str]:
    """What esptool said last, and what to do about it."""
    hint = next(
        (advice for text, advice in _HINTS if text in said), "another cable, another USB port; then again"
    )
    fatal = (
        re.findall(r"A (?:fatal|serial exception) error occurred: (.*)", said)
        or said.strip().splitlines()[-1:]
        or ["nothing"]
    )
    return f"esptool: {fatal[-1].strip()}", hint
