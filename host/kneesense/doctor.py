# SPDX-License-Identifier: MIT
"""What may keep a unit from working, looked at one after the other: cable, port, program, Bluetooth, the unit itself.

A check that fails names the next step on this system.  Looking disturbs nothing, unless a restart is asked for: what
runs on a unit can be seen at its serial line only by stopping it.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kneecore.version import VERSION

from . import deploy, ports, program
from .errors import (
    UPDATE_HOST,
    InputError,
    KneesenseError,
    NoPrompt,
    NothingFound,
    SerialFailed,
    UnitRaised,
)
from .repl import Repl, open_line, printable

if TYPE_CHECKING:
    from .ports import Port
    from .unitstatus import Finding

_ITSELF = "; kneesense doctor"
_LISTEN_S = 1.5  # a chip that starts over and over does so every second
_READ_VERSION = (
    "import sys, json\nfrom kneecore.version import VERSION\n"
    "print(json.dumps([getattr(sys.implementation, '_mpy', 0) & 0xff, '%d.%d.%d' % VERSION]))"
)
HOST_VERSION = ".".join(map(str, VERSION))


@dataclass(frozen=True)
class Check:
    """One thing looked at: `ok` is None when it could not be, or need not be right."""

    name: str
    ok: bool | None
    detail: str
    advice: str = ""
    exit_code: int = 0

    def record(self) -> dict[str, object]:
        return {
            "type": "check",
            "name": self.name,
            "ok": self.ok,
            "detail": self.detail,
            "advice": self.advice or None,
        }


def port(found: Sequence[Port], named: str | None, reached: bool = False) -> tuple[Check, str | None]:
    """Which port; `reached`: the unit answers over the air, so it needs no cable."""
    try:
        device = ports.choose(found, named)
    except InputError as error:
        return Check("cable", False, str(error), error.advice, 2), None
    except NothingFound as error:
        if reached:
            return Check("cable", None, f"{error}: not needed for a unit that answers over the air"), None
        return Check(
            "cable", False, str(error), f"{error.advice.removesuffix(_ITSELF)}; {_driver()}", 3
        ), None
    known = next((str(port) for port in found if port.device == device), device)
    return Check("cable", True, known), device


def access(device: str) -> tuple[Check, Repl | None]:
    """May this user open it, and is it free?"""
    try:
        return Check("port", True, "can be opened"), Repl(open_line(device))
    except SerialFailed as error:
        advice = {"permission": _permission(device), "busy": _busy(device)}.get(
            error.reason, "unplug it and plug it in again; another cable"
        )
        return Check("port", False, str(error), advice, error.exit_code), None


def listen(repl: Repl) -> Check:
    """What the line says of itself, unasked."""
    try:
        repl.told(_LISTEN_S)
    except SerialFailed as error:
        return Check("line", False, str(error), "another cable: this one loses contact", 1)
    heard = bytes(repl.heard)
    if b"waiting for download" in heard:
        return Check("line", False, "the chip waits for a download", "let go of BOOT, press reset", 1)
    if heard.count(b"rst:0x") > 1 or b"invalid header" in heard:
        return Check("line", False, f"no MicroPython: {printable(heard[-60:])}", "kneesense flash", 1)
    if b"did not come up" in heard or b"Traceback" in heard:
        return Check("line", False, f"the program fails: {printable(heard[-60:])}", "kneesense deploy", 1)
    if sum(32 <= byte < 127 or byte in b"\r\n\t" for byte in heard) < 0.7 * len(heard):
        detail = f"neither MicroPython nor a unit: {printable(heard[-20:])}"
        return Check(
            "line", False, detail, "another device? name the unit with --port; else kneesense flash", 1
        )
    return Check(
        "line", True, "quiet, as of a unit that runs" if not heard else f"says {printable(heard[-60:])}"
    )


def restart(repl: Repl) -> list[Check]:
    """Stops what runs, looks what is there, and lets it start again."""
    try:
        repl.enter()
        mpy, version = repl.ask(_READ_VERSION, list, length=2)
    except (NoPrompt, SerialFailed) as error:
        return [Check("MicroPython", False, str(error), error.advice, 1)]
    except UnitRaised:
        repl.reset()
        return [
            Check("MicroPython", True, "answers"),
            Check("firmware", False, "the unit has none", "kneesense deploy", 1),
        ]
    if mpy != program.MPY_VERSION:
        detail = f"reads compiled files of version {mpy}, not {program.MPY_VERSION}"
        return [Check("MicroPython", False, detail, "kneesense flash", 1)]
    found = [Check("MicroPython", True, "answers"), firmware(str(version))]
    repl.reset()
    return [*found, *started(repl.told(deploy.COME_UP_S, " runs", " in safe mode", "\n>>> "))]


def started(said: str) -> list[Check]:
    """By what the unit says while it starts."""
    found = []
    for line in (line.strip() for line in said.splitlines()):
        if line.startswith(("no sensor:", "sensor refused:")):
            found.append(
                Check("sensor", False, line, "check its wiring: hardware/bring-up.md, steps 1 and 11", 1)
            )
        elif line.startswith("no motor:"):
            found.append(
                Check("motor", False, line, "check its wiring: hardware/bring-up.md, steps 1 and 16", 1)
            )
    if " in safe mode" in said:
        return [
            *found,
            Check("start", False, "it is in safe mode: the program failed to start", "kneesense deploy", 1),
        ]
    if " runs" not in said:
        detail = f"the program did not start: {printable(said.encode()) or 'it says nothing'}"
        return [*found, Check("start", False, detail, "kneesense deploy", 1)]
    return [*found, Check("start", True, "the program runs")]


def firmware(version: str) -> Check:
    """The unit's beside this program's."""
    if _numbers(version) < _numbers(HOST_VERSION):
        detail = f"{version}, older than this program ({HOST_VERSION})"
        return Check("firmware", False, detail, "kneesense deploy", 1)
    if _numbers(version) > _numbers(HOST_VERSION):
        detail = f"{version}, newer than this program ({HOST_VERSION})"
        return Check("firmware", None, detail, UPDATE_HOST)
    return Check("firmware", True, version)


def failed(name: str, error: KneesenseError) -> Check:
    """A step that ended in one of the product's own errors, which know the next step."""
    return Check(name, False, str(error), error.advice, error.exit_code)


