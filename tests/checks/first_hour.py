# SPDX-License-Identifier: MIT
"""From an empty board to the first buzz and the first cue, by the commands of the README, timed.

    python -m checks.first_hour              (`make first-hour`: about five minutes, as a runner would have them)

The board, its cable, its radio and its runner are `kneesense demo --unit-only --empty-board`; the commands are those of
README, "The first ten minutes", each a process of its own, with nothing added but what a script must say where a person
is asked.  `--quick` takes a short baseline and lets the virtual time go faster.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_STARTS_S = 60.0
_BASELINE = 250  # strides, as the unit has it: about three minutes of running
_PROGRAM = (sys.executable, "-m", "kneesense")


def commands() -> list[list[str]]:
    """Of the README's section, as they are written there."""
    text = (ROOT / "README.md").read_text().split("## The first ten minutes")[1].split("```")[1]
    return [line.split("#")[0].split()[1:] for line in text.splitlines() if line.startswith("kneesense ")]


@contextmanager
def board(folder: Path, speed: float) -> Iterator[dict[str, str]]:
    """What the virtual board says of itself: radio, home, image, port, unit."""
    said = folder / "board.txt"
    environment = {**os.environ, "KNEESENSE_HOME": str(folder)}
    argv = [*_PROGRAM, "demo", "--unit-only", "--empty-board", "--duration", "900", "--speed", str(speed)]
    with said.open("wb") as output:
        child = subprocess.Popen(argv, env=environment, stdout=output, stderr=output)
    try:
        until = time.monotonic() + _STARTS_S
        while "kneesense run" not in said.read_text():
            assert child.poll() is None, said.read_text()
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.1)
        found = re.search(
            r"RADIO=(?P<radio>\S+)\n.*HOME=(?P<home>\S+)\n.*HOME/(?P<image>\S+)\" --port (?P<port>\S+)\n"
            r".*pair (?P<unit>\w+) --side (?P<side>\w+)",
            said.read_text(),
        )
        assert found, said.read_text()
        yield found.groupdict()
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(30)


def answers(there: dict[str, str], run: list[str]) -> dict[str, list[str]]:
    """What a person would say or choose."""
    return {
        "flash": ["--image", str(Path(there["home"], there["image"])), "--port", there["port"], "--yes"],
        "pair": [there["unit"], "--side", there["side"]],
        "calibrate": ["--countdown", "3"],
        "run": ["--screen-answers", "no,no,no,no,no", "--json", *run],
    }


def walk_through(speed: float, baseline: int) -> Iterator[dict[str, object]]:
    """One record for each command, and for the first cue; seconds of wall time since the board was plugged in."""
    with tempfile.TemporaryDirectory() as base, board(Path(base), speed) as there:
        environment = {**os.environ, "KNEESENSE_HOME": there["home"], "KNEESENSE_RADIO": there["radio"]}
        usual = baseline == _BASELINE
        said = answers(there, [] if usual else ["--baseline", str(baseline)])
        begun = time.monotonic()
        for command in commands():
            argv = [*_PROGRAM, *command, *said[command[0]]]
            heard, cue = "", None
            with subprocess.Popen(
                argv, env=environment, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            ) as child:  # fmt: skip
                assert child.stdout
                for line in child.stdout:
                    heard += line
                    if cue is None and line.startswith("{") and json.loads(line)["type"] == "cue":
                        cue = {"step": "first cue", "at_s": round(time.monotonic() - begun, 1), "ok": True}
                        child.send_signal(signal.SIGINT)
            code = child.returncode
            yield {
                "step": "kneesense " + " ".join(command),
                "at_s": round(time.monotonic() - begun, 1),
                "ok": code == 0 and (command[0] != "run" or cue is not None),
                **({} if code == 0 else {"said": heard[-500:]}),
            }
            if cue:
                yield cue
            if code:
                return


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args(arguments).quick
    ok = True
    for row in walk_through(4.0, 10) if quick else walk_through(1.0, _BASELINE):
        ok = ok and bool(row["ok"])
        print(json.dumps(row), flush=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
