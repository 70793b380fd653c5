# SPDX-License-Identifier: MIT
"""How the unit says it is: what is wrong as bits, what nobody knows as unknown, and no number that does not fit."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import pytest

from drivers import ImuError
from kneecore import wire
from tasks.health import Health


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(gc, "mem_free", lambda: 50_000, raising=False)
    log = SimpleNamespace(
        capacity_bytes=1_500_000, used_bytes=3, unfetched_bytes=2, erased_bytes=1, damaged=0, worst_ms=48,
        missing=False,
    )  # fmt: skip
    return SimpleNamespace(
        log=log,
        journal=SimpleNamespace(failed=None, full=False),
        imu=SimpleNamespace(temperature_cdeg=lambda: 3125),
        sampler=SimpleNamespace(failing=False, running=False),
        voice=SimpleNamespace(failed=False),
    )


def health(parts: SimpleNamespace) -> Health:
    return Health(parts.log, parts.journal, parts.imu, parts.sampler, parts.voice)


def told(of: Health) -> dict[str, int]:
    """As a host reads it."""
    return wire.parse(wire.HEALTH, wire.payload(wire.HEALTH, of.values()))


def test_a_healthy_unit_has_no_trouble_and_every_field(parts: SimpleNamespace) -> None:
    values = told(health(parts))
    assert values["troubles"] == 0
    assert (values["temperature_cdeg"], values["heap_free"]) == (3125, 50_000)
    assert [values[f"log_{name}"] for name in ("capacity", "used", "unfetched", "erased")] == [
        1_500_000, 3, 2, 1,
    ]  # fmt: skip


def test_in_a_run_its_memory_is_that_of_the_last_sweep(
    parts: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = health(parts)
    unit.sweep()
    parts.sampler.running = True
    monkeypatch.setattr(gc, "mem_free", lambda: 900, raising=False)  # the rest is not swept up yet
    assert told(unit)["heap_free"] == 50_000
    parts.sampler.running = False
    assert told(unit)["heap_free"] == 900


def test_what_nobody_has_filled_in_is_unknown(parts: SimpleNamespace) -> None:
    parts.imu = None
    values = told(health(parts))
    assert (values["cause"], values["battery_mv"], values["percent"], values["charging"]) == (0, 0, 255, 0)
    assert values["temperature_cdeg"] == wire.UNKNOWN_I16


@pytest.mark.parametrize("name", wire.TROUBLES)
def test_each_trouble_has_its_bit(parts: SimpleNamespace, name: str) -> None:
    of = health(parts)
    if name == "sensor":
        parts.sampler.failing = True
    elif name == "motor":
        parts.voice.failed = True
    elif name == "log":
        parts.journal.failed = "log failed"
    elif name == "log_full":
        parts.journal.full = True
    else:
        setattr(of, name, True)
    assert told(of)["troubles"] == 1 << wire.TROUBLES.index(name)


def test_no_sensor_at_all_is_a_trouble(parts: SimpleNamespace) -> None:
    parts.imu = parts.sampler = None
    assert told(health(parts))["troubles"] == 1 << wire.TROUBLES.index("sensor")


def test_a_sensor_that_does_not_answer_has_no_temperature(parts: SimpleNamespace) -> None:
    def silent() -> int:
        raise ImuError("bus_fault", 116, 0x41, "the bus is stuck")

    parts.imu.temperature_cdeg = silent
    assert told(health(parts))["temperature_cdeg"] == wire.UNKNOWN_I16


def test_counts_beyond_their_field_are_told_as_its_greatest(parts: SimpleNamespace) -> None:
    parts.log.damaged = parts.log.worst_ms = 70_000
    values = told(health(parts))
    assert (values["log_damaged"], values["flash_worst_ms"]) == (0xFFFF, 0xFFFF)
