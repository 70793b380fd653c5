# SPDX-License-Identifier: MIT
"""The log of a unit whose flash has no partition for one: records are numbered for the air, and gone.

Numbers begin anew with every boot; a host tells them apart by the boot's.
"""


class NoLog:
    """What FlashLog has, holding nothing."""

    missing = True
    first_seq = next_seq = 1
    acked_seq = 0
    told_full = due = room_for_raw = False
    damage = None
    capacity_bytes = used_bytes = unfetched_bytes = erased_bytes = damaged = worst_ms = 0

    def append(self, frame: bytes, last: bool = False) -> None:
        self.next_seq += 1
        self.first_seq = self.next_seq

    def flush(self) -> None:
        pass

    close = strike = flush

    def read(self, from_seq: int, to_seq: int):
        return iter(())

    def acknowledge(self, seq: int) -> None:
        pass

    erase = acknowledge

    def tend(self) -> bool:
        return False
