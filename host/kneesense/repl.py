# SPDX-License-Identifier: MIT
"""MicroPython's raw REPL over a serial line: take over from whatever runs there, run code, reset.

Protocol: MicroPython's docs/reference/repl.rst, "Raw mode" and "Raw-paste mode" (with its flow control, since 1.14).
A line at which nothing sensible answers is told with what it did say.
"""

from __future__ import annotations

import json
import time
from typing import Any, Protocol, TypeVar

from .errors import NoPrompt, SerialFailed, UnitRaised

BAUD = 115200
_RAW = b"raw REPL; CTRL-B to exit\r\n>"
_INTERRUPTS = 4
_QUIET_S = 0.2
_BOOT_S = 20.0  # of boot.py after a soft reset
_SHOWN = 120

T = TypeVar("T")


class Line(Protocol):
    """Of serial.Serial, what is used here."""

    timeout: float | None

    def read(self, size: int = 1) -> bytes: ...
    def write(self, data: bytes) -> int | None: ...
    @property
    def in_waiting(self) -> int: ...
    def close(self) -> None: ...


def _no_prompt(heard: bytes) -> NoPrompt:
    said = f"what came: {printable(heard)}" if heard else "nothing came"
    return NoPrompt(heard, f"no MicroPython prompt at the serial line; {said}", _advice(heard))


def _advice(heard: bytes) -> str:
    if b"waiting for download" in heard:
        return "it waits for a download: let go of the BOOT button and press reset"
    if heard.count(b"rst:0x") > 1:
        return "it starts over and over: kneesense flash writes MicroPython anew"
    if not heard:
        return "press its reset button and try again; if nothing ever comes: kneesense flash"
    return "press its reset button and try again; if it has no MicroPython: kneesense flash"


def printable(heard: bytes) -> str:
    """The end of it in characters that any terminal shows."""
    text = heard[-_SHOWN:].decode("ascii", "backslashreplace")
    return "".join(c if " " <= c <= "~" else repr(c)[1:-1] for c in text)


def open_line(port: str) -> Line:
    """The port, its control lines at rest: set otherwise they hold the chip in reset or start its loader."""
    import errno

    import serial

    line = serial.serial_for_url(port, BAUD, do_not_open=True, timeout=0.05, write_timeout=10, exclusive=True)
    line.dtr = line.rts = False
    try:
        line.open()
    except (serial.SerialException, OSError) as error:
        number = getattr(error, "errno", None)
        text = str(error)
        if number == errno.EACCES or "Permission" in text or "PermissionError" in text:
            raise SerialFailed("permission", f"{port}: may not be opened", "kneesense doctor") from None
        if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text:
            raise SerialFailed("busy", f"{port}: another program has it open", "close that program") from None
        raise SerialFailed("open", f"{port}: {text}", "kneesense doctor") from None
    return line  # type: ignore[no-any-return]


