# SPDX-License-Identifier: MIT
"""Makes docs/demo.svg, the terminal picture in the README, by running the demo: `python tests/checks/pictures.py`.

The longest quiet stretches are left out, which the picture says; every other line is as printed.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "demo.svg"
COLUMNS = 84
_HEAD = 9  # lines of the run's beginning that are shown
_AROUND = {"link": (1, 4), "cue": (4, 4)}  # lines before and after the lost link and the first cue


def lines() -> list[str]:
    """What the demo prints on a colour terminal."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "KNEESENSE_HOME": home,
            "FORCE_COLOR": "1",
            "COLUMNS": str(COLUMNS),
            "TERM": "xterm-256color",
        }
        done = subprocess.run(
            [sys.executable, "-m", "kneesense", "demo", "--speed", "1000"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.replace(home, "~/.local/share/kneesense").splitlines()


def shortened(printed: list[str]) -> list[str]:
    def first(text: str) -> int:
        return next(i for i, line in enumerate(printed) if text in line)

    lost, cue, checks = first("was lost"), first("CUE"), first("recorded:")
    parts = [(0, _HEAD), (lost - _AROUND["link"][0], lost + _AROUND["link"][1])]
    parts += [(cue - _AROUND["cue"][0], cue + _AROUND["cue"][1])]
    out: list[str] = []
    for start, end in parts:
        out += [*printed[start:end], "       ..."]
    return [*out, *printed[checks:]]


def main() -> None:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print("[bold]$ kneesense demo[/]")
    for line in shortened(lines()):
        console.print(Text.from_ansi(line), soft_wrap=True)
    PICTURE.write_text(console.export_svg(title="kneesense demo") + "\n")
    print(f"wrote {PICTURE}")


if __name__ == "__main__":
    main()
