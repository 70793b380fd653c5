# SPDX-License-Identifier: MIT
"""Alerts beyond the terminal: each says whether it was delivered, none keeps a run waiting, no secret is told."""

import asyncio
import io
import os
import shutil
import stat
import threading
import wave

import pytest

from kneesense.errors import ExtraMissing, InputError
from kneesense.outlets import NotDelivered, choice, desktop, in_thread, programs, sound
from kneesense.outlets.delivery import MOST, WAITING, Deliveries

ALERT = {"type": "alert", "t_s": 61.0, "code": "strap_loose", "message": "the strap is loose: tighten it"}


class Fake:
    """An outlet that does what it is told to."""

    def __init__(self, name="fake", does=None):
        self.name = name
        self.sent = []
        self._does = does

    async def send(self, record):
        if self._does:
            await self._does()
        self.sent.append(record)


async def never():
    await asyncio.Event().wait()


async def refuses():
    raise NotDelivered("it says no")


async def breaks():
    raise RuntimeError("https://host/secret")


async def delivered(*outlets, alerts=1, within_s=1.0, **how):
    """(records of what became of the alerts, the counts of the summary)."""
    told = []
    deliveries = Deliveries(outlets, **how)
    for _ in range(alerts):
        deliveries.pass_on(ALERT, told.append)
    counts = await deliveries.close(within_s)
    return told, counts.get("alerts")


async def test_what_became_of_an_alert_is_one_record_with_every_outlet():
    works = Fake("sound")
    told, counts = await delivered(works, Fake("webhook", refuses))
    assert told == [
        {
            "type": "delivery",
            "t_s": 61.0,
            "code": "strap_loose",
            "delivered": {"sound": True, "webhook": False},
            "why": {"webhook": "it says no"},
        }
    ]
    assert counts == {"sound": {"delivered": 1, "failed": 0}, "webhook": {"delivered": 0, "failed": 1}}
    assert works.sent == [ALERT]


async def test_without_outlets_nothing_is_told():
    assert await delivered() == ([], None)


async def test_an_outlet_that_does_not_answer_is_given_up_at_its_deadline():
    told, _ = await delivered(Fake("slow", never), deadline_s=0.01)
    assert told[0]["why"] == {"slow": "no answer within 0.01 s"}


async def test_an_outlet_that_hangs_keeps_neither_the_others_nor_the_run_waiting():
    works = Fake("sound")
    told, counts = await delivered(Fake("slow", never), works, alerts=2, within_s=0.01)
    assert len(works.sent) == 2
    assert [record["why"] for record in told] == [{"slow": "the run was over before it answered"}] * 2
    assert counts["slow"] == {"delivered": 0, "failed": 2}


async def test_a_full_queue_is_told_at_once():
    deliveries = Deliveries([Fake("slow", never)])
    told = []
    for _ in range(WAITING + 1):
        deliveries.pass_on(ALERT, told.append)
    assert [record["why"]["slow"] for record in told] == [f"{WAITING} others wait already"]
    await deliveries.close(0)


async def test_more_than_so_many_in_a_minute_are_held_back():
    clock, told, works = [0.0], [], Fake()
    deliveries = Deliveries([works], now=lambda: clock[0])
    for second in [*range(MOST + 2), 61]:
        clock[0] = second
        deliveries.pass_on(ALERT, told.append)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await deliveries.close()
    assert len(works.sent) == MOST + 1
    assert [why for record in told for why in record["why"].values()] == [f"more than {MOST} in 60 s"] * 2


async def test_an_outlet_that_breaks_is_told_without_the_text_of_its_error_and_works_again():
    told, _ = await delivered(Fake("odd", breaks), alerts=2)
    assert [record["why"] for record in told] == [{"odd": "failed (RuntimeError)"}] * 2


async def test_a_thread_that_nobody_waits_for_any_more_harms_nothing():
    go = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await in_thread(go.wait)
    go.set()
    with pytest.raises(KeyError):
        await in_thread(lambda: {}["missing"])


