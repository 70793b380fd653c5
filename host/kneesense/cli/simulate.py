# SPDX-License-Identifier: MIT
"""`kneesense simulate`: recordings of simulated runners, with truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ..errors import InputError
from .output import DEFAULT_FLAGS, Flags, Output

if TYPE_CHECKING:
    from ..simulator import Scenario

_RATES_HZ = (200.0, 1000.0)
_DURATIONS_S = (10.0, 7200.0)


def simulate(
    out_dir: Path | None = None,
    /,
    *,
    scenario: Annotated[list[str] | None, Parameter(negative=())] = None,
    list_: Annotated[bool, Parameter(name="--list", negative=())] = False,
    runners: int = 1,
    seed: int = 1,
    duration: float = 60.0,
    part: Literal["mpu6050", "lsm6dso", "icm42688p"] = "mpu6050",
    rate: float | None = None,
    side: Literal["left", "right"] = "right",
    flags: Flags = DEFAULT_FLAGS,
) -> None:
    """Write recordings of simulated runners, each with its truth, for `kneesense validate`.

    Every runner is another person with another sensor, mounted in another way.  The same options give the same
    files.  NAME.csv.gz is the recording, NAME.truth.json what is true about it.

    Example: kneesense simulate runs --scenario track --scenario stairs_up --runners 5

    Parameters
    ----------
    out_dir
        Folder for the recordings; made if it is not there.
    scenario
        What they do; may be given several times. Default: every scenario once.
    list_
        Tell the scenarios and stop.
    runners
        How many people do it.
    seed
        Another number gives other people.
    duration
        Seconds of each scenario, standing and walking before it not counted.
    part
        The sensor chip.
    rate
        Nominal samples per second. Default: the chip's.
    side
        The leg that wears the sensor.
    """
    from ..simulator import SCENARIOS

    out = Output(flags.json)
    if list_:
        for one in SCENARIOS.values():
            out.record(
                {"type": "scenario", "name": one.name, "about": one.about}, f"{one.name:<12} {one.about}"
            )
        out.record({"type": "summary", "scenarios": len(SCENARIOS)})
        return
    if out_dir is None:
        raise InputError("no folder given", "kneesense simulate FOLDER")
    unknown = [name for name in scenario or () if name not in SCENARIOS]
    if unknown:
        raise InputError(f"--scenario {unknown[0]}: there is none", f"one of {', '.join(SCENARIOS)}")
    for name, value, (least, most) in (
        ("runners", runners, (1, 999)),
        ("duration", duration, _DURATIONS_S),
        ("rate", rate or _RATES_HZ[0], _RATES_HZ),
    ):
        if not least <= value <= most:
            raise InputError(f"--{name} {value:g}: must be {least:g} to {most:g}")
    chosen = [SCENARIOS[name] for name in dict.fromkeys(scenario or SCENARIOS)]
    _write(out, out_dir, chosen, runners, seed, duration, part, rate, side)


def _write(
    out: Output,
    folder: Path,
    scenarios: list[Scenario],
    n: int,
    seed: int,
    duration_s: float,
    part: str,
    rate_hz: float | None,
    side: str,
) -> None:
    from dataclasses import asdict, replace

    from rich.progress import Progress

    from ..simulator import PARTS, runners, sensors
    from ..simulator import folder as files

    jobs = [
        (number, runner, sensor, scenario)
        for number, (runner, sensor) in enumerate(
            zip(runners(n, seed), sensors(n, seed, PARTS[part]), strict=True), 1
        )
        for scenario in scenarios
    ]
    strides = 0
    with Progress(console=out.console, transient=True, disable=not out.console.is_terminal) as bar:
        for number, runner, sensor, scenario in bar.track(jobs, description="simulating"):
            worn = replace(sensor, rate_hz=rate_hz or 0.0)
            run_seed = 1000 * seed + number
            done = scenario.simulate(runner, duration_s, worn, side, run_seed)
            about = {
                "condition": scenario.name,
                "made_by": {"scenario": scenario.name, "runner": number, "seed": seed, "part": part},
                "runner": asdict(runner),
            }
            path = files.write(folder, f"{scenario.name}-{number:03}", done, about)
            strides += len(done.strides)
            length_s = round(float(done.recording.t_s[-1]), 3)
            out.record(
                {
                    "type": "recording",
                    "file": str(path),
                    "scenario": scenario.name,
                    "runner": number,
                    "strides": len(done.strides),
                    "duration_s": length_s,
                },
                f"{path}  {length_s:.0f} s, {len(done.strides)} strides",
            )
    text = f"{len(jobs)} recordings, {strides} strides in {folder}\nnext: kneesense validate {folder}"
    out.record(
        {"type": "summary", "recordings": len(jobs), "strides": strides, "folder": str(folder), "seed": seed},
        text,
    )
