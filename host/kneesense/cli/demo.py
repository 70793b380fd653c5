# SPDX-License-Identifier: MIT
"""`kneesense demo`: the whole product with no hardware."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ..errors import ExtraMissing, InputError, KneesenseError
from .options import Number, Seconds, Whole
from .output import DEFAULT_STORE, Output, StoreFlags

if TYPE_CHECKING:
    from ..records import Record
    from ..session import Session
    from ..verdict import Verdict
    from ..world.outcome import Outcome, TrueLatency
    from ..world.scenario import Scenario

DURATION_S = 30.0
BOARD_S = 900.0  # commands of true length, with three minutes of baseline
SPEEDS = (0.1, 1000.0)
_WITHOUT = (
    "without the firmware's own process and without radio: signal processing and cue engine of the unit run in this"
    " program, joined to the host in memory; drivers, flash, calibration on the unit and Bluetooth are not shown"
)


def demo(
    *,
    duration_s: Annotated[Seconds | None, Parameter(name="--duration")] = None,
    side: Literal["left", "right"] = "right",
    recording: Path | None = None,
    calibration: Path | None = None,
    speed: Number = 1.0,
    seed: Whole | None = None,
    unit_only: Annotated[bool, Parameter(negative=())] = False,
    both_legs: Annotated[bool, Parameter(negative=())] = False,
    empty_board: Annotated[bool, Parameter(negative=())] = False,
    without_firmware: Annotated[bool, Parameter(negative=())] = False,
    flags: StoreFlags = DEFAULT_STORE,
) -> int:
    """The whole product with no hardware: the unit's own firmware in MicroPython, a virtual radio, this host.

    A simulated runner calibrates the unit by standing and walking, then runs, slows down for a while and is buzzed,
    loses the radio link for 5 s.  At the end everything recorded is compared with the truth and with the unit's flash;
    exit code 1 when a check fails.

    Where no desktop MicroPython or no virtual radio can be had, the unit's signal processing and cue engine run in this
    program instead, joined to the host in memory, and that is said.

    Examples: kneesense demo; kneesense demo --duration 120 --speed 20;
    kneesense demo --recording run.csv.gz --side left

    Parameters
    ----------
    duration_s
        Running time in seconds, at least 25. Default 30, of an empty board's runner 900, or all of the recording.
    side
        Leg the unit is worn on.
    recording
        Play this recording to the unit instead of the simulated runner.
    calibration
        Calibration of the recording. Default: from the recording itself, as replay does.
    speed
        Times true time. The result does not depend on it.
    seed
        Of the simulated runner: another number, another runner. Default 1.
    unit_only
        Only the virtual unit, for the other commands in other terminals, until Ctrl-C.
    both_legs
        With --unit-only: a unit on each leg of the simulated runner.
    empty_board
        With --unit-only: a board from the shop instead, to be flashed first; its runner stands, walks and runs as the
        commands ask for it.
    without_firmware
        Do without firmware process and radio, as where they cannot be had.
    """
    if not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise InputError(f"--speed {speed:g}: must be {SPEEDS[0]:g} to {SPEEDS[1]:g}")
    if calibration is not None and recording is None:
        raise InputError("--calibration is for --recording", "leave it out: the simulated runner calibrates")
    if seed is not None and recording is not None:
        raise InputError("--seed is for the simulated runner", "leave out --seed or --recording")
    if seed is not None and seed < 0:
        raise InputError(f"--seed {seed}: must be 0 or more")
    if unit_only and flags.store is not None:
        raise InputError("--unit-only records nothing", "give --store to the commands in the other terminal")
    if both_legs and (not unit_only or recording is not None):
        raise InputError(
            "--both-legs is for the simulated runner", "use it with --unit-only, without --recording"
        )
    if empty_board and (not unit_only or both_legs or recording is not None):
        raise InputError(
            "--empty-board is for the simulated runner", "use it with --unit-only, and nothing else to play"
        )
    if unit_only and without_firmware:
        raise InputError("--unit-only is the firmware and its radio", "leave out --without-firmware")
    from ..world import clock
    from ..world.scenario import played, runner

    missing = _missing()
    if unit_only and missing:
        raise missing
    out = Output(flags.json)
    if missing or without_firmware:
        why = str(missing) if missing else "as asked for"
        out.warn("without_firmware", f"{_WITHOUT} ({why})")
    number = 1 if seed is None else seed
    usual_s = BOARD_S if empty_board else DURATION_S
    running_s = usual_s if duration_s is None else duration_s
    if recording is not None:
        scenario = played(recording, side, calibration, duration_s)
    else:
        scenario = runner(running_s, side, number)
    for warning in scenario.warnings:
        out.warn("recording", warning)
    folder = _folder()
    if empty_board:
        return clock.run(lambda: _serve_empty(scenario, folder, out), speed)
    if unit_only:
        served = [scenario]
        if both_legs:
            served = [runner(running_s, leg, number, second=leg == "right") for leg in ("left", "right")]
        return clock.run(lambda: _serve(served, folder, out), speed)
    firmware = not (missing or without_firmware)
    return clock.run(lambda: _play(scenario, folder, flags.store, speed, out, firmware), speed)


def _missing() -> ExtraMissing | None:
    """What keeps the firmware from running here."""
    from ..world.firmware import micropython

    if sys.platform == "win32":  # its processes inherit no pipes by number
        return ExtraMissing("demo", "the virtual unit does not run on Windows", "use Linux or macOS, or WSL")
    if importlib.util.find_spec("bumble") is None:
        return ExtraMissing("demo")
    try:
        micropython()
    except ExtraMissing as error:
        return error
    return None


def _folder() -> Path:
    """A new folder for this demo's flash, console and store."""
    from ..paths import home

    folder = home() / "demo" / datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")[:-3]
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise KneesenseError(
            f"{folder} cannot be made: {error.strerror}", "set KNEESENSE_HOME to a folder you can write to"
        ) from None
    return folder


