# SPDX-License-Identifier: MIT
"""A minute of every sample over links as computers choose them: is each sample at the host, in order?

    python -m checks.link [--seconds 60]        (`make link`: a minute or two)

The real firmware records all of a run (500 samples a second, 6.7 KB/s of records), the host follows it as
`kneesense run --raw` does.  Where the link carries more than that, the host must be at most some seconds behind all the
time.  Where it carries less (saturated), the host falls behind, has no hole in what it has, and once the link is better
must have all of it.  Samples are compared with the counts that the simulated chip made,
records with the unit's flash.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import zip_longest
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from checks import own_home, table
from kneecore import wire
from kneesense import ble
from kneesense.bus import Arrival
from kneesense.frames import parse
from kneesense.session import Plan, Session
from kneesense.store import Store
from kneesense.world import air, central, clock, scenario
from kneesense.world.chips.mpu6050 import Mpu6050
from kneesense.world.unit import VirtualUnit

SEED = 1
BEHIND_S = 10.0  # the host asks every 5 s, when no live record tells it that there is more
BYTES_A_S = 6900  # of the log, with every sample and the strides
USED, BATCH_S = (
    0.5,
    2.0,
)  # of what a saturated link carries must be used for samples; the last ones are on their way
DURABLE_S = 2.5  # what was heard live is on the flash after 2 s
_SAMPLE = struct.Struct("<6h")


@dataclass(frozen=True)
class Link:
    """`interval_ms` apart `packets` go at most, of `mtu` - 3 bytes."""

    name: str
    interval_ms: float
    packets: int
    mtu: int
    saturated: bool


LINKS = (
    Link("open", 15, 4, 247, saturated=False),
    Link("one packet at a time", 15, 1, 247, saturated=False),
    Link("long interval", 50, 1, 247, saturated=True),
    Link("20-byte packets", 7.5, 1, 23, saturated=True),
    Link("saving power", 400, 1, 247, saturated=True),
)


@dataclass
class Result:
    link: str
    interval_ms: float
    packets: int
    bytes: int
    """In a packet."""
    taken: int
    """Samples of the run, as the chip took them."""
    arrived: int
    """At the host, when all is over."""
    wrong: int
    """Samples there that are missing, doubled or not what the chip measured."""
    behind_s: float
    """Of the run, that the host did not have at its end."""
    most_behind_s: float
    refused: int
    """Notifications that the unit's stack did not take (ENOMEM)."""
    live: int
    fetched: int
    """Records, by the way they came."""
    out_of_order: int
    """Records handed on that were not the next one of the log."""
    not_the_log: int
    """Records up to the end of the run that differ between flash and store."""
    saturated: bool
    seconds: float

    @property
    def carried_s(self) -> float:
        """Of samples, that the link could have carried."""
        return self.seconds / self.interval_ms * 1e3 * self.packets * self.bytes / BYTES_A_S

    @property
    def ok(self) -> bool:
        if self.wrong or self.out_of_order or self.not_the_log or self.arrived != self.taken:
            return False
        if self.saturated:
            had_s = self.seconds - self.behind_s
            return (
                self.refused > 0 and self.behind_s > BEHIND_S / 2 and had_s >= USED * self.carried_s - BATCH_S
            )
        return self.most_behind_s <= BEHIND_S


