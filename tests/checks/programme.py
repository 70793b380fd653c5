# SPDX-License-Identifier: MIT
"""A runner who answers to the buzz goes through a programme, alone with the unit in six of its eight sessions.

    python -m checks.programme               (the default sessions of 15 to 30 minutes; `make programme`)
    python -m checks.programme --minutes 2   (eight short ones)

The unit is switched off between sessions and starts its runs by itself; a host is there in the first and the last.
Cadence rises with every buzz and sinks back without, a little less each time.  Afterwards the host fetches the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kneecore import wire
from kneecore.programme import DEFAULT, encode
from kneesense import ble, dose, guide
from kneesense.device import Device
from kneesense.frames import parse
from kneesense.session import Plan, Session
from kneesense.simulator import Phase, RunnerModel
from kneesense.store import Store, Unit
from kneesense.world import audit, central, clock, scenario
from kneesense.world.air import Air
from kneesense.world.chips.mpu6050 import Mpu6050
from kneesense.world.feed import ModelFeed
from kneesense.world.motor import Pulse
from kneesense.world.unit import VirtualUnit

RUNNER = "simulated"
WITH_HOST = (1, 8)
_BASE_SPM = 164.0
_BUZZ, _FORGET, _LEARN, _MOST = (
    0.02,
    0.0015,
    0.0006,
    0.085,
)  # of the cadence: a buzz, a second without, for good
_STAND_S, _MORE_S, _AUTO_STOP_S = 6.0, 25.0, 30

Sessions = tuple[tuple[int, int, int], ...]
Look = Callable[[Store], None]


class Runner:
    """Runs at `_BASE_SPM` and more, the more he was buzzed lately, and the more ever."""

    def __init__(self) -> None:
        self.learnt = 0.0
        self._level = 0.0
        self._model: RunnerModel | None = None

    def begin(self, model: RunnerModel) -> None:
        self._model = model
        self._level = self.learnt

    def buzzed(self, run_s: float) -> None:
        self.learnt = min(self.learnt + _LEARN, _MOST)
        self._level = min(self._level + _BUZZ, _MOST)
        self._set(run_s)

    def second(self, run_s: float) -> None:
        self._level = max(self._level - _FORGET, self.learnt)
        self._set(run_s)

    def _set(self, run_s: float) -> None:
        assert self._model is not None
        self._model.set_cadence(max(run_s, 0.0) + 0.2, _BASE_SPM * (1 + self._level))


@dataclass
class Outcome:
    rows: list[dict[str, object]] = field(default_factory=list)
    lost: int = 0
    altered: int = 0
    numbered: bool = False
    wanted: int = 0

    @property
    def ok(self) -> bool:
        done = [row["session"] for row in self.rows if row["complete"]]
        return (
            done == list(range(1, self.wanted + 1)) and not self.lost and not self.altered and self.numbered
        )


async def whole(sessions: Sessions, settings: dict[str, int], folder: Path, look: Look) -> Outcome:
    """The programme from the first calibration to the last record fetched."""
    air = Air()
    central.install(air)
    loop = asyncio.get_running_loop()
    standing = scenario.runner(scenario.SHORTEST_S, "right", 1).calibration_feed
    assert standing is not None
    chip = Mpu6050(lambda: round(loop.time() * 1e6), standing)
    unit = VirtualUnit(air, [chip], folder / "unit")
    runner = Runner()

    def buzzed(pulse: Pulse) -> None:
        if chip.start_us is not None:
            runner.buzzed((pulse.end_us - chip.start_us) / 1e6)

    with Store(folder / "runs.sqlite") as store:
        unit.power_on()
        try:
            seen = await ble.find(unit.short_id)
            store.remember(Unit(unit.board.unit_id.hex(), seen.handle, "right", "medial", RUNNER))
            async with Device(ble.BleLink(unit.short_id)) as device:
                for stage in ("still", "walk"):
                    verdict = await guide.stage(device, stage, "right", "medial", store)
                    assert verdict.accepted, verdict.messages
                for name, value in settings.items():
                    await device.set(name, value)
                await device.prescribe(store.runner_number(RUNNER), 1, sessions)
                info = await device.hello()
                store.set_programme(info.unit_id, (info.boot, info.next_seq), encode(sessions))
            unit.board.motor.on_pulse = buzzed
            for number, (minutes, _, _) in enumerate(sessions, 1):
                run_s = 60.0 * minutes + _MORE_S
                script = [Phase("still", _STAND_S), Phase("run", run_s, _BASE_SPM), Phase("still", 3600.0)]
                model = RunnerModel(script, "right", number)
                await unit.power_off()
                chip.wear(
                    ModelFeed(model, scenario.CHIP, scenario.mounting(), (0.9, -1.4, 0.5), 1.012, seed=number)
                )
                runner.begin(model)
                unit.power_on()
                await _session(unit, chip, runner, store, settings, number in WITH_HOST, _STAND_S + run_s)
            await _host(unit, store, Plan(attach=True))
        finally:
            await unit.power_off()
        look(store)
        return _judged(unit, store, len(sessions))


async def _session(
    unit: VirtualUnit,
    chip: Mpu6050,
    runner: Runner,
    store: Store,
    settings: dict[str, int],
    hosted: bool,
    until_s: float,
) -> None:
    """One run, on the runner's own clock, which starts with the unit's first look at the sensor."""
    loop = asyncio.get_running_loop()
    session, work = None, None
    if hosted:
        session = _made(unit, store, Plan(settings=settings, runner=RUNNER))
        work = asyncio.create_task(session.run())
    while chip.start_us is None:
        await asyncio.sleep(0.01)
    start_s = chip.start_us / 1e6
    while loop.time() < start_s + until_s:
        await asyncio.sleep(1.0)
        runner.second(loop.time() - start_s)
    if session and work:
        session.stop(20.0)
        await work
    else:
        await asyncio.sleep(_AUTO_STOP_S + 10)  # standing, until the unit has ended the run by itself


def _made(unit: VirtualUnit, store: Store, plan: Plan) -> Session:
    return Session(lambda: ble.BleLink(unit.short_id), store, plan, unit_id=unit.board.unit_id.hex())


async def _host(unit: VirtualUnit, store: Store, plan: Plan) -> None:
    await asyncio.wait_for(_made(unit, store, plan).run(), 600)


def _judged(unit: VirtualUnit, store: Store, wanted: int) -> Outcome:
    device = unit.board.unit_id.hex()
    logged = [record for frame in unit.log_frames() if (record := parse(frame)) is not None]
    held = [record for run in store.runs() for record in store.run_records(run)]
    begun = min((record.key for record in held), default=(0, 0))
    copies = audit.copies([r for r in logged if r.key >= begun and r.code in _OF_A_RUN], held)
    numbered = all(audit.numbering(store.run_records(run)) for run in store.runs())
    return Outcome(dose.held(store, device, RUNNER), copies.lost, copies.altered, numbered, wanted)


_OF_A_RUN = {record.code for record in (wire.START, wire.STOP, wire.STRIDE, wire.CUE, wire.GAP, wire.SESSION)}


def run(sessions: Sessions, settings: dict[str, int], look: Look = lambda store: None) -> Outcome:
    """`look`: at the store, when all is fetched."""
    found: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:

        async def main() -> None:
            found.append(await whole(sessions, settings, Path(folder), look))

        clock.run(main, 1000.0)
    return found[0]


def short(minutes: int) -> tuple[Sessions, dict[str, int]]:
    """The default programme in so many minutes a session, with a baseline and blocks to match."""
    sessions = tuple((minutes, 20 if off_s else 0, 20 if off_s else 0) for _, _, off_s in DEFAULT)
    return sessions, {"cue_rule": 1, "baseline_strides": 30, "auto_stop_s": _AUTO_STOP_S}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=0, help="of each session; 0: the default programme")
    minutes = parser.parse_args(arguments).minutes
    usual = (DEFAULT, {"cue_rule": 1, "auto_stop_s": _AUTO_STOP_S})
    outcome = run(*(short(minutes) if minutes else usual))
    for row in outcome.rows:
        print(json.dumps(row))
    print(
        json.dumps(
            {
                "type": "summary",
                "sessions": len(outcome.rows),
                "lost": outcome.lost,
                "altered": outcome.altered,
                "dose_in_band": dose.share(outcome.rows, "on"),
                "retention_in_band": dose.retention(outcome.rows),
                "ok": outcome.ok,
            }
        )
    )
    return 0 if outcome.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
