# SPDX-License-Identifier: MIT
"""The virtual world for tests: real MicroPython, virtual time, no hardware."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bumble", reason="needs the extra 'demo': pip install 'kneesense[demo]'")

from kneesense.errors import ExtraMissing
from kneesense.world import clock
from kneesense.world.air import Air
from kneesense.world.board import Board, Chip
from kneesense.world.firmware import Process, micropython
from kneesense.world.peripheral import Peripheral

SPEED = 1000.0  # as fast as it goes: results do not depend on it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    try:
        micropython()
    except ExtraMissing as error:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=f"{error}: {error.advice}"))


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., tuple[str, Board]]:
    """Run a MicroPython program on a virtual board; returns what it printed and the board."""

    def run(
        text: str, chips: list[Chip] | None = None, limit_s: float = 60.0, speed: float = SPEED, **world: Any
    ) -> tuple[str, Board]:
        program = tmp_path / "program.py"
        program.write_text(text)
        console = tmp_path / "console.txt"
        boards: list[Board] = []

        async def main() -> None:
            board = Board(b"\x01\x02\x03\x04\x05\x06", {0: chips or []}, Peripheral(Air()))
            boards.append(board)
            with console.open("wb") as out:
                process = Process(board, tmp_path, out, program)
                process.start()
                try:
                    async with asyncio.timeout(limit_s):
                        await process.ended.wait()
                finally:
                    await process.stop()

        clock.run(main, speed)
        return console.read_text(), boards[0]

    return run
