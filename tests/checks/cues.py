# SPDX-License-Identifier: MIT
"""Thousands of strides through the real firmware, with cues: are they in time, and only where they should be?

    python -m checks.cues --strides 10000        (8 minutes on two cores; `make cues`)

A simulated runner with walk breaks and the bends of a track wears a virtual unit that calibrates itself, cues (cadence
in one half of the runs, lean in the other) and shakes with its own motor.  Part of the strides is spoilt: impacts
clipped, samples frozen, a loose strap.  The motor is what a logic analyser on its line would show, toe-off and contact
are the runner's own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from checks import own_home
from kneecore import wire
from kneesense import ble, guide
from kneesense.device import Device
from kneesense.frames import LogFrame, parse
from kneesense.session import Plan, Session
from kneesense.simulator import Phase, RunnerModel, TrueStride
from kneesense.simulator.sensor import LOOSE, ringing
from kneesense.store import Store
from kneesense.world import audit, central, clock, scenario
from kneesense.world.air import Air
from kneesense.world.chips.mpu6050 import Mpu6050
from kneesense.world.feed import Counts, Feed, Floats, ModelFeed
from kneesense.world.motor import Pulse
from kneesense.world.unit import VirtualUnit

LATE_MS, CLEAR_MS = 100, 50  # limits: from true toe-off to the motor, from its end to the true contact
GATE = 60  # of confidence
SPOILT, CAUGHT, WRONGLY_LOW = 0.10, 0.80, 0.02  # of all; of those, and of sound ones, below the gate
_RUN_S, _LEAD_S = 210.0, 3.0  # of one run, and of standing before it
_BEND_M, _SPEED_MPS = 36.5, 3.0  # a 400 m track
_SETTLES = 1  # strides after missing samples that know it
_HARD_G, _HARDER = 3.0, 6.0  # impacts from here on are made so much harder: they clip
_RULES = {
    "cadence": {"cue_rule": 1, "baseline_strides": 20},
    "lean": {"cue_rule": 2, "baseline_strides": 20, "lean_offset_cdeg": -500},
}


@dataclass(frozen=True)
class Spoils:
    """Windows (from, to) in seconds on the run's clock."""

    clipped: tuple[tuple[float, float], ...]
    frozen: tuple[tuple[float, float], ...]
    loose: tuple[tuple[float, float], ...]


def spoils(seed: int) -> Spoils:
    random = np.random.default_rng(seed)

    def windows(first_s: float, every_s: float, length_s: float) -> tuple[tuple[float, float], ...]:
        starts = np.arange(first_s, _RUN_S - 10, every_s) + random.uniform(0, 2)
        return tuple((float(s), float(s + length_s)) for s in starts)

    return Spoils(windows(60, 13, 0.7), windows(70, 41, 0.2), ((175.0, 195.0),))


