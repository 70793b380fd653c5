# SPDX-License-Identifier: MIT
"""Only the virtual unit, on the air for other programs: `kneesense demo --unit-only`."""

from __future__ import annotations

import asyncio
import secrets
import shlex
from collections.abc import Callable
from pathlib import Path

from . import hci
from .air import Air
from .bonding import share_host_keys
from .chips.mpu6050 import Mpu6050
from .clock import virtual_loop
from .scenario import Scenario
from .unit import VirtualUnit


async def serve(scenario: Scenario, folder: Path, tell: Callable[[str], None], stop: asyncio.Event) -> None:
    """Until `stop` is set.  The scenario's clock starts with each run that a host starts."""
    loop = virtual_loop()
    air = Air()
    chip = Mpu6050(lambda: round(loop.time() * 1e6), scenario.feed)
    unit = VirtualUnit(air, [chip], folder / "unit", secrets.token_bytes(6))
    # Its first minute, in which it takes a new computer, would be over before anybody has read what to type.
    await share_host_keys(air.host_keys, folder)
    mounted = folder / "calibration.json"
    scenario.calibration.save(mounted)
    server, radio = await hci.serve(air)
    unit.power_on()
    side = scenario.calibration.side
    tell(
        f"virtual unit {unit.short_id} is on the air until Ctrl-C; in another terminal:\n"
        f"  export KNEESENSE_RADIO={radio}\n"
        f"  export KNEESENSE_HOME={shlex.quote(str(folder.absolute()))}\n"
        f"  kneesense scan\n"
        f"  kneesense pair {unit.short_id} --side {side}\n"
        f'  kneesense run --calibration "$KNEESENSE_HOME/{mounted.name}" \\\n'
        f"    --baseline 10 --cue cadence --offset 0\n"
        f"Runs are kept in that folder, not among your own."
    )
    try:
        await stop.wait()
    finally:
        server.close()
        await unit.power_off()