class Repl:
    """One serial line with a MicroPython at its other end."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.heard = bytearray()  # since the last step began

    def enter(self) -> None:
        """Stop what runs, and a fresh interpreter at its raw prompt: boot.py has run, main.py has not."""
        self._until_quiet()
        for _ in range(_INTERRUPTS):
            self._write(b"\r\x03\x03")
            self._until_quiet(0.6)
            self._write(b"\r\x01")
            if self._wait(_RAW, 0.7):
                break
        else:
            raise _no_prompt(bytes(self.heard))
        self._write(b"\x04")
        if not self._wait(b"soft reboot", _BOOT_S) or not self._wait(_RAW, _BOOT_S):
            raise _no_prompt(bytes(self.heard))

    def run(self, code: str, seconds: float = 20.0) -> str:
        """What it prints.  UnitRaised with the last line of its traceback when it raises."""
        self.heard.clear()
        self._write(b"\x05A\x01")
        if not self._wait(b"R\x01", 3):
            raise _no_prompt(bytes(self.heard))
        self._paste(code.encode())
        if not self._wait(b"\x04", 3):  # it has taken all of it
            raise _no_prompt(bytes(self.heard))
        out, error = self._until(b"\x04", seconds), self._until(b"\x04", 5)
        if not self._wait(b">", 3):
            raise _no_prompt(bytes(self.heard))
        if error:
            lines = error.decode(errors="replace").strip().splitlines() or ["it failed, and did not say why"]
            raise UnitRaised(f"the unit: {lines[-1]}")
        return out.decode(errors="replace")

    def ask(self, code: str, kind: type[T], seconds: float = 20.0, length: int | None = None) -> T:
        """The JSON that it prints.  SerialFailed when that is none, or of another kind or length."""
        said = self.run(code, seconds)
        try:
            found = json.loads(said)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, kind) or (length is not None and len(found) != length):  # type: ignore[arg-type]
            raise SerialFailed(
                "garbled",
                f"the unit's answer does not come through: {printable(said.encode(errors='replace'))}",
                "another cable or USB port; then again",
            )
        return found

    def reset(self) -> None:
        """As power on; a line without control lines can do no other."""
        self.heard.clear()
        self._write(b"\x05A\x01")
        if self._wait(b"R\x01", 3):
            self._paste(b"import machine\nmachine.reset()")

    def told(self, seconds: float, *marks: str) -> str:
        """All that it says until one of these and the line that holds it, at most for so long."""
        if self._wait(tuple(mark.encode() for mark in marks), seconds):
            self._wait(b"\n", 0.3)
        return bytes(self.heard).decode(errors="replace")

    def close(self) -> None:
        self._line.close()

    def _paste(self, code: bytes) -> None:
        """By the unit's windows: it says when it has room for more."""
        window = room = int.from_bytes(self._exactly(2), "little")
        at = 0
        while at < len(code):
            while room == 0 or self._line.in_waiting:
                told = self._exactly(1)
                if told != b"\x01":
                    raise _no_prompt(bytes(self.heard))
                room += window
            piece = code[at : at + room]
            self._write(piece)
            at += len(piece)
            room -= len(piece)
        self._write(b"\x04")

    def _exactly(self, n: int) -> bytes:
        end = time.monotonic() + 5
        got = b""
        while len(got) < n:
            if time.monotonic() > end:
                raise _no_prompt(bytes(self.heard))
            got += self._read(n - len(got))
        return got

    def _until(self, mark: bytes, seconds: float) -> bytes:
        start = len(self.heard)
        if not self._wait(mark, seconds, start):
            raise _no_prompt(bytes(self.heard))
        return bytes(self.heard[start : -len(mark)])

    def _wait(self, mark: bytes | tuple[bytes, ...], seconds: float, start: int | None = None) -> bool:
        """Read byte by byte until what came from now on ends with it: nothing behind it is taken."""
        start = len(self.heard) if start is None else start
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(1)
            if self.heard.endswith(mark, start):
                return True
        return False

    def _until_quiet(self, at_most_s: float = 2.0) -> None:
        end = time.monotonic() + at_most_s
        last = time.monotonic()
        while time.monotonic() < min(end, last + _QUIET_S):
            if self._read(max(1, self._line.in_waiting)):
                last = time.monotonic()

    def _read(self, n: int) -> bytes:
        return self._guarded(self._line.read, n) or b""

    def _write(self, data: bytes) -> None:
        self._guarded(self._line.write, data)

    def _guarded(self, call: Any, value: Any) -> Any:
        """A cable pulled out is one plain error."""
        try:
            got = call(value)
        except (
            OSError,
            TypeError,
        ) as error:  # pyserial: SerialException is an OSError; TypeError once closed
            raise SerialFailed(
                "gone", f"the serial port has gone: {error}", "plug it in again and repeat the command"
            ) from None
        if isinstance(got, bytes):
            self.heard += got
        return got
