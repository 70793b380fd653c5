# SPDX-License-Identifier: MIT
"""A session tells its unit the time, and learns the unit's."""

import asyncio
from dataclasses import replace

import pytest
from fakeunit import UTC_US, FakeUnit
from test_session import DEVICE, PACE, until

from kneesense import clock
from kneesense.session import Plan, Session
from kneesense.store import Store


@pytest.fixture
def fake():
    fake = FakeUnit()
    with clock.replaced(fake.moment):
        yield fake


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


async def test_the_time_is_told_again_and_again_and_says_which_device_time_it_is(fake, store):
    session = Session(fake.link, store, Plan(), pace=replace(PACE, time_s=0.05))
    work = asyncio.create_task(session.run())
    await until(lambda: session.run_key is not None)
    for _ in range(20):
        fake.stride()
        await asyncio.sleep(0.02)
    session.stop(within_s=3)
    await work
    run = store.run_records(store.runs()[0])
    told = [record.values() for record in run if record.name == "anchor"]
    assert len(told) >= 3
    for anchor in told:
        assert 0 <= anchor["t_us"] - anchor["at_us"] < 1_000_000
        assert anchor["utc_us"] - UTC_US == pytest.approx(anchor["at_us"], abs=anchor["error_us"])
        assert 0 < anchor["error_us"] < 100_000
    tie = store.tie(DEVICE, 1)
    assert (tie.jumps, tie.utc_us(fake.t_us)) == ((), UTC_US + fake.t_us)


async def test_a_clock_that_is_set_in_a_session_is_seen_against_the_units(fake, store):
    session = Session(fake.link, store, Plan(), pace=replace(PACE, time_s=0.02))
    work = asyncio.create_task(session.run())
    await until(lambda: session.run_key is not None)
    fake.stride()
    await asyncio.sleep(0.1)
    with clock.replaced(lambda: fake.moment()._replace(utc_us=UTC_US + fake.t_us - 3_600_000_000)):
        fake.strides(3)
        await asyncio.sleep(0.1)
        session.stop(within_s=3)
        await work
    assert [jump.by_us for jump in store.tie(DEVICE, 1).jumps] == [-3_600_000_000]
