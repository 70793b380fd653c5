# SPDX-License-Identifier: MIT
"""The live view in the terminal: the same state as the web page, in 80 x 24.  Keys: m mark, p pain, u mute, q end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Protocol

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Footer, Static

from ..liveorders import Answer
from ..liveview import LiveView
from . import draw

EVERY_S = 0.25
_REST_S = 1.0  # a key that repeats is pressed once
_NOTICES = 3
_WIDTH = 38  # of a leg before the first layout


class Asked(Protocol):
    """Who carries out what the keys ask for."""

    async def mark(self, kind: str) -> Answer: ...

    @property
    def stop(self) -> Callable[[], None]: ...


class LiveApp(App[None]):
    """`now`: the clock that the view was fed by."""

    TITLE = "kneesense"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "order('mark')", "Mark"),
        Binding("p", "order('pain')", "Pain / take back"),
        Binding("u", "order('mute')", "Mute / cues on"),
        Binding("q", "end", "End the run"),
        Binding("ctrl+c", "end", show=False, priority=True),
        Binding("ctrl+q", "end", show=False, priority=True),
    ]
    CSS = """
    #head { height: 1; }
    #alert { height: auto; max-height: 2; text-wrap: wrap; text-style: bold; color: $error; }
    Static { text-wrap: nowrap; text-overflow: ellipsis; }
    .leg { width: 1fr; padding: 0 1; }
    #notices { height: 3; padding: 0 1; border: none; }
    #answer { height: 1; padding: 0 1; text-style: bold; }
    """

    def __init__(self, view: LiveView, orders: Asked, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.ready = asyncio.Event()
        self._view = view
        self._orders = orders
        self._now = now
        self._rest_until_s: dict[str, float] = {}
        self._alert = ""
        self._head, self._told = Static(id="head", markup=False), Static(id="notices")
        self._alerts, self._answer = Static(id="alert", markup=False), Static(id="answer", markup=False)
        self._legs = [Static(classes="leg") for _ in view.state(now())["legs"]]

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._alerts
        yield Horizontal(*self._legs)
        yield self._told
        yield self._answer
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_interval(EVERY_S, self.show)
        self.call_after_refresh(self.show)
        self.ready.set()

    def show(self) -> None:
        """The state of now."""
        state = self._view.state(self._now())
        who = state["runner"] or ""
        elapsed = draw.clock(state["elapsed_s"])
        left = f" kneesense  {who}"
        self._head.update(left + f"{elapsed} ".rjust(self.size.width - len(left)))
        for leg, told in zip(self._legs, state["legs"], strict=True):
            leg.update(draw.leg(told, leg.content_size.width or _WIDTH))
        self._told.update(draw.notices(state["notices"], _NOTICES))
        self._tell_alert(state["alert"])

    def _tell_alert(self, alert: dict[str, Any] | None) -> None:
        side = f"{alert['side']} leg: " if alert and alert["side"] else ""
        text = f" ! {side}{alert['text']}" if alert else ""
        self._alerts.update(text)
        if text and text != self._alert:
            self.bell()
        self._alert = text

    async def action_order(self, button: str) -> None:
        now_s = self._now()
        if now_s < self._rest_until_s.get(button, 0.0):
            return
        self._rest_until_s[button] = now_s + _REST_S
        kind = self._view.offers(now_s)[button]
        if kind is None:
            self._say(f"{button}: not now")
            return
        self._say("...")
        self.run_worker(self._order(kind))

    async def _order(self, kind: str) -> None:
        answer = await self._orders.mark(kind)
        self._say(("✓ " if answer.done else "✕ ") + answer.text)
        self.show()

    def action_end(self) -> None:
        self._say("ending the run ...")
        self._orders.stop()

    def _say(self, text: str) -> None:
        self._answer.update(text)


@asynccontextmanager
async def shown(view: LiveView, orders: Asked, gone: Callable[[], None]) -> AsyncIterator[None]:
    """Has the terminal until the end of the block; `gone` is called when it gives it back, then or by a failure."""
    app = LiveApp(view, orders)
    task = asyncio.create_task(app.run_async())
    task.add_done_callback(lambda _: gone())
    ready = asyncio.create_task(app.ready.wait())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        ready.cancel()
        if not task.done():
            app.exit()
        await task
