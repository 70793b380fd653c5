# SPDX-License-Identifier: MIT
"""A session on a computer in trouble: full disk, busy store, sleep, Bluetooth off.  It mends, and nothing is lost."""

import asyncio
from dataclasses import replace

import pytest
from fakeunit import FakeUnit
from test_session import DEVICE, PACE, caught_up, running, until, updates

from kneesense.bus import News
from kneesense.errors import AdapterError, StoreFull
from kneesense.session import Plan, Session
from kneesense.store import Store


@pytest.fixture
def fake():
    return FakeUnit()


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


def fill(store):
    """No page can be added."""
    store._row(f"PRAGMA max_page_count = {store._row('PRAGMA page_count')[0] + 1}")


def make_room(store):
    store._row("PRAGMA max_page_count = 1000000")


async def test_a_full_store_is_told_and_waited_out_and_nothing_is_lost_or_doubled(fake, store):
    async with running(fake, store) as session:
        fill(store)
        committed = store.records(DEVICE)
        fake.strides(2000)
        await until(lambda: len(session.heard._items) > 10 or not fake.running)
        assert store.records(DEVICE)[: len(committed)] == committed
        make_room(store)
        fake.strides(3)
        await until(lambda: caught_up(fake, store))
    records, news = updates(session)
    assert "store_full" in news
    assert session.complete
    assert store.records(DEVICE) == fake.log
    assert fake.commands.count("run") == 1
    assert len([r for r in records if r.name == "stride"]) == 2003
    assert len(set(records)) == len(records)
    assert store.problems() == []


async def test_a_run_stopped_with_a_full_store_says_so_and_stays_on_the_unit(fake, store):
    session = Session(fake.link, store, Plan(), pace=PACE)
    work = asyncio.create_task(session.run())
    await until(lambda: session.run_key is not None)
    fill(store)
    committed = store.records(DEVICE)
    fake.strides(2000)
    session.stop(within_s=3)
    with pytest.raises(StoreFull):
        await work
    assert not fake.running
    assert store.records(DEVICE)[: len(committed)] == committed
    assert max(fake.acked) <= committed[-1].key
    assert store.problems() == []


async def test_a_store_that_another_program_keeps_busy_is_waited_for(fake, store, monkeypatch):
    monkeypatch.setattr("kneesense.storefile.BUSY_S", 0.02)
    with Store(store.file) as impatient, Store(store.file) as other:
        async with running(fake, impatient) as session:
            with other._transaction():
                fake.strides(5)
                await until(lambda: any(getattr(u, "code", "") == "store_busy" for u in session.heard._items))
            await until(lambda: caught_up(fake, store))
    assert session.complete
    assert store.records(DEVICE) == fake.log
    assert fake.commands.count("run") == 1


async def test_a_computer_that_slept_loses_and_doubles_nothing(fake, store, monkeypatch):
    """Asleep for an hour, in which the unit went on; the link died meanwhile, without a word to us."""
    loop = asyncio.get_running_loop()
    now, slept = loop.time, []
    monkeypatch.setattr(loop, "time", lambda: now() + sum(slept))
    async with running(fake, store, pace=replace(PACE, step_s=0.1)) as session:
        fake.strides(2)
        await until(lambda: caught_up(fake, store))
        fake.link_now.deaf = True
        away = fake.strides(20)
        slept.append(3600.0)
        await until(lambda: away[-1] in store.records(DEVICE))
    records, _ = updates(session)
    assert session.complete
    assert store.records(DEVICE) == fake.log
    assert fake.commands.count("run") == 1
    assert len(set(records)) == len(records)


async def test_bluetooth_switched_off_in_mid_run_and_on_again_needs_nobody(fake, store):
    tries = []

    def connect():
        tries.append(1)
        if 2 <= len(tries) <= 5:
            raise AdapterError("powered_off", "Bluetooth is off", "switch Bluetooth on")
        return fake.link()

    session = Session(connect, store, Plan(), pace=PACE)
    heard = session.bus.subscribe()
    work = asyncio.create_task(session.run())
    await until(lambda: session.run_key is not None)
    fake.drop_link()
    away = fake.strides(6)
    await until(lambda: away[-1] in store.records(DEVICE))
    session.stop(within_s=3)
    await work
    assert len(tries) == 6
    news = [update for update in heard.drain() if isinstance(update, News)]
    assert "Bluetooth is off; trying again" in [update.message for update in news]
    assert session.complete
    assert store.records(DEVICE) == fake.log
    assert fake.commands.count("run") == 1


async def test_a_unit_never_reached_is_looked_for_as_long_as_somebody_is_patient(fake, store):
    fake.unreachable = True
    session = Session(fake.link, store, Plan(), pace=PACE)
    heard = session.bus.subscribe()
    asked = []
    session.patience = lambda: not asked.append(1)
    work = asyncio.create_task(session.run())
    await until(lambda: len(asked) > 3)
    fake.unreachable = False
    await until(lambda: session.run_key is not None)
    session.stop(within_s=3)
    await work
    assert [u.code for u in heard.drain() if isinstance(u, News)] == ["unit_missing", "connected"]
    assert store.records(DEVICE) == fake.log
