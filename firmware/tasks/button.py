# SPDX-License-Identifier: MIT
"""The button: its gestures (kneecore.gesture) carried out, and answered with a buzz, as the runner sees no lamp.

Only a press wakes it.
"""

import asyncio

from kneecore import gesture
from kneecore.patterns import ATTENTION, MUTED, OK
from tasks.runs import BUTTON

_POLL_MS = 20
_TICKS = (1 << 30) - 1
_RISE_MS = 40  # by so much is each buzz of a long hold longer than the one before


class Button:
    """`pin` is low while pressed; `edge`: as Pin.IRQ_FALLING.  `ticks_ms()`: of any wrap above 2^30."""

    def __init__(self, pin, edge: int, ticks_ms, runs, door, journal, voice) -> None:
        self._pin = pin
        self._ticks_ms = ticks_ms
        self._runs = runs
        self._door = door
        self._journal = journal
        self._voice = voice
        self._gestures = gesture.Button()
        self._risen = 0
        self._flag = asyncio.ThreadSafeFlag()
        pin.irq(self._pressed, edge)
        self._actions = {
            gesture.PAIN: runs.pain,
            gesture.TAKE_BACK: self._take_back,
            gesture.MUTE: self._mute,
            gesture.START: self._start,
            gesture.RISING: self._rising,
            gesture.PAIRING: self._pairing,
            gesture.FORGET: self._forget,
        }

    def _pressed(self, pin) -> None:
        self._flag.set()

    async def run(self) -> None:
        while True:
            self.poll()
            if self._gestures.busy:
                await asyncio.sleep_ms(_POLL_MS)
            else:
                self._risen = 0
                await self._flag.wait()

    def poll(self) -> None:
        down = not self._pin.value()
        found = self._gestures.poll(down, self._ticks_ms() & _TICKS, self._runs.place)
        if found != gesture.NONE:
            self._actions[found]()

    def _take_back(self) -> None:
        self._voice.say(OK if self._runs.take_back() else ATTENTION)

    def _mute(self) -> None:
        self._voice.say(MUTED if self._runs.mute() else ATTENTION)

    def _start(self) -> None:
        if not self._runs.start_alone(BUTTON):
            self._voice.say(ATTENTION)

    def _rising(self) -> None:
        self._risen += 1
        self._voice.say((self._risen * _RISE_MS,))

    def _pairing(self) -> None:
        self._door.open_window()
        self._journal.notice("pairing_asked")
        self._voice.say(OK)

    def _forget(self) -> None:
        self._door.forget_all()
        self._journal.notice("forget_asked")
        self._voice.say(OK)
