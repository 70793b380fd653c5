# SPDX-License-Identifier: MIT
"""Starts the firmware as its own process in desktop MicroPython, joined to the world by two pipes.

It lies in the unit's flash and starts as on the board: boot.py, main.py, then a prompt (standins/port.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path
from typing import IO, Any, Protocol

from ..errors import ExtraMissing
from .clock import virtual_loop

# A 64-bit interpreter: pointers take twice the room they take on the ESP32, bytecode and text the same; two thirds of
# what code takes here it takes there (tests/checks/memory.py).  Here the program is compiled from source, which needs
# room that a deployed one does not; the stand-ins take 30 KB.  With 20 KB less a run sometimes found no room for its
# buffers.
HEAP = "348k"


_SIZES = struct.Struct("<II")  # before each message: of its JSON, and of the bytes that follow it


class Hardware(Protocol):
    """What answers the firmware's requests (see board.Board): bytes that come with one are its last argument."""

    def request(self, process: Process, op: str, args: list[Any]) -> Any: ...

    def process_ended(self) -> None: ...


class Later:
    """A result that comes at a later virtual time: the firmware waits for it."""

    def __init__(self, seconds: float, value: Any = None) -> None:
        self.seconds = seconds
        self.value = value


def firmware_dir() -> Path:
    """The deployable tree: inside the wheel, or `firmware/` of a checkout."""
    packaged = Path(str(resources.files("kneesense"))) / "_firmware"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[3] / "firmware"


def micropython() -> str:
    """Path of the desktop interpreter that the extra `demo` installs."""
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if not found:
        if importlib.util.find_spec("bumble") is None:
            raise ExtraMissing("demo")
        raise ExtraMissing(
            "demo",
            f"the extra 'demo' has no MicroPython interpreter for {platform.system()} {platform.machine()}"
            f" with Python {platform.python_version()}",
            "build its unix port and put `micropython` on the PATH, or use Linux on x86-64",
        )
    return found


