# SPDX-License-Identifier: MIT
"""Presses and what they mean."""

import pytest

from kneecore.gesture import AFTER_RUN, AFTER_RUN_MS, GESTURES, IDLE, IN_RUN, Button, place

POLL_MS = 20


class Finger:
    """Presses a button; `said` is what was heard, with the milliseconds since the start."""

    def __init__(self, start_ms=0):
        self.button = Button()
        self.ms = self.start_ms = start_ms
        self.said = []
        self.wait(200, IDLE)

    def keep(self, down, ms, where):
        for _ in range(0, ms, POLL_MS):
            gesture = self.button.poll(down, self.ms % (1 << 30), where)
            if gesture:
                self.said.append((GESTURES[gesture], self.ms - self.start_ms))
            self.ms += POLL_MS

    def wait(self, ms, where):
        self.keep(False, ms, where)

    def press(self, ms, where):
        self.keep(True, ms, where)
        self.wait(100, where)

    @property
    def names(self):
        return [name for name, _ in self.said]


@pytest.mark.parametrize("start_ms", [0, (1 << 29) + 5, (1 << 30) - 500])
@pytest.mark.parametrize(
    ("where", "held_ms", "names"),
    [
        (IN_RUN, 100, ["pain"]),
        (IN_RUN, 1900, ["pain"]),
        (IN_RUN, 2200, ["mute"]),
        (IN_RUN, 15000, ["mute"]),
        (AFTER_RUN, 100, ["pain"]),
        (AFTER_RUN, 2500, []),
        (AFTER_RUN, 3500, ["rising", "pairing"]),
        (IDLE, 100, ["start"]),
        (IDLE, 2500, []),
        (IDLE, 3500, ["rising", "pairing"]),
        (IDLE, 9900, ["rising"] * 7 + ["pairing"]),
        (IDLE, 12000, ["rising"] * 7 + ["forget"]),
    ],
)
def test_one_press(start_ms, where, held_ms, names):
    finger = Finger(start_ms)
    finger.press(held_ms, where)
    assert finger.names == names


def test_a_mute_is_told_while_the_button_is_still_down():
    finger = Finger()
    finger.press(5000, IN_RUN)
    assert finger.said == [("mute", pytest.approx(2200, abs=2 * POLL_MS))]


@pytest.mark.parametrize(("pause_ms", "second"), [(500, "take_back"), (9500, "take_back"), (10500, "pain")])
def test_a_second_press_within_10_s_takes_the_mark_back(pause_ms, second):
    finger = Finger()
    finger.press(100, IN_RUN)
    finger.wait(pause_ms, IN_RUN)
    finger.press(100, AFTER_RUN)
    assert finger.names == ["pain", second]


def test_a_third_press_is_a_new_mark():
    finger = Finger()
    for _ in range(3):
        finger.press(100, IN_RUN)
    assert finger.names == ["pain", "take_back", "pain"]


def test_what_counts_is_where_the_press_began():
    finger = Finger()
    finger.keep(True, 500, IN_RUN)
    finger.keep(True, 200, IDLE)
    finger.wait(100, IDLE)
    assert finger.names == ["pain"]


def test_bouncing_contacts_are_one_press_and_a_spike_is_none():
    finger = Finger()
    finger.keep(True, POLL_MS, IN_RUN)
    finger.wait(200, IN_RUN)
    assert finger.names == []
    for down in (
        True,
        False,
        True,
        False,
        True,
        True,
        True,
        True,
        True,
        False,
        True,
        False,
        False,
        False,
        False,
    ):
        finger.keep(down, POLL_MS, IN_RUN)
    assert finger.names == ["pain"]


def test_a_button_down_at_the_start_is_silent_until_it_was_up():
    finger = Finger.__new__(Finger)
    finger.button, finger.ms, finger.start_ms, finger.said = Button(), 0, 0, []
    finger.keep(True, 20_000, IDLE)
    finger.wait(100, IDLE)
    assert finger.names == []
    finger.press(100, IDLE)
    assert finger.names == ["start"]


def test_where_a_press_happens():
    assert place(True, -1) == IN_RUN
    assert place(False, -1) == IDLE
    assert place(False, 0) == place(False, AFTER_RUN_MS - 1) == AFTER_RUN
    assert place(False, AFTER_RUN_MS) == IDLE
