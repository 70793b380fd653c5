# SPDX-License-Identifier: MIT
"""Settings for people: names that say their unit, text and TOML that give back every value, all or none on a unit."""

import re
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from fakeunit import FakeUnit
from hypothesis import given
from hypothesis import strategies as st

from kneecore import meanings, settings
from kneesense import unitsettings
from kneesense.device import Device
from kneesense.errors import CommandRefused, InputError, KneesenseError
from kneesense.settingsfile import dumps, loads
from kneesense.unitsettings import BY_KEY, ITEMS, apply, find, parsed, read

TASKS = Path(__file__).parents[2] / "firmware" / "tasks"
values = st.fixed_dictionaries({}, optional={s.name: st.integers(s.low, s.high) for s in settings.TABLE})
each = pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)


# --- names and numbers ----------------------------------------------------------------------------------------------


def test_every_setting_is_there_once_and_no_name_means_two():
    assert [item.key for item in ITEMS] == [setting.name for setting in settings.TABLE]
    assert len({item.name for item in ITEMS}) == len(ITEMS)
    foreign = {
        item.name: item.key for item in ITEMS if settings.INDEX.get(item.name, item.number) != item.number
    }
    assert foreign == {}


@each
def test_a_setting_reads_like_a_name_a_number_and_a_unit(item):
    assert item.unit or item.words or item.key == "imu_chip"
    assert "permille" not in item.span
    assert not re.search(r"_(pm|cdeg|cspm|mg|mdps)\b", item.name + item.meaning)
    assert len(item.words) <= item.high - item.low + 1
    assert item.words == () or item.low == 0


@given(
    st.sampled_from(ITEMS).flatmap(lambda item: st.tuples(st.just(item), st.integers(item.low, item.high)))
)
def test_what_is_shown_can_be_typed_in(of):
    item, value = of
    assert item.parse(item.text(value)) == value
    assert find(item.name).value(item.plain(value)) == value
    wire_item = find(item.key)
    assert wire_item.key == item.key
    assert wire_item.parse(wire_item.text(value)) == value


def test_each_name_has_its_own_unit():
    assert parsed(["lean_offset_deg=-2"]) == parsed(["lean_offset_cdeg=-200"]) == {"lean_offset_cdeg": -200}
    assert parsed(["metronome_spm = 172 spm"]) == {"metronome_cspm": 17200}
    assert parsed(["cue_rule=Lean", "raw_record=on", "cue_side=3"]) == {
        "cue_rule": 2,
        "raw_record": 1,
        "cue_side": 3,
    }


@pytest.mark.parametrize(
    ("word", "said", "advice"),
    [
        ("lean_ofset_deg=1", "no setting 'lean_ofset_deg'", "lean_offset_deg"),
        ("cadence=5", "no setting 'cadence'", "cadence_offset_pct or cadence_band_pct"),
        ("zzz=5", "no setting 'zzz'", "kneesense settings lists all"),
        ("cadence_offset_pct=25", "cadence_offset_pct = 25", "must be -20 to 20 %"),
        ("cadence_offset_pm=250", "cadence_offset_pm = 250", "must be -200 to 200 permille"),
        ("sleep_after_s=10min", "sleep_after_s = 10min", "must be 0 to 7200 s"),
        ("sleep_after_s=", "sleep_after_s = ", "must be 0 to 7200 s"),
        ("sleep_after_s=nan", "sleep_after_s = nan", "must be 0 to 7200 s"),
        ("cue_rule=speed", "cue_rule = speed", "must be off, cadence, lean, impact, metronome"),
        ("cue_rule=9", "cue_rule = 9", "must be off, cadence"),
    ],
)
def test_what_cannot_be_set_is_told_with_what_can(word, said, advice):
    with pytest.raises(InputError) as refused:
        parsed([word])
    assert str(refused.value) == said
    assert advice in refused.value.advice


@given(st.sampled_from(ITEMS), st.one_of(st.text(), st.floats().map(str), st.integers().map(str)))
def test_whatever_is_typed_is_a_value_or_told(item, text):
    with suppress(InputError):
        assert item.low <= parsed([f"{item.name}={text}"])[item.key] <= item.high


def test_one_setting_by_both_its_names_is_refused():
    with pytest.raises(InputError, match="lean_offset_deg is given twice"):
        parsed(["lean_offset_cdeg=100", "lean_offset_deg=1"])


def test_the_default_of_the_rule_is_what_a_unit_has_that_nobody_has_set(tmp_path, monkeypatch):
    from tasks.control import kept_settings

    monkeypatch.chdir(tmp_path)
    fresh = kept_settings()
    assert {item.key: item.default for item in ITEMS} == {item.key: fresh.get(item.key) for item in ITEMS}


