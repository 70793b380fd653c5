# SPDX-License-Identifier: MIT
"""The safety screen: asked once, kept per runner, one yes keeps cues off."""

import re
from pathlib import Path

import pytest

from kneesense import screening
from kneesense.cli import consent
from kneesense.cli.output import Output
from kneesense.errors import CuesWithheld, InputError, ScreenUnanswered
from kneesense.store import Store

NONE = "no,no,no,no,no"


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


@pytest.fixture
def terminal(monkeypatch):
    """A person at a terminal who gives these answers."""
    asked = []

    def answering(*answers):
        left = list(answers)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr(
            "kneesense.cli.consent._prompted", lambda prompt: (asked.append(prompt), left.pop(0))[1]
        )
        return asked

    return answering


def test_answers_are_kept_for_each_runner_with_their_date(store):
    screening.keep(store, "Ann", screening.parse("no, NO,yes,no,yes"))
    screening.keep(store, "Bob", screening.parse(NONE))
    found = screening.of(store, "Ann")
    assert found.yes == ("locking", "told_not_to_run")
    assert not found.clear
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found.answered_utc)
    assert screening.of(store, "Bob").clear
    assert screening.of(store, "Cid") is None


def test_new_answers_replace_the_old_ones(store):
    screening.keep(store, "Ann", screening.parse("yes,no,no,no,no"))
    screening.keep(store, "Ann", screening.parse(NONE))
    assert screening.of(store, "Ann").clear


def test_answers_to_other_questions_are_asked_for_again(store):
    store.set_screening("Ann", "2025-01-01T00:00:00Z", "no,no")
    assert screening.of(store, "Ann") is None


@pytest.mark.parametrize(
    "text", ["", "no", "no,no,no,no", "no,no,no,no,no,no", "no,no,no,no,maybe", "n,n,n,n,n"]
)
def test_a_flag_answers_all_questions_or_none(text):
    with pytest.raises(InputError, match="does not answer"):
        screening.parse(text)


def test_a_person_is_asked_once_and_until_there_is_an_answer(store, terminal):
    asked = terminal("no", "what?", "n", "NO", "no", "n")
    consent.require(store, "Ann", None, Output(False))
    consent.require(store, "Ann", None, Output(False))
    assert len(asked) == len(screening.QUESTIONS) + 1
    assert asked[1] == asked[2]


def test_a_yes_at_the_terminal_keeps_cues_off(store, terminal):
    terminal("no", "no", "no", "y", "no")
    for _ in range(2):
        with pytest.raises(CuesWithheld, match="stress_fracture") as caught:
            consent.require(store, "Ann", None, Output(False))
        assert caught.value.exit_code == 2
        assert "physical therapist or physician" in caught.value.advice


def test_without_a_terminal_and_a_flag_no_cue(store):
    with pytest.raises(ScreenUnanswered) as caught:
        consent.require(store, "Ann", None, Output(False))
    assert caught.value.exit_code == 2
    assert "not answered" in consent.withheld(store, "Ann", None, Output(False))
    assert consent.withheld(store, "Ann", NONE, Output(False)) is None
    consent.require(store, "Ann", None, Output(False))


def test_the_documentation_has_every_question():
    text = " ".join((Path(__file__).parents[2] / "docs" / "safety.md").read_text().split())
    assert [question for _, question in screening.QUESTIONS if question not in text] == []
