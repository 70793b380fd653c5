# SPDX-License-Identifier: MIT
"""The store catches up with a unit's log, whatever happened to either before."""

import asyncio
from contextlib import suppress

import pytest
from fakeunit import FakeUnit
from hypothesis import given
from hypothesis import strategies as st

from kneesense.bus import Arrival, News
from kneesense.device import Device
from kneesense.errors import LinkLost, TransferIncomplete
from kneesense.store import Store
from kneesense.sync import LogSync

DEVICE = "0a0b0c0d"


@pytest.fixture
def fake():
    return FakeUnit()


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


async def caught_up(fake, store):
    """One connection; gives the sync and its news."""
    told = []
    sync = LogSync(DEVICE, store, told.append)
    async with Device(fake.link()) as unit:
        await sync.catch_up(unit)
        await sync.acknowledge(unit)
    return sync, [update.code for update in told if isinstance(update, News)]


async def test_an_empty_log_is_caught_up_with_at_once(fake, store):
    sync, told = await caught_up(fake, store)
    assert (store.records(DEVICE), told, fake.acked) == ([], [], [])
    assert sync.next_seq == 1


async def test_only_what_is_new_is_fetched(fake, store):
    fake.strides(20)
    await caught_up(fake, store)
    fake.strides(5)
    sync, _ = await caught_up(fake, store)
    assert (sync.counters.backfilled, sync.counters.duplicates) == (5, 0)
    assert store.records(DEVICE) == fake.log
    assert fake.acked == [(1, 20), (1, 25)]


async def test_a_long_transfer_is_announced(fake, store):
    fake.strides(49)
    assert (await caught_up(fake, store))[1] == []
    fake.strides(50)
    assert (await caught_up(fake, store))[1] == ["fetching"]


async def test_records_lost_in_every_transfer_are_an_error_and_the_rest_is_kept(fake, store):
    fake.strides(10)
    fake.lose_fetched = 1000
    with pytest.raises(TransferIncomplete):
        await caught_up(fake, store)
    assert fake.commands.count("fetch") == 3
    fake.lose_fetched = 4
    await caught_up(fake, store)
    assert store.records(DEVICE) == fake.log


async def test_records_that_the_unit_overwrote_before_they_were_fetched_are_told(fake, store):
    fake.strides(10)
    await caught_up(fake, store)
    fake.strides(10)
    del fake.log[:15]
    sync, told = await caught_up(fake, store)
    assert told == ["records_gone"]
    assert sync.counters.gone == 5


async def test_records_of_other_content_under_known_numbers_are_told_and_kept_apart(fake, store):
    fake.strides(4)
    await caught_up(fake, store)
    other = FakeUnit()  # its log and its boot counter were erased
    for kind in range(3):
        other._note({"kind": kind})
    sync, told = await caught_up(other, store)
    assert told == ["conflict"]
    assert sync.counters.conflicts == 3
    assert store.records(DEVICE) == fake.log


class History:
    """What may have happened to a unit's log and a host's store before they meet."""

    steps = st.lists(
        st.one_of(
            st.tuples(st.just("log"), st.integers(1, 8)),
            st.tuples(st.just("live"), st.sets(st.integers(0, 7))),
            st.tuples(st.just("cut"), st.integers(0, 3)),
            st.tuples(st.just("sync"), st.integers(0, 12)),
            st.tuples(st.just("overwrite"), st.integers(0, 5)),
            st.tuples(st.just("erase"), st.just(0)),
        ),
        max_size=12,
    )

    def __init__(self, store):
        self.fake = FakeUnit()
        self.store = store
        self.sent = {}  # everything the store was ever given

    async def step(self, what, number):
        fake = self.fake
        if what == "log":
            fake.strides(number)
        elif what == "live":  # a connected host hears some of the next records; it had caught up before
            await self.sync()
            heard = [record for i, record in enumerate(fake.strides(8)) if i in number]
            self.store.add(DEVICE, heard)
        elif what == "cut":
            fake.reboot(unwritten=min(number, len(fake.log)))
        elif what == "sync":  # a host that may be killed in the transfer
            fake.drop_link_after_fetched = number
            with suppress(LinkLost):
                await self.sync()
            fake.drop_link_after_fetched = None
        elif what == "overwrite":
            del fake.log[: min(number, max(0, len(fake.log) - 1))]
        elif what == "erase":
            fake.log.clear()
            fake.next_seq = 1
            fake.reboot()

    async def sync(self):
        async with Device(self.fake.link()) as unit:
            await LogSync(DEVICE, self.store, lambda update: None).catch_up(unit)


@given(History.steps)
def test_whatever_happened_before_a_sync_makes_the_store_hold_the_log(tmp_path_factory, steps):
    async def live_through():
        with Store(tmp_path_factory.mktemp("store") / "runs.sqlite") as store:
            history = History(store)
            before = []
            for what, number in steps:
                await history.step(what, number)
                stored = store.records(DEVICE)
                assert set(before) <= set(stored)  # nothing is ever lost again
                before = stored
            await history.sync()
            assert set(history.fake.log) <= set(store.records(DEVICE))
            assert store.problems() == []

    asyncio.run(live_through())


async def test_when_the_count_of_boots_wraps_nothing_is_lost_and_nothing_comes_again(fake, store):
    fake.boot = 0xFFFF
    fake.strides(3)
    await caught_up(fake, store)
    fake.reboot()
    assert fake.boot == 0
    fake.strides(4)
    sync, _ = await caught_up(fake, store)
    assert (sync.counters.backfilled, sync.counters.duplicates, sync.counters.gone) == (4, 0, 0)
    assert store.synced(DEVICE) == fake.log[-1].key == (0, 7)
    fake.strides(2)
    sync, told = await caught_up(fake, store)
    assert (sync.counters.backfilled, sync.counters.duplicates, told) == (2, 0, [])
    assert {record.key for record in store.records(DEVICE)} == {record.key for record in fake.log}


async def test_a_record_is_handed_on_once_even_if_it_has_to_be_fetched_again(fake, store):
    """Records at the watermark that are damaged on the unit make the sync go back to one that is the same."""
    told = []
    sync = LogSync(DEVICE, store, told.append)
    sync.publish_from = (1, 1)
    fake.strides(20)
    async with Device(fake.link()) as unit:
        await sync.catch_up(unit)
    fake.strides(3)
    del fake.log[18:20]
    async with Device(fake.link()) as unit:
        await sync.catch_up(unit)
    seqs = [update.record.seq for update in told if isinstance(update, Arrival)]
    assert seqs == list(range(1, 24))