class Process:
    """One running firmware.  `interrupt` wakes it; `ended` is set when it is gone."""

    def __init__(
        self,
        hardware: Hardware,
        flash: Path,
        output: IO[bytes] | int,
        program: Path | None = None,
        ticks_ppm: int = 0,
    ) -> None:
        """`ticks_ppm`: its clock is so much too fast."""
        self._hardware = hardware
        self._flash = flash
        self._output = output
        self._program = program
        self._ticks_ppm = ticks_ppm
        self._loop = virtual_loop()
        self._buffer = bytearray()
        self._interrupts: list[tuple[int, str, Any]] = []
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._parked: asyncio.TimerHandle | None = None
        self._sent_us = 0
        self._stall_s = 0.0
        self._computed_s: float | None = None  # when it was last answered
        self.ended = asyncio.Event()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def t_us(self) -> int:
        """Virtual time of this process: the world's, or a little ahead of it while it computes."""
        return max(round(self._loop.time() * 1e6), self._sent_us)

    def fileno(self) -> int:
        """Of the file that its requests come from."""
        return self._reader

    def computed_s(self) -> float | None:
        """Seconds of a processor it has had since it was last answered; None where the system does not tell."""
        now_s = self._processor_s()
        return None if now_s is None or self._computed_s is None else now_s - self._computed_s

    def _processor_s(self) -> float | None:
        if self._child is None or not sys.platform.startswith("linux"):
            return None
        try:  # the clock of another process, as clock_getcpuclockid(3) forms its number
            return time.clock_gettime(~self._child.pid << 3 | 2)
        except OSError:
            return None

    def start(self) -> None:
        to_world, from_firmware = os.pipe()
        to_firmware, from_world = os.pipe()
        self._reader, self._writer = to_world, from_world
        standins = Path(__file__).parent / "standins"
        program = self._program or standins / "port.py"
        modules = firmware_dir() if self._program else ""  # "": the flash
        environment = {
            **os.environ,
            "MICROPYPATH": f"{standins}:{modules}:.frozen",
            "KNEESENSE_WORLD_OUT": str(from_firmware),
            "KNEESENSE_WORLD_IN": str(to_firmware),
            "KNEESENSE_TICKS_PPM": str(self._ticks_ppm),
        }
        self._child = subprocess.Popen(
            [micropython(), "-X", f"heapsize={HEAP}", str(program)],
            cwd=self._flash, env=environment, pass_fds=(from_firmware, to_firmware),
            stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output,
        )  # fmt: skip
        os.close(from_firmware)
        os.close(to_firmware)
        self._computed_s = self._processor_s()
        self._loop.busy.add(self)
        self._loop.add_reader(self._reader, self._on_bytes)

    async def stop(self) -> None:
        """Power off: the process is killed, as a battery pulled out."""
        if self._child:
            self._child.kill()
            await self.ended.wait()
            self._child.wait()

    def stall(self, seconds: float) -> None:
        """Fault: the program stands still for so long at its next access to hardware, interrupts and timers with it.

        As it does while the flash is erased or memory is collected; the parts around it go on.
        """
        self._stall_s = max(self._stall_s, seconds)

    def interrupt(self, kind: str, payload: Any, answer: bool = False) -> asyncio.Future[Any]:
        """Deliver an interrupt; the future holds what its handler returned (at once None without `answer`)."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self.ended.is_set():
            future.set_result(None)
            return future
        number = 0
        if answer:
            self._number = number = self._number + 1
            self._answers[number] = future
        else:
            future.set_result(None)
        self._interrupts.append((number, kind, payload))
        if self._parked:
            self._unpark()
        return future

    def _on_bytes(self) -> None:
        data = os.read(self._reader, 65536)
        if not data:
            self._gone()
            return
        self._buffer += data
        head = _SIZES.size
        while len(self._buffer) >= head:
            size, raw_size = _SIZES.unpack_from(self._buffer)
            end = head + size + raw_size
            if len(self._buffer) < end:
                return
            body, raw = bytes(self._buffer[head : head + size]), bytes(self._buffer[head + size : end])
            del self._buffer[:end]
            self._loop.busy.add(self)
            self._sent_us, op, args = json.loads(body)
            self._request(op, [*args, raw] if raw else args)

    def _request(self, op: str, args: list[Any]) -> None:
        if op == "idle":
            if self._interrupts or args[0] <= self.t_us:
                self._answer(True, None)
                return
            self._park(args[0])
            return
        if op == "done":
            future = self._answers.pop(args[0])
            if not future.done():
                future.set_result(args[1])
            self._answer(True, None)
            return
        try:
            value = self._hardware.request(self, op, args)
        except OSError as error:
            self._answer(False, error.errno)
            return
        if isinstance(value, Later):
            self._loop.busy.discard(self)
            self._loop.call_later(value.seconds, self._resume, value.value)
        elif isinstance(value, asyncio.Future):
            self._loop.busy.discard(self)
            value.add_done_callback(self._resolved)
        else:
            self._answer(True, value)

    def _resume(self, value: Any) -> None:
        self._answer(True, value)

    def _resolved(self, future: asyncio.Future[Any]) -> None:
        error = future.exception()
        if isinstance(error, OSError):
            self._answer(False, error.errno)
        elif error:
            raise error
        else:
            self._answer(True, future.result())

    def _park(self, until_us: int) -> None:
        self._loop.busy.discard(self)
        self._parked = self._loop.call_at(until_us / 1e6, self._unpark)

    def _unpark(self) -> None:
        if self._parked:
            self._parked.cancel()
            self._parked = None
            self._answer(True, None)

    def _answer(self, ok: bool, value: Any) -> None:
        if self.ended.is_set():
            return
        if self._stall_s:
            seconds, self._stall_s = self._stall_s, 0.0
            self._loop.busy.discard(self)
            self._loop.call_later(seconds, self._answer, ok, value)
            return
        self._loop.busy.add(self)
        raw = value if isinstance(value, bytes) else b""
        body = json.dumps((self.t_us, ok, None if raw else value, self._interrupts)).encode()
        self._interrupts = []
        self._computed_s = self._processor_s()
        with contextlib.suppress(BrokenPipeError):
            os.write(self._writer, _SIZES.pack(len(body), len(raw)) + body + raw)

    def _gone(self) -> None:
        self._loop.remove_reader(self._reader)
        os.close(self._reader)
        os.close(self._writer)
        self._loop.busy.discard(self)
        self.ended.set()
        if self._parked:
            self._parked.cancel()
            self._parked = None
        for future in self._answers.values():
            if not future.done():
                future.set_result(None)
        self._answers.clear()
        self._hardware.process_ended()


__all__ = ["Hardware", "Later", "Process", "firmware_dir", "micropython"]
