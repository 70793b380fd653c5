# SPDX-License-Identifier: MIT
"""A real Chromium without a window, driven over its debugging protocol: https://chromedevtools.github.io/devtools-protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
_START_S = 60.0  # on a loaded machine


def found() -> str | None:
    """The program; None where there is no Chromium."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page.  `troubles`: what it logged as an error or threw."""

    def __init__(self, socket: ClientConnection) -> None:
        self.troubles: list[str] = []
        self.asked: list[str] = []
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def read(self) -> None:
        """Until the browser has gone."""
        async for text in self._socket:
            told = json.loads(text)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif told["method"] == "Network.requestWillBeSent":
                self.asked.append(told["params"]["request"]["url"])
            elif told["method"] == "Runtime.exceptionThrown":
                self.troubles.append(json.dumps(told["params"]["exceptionDetails"]))
            elif told["method"] == "Log.entryAdded" and told["params"]["entry"]["level"] == "error":
                self.troubles.append(told["params"]["entry"]["text"])

    async def send(self, method: str, **values: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": values}))
        answer = await self._answers[number]
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def value(self, script: str) -> Any:
        """What an expression of the page is."""
        answer = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, script: str, within_s: float = 30.0) -> None:
        """Until the expression is true."""
        async with asyncio.timeout(within_s):
            while not await self.value(f"!!({script})"):
                await asyncio.sleep(0.02)

    async def dress(self, width: int, height: int, dark: bool = False) -> None:
        """Size of the window, and whether its owner likes it dark."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self, file: Path) -> None:
        shot = await self.send("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))


@asynccontextmanager
async def opened(url: str, folder: Path, width: int = 390, height: int = 844) -> AsyncIterator[Tab]:
    """A tab at that address; `folder` is the browser's own."""
    program = found()
    assert program is not None
    browser = await asyncio.create_subprocess_exec(
        program,
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "--no-first-run",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--disable-background-networking",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with connect(await _address(folder), max_size=None) as socket:
            tab = Tab(socket)
            reading = asyncio.create_task(tab.read())
            for domain in ("Page", "Runtime", "Log", "Network"):
                await tab.send(f"{domain}.enable")
            await tab.dress(width, height)
            await tab.send("Page.navigate", url=url)
            await tab.until("location.href !== 'about:blank' && document.readyState === 'complete'")
            try:
                yield tab
            finally:
                reading.cancel()
    finally:
        if browser.returncode is None:
            browser.terminate()
        await browser.wait()


async def _address(folder: Path) -> str:
    """Of the first tab's socket; the browser writes its port into a file."""
    async with asyncio.timeout(_START_S):
        while True:
            await asyncio.sleep(0.05)
            try:
                port = int((folder / "DevToolsActivePort").read_text().split()[0])
                tabs = await asyncio.to_thread(_tabs, port)
            except (OSError, ValueError, IndexError):
                continue
            if tabs:
                return tabs[0]


def _tabs(port: int) -> list[str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
        return [tab["webSocketDebuggerUrl"] for tab in json.load(answer) if tab["type"] == "page"]
