# SPDX-License-Identifier: MIT
"""The programs of docs/examples do what they say, on a run of the demo and a simulated recording."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"


def python(*arguments, given=None):
    """stdout of a program."""
    path = os.pathsep.join(map(str, (ROOT / "host", ROOT / "firmware")))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment, input=given, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The JSON lines of a demo, and its store."""
    folder = tmp_path_factory.mktemp("demo")
    store = folder / "runs.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KNEESENSE_HOME", str(folder))
        lines = python(
            "-m", "kneesense", "demo", "--without-firmware", "--speed", 1000, "--json", "--store", store
        )
    return lines, store


def test_a_run_is_loaded_from_the_store(demo):
    lines, store = demo
    head, *rows = python(EXAMPLES / "load_run.py", "last", store).splitlines()
    assert head.startswith("ic_s,gait,")
    assert len(rows) == lines.count('"type": "stride"') > 35
    assert any(",run,16" in row for row in rows)


def test_a_live_run_is_followed(demo):
    told = python(EXAMPLES / "follow_live.py", given=demo[0])
    assert "buzz: increase cadence" in told
    cadences = [float(found) for found in re.findall(r"([\d.]+) spm", told)]
    assert min(cadences) > 145
    assert re.search(r"^\d+ strides$", told, re.MULTILINE)


def test_a_recording_made_by_simulate_is_replayed(tmp_path):
    python("-m", "kneesense", "simulate", tmp_path, "--scenario", "run", "--duration", 15)
    (file,) = tmp_path.glob("*.csv.gz")
    told = python(EXAMPLES / "replay_recording.py", file, "right")
    assert told.count(" run ") > 15
    assert " 0.0 spm" not in told
    assert "  - spm" in told
    assert "spm on average" in told


def test_every_example_is_run_here():
    source = Path(__file__).read_text()
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in source] == []
