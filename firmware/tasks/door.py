# SPDX-License-Identifier: MIT
"""Lets owners in and shows strangers out: bonds on the flash, the pairing window, deadlines of untrusted peers.

Who is trusted is decided by kneecore.trust.  Nothing here waits: `tend` is called whenever the radio's task turns.
"""

from binascii import hexlify, unhexlify

from kneecore.trust import Trust
from tasks import state

BONDS_FILE = "bonds.json"
WINDOW_US = 60_000_000
_OWNER_US = 3_000_000  # an owner's system encrypts within a second of the unit's asking
_PAIRING_US = 40_000_000  # a person confirms on a screen; the security manager itself gives up after 30 s
_ANSWER_US = 500_000  # for the answer to the command that made it forgotten
_BARRED_US = 60_000_000  # a stranger shown out is not listened to for so long


def load_bonds(path: str = BONDS_FILE):
    """The kept secrets; none when the file is missing or not what it should be."""
    secrets = []
    for row in state.load(path, []):
        try:
            kind, key, value = row
            secrets.append((int(kind), unhexlify(key), unhexlify(value)))
        except (ValueError, TypeError):
            return ()
    return tuple(secrets)


def save_bonds(secrets, path: str = BONDS_FILE) -> None:
    state.save(path, [(kind, hexlify(key).decode(), hexlify(value).decode()) for kind, key, value in secrets])


class Door:
    """`clock_us()`: device time.  `journal` takes notices; `pair(connection)` asks a peer to encrypt or to pair,
    `show_out(connection)` disconnects it."""

    def __init__(self, clock_us, journal, pair, show_out) -> None:
        self._clock_us = clock_us
        self._journal = journal
        self._pair = pair
        self._show_out = show_out
        self.trust = Trust(load_bonds())
        self._window_ends_us = 0
        self._visit = -1
        self._leave_us = 0  # when a peer that is not trusted by then is shown out
        self._barred = b""
        self._barred_until_us = 0
        self._was_trusted = False
        if not self.trust.peers:
            self.open_window()

    def open_window(self) -> None:
        """For a minute, or until somebody has paired."""
        self._window_ends_us = self._clock_us() + WINDOW_US
        self.trust.window_open = True

    def forget_all(self) -> None:
        self.trust.forget(True)

    def forget_peer(self) -> None:
        self.trust.forget(False)

    def came(self, connection: int, visit: int) -> None:
        """A peer has connected; `visit` counts connections, whose numbers are used again."""
        self._visit = visit
        now_us = self._clock_us()
        self._was_trusted = False
        trust = self.trust
        self._leave_us = now_us + (_PAIRING_US if trust.window_open else _OWNER_US)
        if not trust.window_open and trust.peer == self._barred and now_us < self._barred_until_us:
            self._show_out(connection)
        elif trust.window_open or trust.knows_peer:
            self._pair(connection)

    def tend(self, connection, visit: int) -> None:
        """`connection`: None without one.  One that `came` has not heard of yet is left alone."""
        trust = self.trust
        now_us = self._clock_us()
        if trust.window_open and now_us >= self._window_ends_us:
            trust.window_open = False
        if trust.changed:
            trust.changed = False
            save_bonds(trust.kept)
        if connection is None or visit != self._visit:
            return
        trusted = trust.trusted
        if trusted and not self._was_trusted:
            self._barred = b""
            if trust.paired:
                self._journal.notice("paired", trust.peers)
        elif self._was_trusted and not trusted:
            self._leave_us = now_us + _ANSWER_US
        elif not trusted and now_us >= self._leave_us:
            self._leave_us = now_us + _OWNER_US  # told again if it is still there then
            if not trust.knows_peer:
                self._barred = trust.peer
                self._barred_until_us = now_us + _BARRED_US
            self._show_out(connection)
        self._was_trusted = trusted
