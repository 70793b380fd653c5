# SPDX-License-Identifier: MIT
"""Who may command the unit: kept bonds, the pairing window, and a Bluetooth stack that must never be told "no".

NimBLE asks the program to store and to hand out keys ("secrets", by type and peer address), but it acts before a peer
has shown anything: whoever comes with an owner's address and asks to pair makes it delete the owner's bond and try
again, for ever if the deletion is refused (ble_sm_chk_repeat_pairing: the watchdog would bite); a refused store makes
it delete the oldest bond to make room (ble_store_util_status_rr).  So nothing is refused.  What the stack stores or
deletes during a connection holds for that connection only; it is kept when a pairing was completed in an open window.

    trusted = encrypted and (a kept peer, whose secrets this connection has not touched
                             or paired in this connection, begun while the window was open)

The one definition of trust; no clock, no flash, no radio: events in, answers out.  Secrets are tuples (type, key,
value), oldest first; every change makes a new tuple, as interrupts may come while another task reads.
"""

try:
    from micropython import const
except ImportError:  # CPython
    from ._cpython import const

TYPE_CHECKING = False  # what type checkers take for True
if TYPE_CHECKING:
    Secret = tuple[int, bytes, bytes]
    Secrets = tuple[Secret, ...]

# Kinds of secrets, ble_store.h and modbluetooth_nimble.c.  The key of the first two is a peer's address, type first.
OUR_SEC = const(1)
PEER_SEC = const(2)
OUR_IRK = const(10)

PEERS_MAX = 4  # one more replaces the oldest: a laptop or two, a phone, a therapist's
_NOBODY = const(-1)


def peer_key(address_type: int, address: bytes) -> bytes:
    """The key of a peer's secrets; `address` as interrupts tell it, its most significant byte first."""
    return bytes((address_type,)) + bytes(address[i] for i in range(5, -1, -1))


def _without(secrets: "Secrets", kind: int, key: bytes) -> "Secrets":
    return tuple(secret for secret in secrets if secret[0] != kind or secret[1] != key)


def _value(secrets: "Secrets", kind: int, key: bytes) -> "bytes | None":
    for secret in secrets:
        if secret[0] == kind and secret[1] == key:
            return secret[2]
    return None


class Trust:
    """`kept`: the secrets of earlier boots.  The last connection is the one that counts."""

    def __init__(self, kept: "Secrets" = ()) -> None:
        self.kept: "Secrets" = tuple(kept)
        self.changed = False  # `kept` is to be saved; cleared by whoever does
        self.window_open = False
        self._seen = self.kept  # what the stack sees during this connection
        self._connection = _NOBODY
        self.peer = b""  # key of the one connected, by the address it came with
        self._touched = False
        self._in_window = False
        self._encrypted = False
        self.paired = False  # in this connection

    # Events of the stack, also from interrupts.

    def connected(self, connection: int, address_type: int, address: bytes) -> None:
        self._begin(connection, peer_key(address_type, address))

    def disconnected(self, connection: int) -> None:
        if connection == self._connection:
            self._begin(_NOBODY, b"")

    def encryption(self, connection: int, encrypted: int) -> None:
        if connection == self._connection:
            self._encrypted = bool(encrypted)
            self._settle()

    def get_secret(self, kind: int, index: int, key: "bytes | None") -> "bytes | None":
        """The value, or None.  Without a key: the index-th of its kind."""
        if key is not None:
            return _value(self._seen, kind, bytes(key))
        for secret in self._seen:
            if secret[0] == kind:
                if not index:
                    return secret[2]
                index -= 1
        return None

    def set_secret(self, kind: int, key: bytes, value: "bytes | None") -> bool:
        """Store; delete when `value` is None.  False only for what was not there to be deleted."""
        key = bytes(key)
        there = _value(self._seen, kind, key) is not None
        secrets = _without(self._seen, kind, key)
        if value is not None:
            secrets += ((kind, key, bytes(value)),)
        if kind == OUR_IRK:  # the unit's own, made once at its first boot
            self.kept = _without(self.kept, kind, key) + secrets[len(secrets) - (value is not None) :]
            self.changed = True
        elif not self._touched:
            self._touched = True
            self._in_window = self.window_open
        self._seen = secrets
        self._settle()
        return there or value is not None

    # What the unit's tasks ask and tell.

    @property
    def trusted(self) -> bool:
        """Whether the peer of the present connection may command."""
        return self._encrypted and (self.paired or (not self._touched and self.knows_peer))

    @property
    def knows_peer(self) -> bool:
        """Whether it came with the address of a kept peer, which anybody can."""
        return _value(self.kept, PEER_SEC, self.peer) is not None

    @property
    def peers(self) -> int:
        """How many are kept."""
        return sum(1 for secret in self.kept if secret[0] == PEER_SEC)

    def forget(self, everybody: bool) -> None:
        """The peer of this connection, or all of them, lose their trust for good."""
        gone = [
            secret[1]
            for secret in self.kept
            if secret[0] == PEER_SEC and (everybody or secret[1] == self._own)
        ]
        self.kept = tuple(secret for secret in self.kept if secret[1] not in gone)
        self._seen = self.kept
        self._touched = True
        self.paired = False
        self.changed = True

    @property
    def _own(self) -> bytes:
        """The key under which this connection's peer is kept: its identity, when it told one in pairing."""
        if self.paired:
            return self.kept[-1][1]
        return self.peer

    def _begin(self, connection: int, peer: bytes) -> None:
        self._encrypted = self._touched = self._in_window = self.paired = False
        self.peer = peer
        self._connection = connection
        self._seen = self.kept

    def _settle(self) -> None:
        """Keep what a pairing has brought, once the link is encrypted and both halves are there."""
        if self.paired or not (self._encrypted and self._in_window) or len(self._seen) < 2:
            return
        key = self._seen[-1][1]
        ours, theirs = _value(self._seen, OUR_SEC, key), _value(self._seen, PEER_SEC, key)
        if ours is None or theirs is None:
            return
        if (OUR_SEC, key, ours) in self.kept and (PEER_SEC, key, theirs) in self.kept:
            return  # nothing new
        others = _without(_without(self.kept, OUR_SEC, key), PEER_SEC, key)
        peers = [secret[1] for secret in others if secret[0] == PEER_SEC]
        if len(peers) >= PEERS_MAX:
            others = tuple(secret for secret in others if secret[1] != peers[0])
        self.kept = self._seen = others + ((OUR_SEC, key, ours), (PEER_SEC, key, theirs))
        self.paired = True
        self.changed = True
        self.window_open = False  # one pairing a window
