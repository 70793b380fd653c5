# SPDX-License-Identifier: MIT
"""Serves a page on the loopback address, so that nobody but this computer can reach it, inside the program's loop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from ..errors import InputError
from ..liveview import LiveView
from .page import Marks, Page

_REUSES = os.name == "posix"  # elsewhere SO_REUSEADDR would let another program take the port over
_ADDRESS = "127.0.0.1"
_GOODBYE_S = 1  # for the last state to go out


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C is the run's affair."""
        yield


@asynccontextmanager
async def serving(view: LiveView, orders: Marks, port: int = 0) -> AsyncIterator[str]:
    """Gives the address with its token.  `port` 0: a free one.  InputError when the port is taken."""
    with _listening(port) as listener:
        number = listener.getsockname()[1]
        page = Page(view, orders, number)
        config = uvicorn.Config(
            page.app,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GOODBYE_S,
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://{_ADDRESS}:{number}{page.path}"
        finally:
            page.close()
            server.should_exit = True
            await task


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if _REUSES:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_ADDRESS, port))
        listener.listen()  # a browser may come at once
    except (OSError, OverflowError) as error:
        listener.close()
        raise InputError(f"--port {port}: {error}", "choose another one, or leave it out") from None
    return listener
