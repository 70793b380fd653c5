# SPDX-License-Identifier: MIT
"""The table of tunables: consistent, small enough for the wire, and refusing what is out of range."""

import keyword

import pytest

from kneecore import wire
from kneecore.meanings import MEANINGS
from kneecore.settings import INDEX, TABLE, SettingError, Settings, checked, find

ids = {"ids": lambda setting: setting.name}


@pytest.mark.parametrize("setting", TABLE, **ids)
def test_a_setting_fits_its_range_and_the_wire(setting):
    assert setting.low <= setting.default <= setting.high
    assert setting.low >= -(2**31)
    assert setting.high < 2**30, "an int the device holds without allocating"
    assert setting.unit
    assert MEANINGS[setting.name]
    assert setting.name.isidentifier()
    assert not keyword.iskeyword(setting.name)


def test_numbers_on_the_wire_keep_their_meaning():
    assert [setting.name for setting in TABLE][:15] == [
        "cue_rule", "cadence_offset_pm", "cadence_band_pm", "cue_side", "cue_m", "cue_n", "cue_holdoff_strides",
        "baseline_strides", "confidence_min", "pulse_min_ms", "pulse_max_ms", "swing_floor_dps", "filter_tau_ms",
        "run_impact_mg", "run_duty_pm",
    ]  # fmt: skip
    assert len(TABLE) <= 256, "the wire has one byte for the number"


def test_names_are_unique_and_no_method_is_hidden():
    assert len(INDEX) == len(TABLE)
    assert not set(INDEX) & set(dir(Settings))


def test_cue_rule_counts_the_rules_of_the_wire():
    setting = find("cue_rule")
    assert (setting.low, setting.high) == (0, len(wire.RULES) - 1)
    assert wire.RULES[setting.default] == "cadence"


def test_defaults_and_values_by_name():
    settings = Settings(cue_m=4)
    assert settings.cue_m == settings.get("cue_m") == settings.get(INDEX["cue_m"]) == 4
    assert settings.cue_n == find("cue_n").default


@pytest.mark.parametrize("setting", TABLE, **ids)
def test_the_ends_of_the_range_are_accepted_and_the_next_values_refused(setting):
    settings = Settings()
    for value in (setting.low, setting.high):
        settings.set(setting.name, value)
        assert settings.get(setting.name) == value == checked(INDEX[setting.name], value)
    for value in (setting.low - 1, setting.high + 1):
        with pytest.raises(
            SettingError, match=rf"^{setting.name} = {value}: must be {setting.low} to {setting.high}"
        ):
            settings.set(setting.name, value)
        assert settings.get(setting.name) == setting.high


@pytest.mark.parametrize("key", ["no_such", "get", "", -1, len(TABLE), 255])
def test_an_unknown_setting_is_refused_by_its_key(key):
    with pytest.raises(SettingError, match="no setting"):
        find(key)
    with pytest.raises(SettingError, match="no setting"):
        Settings().set(key, 1)


def test_a_name_that_is_no_setting_is_no_attribute():
    with pytest.raises(AttributeError, match="no setting 'cue_x'"):
        _ = Settings().cue_x