def test_what_counts_at_once_is_what_the_unit_looks_up_each_time():
    looked_up = set()
    for name in ("power.py", "runs.py"):
        looked_up |= set(re.findall(r'self\._settings\.get\("(\w+)"\)', (TASKS / name).read_text()))
    assert {item.key for item in ITEMS if item.counts_from == meanings.NOW} == looked_up
    assert {item.counts_from for item in ITEMS} <= {
        meanings.NOW,
        meanings.RUN,
        meanings.CALIBRATION,
        meanings.BOOT,
    }


# --- TOML -----------------------------------------------------------------------------------------------------------


@given(values, st.text())
def test_a_file_gives_back_what_was_written(chosen, about):
    text = dumps(chosen, about)
    assert loads(text) == chosen
    assert len(tomllib.loads(text)["settings"]) == len(chosen)


def test_what_the_unit_does_not_know_is_not_written():
    assert loads(dumps({"cue_m": 3, "sleep_after_s": None}, "")) == {"cue_m": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema = ", "f.toml: Invalid value"),
        ("[settings]\ncue_m = 3", "f.toml: schema = missing"),
        ("schema = 2\n[settings]", "f.toml: schema = 2"),
        ("schema = 1", r"f.toml: there is no table \[settings\]"),
        ("schema = 1\nsettings = 3", r"f.toml: there is no table \[settings\]"),
        ("schema = 1\n[settings]\n[cue]", "f.toml: cue is not known"),
        ("schema = 1\n[settings]\ncue_mm = 3", "f.toml: no setting 'cue_mm'"),
        ("schema = 1\n[settings]\ncue_m = 11", "f.toml: cue_m = 11"),
        ("schema = 1\n[settings]\ncue_m = true", "f.toml: cue_m = True"),
        (f"schema = 1\n[settings]\ncue_m = 1{'0' * 400}", "f.toml: cue_m = 1000"),
        ("schema = 1\n[settings]\ncue_m = [3]", "f.toml: cue_m = "),
        ("schema = 1\n[settings]\ncue_m = inf", "f.toml: cue_m = inf"),
        (
            "schema = 1\n[settings]\nlean_offset_deg = 1\nlean_offset_cdeg = 2",
            "lean_offset_deg is given twice",
        ),
    ],
)
def test_a_file_that_is_not_one_is_told_by_name(text, said):
    with pytest.raises(InputError, match=said):
        loads(text, "f.toml")


# --- on a unit ------------------------------------------------------------------------------------------------------


def named(unit):
    return {settings.TABLE[number].name: value for number, value in unit.settings.items()}


async def test_a_setting_that_the_firmware_does_not_know_is_none():
    unit = FakeUnit()
    unit.known_settings = 10
    async with Device(unit.link()) as device:
        assert await read(device, ["cue_m", "sleep_after_s"]) == {"cue_m": 3, "sleep_after_s": None}


@pytest.mark.parametrize(("rule", "first"), [(0, True), (2, False)])
async def test_cues_go_off_before_and_on_after_everything_else(rule, first):
    unit = FakeUnit()
    before = {"cue_rule": 1, "cue_m": 3, "cue_n": 5}
    async with Device(unit.link()) as device:
        await apply(device, {"cue_m": 4, "cue_rule": rule, "cue_n": 6}, before)
    order = list(named(unit))
    assert order[0 if first else -1] == "cue_rule"
    assert len(order) == 3


@pytest.mark.parametrize("at", range(3))
async def test_all_or_none(at):
    unit = FakeUnit()
    changes = {"cue_m": 4, "cue_n": 6, "cue_every": 5}
    unit.refused_settings = {settings.INDEX[list(changes)[at]]}
    async with Device(unit.link()) as device:
        before = await read(device, changes)
        with pytest.raises(CommandRefused):
            await apply(device, changes, before)
        assert await read(device, changes) == before


async def test_over_a_lost_link_it_is_said_what_may_be_set():
    unit = FakeUnit()
    async with Device(unit.link(), step_s=0.01) as device:
        before = await read(device, ["cue_m", "cue_n"])
        unit.silent = {"set"}
        with pytest.raises(KneesenseError, match="perhaps set already: cue_m") as lost:
            await apply(device, {"cue_m": 4, "cue_n": 6}, before)
    assert lost.value.advice == "do the same again"


def test_the_nearest_names_are_told_only_where_there_are_any():
    assert unitsettings._near("") == "kneesense settings lists all"
    assert BY_KEY["cue_m"].meaning.startswith("cue when")
