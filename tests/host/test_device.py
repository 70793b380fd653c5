# SPDX-License-Identifier: MIT
"""The typed unit over an in-memory link: answers, versions, deadlines, transfers, cut and foreign bytes."""

import asyncio
import time

import pytest
from fakeunit import CALIBRATION, FakeUnit
from hypothesis import given
from hypothesis import strategies as st

from kneecore import wire
from kneecore.programme import DEFAULT
from kneesense.answers import UnitPlan
from kneesense.device import Device
from kneesense.errors import CommandRefused, InputError, LinkLost, TransferIncomplete, VersionMismatch
from kneesense.link import Channel

QUICK_S = 0.05  # a deadline that a test can wait for


@pytest.fixture
def fake():
    return FakeUnit()


async def fetched(unit, first, last):
    return [record async for record in unit.fetch(first, last)]


async def test_entering_says_who_the_unit_is(fake):
    async with Device(fake.link()) as unit:
        assert unit.info.unit_id == "0a0b0c0d"
        assert unit.info.firmware == "0.1.0"
        assert (unit.info.boot, unit.info.next_seq, unit.info.chip) == (1, 1, "mpu6050")
    assert fake.link_now is None


async def test_a_setting_is_set_and_read_back(fake):
    async with Device(fake.link()) as unit:
        assert await unit.set("cadence_offset_pm", -50) == -50
        assert await unit.get("cadence_offset_pm") == -50


async def test_a_wrong_setting_never_reaches_the_unit(fake):
    async with Device(fake.link()) as unit:
        with pytest.raises(InputError, match="no setting 'cadence'"):
            await unit.set("cadence", 1)
        with pytest.raises(InputError, match="must be 1 to 10"):
            await unit.set("cue_m", 11)
        with pytest.raises(InputError, match="no mark 'joy'"):
            await unit.mark("joy")
    assert fake.commands == ["hello"]


async def test_a_programme_is_given_and_read_back(fake):
    async with Device(fake.link()) as unit:
        assert await unit.read_plan() == UnitPlan()
        await unit.prescribe(7, 2, DEFAULT)
        fake.plan |= {"baseline": 16400, "sd": 120}
        assert await unit.read_plan() == UnitPlan(7, 2, 16400, 120, DEFAULT)
        await unit.prescribe(7, 0, ())
        assert (await unit.read_plan()).sessions == ()


async def test_health_in_units_and_words(fake):
    fake.health |= {"troubles": 0b1001, "failed": 2}
    async with Device(fake.link()) as unit:
        health = await unit.status()
    assert (health.troubles, health.cause, health.failed_boots) == (("sensor", "log_full"), "power_on", 2)
    assert (health.battery_mv, health.percent, health.charging) == (3900, 80, False)
    assert (health.temperature_c, health.t_us) == (31.25, fake.t_us)
    assert (health.capacity_bytes, health.unfetched_bytes) == (1_500_000, 10_000)


async def test_what_a_unit_does_not_know_of_itself_is_none(fake):
    fake.health |= {"cause": 0, "battery_mv": 0, "percent": 255, "charging": 0, "temperature_cdeg": -32768}
    fake.health["troubles"] = 1 << 15  # of a later firmware
    async with Device(fake.link()) as unit:
        health = await unit.status()
    assert (health.cause, health.battery_mv, health.percent, health.charging) == (None,) * 4
    assert health.temperature_c is None
    assert health.troubles == ("code_15",)


async def test_a_log_is_erased_part_by_part(fake):
    fake.strides(10)
    fake.erased_at_once = 4
    async with Device(fake.link()) as unit:
        assert [await unit.erase(6), await unit.erase(6), await unit.erase(10)] == [5, 7, 11]
    assert fake.log == []


async def test_what_is_no_programme_never_reaches_the_unit(fake):
    async with Device(fake.link()) as unit:
        with pytest.raises(InputError, match="session 1: 0 minutes"):
            await unit.prescribe(7, 1, ((0, 0, 0),))
        fake.plan["sessions"] = b"\x0f\x00"
        with pytest.raises(LinkLost, match="2 bytes are no programme"):
            await unit.read_plan()
    assert fake.commands == ["hello", "read_plan"]


