# SPDX-License-Identifier: MIT
"""The live views of a run: a web page beside the lines, or the whole terminal."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

from ..errors import ExtraMissing, InputError
from .output import Output

if TYPE_CHECKING:
    from ..liveorders import Orders
    from ..liveview import LiveView


class Screens:
    """What was asked for, checked before anything else is done."""

    def __init__(self, web: bool, tui: bool, port: int | None, browser: bool, out: Output) -> None:
        if web and tui:
            raise InputError("--web and --tui exclude each other", "choose one")
        if port is not None and not web:
            raise InputError("--port is for --web", "add --web, or leave it out")
        if port is not None and not 0 <= port <= 65535:
            raise InputError(f"--port {port}: must be 0 to 65535")
        if tui and out.as_json:
            raise InputError("--tui needs the terminal that --json writes to", "choose one, or --web")
        if tui and not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise InputError("--tui needs a terminal", "leave it out for lines, or take --web")
        self.any = web or tui
        self._web, self._tui = web, tui
        self._port = port or 0
        self._browser = browser
        self._out = out
        if web:
            _import("web", "kneesense.web.serve")
        if tui:
            _import("tui", "kneesense.tui.app")

    def page(self, view: LiveView, orders: Orders) -> AbstractAsyncContextManager[None]:
        """The web page; it outlives the run by its last word."""
        return self._page(view, orders) if self._web else nullcontext()

    def screen(self, view: LiveView, orders: Orders) -> AbstractAsyncContextManager[None]:
        """The terminal, for as long as the run goes on."""
        return self._screen(view, orders) if self._tui else nullcontext()

    @asynccontextmanager
    async def _page(self, view: LiveView, orders: Orders) -> AsyncIterator[None]:
        from ..web.serve import serving

        async with serving(view, orders, self._port) as url:
            self._out.record({"type": "web", "url": url}, f"live view, on this computer only: {url}")
            if self._browser and sys.stdout.isatty() and _has_windows():
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
            try:
                yield
            finally:
                view.end()

    @asynccontextmanager
    async def _screen(self, view: LiveView, orders: Orders) -> AsyncIterator[None]:
        from ..tui.app import shown

        def gone() -> None:
            self._out.silent = False

        self._out.silent = True
        async with shown(view, orders, gone):
            yield


def _has_windows() -> bool:
    """Without a display a browser of the terminal would open, and both of us cannot have that."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _import(extra: str, module: str) -> None:
    try:
        __import__(module)
    except ModuleNotFoundError as error:
        raise ExtraMissing(extra, f"--{extra} needs the package '{error.name}'") from None