class Worn:
    """The runner as the chip feels it: spoilt at times, shaken by the unit's own motor."""

    def __init__(self, feed: Feed, rate_hz: int, what: Spoils) -> None:
        self._feed = feed
        self._rate_hz = rate_hz
        self._what = what
        self.pulses: list[Pulse] = []  # the motor's, in world time,
        self.start_us = 0.0  # which is this at sample 0

    def block(self, index: int, t_s: Floats) -> Counts:
        resting = self._feed.block(index, t_s)
        if not np.isfinite(t_s).all():  # the run has not begun
            return resting
        counts = resting.astype(float)
        for from_s, to_s in self._what.loose:
            inside = (t_s >= from_s) & (t_s < to_s)
            if inside.any():
                counts[:, :3] = self._rung(index, t_s, inside, counts)
        for from_s, to_s in self._what.clipped:
            inside = (t_s >= from_s) & (t_s < to_s) & (np.abs(counts[:, :3]).max(axis=1) > _HARD_G * 2048)
            counts[inside, :3] *= _HARDER
        counts[:, :3] += self._shaken(t_s)[:, None] * 2048
        for from_s, to_s in self._what.frozen:
            inside = (t_s >= from_s) & (t_s < to_s)
            if inside.any():
                first = int(np.ceil(from_s * self._rate_hz))
                counts[inside] = self._feed.block(first, np.array([first / self._rate_hz]))[0]
        return np.clip(np.rint(counts), -32768, 32767).astype(np.int16)

    def _rung(self, index: int, t_s: Floats, inside: NDArray[np.bool_], counts: Floats) -> Floats:
        """The unit swings on its strap; begun early enough for the ring to be what it would be."""
        before = np.arange(index - self._rate_hz // 4, index)
        t_before = t_s[0] - (index - before) / self._rate_hz
        earlier = self._feed.block(int(before[0]), t_before)[:, :3].astype(float)
        rung = ringing(
            np.concatenate([earlier, counts[:, :3]]), LOOSE.ring_hz, LOOSE.ring_damping, self._rate_hz
        )
        return np.where(inside[:, None], rung[len(earlier) :], counts[:, :3])

    def _shaken(self, t_s: Floats) -> Floats:
        """Of the motor, in g: 200 Hz, some 40 ms to spin up and down."""
        out = np.zeros(len(t_s))
        for pulse in self.pulses[-3:]:
            since = np.maximum(t_s, -1e9) - (pulse.start_us - self.start_us) / 1e6
            length = (pulse.end_us - pulse.start_us) / 1e6
            swell = 1 - np.exp(-np.maximum(since, 0) / 0.04)
            fade = np.exp(-np.maximum(since - length, 0) / 0.04)
            out += swell * fade * np.cos(2 * np.pi * 200 * since)
        return out


def script() -> list[Phase]:
    bend = Phase("run", 38, speed_mps=_SPEED_MPS, bend_m=_BEND_M)
    return [
        Phase("still", _LEAD_S),
        Phase("run", 60, speed_mps=_SPEED_MPS),
        bend,
        Phase("run", 45, speed_mps=_SPEED_MPS),
        Phase("walk", 20),
        Phase("run", 45, speed_mps=_SPEED_MPS),
    ]


@dataclass
class Found:
    """Of one run, or of all."""

    strides: int = 0
    contacts_false: int = 0
    after_toe_off_s: list[float] = field(default_factory=list)
    before_contact_s: list[float] = field(default_factory=list)
    spoilt: int = 0
    spoilt_low: int = 0
    sound: int = 0
    sound_low: int = 0
    cues_low: int = 0  # by a stride below the gate
    cues_walking: int = 0
    cues_in_bends: int = 0  # of lean
    samples_lost: int = 0

    def add(self, other: Found) -> None:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


async def one_run(seed: int, rule: str, folder: Path) -> Found:
    """A run of about 250 strides."""
    air = Air()
    central.install(air)
    loop = asyncio.get_running_loop()
    side = ("right", "left")[seed % 2]
    model = RunnerModel(script(), side, seed)
    what = spoils(seed)
    rate_hz = scenario.CHIP.rate_hz
    worn = Worn(
        ModelFeed(model, scenario.CHIP, scenario.mounting(), (0.9, -1.4, 0.5), 1.012, seed=seed),
        rate_hz,
        what,
    )
    standing = scenario.runner(scenario.SHORTEST_S, side, seed).calibration_feed
    assert standing is not None
    chip = Mpu6050(lambda: round(loop.time() * 1e6), standing)
    unit = VirtualUnit(air, [chip], folder / "unit")
    unit.power_on()
    try:
        with Store(folder / "runs.sqlite") as store:
            await ble.find(unit.short_id)
            async with Device(ble.BleLink(unit.short_id)) as device:
                for stage in ("still", "walk"):
                    verdict = await guide.stage(device, stage, side, "unknown", store)
                    assert verdict.accepted, verdict.messages
            chip.wear(worn)
            worn.pulses = unit.board.motor.pulses
            session = Session(
                lambda: ble.BleLink(unit.short_id),
                store,
                Plan(settings=_RULES[rule]),
                unit_id=unit.board.unit_id.hex(),
            )
            work = asyncio.create_task(session.run())
            while chip.start_us is None and not work.done():
                await asyncio.sleep(0.001)
            worn.start_us = start_us = chip.start_us or 0.0
            end_s = sum(phase.duration_s for phase in script())
            while not work.done() and loop.time() < start_us / 1e6 + end_s:
                await asyncio.sleep(0.5)
            session.stop(20.0)
            await work
        frames = [record for frame in unit.log_frames() if (record := parse(frame)) is not None]
        return judged(frames, model, unit.board.motor.pulses, start_us, rule, what, chip.overflowed)
    finally:
        await unit.power_off()


def judged(
    frames: list[LogFrame],
    model: RunnerModel,
    pulses: list[Pulse],
    start_us: float,
    rule: str,
    what: Spoils,
    lost: int,
) -> Found:
    """Log of the unit and line of its motor against the runner."""
    begun = max(i for i, record in enumerate(frames) if record.code == wire.START.code)
    records = [(record.code, record.values()) for record in frames[begun:]]
    to_s = 1 / (16 * scenario.CHIP.rate_hz)
    strides = {values["ic_x16"]: values for code, values in records if code == wire.STRIDE.code}
    length_s = (
        next(values["samples"] for code, values in records if code == wire.STOP.code) / scenario.CHIP.rate_hz
    )
    true = [stride for stride in model.strides if stride.ic_s < length_s - audit.TOLERANCE_S]
    contacts = audit.contacts([stride.ic_s for stride in true], [ic * to_s for ic in strides])
    out = Found(len(strides), contacts.false, samples_lost=lost)
    for buzz in audit.buzzes([p for p in pulses if p.start_us >= start_us], model.strides, start_us):
        out.after_toe_off_s.append(buzz.after_toe_off_s)
        if buzz.before_contact_s is not None:
            out.before_contact_s.append(buzz.before_contact_s)
    starts = np.array([stride.ic_s for stride in true])
    spoilt = _spoilt(true, what)
    low_ends = set()
    for ic, stride in strides.items():
        at = int(np.argmin(np.abs(starts - ic * to_s)))
        low = stride["confidence"] < GATE
        if stride["stride_x16"] and wire.GAITS[stride["gait"]] == "run":
            out.spoilt += spoilt[at]
            out.spoilt_low += spoilt[at] and low
            out.sound += not spoilt[at]
            out.sound_low += low and not spoilt[at]
        if low:
            low_ends.add(ic + stride["stride_x16"])
    for code, cue in records:
        if code == wire.CUE.code:
            at = int(np.argmin(np.abs(starts - cue["ic_x16"] * to_s)))
            out.cues_low += cue["ic_x16"] in low_ends
            # the first walking stride is not known for one before it is over
            out.cues_walking += true[at].gait == "walk" and true[at - 1].gait == "walk"
            # a bend is not known for one in its first two strides
            out.cues_in_bends += rule == "lean" and all(true[max(at - k, 0)].turn for k in range(4))
    return out


def _spoilt(true: list[TrueStride], what: Spoils) -> list[bool]:
    ends = [b.ic_s for b in true[1:]] + [float("inf")]

    def touched(windows: tuple[tuple[float, float], ...], i: int) -> bool:
        return any(from_s < ends[i] and true[i].ic_s < to_s for from_s, to_s in windows)

    return [
        touched(what.clipped, i)
        or touched(what.loose, i)
        or any(touched(what.frozen, j) for j in range(max(i - _SETTLES, 0), i + 1))
        for i in range(len(true))
    ]


def job(number: int) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        found: list[Found] = []

        async def main() -> None:
            found.append(await one_run(number + 1, list(_RULES)[number % 2], Path(folder)))

        clock.run(main, 1000.0)
    return found[0]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strides", type=int, default=10000)
    runs = -(-parser.parse_args(arguments).strides // 235)
    total = Found()
    with ProcessPoolExecutor(2, get_context("spawn"), own_home) as pool:
        for done, found in enumerate(pool.map(job, range(runs)), 1):
            total.add(found)
            print(f"\r{done}/{runs} runs, {total.strides} strides", end="", file=sys.stderr)
    print(file=sys.stderr)
    ok: bool = True
    for name, value, limit, held in lines(total):
        ok = ok and bool(held)
        print(f"{'ok  ' if held else 'FAIL'}  {name}: {value} ({limit})")
    print(
        json.dumps(
            {"type": "summary", "strides": total.strides, "cues": len(total.after_toe_off_s), "ok": ok}
        )
    )
    return 0 if ok else 1


def lines(total: Found) -> Iterator[tuple[str, str, str, bool]]:
    """(what, measured, limit, whether it holds)"""
    late, clear = np.array(total.after_toe_off_s), np.array(total.before_contact_s)
    p99, most, least = (1000 * float(v) for v in (np.percentile(late, 99), late.max(), clear.min()))
    share = total.spoilt / (total.spoilt + total.sound)
    caught, wrongly = total.spoilt_low / total.spoilt, total.sound_low / total.sound
    cues = f"{len(late)} cues"
    yield (
        "motor on after true toe-off",
        f"p99 {p99:.0f} ms, most {most:.0f} ms, {cues}",
        "p99 <= 100 ms",
        p99 <= LATE_MS,
    )
    yield "motor off before true contact", f"at least {least:.0f} ms", ">= 50 ms", least >= CLEAR_MS
    yield "spoilt strides", f"{share:.1%}", ">= 10 %", share >= SPOILT
    yield "of them below the gate", f"{caught:.1%}", ">= 80 %", caught >= CAUGHT
    yield "of sound strides below it", f"{wrongly:.1%}", "<= 2 %", wrongly <= WRONGLY_LOW
    for name, count in (
        ("cues by strides of low confidence", total.cues_low),
        ("cues in walking", total.cues_walking),
        ("cues of lean in bends", total.cues_in_bends),
        ("false contacts, of the own motor too", total.contacts_false),
        ("samples lost", total.samples_lost),
    ):
        yield name, str(count), "0", count == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