async def test_the_runners_number_goes_with_the_run(fake):
    async with Device(fake.link()) as unit:
        await unit.start(1234)
    assert fake.log[-1].values()["runner"] == 1234


async def test_every_command_reaches_the_unit(fake):
    async with Device(fake.link()) as unit:
        await unit.calibrate(CALIBRATION | {"neutral_cdeg": -120})
        started = await unit.start()
        assert await unit.buzz(900) == 400
        await unit.play(2)
        await unit.mark("pain")
        await unit.time()
        stopped = await unit.stop()
        await unit.ack(1, stopped)
    assert fake.calibration["neutral_cdeg"] == -120
    assert [record.name for record in fake.log] == ["anchor", "start", "mark", "anchor", "stop"]
    assert (started, stopped) == (2, 5)
    assert fake.acked == [(1, 5)]


async def test_answers_find_their_commands_in_any_order(fake):
    async with Device(fake.link()) as unit:
        fake.settings = {0: 10, 1: 11, 2: 12}
        fake.held = []
        names = ("cue_rule", "cadence_offset_pm", "cadence_band_pm")
        asked = [asyncio.create_task(unit.get(name)) for name in names]
        await asyncio.sleep(0)
        fake.release()
        assert await asyncio.gather(*asked) == [10, 11, 12]


async def test_a_late_answer_and_one_to_nobody_are_ignored(fake):
    async with Device(fake.link(), step_s=QUICK_S) as unit:
        fake.held = []
        with pytest.raises(LinkLost, match="buzz: nothing heard"):
            await unit.buzz(100)
        fake.release()
        stray = {"token": 999, "command": wire.GET.code, "status": wire.OK, "t_us": 1, "data": b""}
        fake.link_now.notify(Channel.CONTROL, wire.frame(wire.REPLY, stray))
        assert await unit.buzz(100) == 100


async def test_a_refusal_names_command_and_reason(fake):
    fake.refuses = {"run": wire.BAD_STATE}
    async with Device(fake.link()) as unit:
        with pytest.raises(CommandRefused, match="'bad_state' to run"):
            await unit.start()


async def test_a_status_of_a_later_version_is_shown(fake):
    fake.refuses = {"run": 77}
    async with Device(fake.link()) as unit:
        with pytest.raises(CommandRefused, match="code_77"):
            await unit.start()


@pytest.mark.parametrize(("major", "advice"), [(0, "kneesense deploy"), (2, "git pull"), (255, "git pull")])
async def test_a_unit_of_another_major_version_is_refused(fake, major, advice):
    fake.major = major
    with pytest.raises(VersionMismatch) as caught:
        async with Device(fake.link()):
            pass
    assert (caught.value.device, caught.value.host) == (major, wire.MAJOR)
    assert advice in caught.value.advice
    assert fake.commands == ["hello"]
    assert fake.link_now is None


async def test_a_unit_whose_frames_are_of_another_major_version_is_refused(fake):
    fake.speaks_major = 2
    with pytest.raises(VersionMismatch, match="wire version 2, this program 1"):
        async with Device(fake.link()):
            pass


async def test_silence_ends_at_the_deadline(fake):
    fake.silent = {"hello"}
    began = time.monotonic()
    with pytest.raises(LinkLost, match="hello: nothing heard"):
        async with Device(fake.link(), step_s=QUICK_S):
            pass
    assert time.monotonic() - began < 20 * QUICK_S


async def test_a_write_that_hangs_ends_at_the_deadline(fake, monkeypatch):
    async with Device(fake.link(), step_s=QUICK_S) as unit:
        monkeypatch.setattr(fake.link_now, "write", lambda frame: asyncio.sleep(3600))
        with pytest.raises(LinkLost, match="buzz: nothing heard"):
            await unit.buzz(50)


async def test_everybody_who_waits_learns_of_the_loss(fake):
    async with Device(fake.link()) as unit:
        fake.silent = {"buzz", "fetch"}
        waiting = [
            asyncio.create_task(unit.buzz(50)),
            asyncio.create_task(anext(unit.events())),
            asyncio.create_task(unit.arrived.take()),
        ]
        await asyncio.sleep(0)
        fake.drop_link()
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, LinkLost)
        with pytest.raises(LinkLost):
            await unit.get("cue_rule")