# --- programs of the system -------------------------------------------------------------------------------------------


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """Puts a program on a PATH of its own, which writes its arguments into a file."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=None)

    def put(name, body=""):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\nfor a in "$@"; do echo "$a"; done > "{tmp_path}/said"\n{body}\n')
        program.chmod(0o755)
        return tmp_path / "said"

    return put


needs_sh = pytest.mark.skipif(os.name == "nt" or not shutil.which("sh"), reason="needs a shell")


@needs_sh
async def test_a_notification_gives_its_text_as_it_is_and_says_what_failed(on_path):
    said = on_path("notify-send")
    await desktop.Desktop().send(ALERT | {"message": "$(x) & <b>; --help"})
    assert said.read_text().splitlines()[-2:] == ["kneesense", "$(x) &amp; &lt;b&gt;; --help"]
    on_path("notify-send", "echo no bus here >&2; exit 1")
    with pytest.raises(NotDelivered, match="notify-send: no bus here"):
        await desktop.Desktop().send(ALERT)


@needs_sh
@pytest.mark.parametrize(("system", "program"), [("Darwin", "osascript"), ("Windows", "powershell")])
async def test_on_other_systems_a_text_never_becomes_part_of_the_script(
    on_path, monkeypatch, system, program
):
    monkeypatch.setattr(desktop.platform, "system", lambda: system)
    said = on_path(
        program,
        'echo "env $KNEESENSE_TEXT" >> "$(dirname "$0")/said"'.replace("$(dirname", "$(/usr/bin/dirname"),
    )
    evil = '"; do shell script "x'
    await desktop.Desktop().send(ALERT | {"message": evil})
    rows = said.read_text().splitlines()
    assert (evil in rows) == (system == "Darwin")
    assert (f"env {evil}" in rows) == (system == "Windows")


@needs_sh
async def test_a_tone_is_played_by_the_first_player_that_can(on_path, monkeypatch):
    monkeypatch.setattr(sound.platform, "system", lambda: "Linux")
    with pytest.raises(ExtraMissing, match="no program here plays a sound"):
        sound.Sound()
    said = on_path("aplay")
    await sound.Sound().send(ALERT)
    assert said.read_text().splitlines()[0] == "-q"
    on_path("pw-play", "exit 3")
    await sound.Sound().send(ALERT)
    on_path("aplay", "echo no card >&2; exit 1")
    with pytest.raises(NotDelivered, match="pw-play: ended with 3; aplay: no card"):
        await sound.Sound().send(ALERT)


def test_the_tone_is_short_and_neither_silent_nor_clipped():
    with wave.open(io.BytesIO(sound.tone())) as file:
        assert 0.2 < file.getnframes() / file.getframerate() < 1
        loudest = max(memoryview(file.readframes(file.getnframes())).cast("h"))
    assert 10000 < loudest < 32000


@needs_sh
async def test_a_program_that_does_not_end_is_killed(on_path, tmp_path):
    on_path("player", f'echo $$ > "{tmp_path}/pid"; exec /bin/sleep 60')
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await programs.run(str(tmp_path / "player"))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


# --- which ------------------------------------------------------------------------------------------------------------


def names(outlets):
    return [outlet.name for outlet in outlets]


def no_warning(code, message):
    raise AssertionError(message)


HOOKS = ["webhook:https://example.org/secret", "webhook:https://example.org/other", "mqtt:u:secret@broker/t"]


def test_outlets_are_kept_for_their_owner_alone_and_none_overrides(home):
    assert choice.chosen(None, no_warning) == []
    told = ["webhook:example.org", "webhook:example.org (2)", "mqtt:broker"]
    assert names(choice.chosen(HOOKS, no_warning)) == told
    choice.keep(HOOKS)
    assert names(choice.chosen(None, no_warning)) == told
    assert choice.chosen(["none"], no_warning) == []
    if os.name != "nt":
        assert stat.S_IMODE(choice.file().stat().st_mode) == 0o600
    choice.keep(["none"])
    assert choice.chosen(None, no_warning) == []


def test_what_is_kept_reads_the_same_where_files_are_not_utf_8(home, monkeypatch):
    monkeypatch.setattr(io, "text_encoding", lambda encoding, stacklevel=2: encoding or "latin-1")
    choice.keep(["webhook:https://example.org/ä", "sound"])
    assert choice.kept() == ["webhook:https://example.org/ä", "sound"]


def test_a_kept_outlet_that_cannot_be_used_is_warned_of_and_the_others_go_on(home, monkeypatch):
    choice.keep(HOOKS)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    warned = []
    assert len(choice.chosen(None, lambda code, message: warned.append(message))) == 2
    assert len(warned) == 1
    assert "[mqtt]" in warned[0]


@pytest.mark.parametrize(
    "named",
    [
        ["none", "sound"],
        ["https://example.org/secret"],
        ["webhook"],
        ["webhook:"],
        ["sound:secret"],
        ["mqtt:h/t\x7fsecret"],
        [""],
        ["SOUND"],
    ],
)
def test_a_wrong_choice_is_refused_without_telling_an_address(home, named):
    with pytest.raises(InputError) as caught:
        choice.chosen(named, no_warning)
    assert "secret" not in f"{caught.value} {caught.value.advice}"


@pytest.mark.parametrize("text", ["alert = 1", "alert = [1]", "alert = [", "\x00"])
def test_a_file_that_is_no_such_list_is_one_plain_error(home, text):
    choice.file().parent.mkdir(parents=True)
    choice.file().write_text(text)
    with pytest.raises(InputError, match=r"alerts\.toml"):
        choice.chosen(None, no_warning)
