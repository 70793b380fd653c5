# SPDX-License-Identifier: MIT
"""Commands of a host that every unit answers, also in safe mode: who it is, how it is, and its log.

One handler per record, one answer per command, nothing executed that is not in the table.
"""

from kneecore import wire
from kneecore.version import VERSION

_FIRST, _LAST = 0x40, 0x5F  # codes of commands


class Refused(Exception):
    """A command that cannot be done; carries the status of the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(wire.STATUSES[status])
        self.status = status


class Commands:
    """`imu`: None without a sensor."""

    def __init__(self, unit_id, radio, journal, log, imu, clock, health) -> None:
        self._unit_id = unit_id
        self._radio = radio
        self._journal = journal
        self._log = log
        self._imu = imu
        self._clock = clock
        self._health = health
        self._handlers = {
            wire.HELLO.code: self._hello,
            wire.STATUS.code: self._status,
            wire.FETCH.code: self._fetch,
            wire.ACK.code: self._ack,
        }
        radio.on_command = self.on_command

    def on_command(self, code: int, frame: bytes, trusted: bool) -> None:
        values = wire.decode(frame)[1]
        if not values and _FIRST <= code <= _LAST:
            values = wire.parse(wire.HALT, wire.body_of(frame))  # of a later version: its token, if no more
        token = values.get("token")
        if token is None:
            return  # no command, or cut before its token: nobody waits for an answer
        self._complete(values)
        status, data = wire.OK, b""
        handler = self._handlers.get(code)
        if not trusted:
            status = wire.REFUSED
        elif handler is None:
            status = wire.UNKNOWN_COMMAND
        elif None in values.values():
            status = wire.BAD_VALUE
        else:
            try:
                data = handler(values) or b""
            except Refused as refused:
                status = refused.status
            except Exception as error:  # the host must hear of it, and the radio must go on
                status = self._status_of(error)
                if status == wire.FAILED:
                    print("command failed:", repr(error))
        answer = {"token": token, "command": code, "status": status, "t_us": self._clock.us(), "data": data}
        self._radio.reply(wire.frame(wire.REPLY, answer))

    def _running(self) -> bool:
        return False

    def _complete(self, values) -> None:
        """Put in what an older host does not send."""

    def _status_of(self, error) -> int:
        return wire.BAD_VALUE if isinstance(error, wire.WireError) else wire.FAILED

    def _hello(self, values) -> bytes:
        imu = self._imu
        if self._log.missing:
            self._journal.notice("log_missing")  # over the air, as often as somebody comes
        return wire.payload(
            wire.UNIT,
            {
                "major": wire.MAJOR,
                "minor": wire.MINOR,
                "fw_major": VERSION[0],
                "fw_minor": VERSION[1],
                "fw_patch": VERSION[2],
                "boot": self._journal.boot,
                "next_seq": self._log.next_seq,
                "first_seq": self._log.first_seq,
                "acked_seq": self._log.acked_seq,
                "running": int(self._running()),
                "chip": imu.chip if imu else 0,
                "rate_hz": imu.rate_hz if imu else 0,
                "unit_id": self._unit_id,
            },
        )

    def _status(self, values) -> bytes:
        return wire.payload(wire.HEALTH, self._health.values())

    def _fetch(self, values) -> None:
        self._radio.send_log(self._fetched(values["token"], values["from_seq"], values["to_seq"]))

    def _fetched(self, token: int, from_seq: int, to_seq: int):
        sent = 0
        for frame in self._log.read(from_seq, min(to_seq, self._log.next_seq - 1)):
            if frame is not None:
                sent += 1
            yield frame
        yield wire.frame(wire.FETCHED, {"token": token, "sent": sent})

    def _ack(self, values) -> None:
        self._log.acknowledge(values["seq"])
