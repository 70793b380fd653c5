# SPDX-License-Identifier: MIT
"""`bench` without measuring: what is missing is skipped with its reason, and the table fits a terminal."""

import io
import subprocess
import sys

import pytest
from rich.console import Console

from kneesense import bench
from kneesense.cli import bench as command
from kneesense.errors import ExtraMissing
from kneesense.samplecost import Skip


def missing():
    raise ExtraMissing("analysis")


def nothing():
    raise Skip("no cue came")


def row(measure=lambda: [1.0, 2.0, 3.0], peer=lambda: [4.0], **beside):
    return bench._row("step", "us/sample", measure, bench.Beside("VQF", peer, **beside))


def test_a_row_has_the_median_the_spread_and_the_ratio():
    made = row()
    assert (made.n, made.median, made.spread, made.ratio) == (3, 2.0, 2.0, 0.5)
    assert row(fixed=True).record()["peer_fixed"] is True


def test_a_missing_peer_leaves_the_figure():
    made = row(peer=missing)
    assert made.median == 2.0
    assert made.ratio is None
    assert made.peer_skipped == f"the extra 'analysis' is not installed: {ExtraMissing('analysis').advice}"


@pytest.mark.parametrize(("measure", "why"), [(missing, "[analysis]"), (nothing, "no cue came")])
def test_what_cannot_be_measured_is_skipped_with_the_reason(measure, why):
    made = row(measure)
    assert made.median is None
    assert why in made.skipped


def test_without_the_virtual_radio_the_latencies_are_skipped():
    program = (
        "import sys; sys.modules['bumble'] = None\n"
        "from kneesense import bench\n"
        "print(bench._row('x', 'ms', bench._stride_latency, bench._limit(1.0)).skipped)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"no module bumble: {ExtraMissing('demo').advice}\n"


def test_the_table_fits_80_columns(monkeypatch, tell_json):
    values = [12345.678, 0.0123456, 4.0]
    names = [made.name for made in _names()]
    rows = [
        bench._row(name, "byte/sample", lambda: values, bench.Beside("whole step", missing)) for name in names
    ]
    rows.append(bench._row("kneesense --help", "s", missing, bench.Beside("python", missing)))
    sink = io.StringIO()
    Console(file=sink, width=200).print(command._table(rows))
    printed = sink.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in printed) <= 80
    assert not any("\u2026" in line for line in printed)
    monkeypatch.setattr(bench, "rows", lambda: iter(rows))
    code, records, _ = tell_json("bench")
    assert code == 0
    assert records[-1] == {"type": "summary", "rows": len(rows), "skipped": 1, "peers_skipped": len(rows) - 1}


def _names():
    """Every row there is, without a figure."""

    with pytest.MonkeyPatch.context() as patch:
        for name in ("_stride_latency", "_cue_latency", "_help_start", "_interval_ms"):
            patch.setattr(bench, name, nothing)
        patch.setattr(bench, "_starts", lambda *_: nothing())
        for name in ("ours", "fit_tool"):
            patch.setattr(bench.exportcost, name, nothing)
        patch.setattr(bench, "SampleCost", _Unmeasured)
        return list(bench.rows())


class _Unmeasured:
    def figures(self, name):
        raise Skip(name)

    on_cpython = hour = vqf = staticmethod(nothing)
