# SPDX-License-Identifier: MIT
"""Runs a program of the system, for the outlets that need one."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from pathlib import Path

from . import NotDelivered


async def run(*argv: str, env: Mapping[str, str] | None = None) -> None:
    """To its end; killed when this is cancelled.  Raises NotDelivered with the last thing it said."""
    name = Path(argv[0]).stem
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, env={**os.environ, **(env or {})}
        )
    except OSError as error:
        raise NotDelivered(f"{name}: {error.strerror}") from None
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        raise NotDelivered(f"{name}: {last[0][:100] if last else f'ended with {process.returncode}'}")
