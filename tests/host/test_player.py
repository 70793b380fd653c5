# SPDX-License-Identifier: MIT
"""A run played in MicroPython and in this interpreter: the same records, whatever the batches."""

from array import array

import pytest

from core import golden
from kneecore.chips import Chip
from kneecore.settings import Settings
from kneesense import player
from kneesense.errors import ExtraMissing
from kneesense.player import CPYTHON, MICROPYTHON, Run, Unplayable, play
from kneesense.recording import Quantised, Segment
from kneesense.world import firmware

ENGINES = (MICROPYTHON, CPYTHON)


def run_of(name):
    """A golden run, in segments between its gaps."""
    made = golden.RUNS[name]()
    segments, start, first, lost = [], 0, 0, 0
    for at, (missing, _) in sorted({**made.gaps, len(made.counts) // 6: (0, 0)}.items()):
        segments.append(
            Segment(start, lost, "fifo_overflow" if lost else "", made.counts[6 * first : 6 * at])
        )
        start, first, lost = start + at - first + missing, at, missing
    chip = Chip("made", *made.scales, made.rate_hz)
    return Run(
        Quantised(0.0, made.rate_hz, tuple(segments)), chip, made.calibration, Settings(**made.settings)
    )


@pytest.fixture
def no_micropython(monkeypatch):
    def missing():
        raise ExtraMissing("demo", "no MicroPython interpreter for this platform")

    monkeypatch.setattr(player, "micropython", missing)


def needs_micropython():
    try:
        firmware.micropython()
    except ExtraMissing as why:
        pytest.skip(str(why))


@pytest.mark.parametrize("name", golden.RUNS)
def test_both_engines_tell_the_same(name):
    needs_micropython()
    run = run_of(name)
    fast, slow = (play(run, engine) for engine in ENGINES)
    assert (fast.engine, slow.engine) == ENGINES
    assert fast.records == slow.records
    assert fast.end == slow.end
    assert slow.end["samples"] == run.quantised.samples


def test_a_watched_run_is_the_same_and_every_sample_is_seen():
    run = run_of("broken")
    samples = []
    watched = play(run, watch=lambda pipeline: samples.append(pipeline.sample))
    plain = play(run, CPYTHON)
    assert (watched.records, watched.end) == (plain.records, plain.end)
    assert len(samples) == sum(len(segment.counts) // 6 for segment in run.quantised.segments)


def test_the_faster_engine_is_taken():
    needs_micropython()
    assert play(run_of("made at 208 Hz")).engine == MICROPYTHON


def test_without_micropython_it_plays_here(no_micropython):
    assert play(run_of("made at 208 Hz")).engine == CPYTHON
    with pytest.raises(ExtraMissing):
        play(run_of("made at 208 Hz"), MICROPYTHON)


def test_a_process_that_fails_is_no_answer(monkeypatch):
    needs_micropython()
    monkeypatch.setattr(player, "_PROGRAM", player._PROGRAM.with_name("missing.py"))
    assert play(run_of("made at 208 Hz")).engine == CPYTHON
    with pytest.raises(Unplayable):
        play(run_of("made at 208 Hz"), MICROPYTHON)


def test_nothing_is_nothing():
    needs_micropython()
    made = run_of("made at 208 Hz")
    empty = Run(Quantised(0.0, 208, ()), made.chip, made.calibration, made.settings)
    no_samples = Run(
        Quantised(0.0, 208, (Segment(0, 0, "", array("h")),)), made.chip, made.calibration, made.settings
    )
    for run in (empty, no_samples):
        for engine in ENGINES:
            played = play(run, engine)
            assert played.records == []
            assert set(played.end.values()) == {0}
