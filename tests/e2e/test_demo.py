# SPDX-License-Identifier: MIT
"""The demo, and that its checks can fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kneecore import wire
from kneesense.cli import app
from kneesense.store import Store
from kneesense.sync import LogSync
from kneesense.world import clock, demo, scenario
from kneesense.world.board import Board
from kneesense.world.outcome import Outcome

SPEED = 1000.0


def play(folder: Path, played: scenario.Scenario) -> tuple[Outcome, list[Any]]:
    async def main() -> Outcome:
        with Store(folder / "runs.sqlite") as store:
            return await demo.play(played, folder, store, lambda session, latency: None)

    outcome = clock.run(main, SPEED)
    return outcome, [check.name for check in outcome.checks if not check.ok]


@pytest.mark.parametrize(("side", "seed"), [("right", 1), ("left", 2)])
def test_the_demo_passes_its_own_checks(tmp_path: Path, side: str, seed: int) -> None:
    outcome, failed = play(tmp_path, scenario.runner(30, side, seed))
    assert failed == []
    assert outcome.truth_strides is not None
    assert outcome.truth_strides > 35
    assert outcome.sent == outcome.received + outcome.backfilled
    assert outcome.backfilled > 0


def sabotage_the_back_fill(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(self: LogSync, unit: Any, to_seq: int) -> None:
        self._have = max(self._have, to_seq)

    monkeypatch.setattr(LogSync, "fill", nothing)


def delay_the_cue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Board, "motor_delay_us", 200_000)


@pytest.mark.parametrize(
    ("sabotage", "expected"),
    [(sabotage_the_back_fill, {"log and store agree", "strides"}), (delay_the_cue, {"in time"})],
)
def test_a_sabotaged_demo_says_what_failed_and_exits_with_1(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sabotage: Callable[[pytest.MonkeyPatch], None],
    expected: set[str],
) -> None:
    monkeypatch.setenv("KNEESENSE_HOME", str(tmp_path))
    sabotage(monkeypatch)
    assert app.run(["demo", "--speed", "1000", "--json"]) == 1
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    failed = {record["name"] for record in records if record["type"] == "check" and not record["ok"]}
    assert expected <= failed
    assert (records[-1]["lost"] > 0) == ("strides" in expected)


def test_a_runner_who_does_not_slow_down_gets_no_cue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario, "_SLOW", 1.0)
    outcome, failed = play(tmp_path, scenario.runner(40, "right", 3))
    assert outcome.buzzes == []
    assert failed == ["a cue while the runner is slow"]


def test_the_same_recording_gives_the_same_strides_through_firmware_radio_and_host(
    tmp_path: Path, data: Path
) -> None:
    file = data / "nmsdyn_s0040" / "treadmill_run_comfortable.csv.gz"
    outcome, failed = play(tmp_path, scenario.played(file, "right", None, None))
    assert failed == []
    strides = [record for record in outcome.records if record.code == wire.STRIDE.code]
    assert abs(len(strides) - 66) <= 1


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KNEESENSE_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "kneesense", "demo", *arguments],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_command_prints_json_lines_and_the_contract_s_summary(tmp_path: Path) -> None:
    done = command(tmp_path, "--json", "--speed", "1000")
    assert done.returncode == 0, done.stdout + done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    summary = records[-1]
    assert summary["type"] == "summary"
    for key in ("strides", "mean_cadence_spm", "duration_s", "run_s", "walk_s", "unsure_s", "still_s", "gap_s", "gaps",
                "cues", "log", "truth_strides", "sent", "received", "backfilled", "lost", "duplicates"):  # fmt: skip
        assert key in summary
    assert summary["strides"] == summary["truth_strides"]
    assert (summary["lost"], summary["duplicates"], summary["gaps"]) == (0, 0, 0)
    assert Path(summary["log"]).exists()
    parts = ("run_s", "walk_s", "unsure_s", "still_s", "gap_s")
    assert sum(summary[part] for part in parts) == pytest.approx(summary["duration_s"], abs=0.01)
    cues = [record for record in records if record["type"] == "cue"]
    assert cues
    assert all(0 < cue["latency_true_ms"] <= 100 for cue in cues)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--duration", "10"), "at least 25 s"),
        (("--speed", "0"), "--speed"),
        (("--recording", "missing.csv"), "missing.csv"),
    ],
)
def test_bad_arguments_are_told_in_one_line(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = command(tmp_path, *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
