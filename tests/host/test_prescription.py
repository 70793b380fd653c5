# SPDX-License-Identifier: MIT
"""Prescriptions: what is read is what was written, and whatever is wrong is named."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecore import programme, settings, wire
from kneecore.settings import Settings
from kneesense import cuesettings
from kneesense.errors import InputError
from kneesense.prescription import PainRule, Prescription, composed, dumps
from kneesense.prescription_reader import load, loads

LEAST = 'schema = 1\nauthor = "a physical therapist"\n[cue]\nrule = "cadence"\n'
FULL = """
schema = 1
author = "a physical therapist"
runner = "Ann"
note = "left knee"

[cue]
rule = "lean"
mode = "every"
side = "less"
every = 6

[target]
offset_deg = -2.5
band_deg = 1.5

[dose]
minutes = [10, 12]

[fade]
with_s = [0, 60]
without_s = [0, 120]

[pain]
most = 2
back_within_min = 60
no_worse_next_morning = true
"""


def test_the_least_one_means_every_default():
    found = loads(LEAST)
    assert (found.author, found.rule, found.runner) == ("a physical therapist", "cadence", None)
    assert found.sessions == programme.DEFAULT
    assert found.pain is None
    assert found.pain_text == "stop the activity; no more cues in this run"
    assert all(value == settings.find(name).default for name, value in found.settings.items())


def test_a_full_one_goes_to_the_units_settings():
    found = loads(FULL)
    assert (found.runner, found.note) == ("Ann", "left knee")
    cue = {name: found.settings[name] for name in ("cue_rule", "cue_mode", "cue_side", "cue_every")}
    assert cue == {"cue_rule": 2, "cue_mode": 2, "cue_side": 3, "cue_every": 6}
    assert (found.settings["lean_offset_cdeg"], found.settings["lean_band_cdeg"]) == (-250, 150)
    assert found.settings["cue_m"] == settings.find("cue_m").default  # nothing is left to what was before
    assert found.sessions == ((10, 0, 0), (12, 60, 120))
    assert found.pain == PainRule(2, 60, True)
    assert "at most 2/10" in found.pain_text
    assert "limping: stop the activity" in found.pain_text


def test_a_metronome_has_a_beat():
    found = loads(LEAST.replace("cadence", "metronome") + "[target]\nbeat_spm = 172.5\n")
    assert found.settings["metronome_cspm"] == 17250
    assert loads(dumps(found)) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "schema = missing: schema = 1"),
        ("schema = 2\n", "schema = 2: schema = 1"),
        ("schema = 1\n", "author is missing"),
        ('schema = 1\nauthor = "  "\n', "author is missing"),
        ('schema = "1"\n', "schema = '1': must be a whole number"),
        ("schema = true\n", "schema = True: must be a whole number"),
        ('schema = 1\nauthor = "A"\n', "[cue] rule is missing: one of cadence, lean, impact, metronome"),
        (LEAST.replace("cadence", "off"), "[cue] rule = 'off': one of"),
        (LEAST + 'mod = "step"\n', "[cue] mod is not known: did you mean mode?"),
        (LEAST + 'mode = "steps"\n', "[cue] mode = 'steps': one of bandwidth, step, every, summary"),
        (LEAST + "every = 2.5\n", "[cue] every = 2.5: must be a whole number"),
        (LEAST + "every = 50\n", "[cue] every 50: must be 2 to 20 strides"),
        (LEAST + "[targets]\n", "[targets] is no part of a prescription: did you mean target?"),
        (LEAST + "[target]\noffset_pct = 25\n", "[target] offset_pct 25: must be -20 to 20 %"),
        (LEAST + "[target]\noffset_pct = nan\n", "[target] offset_pct nan: must be"),
        (LEAST + "[target]\noffset_pct = 1e308\n", "[target] offset_pct inf: must be"),
        (LEAST + f"[target]\noffset_pct = -{'9' * 400}\n", "[target] offset_pct -inf: must be"),
        (LEAST + f"[target]\noffset_pct = {'9' * 5000}\n", "limit"),
        (LEAST + f"[dose]\nminutes = {'[' * 5000}\n", "recursion"),
        (LEAST + "[target]\noffset_deg = 1\n", "[target] offset_deg is not of cadence: offset_pct"),
        (LEAST + "[target]\nbeat_spm = 170\n", "[target] beat_spm is not of cadence"),
        (LEAST + "[dose]\nminutes = [10, 20]\n[fade]\nwith_s = [0]\n", "minutes has 2 sessions, [fade] with_s 1"),
        (LEAST + "[dose]\nminutes = []\n", "minutes has 0 sessions"),
        (LEAST + "[dose]\nminutes = [0]\n", "session 1: 0 minutes: must be 1 to 255"),
        (LEAST + "[dose]\nminutes = [10.5]\n", "must be a list of whole numbers"),
        (LEAST + "[dose]\nminutes = [10]\n[fade]\nwith_s = [15]\nwithout_s = [10]\n", "must be tens up to 2550"),
        (LEAST + "[dose]\nminutes = [10]\n[fade]\nwith_s = [60]\n", "60 s with cues and none without"),
        (LEAST + "[pain]\nmost = 2\n", "[pain] back_within_min is missing"),
        (FULL.replace("most = 2", "most = 6"), "[pain] most = 6: must be 0 to 5 of 10"),
        (FULL.replace("most = 2", "most = -1"), "[pain] most = -1: must be 0 to 5"),
        (FULL.replace("back_within_min = 60", "back_within_min = 1"), "back_within_min = 1: must be 5 to 1440"),
        (FULL.replace("morning = true", "morning = 1"), "no_worse_next_morning = 1: must be true or false"),
        (LEAST + 'rule = "lean"\n', "Cannot overwrite a value (at line 5"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_what_is_possible(tmp_path, text, message):
    file = tmp_path / "knee.toml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load(file)
    told = f"{caught.value}: {caught.value.advice}"
    assert told.startswith(f"{file}: ")
    assert message in told


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'author = "Kj\xe6r"')
    with pytest.raises(InputError, match="no text in UTF-8"):
        load(tmp_path / "latin.toml")


WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(str.strip)
SESSION = st.tuples(st.integers(1, 255), st.integers(1, 255), st.integers(1, 255)).map(
    lambda row: (row[0], 10 * row[1], 10 * row[2])
) | st.tuples(st.integers(1, 255), st.just(0), st.just(0))


@st.composite
def prescriptions(draw):
    rule = draw(st.sampled_from(wire.RULES[1:]))
    names = [name for name in cuesettings.COACHED if name.startswith("cue_")]
    chosen = {name: settings.find(name).default for name in names} | {"cue_rule": wire.RULES.index(rule)}
    chosen["metronome_cspm"] = 0
    for name in (cuesettings.offset_name(rule), cuesettings.band_name(rule)):
        setting = settings.find(name)
        chosen[name] = draw(st.integers(setting.low, setting.high))
    chosen["cue_side"] = draw(st.integers(0, 3))
    return Prescription(
        author=draw(WORDS).strip(),
        settings=chosen,
        sessions=tuple(draw(st.lists(SESSION, min_size=1, max_size=20))),
        pain=draw(st.none() | st.builds(PainRule, st.integers(0, 5), st.integers(5, 1440), st.booleans())),
        runner=draw(st.none() | WORDS),
        note=draw(st.none() | WORDS),
    )


@given(prescriptions())
def test_what_is_written_is_read_again(found):
    assert loads(dumps(found)) == found


def test_the_example_of_the_documentation_is_one():
    text = (Path(__file__).parents[2] / "docs" / "coaching.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    found = loads(example)
    assert found.pain is not None
    assert len(found.sessions) == 8


# --- out of what the unit does --------------------------------------------------------------------------------------


def test_an_unchanged_prescription_keeps_its_author_and_its_rule_on_pain():
    given_one = loads(FULL)
    found = composed(Settings(**given_one.settings), given_one.sessions, given_one, None, "Ann", None)
    assert found == given_one


def test_a_changed_one_needs_an_author_of_its_own():
    given_one = loads(FULL)
    changed = Settings(**dict(given_one.settings) | {"lean_offset_cdeg": -400})
    with pytest.raises(InputError, match=r"no longer what a physical therapist prescribed"):
        composed(changed, given_one.sessions, given_one, None, "Ann", None)
    with pytest.raises(InputError, match=r"no longer what a physical therapist prescribed"):
        composed(Settings(**given_one.settings), given_one.sessions[:1], given_one, None, "Ann", None)
    found = composed(changed, given_one.sessions, given_one, "Ann herself", "Ann", "mine")
    assert (found.author, found.note, found.settings["lean_offset_cdeg"]) == ("Ann herself", "mine", -400)


@pytest.mark.parametrize(
    ("rule", "sessions", "words"),
    [
        (1, (), "no programme on the unit"),
        (0, programme.DEFAULT, "cues are off"),
        (1, programme.DEFAULT, "a prescription has an author"),
    ],
)
def test_what_is_no_prescription_is_not_written(rule, sessions, words):
    with pytest.raises(InputError, match=words):
        composed(Settings(cue_rule=rule), sessions, None, None, "Ann", None)
