# SPDX-License-Identifier: MIT
"""The queue between callbacks and consumers: bounded, cancel-safe, delivers what is left after its end."""

import asyncio

import pytest

from kneesense.bus import Bus, News
from kneesense.inbox import Inbox


async def test_items_come_in_order_one_by_one_or_all_at_once():
    inbox = Inbox()
    for item in range(5):
        inbox.put(item)
    assert await inbox.get() == 0
    assert await inbox.take() == [1, 2, 3, 4]
    assert inbox.drain() == []


async def test_a_full_inbox_drops_the_oldest_and_counts():
    inbox = Inbox(3)
    for item in range(5):
        inbox.put(item)
    assert inbox.dropped == 2
    assert inbox.drain() == [2, 3, 4]


async def test_what_is_left_comes_before_the_end():
    inbox = Inbox()
    inbox.put(1)
    inbox.close(ValueError("gone"))
    inbox.put(2)
    assert await inbox.get() == 1
    for _ in range(2):
        with pytest.raises(ValueError, match="gone"):
            await inbox.get()


async def test_a_waiting_consumer_learns_of_the_end():
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    inbox.close(ValueError("gone"))
    with pytest.raises(ValueError, match="gone"):
        await waiting


async def test_a_cancelled_consumer_takes_nothing_with_it():
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    waiting.cancel()
    inbox.put(1)
    await asyncio.wait({waiting})
    assert inbox.drain() == [1]


async def test_every_reader_of_a_bus_hears_all_and_then_the_end():
    bus = Bus()
    readers = [bus.subscribe(), bus.subscribe()]
    news = [News("link", "lost", "away"), News("link", "connected", "back")]
    for item in news:
        bus.post(item)
    bus.close()
    for reader in readers:
        assert [item async for item in reader] == news