async def test_events_come_as_typed_records(fake):
    async with Device(fake.link()) as unit:
        fake.strides(3)
        events = unit.events()
        seen = [await anext(events) for _ in range(3)]
    assert [(record.name, record.boot, record.seq) for record in seen] == [
        ("stride", 1, n) for n in (1, 2, 3)
    ]
    assert seen[1].values()["ic_x16"] == 5600


async def test_a_record_notified_before_the_handshake_is_kept(fake):
    link = fake.link()
    await link.open()
    fake.stride()
    async with Device(link) as unit:
        assert (await anext(unit.events())).seq == 1


async def test_records_left_over_from_a_lost_link_are_delivered(fake):
    async with Device(fake.link()) as unit:
        fake.strides(2)
        fake.drop_link()
        await asyncio.sleep(0)
        assert [record.seq for record in await unit.arrived.take()] == [1, 2]


@pytest.mark.parametrize("cut", [1, 20, 180, 244])
async def test_frames_are_whole_however_notifications_are_cut(fake, cut):
    fake.cut = cut
    fake.strides(5)
    async with Device(fake.link()) as unit:
        assert [record.seq for record in await fetched(unit, 2, 4)] == [2, 3, 4]


@given(
    chunks=st.lists(st.one_of(st.binary(max_size=40), st.integers(0, 4)), max_size=30),
    cut=st.integers(1, 60),
)
def test_garbage_between_records_costs_no_record_and_adds_none(chunks, cut):
    async def session():
        fake = FakeUnit()
        fake.cut = cut
        async with Device(fake.link()) as unit:
            sent = 0
            for chunk in chunks:
                if isinstance(chunk, int):
                    sent += len(fake.strides(chunk))
                else:
                    fake.link_now.notify(Channel.EVENTS, chunk)
                    fake.link_now.notify(Channel.LOG, chunk)
            fake.link_now.notify(Channel.EVENTS, bytes(300))  # ends what looked like the head of a frame
            await unit.hello()
            return [record.seq for record in unit.arrived.drain()], list(range(1, sent + 1))

    got, sent = asyncio.run(session())
    assert got == sent


async def test_a_transfer_gives_what_the_log_holds_of_the_range(fake):
    fake.strides(6)
    del fake.log[:2]
    async with Device(fake.link()) as unit:
        assert [record.seq for record in await fetched(unit, 0, 100)] == [3, 4, 5, 6]
        assert await fetched(unit, 50, 60) == []


async def test_records_lost_in_a_transfer_are_told(fake):
    fake.strides(6)
    fake.lose_fetched = 2
    async with Device(fake.link()) as unit:
        with pytest.raises(TransferIncomplete) as caught:
            await fetched(unit, 1, 6)
    assert (caught.value.sent, caught.value.received) == (6, 4)


async def test_a_refused_transfer_is_told(fake):
    fake.refuses = {"fetch": wire.BUSY}
    async with Device(fake.link()) as unit:
        with pytest.raises(CommandRefused, match="'busy' to fetch"):
            await fetched(unit, 1, 6)


async def test_a_transfer_that_stops_is_bounded_and_the_next_one_works(fake):
    fake.strides(3)
    fake.silent = {"fetch"}
    async with Device(fake.link(), step_s=QUICK_S) as unit:
        with pytest.raises(LinkLost, match="log transfer"):
            await fetched(unit, 1, 3)
        fake.silent = set()
        assert len(await fetched(unit, 1, 3)) == 3


async def test_two_transfers_do_not_mix(fake):
    fake.strides(8)
    async with Device(fake.link()) as unit:
        one, two = await asyncio.gather(fetched(unit, 1, 4), fetched(unit, 5, 8))
    assert [record.seq for record in one] == [1, 2, 3, 4]
    assert [record.seq for record in two] == [5, 6, 7, 8]


async def test_every_answer_ties_the_clocks(fake):
    async with Device(fake.link()) as unit:
        (reading,) = unit.trips.readings
        assert reading.t_us == fake.t_us
        assert abs(reading.utc_us - time.time() * 1e6) < 2e6


def test_two_event_loops_one_after_the_other(fake):
    async def visit():
        async with Device(fake.link()) as unit:
            return unit.info.boot

    assert [asyncio.run(visit()), asyncio.run(visit())] == [1, 1]
