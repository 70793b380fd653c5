# SPDX-License-Identifier: MIT
"""A whole session against a unit on which everything goes wrong: the store ends up equal to the unit's log."""

import asyncio
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from fakeunit import CALIBRATION, FakeUnit

from kneecore import wire
from kneesense.bus import Arrival, News
from kneesense.errors import (
    CommandRefused,
    LinkLost,
    NothingFound,
    VersionMismatch,
)
from kneesense.link import Channel
from kneesense.session import Pace, Plan, Session
from kneesense.store import Store, Unit

DEVICE = "0a0b0c0d"
PACE = Pace(commit_s=0.01, check_s=0.05, step_s=5, retry_s=0.01, retry_max_s=0.02)


@pytest.fixture
def fake():
    return FakeUnit()


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


async def until(condition):
    """Wait, for a bounded time, until a condition holds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


def caught_up(fake, store):
    return store.synced(DEVICE) == fake.log[-1].key


@asynccontextmanager
async def running(fake, store, plan=None, **options):
    """A session whose run has begun; on exit it is stopped and must end as asked."""
    session = Session(fake.link, store, plan or Plan(), **{"pace": PACE, **options})
    session.heard = session.bus.subscribe()
    work = asyncio.create_task(session.run())
    await until(lambda: session.run_key is not None or work.done())
    yield session
    if not work.done():
        session.stop(within_s=3)
    await work


def updates(session):
    """(published records, codes of the news) so far."""
    heard = session.heard.drain()
    return [u.record for u in heard if isinstance(u, Arrival)], [u.code for u in heard if isinstance(u, News)]


async def test_a_run_is_started_recorded_and_ended(fake, store):
    async with running(
        fake, store, Plan(settings={"cue_rule": 0, "cue_m": 2}, calibration=CALIBRATION)
    ) as session:
        fake.strides(5)
        await until(lambda: len(store.records(DEVICE)) >= 8)
    assert session.complete
    assert not fake.running
    assert fake.settings == {0: 0, 4: 2}
    assert store.records(DEVICE) == fake.log
    assert [record.name for record in fake.log] == [
        "anchor",
        "anchor",
        "start",
        *["stride"] * 5,
        "anchor",
        "stop",
    ]
    assert (store.runs()[0].boot, store.runs()[0].seq) == session.run_key
    assert fake.acked[-1] == (1, fake.log[-1].seq)
    assert store.tie(DEVICE, 1) is not None
    assert session.counters.live + session.counters.backfilled == len(fake.log)


async def test_records_are_published_once_in_log_order_from_the_run_on(fake, store):
    fake.strides(3)  # of a run that nobody followed
    async with running(fake, store) as session:
        fake.lose_events = {seq for seq in range(8, 20) if seq % 3 == 0}
        fake.repeat_events = True
        fake.strides(15)
    records, _ = updates(session)
    start = [record.name for record in fake.log].index("start")
    assert records[-18:] == fake.log[start:]
    assert records == sorted(records, key=lambda record: record.seq)
    assert len(set(records)) == len(records)


async def test_lost_live_records_are_fetched(fake, store):
    async with running(fake, store) as session:
        fake.lose_events = {6, 7, 9}
        fake.strides(8)
        await until(lambda: caught_up(fake, store))
    assert session.counters.backfilled == 3
    assert session.counters.gone == 0
    assert store.records(DEVICE) == fake.log


async def test_repeated_live_records_are_counted_and_stored_once(fake, store):
    async with running(fake, store) as session:
        fake.repeat_events = True
        fake.strides(4)
        await until(lambda: session.counters.duplicates == 4)
    assert store.records(DEVICE) == fake.log


async def test_live_records_out_of_order_lose_nothing(fake, store):
    async with running(fake, store) as session:
        link, fake.link_now = fake.link_now, None
        sent = fake.strides(6)
        fake.link_now = link
        for record in reversed(sent):
            link.notify(Channel.EVENTS, record.frame)
        await until(lambda: caught_up(fake, store))
    records, _ = updates(session)
    assert [record.seq for record in records] == sorted(record.seq for record in records)
    assert store.records(DEVICE) == fake.log


async def test_the_unit_is_told_only_of_committed_records(fake, store):
    told = []
    take = fake._ack

    def ack(values):
        told.append(fake.log[: values["seq"]] == store.records(DEVICE)[: values["seq"]])
        take(values)

    fake._ack = ack
    async with running(fake, store):
        for _ in range(5):
            fake.strides(3)
            await asyncio.sleep(0.02)
    assert told
    assert all(told)


async def test_after_a_lost_link_the_missing_part_is_fetched(fake, store):
    async with running(fake, store) as session:
        fake.strides(2)
        fake.unreachable = True
        fake.drop_link()
        away = fake.strides(7)
        await asyncio.sleep(0.05)
        fake.unreachable = False
        await until(lambda: away[-1] in store.records(DEVICE))
        fake.strides(2)
    records, news = updates(session)
    assert "lost" in news
    assert news.count("connected") == 2
    assert store.records(DEVICE) == fake.log
    assert len([r for r in records if r.name == "start"]) == 1
    assert fake.commands.count("run") == 1


async def test_a_unit_that_stays_away_is_looked_for_with_growing_waits(fake, store):
    tried = []
    loop = asyncio.get_running_loop()

    def connect():
        tried.append(loop.time())
        return fake.link()

    pace = Pace(commit_s=0.01, step_s=5, retry_s=0.02, retry_growth=2, retry_max_s=0.08)
    session = Session(connect, store, Plan(), pace=pace)
    work = asyncio.create_task(session.run())
    await until(lambda: session.run_key is not None)
    fake.unreachable = True
    fake.drop_link()
    await until(lambda: len(tried) == 7)
    fake.unreachable = False
    await until(lambda: fake.link_now is not None)
    session.stop(within_s=3)
    await work
    waits = [b - a for a, b in pairwise(tried[1:])]
    assert all(wait >= least for wait, least in zip(waits, (0.04, 0.08, 0.08, 0.08), strict=False))
    assert fake.commands.count("run") == 1


async def test_a_link_lost_in_a_transfer_goes_on_where_it_broke(fake, store):
    fake.strides(30)
    fake.drop_link_after_fetched = 12
    async with running(fake, store) as session:
        assert session.counters.duplicates == 0
    assert store.records(DEVICE) == fake.log


async def test_records_lost_in_a_transfer_are_asked_for_again(fake, store):
    fake.strides(30)
    fake.lose_fetched = 7
    async with running(fake, store) as session:
        assert session.counters.gone == 0
    assert store.records(DEVICE) == fake.log


async def test_records_the_unit_no_longer_has_are_told_once_and_passed_over(fake, store):
    fake.strides(10)
    del fake.log[3:6]
    async with running(fake, store) as session:
        assert session.counters.gone == 3
    assert updates(session)[1].count("records_gone") == 1
    assert store.records(DEVICE) == fake.log
    assert fake.acked[-1] == (1, fake.log[-1].seq)


async def test_after_a_restart_of_the_unit_a_new_run_begins(fake, store):
    async with running(fake, store) as session:
        fake.strides(4)
        await until(lambda: caught_up(fake, store))
        first = session.run_key
        fake.reboot()
        await until(lambda: session.run_key != first)
        fake.strides(2)
    assert "restarted" in updates(session)[1]
    assert [run.boot for run in store.runs()] == [1, 2]
    assert store.records(DEVICE) == fake.log


async def test_records_that_a_power_cut_took_from_the_unit_stay_in_the_store(fake, store):
    async with running(fake, store) as session:
        fake.strides(6)
        await until(lambda: caught_up(fake, store))
        unwritten = fake.log[-3:]
        fake.reboot(unwritten=3)
        await until(lambda: session.run_key[0] == 2)
        fake.strides(5)
    stored = store.records(DEVICE)
    assert [record for record in stored if record not in fake.log] == unwritten
    assert [record for record in stored if record in fake.log] == fake.log


async def test_a_killed_host_comes_back_and_attaches(fake, store):
    session = Session(fake.link, store, Plan(), pace=PACE)
    work = asyncio.create_task(session.run())
    await until(lambda: session.run_key is not None)
    fake.strides(3)
    await until(lambda: caught_up(fake, store))
    work.cancel()  # stands for the kill: nothing is ended, nobody is told
    await asyncio.wait({work})
    assert fake.running
    fake.strides(4)

    async with running(fake, store, Plan(attach=True)) as again:
        await until(lambda: caught_up(fake, store))
        fake.strides(2)
        fake._halt({})
        await until(lambda: again.complete)
    records, _ = updates(again)
    start = [record.name for record in fake.log].index("start")
    assert [r for r in records if r.seq < records[-1].seq] == fake.log[start : fake.log.index(records[-1])]
    assert store.records(DEVICE) == fake.log
    assert fake.commands.count("run") == 1


async def test_attaching_to_a_unit_that_rests_brings_the_store_up_to_date_and_ends(fake, store):
    fake._run({"utc_us": 0})
    fake.strides(3)
    fake._halt({})
    session = Session(fake.link, store, Plan(attach=True), pace=PACE)
    await session.run()
    assert session.complete
    assert store.records(DEVICE) == fake.log
    assert {"run", "halt"}.isdisjoint(fake.commands)


async def test_an_orphaned_run_can_be_ended(fake, store):
    fake._run({"utc_us": 0})
    fake.strides(3)
    session = Session(fake.link, store, Plan(attach=True, end=True), pace=PACE)
    await session.run()
    assert session.complete
    assert not session.goes_on
    assert not fake.running
    assert store.records(DEVICE) == fake.log
    assert store.records(DEVICE)[-1].name == "stop"


async def test_a_run_that_goes_on_is_not_taken_over(fake, store):
    fake._run({"utc_us": 0})
    with pytest.raises(CommandRefused) as caught:
        await Session(fake.link, store, Plan(), pace=PACE).run()
    assert "--attach" in caught.value.advice
    assert fake.running


async def test_a_unit_that_cannot_start_says_what_it_needs(fake, store):
    fake.refuses = {"run": wire.BAD_STATE}
    with pytest.raises(CommandRefused) as caught:
        await Session(fake.link, store, Plan(), pace=PACE).run()
    assert "--calibration" in caught.value.advice


async def test_a_unit_whose_notifications_are_all_lost_is_asked(fake, store):
    async with running(fake, store):
        fake.lose_events = set(range(1000))
        fake.strides(5)
        await until(lambda: caught_up(fake, store))
    assert store.records(DEVICE) == fake.log


async def test_a_run_that_ended_without_a_stop_record_ends_the_session(fake, store):
    async with running(fake, store) as session:
        fake.running = False  # its log was full
        await until(lambda: session.complete)
    assert fake.commands.count("halt") == 0


async def test_a_run_ended_at_the_unit_ends_the_session(fake, store):
    async with running(fake, store) as session:
        fake.strides(2)
        fake._halt({})
        await until(lambda: session.complete)
    assert fake.commands.count("halt") == 0
    assert store.records(DEVICE) == fake.log


async def test_a_run_ended_at_the_unit_while_the_link_was_lost_ends_the_session(fake, store):
    async with running(fake, store) as session:
        fake.drop_link()
        fake.strides(2)
        fake._halt({})
        await until(lambda: session.complete)
    assert fake.commands.count("run") == 1
    assert store.records(DEVICE) == fake.log


async def test_the_runner_of_the_run_is_the_one_named_or_the_units(fake, store):
    store.remember(Unit(DEVICE, "0c0d", "right", "lateral", "Ann"))
    async with running(fake, store):
        pass
    async with running(fake, store, Plan(runner="Bea")):
        pass
    assert [run.runner for run in store.runs()] == ["Ann", "Bea"]


async def test_a_stop_is_bounded_when_the_unit_is_silent(fake, store):
    async with running(fake, store) as session:
        fake.silent = {"halt", "hello"}
        loop = asyncio.get_running_loop()
        began = loop.time()
        session.stop(within_s=0.1)
        await until(lambda: fake.link_now is None)
        assert loop.time() - began < 1
    assert not session.complete
    assert session.run_key in [record.key for record in store.records(DEVICE)]


async def test_a_unit_never_reached_ends_the_session_after_some_tries(fake, store):
    fake.unreachable = True
    with pytest.raises(LinkLost, match="out of range"):
        await Session(fake.link, store, Plan(), pace=PACE).run()


async def test_another_unit_is_not_taken_for_ours(fake, store):
    with pytest.raises(NothingFound, match="answered instead of"):
        await Session(fake.link, store, Plan(), unit_id="beef", pace=PACE).run()
    assert store.records(DEVICE) == []


async def test_another_wire_version_stores_nothing(fake, store):
    fake.strides(3)
    fake.major = 2
    with pytest.raises(VersionMismatch):
        await Session(fake.link, store, Plan(), pace=PACE).run()
    assert store.records(DEVICE) == []