async def _serve(scenarios: Sequence[Scenario], folder: Path, out: Output) -> int:
    from ..world.serve import serve
    from .live import interrupts

    stop = asyncio.Event()
    with interrupts(stop.set):
        await serve(scenarios, folder, out.note, stop)
    return 0


async def _serve_empty(scenario: Scenario, folder: Path, out: Output) -> int:
    from ..world.emptyboard import serve
    from .live import interrupts

    stop = asyncio.Event()
    with interrupts(stop.set):
        await serve(scenario, folder, out.note, stop)
    return 0


async def _play(
    scenario: Scenario, folder: Path, store_file: Path | None, speed: float, out: Output, firmware: bool
) -> int:
    from ..store import Store
    from .live import interrupts

    if firmware:
        from ..world.demo import play
    else:
        from ..world.inprocess import play

    loop = asyncio.get_running_loop()
    shown: list[asyncio.Task[None]] = []
    sessions: list[Session] = []
    stopped = asyncio.Event()

    def on_session(session: Session, latency: TrueLatency) -> None:
        sessions.append(session)
        shown.append(loop.create_task(show.follow(session, latency)))

    def stop() -> None:
        stopped.set()
        for session in sessions:
            session.stop(within_s=5.0)

    path = store_file or folder / "runs.sqlite"
    show = _Show(out)
    kind = "virtual unit" if firmware else "unit in this program"
    out.note(f"{kind}: MPU-6050, {scenario.calibration.side} leg; baseline of 10 strides (demo)")
    wall_s = time.monotonic()
    with Store(path) as store, interrupts(stop):
        outcome = await play(scenario, folder, store, on_session, show.verdict)
        await asyncio.gather(*shown)
    took_s = time.monotonic() - wall_s
    summary = {
        **show.records.summary(str(path)),
        "truth_strides": outcome.truth_strides,
        "sent": outcome.sent,
        "received": outcome.received,
        "backfilled": outcome.backfilled,
        "lost": outcome.lost,
        "duplicates": outcome.duplicates,
        "speed": round(loop.time() / took_s, 2),
        "firmware": firmware,
    }
    ok = outcome.ok or stopped.is_set()
    if not stopped.is_set():
        _tell_checks(outcome, out)
    from .lines import summed_up

    out.record(summary, summed_up(summary, show.strides))
    out.note(f"{loop.time():.1f} s of the virtual clock in {took_s:.1f} s")
    if stopped.is_set():
        out.note("stopped early: nothing was checked")
    return 0 if ok else 1


class _Show:
    """The session's updates as lines or JSON records."""

    def __init__(self, out: Output) -> None:
        from ..records import RunRecords
        from ..times import utc_now

        self._out = out
        self._cues = 0
        self.strides: list[Record] = []
        about = {"run": 1, "source": "demo", "runner": "demo", "start_utc": utc_now()}
        self.records = RunRecords(about)

    def verdict(self, verdict: Verdict) -> None:
        from .course import told_of

        self._out.record(verdict.to_json(), f"calibration, {verdict.stage}: {told_of(verdict)}")

    async def follow(self, session: Session, latency: TrueLatency) -> None:
        from ..bus import News
        from .lines import line

        updates = session.bus.subscribe()
        with suppress(StopAsyncIteration):
            async for update in updates:
                if isinstance(update, News):
                    told = {"type": update.kind, "t_s": None, "code": update.code, "message": update.message}
                    self._out.record(told, line(told))
                    continue
                record = self.records.feed(update.record.name, update.record.values())
                if record is None:
                    continue
                if record["type"] == "cue":
                    true_ms = latency(self._cues)
                    record["latency_true_ms"] = None if true_ms is None else round(true_ms, 1)
                    self._cues += 1
                elif record["type"] == "stride":
                    self.strides.append(record)
                self._out.record(record, line(record))


def _tell_checks(outcome: Outcome, out: Output) -> None:
    from .lines import line

    for check in outcome.checks:
        record = {"type": "check", "name": check.name, "ok": check.ok, "detail": check.detail}
        out.record(record, line(record))
