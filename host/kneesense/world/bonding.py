# SPDX-License-Identifier: MIT
"""Pairing as NimBLE on the ESP32 does it under MicroPython: the firmware keeps the keys, the stack decides when.

Ref: NimBLE ble_sm.c (ble_sm_chk_repeat_pairing, ble_sm_persist_keys), MicroPython extmod/nimble/modbluetooth_nimble.c
(ble_secret_store_*, BLE_GAP_EVENT_REPEAT_PAIRING).  Kept on purpose: an old bond is deleted before the peer has shown
anything, and asked for again until it is gone; a program that refuses to delete hangs the stack (`Hung`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bumble import hci, smp
from bumble.keys import JsonKeyStore, KeyStore, PairingKeys

IRQ_GET_SECRET, IRQ_SET_SECRET = 29, 30
OUR_SEC, PEER_SEC, OUR_IRK = 1, 2, 10
HOST_ADDRESS = "C1:C1:C1:C1:C1:C1"  # of the computer in the room
HOST_KEYS = "virtual-radio.json"  # where it keeps its pairings when each program is a process of its own
HOST_NAMESPACE = "kneesense"
_PATIENCE = 50  # deletions without effect; the real stack has none

Ask = Callable[
    ..., Awaitable[Any]
]  # an interrupt and its arguments; gives what the firmware's handler returned


class Hung(Exception):
    """The Bluetooth task of the chip would never come out of its loop; its watchdog would bite."""


class Secrets(KeyStore):
    """Bumble's keys as secrets of the firmware, told and asked by interrupts."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def update(self, name: str, keys: PairingKeys) -> None:
        value = json.dumps(keys.to_dict()).encode()
        for kind in (OUR_SEC, PEER_SEC):
            await self._ask(IRQ_SET_SECRET, kind, _key(name), value)

    async def get(self, name: str) -> PairingKeys | None:
        return await self._read(OUR_SEC, 0, _key(name))

    async def delete(self, name: str) -> None:
        for kind in (OUR_SEC, PEER_SEC):
            await self._ask(IRQ_SET_SECRET, kind, _key(name), None)

    async def is_bonded(self, name: str) -> bool:
        return await self._read(PEER_SEC, 0, _key(name)) is not None

    async def _read(self, kind: int, index: int, key: bytes | None) -> PairingKeys | None:
        value = await self._ask(IRQ_GET_SECRET, kind, index, key)
        return PairingKeys.from_dict(json.loads(bytes.fromhex(value))) if value else None


def _key(name: str) -> bytes:
    """`ble_addr_t`: the type, then the address with its least significant byte first."""
    address = hci.Address(name)
    return bytes((int(address.address_type) & 1,)) + bytes(address)


def earlier_pairing(unit_address: str, host_address: str) -> tuple[PairingKeys, list[tuple[int, str, str]]]:
    """What is left of one: the host's keys, and the secrets as the firmware keeps them on its flash."""
    ltk = hashlib.sha256(f"{unit_address} {host_address}".encode()).digest()[:16]
    keys = PairingKeys(
        address_type=hci.Address(host_address).address_type,
        ltk=PairingKeys.Key(value=ltk, authenticated=False),
    )
    value = json.dumps(keys.to_dict()).encode().hex()
    return keys, [(kind, _key(host_address).hex(), value) for kind in (OUR_SEC, PEER_SEC)]


async def share_host_keys(keys: KeyStore, folder: Path) -> None:
    """For the programs that have `folder` as their home: what the computer in the room knows."""
    kept = JsonKeyStore(HOST_NAMESPACE, str(folder / HOST_KEYS))
    for name, pairing in await keys.get_all():
        await kept.update(name, pairing)


def make_session(store: Secrets, on_hang: Callable[[Hung], None]) -> type[smp.Session]:
    """The security manager's side of a peripheral that asks `store` before it pairs."""

    class Session(smp.Session):
        async def on_smp_pairing_request_command_async(
            self, command: smp.SMP_Pairing_Request_Command
        ) -> None:
            name = str(self.connection.peer_address)
            for _ in range(_PATIENCE):
                if not await store.is_bonded(name):
                    break
                await store.delete(name)
            else:
                on_hang(Hung(f"the bond of {name} is never gone"))
                return
            await super().on_smp_pairing_request_command_async(command)

    return Session
