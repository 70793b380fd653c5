# SPDX-License-Identifier: MIT
"""The terminal's view: what stands where in 80 x 24, and its keys."""

import pytest
from liverun import LOST_S, UNIT, Marks, played
from rich.cells import cell_len
from textual.widgets import Static

from kneesense.liveview import LiveView
from kneesense.tui import draw
from kneesense.tui.app import LiveApp

WIDTHS = (38, 78)  # of a leg beside another one, and alone, in 80 columns


def rows(text):
    return text.plain.split("\n")


def app_at(until_s, after_s=0.0):
    view, now_s = played(until_s)
    marks = Marks(view, now_s)
    return LiveApp(view, marks, now=lambda: now_s + after_s), marks


def screen(app):
    return "\n".join(str(part.render()) for part in app.query(Static))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("until_s", [0.0, 5.0, 9.0, 15.0, LOST_S + 1, 29.0, 34.0])
def test_a_leg_has_sixteen_rows_and_each_of_them_fits(until_s, width):
    view, now_s = played(until_s)
    told = rows(draw.leg(view.state(now_s)["legs"][0], width))
    assert len(told) == 16
    assert [row for row in told[1:] if cell_len(row) > width] == []


def test_what_is_unknown_is_a_dash():
    view = LiveView([(UNIT, "right")])
    text = draw.leg(view.state(0.0)["legs"][0], 38).plain
    assert "… not connected yet" in text
    assert "lean – contact – peak –" in text
    assert "no target known" in text
    assert "battery –" in text
    assert "0 ms" not in text


def test_the_bar_shows_band_target_and_runner():
    aim = {"low": 1 / 3, "high": 2 / 3, "at": 0.0}
    assert draw.bar(aim, 13).plain == "█───▒▒┊▒▒────"
    assert draw.bar(aim | {"at": None}, 13).plain == "────▒▒┊▒▒────"
    assert draw.bar(aim | {"at": 1.0}, 13).plain == "────▒▒┊▒▒───█"


def test_cadence_is_written_large():
    assert rows(draw.big(170, 32)) == [
        "  ██    ██████  ██████",
        "████        ██  ██  ██",
        "  ██        ██  ██  ██",
        "  ██        ██  ██  ██",
        "██████      ██  ██████ steps/min",
    ]


def test_strides_heard_later_are_no_columns_but_dots():
    history = {"ago_s": [-290, -200, -10], "cadence": [160, 170, 180], "late": [False, True, False]}
    line, label = draw.sparks(history, 10)
    assert line.plain == "▁  ·     █"
    assert label.plain == "5 min: 160 to 180 spm, · heard later"


async def test_the_terminal_shows_the_run_and_takes_its_keys():
    app, marks = app_at(29.0)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show()
        await pilot.pause()
        text = screen(app)
        for words in ("right leg  ● running", "spm below the band", "target 165.8 ± 3.3", "Ann", "0:28"):
            assert words in text
        await pilot.press("m", "m", "p", "u")  # a key that repeats is pressed once
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert marks.asked == ["note", "pain"]  # after pain there is nothing to mute
        assert "mute: not now" in screen(app)
        assert "pain marked" in screen(app)
        await pilot.press("q", "ctrl+c", "ctrl+q")
        assert marks.stopped == 3
        assert "ending the run" in screen(app)
        assert app.is_running  # whoever runs it ends it
        assert app.screen.size == (80, 24)
        assert max(part.region.bottom for part in app.query("*")) <= 24


async def test_the_terminal_hides_what_is_not_live():
    app, _ = app_at(LOST_S + 2)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show()
        await pilot.pause()
        assert "✕ connection lost for 2 s" in screen(app)
        assert "cue not known, the unit goes on by itself" in screen(app)
        assert "lean – contact – peak –" in screen(app)
