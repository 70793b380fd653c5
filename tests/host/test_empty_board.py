# SPDX-License-Identifier: MIT
"""The runner who wears the board from the shop: nobody else can reach its button."""

import asyncio
from types import SimpleNamespace

import pytest

pytest.importorskip("bumble", reason="no virtual radio: pip install -e '.[demo]'")

from kneesense.world import bonding, emptyboard


async def test_the_button_is_held_until_the_unit_is_paired_and_never_without_a_program(monkeypatch):
    monkeypatch.setattr(emptyboard, "_HOLD_EVERY_S", 0)
    held = []

    async def press(seconds):
        held.append(seconds)
        if len(held) == 3:
            bonds.append([bonding.PEER_SEC, "a computer", "its keys"])

    def kept(name):
        assert name == "bonds.json"
        if not held:
            raise FileNotFoundError(name)
        return bonds

    bonds = [[bonding.OUR_IRK, "irk", "the unit's own"]]
    unit = SimpleNamespace(process=None, kept=kept, board=SimpleNamespace(button=SimpleNamespace(press=press)))
    holding = asyncio.create_task(emptyboard.hold_until_paired(unit))
    await _turns()
    assert held == []
    unit.process = "runs"
    await _turns()
    holding.cancel()
    assert held == [emptyboard._HOLD_S] * 3


async def _turns():
    for _ in range(50):
        await asyncio.sleep(0)
