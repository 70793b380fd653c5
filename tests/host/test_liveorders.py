# SPDX-License-Identifier: MIT
"""What a live view asks for reaches the unit, which logs it; what cannot is told with the next step."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from fakeunit import FakeUnit

from kneecore import wire
from kneesense.liveorders import Orders
from kneesense.liveview import LiveView
from kneesense.session import Pace, Plan, Session
from kneesense.store import Store
from kneesense.together import Together

PACE = Pace(commit_s=0.01, check_s=0.05, retry_s=0.01, retry_max_s=0.02)


@pytest.fixture
def fakes():
    return [FakeUnit(bytes((1, 2, 3, i))) for i in range(2)]


@asynccontextmanager
async def recording(fakes, tmp_path):
    """Orders of a view to these units, all of them in a run."""
    with Store(tmp_path / "runs.sqlite") as store:
        sessions = [
            Session(fake.link, store, Plan(), unit_id=fake.unit_id.hex(), pace=PACE) for fake in fakes
        ]
        together = Together(sessions, store)
        view = LiveView([(fake.unit_id.hex(), "left") for fake in fakes])
        work = asyncio.create_task(together.run())
        async with asyncio.timeout(5):
            while not all(session.run_key for session in sessions):
                await asyncio.sleep(0.002)
        for fake in fakes:
            unit = fake.unit_id.hex()
            view.feed({"type": "link", "code": "connected", "message": ""}, 0.0, unit)
            view.feed({"type": "start", "side": "left"}, 0.0, unit)
        yield Orders(view, together, lambda: together.stop(1), now=lambda: 1.0), view
        together.stop(3)
        await work


def marks(fake):
    return [wire.MARKS[record.values()["kind"]] for record in fake.log if record.code == wire.MARK.code]


async def test_a_pain_mark_is_logged_by_every_unit(fakes, tmp_path):
    async with recording(fakes, tmp_path) as (orders, _):
        assert await orders.mark("pain") == (True, "pain marked")
        assert [marks(fake) for fake in fakes] == [["pain"], ["pain"]]


async def test_what_is_not_offered_is_not_sent(fakes, tmp_path):
    async with recording(fakes, tmp_path) as (orders, _):
        for kind in ("resume", "pain_taken_back", "mute", "sync", "", "x"):
            done, text = await orders.mark(kind)
            assert not done
            assert text.startswith("not now")
        assert [marks(fake) for fake in fakes] == [[], []]


async def test_a_unit_that_is_not_reached_is_named_with_what_helps(fakes, tmp_path):
    async with recording(fakes, tmp_path) as (orders, _):
        fakes[1].unreachable = True
        fakes[1].drop_link()
        await asyncio.sleep(0)
        done, text = await orders.mark("note")
        assert not done
        assert "01020301: " in text
        assert "01020300" not in text
        assert "button on the unit" in text
        assert [marks(fake) for fake in fakes] == [["note"], []]
        fakes[1].unreachable = False


async def test_a_unit_that_refuses_says_so(fakes, tmp_path):
    async with recording(fakes[:1], tmp_path) as (orders, _):
        fakes[0].refuses = {"note": wire.BAD_STATE}
        done, text = await orders.mark("pain")
        assert not done
        assert "bad_state" in text


async def test_the_end_of_the_run_can_be_asked_for(fakes, tmp_path):
    async with recording(fakes[:1], tmp_path) as (orders, _):
        orders.stop()
        async with asyncio.timeout(5):
            while fakes[0].running:
                await asyncio.sleep(0.002)