def told(finding: Finding) -> Check:
    """What the unit says of itself, or what is to be thought of."""
    return Check(finding.code.replace("_", " "), False if finding.wrong else None, finding.message, finding.advice,
                 1 if finding.wrong else 0)  # fmt: skip


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number.isdecimal() and len(number) < 9)


def _system() -> str:
    return platform.system()


def _driver() -> str:
    """Why a port may be missing although all is plugged in."""
    if _system() == "Windows":
        return "look in the Device Manager: a device with a yellow mark needs the driver of its bridge (CP210x, CH340)"
    if _system() == "Darwin":
        return (
            "System Information, USB: listed there without a port, it needs the driver of its bridge (CH340)"
        )
    return "`sudo dmesg | tail` after plugging in: no new line is the cable; brltty taking a CH340 is to be removed"


def _permission(device: str) -> str:
    if _system() == "Windows":
        return "on Windows that is another program that has it open: close serial monitors, then unplug and plug in"
    if _system() == "Darwin":
        return "unplug it and plug it in again, and allow the accessory when asked"
    return f"sudo usermod -aG {_group(device)} $USER, then log out and in again"


def _group(device: str) -> str:
    """Of Linux: who may use the port."""
    if sys.platform == "win32":
        return "dialout"
    import grp

    try:
        return grp.getgrgid(Path(device).stat().st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"


def _busy(device: str) -> str:
    if _system() == "Windows":
        return "close the serial monitor or editor that has it open"
    return f"`lsof {device}` names the program: close it"