class Chip(Mpu6050):
    """Keeps every sample it has put into its FIFO since that was last switched on."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.made: list[bytes] = []
        super().__init__(*args, **options)

    def _fifo_started(self) -> None:
        super()._fifo_started()
        self.made = []

    def _frames(self, counts: Any) -> bytes:
        self.made += [_SAMPLE.pack(*map(int, row)) for row in counts]
        return super()._frames(counts)


def measure(link: Link, seconds: float, folder: Path) -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    played = scenario.runner(seconds + 30, "right", SEED)

    async def main() -> Result:
        loop = asyncio.get_running_loop()
        room = air.Air(link.interval_ms / 1e3, link.packets)
        central.install(room)
        central.MTU = link.mtu
        chip = Chip(lambda: round(loop.time() * 1e6), played.feed)
        unit = VirtualUnit(room, [chip], folder / "unit")
        unit.power_on()
        behind: list[float] = []
        try:
            with Store(folder / "runs.sqlite") as store:
                plan = Plan({"raw_record": 1, "cue_rule": 0}, played.calibration.to_wire())
                session = Session(lambda: ble.BleLink(unit.short_id), store, plan)
                updates = session.bus.subscribe()
                running = asyncio.create_task(session.run())
                async with asyncio.timeout(120):
                    while session.run_key is None:
                        await asyncio.sleep(0.1)
                begun_s = loop.time()
                while loop.time() < begun_s + seconds:
                    await asyncio.sleep(1)
                    behind.append(loop.time() - begun_s - _stored_s(store, session))
                true = chip.made  # a run that the unit begins by itself afterwards has a list of its own
                room.interval_s, room.per_event = air.CONNECTION_INTERVAL_S, air.PACKETS_PER_EVENT
                session.stop(600)
                await running
                assert session.complete
                stored = store.records(session.unit_id or "")
                keys = [update.record.key for update in updates.drain() if isinstance(update, Arrival)]
                counters = session.counters
            await asyncio.sleep(DURABLE_S)
        finally:
            await unit.power_off()
        logged = [record for frame in unit.log_frames() if (record := parse(frame))]
        end = next(i for i, record in enumerate(logged) if record.code == wire.STOP.code) + 1
        stop = logged[end - 1].values()
        arrived = _samples(stored[:end])
        # The driver drops the first, which was caught in the change of settings.
        wrong = sum(true[i + 1] != counts or i != at for at, (i, counts) in enumerate(arrived))
        first = keys[0][1]
        return Result(
            link=link.name,
            interval_ms=link.interval_ms,
            packets=link.packets,
            bytes=link.mtu - 3,
            taken=stop["samples"],
            arrived=len(arrived),
            wrong=wrong,
            behind_s=round(behind[-1], 1),
            most_behind_s=round(max(behind), 1),
            refused=unit.radio.refused,
            live=counters.live,
            fetched=counters.backfilled,
            out_of_order=sum(seq != first + i for i, (_, seq) in enumerate(keys)),
            not_the_log=sum(a != b for a, b in zip_longest(stored[:end], logged[:end])),
            saturated=link.saturated,
            seconds=seconds,
        )

    return clock.run(main, 1000)


def _stored_s(store: Store, session: Session) -> float:
    """Up to where in the run the host has every sample without a hole."""
    assert session.run_key is not None
    row = store._row("SELECT max(seq) FROM event WHERE code = ?", wire.RAW.code)
    if row is None or row[0] is None:
        return 0.0
    records = store.records(session.unit_id or "", session.run_key, session.run_key, raw=True)
    rate_hz = records[0].values()["rate_hz"]
    at = 0
    for frame in store._rows("SELECT frame FROM event WHERE code = ? ORDER BY boot, seq", wire.RAW.code):
        values = wire.decode(frame[0])[1]
        if values["sample"] != at:
            break
        at += len(values["counts"]) // _SAMPLE.size
    return float(at / rate_hz)


def _samples(stored: Sequence[Any]) -> list[tuple[int, bytes]]:
    """(index, counts) in the order of the store."""
    found = []
    for record in stored:
        if record.code == wire.RAW.code:
            values = record.values()
            counts = values["counts"]
            found += [(values["sample"] + i, counts[12 * i : 12 * i + 12]) for i in range(len(counts) // 12)]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as base,
        ProcessPoolExecutor(2, get_context("spawn"), own_home) as pool,
    ):
        work = [
            pool.submit(measure, link, asked.seconds, Path(base) / str(i)) for i, link in enumerate(LINKS)
        ]
        results = [job.result() for job in work]
    if asked.json:
        for result in results:
            print(json.dumps(asdict(result) | {"ok": result.ok}))
    else:
        print(table(results))
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
