# SPDX-License-Identifier: MIT
"""A queue from a callback that must not block to one consumer that may be slow.

Bounded: when it is full the oldest item goes and is counted, since the unit's log can always fill the hole.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """`put` never blocks; `get`, `take` and iteration wait.  After `close` what is left is still delivered."""

    def __init__(self, size: int = 4096) -> None:
        self.dropped = 0
        self._size = size
        self._items: deque[T] = deque()
        self._changed = asyncio.Event()
        self._closed = False
        self._error: Exception | None = None

    def put(self, item: T) -> None:
        """Add an item; on a closed inbox it is dropped."""
        if self._closed:
            return
        if len(self._items) == self._size:
            self._items.popleft()
            self.dropped += 1
        self._items.append(item)
        self._changed.set()

    def close(self, error: Exception | None = None) -> None:
        """End the queue: after the last item `get` raises `error`, or StopAsyncIteration without one."""
        if not self._closed:
            self._closed = True
            self._error = error
            self._changed.set()

    async def take(self) -> list[T]:
        """Everything that waits, at least one item.  Cancelling it loses nothing."""
        await self._wait()
        return self.drain()

    def drain(self) -> list[T]:
        """Everything that waits now, maybe nothing."""
        items = list(self._items)
        self._items.clear()
        return items

    async def get(self) -> T:
        """The oldest item."""
        await self._wait()
        return self._items.popleft()

    async def _wait(self) -> None:
        while not self._items:
            if self._closed:
                raise self._error or StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        return await self.get()
