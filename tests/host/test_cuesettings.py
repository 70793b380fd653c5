# SPDX-License-Identifier: MIT
"""The cue's settings in a runner's units: rounding, ranges, words."""

import pytest

from kneecore import rules, settings, wire
from kneecore.settings import Settings
from kneesense.cuesettings import COACHED, MODES, NUMBERS, SIDES, CueSetup, step, target
from kneesense.errors import InputError


def test_everything_the_engine_reads_is_asked_of_the_unit():
    """A coach from COACHED alone is one from all settings: it asks for no other."""
    from kneecore.coach import Coach

    read = []

    class Spy(Settings):
        def get(self, key):
            read.append(key)
            return super().get(key)

    for rule in range(len(wire.RULES)):
        Coach(500, Spy(cue_rule=rule))
    assert set(read) <= set(COACHED)
    assert len(set(read)) > 10


def test_names_cover_the_codes_of_the_unit():
    assert len(SIDES) - 1 == settings.find("cue_side").high
    assert len(MODES) - 1 == settings.find("cue_mode").high
    assert set(NUMBERS) == {wire.RULES[number] for number in rules.RULES}


@pytest.mark.parametrize(
    ("rule", "offset", "band", "expected"),
    [
        ("cadence", 7.5, 2, {"cue_rule": 1, "cadence_offset_pm": 75, "cadence_band_pm": 20}),
        ("lean", -1.25, 0.5, {"cue_rule": 2, "lean_offset_cdeg": -125, "lean_band_cdeg": 50}),
        ("impact", -25, 5, {"cue_rule": 3, "impact_offset_pm": -250, "impact_band_pm": 50}),
        ("metronome", 10, None, {"cue_rule": 4, "cadence_offset_pm": 100}),
        ("off", None, None, {"cue_rule": 0}),
    ],
)
def test_offset_and_band_are_in_the_rules_unit(rule, offset, band, expected):
    assert target(rule, offset, band) == expected


def test_whole_means_defaults_for_what_is_not_named():
    assert target("impact", None, None, whole=True) == {
        "cue_rule": 3,
        "impact_offset_pm": -200,
        "impact_band_pm": 0,
    }


@pytest.mark.parametrize("value", [20.1, -20.1, float("nan"), float("inf")])
def test_out_of_range_is_told_in_the_runners_unit(value):
    with pytest.raises(InputError, match=r"--offset .*: must be -20 to 20 %"):
        target("cadence", value, None)


def test_a_setting_in_its_own_unit_stays_as_it_is():
    assert step("cue_every", 7, "--every") == 7


def test_a_setup_tells_what_the_unit_does():
    setup = CueSetup.of(Settings(cue_rule=2, lean_offset_cdeg=-150, cue_side=3, cue_mode=2, cue_every=6))
    assert (setup.offset, setup.unit, setup.band, setup.side, setup.mode) == (
        -1.5,
        "deg",
        None,
        "less",
        "every",
    )
    text = "\n".join(setup.lines)
    assert "lean, target baseline -1.5 deg" in text
    assert "automatic, 2 SD" in text
    assert "less only" in text
    assert "every 6th stride" in text
    assert setup.to_json()["metric"] == "lean_cue_deg"


def test_a_beat_is_no_offset():
    setup = CueSetup.of(Settings(cue_rule=4, metronome_cspm=17000))
    assert (setup.beat_spm, setup.offset) == (170, None)
    assert "target 170 spm" in setup.lines[0]
    assert CueSetup.of(Settings(cue_rule=1, metronome_cspm=17000)).beat_spm is None


def test_off_has_no_target():
    setup = CueSetup.of(Settings(cue_rule=0))
    assert setup.lines == ["cues: off"]
    assert (setup.offset, setup.band, setup.to_json()["metric"]) == (None, None, None)


@pytest.mark.parametrize("rule", range(len(wire.RULES)))
@pytest.mark.parametrize("mode", range(len(MODES)))
def test_lines_fit_a_terminal(rule, mode):
    assert all(len(line) <= 80 for line in CueSetup.of(Settings(cue_rule=rule, cue_mode=mode)).lines)
