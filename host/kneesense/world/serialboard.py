# SPDX-License-Identifier: MIT
"""A board at the other end of a serial line: a real MicroPython behind a pseudo-terminal, its flash a folder.

It boots as the ESP32 does (the ROM's text, boot.py, main.py, then a prompt), answers Ctrl-C and the raw REPL, resets
softly on Ctrl-D and hard by machine.reset().  Of the chip there is `machine.reset` only; a pseudo-terminal has no DTR
and RTS.  Text of the ROM: esp-idf, "Boot mode selection" of esptool's documentation.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import threading
import time
import tty
from pathlib import Path

from .firmware import micropython

ROM = b"\xfe\x8cets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
DOWNLOAD = b"rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n"
LOOPING = b"rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\ninvalid header: 0xffffffff\r\n"

_MACHINE = "import os\ndef reset():\n os.system('kill -KILL $PPID')\n"
_START = """
import os, sys
def _run(name):
    if name not in os.listdir(): return True
    try: execfile(name)
    except SystemExit: raise
    except BaseException as error:
        sys.print_exception(error)
        return False
    return True
_run('boot.py') and {main} and _run('main.py')
"""


class SerialBoard:
    """`says`: a fault, the text that it repeats in place of a MicroPython (b"": it is silent)."""

    def __init__(self, flash: Path, scratch: Path, says: bytes | None = None, deaf: int = 0) -> None:
        """`deaf`: fault, so many interrupts are swallowed."""
        self._flash = flash
        self._stubs = scratch / "board"
        self._stubs.mkdir(parents=True, exist_ok=True)
        (self._stubs / "machine.py").write_text(_MACHINE)
        self._says = says
        self._deaf = deaf
        self._raw = False
        self._dead = False
        self._child: subprocess.Popen[bytes] | None = None
        self._console = -1
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self.resets = 0
        self._ending = threading.Event()
        if says is None:
            os.write(self._master, ROM)
            self._boot()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> SerialBoard:
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self._kill()
        for file in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(file)

    def power_off(self) -> None:
        """At once, in the middle of whatever it does; the port goes with it."""
        self._kill()
        self._dead = True
        self._ending.set()
        self._thread.join()
        os.close(self._master)

    def _kill(self) -> None:
        if self._child:
            self._child.kill()
            self._child.wait()

    def _boot(self) -> None:
        self._console, inner = pty.openpty()
        tty.setraw(inner)
        attributes = termios.tcgetattr(inner)
        attributes[3] |= termios.ISIG
        attributes[6][termios.VINTR] = b"\x03"
        termios.tcsetattr(inner, termios.TCSANOW, attributes)
        code = _START.format(main=not self._raw)
        environment = {**os.environ, "MICROPYPATH": f":.frozen:{self._stubs}"}
        self._child = subprocess.Popen(
            [micropython(), "-X", "heapsize=1m", "-i", "-c", code],
            stdin=inner, stdout=inner, stderr=inner, cwd=self._flash, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(inner)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the other end was closed
            self._pass_on()

    def _pass_on(self) -> None:
        while not self._ending.is_set():
            files = [self._master] + ([self._console] if self._says is None else [])
            ready, _, _ = select.select(files, [], [], 0.02)
            if self._says:
                self._tell(self._says)
                time.sleep(0.05)
            if self._master in ready:
                self._typed(os.read(self._master, 4096))
            if self._console in ready and self._says is None:
                self._printed()

    def _typed(self, data: bytes) -> None:
        if self._says is not None:
            return
        if self._deaf and b"\x03" in data:
            self._deaf -= 1
            return
        if b"\x01" in data:
            self._raw = True
        if b"\x02" in data:
            self._raw = False
        with contextlib.suppress(OSError):
            os.write(self._console, data)

    def _printed(self) -> None:
        try:
            data = os.read(self._console, 4096)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if data:
            self._tell(data)
            return
        self._ended()

    def _tell(self, data: bytes) -> None:
        if select.select([], [self._master], [], 0)[1]:  # nobody reads: lost, as on a wire
            os.write(self._master, data)

    def _ended(self) -> None:
        assert self._child
        hard = self._child.wait() == -signal.SIGKILL
        os.close(self._console)
        self.resets += 1
        if hard:
            self._raw = False
            self._tell(ROM)
        else:
            self._tell(b"MPY: soft reboot\r\n")
        self._boot()
        if self._raw:
            banner = b""
            while not banner.endswith(b">>> "):
                banner += os.read(self._console, 1)
            os.write(self._console, b"\x01")
