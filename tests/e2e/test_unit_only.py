# SPDX-License-Identifier: MIT
"""`kneesense demo --unit-only` beside the other commands: its steps work as printed, and its end ends them cleanly."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

LIMIT_S = 60.0
KNEESENSE = [sys.executable, "-m", "kneesense"]


def until(what: Callable[[], bool], told: Path) -> None:
    limit = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < limit, told.read_text()
        time.sleep(0.1)


def printed_steps(text: str) -> tuple[dict[str, str], list[list[str]]]:
    """What the steps export, and their commands, continued lines joined."""
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    exported = dict(re.findall(r"^export (\w+)=(.+)$", "\n".join(lines), re.MULTILINE))
    values = {name: shlex.split(value)[0] for name, value in exported.items()}
    commands = [
        [word.replace("$KNEESENSE_HOME", values["KNEESENSE_HOME"]) for word in shlex.split(line)[1:]]
        for line in lines
        if line.startswith("kneesense ")
    ]
    return values, commands


def test_the_printed_steps_work_beside_another_store_and_end_with_the_unit(tmp_path: Path) -> None:
    home, told, said = tmp_path / "a home", tmp_path / "unit.txt", tmp_path / "run.txt"
    environment = {**os.environ, "KNEESENSE_HOME": str(home)}
    with told.open("w") as out, (tmp_path / "unit-errors.txt").open("w") as errors:
        unit = subprocess.Popen(
            [*KNEESENSE, "demo", "--unit-only", "--speed", "4"], env=environment, stdout=out, stderr=errors
        )
    run = None
    try:
        until(lambda: "in that folder" in told.read_text(), told)
        exported, (scan, pair, calibrate, record) = printed_steps(told.read_text())
        assert (scan, pair[0], calibrate, record[0]) == (["scan"], "pair", ["calibrate"], "run")
        for step in (scan, pair, [*calibrate, "--countdown", "0"]):
            done = subprocess.run(
                [*KNEESENSE, *step],
                env=environment | exported,
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
            )
            assert (done.returncode, done.stderr) == (0, "")
        with said.open("w") as out:
            run = subprocess.Popen(
                [
                    *KNEESENSE,
                    *record,
                    "--screen-answers",
                    "no,no,no,no,no",
                ],  # a person is asked at the terminal
                env=environment | exported,
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
            )
        until(lambda: " lean " in said.read_text(), said)
        unit.send_signal(signal.SIGINT)
        assert unit.wait(LIMIT_S) == 0
        _, complaint = run.communicate(timeout=LIMIT_S)
    finally:
        for process in (unit, run):
            if process and process.poll() is None:
                process.kill()
                process.wait()
    assert (tmp_path / "unit-errors.txt").read_text() == ""
    assert run.returncode == 1
    assert len(complaint.splitlines()) == 1
    assert "does not answer" in complaint
    assert "log: " in said.read_text()  # summed up all the same
    assert not (home / "runs.sqlite").exists()  # the user's own store is not touched


def test_with_both_legs_the_printed_steps_record_both(tmp_path: Path) -> None:
    home, told = tmp_path / "home", tmp_path / "units.txt"
    environment = {**os.environ, "KNEESENSE_HOME": str(home)}
    with told.open("w") as out, (tmp_path / "unit-errors.txt").open("w") as errors:
        units = subprocess.Popen(
            [*KNEESENSE, "demo", "--unit-only", "--both-legs", "--speed", "4"],
            env=environment,
            stdout=out,
            stderr=errors,
        )
    try:
        until(lambda: "in that folder" in told.read_text(), told)
        exported, (_, left, right, record) = printed_steps(told.read_text())
        recorded = [*record, "--screen-answers", "no,no,no,no,no", "--duration", "12", "--json"]
        for step in (left, right, recorded):
            done = subprocess.run(
                [*KNEESENSE, *step],
                env=environment | exported,
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
            )
            assert done.returncode == 0, done.stderr
        units.send_signal(signal.SIGINT)
        assert units.wait(LIMIT_S) == 0
    finally:
        if units.poll() is None:
            units.kill()
            units.wait()
    assert (tmp_path / "unit-errors.txt").read_text() == ""
    legs = [record for record in map(json.loads, done.stdout.splitlines()) if record["type"] == "leg"]
    assert [leg["side"] for leg in legs] == ["left", "right"]
    assert all(leg["strides"] for leg in legs)
