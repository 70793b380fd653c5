# SPDX-License-Identifier: MIT
"""Only the virtual units, on the air for other programs: `kneesense demo --unit-only`."""

from __future__ import annotations

import asyncio
import secrets
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from . import hci
from .air import Air
from .attentive import Attentive, hold_the_button
from .bonding import share_host_keys
from .chips.mpu6050 import Mpu6050
from .clock import virtual_loop
from .scenario import Scenario
from .unit import VirtualUnit


async def serve(
    scenarios: Sequence[Scenario], folder: Path, tell: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Until `stop` is set.  One unit for each scenario, worn by a runner who does what the computer asks for."""
    loop = virtual_loop()
    air = Air()
    runner = Attentive()
    units: list[VirtualUnit] = []
    for scenario in scenarios:
        chip = Mpu6050(lambda: round(loop.time() * 1e6), scenario.feed)
        flash = folder / (f"unit-{scenario.calibration.side}" if len(scenarios) > 1 else "unit")
        unit = VirtualUnit(air, [chip], flash, secrets.token_bytes(6))
        unit.on_write = runner.wears(chip, scenario)
        units.append(unit)
    # Their first minute, in which they take a new computer, would be over before anybody has read what to type.
    await share_host_keys(air.host_keys, folder)
    server, radio = await hci.serve(air)
    for unit in units:
        unit.power_on()
    holding = [loop.create_task(hold_the_button(unit)) for unit in units]
    tell(_steps(scenarios, units, folder, radio))
    try:
        await stop.wait()
    finally:
        server.close()
        for task in holding:
            task.cancel()
        for unit in units:
            await unit.power_off()


def _steps(scenarios: Sequence[Scenario], units: Sequence[VirtualUnit], folder: Path, radio: str) -> str:
    """What to type; the calibrations are written beside the stores."""
    names = " and ".join(unit.short_id for unit in units)
    several = len(units) > 1
    pairing, mounted = "", ""
    for unit, scenario in zip(units, scenarios, strict=True):
        side = scenario.calibration.side
        pairing += f"  kneesense pair {unit.short_id} --side {side}\n"
        if scenario.asked and not several:
            pairing += "  kneesense calibrate\n"
            continue
        file = folder / (f"{side}.json" if several else "calibration.json")
        scenario.calibration.save(file)
        mounted += f' --calibration "$KNEESENSE_HOME/{file.name}" \\\n   '
    return (
        f"virtual unit{'s' if several else ''} {names} {'are' if several else 'is'} on the air until Ctrl-C;"
        " in another terminal:\n"
        f"  export KNEESENSE_RADIO={radio}\n"
        f"  export KNEESENSE_HOME={shlex.quote(str(folder.absolute()))}\n"
        f"  kneesense scan\n{pairing}"
        f"  kneesense run{mounted} --baseline 10 --cue cadence --offset 0\n"
        f"Runs are kept in that folder, not among your own."
    )
