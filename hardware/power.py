# SPDX-License-Identifier: MIT
"""Adds up power.toml and fills the tables of power.md: `make hardware`, or `python hardware/power.py --write`.

Every current is a range; what comes of it is one too.  A build meets the hours wanted if even the upper end does,
misses them if even the lower end does, and otherwise only a measurement can tell.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PAGE = HERE / "power.md"
MHZ = (240, 160)
STATES = ("run, linked", "run, not linked", "awake, idle", "asleep")


class Range(NamedTuple):
    low: float
    high: float

    def __add__(self, other: object) -> Range:
        assert isinstance(other, Range)
        return Range(self.low + other.low, self.high + other.high)

    def times(self, factor: float) -> Range:
        return Range(self.low * factor, self.high * factor)


def read() -> dict:
    with (HERE / "power.toml").open("rb") as file:
        return tomllib.load(file)


def shares(assumed: dict) -> dict[str, float]:
    """Share of time that something is on."""
    return {
        "linked": assumed["link_event_ms"] / assumed["link_interval_ms"],
        "not linked": assumed["advertise_event_ms"] / assumed["advertise_interval_ms"],
        "motor": assumed["cues_a_minute"] * assumed["pulse_ms"] / 60_000,
    }


def draw(data: dict, build: str, state: str, mhz: int) -> Range:
    """Mean current from the cell."""

    def of(name: str) -> Range:
        current = data["current"][name]
        return Range(current["low"], current["high"])

    parts, share = data["build"][build], shares(data["assumed"])
    total = Range(0, 0)
    for name in parts["always"]:
        total += of(name)
    chips = [parts["sensor"], *([parts["driver"]] if "driver" in parts else [])]
    if state == "asleep":
        for chip in chips:
            total += of(chip + "_waits")
        return total
    for chip in chips:
        total += of(chip)
    cpu = of(f"cpu_{mhz}")
    if state == "awake, idle":
        cpu = Range(cpu.low, cpu.low)
    total += cpu + of("radio").times(share["linked" if state == "run, linked" else "not linked"])
    return total + of(parts["motor"]).times(share["motor"]) if state.startswith("run") else total


def allowed_ma(assumed: dict) -> float:
    return assumed["usable"] * assumed["of_cell_mah"] / assumed["hours_wanted"]


def verdict(total: Range, allowed: float) -> str:
    if total.high <= allowed:
        return "meets"
    return "misses" if total.low > allowed else "to be measured"


def span(low: float, high: float) -> str:
    def short(value: float) -> str:
        return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"

    return short(low) if short(low) == short(high) else f"{short(low)} to {short(high)}"


def lasting(capacity: float, total: Range) -> str:
    """Hours, or days where there are many."""
    hours = Range(capacity / total.high, capacity / total.low)
    return span(*hours) + " h" if hours.low < 72 else span(*hours.times(1 / 24)) + " d"


def currents(data: dict) -> str:
    rows = [f"| `{n}` | {span(c['low'], c['high'])} | {c['source']} |" for n, c in data["current"].items()]
    return "\n".join(["| part | mA | source |", "| --- | --- | --- |", *rows])


def draws(data: dict) -> str:
    cells = data["assumed"]["cells_mah"]
    head = f"| build | state | MHz | mean mA | {' | '.join(f'{cell} mAh' for cell in cells)} |"
    rows = [head, "| --- " * (4 + len(cells)) + "|"]
    for build in data["build"]:
        for state in STATES:
            for mhz in MHZ if state != "asleep" else (0,):
                total = draw(data, build, state, mhz)
                lasts = [lasting(cell * data["assumed"]["usable"], total) for cell in cells]
                rows.append(f"| {build} | {state} | {mhz or '-'} | {span(*total)} | {' | '.join(lasts)} |")
    return "\n".join(rows)


def verdicts(data: dict) -> str:
    allowed = allowed_ma(data["assumed"])
    rows = [
        "| build | state | " + " | ".join(f"{mhz} MHz" for mhz in MHZ) + " |",
        "| --- | --- | --- | --- |",
    ]
    for build in data["build"]:
        for state in STATES[:2]:
            told = [verdict(draw(data, build, state, mhz), allowed) for mhz in MHZ]
            rows.append(f"| {build} | {state} | {' | '.join(told)} |")
    return "\n".join(rows)


def aim(data: dict) -> str:
    a = data["assumed"]
    return (
        f"{a['hours_wanted']} hours from a cell of {a['of_cell_mah']} mAh, {a['usable']:.0%} of it usable, allow "
        f"**{allowed_ma(a):.0f} mA** on average."
    )


TABLES = {"aim": aim, "verdicts": verdicts, "draws": draws, "currents": currents}


def filled(text: str) -> str:
    data = read()
    for name, make in TABLES.items():
        mark = rf"(<!-- power: {name} -->\n).*?(<!-- end -->)"
        (found,) = re.finditer(mark, text, re.DOTALL)
        text = f"{text[: found.start()]}{found[1]}{make(data)}\n{found[2]}{text[found.end() :]}"
    return text


if __name__ == "__main__":
    text = filled(PAGE.read_text())
    if "--write" in sys.argv:
        PAGE.write_text(text)
    else:
        print(text)
