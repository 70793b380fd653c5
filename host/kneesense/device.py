# SPDX-License-Identifier: MIT
"""A unit as a typed async object over any link.

    async with Device(link) as unit:
        await unit.set("cue_rule", 1)
        await unit.start()
        async for record in unit.events():
            ...

Several commands may be under way at once: each carries a token that its answer repeats.  Late and unknown answers are
dropped.  Every wait ends by itself after `step_s`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from kneecore import programme, settings, wire

from . import answers
from .answers import Progress, UnitHealth, UnitInfo, UnitPlan, i32
from .clock import Reading, RoundTrips, now
from .codes import named
from .errors import (
    UPDATE_UNIT,
    CommandRefused,
    InputError,
    KneesenseError,
    LinkLost,
    NotTrusted,
    TransferIncomplete,
    VersionMismatch,
)
from .frames import LogFrame, parse
from .inbox import Inbox
from .link import Channel, Link, deadline

STEP_S = 5.0  # several connection intervals, a sector erase and a full reply queue fit in
_TRUST_TRIES, _TRUST_WAIT_S = 8, 0.25  # an owner's link is encrypted within a second
_TOKENS = 0x10000
# Commands that firmware of an earlier MINOR does not answer: it takes their frames for nothing.
_SINCE = {wire.STATUS.code: 3, wire.ERASE.code: 3, wire.FORGET.code: 3}
_FRAME_MARK = 0xA  # high nibble of a frame's first byte; the low one is the wire's major version


class Device:
    """Opens the link on entry, checks the version, closes on exit."""

    def __init__(self, link: Link, *, step_s: float = STEP_S) -> None:
        self._link = link
        self._step_s = step_s
        self._streams = {channel: wire.Stream() for channel in Channel}
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._token = 0
        self._transfer: Inbox[tuple[int, bytes]] | None = None
        self._transfer_lock = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._failure: KneesenseError | None = None
        self.trips = RoundTrips()
        """Every answer is a round trip."""
        self.arrived: Inbox[LogFrame] = Inbox()
        """Records notified live, as `events()` gives them."""
        self.info: UnitInfo

    async def __aenter__(self) -> Self:
        try:
            await self._link.open()
            self._reader = asyncio.create_task(self._read())
            self.info = await self._introduce()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the unit; what runs on it goes on."""
        self._fail(LinkLost("the link was closed"))
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait({self._reader})
        await self._link.close()

    async def _introduce(self) -> UnitInfo:
        """The first hello; the system may still be encrypting the link.  Raises NotTrusted, VersionMismatch."""
        for _ in range(_TRUST_TRIES):
            try:
                return await self.hello()
            except CommandRefused as refused:
                if refused.status != wire.STATUSES[wire.REFUSED]:
                    raise
            await asyncio.sleep(_TRUST_WAIT_S)
        raise NotTrusted()

    async def hello(self) -> UnitInfo:
        """Fresh state of the unit.  Raises VersionMismatch before anything else of another major is used."""
        reply = await self._command(wire.HELLO, major=wire.MAJOR, minor=wire.MINOR)
        return answers.unit_info(reply["data"])

    async def get(self, name: str) -> int:
        """Value of a setting by its name in kneecore.settings."""
        return await self._number(wire.GET, setting=_index(name))

    async def set(self, name: str, value: int) -> int:
        """Change a setting; raises InputError for a value out of its range.  Returns what the unit now has."""
        setting = _index(name)
        try:
            settings.checked(name, value)
        except settings.SettingError as error:
            raise InputError(str(error)) from None
        return await self._number(wire.SET, setting=setting, value=value)

    async def calibrate(self, fields: Mapping[str, int]) -> None:
        """Give the unit a calibration: the fields of wire.CALIBRATE without its token."""
        await self._command(wire.CALIBRATE, **fields)

    async def begin_stage(self, stage: str, side: str, face: str = "unknown") -> None:
        """Begin a stage of a calibration, one of wire.STAGES, for this leg and face; "none" gives up."""
        await self._command(
            wire.BEGIN,
            stage=_code(wire.STAGES, stage),
            side=_code(wire.SIDES, side),
            face=_code(wire.FACES, face),
        )

    async def progress(self) -> Progress:
        """Of the stage under way, or the last one."""
        reply = await self._command(wire.PROGRESS)
        return answers.progress(reply["data"])

    async def start(self, runner: int = 0) -> int:
        """Begin a run of that runner (Store.runner_number; 0: unknown).  Returns the number of its START record."""
        return await self._number(wire.RUN, runner=runner, **await self._wall_clock())

    async def stop(self) -> int:
        """End the run.  Returns the sequence number of its STOP record."""
        return await self._number(wire.HALT)

    async def buzz(self, pulse_ms: int) -> int:
        """Haptic test.  Returns the ms granted, 0 when the motor is busy or has failed.

        It ends with the connection, which is to be kept for so long.
        """
        return await self._number(wire.BUZZ, pulse_ms=pulse_ms, pattern=0)

    async def play(self, pattern: int) -> int:
        """The same with a pattern, by its place in the table of kneecore.patterns.  Returns the ms to its end."""
        return await self._number(wire.BUZZ, pulse_ms=0, pattern=pattern + 1)

    async def prescribe(self, runner: int, following: int, sessions: Sequence[tuple[int, int, int]]) -> None:
        """Keep this programme for that runner; `following`: the session the next run will be, from 1.

        `sessions`: (minutes of running, seconds with cues, seconds without); none: no programme.
        """
        try:
            table = programme.encode(sessions)
        except programme.ProgrammeError as error:
            raise InputError(str(error)) from None
        await self._command(wire.PRESCRIBE, runner=runner, next=following, sessions=table)

    async def read_plan(self) -> UnitPlan:
        """The programme the unit keeps, and how far it has come."""
        reply = await self._command(wire.READ_PLAN)
        return answers.plan(reply["data"])

    async def mark(self, kind: str) -> None:
        """Log a mark, one of wire.MARKS; mute and resume also act on the cues of the run that goes on."""
        if kind not in wire.MARKS:
            raise InputError(f"no mark '{kind}'", f"one of: {', '.join(wire.MARKS)}")
        await self._command(wire.NOTE, kind=wire.MARKS.index(kind))

    async def time(self) -> None:
        """Tell the unit the wall clock; it logs an ANCHOR record."""
        await self._command(wire.TIME, **await self._wall_clock())

    async def _wall_clock(self) -> dict[str, int]:
        """What time it is, and which device time that is, by a round trip of the last second."""
        told = self.trips.unit_now()
        if told is None:
            await self.hello()
            told = self.trips.unit_now() or Reading(0, now().utc_us, 0)
        return {"utc_us": told.utc_us, "at_us": told.t_us, "error_us": told.error_us}

    async def forget(self) -> None:
        """Make the unit forget this computer; it ends the connection."""
        await self._command(wire.FORGET)

    async def status(self) -> UnitHealth:
        """How it is: battery, storage, what is wrong."""
        reply = await self._command(wire.STATUS)
        return answers.health(reply["data"], reply["t_us"])

    async def erase(self, to_seq: int) -> int:
        """Erase its log up to that record, a part of it at a time.  Returns the oldest record that is left."""
        return await self._number(wire.ERASE, to_seq=to_seq)

    async def ack(self, boot: int, seq: int) -> None:
        """Tell the unit that every record up to this one is committed here: it may overwrite them."""
        await self._command(wire.ACK, boot=boot, seq=seq)

    async def fetch(self, from_seq: int, to_seq: int) -> AsyncGenerator[LogFrame, None]:
        """The records from_seq..to_seq (both included) that the unit's log holds, oldest first.

        One transfer at a time; another waits.  Raises TransferIncomplete when some were lost on the way.
        """
        async with self._transfer_lock:
            self._raise_failure()
            inbox: Inbox[tuple[int, bytes]] = Inbox()
            self._transfer = inbox
            token = self._next_token()
            received = 0
            try:
                async with deadline(self._step_s, "log transfer"):
                    await self._link.write(
                        wire.frame(wire.FETCH, {"token": token, "from_seq": from_seq, "to_seq": to_seq})
                    )
                while True:
                    async with deadline(self._step_s, "log transfer"):
                        code, frame = await inbox.get()
                    if code == wire.REPLY.code:
                        reply = wire.decode(frame)[1]
                        if reply["token"] == token:
                            _raise_refusal("fetch", reply)
                    elif code == wire.FETCHED.code:
                        ended = wire.decode(frame)[1]
                        if ended["token"] == token:
                            if received < ended["sent"]:
                                raise TransferIncomplete(ended["sent"], received)
                            return
                    elif (record := parse(frame)) and from_seq <= record.seq <= to_seq:
                        received += 1
                        yield record
            finally:
                self._transfer = None

    async def events(self) -> AsyncIterator[LogFrame]:
        """Records as they happen, best effort: a gap in `seq` is filled by `fetch`.  Ends by raising LinkLost."""
        async for record in self.arrived:
            yield record

    async def _command(self, record: wire.Record, **values: int | bytes) -> dict[str, Any]:
        """Send one command and wait for its answer: {"status", "t_us", "data"}."""
        self._raise_failure()
        if record.code in _SINCE and self.info.wire[1] < _SINCE[record.code]:
            raise CommandRefused(record.name, wire.STATUSES[wire.UNKNOWN_COMMAND], UPDATE_UNIT)
        token = self._next_token()
        answer = asyncio.get_running_loop().create_future()
        self._pending[token] = answer
        sent = now()
        try:
            async with deadline(self._step_s, record.name):
                await self._link.write(wire.frame(record, {"token": token, **values}))
                reply: dict[str, Any] = await answer
        finally:
            del self._pending[token]
            if answer.done() and not answer.cancelled():
                answer.exception()  # seen, also when the write failed first
        self.trips.add(sent, now(), reply["t_us"])
        _raise_refusal(record.name, reply)
        return reply

    async def _number(self, record: wire.Record, **values: int | bytes) -> int:
        """The same for an answer that is a 32-bit number."""
        return i32((await self._command(record, **values))["data"])

    def _next_token(self) -> int:
        self._token = (self._token + 1) % _TOKENS
        return self._token

    async def _read(self) -> None:
        """Sort what the link delivers until it is lost."""
        spoken = False
        try:
            while True:
                channel, chunk = await self._link.receive()
                if chunk and not spoken and channel is Channel.CONTROL:
                    spoken = True  # the first answer begins at a frame
                    if chunk[0] >> 4 == _FRAME_MARK and chunk[0] & 0xF != wire.MAJOR:
                        raise VersionMismatch(chunk[0] & 0xF, wire.MAJOR)
                for code, frame in self._streams[channel].feed(chunk):
                    self._sort(channel, code, frame)
        except KneesenseError as error:
            self._fail(error)
        finally:
            self._fail(LinkLost("the link is no longer read"))  # nobody waits for ever, whatever ended this

    def _sort(self, channel: Channel, code: int, frame: bytes) -> None:
        if channel is Channel.EVENTS:
            record = parse(frame)
            if record is not None:
                self.arrived.put(record)
        elif code == wire.REPLY.code:
            reply = wire.decode(frame)[1]
            if None in reply.values():
                return
            answer = self._pending.get(reply["token"])
            if answer is not None and not answer.done():
                answer.set_result(reply)
            elif self._transfer is not None:
                self._transfer.put((code, frame))
        elif channel is Channel.LOG and self._transfer is not None:
            self._transfer.put((code, frame))

    def _fail(self, error: KneesenseError) -> None:
        """The link is gone: everybody who waits learns why."""
        if self._failure is not None:
            return
        self._failure = error
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(error)
        if self._transfer is not None:
            self._transfer.close(error)
        self.arrived.close(error)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def _index(name: str) -> int:
    if name not in settings.INDEX:
        raise InputError(f"no setting '{name}'", f"one of: {', '.join(settings.INDEX)}")
    return settings.INDEX[name]


def _code(names: Sequence[str], name: str) -> int:
    if name not in names:
        raise InputError(f"'{name}' is none of {', '.join(names)}")
    return names.index(name)


def _raise_refusal(command: str, reply: Mapping[str, Any]) -> None:
    if reply["status"] != wire.OK:
        raise CommandRefused(command, named(wire.STATUSES, reply["status"]) or "")
