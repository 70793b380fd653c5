# SPDX-License-Identifier: MIT
"""Ways to reach a runner beyond the terminal: a sound, a desktop notification, a webhook, an MQTT broker.

Each says whether an alert got out.  None may keep a run waiting: see delivery.py.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class NotDelivered(Exception):
    """Why an alert did not get out: a few words for people, never an address, a token or a password."""


class Outlet(Protocol):
    """One way out."""

    name: str
    """As it is told: without what is secret."""

    async def send(self, record: Mapping[str, Any]) -> None:
        """Returns once it is delivered, raises NotDelivered if it is not; cancelled when it takes too long."""


async def in_thread(work: Callable[[], T]) -> T:
    """What can only wait by blocking.  The thread is a daemon: a program that ends does not wait for it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def told(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return  # nobody waits any more
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:
            error = raised
            error.__context__ = error.__traceback__ = None  # whose frames keep sockets open
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(told, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await done
