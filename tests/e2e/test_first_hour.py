# SPDX-License-Identifier: MIT
"""The first hour with a new unit: paired with the first buzz, its settings in a file and back, over the air."""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

import pytest
from worlds import World, inside

from kneecore import patterns
from kneesense.cli.buzz import buzz
from kneesense.cli.output import StoreFlags
from kneesense.cli.pair import pair
from kneesense.cli.settings import settings
from kneesense.store import Store


class Person(io.StringIO):
    """At a terminal: says yes, and holds the button when told to."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._pressed = False

    def isatty(self) -> bool:
        return True

    def readline(self, *_: object) -> str:
        if not self._pressed:
            self._pressed = True
            self.press = asyncio.get_running_loop().create_task(self._world.unit.board.button.press(4))
        return "yes\n"


def test_a_new_unit_is_paired_felt_and_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = StoreFlags(store=tmp_path / "runs.sqlite")
    file = tmp_path / "mine.toml"
    buzzes = []

    async def act(world: World) -> None:
        await asyncio.sleep(65)  # the first minute, in which it takes anybody, is over
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", Person(world))
            await pair(world.unit.short_id, side="right", face="medial", runner="Ann", flags=flags)
        world.unit.board.motor.pulses.clear()
        await pair(world.unit.short_id, side="right", flags=flags)
        await buzz(pattern="attention", flags=flags)
        await buzz(ms=200, flags=flags)
        buzzes.extend(round(pulse.ms) for pulse in world.unit.board.motor.pulses)
        assert await settings("sleep_after_s=0", "lean_offset_deg=-2.5", flags=flags) == 0
        assert world.unit.kept("settings.json")["lean_offset_cdeg"] == -250
        assert world.unit.kept("settings.json")["cue_rule"] == 0
        assert await settings(export=file, flags=flags) == 0
        assert await settings(reset=True, yes=True, flags=flags) == 0
        assert world.unit.kept("settings.json")["lean_offset_cdeg"] == 0
        assert await settings(import_file=file, yes=True, flags=flags) == 0
        assert world.unit.kept("settings.json")["lean_offset_cdeg"] == -250
        assert world.unit.kept("settings.json")["sleep_after_s"] == 0

    inside(tmp_path, act, paired=False)
    told = capsys.readouterr()
    assert "warning" not in told.err
    assert "Hold its button until it has buzzed twice" in told.out
    assert told.err.count("Did you feel it") == 1
    assert "Next: kneesense calibrate" in told.out
    with Store(tmp_path / "runs.sqlite") as store:
        assert [(unit.runner, unit.side, unit.face) for unit in store.units()] == [("Ann", "right", "medial")]
    # Whole: a host's buzz ends with its link, so each waits until it is over.
    assert buzzes == [*patterns.OK, *patterns.ATTENTION[::2], 200]
