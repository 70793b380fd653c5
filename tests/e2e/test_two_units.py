# SPDX-License-Identifier: MIT
"""Two units on one runner, at once, through firmware, radio and host."""

from __future__ import annotations

import asyncio
from pathlib import Path

from legs import Legs, inside

from kneecore import wire
from kneesense import ble


def test_two_units_share_the_air_and_stay_apart(tmp_path: Path) -> None:
    async def act(legs: Legs) -> None:
        seen = await ble.scan(2.0)
        assert sorted(unit.handle for unit in seen) == ["0000a1", "0000b2"]
        assert len({unit.address for unit in seen}) == 2
        left, right = legs.both
        async with left.device() as a, right.device() as b:
            assert (a.info.unit_id, b.info.unit_id) == (left.id, right.id)
            legs.run_for(20)
            await asyncio.gather(a.start(), b.start())
            await asyncio.sleep(20)
            await asyncio.gather(a.stop(), b.stop())
        for leg in legs.both:
            strides = [r for r in leg.logged() if r.code == wire.STRIDE.code]
            assert len(strides) >= 20

    inside(tmp_path, act)


def test_one_unit_out_of_range_leaves_the_other_connected(tmp_path: Path) -> None:
    async def act(legs: Legs) -> None:
        left, right = legs.both
        async with left.device() as a:
            await right.unit.leave_range(3)
            assert (await a.hello()).unit_id == left.id
            async with right.device() as b:
                assert b.info.unit_id == right.id

    inside(tmp_path, act)
