# SPDX-License-Identifier: MIT
"""A unit that speaks the wire on an in-memory link, with switches for everything that goes wrong on a real one.

It keeps its log over connections and reboots, as a unit does; a test drives it record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kneecore import programme, settings, wire
from kneesense.clock import Moment
from kneesense.errors import LinkLost
from kneesense.frames import LogFrame, parse
from kneesense.inbox import Inbox
from kneesense.link import Channel
from kneesense.soak.frames import sealed

CALIBRATION = dict.fromkeys(wire.CALIBRATE.names[1:], 0) | {
    "rotation_q14_0": 16384,
    "rotation_q14_4": 16384,
    "rotation_q14_8": 16384,
    "acc_scale_q14": 16384,
    "side": 2,
    "face": 2,
    "chip": 1,
}

UTC_US = 1_767_268_800_000_000  # 2026-01-01 12:00, when every boot of it begins

HEALTH = dict.fromkeys(wire.HEALTH.names, 0) | {
    "cause": 1,
    "battery_mv": 3900,
    "percent": 80,
    "charging": 1,
    "temperature_cdeg": 3125,
    "log_capacity": 1_500_000,
    "log_used": 30_000,
    "log_unfetched": 10_000,
    "log_erased": 1_400_000,
    "heap_free": 60_000,
    "flash_worst_ms": 48,
}


class FakeUnit:
    """The unit: its log, its boot counter, its run."""

    def __init__(self, unit_id: bytes = b"\x0a\x0b\x0c\x0d") -> None:
        self.unit_id = unit_id
        self.boot = 1
        self.log: list[LogFrame] = []
        self.next_seq = 1
        self.running = False
        self.settings: dict[int, int] = {}
        self.calibration: dict[str, int] = dict(CALIBRATION)
        self.plan: dict[str, int | bytes] = {"runner": 0, "next": 0, "baseline": 0, "sd": 0, "sessions": b""}
        self.acked: list[tuple[int, int]] = []
        self.commands: list[str] = []
        self.health: dict[str, int] = dict(HEALTH)
        self.erased_at_once = 1000  # records that one ERASE takes
        self.buzzed: list[tuple[int, int]] = []  # (pulse_ms, pattern)
        self.motor_busy = False
        self.verdicts: list[str] = []  # why each stage to come is refused; "" or none left: it is accepted
        self.stage = dict.fromkeys(wire.STAGE.names, 0)
        self.polls = 1  # answers before a stage is over
        self.drop_link_in_stage = 0  # so many times
        self.t_us = 1_000_000
        self.link_now: FakeLink | None = None
        # Faults
        self.unreachable = False
        self.major = wire.MAJOR
        self.minor = wire.MINOR
        self.shaped: Callable[[wire.Record, bytes], bytes] = lambda record, frame: frame
        """Makes of a logged frame what another version would log."""
        self.speaks_major = wire.MAJOR  # in the first byte of its frames
        self.cut = 244  # bytes in a notification
        self.silent: set[str] = set()  # commands it does not answer
        self.refuses: dict[str, int] = {}  # command -> status
        self.known_settings = len(settings.TABLE)  # fewer in an older firmware
        self.refused_settings: set[int] = set()  # numbers of settings that it does not set
        self.held: list[bytes] | None = None  # a list here keeps answers back until release()
        self.lose_events: set[int] = set()  # seq of live records lost on the way
        self.repeat_events = False
        self.lose_fetched = 0  # fetched records lost on the way
        self.drop_link_after_fetched: int | None = None

    def link(self) -> FakeLink:
        """A fresh connection."""
        return FakeLink(self)

    @property
    def first_seq(self) -> int:
        return self.log[0].seq if self.log else self.next_seq

    def record(self, record: wire.Record, values: Mapping[str, int]) -> LogFrame:
        """Log one record and notify it."""
        self.t_us += 350_000
        filled = dict.fromkeys(record.names, 0) | dict(values)
        frame = wire.frame(record, filled | {"seq": self.next_seq, "boot": self.boot, "t_us": self.t_us})
        return self._log(self.shaped(record, frame))

    def unknown(self, code: int, body: bytes) -> LogFrame:
        """Log a record of a later version."""
        key = wire.payload(wire.MARK, {"seq": self.next_seq, "boot": self.boot, "t_us": self.t_us, "kind": 0})
        return self._log(sealed(code, key[:-1] + body))

    def _log(self, frame: bytes) -> LogFrame:
        logged = parse(frame)
        assert logged is not None
        self.log.append(logged)
        self.next_seq += 1
        if self.link_now and logged.seq not in self.lose_events:
            for _ in range(2 if self.repeat_events else 1):
                self.link_now.notify(Channel.EVENTS, frame)
        return logged

    def stride(self, **values: int) -> LogFrame:
        return self.record(wire.STRIDE, {"stride_x16": 5600, "gait": 2, "confidence": 90} | values)

    def strides(self, count: int) -> list[LogFrame]:
        return [self.stride(ic_x16=5600 * i) for i in range(count)]

    def moment(self) -> Moment:
        """What a computer's clocks show that goes exactly as this unit's does."""
        return Moment(self.t_us, UTC_US + self.t_us)

    def drop_link(self) -> None:
        if self.link_now:
            self.link_now.lose()

    def reboot(self, unwritten: int = 0) -> None:
        """Power gone and back; the last `unwritten` records had not reached its flash."""
        self.drop_link()
        if unwritten:
            self.next_seq = self.log[-unwritten].seq
            del self.log[-unwritten:]
        self.boot = (self.boot + 1) & 0xFFFF
        self.running = False
        self.t_us = 500_000

    def release(self) -> None:
        """Send the answers that were held back, the last one first."""
        held, self.held = self.held or [], None
        for frame in reversed(held):
            self._notify(Channel.CONTROL, frame)

    def take(self, frame: bytes) -> None:
        """One command frame of the host."""
        record, values = wire.decode(frame)
        assert record is not None
        self.commands.append(record.name)
        status = self.refuses.get(record.name, wire.OK)
        if record in (wire.GET, wire.SET) and values["setting"] >= self.known_settings:
            status = wire.BAD_VALUE
        if record is wire.SET and values["setting"] in self.refused_settings:
            status = wire.FAILED
        data = b""
        if status == wire.OK:
            data = getattr(self, "_" + record.name)(values) or b""
        if record.name in self.silent:
            return
        answer = wire.frame(
            wire.REPLY,
            {
                "token": values["token"],
                "command": record.code,
                "status": status,
                "t_us": self.t_us,
                "data": data,
            },
        )
        if self.held is not None:
            self.held.append(answer)
        else:
            self._notify(Channel.CONTROL, answer)
        if record is wire.FETCH and status == wire.OK:
            self._send_log(values)

    def _notify(self, channel: Channel, frame: bytes) -> None:
        if self.link_now:
            self.link_now.notify(channel, bytes((frame[0] & 0xF0 | self.speaks_major,)) + frame[1:])

    def _hello(self, values: Mapping[str, int]) -> bytes:
        return wire.payload(
            wire.UNIT,
            {
                "major": self.major,
                "minor": self.minor,
                "fw_major": 0,
                "fw_minor": 1,
                "fw_patch": 0,
                "boot": self.boot,
                "next_seq": self.next_seq,
                "first_seq": self.first_seq,
                "acked_seq": self.acked[-1][1] if self.acked else 0,
                "running": int(self.running),
                "chip": 1,
                "rate_hz": 500,
                "unit_id": self.unit_id,
            },
        )

    def _get(self, values: Mapping[str, int]) -> bytes:
        value = self.settings.get(values["setting"], settings.TABLE[values["setting"]].default)
        return value.to_bytes(4, "little", signed=True)

    def _set(self, values: Mapping[str, int]) -> bytes:
        self.settings[values["setting"]] = values["value"]
        return self._get(values)

    def _calibrate(self, values: Mapping[str, int]) -> None:
        self.calibration = {name: values[name] for name in CALIBRATION}

    def _run(self, values: Mapping[str, int]) -> bytes:
        self.running = True
        self.record(wire.ANCHOR, {name: values.get(name, 0) for name in ("utc_us", "at_us", "error_us")})
        start = {"rate_hz": 500, "acc_lsb_per_g": 2048, "gyro_lsb_per_10dps": 164, "fw_minor": 1}
        start["runner"] = values.get("runner", 0)
        return self.record(wire.START, start | self.calibration).seq.to_bytes(4, "little")

    def _halt(self, values: Mapping[str, int]) -> bytes:
        self.running = False
        strides = sum(record.code == wire.STRIDE.code for record in self.log)
        return self.record(
            wire.STOP, {"samples": 500 * 60, "strides": strides, "rate_mhz": 500_000}
        ).seq.to_bytes(4, "little")

    def _buzz(self, values: Mapping[str, int]) -> bytes:
        self.buzzed.append((values["pulse_ms"], values["pattern"]))
        granted_ms = (
            1 if values["pattern"] else min(values["pulse_ms"], 400)
        )  # nobody waits for a pattern here
        return (0 if self.motor_busy else granted_ms).to_bytes(4, "little")

    def _begin(self, values: Mapping[str, int]) -> None:
        busy = wire.CALIBRATION_STATES.index("busy") if values["stage"] else 0
        self.stage |= {"stage": values["stage"], "state": busy, "verdict_seq": 0, "still_s": 0, "strides": 0}
        self._place = {"side": values["side"], "face": values["face"]}
        self._polls_left = self.polls

    def _progress(self, values: Mapping[str, int]) -> bytes:
        if self.drop_link_in_stage:
            self.drop_link_in_stage -= 1
            self.drop_link()
        elif self.stage["state"] and not self.stage["verdict_seq"]:
            if self._polls_left:
                self._polls_left -= 1
                self.stage["still_s"] += 1
                self.stage["strides"] += 2
            else:
                self._judge()
        return wire.payload(wire.STAGE, self.stage)

    def _judge(self) -> None:
        refused = self.verdicts.pop(0) if self.verdicts else ""
        walked = self.stage["stage"] == wire.STAGES.index("walk")
        found = CALIBRATION | self._place if walked and not refused else {}
        told = {"stage": self.stage["stage"], "refused": 1 << wire.REFUSALS.index(refused) if refused else 0}
        self.stage["verdict_seq"] = self.record(wire.VERDICT, told | found).seq
        self.stage["state"] = wire.CALIBRATION_STATES.index("refused" if refused else "accepted")

    def _prescribe(self, values: Mapping[str, int]) -> None:
        programme.decode(values["sessions"])
        self.plan |= {name: values[name] for name in ("runner", "next", "sessions")}

    def _read_plan(self, values: Mapping[str, int]) -> bytes:
        return wire.payload(wire.PLAN, self.plan)

    def _status(self, values: Mapping[str, int]) -> bytes:
        return wire.payload(wire.HEALTH, self.health)

    def _erase(self, values: Mapping[str, int]) -> bytes:
        going = [record for record in self.log if record.seq <= values["to_seq"]][: self.erased_at_once]
        del self.log[: len(going)]
        return self.first_seq.to_bytes(4, "little")

    def _ack(self, values: Mapping[str, int]) -> None:
        self.acked.append((values["boot"], values["seq"]))

    def _time(self, values: Mapping[str, int]) -> None:
        self.record(wire.ANCHOR, {name: values.get(name, 0) for name in ("utc_us", "at_us", "error_us")})

    def _note(self, values: Mapping[str, int]) -> None:
        self.record(wire.MARK, {"kind": values["kind"]})

    def _fetch(self, values: Mapping[str, int]) -> None:
        """The answer goes first; see _send_log."""

    def _send_log(self, values: Mapping[str, int]) -> None:
        wanted = [record for record in self.log if values["from_seq"] <= record.seq <= values["to_seq"]]
        for sent, record in enumerate(wanted):
            if sent == self.drop_link_after_fetched:
                self.drop_link_after_fetched = None
                self.drop_link()
                return
            if self.lose_fetched:
                self.lose_fetched -= 1
                continue
            self._notify(Channel.LOG, record.frame)
        self._notify(Channel.LOG, wire.frame(wire.FETCHED, {"token": values["token"], "sent": len(wanted)}))


class FakeLink:
    """One connection to a FakeUnit."""

    def __init__(self, unit: FakeUnit) -> None:
        self._unit = unit
        self._inbox: Inbox[tuple[Channel, bytes]] = Inbox(100_000)
        self.open_now = False
        self.deaf = False  # nothing passes any more, and nobody is told

    async def open(self) -> None:
        if self._unit.unreachable:
            raise LinkLost("the unit is out of range")
        self.open_now = True
        self._unit.link_now = self

    async def write(self, frame: bytes) -> None:
        if not self.open_now:
            raise LinkLost("not connected")
        if not self.deaf:
            self._unit.take(frame)

    async def receive(self) -> tuple[Channel, bytes]:
        return await self._inbox.get()

    async def close(self) -> None:
        self.lose()

    def notify(self, channel: Channel, data: bytes) -> None:
        for at in range(0, 0 if self.deaf else len(data), self._unit.cut):
            self._inbox.put((channel, data[at : at + self._unit.cut]))

    def lose(self) -> None:
        self.open_now = False
        if self._unit.link_now is self:
            self._unit.link_now = None
        self._inbox.close(LinkLost("the connection to the unit was lost"))
